"""Totals by slot, each with what it is made of.

A total is the sum over the slots that count (`ledger`): nought adds nothing and is counted as an answer, blank and
unreadable are no answers. It is *provisional* while any of its slots is open, that is flagged and not yet decided. Its
range: an open slot may be worth nothing at all, what the machine read, or any of its candidates; `low` and `high` take the
least and the greatest of these for every open slot. So `low` never exceeds what the sum is without the flagged values. Open
slots in which nobody has read any number (`unknown`) bound nothing: `high` is then a bound for the others alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.corrections import EffectiveSlot, form_path, turn_of
from pipeline.counts import read_number
from pipeline.filing import Filed
from pipeline.ledger import CountedSlot, Ledger
from schemas.flow import State
from schemas.form import Form, Slot, SlotKind


@dataclass(frozen=True, slots=True)
class Contribution:
    """A slot that counts: whose it is, where it stands, what it adds to the total. `options` is what an open one may be."""

    unit: str
    parent: str
    filed: Filed
    slot: EffectiveSlot
    value: int
    options: tuple[int, ...]

    @property
    def unknown(self) -> bool:
        """Open, and nobody has read any number in it."""
        return self.slot.open and not self.options


@dataclass(frozen=True)
class Total:
    """A slot of the form over all units. Of a text slot `value`, `low` and `high` are nought: it is counted, not summed.

    `given` slots hold a value other than 0 (or words), `zero` 0, `blank` nothing, `unreadable` what nobody could read.
    """

    slot: Slot
    heading: str
    value: int
    low: int
    high: int
    given: int
    zero: int
    blank: int
    unreadable: int
    open: int
    unknown: int
    contributions: tuple[Contribution, ...]

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
        if self.slot.kind is SlotKind.TEXT:
            return told
        if self.low != self.high:
            told += f"，{self.low:,}～{self.high:,}"
        return told + (f"，不含未辨出数字的 {self.unknown} 项" if self.unknown else "")


def make_totals(ledger: Ledger, form: Form) -> tuple[Total, ...]:
    """A total for each slot of the form, in printed order; further activities of an item add to its first one's slots."""
    found: dict[str, list[Contribution]] = defaultdict(list)
    for line in ledger.lines:
        for counted in line.slots:
            found[form_path(counted[1].path)].append(_contribution(line.unit.name, line.unit.parent, counted))
    headings = form.headings
    return tuple(_total(slot, headings[slot.path], found[slot.path]) for slot in form.slots)


def heading_of(path: str, form: Form) -> str:
    """The heading of a slot in a table, of a further activity too; the path itself where the form has no such slot."""
    heading = form.headings.get(form_path(path), path)
    return f"{heading}（第{turn_of(path)}项活动）" if turn_of(path) > 1 else heading


def _contribution(unit: str, parent: str, counted: CountedSlot) -> Contribution:
    filed, slot = counted
    value = slot.value if isinstance(slot.value, int) else 0
    return Contribution(unit, parent, filed, slot, value, _options(slot) if slot.open else ())


def _options(slot: EffectiveSlot) -> tuple[int, ...]:
    """The numbers that have been read in an open slot."""
    read = [slot.value] if isinstance(slot.value, int) else []
    read += [number for text in (*slot.candidates, slot.raw) if (number := read_number(text).value) is not None]
    return tuple(sorted(set(read)))


def _total(slot: Slot, heading: str, contributions: Sequence[Contribution]) -> Total:
    states = [(one.slot.state, one.slot.value) for one in contributions]
    zero = sum(value == 0 for state, value in states if state is State.VALUE)
    # Words that a person has typed into a count are no number.
    kind = int if slot.kind is SlotKind.COUNT else str | int
    given = sum(isinstance(value, kind) for state, value in states if state is State.VALUE) - zero
    blank = sum(state is State.BLANK for state, _ in states)
    summed = contributions if slot.kind is SlotKind.COUNT else ()
    sure = sum(one.value for one in summed if not one.slot.open)
    opened = [one for one in summed if one.slot.open]
    return Total(
        slot,
        heading,
        value=sure + sum(one.value for one in opened),
        low=sure,
        high=sure + sum(max(one.options, default=0) for one in opened),
        given=given,
        zero=zero,
        blank=blank,
        unreadable=len(states) - given - zero - blank,
        open=sum(one.slot.open for one in contributions),
        unknown=sum(one.unknown for one in summed),
        contributions=tuple(contributions),
    )
