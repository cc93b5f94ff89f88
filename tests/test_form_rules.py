"""Rules across fields of any form: choices and sums."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pipeline.reading.rules import judge_across, judge_together
from schemas.flow import State
from schemas.form import Form, FormItem, Mark, Slot, SlotKind
from schemas.reading import Reading, Reason, SlotReading
from schemas.values import Value

YES, NO = (Slot(f"a.{key}", SlotKind.TICK, "", key, mark=Mark.BOX, choice="group") for key in ("yes", "no"))
OTHER = Slot("a.other", SlotKind.TICK, "", "其他", mark=Mark.BOX)
COST = Slot("units.cost", SlotKind.MONEY, "", "", repeats=True, mark=Mark.CELL, column="金额")
TOTAL = Slot("total.cost", SlotKind.MONEY, "合计", "", mark=Mark.CELL, column="金额", sums=("units.cost",))
FORM = Form(
    "f",
    "表",
    ("单位", "金额"),
    (),
    (FormItem("a", "1", (YES, NO, OTHER)), FormItem("units", "", (COST,), True), FormItem("total", "合计", (TOTAL,))),
)


def slot(path: str, value: Value, state: State | None = None, *, confidence: float = 1.0) -> SlotReading:
    state = state or (State.BLANK if value is None else State.VALUE)
    return SlotReading(path=path, label="", state=state, value=value, raw="", confidence=confidence, review=False)


def reasons(*slots: SlotReading) -> dict[str, tuple[Reason, ...]]:
    return {one.path: one.reasons for one in judge_together(FORM, slots) if one.review}


@pytest.mark.parametrize(
    ("yes", "no", "reason"),
    [(1, None, None), (None, 1, None), (1, 1, Reason.SEVERAL_CHOICES), (None, None, Reason.NO_CHOICE)],
)
def test_of_a_choice_one_box_is_ticked(yes: int | None, no: int | None, reason: Reason | None) -> None:
    """Two ticks at one question, or none, are shown at each of its boxes; a box of no question is nobody's choice."""
    told = reasons(slot("a.yes", yes), slot("a.no", no), slot("a.other", None))
    assert told == ({} if reason is None else {"a.yes": (reason,), "a.no": (reason,)})


def test_an_unreadable_box_may_be_the_ticked_one() -> None:
    """Where a box could not be read, its neighbours are not doubted for being empty."""
    assert reasons(slot("a.yes", None, State.UNREADABLE), slot("a.no", None)) == {}


@pytest.mark.parametrize(
    ("total", "wrong"), [(Decimal("13.3"), False), (Decimal("13.30"), False), (Decimal("133"), True), (None, False)]
)
def test_a_total_is_the_sum_of_its_rows(total: Value, *, wrong: bool) -> None:
    """A total that is not the exact sum of its rows is shown together with those that are not sure; a blank one is not."""
    doubtful = slot("units[2].cost", Decimal("0.8"), confidence=0.99)
    told = reasons(slot("units.cost", Decimal("12.5")), doubtful, slot("units[3].cost", None), slot("total.cost", total))
    paths = {"units[2].cost", "total.cost"} if wrong else set()
    assert told == dict.fromkeys(paths, (Reason.WRONG_SUM,))


def test_what_was_not_read_makes_no_sum_wrong() -> None:
    """A total is not held against rows of which one could not be read."""
    assert reasons(slot("units.cost", None, State.UNREADABLE), slot("total.cost", 5)) == {}


def test_amounts_are_compared_with_other_returns() -> None:
    """An amount orders of magnitude from the others' is out of line, decimals or not."""
    returns = [
        Reading(source="", form="f", pages=1, review=False, header={}, slots=(slot("total.cost", value),))
        for value in [Decimal("12.5")] * 9 + [Decimal("12500.5")]
    ]
    assert [reading.review for reading in judge_across(returns)] == [False] * 9 + [True]


@pytest.mark.parametrize(("total", "wrong"), [(Decimal("13.3"), False), (Decimal("12.5"), True)])
def test_a_total_may_be_of_several_rows(total: Value, *, wrong: bool) -> None:
    """A totals row below rows that are all printed adds up the cells of its column."""
    rows = tuple(Slot(f"{key}.cost", SlotKind.MONEY, key, "", mark=Mark.CELL, column="金额") for key in ("a", "b"))
    summing = replace(TOTAL, sums=tuple(row.path for row in rows))
    form = replace(FORM, items=(*(FormItem(row.path[0], "", (row,)) for row in rows), FormItem("total", "", (summing,))))
    found = judge_together(
        form, (slot("a.cost", Decimal("12.5")), slot("b.cost", Decimal("0.8")), slot("total.cost", total))
    )
    assert [one.path for one in found if one.review] == (["total.cost"] if wrong else [])
