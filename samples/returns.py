"""Invented contents of a return: what a unit would write into each slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np

from samples import names
from samples.truth import TruthHeader
from samples.wordings import TICKS, Wording, draw_amount, draw_day, form_year, spell_amount, spell_day, words_for
from schemas.flow import State
from schemas.form import Form, FormItem, Mark, Slot, SlotKind
from schemas.values import Number, Value, is_number, plain_number

ODD_SHARE = 0.03
"""Share of numbers spelled in another way than plain digits."""

_BLANK_SHARE = 0.10
_NOUGHT_SHARE = 0.08
_NO_NAME_SHARE = 0.3
_SEVERAL_SHARE = 0.12
_MOST_EVENTS = 60
_TICKED_SHARE = 0.5
_BLANK_CELL_SHARE = 0.06
_MISCOUNTED_SHARE = 0.04
_ROWS = (3, 10)
"""A table with a row for each unit has so many at least, and fewer than so many."""

_TOTAL = ("合计", "总计")
"""How the heading of a totals row begins."""


@dataclass(frozen=True)
class FilledSlot:
    """A slot and what stands in it: `path` as in the truth, `value` what is meant, `raw` what is written."""

    path: str
    slot: Slot
    state: State
    value: Value
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


@dataclass(frozen=True)
class _Habits:
    """What a return's slots have in common: its form, how large the unit is, how it writes."""

    form: Form
    scale: float
    odd_share: float
    tick: str


def invent_return(
    form: Form,
    rng: np.random.Generator,
    *,
    filling: str,
    unit: str | None = None,
    odd_share: float = ODD_SHARE,
    activities: int | None = None,
    drawn: bool = True,
) -> Filled:
    """A return with plausible, mostly coherent numbers.

    `filling` is kept with the return: typed, font or digits. `activities` fixes how often a repeating item is filled.
    `drawn` says whether boxes may hold a tick that somebody drew.
    """
    scale = float(rng.choice([1, 1, 3, 10]))
    header = _header(rng, unit or names.pick(rng, names.unit_names()), form)
    habits = _Habits(form, scale, odd_share, _draw_tick(form, filling, drawn, rng))
    rows = tuple(_row(item, rng, habits, activities=activities) for item in form.items)
    return Filled(header, _with_totals(form, rows, habits, rng), filling)


def blank_return(form: Form) -> Filled:
    """A return nobody wrote on."""
    header = TruthHeader(unit=None, contact=None, phone=None, date=None)
    return Filled(header, tuple(tuple(_blank(slot.path, slot) for slot in item.slots) for item in form.items), "typed")


def with_activities(filled: Filled, form: Form, times: int, rng: np.random.Generator) -> Filled:
    """The return with its repeating items filled so often."""
    habits = _Habits(form, 1.0, 0.0, TICKS[0])
    rows = tuple(
        _row(item, rng, habits, activities=times) if item.repeats else row
        for item, row in zip(form.items, filled.rows, strict=True)
    )
    return replace(filled, rows=_with_totals(form, rows, habits, rng))


def _header(rng: np.random.Generator, unit: str, form: Form) -> TruthHeader:
    day, year = int(rng.integers(20, 31)), form_year(form)
    dates = (f"{year}年6月{day}日", f"{year}.6.{day}", f"{year}-06-{day}", f"{year}.06.{day}", f"6月{day}日")
    contact = names.person(rng) if rng.random() > 0.05 else None
    phone = names.phone(rng) if rng.random() > 0.05 else None
    written = {"unit": unit, "contact": contact, "phone": phone, "date": names.pick(rng, dates)}
    asked = {field.key for field in form.header}
    return TruthHeader(**{key: value if key in asked else None for key, value in written.items()})


def _draw_tick(form: Form, filling: str, drawn: bool, rng: np.random.Generator) -> str:
    """How a unit ticks its boxes, mostly all alike; a pen writes √."""
    if filling != "typed" or all(slot.kind is not SlotKind.TICK for slot in form.slots):
        return "√"
    return names.pick(rng, TICKS if drawn else TICKS[:-1])


def _row(item: FormItem, rng: np.random.Generator, habits: _Habits, *, activities: int | None) -> tuple[FilledSlot, ...]:
    times = 1
    if item.repeats:
        times = activities or _times(item, rng)
    slots: list[FilledSlot] = []
    for turn in range(1, times + 1):
        key = item.key if turn == 1 else f"{item.key}[{turn}]"
        slots.extend(_one_turn(item, key, rng, habits, several=times > 1))
    return tuple(slots)


def _times(item: FormItem, rng: np.random.Generator) -> int:
    """How often an item that repeats is filled: of a table's rows many, of a sentence mostly one."""
    if item.in_cells:
        return int(rng.integers(*_ROWS))
    return int(rng.integers(2, 4)) if rng.random() < _SEVERAL_SHARE else 1


def _one_turn(item: FormItem, key: str, rng: np.random.Generator, habits: _Habits, *, several: bool) -> Sequence[FilledSlot]:
    done: dict[str, FilledSlot] = {}
    texts = [slot for slot in item.slots if slot.kind is SlotKind.TEXT]
    nothing = item.repeats and bool(texts) and not several and rng.random() < _NO_NAME_SHARE
    ticked = _draw_ticked(item, rng)
    day: date | None = None
    for slot in item.slots:
        path = f"{key}.{slot.path.partition('.')[2]}"
        often_blank = _BLANK_SHARE if not several else _BLANK_CELL_SHARE if done and slot.mark is Mark.CELL else 0.0
        if slot.kind is SlotKind.TICK:
            filled = FilledSlot(path, slot, State.VALUE, 1, habits.tick) if slot.path in ticked else _blank(path, slot)
        elif nothing or (often_blank and rng.random() < often_blank):
            filled = _blank(path, slot)
        elif slot.kind is SlotKind.COUNT:
            filled = _counted(path, slot, done.get(slot.events or ""), rng, habits)
        elif slot.kind is SlotKind.DATE:
            day = draw_day(habits.form, day, rng)
            filled = _worded(path, slot, spell_day(day, habits.form, rng))
        elif slot.kind is SlotKind.MONEY:
            amount = draw_amount(slot, rng, scale=min(habits.scale, 3))
            filled = _worded(path, slot, spell_amount(amount, slot, rng, odd_share=habits.odd_share))
        else:
            words = words_for(slot, rng)
            filled = _worded(path, slot, Wording(words, words))
        done[slot.path] = filled
    return tuple(done.values())


def _counted(path: str, slot: Slot, events: FilledSlot | None, rng: np.random.Generator, habits: _Habits) -> FilledSlot:
    """A count; of people, one that fits the events they came to."""
    if not slot.events:
        count = 0 if rng.random() < _NOUGHT_SHARE else _count(rng, habits.scale)
        return _number(path, slot, count, rng, habits.odd_share)
    if events is not None and isinstance(events.value, int):
        return _number(path, slot, _people(rng, events.value, habits.scale), rng, habits.odd_share)
    # People without an event: seldom, but units do write it, and the reader must not drop it.
    if rng.random() < 0.1:
        return _number(path, slot, _people(rng, 1, habits.scale), rng, habits.odd_share)
    return _blank(path, slot)


def _draw_ticked(item: FormItem, rng: np.random.Generator) -> frozenset[str]:
    """The boxes that are ticked: of a choice one, seldom none; of the others any."""
    groups: dict[str, list[str]] = {}
    ticked = set()
    for slot in item.slots:
        if slot.kind is SlotKind.TICK and slot.choice:
            groups.setdefault(slot.choice, []).append(slot.path)
        elif slot.kind is SlotKind.TICK and rng.random() < _TICKED_SHARE:
            ticked.add(slot.path)
    for paths in groups.values():
        if rng.random() > _BLANK_SHARE:
            ticked.add(paths[int(rng.integers(len(paths)))])
    return frozenset(ticked)


def _with_totals(
    form: Form, rows: tuple[tuple[FilledSlot, ...], ...], habits: _Habits, rng: np.random.Generator
) -> tuple[tuple[FilledSlot, ...], ...]:
    """The rows with the totals rows' slots adding up the others, as a rule."""
    parts = total_parts(form)
    if not parts:
        return rows
    written = [filled for row in rows for filled in row]
    return tuple(tuple(_total(filled, parts, written, habits, rng) for filled in row) for row in rows)


def total_parts(form: Form) -> Mapping[str, frozenset[str]]:
    """The slots of totals rows, by path, and the slots that each adds up: as the form says, or by the row's heading."""
    found = {slot.path: frozenset(slot.sums) for slot in form.slots if slot.sums}
    parts = [item for item in form.items if item.in_cells and not item.heading.startswith(_TOTAL)]
    for item in form.items:
        if item.in_cells and item.heading.startswith(_TOTAL):
            for slot in item.slots:
                same = (one.path for row in parts for one in row.slots if one.column == slot.column)
                found.setdefault(slot.path, frozenset(same))
    return found


def _total(
    filled: FilledSlot, parts: Mapping[str, frozenset[str]], written: Sequence[FilledSlot], habits: _Habits,
    rng: np.random.Generator,
) -> FilledSlot:  # fmt: skip
    if filled.path not in parts:
        return filled
    values = [one.value for one in written if one.slot.path in parts[filled.path] and is_number(one.value)]
    if not values:
        return _blank(filled.path, filled.slot)
    total: Number = plain_number(sum(map(Decimal, values), Decimal(0)))
    if rng.random() < _MISCOUNTED_SHARE:
        total = total + int(rng.integers(1, 10))
    if filled.slot.kind is SlotKind.MONEY:
        return _worded(filled.path, filled.slot, spell_amount(total, filled.slot, rng, odd_share=0.0))
    return FilledSlot(filled.path, filled.slot, State.VALUE, total, str(total))


def _worded(path: str, slot: Slot, wording: Wording) -> FilledSlot:
    return FilledSlot(path, slot, State.VALUE, wording.value, wording.raw)


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
