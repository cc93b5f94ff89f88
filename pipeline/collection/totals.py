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

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.filing import Filed
from pipeline.collection.ledger import CountedSlot, Ledger
from pipeline.judging.counts import read_amount, read_number
from schemas.flow import State
from schemas.form import Form, FormItem, Mark, Slot, SlotKind
from schemas.paths import form_path, turn_of
from schemas.values import Number, decimals_of, is_number, number_text, plain_number

# The decimals in an amount as it was written.
WRITTEN_DECIMALS = re.compile(r"\.([0-9]{1,6})(?![0-9])")


@dataclass(frozen=True, slots=True)
class Contribution:
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
    contributions: tuple[Contribution, ...]
    decimals: int = 0
    rows: Number | None = None

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


def make_totals(ledger: Ledger, form: Form) -> tuple[Total, ...]:
    """A total for each slot of the form, in printed order; further activities of an item add to its first one's slots."""
    found: dict[str, list[Contribution]] = defaultdict(list)
    printed = {slot.path: slot for slot in form.slots}
    for line in ledger.lines:
        for counted in line.slots:
            path = form_path(counted[1].path)
            if path in printed:
                found[path].append(_contribution(line.unit.name, line.unit.parent, counted, printed[path]))
    headings = form.headings
    decimals = _decimals_by_measure(form, found)
    totals = {
        slot.path: _total(slot, headings[slot.path], found[slot.path], decimals.get(slot.unit, 0)) for slot in form.slots
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


def _contribution(unit: str, parent: str, counted: CountedSlot, printed: Slot) -> Contribution:
    filed, slot = counted
    value = slot.value if is_number(slot.value) else 0
    return Contribution(unit, parent, filed, slot, value, _options(slot, printed) if slot.open else ())


def _options(slot: EffectiveSlot, printed: Slot) -> tuple[Number, ...]:
    """The numbers that have been read in an open slot."""
    if printed.kind is SlotKind.TICK:
        return (0, 1)
    read: list[Number] = [slot.value] if is_number(slot.value) else []
    for text in (*slot.candidates, slot.raw):
        money = printed.kind is SlotKind.MONEY
        number = read_amount(text, printed.unit).value if money else read_number(text).value
        if number is not None:
            read.append(number)
    return tuple(sorted(set(read)))


def _decimals_by_measure(form: Form, found: Mapping[str, Sequence[Contribution]]) -> dict[str, int]:
    """How many decimals amounts are written with, by their word of measure: people line them up."""
    most: dict[str, int] = defaultdict(int)
    for slot in form.slots:
        if slot.kind is SlotKind.MONEY:
            most[slot.unit] = max(most[slot.unit], *(_decimals(one) for one in found.get(slot.path, ())), 0)
    return most


def _decimals(one: Contribution) -> int:
    """The decimals of an amount, noughts at its end included where they were read."""
    written = WRITTEN_DECIMALS.search(one.slot.raw)
    is_raw = written is not None and read_amount(one.slot.raw).value == one.value
    return len(written[1]) if written is not None and is_raw else decimals_of(one.value)


def _total(slot: Slot, heading: str, contributions: Sequence[Contribution], decimals: int) -> Total:
    states = [(one.slot.state, one.slot.value) for one in contributions]
    zero = sum(value == 0 for state, value in states if state is State.VALUE)
    # Words that a person has typed into a count are no number.
    given = sum(is_number(value) or not slot.kind.summed for state, value in states if state is State.VALUE) - zero
    blank = sum(state is State.BLANK for state, _ in states)
    summed = contributions if slot.kind.summed else ()
    sure = sum((one.value for one in summed if not one.slot.open), Decimal(0))
    opened = [one for one in summed if one.slot.open]
    return Total(
        slot,
        heading,
        value=plain_number(sure + sum(one.value for one in opened)),
        low=plain_number(sure),
        high=plain_number(sure + sum(max(one.options, default=0) for one in opened)),
        given=given,
        zero=zero,
        blank=blank,
        unreadable=len(states) - given - zero - blank,
        open=sum(one.slot.open for one in contributions),
        unknown=sum(one.unknown for one in summed),
        contributions=tuple(contributions),
        decimals=decimals if slot.kind is SlotKind.MONEY else 0,
    )
