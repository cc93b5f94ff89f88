"""One unit's returns weighed against each other: which count, which are superseded, which are probable duplicates.

Each item of the form counts from the latest return that has it: latest by the number of its arrival, for a clock may be set
back. So a later return of the whole form supersedes all before it, and the two pages of a form may come as two files, or
one page again. A return none of whose items count is superseded. A person's choice (`preferred`) goes before arrival. A
return whose unit is not sure supersedes none that is. What a person has made a part of another return (pages that came as a
file of their own) is as sure and as preferred as that one, and counts beside it, item by item; a list that begins on
the one and goes on on the other counts from both, unless the rows are the same ones again. A return all of whose values
agree with one that counts is a probable duplicate of it, a photograph and a PDF of one sheet; of such the one that a person
has corrected counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from pipeline.collection.corrections import HEADER, EffectiveSlot, Worth, slots_of
from pipeline.collection.form_layout import is_listed
from pipeline.reading.units import unit_field, unit_key, unit_named
from schemas.flow import State
from schemas.form import Form
from schemas.office import StoredReturn
from schemas.paths import item_of
from schemas.reading import Reason


class Standing(StrEnum):
    """What became of a return among the others."""

    COUNTS = "counts"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    UNCONFIRMED = "unconfirmed"
    UNKNOWN = "unknown"
    UNPLACED = "unplaced"
    OTHER_FORM = "other_form"
    DISMISSED = "dismissed"

    @property
    def chinese(self) -> str:
        """The standing as the reviewer reads it."""
        return _STANDINGS[self]


_STANDINGS = {
    Standing.COUNTS: "计入",
    Standing.SUPERSEDED: "已被替换，不计入",
    Standing.DUPLICATE: "疑似重复，不计入",
    Standing.UNCONFIRMED: "填报单位待确认，暂不计入",
    Standing.UNKNOWN: "填报单位不在名单中，不计入",
    Standing.UNPLACED: "收集任务待定，暂不计入",
    Standing.OTHER_FORM: "表样不符，不计入",
    Standing.DISMISSED: "审核员已剔除",
}


@dataclass(frozen=True)
class Filed:
    """A return and what became of it: its slots with what was decided about them, the keys of the items that it has.

    `counts` are the items that count from this return. `sure`: there is no doubt whose return it is.

    `of` is the return that supersedes it or that it is a probable duplicate of; of a return of an unknown unit, the one that
    counts and has the same values.
    """

    stored: StoredReturn
    slots: tuple[EffectiveSlot, ...]
    items: frozenset[str]
    sure: bool
    standing: Standing
    counts: frozenset[str] = frozenset()
    of: StoredReturn | None = None

    @cached_property
    def likeness(self) -> int:
        """A number that is the same where the machine read the same; worked out once, for all are compared."""
        return hash(as_read(self))


Values: TypeAlias = frozenset[tuple[str, Worth]]
"""State and value of each slot by its path."""


def file_return(stored: StoredReturn, form: Form, names: Mapping[str, str], *, accepted: bool) -> Filed:
    """A return before it is weighed against the others of its unit; `names` are units by spelling."""
    if stored.reading.form != form.id:
        return Filed(stored, (), frozenset(), False, Standing.OTHER_FORM)
    slots = slots_of(stored, form)
    standing = Standing.DISMISSED if stored.dismissed else Standing.UNKNOWN if stored.placed else Standing.UNPLACED
    return Filed(stored, slots, items_of(stored, slots), accepted or _is_sure(stored, form, names), standing)


def weigh(returns: Sequence[Filed], form: Form) -> list[Filed]:
    """The returns of one unit with their standings, in the order of arrival."""
    if len(returns) == 1:
        return [replace(returns[0], standing=Standing.COUNTS, counts=returns[0].items)]
    lists = frozenset(item.key for item in form.items if is_listed(item))
    mains = _mains(returns)
    sure = {arrival(filed): mains[arrival(filed)].sure for filed in returns}
    some_sure = any(sure.values())
    done = [replace(filed, standing=Standing.UNCONFIRMED) for filed in returns if some_sure and not sure[arrival(filed)]]
    left = [filed for filed in returns if sure[arrival(filed)] or not some_sure]

    def rank(filed: Filed) -> tuple[bool, bool, int, int]:
        preferred = filed.stored.preferred or mains[arrival(filed)].stored.preferred
        return (preferred, bool(filed.items), *arrival(filed))

    left.sort(key=rank, reverse=True)
    counted: list[Filed] = []
    while left:
        best = left[0]
        fresh = best.items.difference(*(one.counts for one in counted))
        kin = [one for one in counted if arrival(mains[arrival(one)]) == arrival(mains[arrival(best)])]
        fresh |= frozenset(key for key in lists & best.items - fresh if _goes_on(key, best, kin, counted))
        if fresh or not counted:
            best = _corrected_twin(best, left)
            counted.append(replace(best, standing=Standing.COUNTS, counts=fresh))
        else:
            over = next((one for one in counted if _agree(one, best)), None)
            standing = Standing.SUPERSEDED if over is None else Standing.DUPLICATE
            over = over or next((one for one in counted if one.counts & best.items), counted[0])
            done.append(replace(best, standing=standing, of=over.stored))
        left = [filed for filed in left if arrival(filed) != arrival(best)]
    return sorted((*counted, *done), key=arrival)


def superseding(returns: Sequence[StoredReturn], form: Form, names: Mapping[str, str]) -> dict[tuple[int, int], int]:
    """Of one unit's returns those that are superseded, by file and number, each with the file that supersedes it."""
    filed = [file_return(stored, form, names, accepted=stored.accepted) for stored in returns]
    weighed = weigh([one for one in filed if one.standing is Standing.UNKNOWN], form)
    return {arrival(one): one.of.order for one in weighed if one.standing is Standing.SUPERSEDED and one.of is not None}


def as_read(filed: Filed) -> Values:
    """What the machine read in a return, to be compared; nothing where it read no value."""
    return _values({slot.path: slot.machine for slot in filed.slots})


def items_of(stored: StoredReturn, slots: Sequence[EffectiveSlot]) -> frozenset[str]:
    """The items that a return has: those found on its pages, and those that a person has filled in."""
    lost = {slot.path for slot in stored.reading.slots if Reason.SLOT_MISSING in slot.reasons}
    return frozenset(item_of(slot.path) for slot in slots if slot.path not in lost or slot.who)


def arrival(filed: Filed) -> tuple[int, int]:
    """The order of returns: by file, then within it."""
    return (filed.stored.order, filed.stored.number)


def _mains(returns: Sequence[Filed]) -> dict[tuple[int, int], Filed]:
    """For each return the one whose part it is in the end: itself, where it is nobody's or that one is not among these."""
    known = {arrival(filed): filed for filed in returns}
    found = {}
    for filed in returns:
        main, seen = filed, {arrival(filed)}
        while main.stored.part_of in known and main.stored.part_of not in seen:
            seen.add(main.stored.part_of)
            main = known[main.stored.part_of]
        found[arrival(filed)] = main
    return found


def _is_sure(stored: StoredReturn, form: Form, names: Mapping[str, str]) -> bool:
    """Whether a return's unit is beyond doubt: the header's reading is, or a person has said so, or has chosen another."""
    field = unit_field(stored.reading, form)
    return (
        not field.review
        or stored.part_of is not None
        or stored.preferred
        or HEADER + unit_key(form) in stored.corrections
        or unit_named(field.value, names) != stored.unit
    )


def _goes_on(key: str, filed: Filed, kin: Sequence[Filed], counted: Sequence[Filed]) -> bool:
    """Whether a return goes on with a list that counts from its kin alone, in other rows than theirs."""
    having = [one for one in counted if key in one.counts]
    own = _rows(key, filed)
    theirs = [_rows(key, one) for one in having]
    return bool(own) and all(one in kin for one in having) and not any(_mostly_in(own, rows) for rows in theirs)


def _rows(key: str, filed: Filed) -> Values:
    """What stands in a list, by path; blanks left out."""
    own = {slot.path: slot.worth for slot in filed.slots if item_of(slot.path) == key}
    return frozenset((path, worth) for path, worth in own.items() if worth[0] is State.VALUE)


def _mostly_in(own: Values, others: Values) -> bool:
    """Whether the half of what stands in a list stands in another one in its very place: a page taken twice, read a little
    otherwise."""
    return 2 * len(own & others) >= min(len(own), len(others))


def _corrected_twin(best: Filed, others: Sequence[Filed]) -> Filed:
    """Of probable duplicates the one that a person has worked on: nobody corrects the same sheet twice."""
    if best.stored.corrections or best.stored.preferred:
        return best
    twins = (other for other in others if other.stored.corrections and as_read(best) and as_read(other) == as_read(best))
    return next(twins, best)


def _agree(one: Filed, other: Filed) -> bool:
    """Whether two returns say the same: as the machine read them, or as they count."""
    return any(values(one) and values(one) == values(other) for values in (as_read, _as_counted))


def _as_counted(filed: Filed) -> Values:
    return _values({slot.path: slot.worth for slot in filed.slots})


def _values(worths: Mapping[str, Worth]) -> Values:
    """What is compared of a return: state and value of each slot. Sheets without a value are not like each other."""
    return frozenset(worths.items()) if any(state is State.VALUE for state, _ in worths.values()) else frozenset()
