"""A return as its form prints it: each item's sentence, with a place for a field at each slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.corrections import form_path, turn_of
from schemas.form import EMPTY_PARENTHESES, Form, FormItem

OPENING, CLOSING = EMPTY_PARENTHESES[0], EMPTY_PARENTHESES[1]


@dataclass(frozen=True)
class Segment:
    """A stretch of a printed sentence: the words before a slot with its opening parenthesis, the slot, and the words behind.

    `number` is how people find it on the paper: item and place in it, "7.2".
    """

    before: str
    path: str
    after: str
    number: str


@dataclass(frozen=True)
class Row:
    """A row of the printed table: the item's key and heading, and its sentence once for each activity that was filled in."""

    key: str
    heading: str
    activities: tuple[tuple[Segment, ...], ...]
    repeats: bool


def rows_of(form: Form, paths: Sequence[str], *, more: str = "") -> tuple[Row, ...]:
    """The printed table over these slots' paths; of the item `more` there is one activity beyond them, to be filled in."""
    turns: dict[str, int] = {}
    for path in paths:
        key = form_path(path).partition(".")[0]
        turns[key] = max(turns.get(key, 1), turn_of(path))
    return tuple(
        Row(
            item.key,
            item.heading,
            tuple(_activity(item, place, turn) for turn in range(1, turns.get(item.key, 1) + (item.key == more) + 1)),
            item.repeats,
        )
        for place, item in enumerate(form.items, 1)
    )


def path_in_turn(path: str, turn: int) -> str:
    """A slot's path in an activity: item7.name in the second is item7[2].name."""
    key, _, name = path.partition(".")
    return path if turn == 1 else f"{key}[{turn}].{name}"


def _activity(item: FormItem, number: int, turn: int) -> tuple[Segment, ...]:
    return tuple(
        Segment(slot.before + OPENING, path_in_turn(slot.path, turn), CLOSING + slot.after, f"{number}.{place}")
        for place, slot in enumerate(item.slots, 1)
    )
