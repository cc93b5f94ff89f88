"""Pages and API of an office with several collections: one is looked at, the others are a click away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from pipeline.office.exporting import export_by_night, export_folder
from pipeline.store import add_collection, add_form, collections, load_return, set_collection
from pipeline.web.context import Web
from samples.forms import sample_forms
from schemas.form_file import form_to_toml
from schemas.office import Collection, Unit
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.filled import fill
from tests.office import reading_of, stored
from tests.web import Visitor, add_people, opened_web

ROOMS = sample_forms()["rooms-2027"]

A, B = "青禾县总工会", "白塘县总工会"

PARTS = ("/", "/queue", "/slots", "/impact", "/second", "/audit", "/totals", "/units", "/files", "/exports", "/collection")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """Two years of one form, with a return each (1-1 and 2-1), and a third that may be either's (3-1)."""
    with opened_web(tmp_path) as opened:
        set_collection(opened.store, Collection("2026年安全生产月", SAFETY_MONTH.id, (Unit(A),), title="2026"))
        add_collection(opened.store, Collection("2027年安全生产月", SAFETY_MONTH.id, (Unit(A), Unit(B)), title="2027"))
        titles = ("2026年统计表", "2027年统计表", "")
        returns = [stored(turn, returned(turn, title), name=f"{turn}.pdf") for turn, title in enumerate(titles, 1)]
        fill(opened.store, opened.home, returns, originals=False)
        yield opened


def returned(value: int, title: str) -> Reading:
    """A return with something open, under a title."""
    reading = reading_of({"item1.lectures": value}, unit=A, flagged=["item1.lectures"])
    return reading.model_copy(update={"title": title})


@pytest.fixture
def person(web: Web) -> Visitor:
    """Whoever sits at this computer."""
    return Visitor(web)


def test_one_collection_offers_no_choice(tmp_path: Path) -> None:
    """Nothing on any page speaks of others where there are none; nor in the menu of a return."""
    with opened_web(tmp_path) as opened:
        set_collection(opened.store, Collection("2026年安全生产月", SAFETY_MONTH.id, (Unit(A),)))
        fill(opened.store, opened.home, [stored(1, reading_of({}, unit=A), name="1.pdf")], originals=False)
        person = Visitor(opened)
        for part in (*PARTS, "/returns/1-1"):
            page = person.get(part)
            assert page.status_code == 200
            assert 'class="menu chooser"' not in page.text
            assert "移到另一收集任务" not in page.text


@pytest.mark.parametrize("part", PARTS)
def test_every_page_is_of_the_collection_that_was_chosen(person: Visitor, part: str) -> None:
    """The newest at first; another one by its address, which the browser remembers; an address that is none is not found."""
    assert "2027年安全生产月</span>" in person.get(part).text
    page = person.get(f"{part}?collection=1").text
    assert "2026年安全生产月</span>" in page
    assert f'href="{part}?collection=2"' in page
    assert "2026年安全生产月</span>" in person.get(part).text
    assert person.get(f"{part}?collection=9").status_code == 404


def test_lists_and_figures_are_the_collection_s(person: Visitor) -> None:
    """Returns, units, totals and files of one collection; what may be either's is in the newest."""
    assert set(re.findall(r"/returns/(\d-1)\"", person.get("/queue?collection=1").text)) == {"1-1"}
    assert set(re.findall(r"/returns/(\d-1)\"", person.get("/queue?collection=2").text)) == {"2-1", "3-1"}
    assert B not in person.get("/units?collection=1").text
    assert B in person.get("/units?collection=2").text
    assert "2.pdf" not in person.get("/files?collection=1").text
    assert person.get("/returns/next?collection=1").headers["location"] == "/returns/1-1"
    assert person.get("/returns/next?collection=1&after=1-1").headers["location"] == "/returns/1-1"
    assert "不能确定属于哪个收集任务" in person.get("/returns/3-1").text


def test_return_is_shown_with_its_own_collection(person: Visitor) -> None:
    """Whatever was looked at before: its roster is offered, and what is next is of its collection."""
    person.get("/queue?collection=2")
    page = person.get("/returns/1-1").text
    assert "2026年安全生产月</span>" in page
    assert json.loads(unescape(re.findall(r'data-model="([^"]*)"', page)[0]))["next"] == "1-1"
    assert person.client.get("/returns/units?q=白").json() == {"names": []}


def test_reviewer_says_where_a_return_belongs_and_takes_it_back(web: Web, person: Visitor) -> None:
    """By name, from those of its form; the trail and the way back say it by name, too."""
    assert "移到另一收集任务" in person.get("/returns/3-1").text
    offered = person.client.get("/returns/3-1/collections?q=").json()
    assert offered == {"names": ["2027年安全生产月", "2026年安全生产月"]}
    refused = person.ask("/returns/3-1/decisions", {"kind": "collection", "value": "2029年"})
    assert (refused.status_code, "没有这个名称" in refused.text) == (422, True)
    assert person.ask("/returns/3-1/decisions", {"kind": "collection", "value": ""}).status_code == 422
    done = person.ask("/returns/3-1/decisions", {"kind": "collection", "value": "2026年安全生产月"})
    assert done.json() == {"told": "本件属于 2026年安全生产月"}
    assert load_return(web.store, 3, 1).row.collection == 1
    assert person.client.get("/returns/3-1/collections").json() == {"names": ["2027年安全生产月"]}
    assert "2026年安全生产月" in re.sub(r"<header.*?</header>", "", person.get("/history").text, flags=re.S)
    undone = person.ask("/undo", {}).json()["undone"]
    assert (undone["what"], undone["told"]) == ("收集任务", "未决定")
    assert load_return(web.store, 3, 1).stored.placed is False


def test_collection_is_opened_on_its_page_and_closed(web: Web, person: Visitor) -> None:
    """Of a form file or a known form; what is wrong is told, and what was filled in stays."""
    token = person.token("/collection")
    text = form_to_toml(ROOMS)

    def send(form_file: str = "", **fields: str) -> tuple[int, str]:
        files = {"form_file": ("表样.toml", form_file.encode())} if form_file else None
        answer = person.client.post("/collections", data={"csrf": token, **fields}, files=files)
        return answer.status_code, answer.headers.get("location", answer.text)

    for wrong, told in (("id = 1", "表样文件有误"), (text.replace(ROOMS.id, SAFETY_MONTH.id), "换一个编号")):
        status, page = send(wrong, name="我写的名称")
        assert (status, told in page, "我写的名称" in page) == (422, True, True)
    assert send(name="没有表样", form="x")[0] == 422
    assert "已有同名" in send(name="2026年安全生产月", form=SAFETY_MONTH.id)[1]
    assert len(collections(web.store)) == 2
    assert send(text, deadline="2027-05-01T18:00") == (303, "/collection?collection=3&done=1")
    made = collections(web.store)[2]
    assert (made.name, made.form, made.is_open) == (ROOMS.title, ROOMS.id, True)
    assert ROOMS.title in person.get("/totals?collection=3").text
    assert person.submit("/collections/3/closed", closed="1").status_code == 303
    assert collections(web.store)[2].closed is not None
    assert "已结束" in person.get("/collection?collection=3").text
    person.submit("/collections/3/closed", closed="0")
    assert collections(web.store)[2].is_open


def test_first_collection_may_be_of_any_form(tmp_path: Path) -> None:
    """Before anything has come, the one that is opened is the only one."""
    with opened_web(tmp_path) as opened:
        add_form(opened.store, form_to_toml(ROOMS), who="甲")
        person = Visitor(opened)
        assert person.submit("/collections", name="设施", form=ROOMS.id).status_code == 303
        assert [(one.id, one.form) for one in collections(opened.store)] == [(1, ROOMS.id)]


def test_only_administrators_open_and_close(web: Web) -> None:
    """A reviewer sees the list, and is refused."""
    add_people(web.store, "管理员", "审核员")
    reviewer = Visitor(replace(web, local=False))
    reviewer.sign_in("审核员")
    page = reviewer.get("/collection").text
    assert "全部收集任务" in page
    assert "新建收集任务" not in page
    token = reviewer.token("/collection")
    for address in ("/collections", "/collections/1/closed"):
        assert reviewer.client.post(address, data={"csrf": token, "name": "新", "closed": "1"}).status_code == 403


def test_downloads_and_the_night_s_files_are_the_collection_s(web: Web, person: Visitor) -> None:
    """Tables say in their names whose they are; last night's are looked for in the collection's folder."""
    export_by_night(web.store, export_folder(web.settings))
    person.get("/exports?collection=1")
    fresh = person.get("/exports/returns.csv")
    assert "2026%E5%B9%B4" in fresh.headers["content-disposition"]
    assert fresh.content == (export_folder(web.settings) / "2026年安全生产月" / "returns.csv").read_bytes()
    assert person.get("/exports/nightly/returns.csv").content == fresh.content
    assert person.get("/exports/returns.csv?collection=2").content != fresh.content


def test_api_takes_a_collection_by_id_or_name(person: Visitor) -> None:
    """Without one lists are of all, tables of the newest; one that there is not is not found."""
    client = person.client
    told = client.get("/api/collections").json()
    assert [(one["id"], one["name"], one["units"], one["open"]) for one in told] == [
        (1, "2026年安全生产月", 1, True),
        (2, "2027年安全生产月", 2, True),
    ]
    for asked, found in (("", [1, 2, 2]), ("?collection=1", [1]), ("?collection=2027年安全生产月", [2, 2])):
        assert [one["collection"] for one in client.get(f"/api/returns{asked}").json()["items"]] == found
        slots = client.get(f"/api/slots{asked or '?'}&slot=item1.lectures").json()
        assert slots["total"] == len(found)
        assert client.get(f"/api/uploads{asked}").json()["total"] == len(found)
    assert client.get("/api/exports/returns.csv?collection=1").content != client.get("/api/exports/returns.csv").content
    for path in ("returns", "slots", "uploads", "exports/returns.csv"):
        assert client.get(f"/api/{path}?collection=9").status_code == 404
