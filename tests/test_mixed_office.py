"""A whole office with a form of every kind of slot, on SQLite and PostgreSQL: read, reviewed over the pages, exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook

from pipeline.collection.ledger import make_ledger
from pipeline.collection.publish import make_exports
from pipeline.collection.totals import make_totals
from pipeline.reading.units import unit_key
from pipeline.store import (
    Arrival,
    DecisionKind,
    Store,
    add_form,
    claim,
    collected,
    correct,
    decide,
    enter_second,
    finish,
    list_slots,
    load_return,
    open_store,
    record_arrival,
    set_collection,
)
from schemas.flow import State
from schemas.form import SlotKind
from schemas.form_file import form_to_toml
from schemas.paths import form_path
from schemas.reading import HeaderReading, Problem, Reading, Reason
from schemas.values import Value, is_number
from tests.filled import fill
from tests.mixed import FORM, invent
from tests.office import UNREADABLE, collection_of, corrected, reading_of, stored
from tests.web import Visitor, opened_web

UNITS = tuple(f"第{number}工会" for number in range(1, 8))

SLOTS = {slot.path: slot for slot in FORM.slots}

Written = dict[str, Value]
"""What a unit has written, by path."""


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A store that collects the form."""
    opened = open_store(database)
    add_form(opened, form_to_toml(FORM), who="王")
    set_collection(opened, collection_of(*UNITS, form=FORM))
    yield opened
    opened.close()


def typed(path: str, value: Value) -> object:
    """A value as a person types it, not always in its plainest way."""
    kind = SLOTS[form_path(path)].kind
    if kind is SlotKind.MONEY and is_number(value):
        return f"{Decimal(value):,.6f}"
    if kind is SlotKind.DATE:
        year, month, day = str(value).split("-")
        return f"{year}年{int(month)}月{int(day)}日"
    return "√" if kind is SlotKind.TICK else value


def summed(written: Mapping[str, Written], path: str) -> Decimal:
    """What anybody adds up."""
    values = (value for own in written.values() for each, value in own.items() if form_path(each) == path)
    return sum((Decimal(value) for value in values if is_number(value)), Decimal(0))


def test_from_readings_to_the_workbook(tmp_path: Path, store: Store) -> None:
    """Slots of each kind misread and typed anew, a second entry, a later return: cells are sums of what was written."""
    rng = np.random.default_rng(11)
    written = {unit: invent(rng) for unit in UNITS[:-1]}
    wrong = {unit: dict.fromkeys(list(own)[::2], UNREADABLE) for unit, own in written.items()}
    returns = [
        stored(turn, reading_of({**own, **wrong[unit]}, unit=unit, flagged=list(wrong[unit]), form=FORM), name=f"{turn}.png")
        for turn, (unit, own) in enumerate(written.items(), 1)
    ]
    earlier = reading_of(invent(rng), unit=UNITS[0], form=FORM)
    orders = fill(store, tmp_path, [stored(9, earlier, name="早.png"), *returns], originals=False)[1:]
    with opened_web(tmp_path, store=store) as web:
        reviewer = Visitor(web)
        for order, unit in zip(orders, written, strict=True):
            for path in wrong[unit]:
                entry = {"state": "value", "value": typed(path, written[unit][path]), "seen": 0, "mode": "return"}
                answer = reviewer.ask(f"/returns/{order}-1/slots/{path}", entry)
                assert answer.status_code == 200, (path, answer.text)
                value = written[unit][path]
                assert Decimal(str(answer.json()["value"])) == value if is_number(value) else answer.json()["value"] == value
        told = reviewer.get("/api/slots?limit=200&slot=checkups.cost", headers={"Accept": "application/json"}).json()
        assert {item["return_id"]: item["value"] for item in told["items"]} == {
            f"{order}-1": None if amount is None else float(amount)
            for order, unit in zip(orders, written, strict=True)
            for amount in [written[unit].get("checkups.cost")]
            if amount is None or is_number(amount)
        }
    path, amount = next((path, value) for path, value in written[UNITS[1]].items() if path in wrong[UNITS[1]] and value)
    assert enter_second(store, orders[1], 1, path, (State.VALUE, amount), who="李")
    assert list_slots(store, open=True).total == 0
    files, _ = make_exports(*collected(store), FORM, date(2027, 7, 3))
    figures = load_workbook(BytesIO(files["汇总.xlsx"]))["合计明细"]
    for row, slot in enumerate(FORM.slots, 3):
        if slot.kind.summed:
            assert Decimal(repr(figures.cell(row, 4).value)) == summed(written, slot.path), slot.path
        given = sum(form_path(each) == slot.path and bool(value) for own in written.values() for each, value in own.items())
        assert figures.cell(row, 8).value == given


def test_a_list_goes_on_in_another_file(tmp_path: Path, store: Store) -> None:
    """Rows on a page that came as a file of its own count behind those of the page before, unless they are the same ones."""
    front = reading_of({"lectures.talks": 3, "places.name": "甲", "places.people": 5, "places[2].people": 7}, form=FORM)
    back = _page({"places.name": "乙", "places.people": 11, "sum.people": 23})
    again = _page({"places.name": "乙", "places.people": 12, "sum.people": 23})
    fill(store, tmp_path, [stored(1, front), stored(2, back), stored(3, again)], originals=False)

    def rows() -> list[tuple[int, str, Value]]:
        line = make_ledger(*collected(store), FORM).lines[0]
        return [
            (filed.stored.order, slot.path, slot.value)
            for filed, slot in line.slots
            if form_path(slot.path) == "places.people" or slot.path == "sum.people"
        ]

    set_collection(store, collection_of("青禾县总工会", form=FORM))
    decide(store, 2, 1, DecisionKind.PART_OF, "1-1", who="甲")
    whole = [(1, "places.people", 5), (1, "places[2].people", 7), (2, "places[3].people", 11), (2, "sum.people", 23)]
    assert rows() == whole
    ledger = make_ledger(*collected(store), FORM)
    third = next(slot for _, slot in ledger.lines[0].slots if slot.path == "places[3].people")
    assert (third.own_path, third.value) == ("places.people", 11)
    # The page again, read a little otherwise: the later picture of it counts, and no row twice.
    decide(store, 3, 1, DecisionKind.PART_OF, "1-1", who="甲")
    assert rows() == [*whole[:2], (3, "places[3].people", 12), (3, "sum.people", 23)]
    assert load_return(store, 2, 1).row.superseded_by == 3


def _page(values: Written) -> Reading:
    """A second page without a heading, on which the list goes on."""
    reading = reading_of(values, unit=None, lost=("lectures", "checkups"), form=FORM)
    header = {**reading.header, unit_key(FORM): HeaderReading()}
    problems = (Problem.ITEMS_MISSING, Problem.NO_HEADER)
    return reading.model_copy(update={"header": header, "problems": problems})


def test_a_list_is_split_at_a_page_and_put_together_again(tmp_path: Path, store: Store) -> None:
    """Rows go with their pages, their corrections too; taken back, nothing is lost."""
    values: Written = {"places.people": 5, "places[2].people": 7, "places[3].people": 11}
    reading = reading_of(values, flagged=["places[3].people"], form=FORM)
    pages = {"places[3].people": 2, "places[3].area": 2, "sum.area": 2, "sum.people": 2}
    slots = tuple(
        slot.model_copy(update={"page": pages.get(slot.path, 1), "reasons": (Reason.LOW_CONFIDENCE,)})
        for slot in reading.slots
    )
    _take(store, reading.model_copy(update={"slots": slots, "pages": 2}))
    version = _correct(store, 1, "places[3].people", Decimal("11.5"))
    decide(store, 1, 1, DecisionKind.SPLIT, "2", who="甲")
    first, second = (load_return(store, 1, number).stored for number in (1, 2))
    assert {slot.path for slot in first.reading.slots if slot.path.startswith("places") and slot.page} >= {
        "places[2].people"
    }
    assert "places[3].people" not in {slot.path for slot in first.reading.slots}
    assert second.corrections["places[3].people"].after == (State.VALUE, Decimal("11.5"))
    decide(store, 1, 1, DecisionKind.SPLIT, "", who="甲")
    whole = load_return(store, 1, 1)
    assert (whole.stored.reading.slots, whole.versions["places[3].people"]) == (slots, version)


def test_a_form_without_a_unit_field_is_given_its_unit_by_a_person(database: str) -> None:
    """Nothing on the paper says whose it is: it waits, and counts when somebody has said so."""
    store = open_store(database)
    bare = replace(FORM, id="bare-2027", header=())
    add_form(store, form_to_toml(bare), who="王")
    set_collection(store, collection_of(*UNITS, form=bare))
    reading = reading_of({"lectures.talks": 3, "lectures.cost": Decimal("0.5")}, form=FORM)
    _take(
        store, reading.model_copy(update={"form": bare.id, "header": {}, "problems": (Problem.NO_HEADER,), "review": True})
    )
    before = load_return(store, 1, 1).row
    assert (before.unit, before.problems) == (None, 1)
    decide(store, 1, 1, DecisionKind.UNIT, UNITS[2], who="甲")
    after = load_return(store, 1, 1).row
    assert (after.unit, after.problems, after.open) == (UNITS[2], 0, 0)
    totals = {total.slot.path: total.value for total in make_totals(make_ledger(*collected(store), bare), bare)}
    assert (totals["lectures.talks"], totals["lectures.cost"]) == (3, Decimal("0.5"))
    store.close()


ADDRESSES = (
    *(
        "/totals",
        "/totals?view=table",
        "/slots",
        "/impact",
        "/audit",
        "/second",
        "/history",
        "/units?list=ask",
        "/api/returns/1-1",
    ),
    *("/returns/1-1", "/returns/1-1?more=places", "/returns/3-1", "/returns/1-1/state"),
    *(f"/totals/{slot.path}" for slot in FORM.slots),
    *(f"/slots?slot={slot.path}&all=true" for slot in FORM.slots),
    *(f"/units/{unit}" for unit in UNITS[:4]),
)


def test_every_page_shows_the_form(tmp_path: Path, store: Store) -> None:
    """Whatever is there: a whole return, one that nobody could read, one that lacks the list, and a unit without any."""
    values = invent(np.random.default_rng(3))
    unread = dict.fromkeys((slot.path for slot in FORM.slots), UNREADABLE)
    readings = (
        reading_of({**values, "places[2].signed": 1}, unit=UNITS[0], flagged=list(values), form=FORM),
        reading_of(unread, unit=UNITS[1], flagged=list(unread), form=FORM),
        reading_of({"lectures.talks": 1}, unit=UNITS[2], lost=("places", "sum"), form=FORM),
    )
    fill(store, tmp_path, [stored(turn, reading, name=f"{turn}.png") for turn, reading in enumerate(readings, 1)])
    correct(store, 2, 1, corrected("places.area", UNREADABLE))
    with opened_web(tmp_path, store=store) as web:
        reviewer = Visitor(web)
        answers = {address: reviewer.get(address) for address in ADDRESSES}
        reviewer.cookies.set("lang", "en")
        answers |= {f"{address} (en)": reviewer.get(address) for address in ADDRESSES}
        shown = reviewer.get("/returns/1-1?more=places").text
    assert {address: answer.status_code for address, answer in answers.items() if answer.status_code != 200} == {}
    assert shown.count('data-path="places[') >= 2 * 4
    assert f'data-path="lectures.online" data-kind="{SlotKind.TICK}"' in shown


def _take(store: Store, reading: Reading) -> None:
    record_arrival(store, Arrival("收件", b"a", "a.pdf", "0" * 64, 1, "1", "00/a.pdf"))
    held = claim(store)
    assert held is not None
    finish(store, held, [reading])


def _correct(store: Store, number: int, path: str, value: Value) -> int:
    return correct(store, 1, number, corrected(path, value))
