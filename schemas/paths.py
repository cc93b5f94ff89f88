"""Paths of slots: item7.name, and item7[2].name where an item's second activity is meant."""

from __future__ import annotations

from functools import lru_cache

# Paths that are taken apart once: the same few dozen come with each return, further activities' behind them.
PATHS = 1024


@lru_cache(maxsize=PATHS)
def form_path(path: str) -> str:
    """The form's own path of a slot: item7[2].name is an item7.name."""
    item, _, name = path.partition(".")
    return f"{item.partition('[')[0]}.{name}"


@lru_cache(maxsize=PATHS)
def item_of(path: str) -> str:
    """The key of the item that a slot belongs to, whichever activity of it: item7[2].name is in item7."""
    return path.partition(".")[0].partition("[")[0]


@lru_cache(maxsize=PATHS)
def turn_of(path: str) -> int:
    """Which activity of its item a slot belongs to: item7.name is of the first, item7[2].name of the second."""
    number = path.partition(".")[0].partition("[")[2].rstrip("]")
    return int(number) if number.isdecimal() else 1


def path_in_turn(path: str, turn: int) -> str:
    """A slot's path in an activity: item7.name in the second is item7[2].name."""
    key, _, name = path.partition(".")
    return path if turn == 1 else f"{key}[{turn}].{name}"
