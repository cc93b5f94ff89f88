"""Totals by slot, each with what it is made of.

A total is the sum over the slots that count (`ledger`): nought adds nothing and is counted as an answer, blank and
unreadable are no answers. It is *provisional* while any of its slots is open, that is flagged and not yet decided. Its
range: an open slot may be worth nothing at all, what the machine read, or any of its candidates; `low` and `high` take the
least and the greatest of these for every open slot. So `low` never exceeds what the sum is without the flagged values. Open
slots in which nobody has read any number (`unknown`) bound nothing: `high` is then a bound for the others alone. A box is
worth 1 at most, whatever was read.

Amounts are summed exactly, as decimals. Words and dates are counted, not summed. A totals row is a slot like any other, the
sum of what units have written in theirs: it is never added to the rows that it sums. What these come to (`rows`) is told
where it is something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from functools import cached_property
from typing import NamedTuple

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.filing import Filed
from pipeline.collection.ledger import CountedSlot, Ledger, UnitLine
from pipeline.collection.tallies import Tally, count_line, decimals_by_measure, options_of
from schemas.flow import State
from schemas.form import Form, FormItem, Mark, Slot, SlotKind
from schemas.paths import form_path, turn_of
from schemas.values import Number, is_number, number_text, plain_number

COUNTS = ("given", "zero", "blank", "unreadable", "open", "unknown")

DIGITS = 1000
"""Of decimals while they are summed: more than anybody writes, so that nothing is rounded."""


class Contribution(NamedTuple):
    """A slot that counts: whose it is, where it stands, what it adds to the total. `options` is what an open one may be."""

    unit: str
    parent: str
    filed: Filed
    slot: EffectiveSlot
    value: Number
    options: tuple[Number, ...]

    @property
    def unknown(self) -> bool:
        """Open, and nobody has read any number in it."""
        return self.slot.open and not self.options


@dataclass(frozen=True)
class Total:
    """A slot of the form over all units. Of words and dates `value`, `low` and `high` are nought: they are not summed.

    `given` slots hold a value other than 0 (or words), `zero` 0, `blank` nothing, `unreadable` what nobody could read.
    `decimals` are those that amounts of its measure were written with; `rows` is, of a totals row, what its rows come to.
    `lines` are the units' that it is made of, `place` that of its slot in the form; `written` tells how many amounts have so
    many decimals.
    """

    slot: Slot
    heading: str
    value: Number
    low: Number
    high: Number
    given: int
    zero: int
    blank: int
    unreadable: int
    open: int
    unknown: int
    lines: tuple[UnitLine, ...] = field(repr=False)
    place: int
    written: Mapping[int, int]
    decimals: int = 0
    rows: Number | None = None

    @cached_property
    def contributions(self) -> tuple[Contribution, ...]:
        """What it is made of, in the roster's order; made when somebody asks, for pages show a few of hundred thousands."""
        return tuple(
            _contribution(line, filed, slot, self.slot) for line in self.lines for filed, slot in self._slots_of(line)
        )

    @cached_property
    def opened(self) -> tuple[Contribution, ...]:
        """Of these the open ones; units in which nothing is open are not looked at."""
        return tuple(
            _contribution(line, filed, slot, self.slot)
            for line in self.lines
            if line.open_slots
            for filed, slot in self._slots_of(line)
            if slot.open
        )

    def _slots_of(self, line: UnitLine) -> Sequence[CountedSlot]:
        """Those of a unit's slots that it is made of: the one in its place, where there are no further activities."""
        if line.in_place:
            return (line.slots[self.place],)
        return [counted for counted in line.slots if form_path(counted[1].path) == self.slot.path]

    @property
    def count(self) -> int:
        """How many slots it is made of."""
        return self.given + self.zero + self.blank + self.unreadable

    @property
    def provisional(self) -> bool:
        """Whether any of its slots is still to be looked at."""
        return self.open > 0

    @property
    def told(self) -> str:
        """How far the total is provisional, in Chinese; "" where it is final."""
        if not self.provisional:
            return ""
        told = f"暂定：{self.open} 项待审核"
        if not self.slot.kind.summed:
            return told
        if self.low != self.high:
            told += f"，{self.in_words(self.low)}～{self.in_words(self.high)}"
        return told + (f"，不含未辨出数字的 {self.unknown} 项" if self.unknown else "")

    @property
    def astray(self) -> bool:
        """Whether it is a totals row that says something else than its rows."""
        return self.rows is not None and self.rows != self.value

    @property
    def measure(self) -> str:
        """What is counted where it is boxes that were ticked; "" elsewhere, for that is printed on the form."""
        if self.slot.kind is not SlotKind.TICK:
            return ""
        return "处" if self.slot.repeats else "个单位"

    @property
    def notes(self) -> str:
        """What there is to say of it: how far it is provisional, and whether it differs from what its rows come to."""
        told = [self.told] if self.told else []
        if self.astray and self.rows is not None:
            told.append(f"合计行与各行之和 {self.in_words(self.rows)} 不一致")
        return "；".join(told)

    def in_words(self, number: Number) -> str:
        """A number of this slot as people read it: with the decimals that its measure is written with."""
        return number_text(number, self.decimals)


def make_totals(ledger: Ledger, form: Form, before: Sequence[Total] = ()) -> tuple[Total, ...]:
    """A total for each slot of the form, in printed order; further activities of an item add to its first one's slots.

    Where totals of the same form were made `before`, what those units' lines that are others now have added to them is taken
    off again, and the new ones' is added: sums are exact, so that both ways come to the same.
    """
    same = len(before) == len(form.slots) and all(one.slot == slot for one, slot in zip(before, form.slots, strict=True))
    was = before[0].lines if same and before else ()
    if len(was) != len(ledger.lines):
        was = ()
    tallies = {slot.path: _tally_of(before[place] if was else None, slot) for place, slot in enumerate(form.slots)}
    with localcontext(prec=DIGITS):
        for place, line in enumerate(ledger.lines):
            if not was or line is not was[place]:
                count_line(tallies, line, 1)
                if was:
                    count_line(tallies, was[place], -1)
    headings, decimals = form.headings, decimals_by_measure(tallies.values())
    totals = {
        slot.path: _total(tallies[slot.path], headings[slot.path], ledger.lines, place, decimals.get(slot.unit, 0))
        for place, slot in enumerate(form.slots)
    }
    return tuple(
        replace(total, rows=plain_number(sum((totals[path].value for path in total.slot.sums), Decimal(0))))
        if total.slot.sums
        else total
        for total in totals.values()
    )


def heading_of(path: str, form: Form) -> str:
    """The heading of a slot in a table, of a further activity too; the path itself where the form has no such slot."""
    heading = form.headings.get(form_path(path), path)
    if turn_of(path) == 1:
        return heading
    is_row = any(slot.path == form_path(path) and slot.mark is Mark.CELL for slot in form.slots)
    return f"{heading}（第{turn_of(path)}{'行' if is_row else '项活动'}）"


def rows_filled(item: FormItem, totals: Mapping[str, Total]) -> int:
    """How many rows units have filled in of a list."""
    found = {
        (one.unit, one.filed.stored.order, one.filed.stored.number, turn_of(one.slot.path))
        for slot in item.slots
        for one in totals[slot.path].contributions
        if one.slot.state is not State.BLANK
    }
    return len(found)


def _contribution(line: UnitLine, filed: Filed, slot: EffectiveSlot, printed: Slot) -> Contribution:
    value = slot.value if is_number(slot.value) else 0
    return Contribution(line.unit.name, line.unit.parent, filed, slot, value, options_of(slot, printed) if slot.open else ())


def _tally_of(total: Total | None, slot: Slot) -> Tally:
    """What a total that was made before has counted."""
    if total is None:
        return Tally(slot, slot.kind.summed)
    sums = (total.low, total.value - total.low, total.high - total.low)
    counts = {name: getattr(total, name) for name in COUNTS}
    return Tally(slot, slot.kind.summed, *sums, **counts, written=Counter(total.written))


def _total(tally: Tally, heading: str, lines: tuple[UnitLine, ...], place: int, decimals: int) -> Total:
    slot = tally.slot
    return Total(
        slot,
        heading,
        value=plain_number(tally.sure + tally.open_value),
        low=plain_number(tally.sure),
        high=plain_number(tally.sure + tally.open_most),
        **{name: getattr(tally, name) for name in COUNTS},
        lines=lines,
        place=place,
        written=tally.written,
        decimals=decimals if slot.kind is SlotKind.MONEY else 0,
    )
