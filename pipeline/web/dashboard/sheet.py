"""Totals as the paper has them: the form's printed sentences, a number between each pair of parentheses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.form_layout import is_listed, words_of_total
from pipeline.collection.tables import shown
from pipeline.collection.totals import Contribution, Total, heading_of, rows_filled
from pipeline.web.dashboard.links import crop_link, return_link, slot_link, total_link, unit_link
from pipeline.web.dashboard.said import Said, range_notes
from schemas.flow import State
from schemas.form import Form, SlotKind
from schemas.paths import turn_of
from schemas.reading import Reason
from schemas.values import Number, is_number, number_text

OUTLIER_TIMES = 10
"""A number so many times the median, or the median so many times it, stands out: a nought too many or too few."""

LEAST_VALUES = 5
"""Numbers from which a median says anything."""


@dataclass(frozen=True)
class TotalCell:
    """A slot with its total. `value` is "" for words and dates, which are counted in `given`."""

    path: str
    heading: str
    label: str
    before: str
    opening: str
    closing: str
    after: str
    value: str
    link: str
    provisional: bool
    low: str
    high: str
    notes: tuple[Said, ...]
    given: int
    zero: int
    blank: int
    unreadable: int
    open: int
    unknown: int


@dataclass(frozen=True)
class SheetItem:
    """A row of the form: its heading and its slots' totals; of a list `rows` tells how many rows all units have."""

    key: str
    heading: str
    cells: tuple[TotalCell, ...]
    rows: int | None

    @property
    def by_path(self) -> Mapping[str, TotalCell]:
        """Its cells by their slots' paths."""
        return {cell.path: cell for cell in self.cells}

    @property
    def open(self) -> int:
        """Slots in it that nobody has decided about."""
        return sum(cell.open for cell in self.cells)


@dataclass(frozen=True)
class Entry:
    """What a unit adds to a total, and where it stands. `times` the median where that stands out, else 0.

    `bar` is the value as a share of the largest, `part` of the total.
    """

    unit: str
    unit_link: str
    parent: str
    heading: str
    value: Number
    text: str
    kind: str
    open: bool
    who: str
    machine: str
    file: str
    arrived: datetime
    return_link: str
    link: str
    crop: str
    bar: float
    part: float
    times: float
    out_of_line: bool


def sheet_of(totals: Sequence[Total], form: Form) -> tuple[SheetItem, ...]:
    """The whole form with its totals."""
    cells = {total.slot.path: _total_cell(total) for total in totals}
    by_path = {total.slot.path: total for total in totals}
    return tuple(
        SheetItem(
            item.key,
            item.heading,
            tuple(cells[slot.path] for slot in item.slots),
            rows_filled(item, by_path) if is_listed(item) else None,
        )
        for item in form.items
    )


def entries_of(total: Total, form: Form, shown: Sequence[Contribution]) -> tuple[Entry, ...]:
    """Some of what a total is made of, weighed against all of it."""
    numbers = [one.value for one in total.contributions if _is_number(one)]
    middle, largest = median_of(numbers), max(numbers, default=0)
    return tuple(_entry(one, total, form, middle, largest) for one in shown)


def bars_of(total: Total, middle: float) -> list[tuple[str, Number, bool, bool]]:
    """The units whose numbers are no nought: name, value, whether it is open, and whether it stands out."""
    return [
        (one.unit, one.value, one.slot.open, bool(times_out(one.value, middle)) or _is_out_of_line(one))
        for one in total.contributions
        if _is_number(one) and one.value
    ]


SORTS: dict[str, Callable[[Contribution], tuple[bool | Number, ...]]] = {
    # Numbers from the largest, behind them what cannot be read, and blanks.
    "value": lambda one: (one.slot.state is State.BLANK, one.slot.state is State.UNREADABLE, -one.value),
    "unit": lambda one: (),
    "open": lambda one: (not one.slot.open, -one.value),
}
"""How contributions can be sorted; by "unit" they stay in the roster's order, for sorting keeps the order of equals."""


def median_of(numbers: Sequence[Number]) -> float:
    """The median of numbers other than 0; 0 where there are too few for it to say anything."""
    real = [number for number in numbers if number > 0]
    return float(median([Decimal(number) for number in real])) if len(real) >= LEAST_VALUES else 0.0


def times_out(value: Number, middle: float) -> float:
    """How many times the median a number is, where it stands out by its size; 0 where it does not."""
    if value <= 0 or middle <= 0:
        return 0.0
    times = float(value) / middle
    return times if times >= OUTLIER_TIMES or times <= 1 / OUTLIER_TIMES else 0.0


def kind_of(slot: EffectiveSlot) -> str:
    """What stands in a slot: "number", "zero", "words", "blank" or "unreadable"."""
    if slot.state is not State.VALUE:
        return slot.state.value
    if is_number(slot.value):
        return "number" if slot.value else "zero"
    return "words"


def value_text(slot: EffectiveSlot, decimals: int = 0) -> str:
    """What a slot is worth, in characters; "" where it is blank."""
    worth = shown(slot)
    return number_text(worth, decimals) if is_number(worth) else str(worth or "")


def _total_cell(total: Total) -> TotalCell:
    ranged = total.slot.kind.summed and total.provisional
    return TotalCell(
        total.slot.path,
        total.heading,
        total.slot.label,
        *words_of_total(total.slot),
        _shown_total(total),
        total_link(total.slot.path),
        total.provisional,
        total.in_words(total.low) if ranged else "",
        total.in_words(total.high) if ranged else "",
        range_notes(total),
        total.given,
        total.zero,
        total.blank,
        total.unreadable,
        total.open,
        total.unknown,
    )


def _shown_total(total: Total) -> str:
    """A sum in characters; a dash before anything has come, for that is no 0."""
    if not total.slot.kind.summed:
        return ""
    if not total.count:
        return "—"
    # Of boxes it is told what the number counts.
    return total.in_words(total.value) + (f" {total.measure}" if total.measure else "")


def _entry(one: Contribution, total: Total, form: Form, middle: float, largest: Number) -> Entry:
    slot, stored = one.slot, one.filed.stored
    state, value = slot.machine
    read = (
        "？" if state is State.UNREADABLE else number_text(value, total.decimals) if is_number(value) else str(value or "")
    )
    number = _is_number(one)
    return Entry(
        one.unit,
        unit_link(one.unit),
        one.parent,
        heading_of(slot.path, form) if turn_of(slot.path) > 1 else "",
        one.value,
        "√" if total.slot.kind is SlotKind.TICK and slot.value == 1 else value_text(slot, total.decimals),
        kind_of(slot),
        slot.open,
        slot.who,
        read if slot.who and slot.machine != slot.worth else "",
        stored.name,
        stored.arrived,
        return_link(stored),
        slot_link(stored, slot.own_path),
        crop_link(stored, slot.own_path) if slot.box is not None else "",
        float(one.value / largest) if number and largest else 0.0,
        float(one.value / total.value) if number and total.value else 0.0,
        times_out(one.value, middle) if number else 0.0,
        _is_out_of_line(one),
    )


def _is_number(one: Contribution) -> bool:
    return one.slot.state is State.VALUE and is_number(one.slot.value)


def _is_out_of_line(one: Contribution) -> bool:
    """Whether the rules have flagged its size, and nobody has decided about it since."""
    own = one.slot.own_path
    return any(slot.path == own and Reason.OUT_OF_LINE in slot.reasons for slot in one.filed.stored.reading.slots)
