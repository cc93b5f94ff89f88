"""The review pages over a real store: what is taken, what is refused, what is undone, and who is told of whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from pipeline.store import (
    DecisionKind,
    correct,
    decide,
    history,
    list_slots,
    load_return,
    second_share,
    set_collection,
    set_second_share,
)
from pipeline.web.context import LOCAL_NAME, Web
from pipeline.web.review.decisions import CHOICES
from pipeline.web.review.views import return_view
from pipeline.web.texts import translate
from schemas.flow import State
from schemas.reading import Problem, Reason
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.filled import fill
from tests.office import UNREADABLE, collection_of, corrected, made_office, reading_of, stored
from tests.web import Visitor, opened_web

A, B, C = "青禾县总工会", "山阳区总工会", "白塘县总工会"

FLAGGED = ("item1.lectures", "item1.articles", "item7.name")

VALUES: dict[str, Value] = {
    "item1.lectures": 5,
    "item1.lecture_attendance": 300,
    "item1.articles": UNREADABLE,
    "item7.name": "演讲",
}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """Three returns: two with three flagged slots each, 1-1 and 2-1, and 3-1 of which nothing is flagged."""
    with opened_web(tmp_path) as opened:
        set_collection(opened.store, collection_of(A, B, C))
        choices = {"item1.lectures": ("6",)}
        readings = [
            reading_of(VALUES, unit=A, flagged=FLAGGED, candidates=choices),
            reading_of(VALUES | {"item1.lectures": 50}, unit=B, flagged=FLAGGED),
            reading_of(VALUES | {"item1.articles": 9}, unit=C),
        ]
        returns = [
            stored(at, reading, unit=unit) for at, (reading, unit) in enumerate(zip(readings, (A, B, C), strict=True), 1)
        ]
        fill(opened.store, opened.home, returns, originals=False)
        yield opened


@pytest.fixture
def person(web: Web) -> Visitor:
    """Whoever sits at this computer."""
    return Visitor(web)


def say(person: Visitor, key: str, path: str, state: str, value: object = None, **more: object) -> Any:
    """Decide a slot as the page does; the answer."""
    return person.ask(f"/returns/{key}/slots/{path}", {"state": state, "value": value, "mode": "return"} | more)


def model_of(page: str) -> Any:
    """What a return's page gives to its script."""
    found = re.search(r'data-model="([^"]*)"', page)
    assert found is not None
    return json.loads(unescape(found[1]))


def slot_of(model: Any, path: str) -> Any:
    """A slot in it."""
    return next(slot for slot in model["slots"] if slot["path"] == path)


# --- a slot


def test_confirming_correcting_blank_and_unreadable(web: Web, person: Visitor) -> None:
    """Each is kept with who has said it, and the answer tells what is left and what is next."""
    first = say(person, "1-1", "item1.lectures", "value", "５", seen=0).json()
    assert (first["state"], first["value"], first["open"], first["next"]) == ("value", 5, 2, "2-1")
    assert say(person, "1-1", "item1.articles", "blank").json()["open"] == 1
    assert say(person, "1-1", "item7.name", "unreadable").json()["open"] == 0
    held = load_return(web.store, 1, 1)
    assert held.row.open == 0
    assert {path: one.after for path, one in held.stored.corrections.items()} == {
        "item1.lectures": (State.VALUE, 5),
        "item1.articles": (State.BLANK, None),
        "item7.name": (State.UNREADABLE, None),
    }
    assert {one.who for one in held.stored.corrections.values()} == {LOCAL_NAME}


def test_when_nothing_is_open_there_is_no_next(web: Web, person: Visitor) -> None:
    """Round the list, to its end."""
    for key in ("1-1", "2-1"):
        for path in FLAGGED:
            answer = say(person, key, path, "blank").json()
    assert answer["next"] is None
    assert person.get("/returns/next?after=2-1").headers["location"] == "/queue"


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("item1.lectures", {"state": "value", "value": "约3"}),
        ("item1.lectures", {"state": "value", "value": None}),
        ("item1.nothing", {"state": "blank"}),
        ("item1.lectures", {"state": "gone"}),
        ("item1.lectures", {"state": "value", "value": [1]}),
        ("item1.lectures", {"state": "value", "value": 5, "seen": -1}),
        ("item1.lectures", {"state": "value", "value": 5, "who": "别人"}),
        ("header.unit", {"state": "value", "value": "  "}),
    ],
)
def test_what_is_refused_changes_nothing(web: Web, person: Visitor, path: str, entry: dict[str, object]) -> None:
    """With a message for the reviewer."""
    answer = person.ask(f"/returns/1-1/slots/{path}", entry)
    assert answer.status_code == 422
    assert answer.json()["message"]
    assert load_return(web.store, 1, 1).versions == {}


def test_a_return_that_is_not_there_is_not_found(person: Visitor) -> None:
    """Page, slot and decision."""
    assert person.get("/returns/9-9").status_code == 404
    assert say(person, "9-9", "item1.lectures", "blank").status_code == 404
    assert person.ask("/returns/9-9/decisions", {"kind": "settled", "value": "1"}).status_code == 404


def test_nobodys_work_is_overwritten_silently(web: Web, person: Visitor) -> None:
    """Who has decided what since is told; only who has seen that may change it."""
    theirs = correct(web.store, 1, 1, corrected("item1.lectures", 6, who="王芳"), seen=0)
    answer = say(person, "1-1", "item1.lectures", "value", 7, seen=0)
    assert answer.status_code == 409
    conflict = answer.json()["conflict"]
    assert (conflict["who"], conflict["state"], conflict["value"], conflict["version"]) == ("王芳", "value", 6, theirs)
    assert load_return(web.store, 1, 1).stored.corrections["item1.lectures"].after == (State.VALUE, 6)
    assert say(person, "1-1", "item1.lectures", "value", 7, seen=theirs).status_code == 200


def test_a_decision_that_is_sent_again_is_no_conflict(web: Web, person: Visitor) -> None:
    """Its answer was lost on the way: it is answered again, and kept once."""
    once = say(person, "1-1", "item1.lectures", "value", 7, seen=0).json()
    again = say(person, "1-1", "item1.lectures", "value", "7", seen=0)
    assert again.status_code == 200
    assert again.json()["version"] == once["version"]
    assert history(web.store).total == 1


def test_a_field_above_the_table_is_a_slot(web: Web, person: Visitor) -> None:
    """A unit that is corrected is the one that the return counts for."""
    assert say(person, "3-1", "header.unit", "value", A).status_code == 200
    assert load_return(web.store, 3, 1).row.unit == A


def test_a_further_activity_is_filled_in(web: Web, person: Visitor) -> None:
    """One that the machine has not seen; the page then shows it."""
    assert 'data-path="item7[2].name"' not in person.get("/returns/1-1").text
    assert 'data-path="item7[2].name"' in person.get("/returns/1-1?more=item7").text
    assert say(person, "1-1", "item7[2].name", "value", "知识竞赛").status_code == 200
    assert 'data-path="item7[2].sessions"' in person.get("/returns/1-1").text


# --- undo


def test_undo_goes_back_step_by_step_over_returns(web: Web, person: Visitor) -> None:
    """The last first, wherever it was; then there is nothing left."""
    say(person, "1-1", "item1.lectures", "value", 6)
    say(person, "2-1", "item1.articles", "blank")
    last = person.ask("/undo", {}).json()["undone"]
    assert (last["key"], last["path"], last["state"], last["open"]) == ("2-1", "item1.articles", "unreadable", True)
    first = person.ask("/undo", {}).json()["undone"]
    assert (first["key"], first["path"], first["value"], first["version"]) == ("1-1", "item1.lectures", 5, 0)
    assert person.ask("/undo", {}).status_code == 404
    assert load_return(web.store, 1, 1).row.open == 3


def test_undo_stops_where_somebody_else_has_gone_on(web: Web, person: Visitor) -> None:
    """Their work stays, and the message names them."""
    mine = say(person, "1-1", "item1.lectures", "value", 6).json()["version"]
    correct(web.store, 1, 1, corrected("item1.lectures", 8, who="王芳"), seen=mine)
    answer = person.ask("/undo", {})
    assert answer.status_code == 409
    assert "王芳" in answer.json()["message"]


# --- decisions about a return


@pytest.mark.parametrize(
    ("said", "kind", "value"),
    [
        ({"kind": "settled", "value": "1"}, DecisionKind.SETTLED, "1"),
        ({"kind": "dismissed", "value": "not_a_return"}, DecisionKind.DISMISSED, "not_a_return"),
        ({"kind": "dismissed", "value": "wrong_form"}, DecisionKind.DISMISSED, "wrong_form"),
        ({"kind": "dismissed", "value": "superseded", "why": "由 2-1 替换"}, DecisionKind.DISMISSED, "superseded"),
        ({"kind": "preferred", "value": "1"}, DecisionKind.PREFERRED, "1"),
        ({"kind": "part_of", "value": "2-1"}, DecisionKind.PART_OF, "2-1"),
        ({"kind": "unit", "value": B}, DecisionKind.UNIT, B),
    ],
)
def test_each_decision_is_kept_told_and_undone(
    web: Web, person: Visitor, said: dict[str, str], kind: DecisionKind, value: str
) -> None:
    """By one way back, the same as a slot's."""
    answer = person.ask("/returns/1-1/decisions", said)
    assert answer.status_code == 200
    assert answer.json()["told"]
    assert load_return(web.store, 1, 1).decisions[kind] == value
    assert person.get("/returns/1-1").status_code == 200
    undone = person.ask("/undo", {}).json()["undone"]
    assert (undone["key"], undone["path"]) == ("1-1", "")
    assert kind not in load_return(web.store, 1, 1).decisions


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "part_of", "value": "1-1"},
        {"kind": "part_of", "value": "77-1"},
        {"kind": "part_of", "value": ""},
        {"kind": "split", "value": "1"},
        {"kind": "split", "value": "x"},
        {"kind": "unit", "value": " "},
        {"kind": "dismissed", "value": "because"},
        {"kind": "sacked", "value": "1"},
    ],
)
def test_decisions_that_mean_nothing_are_refused(web: Web, person: Visitor, said: dict[str, str]) -> None:
    """And nothing is kept of them."""
    assert person.ask("/returns/1-1/decisions", said).status_code in {404, 422}
    assert load_return(web.store, 1, 1).decisions == {}


def test_asking_the_unit_again_marks_what_is_open(web: Web, person: Visitor) -> None:
    """As unreadable, saying why; what is decided stays."""
    say(person, "1-1", "item1.lectures", "value", 6)
    person.ask("/returns/1-1/decisions", {"kind": "ask_again", "why": "请重报"})
    held = load_return(web.store, 1, 1)
    assert held.open == frozenset()
    assert held.stored.corrections["item1.lectures"].after == (State.VALUE, 6)
    assert {(held.stored.corrections[path].after[0], held.stored.corrections[path].why) for path in FLAGGED[1:]} == {
        (State.UNREADABLE, "请重报")
    }


def test_taking_back_takes_back_all_of_a_returns_decisions(web: Web, person: Visitor) -> None:
    """Set aside and preferred, both; and tells where there was nothing."""
    decide(web.store, 1, 1, DecisionKind.DISMISSED, "wrong_form", who="王芳")
    decide(web.store, 1, 1, DecisionKind.PREFERRED, "1", who="王芳")
    assert person.ask("/returns/1-1/decisions", {"kind": "take_back"}).json()["told"] == "已恢复"
    assert load_return(web.store, 1, 1).decisions == {}
    assert person.ask("/returns/1-1/decisions", {"kind": "take_back"}).json()["told"] == "没有要恢复的决定"


def test_the_menu_offers_each_decision_once() -> None:
    """By keys of its own."""
    assert len({choice.key for choice in CHOICES}) == len(CHOICES)


def test_other_returns_are_found_by_unit_and_file(person: Visitor) -> None:
    """But never the one in hand."""
    found = person.client.get("/returns/1-1/others", params={"q": "山阳"}).json()["returns"]
    assert [one["key"] for one in found] == ["2-1"]
    assert "1-1" not in [one["key"] for one in person.client.get("/returns/1-1/others").json()["returns"]]


# --- pages


def test_the_page_holds_what_the_script_needs(web: Web, person: Visitor) -> None:
    """Slots with what the machine read, why a person is asked, and what may be chosen by a key."""
    model = model_of(person.get("/returns/1-1").text)
    slot = slot_of(model, "item1.lectures")
    assert (slot["open"], slot["value"], slot["read_value"], slot["candidates"]) == (True, 5, 5, ["5", "6"])
    assert slot["reasons"] == [Reason.LOW_CONFIDENCE.chinese]
    assert slot["doubtful_from"] == 60
    assert slot_of(model, "item1.lecture_attendance")["context"] == "组织开展宣讲（…）场，"
    assert model["next"] == "2-1"
    assert len(model["slots"]) == len(SAFETY_MONTH.slots) + len(SAFETY_MONTH.header)


def test_a_slot_that_others_decided_is_told_to_an_open_page(web: Web, person: Visitor) -> None:
    """The page asks now and then: what counts, by whom, and its version."""
    version = correct(web.store, 1, 1, corrected("item1.lectures", 6, who="王芳"))
    slot = person.client.get("/returns/1-1/state").json()["slots"]["item1.lectures"]
    assert (slot["value"], slot["who"], slot["version"], slot["open"]) == (6, "王芳", version, False)


def test_names_from_a_return_are_text_not_markup(tmp_path: Path) -> None:
    """A unit, a text, a file's name: whatever somebody has written."""
    evil = "<script>alert(1)</script>\"'&"
    with opened_web(tmp_path) as web:
        set_collection(web.store, collection_of(A))
        reading = reading_of({"item7.name": evil}, unit=evil, flagged=["item7.name"])
        fill(web.store, web.home, [stored(1, reading, name=f"{evil.replace('/', '_')}.pdf")], originals=False)
        person = Visitor(web)
        say(person, "1-1", "item7.name", "value", evil)
        for address in ("/queue", "/returns/1-1", "/history", "/slots?slot=item7.name&all=true"):
            page = person.get(address)
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert " style=" not in page.text
            assert " onclick=" not in page.text


def test_the_queue_shows_searches_sorts_and_counts(person: Visitor) -> None:
    """Lines by state, search as one types, addresses that keep what was asked."""
    page = person.get("/queue").text
    assert page.index(A) < page.index(B)
    assert C not in page
    assert C in person.get("/queue?view=accepted").text
    rows = person.client.get("/queue/rows", params={"view": "all", "search": "山阳"})
    assert B in rows.text
    assert A not in rows.text
    assert rows.headers["hx-push-url"].startswith("/queue?view=all&search=")
    assert person.get("/queue?sort=sideways").status_code == 404


def test_a_return_set_aside_says_why(web: Web, person: Visitor) -> None:
    """In the list and on its page."""
    decide(web.store, 1, 1, DecisionKind.DISMISSED, "wrong_form", who="王芳")
    assert "已剔除：表样不对" in person.get("/queue?view=aside").text
    assert "已剔除：表样不对" in person.get("/returns/1-1").text


def test_problems_are_shown_until_they_are_settled(tmp_path: Path) -> None:
    """A return with pages missing is for a person, though no slot of it may be."""
    with opened_web(tmp_path) as web:
        set_collection(web.store, collection_of(A))
        fill(web.store, web.home, [stored(1, reading_of({}, unit=A, lost=("item4",)))], originals=False)
        person = Visitor(web)
        assert model_of(person.get("/returns/1-1").text)["problems"] == [Problem.ITEMS_MISSING.chinese]
        person.ask("/returns/1-1/decisions", {"kind": "settled", "value": "1"})
        assert model_of(person.get("/returns/1-1").text)["problems"] == []


def test_units_are_offered_while_one_is_typed(person: Visitor) -> None:
    """From the roster."""
    assert person.client.get("/returns/units", params={"q": "青禾"}).json() == {"names": [A]}


# --- modes


def test_by_slot_shows_the_same_question_for_every_unit(person: Visitor) -> None:
    """Open ones; all of them where asked for; the index says how many."""
    assert "3 项" not in person.get("/slots").text
    page = person.get("/slots?slot=item1.lectures").text
    assert A in page
    assert B in page
    assert C not in page
    assert C in person.get("/slots?slot=item1.lectures&all=true").text
    assert person.get("/slots?slot=nothing").status_code == 200


def test_by_impact_shows_cards_and_explains_its_order(person: Visitor) -> None:
    """With what hangs on each."""
    page = person.get("/impact").text
    assert "最多变动 50" in page
    assert "未辨出；别家最大 9" in page
    assert page.count('class="slot-card') == 4


def test_a_second_entry_is_blind(web: Web, person: Visitor) -> None:
    """The card holds nothing of what was read or entered first."""
    set_second_share(web.store, 1.0, who=LOCAL_NAME)
    correct(web.store, 1, 1, corrected("item1.lectures", 8765, who="王芳"))
    page = person.get("/second").text
    assert A in page
    assert "8765" not in page
    assert '"value": 5' not in unescape(page)


@pytest.mark.parametrize(("value", "agrees"), [("６", True), (7, False)])
def test_where_two_entries_differ_the_slot_is_open_again(web: Web, person: Visitor, value: object, agrees: bool) -> None:
    """And only then; the first entry is shown afterwards."""
    set_second_share(web.store, 1.0, who=LOCAL_NAME)
    correct(web.store, 1, 1, corrected("item1.lectures", 6, who="王芳"))
    answer = person.ask("/second/1-1/item1.lectures", {"state": "value", "value": value}).json()
    assert answer == {"agrees": agrees, "first": {"state": "value", "value": 6}}
    held = load_return(web.store, 1, 1)
    assert ("item1.lectures" in held.open) is not agrees
    if not agrees:
        slot = slot_of(model_of(person.get("/returns/1-1").text), "item1.lectures")
        assert Reason.DISPUTED.chinese in slot["reasons"]
        assert slot["candidates"] == ["6", "7"]


def test_an_administrator_sets_the_share(web: Web, person: Visitor) -> None:
    """Of slots that are entered twice."""
    assert person.submit("/options", share=0.2).status_code == 303
    assert second_share(web.store) == pytest.approx(0.2)
    assert person.submit("/options", share=1.2).status_code == 422


def test_an_audit_asks_once_more_where_it_differs(web: Web, person: Visitor) -> None:
    """A right one is recorded at once, a wrong one when the reviewer stays with it; then it is corrected."""
    right = person.ask("/audit/1-1/item1.lecture_attendance", {"state": "value", "value": "300"}).json()
    assert right["right"] is True
    doubt = person.ask("/audit/3-1/item1.articles", {"state": "value", "value": "8"}).json()
    assert doubt == {"right": None, "accepted": {"state": "value", "value": 9}}
    assert load_return(web.store, 3, 1).versions == {}
    wrong = person.ask("/audit/3-1/item1.articles", {"state": "value", "value": "8", "sure": True}).json()
    assert wrong["right"] is False
    assert "已抽查 2 项，1 项有误" in wrong["estimate"]
    assert load_return(web.store, 3, 1).stored.corrections["item1.articles"].after == (State.VALUE, 8)


def test_an_audit_is_blind(person: Visitor) -> None:
    """Of what was accepted, cards tell nothing."""
    page = unescape(person.get("/audit?seed=1").text)
    assert 'data-mode="audit"' in page
    assert '"value": 300' not in page


# --- the trail


def test_the_trail_tells_who_said_what_and_strikes_what_was_undone(web: Web, person: Visitor) -> None:
    """Before and after, of slots and returns; filtered by person and return."""
    correct(web.store, 2, 1, corrected("item1.articles", None, who="王芳"))
    say(person, "1-1", "item1.lectures", "value", 6)
    person.ask("/returns/1-1/decisions", {"kind": "dismissed", "value": "wrong_form"})
    person.ask("/undo", {})
    page = person.get("/history").text
    assert "1.1 组织开展宣讲（）场" in page
    assert "表样不对" in page
    assert '<tr class="undone">' in page
    assert "王芳" not in re.sub("<select.*?</select>", "", person.get("/history?of=1-1").text, flags=re.DOTALL)
    assert "2-1" in person.get("/history?by=王芳").text
    assert "item1.lectures" not in person.get("/history?by=王芳").text


def test_pages_open_in_english_without_chinese_of_ours(web: Web, person: Visitor) -> None:
    """What remains is the form's and the office's own."""
    person.submit("/language", lang="en", next="/queue")
    for address in ("/queue", "/slots", "/impact", "/second", "/audit", "/history"):
        page = person.get(address)
        assert page.status_code == 200
        shown = re.sub("<[^>]*>", "", page.text)
        ours = [word for word in ("待审核", "按键", "搜索", "抽查", "比例", "记录") if word in shown]
        assert ours == []


def test_a_made_offices_returns_all_open(tmp_path: Path) -> None:
    """Twice returned, in part, late, of an unknown unit: each has a page, in both languages."""
    with opened_web(tmp_path) as web:
        collection, returns, _ = made_office(units=8)
        set_collection(web.store, collection)
        orders = fill(web.store, web.home, returns, originals=False)
        for order in orders:
            view = return_view(
                load_return(web.store, order, 1),
                SAFETY_MONTH,
                collection.units,
                lambda text, **more: translate("en", text, **more),
            )
            assert len(view.slots) >= len(SAFETY_MONTH.slots)


def test_slots_of_the_list_and_of_the_page_agree(web: Web, person: Visitor) -> None:
    """The same slots are open in both."""
    listed = {(row.order, row.path) for row in list_slots(web.store, open=True).rows}
    shown = {
        (order, slot["path"])
        for order in (1, 2, 3)
        for slot in model_of(person.get(f"/returns/{order}-1").text)["slots"]
        if slot["open"]
    }
    assert listed == shown
