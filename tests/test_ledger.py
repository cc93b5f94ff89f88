"""Who has returned and what counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collection.corrections import HEADER
from pipeline.collection.file_names import spellings_of, units_in_name
from pipeline.collection.filing import Standing
from pipeline.collection.ledger import Ledger, UnitLine, UnitState, make_ledger
from schemas.office import FileState, Receipt, StoredReturn, Unit
from schemas.reading import Problem
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.office import DEADLINE, collection_of, corrected, made_office, reading_of, receipt, stored

UNIT, OTHER = "青禾县总工会", "白石区总工会"

FIRST_PAGE, SECOND_PAGE = ("item4", "item5", "item6", "item7"), ("item1", "item2", "item3")
"""What a page lacks."""

A: dict[str, Value] = {"item1.lectures": 12, "item4.hotline_signs": 3}
B: dict[str, Value] = {"item1.lectures": 15, "item4.hotline_signs": 4}


def ledger_of(*returns: StoredReturn, receipts: Sequence[Receipt] = ()) -> Ledger:
    return make_ledger(collection_of(UNIT, OTHER), returns, receipts, SAFETY_MONTH)


def line_of(*returns: StoredReturn, receipts: Sequence[Receipt] = ()) -> UnitLine:
    """The ledger's line of one unit."""
    return ledger_of(*returns, receipts=receipts).lines[0]


def value_of(line: UnitLine, path: str) -> Value:
    return next(slot.value for _, slot in line.slots if slot.path == path)


def standings(line: UnitLine) -> list[Standing]:
    return [filed.standing for filed in line.returns]


AFTER = DEADLINE + timedelta(seconds=1)

STATES: dict[str, tuple[tuple[StoredReturn, ...], UnitState]] = {
    "nothing": ((), UnitState.MISSING),
    "in time": ((stored(1, reading_of(A), arrived=DEADLINE),), UnitState.RETURNED),
    "after the deadline": ((stored(1, reading_of(A), arrived=AFTER),), UnitState.LATE),
    "again after the deadline": ((stored(1, reading_of(A)), stored(2, reading_of(B), arrived=AFTER)), UnitState.RETURNED),
    "a flagged slot": ((stored(1, reading_of(A, flagged=["item1.lectures"])),), UnitState.REVIEW),
    "a flagged slot, corrected": (
        (stored(1, reading_of(A, flagged=["item1.lectures"]), corrections=[corrected("item1.lectures", 12)]),),
        UnitState.RETURNED,
    ),
    "a flagged field": ((stored(1, reading_of(A, unit_doubtful=True)),), UnitState.REVIEW),
    "a flagged field, corrected": (
        (stored(1, reading_of(A, unit_doubtful=True), corrections=[corrected(HEADER + "unit", UNIT)]),),
        UnitState.RETURNED,
    ),
    "a file cut short": (
        (stored(1, reading_of(A).model_copy(update={"problems": (Problem.FILE_CUT_SHORT,)})),),
        UnitState.REVIEW,
    ),
    "read without a second reader": (
        (stored(1, reading_of(A).model_copy(update={"problems": (Problem.NO_SECOND_READER,)})),),
        UnitState.RETURNED,
    ),
    "late and flagged": ((stored(1, reading_of(A, flagged=["item1.lectures"]), arrived=AFTER),), UnitState.REVIEW),
    "the first page": ((stored(1, reading_of(A, lost=FIRST_PAGE)),), UnitState.PARTIAL),
    "both pages, one by one": (
        (stored(1, reading_of(A, lost=FIRST_PAGE)), stored(2, reading_of(A, lost=SECOND_PAGE))),
        UnitState.RETURNED,
    ),
    "dismissed": ((stored(1, reading_of(A), dismissed=True),), UnitState.MISSING),
    "another form": ((stored(1, reading_of(A).model_copy(update={"form": "other"})),), UnitState.MISSING),
}


@pytest.mark.parametrize(("returns", "state"), STATES.values(), ids=STATES.keys())
def test_the_state_of_a_unit(returns: tuple[StoredReturn, ...], state: UnitState) -> None:
    """A unit is in the gravest state that is true of it; what is late is told besides."""
    line = line_of(*returns)
    assert line.state is state
    assert line.late == (bool(returns) and all(one.arrived > DEADLINE for one in returns))


def test_a_moment_without_a_zone_is_utc() -> None:
    """Databases without time zones give back moments without one; lateness is the same."""
    line = line_of(stored(1, reading_of(A), arrived=AFTER.replace(tzinfo=None)))
    assert (line.state, line.late) == (UnitState.LATE, True)


def test_an_accepted_file_is_done() -> None:
    """A reviewer who has accepted a file need not decide about each field above the table."""
    reading = reading_of(A, unit_doubtful=True)
    assert line_of(stored(1, reading), receipts=[receipt(1, "1.pdf", FileState.ACCEPTED)]).state is UnitState.RETURNED


Pair = tuple[StoredReturn, StoredReturn]

PAIRS: dict[str, tuple[Pair, list[Standing], int]] = {
    "the later one replaces": (
        (stored(1, reading_of(A)), stored(2, reading_of(B))),
        [Standing.SUPERSEDED, Standing.COUNTS],
        15,
    ),
    "whatever the clock says": (
        (stored(1, reading_of(A), arrived=AFTER), stored(2, reading_of(B))),
        [Standing.SUPERSEDED, Standing.COUNTS],
        15,
    ),
    "a person chooses": (
        (stored(1, reading_of(A), preferred=True), stored(2, reading_of(B))),
        [Standing.COUNTS, Standing.SUPERSEDED],
        12,
    ),
    "the later one is dismissed": (
        (stored(1, reading_of(A)), stored(2, reading_of(B), dismissed=True)),
        [Standing.COUNTS, Standing.DISMISSED],
        12,
    ),
    "a photograph and a PDF": (
        (stored(1, reading_of(A)), stored(2, reading_of(A))),
        [Standing.DUPLICATE, Standing.COUNTS],
        12,
    ),
    "a photograph, corrected, and a PDF": (
        (stored(1, reading_of(A), corrections=[corrected("item1.lectures", 13)]), stored(2, reading_of(A))),
        [Standing.COUNTS, Standing.DUPLICATE],
        13,
    ),
    "alike once corrected": (
        (
            stored(1, reading_of(A), corrections=[corrected(path, value) for path, value in B.items()]),
            stored(2, reading_of(B)),
        ),
        [Standing.DUPLICATE, Standing.COUNTS],
        15,
    ),
    "the same but for a 0 that was blank": (
        (stored(1, reading_of(A)), stored(2, reading_of({**A, "item1.articles": 0}))),
        [Standing.SUPERSEDED, Standing.COUNTS],
        12,
    ),
    "the later one may be another unit's": (
        (stored(1, reading_of(A)), stored(2, reading_of(B, unit_doubtful=True))),
        [Standing.COUNTS, Standing.UNCONFIRMED],
        12,
    ),
    "the later one has been given to the unit by a person": (
        (stored(1, reading_of(A)), stored(2, reading_of(B, unit="青木县总工会", unit_doubtful=True))),
        [Standing.SUPERSEDED, Standing.COUNTS],
        15,
    ),
    "the second page again": (
        (stored(1, reading_of(A)), stored(2, reading_of(B, lost=SECOND_PAGE))),
        [Standing.COUNTS, Standing.COUNTS],
        12,
    ),
}


@pytest.mark.parametrize(("pair", "expected", "lectures"), PAIRS.values(), ids=PAIRS.keys())
def test_two_returns_of_one_unit(pair: Pair, expected: list[Standing], lectures: int) -> None:
    """Which of two returns counts, what becomes of the other, and whose value is taken; both are kept."""
    line = line_of(*pair)
    assert standings(line) == expected
    assert value_of(line, "item1.lectures") == lectures
    assert len(line.slots) == 39
    assert [filed.of for filed in line.returns if filed.standing in (Standing.SUPERSEDED, Standing.DUPLICATE)] == [
        line.counted[0].stored
    ] * sum(one in (Standing.SUPERSEDED, Standing.DUPLICATE) for one in expected)


def test_each_item_counts_from_the_latest_that_has_it() -> None:
    """A page that comes again replaces its own items and no others."""
    line = line_of(stored(1, reading_of(A)), stored(2, reading_of(B, lost=SECOND_PAGE)))
    assert (value_of(line, "item1.lectures"), value_of(line, "item4.hotline_signs")) == (12, 4)
    assert (line.state, line.missing_items) == (UnitState.RETURNED, ())


def test_what_a_page_lacks_is_open() -> None:
    """Of a single page the other items are missing, by name, and their slots are open."""
    line = line_of(stored(1, reading_of(A, lost=FIRST_PAGE)))
    assert line.missing_items == FIRST_PAGE
    assert line.open_slots == sum(len(item.slots) for item in SAFETY_MONTH.items if item.key in FIRST_PAGE)


def test_two_blank_sheets_are_not_alike() -> None:
    """Sheets without any value say nothing of each other."""
    assert standings(line_of(stored(1, reading_of({})), stored(2, reading_of({})))) == [Standing.SUPERSEDED, Standing.COUNTS]


def test_unknown_units_stand_apart() -> None:
    """A return of no unit of the roster counts for none; where one that counts says the same, that is told."""
    known, strange = stored(1, reading_of(A)), stored(2, reading_of(A, unit=None), unit=None)
    ledger = ledger_of(known, strange, stored(3, reading_of(B), unit="云川市水务工会"))
    assert [(filed.stored.order, filed.standing) for filed in ledger.apart] == [(2, Standing.UNKNOWN), (3, Standing.UNKNOWN)]
    assert [filed.of for filed in ledger.apart] == [known, None]
    assert ledger.states[UnitState.MISSING] == 1


def test_files_without_a_return_are_listed() -> None:
    """Files that wait, failed, or are the same as another, each in its list, by arrival."""
    kinds = (FileState.FAILED, FileState.WAITING, FileState.DUPLICATE, FileState.READING, FileState.REVIEW)
    ledger = ledger_of(receipts=[receipt(order, f"{order}.pdf", kind) for order, kind in reversed([*enumerate(kinds)])])
    assert [one.order for one in ledger.failed] == [0]
    assert [one.order for one in ledger.pending] == [1, 3]
    assert [one.order for one in ledger.duplicates] == [2]


def test_a_parent_sees_how_many_are_missing() -> None:
    """Sub-totals under each unit that has others below it; none without parents."""
    collection = collection_of(UNIT, OTHER, "甲厂工会", parents={UNIT: "云川市总工会", OTHER: "云川市总工会"})
    ledger = make_ledger(collection, [stored(1, reading_of(A))], [], SAFETY_MONTH)
    assert [(one.parent, one.expected) for one in ledger.parents] == [("云川市总工会", 2), ("", 1)]
    assert ledger.parents[0].states[UnitState.RETURNED] == ledger.parents[0].states[UnitState.MISSING] == 1
    assert ledger_of().parents == ()


def test_a_failed_file_may_say_whose_it_is() -> None:
    """A file's name tells of a unit by name or alias."""
    units = (Unit(UNIT, ("青禾公司",)), Unit(OTHER), Unit("工会"))
    for name in ("报表/青禾县总工会.pdf", "青禾县 1.jpg", "(青禾公司)"):
        assert units_in_name(name, units) == (UNIT,)
    assert units_in_name("扫描.pdf", units) == ()
    assert units_in_name("青禾县总工会转青禾公司.pdf", spellings_of((Unit("青禾县"), *units))) == ("青禾县", UNIT)


@st.composite
def offices(draw: st.DrawFn) -> list[StoredReturn]:
    """Returns of two units and a stranger: whole or a page, sure or not, chosen, dismissed, in any order of clocks."""
    values: st.SearchStrategy[dict[str, Value]] = st.sampled_from([A, B, {**A, "item1.articles": 0}, {}])
    returns = []
    for order in range(1, 1 + draw(st.integers(0, 6))):
        reading = reading_of(
            draw(values),
            lost=draw(st.sampled_from([(), (), FIRST_PAGE, SECOND_PAGE])),
            unit_doubtful=draw(st.booleans()),
            flagged=draw(st.sampled_from([(), ("item1.lectures",)])),
        )
        returns.append(
            stored(
                order,
                reading,
                unit=draw(st.sampled_from([UNIT, OTHER, None])),
                arrived=DEADLINE + timedelta(hours=draw(st.integers(-9, 9))),
                corrections=draw(st.sampled_from([(), (corrected("item1.lectures", 20),)])),
                preferred=draw(st.booleans()),
                dismissed=draw(st.integers(0, 4)) == 0,
            )
        )
    return returns


@given(returns=offices(), shuffled=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_every_unit_has_one_line_and_every_return_one_place(returns: list[StoredReturn], shuffled: Random) -> None:
    """Each unit is in one state, each return in one place, each item from one return, in whatever order they are given."""
    ledger = ledger_of(*returns)
    mixed = list(returns)
    shuffled.shuffle(mixed)
    assert ledger_of(*mixed) == ledger
    assert [line.unit.name for line in ledger.lines] == [UNIT, OTHER]
    assert sum(ledger.states.values()) == 2
    placed = [filed.stored for line in ledger.lines for filed in line.returns] + [filed.stored for filed in ledger.apart]
    assert Counter(one.order for one in placed) == Counter(one.order for one in returns)
    for line in ledger.lines:
        items = Counter(item for filed in line.counted for item in filed.counts)
        assert not items or max(items.values()) == 1
        assert len({slot.path for _, slot in line.slots}) == len(line.slots) == (39 if line.counted else 0)
        assert (line.state is UnitState.MISSING) == (not line.counted)


@given(returns=offices(), hours=st.lists(st.integers(-99, 99), min_size=6, max_size=6))
@settings(deadline=None, max_examples=60)
def test_clocks_supersede_nothing(returns: list[StoredReturn], hours: list[int]) -> None:
    """Whatever the clock said when returns arrived, the same ones count; only lateness depends on it."""

    def what_counts(ledger: Ledger) -> object:
        return [[(filed.stored.order, filed.standing, filed.counts) for filed in line.returns] for line in ledger.lines]

    moved = [replace(one, arrived=one.arrived + timedelta(hours=hour)) for one, hour in zip(returns, hours, strict=False)]
    assert what_counts(ledger_of(*returns)) == what_counts(ledger_of(*moved))


def test_a_made_office_is_told_whole() -> None:
    """Of an office in the middle of its work, every unit and every return is in the ledger."""
    collection, returns, receipts = made_office()
    ledger = make_ledger(collection, returns, receipts, SAFETY_MONTH)
    assert len(ledger.lines) == len(collection.units)
    assert sum(len(line.returns) for line in ledger.lines) + len(ledger.apart) == len(returns)


@pytest.mark.parametrize(("value", "state"), [(12, UnitState.RETURNED), (1_200_000, UnitState.REVIEW)])
def test_a_number_out_of_line_with_all_others_is_shown(value: int, state: UnitState) -> None:
    """What no return tells by itself shows among many: a count thousands of times the usual one is for review."""
    units = [f"{number}号工会" for number in range(12)]
    returns = [stored(number, reading_of(A, unit=unit), unit=unit) for number, unit in enumerate(units, 1)]
    returns[5] = stored(6, reading_of({**A, "item1.lectures": value}, unit=units[5]), unit=units[5])
    ledger = make_ledger(collection_of(*units), returns, (), SAFETY_MONTH)
    assert [line.state for line in ledger.lines] == [state if unit == units[5] else UnitState.RETURNED for unit in units]
