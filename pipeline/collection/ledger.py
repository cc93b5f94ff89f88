"""Who has returned, who has not, and what a person still has to look at: a collection as it stands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, TypeAlias

from pipeline.collection.corrections import EffectiveSlot, open_fields
from pipeline.collection.filing import Filed, Standing, arrival, as_read, file_return, weigh
from pipeline.reading.rules import judge_across
from pipeline.reading.units import names_by_spelling
from pipeline.times import as_utc
from schemas.flow import State
from schemas.form import Form
from schemas.office import Collection, FileState, Receipt, StoredReturn, Unit
from schemas.paths import form_path, item_of, path_in_turn, turn_of
from schemas.reading import Problem

# What is wrong with a file that a person must look at, though nothing in it may be flagged; the others are told otherwise.
TO_LOOK_AT = frozenset({Problem.FILE_CUT_SHORT, Problem.NO_HEADER})


class UnitState(StrEnum):
    """How a unit stands in a collection: exactly one of these, the gravest that is true, from the last to the first."""

    RETURNED = "returned"
    LATE = "late"
    REVIEW = "review"
    PARTIAL = "partial"
    MISSING = "missing"

    @property
    def chinese(self) -> str:
        """The state as officials say it."""
        return _UNIT_STATES[self]


_UNIT_STATES = {
    UnitState.RETURNED: "已报",
    UnitState.LATE: "迟报",
    UnitState.REVIEW: "待审核",
    UnitState.PARTIAL: "缺页",
    UnitState.MISSING: "未报",
}


TO_REMIND = frozenset({UnitState.MISSING, UnitState.PARTIAL})
"""Units that are asked for more: 催报."""

CountedSlot: TypeAlias = tuple[Filed, EffectiveSlot]
"""A slot that counts, and the return that it stands in."""


class Reviewed(NamedTuple):
    """A unit's slots on pages that have come, those flagged, those open; and open ones whose pages have not come."""

    slots: int
    flagged: int
    open: int
    absent: int


@dataclass(frozen=True)
class UnitLine:
    """A unit in the ledger: its state, its returns in the order of arrival, and the slots that count.

    `slots` holds every slot of the form, from the return that has its item; of an item that no return has, the slots are
    open. It is empty for a unit that has returned nothing. `late`: nothing had come by the deadline. `ask_again` are the
    slots that a person could not read: the unit is asked for them. `in_place`: its slots are the form's, one by one.
    """

    unit: Unit
    state: UnitState
    late: bool = False
    returns: tuple[Filed, ...] = ()
    slots: tuple[CountedSlot, ...] = ()
    missing_items: tuple[str, ...] = ()
    open_slots: int = 0
    open_fields: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    ask_again: tuple[str, ...] = ()
    in_place: bool = False

    @property
    def counted(self) -> tuple[Filed, ...]:
        """The returns that count, in the order of arrival: one, or the parts of a form that came in several files."""
        return tuple(filed for filed in self.returns if filed.standing is Standing.COUNTS)

    @cached_property
    def reviewed(self) -> Reviewed:
        """How far the review of its slots is; worked out once, for a line that stays is in many ledgers."""
        flags = {arrival(filed): {slot.path for slot in filed.stored.reading.slots if slot.review} for filed in self.counted}
        here = [counted for counted in self.slots if item_of(counted[1].path) not in self.missing_items]
        # Two entries that disagree open what the machine had accepted.
        flagged = sum(slot.open or slot.own_path in flags[arrival(filed)] for filed, slot in here)
        opened = sum(slot.open for _, slot in here)
        return Reviewed(len(here), flagged, opened, self.open_slots - opened)


@dataclass(frozen=True)
class ParentLine:
    """How many of the units right below a unit there are, and how many in each state; "" is above those without a parent."""

    parent: str
    expected: int
    states: Mapping[UnitState, int]


@dataclass(frozen=True)
class Ledger:
    """A collection as it stands: a line a unit in the roster's order, returns of no unit, and files without a return."""

    collection: Collection
    lines: tuple[UnitLine, ...]
    parents: tuple[ParentLine, ...]
    apart: tuple[Filed, ...]
    pending: tuple[Receipt, ...]
    failed: tuple[Receipt, ...]
    duplicates: tuple[Receipt, ...]
    form: Form = field(repr=False)
    accepted: frozenset[int] = field(repr=False)

    @property
    def states(self) -> Mapping[UnitState, int]:
        """How many units are in each state."""
        return _count_states(self.lines)

    @property
    def aside(self) -> tuple[Filed, ...]:
        """Every return that does not count, in the order of arrival."""
        of_units = (filed for line in self.lines for filed in line.returns if filed.standing is not Standing.COUNTS)
        return tuple(sorted((*of_units, *self.apart), key=arrival))


def make_ledger(
    collection: Collection,
    returns: Sequence[StoredReturn],
    receipts: Sequence[Receipt],
    form: Form,
    before: Ledger | None = None,
) -> Ledger:
    """Put every return where it belongs; the order in which returns and receipts are given does not matter.

    A unit's line follows from its returns, from which of them are accepted, and from the roster, the deadline and the form:
    one for which all these are as in the ledger `before` is taken from there. With or without that one, ledgers are equal.
    """
    accepted = frozenset(receipt.order for receipt in receipts if receipt.state is FileState.ACCEPTED)
    accepted |= {stored.order for stored in returns if stored.accepted}
    names = names_by_spelling(collection.units)
    of_unit: dict[str, list[StoredReturn]] = {unit.name: [] for unit in collection.units}
    apart: list[StoredReturn] = []
    for stored in sorted(_compared(returns), key=lambda stored: (stored.order, stored.number)):
        belongs = stored.reading.form == form.id and (stored.placed or stored.dismissed)
        (of_unit.get(stored.unit or "", apart) if belongs else apart).append(stored)
    known = _lines_before(before, collection, form)
    changed = before.accepted ^ accepted if before is not None else frozenset()

    def filed(several: Sequence[StoredReturn]) -> list[Filed]:
        return [file_return(stored, form, names, accepted=stored.order in accepted) for stored in several]

    def line(unit: Unit) -> UnitLine:
        own, was = of_unit[unit.name], known.get(unit.name)
        if was is not None and own == [one.stored for one in was.returns] and changed.isdisjoint(one.order for one in own):
            return was
        return _line(unit, filed(own), collection.deadline, form, accepted)

    lines = tuple(line(unit) for unit in collection.units)
    return Ledger(
        collection,
        lines,
        _parents(lines),
        _with_likenesses(filed(apart), lines),
        _in_state(receipts, FileState.WAITING, FileState.READING),
        _in_state(receipts, FileState.FAILED),
        _in_state(receipts, FileState.DUPLICATE),
        form,
        accepted,
    )


def _compared(returns: Sequence[StoredReturn]) -> list[StoredReturn]:
    """The same returns with numbers flagged that are out of line with all others': that shows only when there are some."""
    readings = judge_across([stored.reading for stored in returns])
    return [
        stored if reading is stored.reading else replace(stored, reading=reading)
        for stored, reading in zip(returns, readings, strict=True)
    ]


def _lines_before(before: Ledger | None, collection: Collection, form: Form) -> Mapping[str, UnitLine]:
    """The lines of an earlier ledger that may still be right, by their units' names."""
    if before is None or before.form != form:
        return {}
    was = before.collection
    if (was.units, was.deadline) != (collection.units, collection.deadline):
        return {}
    return {line.unit.name: line for line in before.lines}


def _line(unit: Unit, returns: Sequence[Filed], deadline: datetime | None, form: Form, accepted: Set[int]) -> UnitLine:
    weighed = weigh([filed for filed in returns if filed.standing is not Standing.DISMISSED], form)
    every = tuple(sorted((*weighed, *(filed for filed in returns if filed.standing is Standing.DISMISSED)), key=arrival))
    counted = [filed for filed in weighed if filed.standing is Standing.COUNTS]
    if not counted:
        return UnitLine(unit, UnitState.MISSING, returns=every)
    slots = _slots_that_count(counted, form)
    missing = tuple(item.key for item in form.items if not any(item.key in filed.items for filed in counted))
    undecided = [filed.stored for filed in counted if filed.stored.order not in accepted]
    fields = tuple(key for one in undecided for key in open_fields(one))
    problems = tuple(problem for one in undecided for problem in _problems(one) if problem in TO_LOOK_AT)
    opened = sum(slot.open for _, slot in slots)
    late = deadline is not None and all(as_utc(filed.stored.arrived) > as_utc(deadline) for filed in weighed)
    state = UnitState.LATE if late else UnitState.RETURNED
    if missing:
        state = UnitState.PARTIAL
    elif opened or fields or problems:
        state = UnitState.REVIEW
    again = tuple(slot.path for _, slot in slots if slot.who and slot.state is State.UNREADABLE)
    in_place = tuple(slot.path for _, slot in slots) == form.paths
    return UnitLine(unit, state, late, every, slots, missing, opened, fields, problems, again, in_place)


def _problems(stored: StoredReturn) -> tuple[Problem, ...]:
    """What is wrong with a return; pages that belong to another one need no heading."""
    return tuple(one for one in stored.reading.problems if one is not Problem.NO_HEADER or stored.part_of is None)


def _slots_that_count(counted: Sequence[Filed], form: Form) -> tuple[CountedSlot, ...]:
    """Each item's slots from the return that has it, in printed order, further activities behind the first.

    The rows of a list that goes on in another return are numbered on behind those before.
    """
    only = counted[0]
    if len(counted) == 1 and tuple(slot.path for slot in only.slots) == form.paths:
        # One return with the form's slots as they are printed, as most are.
        return tuple((only, slot) for slot in only.slots)
    chosen: list[CountedSlot] = []
    for item in form.items:
        sources = [filed for filed in counted if item.key in filed.counts] or [counted[-1]]
        sources.sort(key=lambda filed: (filed.stored.part_of is not None, arrival(filed)))
        places = {slot.path: place for place, slot in enumerate(item.slots)}
        before = 0
        for source in sources:
            own = [slot for slot in source.slots if form_path(slot.path) in places]
            own.sort(key=lambda slot: (turn_of(slot.path), places[form_path(slot.path)]))
            chosen += [(source, _numbered_on(slot, before) if before else slot) for slot in own]
            before += max((turn_of(slot.path) for slot in own), default=0)
    return tuple(chosen)


def _numbered_on(slot: EffectiveSlot, before: int) -> EffectiveSlot:
    return slot._replace(path=path_in_turn(form_path(slot.path), turn_of(slot.path) + before), at=slot.path)


def _with_likenesses(apart: Sequence[Filed], lines: Sequence[UnitLine]) -> tuple[Filed, ...]:
    """Returns of no unit, each with the one that counts and says the same: probably another picture of that sheet."""
    wanted = {filed.likeness for filed in apart}
    near = (filed for line in lines if wanted for filed in line.counted if filed.likeness in wanted)
    like = {as_read(filed): filed.stored for filed in near}
    return tuple(replace(filed, of=like.get(as_read(filed)) if as_read(filed) else None) for filed in apart)


def _parents(lines: Sequence[UnitLine]) -> tuple[ParentLine, ...]:
    """A line for each unit that has units below it, in the roster's order; none where the roster names no parents."""
    below: dict[str, list[UnitLine]] = defaultdict(list)
    for line in lines:
        below[line.unit.parent].append(line)
    if set(below) <= {""}:
        return ()
    return tuple(ParentLine(parent, len(own), _count_states(own)) for parent, own in below.items())


def _count_states(lines: Sequence[UnitLine]) -> Mapping[UnitState, int]:
    counts = Counter(line.state for line in lines)
    return {state: counts[state] for state in UnitState}


def _in_state(receipts: Sequence[Receipt], *states: FileState) -> tuple[Receipt, ...]:
    return tuple(sorted((one for one in receipts if one.state in states), key=lambda one: one.order))
