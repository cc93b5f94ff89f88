"""What slots come to: counted one by one, and taken off again where something else counts instead."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.ledger import UnitLine
from pipeline.judging.counts import read_amount, read_number
from schemas.flow import State
from schemas.form import Slot, SlotKind
from schemas.paths import form_path
from schemas.values import Number, decimals_of, is_number

# The decimals in an amount as it was written.
WRITTEN_DECIMALS = re.compile(r"\.([0-9]{1,6})(?![0-9])")


@dataclass
class Tally:
    """What has been counted for a total. Of open slots the sums of what they are worth, and of the most that they may be."""

    slot: Slot
    summed: bool
    sure: Number = 0
    open_value: Number = 0
    open_most: Number = 0
    given: int = 0
    zero: int = 0
    blank: int = 0
    unreadable: int = 0
    open: int = 0
    unknown: int = 0
    written: Counter[int] = field(default_factory=Counter)


def count_line(tallies: Mapping[str, Tally], line: UnitLine, times: int) -> None:
    """Count a unit's slots, or with -1 take them off again."""
    for _, slot in line.slots:
        tally = tallies.get(form_path(slot.path))
        if tally is not None:
            _count_slot(tally, slot, times)


def decimals_by_measure(tallies: Iterable[Tally]) -> dict[str, int]:
    """How many decimals amounts are written with, by their word of measure: people line them up."""
    most: dict[str, int] = defaultdict(int)
    for tally in tallies:
        if tally.slot.kind is SlotKind.MONEY:
            written = [decimals for decimals, times in tally.written.items() if times]
            most[tally.slot.unit] = max(most[tally.slot.unit], *written, 0)
    return most


def options_of(slot: EffectiveSlot, printed: Slot) -> tuple[Number, ...]:
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


def _count_slot(tally: Tally, slot: EffectiveSlot, times: int) -> None:
    state, value = slot.state, slot.value
    number = value if is_number(value) else None
    if state is State.BLANK:
        tally.blank += times
    elif state is State.VALUE and value == 0:
        tally.zero += times
    # Words that a person has typed into a count are no number.
    elif state is State.VALUE and (number is not None or not tally.summed):
        tally.given += times
    else:
        tally.unreadable += times
    tally.open += times * slot.open
    if tally.summed and slot.open:
        options = options_of(slot, tally.slot)
        tally.open_value += times * (number or 0)
        tally.open_most += times * max(options, default=0)
        tally.unknown += times * (not options)
    elif tally.summed and number:
        tally.sure += times * number
    if tally.slot.kind is SlotKind.MONEY:
        tally.written[_decimals(slot.raw, number or 0)] += times


def _decimals(raw: str, value: Number) -> int:
    """The decimals of an amount, noughts at its end included where they were read."""
    written = WRITTEN_DECIMALS.search(raw)
    is_raw = written is not None and read_amount(raw).value == value
    return len(written[1]) if written is not None and is_raw else decimals_of(value)
