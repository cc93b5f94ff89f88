"""Totals: what they are made of, and how far they may move."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collection.ledger import make_ledger
from pipeline.collection.totals import Total, heading_of, make_totals
from schemas.flow import State
from schemas.form_file import toml_to_form
from schemas.office import StoredReturn
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value, is_number, plain_number
from tests.mixed import FORM
from tests.office import UNREADABLE, collection_of, corrected, made_office, reading_of, stored

UNITS = ("青禾县总工会", "白石区总工会", "云川市电力工会", "甲厂工会", "乙厂工会")

PATH = "item1.lectures"


def totals_of(*returns: StoredReturn) -> dict[str, Total]:
    ledger = make_ledger(collection_of(*UNITS), returns, [], SAFETY_MONTH)
    return {total.slot.path: total for total in make_totals(ledger, SAFETY_MONTH)}


def returns_of(path: str, *values: Value, flagged: tuple[int, ...] = ()) -> list[StoredReturn]:
    """A return of each unit with a value in one slot; those with a number in `flagged` are for review."""
    return [
        stored(order, reading_of({path: value}, unit=unit, flagged=[path] if order in flagged else ()), unit=unit)
        for order, (unit, value) in enumerate(zip(UNITS, values, strict=False), 1)
    ]


def test_blank_nought_and_unreadable_are_counted_apart() -> None:
    """A total adds numbers alone, and tells how many gave one, 0, nothing, and what nobody could read."""
    total = totals_of(*returns_of(PATH, 12, 0, None, UNREADABLE, 30))[PATH]
    assert total.value == 42
    assert (total.given, total.zero, total.blank, total.unreadable) == (2, 1, 1, 1)
    assert (total.provisional, total.open, total.low, total.high, total.told) == (False, 0, 42, 42, "")


def test_words_in_a_count_are_no_number() -> None:
    """What a person typed that is no number is counted as unreadable, and adds nothing."""
    total = totals_of(stored(1, reading_of({PATH: 1}), corrections=[corrected(PATH, "若干")]))[PATH]
    assert (total.value, total.given, total.unreadable) == (0, 0, 1)


def test_units_that_have_not_returned_are_no_blanks() -> None:
    """Only what has been returned is counted."""
    total = totals_of(*returns_of(PATH, 12))[PATH]
    assert (total.given, total.blank, len(total.contributions)) == (1, 0, 1)


RANGES: dict[str, tuple[Value, tuple[str, ...], str, tuple[int, int, int], int]] = {
    "a flagged number": (70, (), "", (170, 100, 170), 0),
    "with candidates": (70, ("10", "710"), "", (170, 100, 810), 0),
    "written otherwise": (70, ("1.2万",), "", (170, 100, 12100), 0),
    "unreadable with candidates": (UNREADABLE, ("10", "40"), "", (100, 100, 140), 0),
    "unreadable": (UNREADABLE, (), "", (100, 100, 100), 1),
    "ink in a blank": (None, (), "", (100, 100, 100), 1),
    "candidates that are no numbers": (UNREADABLE, ("若干",), "", (100, 100, 100), 1),
}


@pytest.mark.parametrize(("value", "candidates", "raw", "expected", "unknown"), RANGES.values(), ids=RANGES.keys())
def test_the_range_of_a_provisional_total(
    value: Value, candidates: tuple[str, ...], raw: str, expected: tuple[int, int, int], unknown: int
) -> None:
    """An open slot may be worth nothing, what was read, or any candidate; one without any number is told apart."""
    flagged = reading_of({PATH: value}, unit=UNITS[1], flagged=[PATH], candidates={PATH: candidates})
    total = totals_of(stored(1, reading_of({PATH: 100})), stored(2, flagged, unit=UNITS[1]))[PATH]
    assert (total.value, total.low, total.high) == expected
    assert (total.open, total.unknown) == (1, unknown)
    assert total.told.startswith("暂定：1 项待审核")
    assert ("未辨出数字" in total.told) == bool(unknown)


def test_a_correction_closes_a_slot() -> None:
    """Once a person has decided, the total is final and says whose word it is."""
    returns = [stored(1, reading_of({PATH: 70}, flagged=[PATH]), corrections=[corrected(PATH, 10)])]
    total = totals_of(*returns)[PATH]
    assert (total.value, total.low, total.high, total.provisional) == (10, 10, 10, False)
    (one,) = total.contributions
    assert (one.unit, one.slot.who, one.slot.path, one.slot.page, one.filed.stored.name) == (
        UNITS[0],
        "王文",
        PATH,
        1,
        "1.pdf",
    )


def test_superseded_figures_are_not_counted() -> None:
    """Of two returns of one unit, or two pictures of one sheet, each figure counts once."""
    assert totals_of(stored(1, reading_of({PATH: 12})), stored(2, reading_of({PATH: 15})))[PATH].value == 15
    assert totals_of(stored(1, reading_of({PATH: 12})), stored(2, reading_of({PATH: 12})))[PATH].value == 12


def test_further_activities_add_to_the_first() -> None:
    """Each activity of item 7 adds its sessions; names are counted, not summed."""
    values: dict[str, Value] = {"item7.name": "征文", "item7.sessions": 2, "item7[2].name": "书画展", "item7[2].sessions": 3}
    totals = totals_of(stored(1, reading_of(values)))
    assert (totals["item7.sessions"].value, totals["item7.sessions"].given) == (5, 2)
    assert (totals["item7.name"].value, totals["item7.name"].given) == (0, 2)
    assert heading_of("item7[2].sessions", SAFETY_MONTH) == "7.2 组织（）场/次（第2项活动）"


VALUES = st.one_of(st.none(), st.just(UNREADABLE), st.integers(0, 999_999_999))


@given(values=st.lists(st.tuples(VALUES, st.booleans(), st.one_of(st.none(), VALUES)), max_size=5))
@settings(deadline=None, max_examples=60)
def test_totals_are_naive_sums(values: list[tuple[Value, bool, Value]]) -> None:
    """Whatever is read, flagged and corrected: the total is the sum of the numbers that stand, within its range."""
    returns = []
    for order, (unit, (value, flagged, after)) in enumerate(zip(UNITS, values, strict=False), 1):
        fixes = [corrected(PATH, after)] if after is not None else []
        reading = reading_of({PATH: value}, unit=unit, flagged=[PATH] if flagged else ())
        returns.append(stored(order, reading, unit=unit, corrections=fixes))
    total = totals_of(*returns)[PATH]
    final = [value if after is None else after for value, _, after in values]
    assert total.value == sum(value for value in final if isinstance(value, int))
    assert total.low <= total.value <= total.high
    assert total.open == sum(flagged and after is None for _, flagged, after in values)
    assert total.given + total.zero + total.blank + total.unreadable == len(values) == len(total.contributions)
    if not total.provisional:
        assert total.low == total.value == total.high


def test_each_total_is_the_sum_of_its_sources() -> None:
    """In a made office every total, and every count of states, comes out of its contributions."""
    collection, returns, receipts = made_office()
    ledger = make_ledger(collection, returns, receipts, SAFETY_MONTH)
    for total in make_totals(ledger, SAFETY_MONTH):
        numbers = [one.slot.value for one in total.contributions if isinstance(one.slot.value, int)]
        assert total.value == sum(numbers)
        assert total.blank == sum(one.slot.state is State.BLANK for one in total.contributions)
        assert {one.unit for one in total.contributions} == {line.unit.name for line in ledger.lines if line.slots}


AMOUNTS = st.one_of(
    st.none(),
    st.just(UNREADABLE),
    st.integers(0, 999_999_999),
    st.decimals(0, 999_999_999, places=6, allow_nan=False, allow_infinity=False),
)

COST, AREA = "lectures.cost", "places.area"


@given(rows=st.lists(st.lists(st.tuples(AMOUNTS, st.booleans()), max_size=4), max_size=5))
@settings(deadline=None, max_examples=60)
def test_amounts_are_summed_exactly(rows: list[list[tuple[Value, bool]]]) -> None:
    """To the last decimal, over all rows of all units; the range holds the sum, and its ends are sums as well."""
    returns, sure, every = [], Fraction(), Fraction()
    for order, (unit, own) in enumerate(zip(UNITS, rows, strict=False), 1):
        paths = [AREA if turn == 1 else f"places[{turn}].area" for turn in range(1, len(own) + 1)]
        values = dict(zip(paths, (value for value, _ in own), strict=True))
        flagged = [path for path, (_, is_open) in zip(paths, own, strict=True) if is_open]
        returns.append(stored(order, reading_of(values, unit=unit, flagged=flagged, form=FORM), unit=unit))
        numbers = [(Fraction(value), is_open) for value, is_open in own if is_number(value)]
        sure += sum(value for value, is_open in numbers if not is_open)
        every += sum(value for value, _ in numbers)
    total = mixed_totals(*returns)[AREA]
    assert (Fraction(total.value), Fraction(total.low), Fraction(total.high)) == (every, sure, every)
    assert total.in_words(total.value).replace(",", "") == f"{Decimal(total.value):.{total.decimals}f}"
    assert (total.value, total.astray) == (mixed_totals(*returns[::-1])[AREA].value, False)


def mixed_totals(*returns: StoredReturn) -> dict[str, Total]:
    ledger = make_ledger(collection_of(*UNITS, form=FORM), returns, [], FORM)
    return {total.slot.path: total for total in make_totals(ledger, FORM)}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (("12.5", "3"), "15.5"),
        (("12.50", "3"), "15.50"),
        (("12.25", "1280.125"), "1,292.375"),
        (("0.10", "0.90"), "1.00"),
        (("12", "3"), "15"),
    ],
)
def test_sums_show_the_decimals_that_were_written(written: tuple[str, ...], shown: str) -> None:
    """Noughts at the end included, and those of other slots with the same measure."""
    returns = []
    for order, (unit, text) in enumerate(zip(UNITS, written, strict=False), 1):
        reading = reading_of({COST: plain_number(Decimal(text))}, unit=unit, form=FORM)
        slots = tuple(slot.model_copy(update={"raw": text}) if slot.path == COST else slot for slot in reading.slots)
        returns.append(stored(order, reading.model_copy(update={"slots": slots}), unit=unit))
    total = mixed_totals(*returns)[COST]
    assert total.in_words(total.value) == shown
    assert mixed_totals(*returns)["checkups.cost"].decimals == total.decimals


def test_boxes_are_counted_by_unit_and_worth_one_at_most() -> None:
    """An open box may be ticked or not, whatever was read in it."""
    tick = "lectures.online"
    returns = [
        stored(1, reading_of({tick: 1}, form=FORM)),
        stored(2, reading_of({tick: 1}, unit=UNITS[1], flagged=[tick], form=FORM), unit=UNITS[1]),
        stored(3, reading_of({tick: None}, unit=UNITS[2], flagged=[tick], form=FORM), unit=UNITS[2]),
        stored(4, reading_of({tick: None}, unit=UNITS[3], form=FORM), unit=UNITS[3]),
    ]
    total = mixed_totals(*returns)[tick]
    assert (total.value, total.low, total.high) == (2, 1, 3)
    assert (total.given, total.blank, total.open, total.unknown, total.measure) == (2, 2, 2, 0, "个单位")


def test_words_and_dates_are_counted() -> None:
    """They have no sum."""
    totals = mixed_totals(stored(1, reading_of({"lectures.day": "2027-06-03", "lectures.note": "首次"}, form=FORM)))
    assert [(totals[path].value, totals[path].given) for path in ("lectures.day", "lectures.note")] == [(0, 1), (0, 1)]


def test_a_totals_row_is_not_added_to_its_rows() -> None:
    """It is the sum of what units have written there; where its rows come to something else, that is told."""
    values: dict[str, Value] = {"places.people": 3, "places[2].people": 4, "sum.people": 8}
    total = mixed_totals(stored(1, reading_of(values, form=FORM)))
    assert (total["places.people"].value, total["sum.people"].value, total["sum.people"].rows) == (7, 8, 7)
    assert total["sum.people"].notes == "合计行与各行之和 7 不一致"
    assert total["places.people"].notes == ""
    right = mixed_totals(stored(1, reading_of({**values, "sum.people": 7}, form=FORM)))
    assert (right["sum.people"].value, right["sum.people"].notes) == (7, "")


def test_a_totals_row_below_printed_rows_is_compared_with_all_of_them() -> None:
    """Amounts too, each column for itself."""
    form = toml_to_form(Path("samples/forms/hardship-grid-2027.toml").read_text("utf-8"))
    values: dict[str, Value] = {"living.people": 3, "medical.people": 4, "total.people": 8, "living.amount": Decimal("0.1")}
    values |= {"job.amount": Decimal("0.2"), "total.amount": Decimal("0.3")}
    ledger = make_ledger(collection_of(*UNITS, form=form), [stored(1, reading_of(values, form=form))], [], form)
    totals = {total.slot.path: total for total in make_totals(ledger, form)}
    assert (totals["total.people"].rows, totals["total.people"].astray) == (7, True)
    assert (totals["total.amount"].rows, totals["total.amount"].astray) == (Decimal("0.3"), False)


def test_rows_of_a_list_are_told_by_their_number() -> None:
    """Not as activities, which they are not."""
    assert heading_of("places[3].people", FORM) == "3.3 服务人次（第3行）"
