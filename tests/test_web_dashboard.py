"""The dashboard's pages over a real store: they open, say what the tables say, and change only what they are told to."""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from pipeline.collection.filing import Standing
from pipeline.collection.ledger import UnitState, make_ledger
from pipeline.collection.publish import CHANGES_TEXT, MISSING, RETURNS, SLOTS, WORKBOOK
from pipeline.collection.totals import make_totals
from pipeline.office.exporting import export_folder, export_store
from pipeline.store import Store, collected, correct, open_store, record_audit, set_collection
from pipeline.web import dashboard
from pipeline.web.context import Web
from pipeline.web.dashboard import downloads, rosters
from pipeline.web.dashboard.links import unit_link
from pipeline.web.dashboard.rosters import Refused, deadline_field, pack_units, read_deadline, read_roster, unpack_units
from pipeline.web.dashboard.said import Said
from pipeline.web.texts import english
from schemas.flow import State
from schemas.office import Collection, FileState, Unit
from schemas.reading import Problem
from schemas.safety_month import SAFETY_MONTH
from tests.filled import fill, fill_office
from tests.office import DEADLINE, collection_of, corrected, reading_of, stored
from tests.web import Visitor, add_people, opened_web

NOW = datetime(2026, 6, 28, 7, 20, tzinfo=UTC)

TABLES = (WORKBOOK, RETURNS, SLOTS, MISSING)

ODD_NAMES = (
    "甲/乙工会",
    "100%工会",
    "问?号#工会",
    "a/../b工会",
    "..",
    ".",
    "<b>粗</b>&工会",
    "空 格 工会",
    "＋工会=1",
    "😀工会",
    "'引\"号工会",
    "反\\斜;分号工会",
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """An office in the middle of its work, which tests only look at."""
    folder = tmp_path_factory.mktemp("office")
    store = opened(folder)
    fill_office(store, folder, units=20, originals=False)
    with opened_web(folder, store=store) as web:
        yield web
    store.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Web]:
    """An office in which nothing has been done."""
    store = opened(tmp_path)
    with opened_web(tmp_path, store=store) as web:
        yield web
    store.close()


def opened(folder: Path) -> Store:
    """A store whose clock stands."""
    (folder / "办公室").mkdir()
    return open_store(f"sqlite:///{folder / '办公室' / 'kuohao.db'}", clock=lambda: NOW, pauses=())


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "address",
    [
        *("/", "/totals", "/totals?view=table", "/units", "/units?state=review", "/units?list=remind", "/units?list=ask"),
        *(
            "/units?list=apart",
            "/units?search=县&parent=-",
            "/files",
            "/files?state=review&search=县",
            "/exports",
            "/collection",
        ),
        *("/dashboard/parts/figures", "/dashboard/parts/files", "/totals/item7.name", "/units?page=99&state=nonsense"),
    ],
)
def test_pages_open(filled: Web, empty: Web, address: str, lang: str) -> None:
    """In both languages, with an office at work and with an empty one; nothing in them is inline, and English is English."""
    for web in (filled, empty):
        visitor = Visitor(web)
        visitor.cookies.set("lang", lang)
        answer = visitor.get(address)
        assert answer.status_code == 200
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", answer.text)


def test_every_total_opens_and_holds_its_sources(filled: Web) -> None:
    """Each slot of the form leads to a page with the total and the units that it is made of."""
    known, returns, receipts = collected(filled.store)
    visitor = Visitor(filled)
    for total in make_totals(make_ledger(known, returns, receipts, SAFETY_MONTH), SAFETY_MONTH):
        page = visitor.get(f"/totals/{total.slot.path}").text
        assert f"{total.value:,}" in page
        assert all(one.unit in page for one in total.contributions)
        assert page.count('class="crop"') == sum(one.slot.box is not None for one in total.contributions)


def test_every_unit_opens(filled: Web) -> None:
    """With the files that it has sent; the list leads there."""
    known, returns, receipts = collected(filled.store)
    visitor = Visitor(filled)
    shown = visitor.get("/units").text
    for line in make_ledger(known, returns, receipts, SAFETY_MONTH).lines:
        assert f'href="{unit_link(line.unit.name)}"' in shown
        page = visitor.get(unit_link(line.unit.name))
        assert page.status_code == 200
        assert all(filed.stored.name in page.text for filed in line.returns)


def test_long_lists_come_in_pages(empty: Web) -> None:
    """Of units to remind a hundred are shown at a time, and the words to send name all of them."""
    names = [f"{number}号工会" for number in range(1000, 1250)]
    set_collection(empty.store, collection_of(*names))
    visitor = Visitor(empty)
    for page, shown in ((1, names[:100]), (3, names[200:])):
        text = visitor.get(f"/units?list=remind&page={page}").text
        rows, told = re.findall(r"<tr><td>.*?(\d{4}号工会)</a>", text), text[text.index('<pre id="remind-text"') :]
        assert rows == shown
        assert all(name in told for name in names)
        assert 'href="/units?list=remind&amp;page=2"' in text


def test_dashboard_says_what_the_ledger_says(filled: Web) -> None:
    """Units in each state, those expected and those that have returned."""
    known, returns, receipts = collected(filled.store)
    ledger = make_ledger(known, returns, receipts, SAFETY_MONTH)
    page = Visitor(filled).get("/").text
    for state, count in ledger.states.items():
        assert f'href="/units?state={state.value}"' in page
        assert re.search(rf'id="state-{state.value}".*?<b>{count}</b>', page)
    missing = ledger.states[UnitState.MISSING]
    assert f"<strong>{len(ledger.lines) - missing}</strong><span> / {len(ledger.lines)}</span>" in page
    assert "还剩 2 天 8 小时" in page


def test_empty_office_says_what_to_do(empty: Web) -> None:
    """Three steps; with a file or a roster there are figures."""
    assert "三步开始" in Visitor(empty).get("/").text
    set_collection(empty.store, collection_of("甲工会"))
    page = Visitor(empty).get("/").text
    assert "三步开始" not in page
    assert "还没有来件" in page


@pytest.mark.parametrize("part", ["/dashboard/parts/figures", "/dashboard/parts/files"])
def test_what_has_been_seen_is_not_sent_again(filled: Web, part: str) -> None:
    """Nothing jumps on a page where nothing has changed."""
    visitor = Visitor(filled)
    again = re.search(r'hx-get="([^"]*seen=[^"]*)"', visitor.get(part).text)
    assert again is not None
    answer = visitor.get(again[1].replace("&amp;", "&"))
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_decision_shows_at_once(empty: Web) -> None:
    """The next look at the totals has the correction in it."""
    set_collection(empty.store, collection_of("青禾县总工会"))
    reading = reading_of({"item1.lectures": 7, "item1.articles": 3}, flagged=("item1.lectures",))
    (order,) = fill(empty.store, empty.home, [stored(1, reading)], originals=False)
    visitor = Visitor(empty)
    assert ">7</a>" in visitor.get("/totals").text
    correct(empty.store, order, 1, corrected("item1.lectures", 70, before=7))
    page = visitor.get("/totals").text
    assert ">70</a>" in page
    assert 'class="notice warn"' not in page


def test_the_measured_error_rate_is_shown(empty: Web) -> None:
    """With its bounds, as soon as an accepted slot has been checked; before that, that none has."""
    set_collection(empty.store, collection_of("青禾县总工会"))
    values = {"item1.lectures": 7, "item1.articles": 3}
    (order,) = fill(empty.store, empty.home, [stored(1, reading_of(values))], originals=False)
    visitor = Visitor(empty)
    assert "尚未抽查" in visitor.get("/").text
    record_audit(empty.store, order, 1, "item1.lectures", (State.VALUE, 7), who="王文")
    record_audit(empty.store, order, 1, "item1.articles", (State.VALUE, 8), who="王文")
    page = visitor.get("/").text
    assert "抽查 2 项，错 1 项" in page
    assert "95% 置信区间 1.26%～98.74%" in page


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_have_pages(empty: Web, name: str) -> None:
    """Whatever a unit is called, its page opens, and shows the name as text."""
    set_collection(empty.store, Collection("x", SAFETY_MONTH.id, (Unit(name), Unit("乙工会"))))
    visitor = Visitor(empty)
    answer = visitor.get(unit_link(name))
    assert answer.status_code == 200
    assert "<b>粗" not in answer.text
    for address in ("/", "/units", "/units?list=remind", "/collection"):
        assert "<b>粗" not in visitor.get(address).text


@pytest.mark.parametrize(
    "address",
    [
        *("/totals/item9.nothing", "/totals/item1", "/units/没有", "/exports/kuohao.db", "/exports/nightly/kuohao.db"),
        *(
            "/exports/..%2Fkuohao.db",
            "/exports/nightly/..%2F..%2Fkuohao.db",
            "/units?page=0",
            "/units?page=x",
            "/files?page=-1",
        ),
    ],
)
def test_what_is_not_there_is_not_found(filled: Web, address: str) -> None:
    """And no file leaves the house that is not one of the tables."""
    assert Visitor(filled).get(address).status_code == 404


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("apart", [False, True])
def test_downloads_are_the_export(
    filled: Web, name: str, apart: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To the byte, also where a process of its own makes them; their names say the day."""
    if apart:
        monkeypatch.setattr(downloads, "MANY_FILES", 1)
    export_store(filled.store, tmp_path)
    answer = Visitor(filled).get(f"/exports/{quote(name)}")
    assert answer.content == (tmp_path / name).read_bytes()
    said = answer.headers["content-disposition"]
    stem, _, suffix = name.partition(".")
    assert unquote(said.partition("filename*=UTF-8''")[2]) == f"{stem}-2026-06-28.{suffix}"
    assert said.isascii()


def test_last_nights_files_are_listed(empty: Web) -> None:
    """With when and what; a file that somebody has changed since is said to be, and is not handed out as that night's."""
    set_collection(empty.store, collection_of("青禾县总工会"))
    fill(empty.store, empty.home, [stored(1, reading_of({"item1.lectures": 7}))], originals=False)
    folder = export_folder(empty.settings)
    export_store(empty.store, folder)
    visitor = Visitor(empty)
    page = visitor.get("/exports").text
    for name in (*TABLES, CHANGES_TEXT):
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() in page
        assert visitor.get(f"/exports/nightly/{quote(name)}").content == (folder / name).read_bytes()
    (folder / RETURNS).write_bytes(b"changed")
    assert "文件已被改动" in visitor.get("/exports").text


def test_formulas_are_not_run(empty: Web) -> None:
    """A unit's name that a spreadsheet would take for a formula leaves with an apostrophe before it."""
    set_collection(empty.store, collection_of('=HYPERLINK("x")工会'))
    rows = list(csv.reader(StringIO(Visitor(empty).get("/exports/missing.csv").content.decode("utf-8-sig"))))
    assert rows[1][0] == '\'=HYPERLINK("x")工会'


def test_only_administrators_change_the_collection(empty: Web) -> None:
    """A reviewer sees it, and is refused."""
    add_people(empty.store, "管理员", "审核员")
    web = replace(empty, local=False)
    reviewer = Visitor(web)
    reviewer.sign_in("审核员")
    assert "只有管理员可以修改" in reviewer.get("/collection").text
    token = reviewer.token("/collection")
    assert reviewer.client.post("/collection", data={"csrf": token, "name": "新"}).status_code == 403
    assert reviewer.get("/exports").status_code == 200
    assert Visitor(web).get("/units").status_code == 303


def test_a_change_is_shown_before_it_is_made(empty: Web) -> None:
    """First the difference, then the change, of the very collection that was compared."""
    before = collection_of("青禾县总工会", "白石区总工会", parents={"白石区总工会": "市总"})
    set_collection(empty.store, before)
    fill(empty.store, empty.home, [stored(1, reading_of({"item1.lectures": 7}))], originals=False)
    visitor = Visitor(empty)
    table = "名称,别名,上级\r\n白石区总工会,白石,区工委\r\n新区总工会,,\r\n".encode("gb18030")
    page = send(visitor, name="新名称", deadline="2026-07-15T18:00", roster=table)
    for told in ("新区总工会", "青禾县总工会", "已经报送", "市总 → 区工委", "2026-07-15 18:00"):
        assert told in page
    assert collected(empty.store)[0] == before
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    stale = send(visitor, **{**fields, "seen": "0" * 32})
    assert "已被修改" in stale
    assert collected(empty.store)[0] == before
    assert visitor.client.post("/collection", data=fields).headers["location"] == "/collection?collection=1&done=1"
    after = collected(empty.store)[0]
    assert (after.name, after.deadline) == ("新名称", datetime(2026, 7, 15, 10, 0, 59, tzinfo=UTC))
    assert after.units == (Unit("白石区总工会", ("白石",), "区工委"), Unit("新区总工会"))


def test_what_is_not_touched_stays(empty: Web) -> None:
    """Without a roster the units stay, and a deadline keeps its seconds."""
    set_collection(empty.store, collection_of("甲工会"))
    visitor = Visitor(empty)
    page = send(visitor, name="新名称", deadline=deadline_field(DEADLINE))
    visitor.client.post("/collection", data=dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)))
    assert collected(empty.store)[0] == replace(collection_of("甲工会"), name="新名称")
    assert "没有要修改的内容" in send(visitor, name="新名称", deadline=deadline_field(DEADLINE))


ROSTERS = {
    "nothing": b"",
    "headings alone": "名称,别名,上级\n".encode(),
    "a workbook": b"PK\x03\x04" + b"\0" * 200,
    "an old workbook": b"\xd0\xcf\x11\xe0" + b"\0" * 200,
    "a picture": b"\x89PNG\r\n\x1a\n\0\0",
    "UTF-16": "名称\n甲工会\n".encode("utf-16"),
    "one name of two": "名称,别名\n甲工会,市工会\n乙工会,市工会\n".encode(),
    "an alias that is a name": "名称,别名\n甲工会,乙 工会\n乙工会,\n".encode(),
    "tabs": "名称\t上级\n甲工会\t市总\n".encode(),
    "a line break in a name": '名称\n"甲\n工会"\n'.encode(),
    "a name of a thousand": f"名称\n{'甲' * 1000}\n".encode(),
    "a field beyond the reader": f"名称\n{'甲' * 200_000}\n".encode(),
    "an open quotation mark": ('名称\n"' + "甲" * 140_000).encode(),
    "too many": ("名称\n" + "\n".join(f"单位{place}" for place in range(rosters.MOST_UNITS + 1))).encode(),
}


@pytest.mark.parametrize("kind", [kind for kind in ROSTERS if kind != "nothing"])
def test_bad_rosters_are_refused_politely(empty: Web, kind: str) -> None:
    """With what is wrong, in a sentence; what is collected stays as it was."""
    before = collected(empty.store)[0]
    visitor = Visitor(empty)
    answer = post(visitor, name="x", roster=ROSTERS[kind])
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert collected(empty.store)[0] == before


def test_names_are_text_everywhere(empty: Web) -> None:
    """What a roster holds is shown, not run; a first row that is no heading is told."""
    page = send(Visitor(empty), name="<script>x</script>", roster="甲工会\n<img src=x onerror=alert(1)>工会\n".encode())
    assert "<script>x" not in page
    assert "<img src=x" not in page
    assert "第一行“甲工会”被当作列名" in page


def test_packed_rosters_come_back_checked() -> None:
    """What a page has held between two looks is not believed: neither a bomb, nor a name of two units, nor anything else."""
    units = (Unit("甲工会", ("甲",), "市总"), Unit("乙工会"))
    assert unpack_units(pack_units(units)) == units
    clash = pack_units((Unit("甲工会", ("丙",)), Unit("乙工会", ("丙",))))
    bomb = pack_units([Unit("甲" * 30_000_000)])
    for text in ("", "x", "甲", "AAAA", clash, bomb, pack_units(()), pack_units([Unit("")])):
        with pytest.raises(Refused):
            unpack_units(text)


def test_rosters_are_read_as_the_command_reads_them() -> None:
    """Rows of one unit are one, with the aliases of both; spaces and empty rows do not matter."""
    table = "上级,单位名称,简称\n市总, 甲工会 ,甲；阿甲\n\n,甲工会,甲、老甲\n,,没有名称\n"
    assert read_roster(table.encode("utf-8-sig")) == (Unit("甲工会", ("甲", "阿甲", "老甲"), "市总"),)


@pytest.mark.parametrize("text", ["明天", "2026-13-01T00:00", "0001-01-01T00:00", "9999-99-99", "2026-06-30T25:00"])
def test_deadlines_that_are_none(text: str) -> None:
    """Are refused."""
    with pytest.raises(Refused):
        read_deadline(text)


def test_every_sentence_has_english() -> None:
    """Also those that are made in code, and the words of states, standings and problems."""
    folder = Path(dashboard.__file__).parent
    nodes = [node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    said = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    texts = {
        node.args[0].value
        for node in calls
        if node.func.id in {"say", Said.__name__} and node.args and isinstance(node.args[0], ast.Constant)  # type: ignore[attr-defined]  # a name, see above
    }
    texts |= {text for text in said if "{file" in text}
    texts |= {one.chinese for kind in (UnitState, Standing, FileState, Problem) for one in kind}
    assert len(texts) > 60
    assert not {text for text in texts if text not in english()}


def test_texts_fill_the_same_places() -> None:
    """English says the numbers that Chinese says."""
    table = json.loads((Path(dashboard.__file__).parents[1] / "texts" / "dashboard.json").read_text("utf-8"))
    places = re.compile(r"{(\w+)}")
    assert {text for text, told in table.items() if set(places.findall(text)) != set(places.findall(told))} == set()


def post(visitor: Visitor, *, roster: bytes = b"", **fields: str):  # type: ignore[no-untyped-def]  # httpx's answer
    """Send the collection's form."""
    files = {"roster": ("名单.csv", roster, "text/csv")} if roster else None
    return visitor.client.post("/collection", data={"csrf": visitor.token("/collection"), **fields}, files=files)


def send(visitor: Visitor, *, roster: bytes = b"", **fields: str) -> str:
    """The page that answers."""
    answer = post(visitor, roster=roster, **fields)
    assert answer.status_code == 200, answer.text
    return str(answer.text)
