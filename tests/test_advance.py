"""Ledger and totals that are brought up to date are those that are made of everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from math import log10
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collection.ledger import Ledger, make_ledger
from pipeline.collection.totals import Total, make_totals
from pipeline.reading.rules import LEAST_RETURNS, POWERS_OUT_OF_LINE, judge_across
from pipeline.store import DecisionKind, add_collection, decide, finish, gather, open_store, record_arrival, set_collection
from pipeline.web.dashboard.snapshot import take_snapshot
from schemas.flow import State
from schemas.form import Form, FormItem, Slot, SlotKind
from schemas.office import Collection, FileState, Receipt, StoredReturn, Unit
from schemas.reading import Reading, Reason
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value, is_number
from tests.office import UNREADABLE, corrected, invent_values, made_office, reading_of, receipt, stored
from tests.test_store import LEASE, arrival, claimed

Office = tuple[Collection, list[StoredReturn], list[Receipt]]

PATH = "item1.lectures"

MONEY = Form(
    "money",
    "经费",
    (),
    SAFETY_MONTH.header,
    (
        FormItem("item1", "经费", (Slot("item1.spent", SlotKind.MONEY, "支出", "万元"),)),
        FormItem("item2", "其他", (Slot("item2.more", SlotKind.MONEY, "", "元"), Slot("item2.what", SlotKind.TEXT, "", ""))),
    ),
)
"""A form of amounts with decimals and of words."""

WRITTEN: st.SearchStrategy[Value] = st.one_of(
    st.integers(0, 10**9),
    st.integers(0, 10).map(lambda power: 10**power),
    st.decimals(0, 10**6, places=2),
    st.sampled_from([None, "竞赛", 0, 316, 317]),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(WRITTEN, WRITTEN), max_size=3 * LEAST_RETURNS))
def test_what_is_out_of_line_is_what_its_definition_says(written: list[tuple[Value, Value]]) -> None:
    """A number is flagged whose power of ten is too far from the median of all returns' powers of ten."""
    paths = (PATH, "item7[2].name")
    readings = [reading_of(dict(zip(paths, values, strict=True))) for values in written]
    found = [
        {slot.path for slot in reading.slots if Reason.OUT_OF_LINE in slot.reasons} for reading in judge_across(readings)
    ]
    assert found == [{path for path in paths if path in out_of_line(readings, path, place)} for place in range(len(written))]


def out_of_line(readings: Sequence[Reading], path: str, place: int) -> set[str]:
    """The path, where the number of a reading is out of line there."""
    values = [next((slot.value for slot in one.slots if slot.path == path), None) for one in readings]
    sizes = [log10(value) if is_number(value) and value > 0 else None for value in values]
    known = [size for size in sizes if size is not None]
    own = sizes[place]
    is_out = own is not None and len(known) >= LEAST_RETURNS and abs(own - median(known)) > POWERS_OUT_OF_LINE
    return {path} if is_out else set()


def another(office: Office, rng: np.random.Generator) -> Office:
    """One more return, of a unit that has one or none, or of none."""
    known, returns, receipts = office
    order = max(one.order for one in returns) + 1
    unit = str(rng.choice([one.name for one in known.units])) if rng.random() < 0.8 else None
    values = {**invent_values(rng), **({PATH: 10**7} if rng.random() < 0.3 else {})}
    flagged = [path for path in values if rng.random() < 0.05]
    lost = ("item6", "item7") if rng.random() < 0.3 else ()
    more: dict[str, Value] = {"item7[2].name": "演讲", "item7[2].sessions": 3} if rng.random() < 0.3 and not lost else {}
    made = reading_of(values | more, unit=unit, flagged=flagged, lost=lost, unit_doubtful=bool(rng.random() < 0.2))
    return known, [*returns, stored(order, made, unit=unit)], [*receipts, receipt(order, f"{order}.pdf", FileState.REVIEW)]


def someone(office: Office, rng: np.random.Generator, change: Callable[[StoredReturn], StoredReturn]) -> Office:
    """The office after something has changed about one return."""
    known, returns, receipts = office
    place = int(rng.integers(len(returns)))
    return known, [change(one) if at == place else one for at, one in enumerate(returns)], receipts


def worth(office: Office, rng: np.random.Generator) -> Office:
    """A person corrects a slot, to a number, to nothing, to what nobody can read, to words."""
    path = str(rng.choice([PATH, "item4.hotline_signs", "item7.name", "item7[3].name"]))
    after: Value = [int(rng.integers(0, 99)), None, UNREADABLE, "很多"][int(rng.integers(4))]
    fix = corrected(path, after)
    return someone(office, rng, lambda one: replace(one, corrections={**one.corrections, path: fix}))


CHANGES: dict[str, Callable[[Office, np.random.Generator], Office]] = {
    "another return": another,
    "a correction": worth,
    "a second entry": lambda office, rng: someone(
        office, rng, lambda one: replace(one, disputes=dict.fromkeys(one.corrections, (State.VALUE, 3)))
    ),
    "dismissed or not": lambda office, rng: someone(office, rng, lambda one: replace(one, dismissed=not one.dismissed)),
    "preferred": lambda office, rng: someone(office, rng, lambda one: replace(one, preferred=not one.preferred)),
    "settled": lambda office, rng: someone(office, rng, lambda one: replace(one, settled=not one.settled)),
    "accepted": lambda office, rng: someone(office, rng, lambda one: replace(one, accepted=not one.accepted)),
    "unplaced": lambda office, rng: someone(office, rng, lambda one: replace(one, placed=not one.placed)),
    "another's": lambda office, rng: someone(
        office, rng, lambda one: replace(one, unit=str(rng.choice([unit.name for unit in office[0].units])))
    ),
    "gone": lambda office, rng: (office[0], office[1][1:], office[2]),
    "in another order": lambda office, rng: (office[0], office[1][::-1], office[2]),
    "a receipt": lambda office, rng: (
        office[0],
        office[1],
        [replace(one, state=FileState(rng.choice(["review", "accepted", "superseded"]))) for one in office[2]],
    ),
    "a later deadline": lambda office, rng: (
        replace(office[0], deadline=office[0].deadline and office[0].deadline + timedelta(days=1)),
        *office[1:],
    ),
    "a shorter roster": lambda office, rng: (replace(office[0], units=office[0].units[1:]), *office[1:]),
    "a roster in another order": lambda office, rng: (replace(office[0], units=office[0].units[::-1]), *office[1:]),
}


@pytest.mark.parametrize("seed", range(5))
def test_what_is_brought_up_to_date_is_what_is_made_of_everything(seed: int) -> None:
    """Whatever has changed, one thing or several, ledger and totals come out the same, to the last contribution."""
    rng = np.random.default_rng(seed)
    office = made_office(seed=seed, units=15)
    ledger, totals = made(office, SAFETY_MONTH)
    for _ in range(15):
        for _ in range(int(rng.integers(1, 4))):
            office = CHANGES[str(rng.choice(list(CHANGES)))](office, rng)
        fresh = made(office, SAFETY_MONTH)
        ledger, totals = made(office, SAFETY_MONTH, ledger, totals)
        assert (ledger, totals) == fresh
        assert [one.contributions for one in totals] == [one.contributions for one in fresh[1]]


def test_amounts_and_their_decimals_are_brought_up_to_date() -> None:
    """Sums of amounts stay exact, and are shown with the decimals of those that still count; another form begins anew."""
    known = Collection("经费", MONEY.id, tuple(Unit(f"{number}号工会") for number in range(5)))
    amounts: list[Value] = [Decimal("0.1"), Decimal("1.25"), Decimal("0.333333"), 7, Decimal("100.5")]
    totals: tuple[Total, ...] = ()
    ledger = None
    for latest in (*amounts, None, UNREADABLE, 2):
        amounts = [*amounts[1:], latest]
        returns = [
            stored(
                number + 1,
                reading_of(
                    {"item1.spent": amount, "item2.what": "灯"},
                    unit=f"{number}号工会",
                    flagged=["item1.spent"] if number % 2 else [],
                    candidates={"item1.spent": ("12.50",)},
                    form=MONEY,
                ),
                unit=f"{number}号工会",
            )
            for number, amount in enumerate(amounts)
        ]
        ledger, totals = made((known, returns, []), MONEY, ledger, totals)
        assert (ledger, totals) == made((known, returns, []), MONEY)
    assert made(made_office(units=5), SAFETY_MONTH, ledger, totals) == made(made_office(units=5), SAFETY_MONTH)


def test_a_return_that_goes_to_another_collection_leaves_the_picture(database: str) -> None:
    """Of what was gathered before, returns that belong elsewhere now are left out there, and found here."""
    store = open_store(database, lease=LEASE, pauses=())
    units = (Unit("青禾县总工会"),)
    set_collection(store, Collection("2026年", SAFETY_MONTH.id, units))
    for name in ("a.pdf", "b.pdf"):
        record_arrival(store, arrival(name))
        finish(store, claimed(store), [reading_of({PATH: 5})])
    alone = gather(store)
    add_collection(store, Collection("2027年", SAFETY_MONTH.id, units))
    pictures = {id: take_snapshot(store, collection=id) for id in (1, 2)}
    assert gather(store, 1, alone) == pictures[1].gathered
    for wanted, here, there in (("2", 1, 1), ("1", 2, 0)):
        decide(store, 1, 1, DecisionKind.COLLECTION, wanted, who="王芳")
        pictures = {id: take_snapshot(store, before, collection=id) for id, before in pictures.items()}
        assert [len(one.returns) for one in pictures.values()] == [here, there]
        for id, one in pictures.items():
            fresh = take_snapshot(store, collection=id)
            assert (one.gathered, one.ledger, one.totals) == (fresh.gathered, fresh.ledger, fresh.totals)
    store.close()


def made(
    office: Office, form: Form, before: Ledger | None = None, totals: Sequence[Total] = ()
) -> tuple[Ledger, tuple[Total, ...]]:
    """Ledger and totals, of what there was before where that is given."""
    ledger = make_ledger(*office, form, before)
    return ledger, make_totals(ledger, form, totals)
