"""Invented contents of a return: what a unit would write into each slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from samples import names
from samples.truth import TruthHeader
from schemas.flow import State
from schemas.form import Form, FormItem, Slot, SlotKind

ODD_SHARE = 0.03
"""Share of numbers spelled in another way than plain digits."""

_BLANK_SHARE = 0.10
_NOUGHT_SHARE = 0.08
_NO_NAME_SHARE = 0.3
_SEVERAL_SHARE = 0.12
_MOST_EVENTS = 60


@dataclass(frozen=True)
class FilledSlot:
    """A slot and what stands in it: `path` as in the truth, `value` what is meant, `raw` what is written."""

    path: str
    slot: Slot
    state: State
    value: int | str | None
    raw: str | None


@dataclass(frozen=True)
class Filled:
    """A return's contents: slots by item, in printed order; an item that repeats holds its slots several times."""

    header: TruthHeader
    rows: tuple[tuple[FilledSlot, ...], ...]
    filling: str

    @property
    def slots(self) -> tuple[FilledSlot, ...]:
        """Every slot, in printed order."""
        return tuple(slot for row in self.rows for slot in row)


def invent_return(
    form: Form,
    rng: np.random.Generator,
    *,
    filling: str,
    unit: str | None = None,
    odd_share: float = ODD_SHARE,
    activities: int | None = None,
) -> Filled:
    """A return with plausible, mostly coherent numbers.

    `filling` is kept with the return: typed, font or digits. `activities` fixes how often a repeating item is filled.
    """
    scale = float(rng.choice([1, 1, 3, 10]))
    header = _header(rng, unit or names.pick(rng, names.unit_names()))
    rows = tuple(_row(item, rng, scale=scale, odd_share=odd_share, activities=activities) for item in form.items)
    return Filled(header, rows, filling)


def blank_return(form: Form) -> Filled:
    """A return nobody wrote on."""
    header = TruthHeader(unit=None, contact=None, phone=None, date=None)
    return Filled(header, tuple(tuple(_blank(slot.path, slot) for slot in item.slots) for item in form.items), "typed")


def with_activities(filled: Filled, form: Form, times: int, rng: np.random.Generator) -> Filled:
    """The return with its repeating items filled so often."""
    rows = tuple(
        _row(item, rng, scale=1.0, odd_share=0.0, activities=times) if item.repeats else row
        for item, row in zip(form.items, filled.rows, strict=True)
    )
    return replace(filled, rows=rows)


def _header(rng: np.random.Generator, unit: str) -> TruthHeader:
    day = int(rng.integers(20, 31))
    dates = (f"2026年6月{day}日", f"2026.6.{day}", f"2026-06-{day}", f"2026.06.{day}", f"6月{day}日")
    contact = names.person(rng) if rng.random() > 0.05 else None
    phone = names.phone(rng) if rng.random() > 0.05 else None
    return TruthHeader(unit=unit, contact=contact, phone=phone, date=names.pick(rng, dates))


def _row(
    item: FormItem, rng: np.random.Generator, *, scale: float, odd_share: float, activities: int | None
) -> tuple[FilledSlot, ...]:
    times = 1
    if item.repeats:
        times = activities or (int(rng.integers(2, 4)) if rng.random() < _SEVERAL_SHARE else 1)
    slots: list[FilledSlot] = []
    for turn in range(1, times + 1):
        key = item.key if turn == 1 else f"{item.key}[{turn}]"
        slots.extend(_one_turn(item, key, rng, scale=scale, odd_share=odd_share, several=times > 1))
    return tuple(slots)


def _one_turn(
    item: FormItem, key: str, rng: np.random.Generator, *, scale: float, odd_share: float, several: bool
) -> Sequence[FilledSlot]:
    done: dict[str, FilledSlot] = {}
    texts = [slot for slot in item.slots if slot.kind is SlotKind.TEXT]
    nothing = bool(texts) and not several and rng.random() < _NO_NAME_SHARE
    for slot in item.slots:
        path = f"{key}.{slot.path.partition('.')[2]}"
        events = done[slot.events].value if slot.events in done else None
        if nothing or (not several and rng.random() < _BLANK_SHARE):
            filled = _blank(path, slot)
        elif slot.kind is SlotKind.TEXT:
            name = names.activity(rng)
            filled = FilledSlot(path, slot, State.VALUE, name, name)
        elif slot.events and not isinstance(events, int):
            # People without an event: seldom, but units do write it, and the reader must not drop it.
            filled = (
                _number(path, slot, _people(rng, 1, scale), rng, odd_share) if rng.random() < 0.1 else _blank(path, slot)
            )
        elif slot.events and isinstance(events, int):
            filled = _number(path, slot, _people(rng, events, scale), rng, odd_share)
        else:
            count = 0 if rng.random() < _NOUGHT_SHARE else _count(rng, scale)
            filled = _number(path, slot, count, rng, odd_share)
        done[slot.path] = filled
    return tuple(done.values())


def _blank(path: str, slot: Slot) -> FilledSlot:
    return FilledSlot(path, slot, State.BLANK, None, None)


def _count(rng: np.random.Generator, scale: float) -> int:
    """Events, articles, signs: mostly few, in large units up to thousands."""
    if rng.random() < 0.15:
        return int(rng.integers(1, 1 + int(900 * scale)))
    return int(rng.integers(1, 1 + int(_MOST_EVENTS * min(scale, 3) / 3)))


def _people(rng: np.random.Generator, events: int, scale: float) -> int:
    """People at so many events: none at none, else at least one each; 99,999 at most."""
    if events == 0:
        return 0
    exact = events * rng.lognormal(3.3, 0.9) * (1 + 0.2 * scale)
    rounded = round(exact, -1) if exact > 100 and rng.random() < 0.4 else round(exact)
    return int(min(max(rounded, events), 99999))


def _number(path: str, slot: Slot, value: int, rng: np.random.Generator, odd_share: float) -> FilledSlot:
    raw = str(value)
    if rng.random() < odd_share:
        raw = f"{value:,}" if value >= 1000 and rng.random() < 0.5 else _full_width(raw)
    return FilledSlot(path, slot, State.VALUE, value, raw)


def _full_width(digits: str) -> str:
    return "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in digits)
