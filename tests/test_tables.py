"""A collection as CSV, and the ledger in words."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from pipeline.collection.export import UNREADABLE_MARK
from pipeline.collection.filing import Standing
from pipeline.collection.ledger import Ledger, make_ledger
from pipeline.collection.ledger_text import items_text, ledger_view, summary_line
from pipeline.collection.tables import missing_csv, returns_csv, slots_csv
from schemas.office import FileState, Receipt, StoredReturn
from schemas.safety_month import SAFETY_MONTH
from tests.office import UNREADABLE, collection_of, corrected, made_office, reading_of, receipt, stored

UNIT, OTHER, THIRD = "青禾县总工会", "白石区总工会", "云川市电力工会"

LATER_PAGE = ("item4", "item5", "item6", "item7")


def ledger_of(*returns: StoredReturn, receipts: tuple[Receipt, ...] = ()) -> Ledger:
    return make_ledger(collection_of(UNIT, OTHER, THIRD), returns, receipts, SAFETY_MONTH)


def rows(data: bytes) -> list[dict[str, str]]:
    """The rows of a table as a spreadsheet reads them."""
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))


def test_returns_have_a_row_a_unit() -> None:
    """A unit that has returned has one row, however often it has; states of slots stay apart."""
    first = stored(1, reading_of({"item1.lectures": 1}))
    second = stored(2, reading_of({"item1.lectures": 12, "item1.articles": 0, "item1.discussions": UNREADABLE}))
    (row,) = rows(returns_csv(ledger_of(first, second), SAFETY_MONTH))
    headings = SAFETY_MONTH.headings
    assert (row["单位"], row["状态"], row["文件"], row["填报单位（盖章）"]) == (UNIT, "已报", "2.pdf", UNIT)
    shown = [row[headings[f"item1.{name}"]] for name in ("lectures", "articles", "discussions", "lecture_attendance")]
    assert shown == ["12", "0", UNREADABLE_MARK, ""]
    assert "1.pdf" in row["说明"]


def test_slots_say_who_decided() -> None:
    """A row a slot that counts: a person's value beside the machine's, with file and page."""
    reading = reading_of({"item1.lectures": 72}, flagged=["item1.lectures"])
    one = stored(1, reading, corrections=[corrected("item1.lectures", 12)])
    table = rows(slots_csv(ledger_of(one), SAFETY_MONTH))
    assert len(table) == 39
    row = table[0]
    assert (row["数值"], row["机器识别为"], row["来源"], row["待审核"]) == ("12", "72", "审核员 王文", "否")
    assert (row["文件"], row["页"], row["左"], row["审核时间"]) == ("1.pdf", "1", "0.25", "2026-06-28 09:00")
    assert {other["来源"] for other in table[1:]} == {"机器识别"}


@pytest.mark.parametrize(("as_of", "late"), [(date(2026, 6, 30), "0"), (date(2026, 7, 1), "1"), (date(2026, 7, 3), "3")])
def test_the_list_of_reminders(as_of: date, late: str) -> None:
    """Who is missing, by how many days of China's calendar, of what; who has returned is not on it."""
    page = stored(1, reading_of({}, unit=OTHER, lost=LATER_PAGE), unit=OTHER)
    ledger = ledger_of(page, stored(2, reading_of({}, unit=THIRD), unit=THIRD))
    table = rows(missing_csv(ledger, SAFETY_MONTH, as_of))
    assert [(row["单位"], row["状态"], row["缺少"]) for row in table] == [
        (UNIT, "未报", "整份报表"),
        (OTHER, "缺页", "第4、5、6、7项"),
    ]
    assert {(row["填报期限"], row["逾期天数"]) for row in table} == {("2026-06-30", late)}


def test_a_reminder_tells_what_has_come() -> None:
    """Before an office reminds a unit it is told of files that may be theirs."""
    failed = receipt(1, f"{UNIT}.pdf", FileState.FAILED, reason="文件有密码")
    stray = stored(2, reading_of({}, unit=None), unit=None, name=f"{OTHER}.jpg")
    table = rows(missing_csv(ledger_of(stray, receipts=(failed,)), SAFETY_MONTH, date.max))
    notes = {row["单位"]: row["说明"] for row in table}
    assert notes == {
        UNIT: f"有文件无法读取，可能是该单位的：{UNIT}.pdf",
        OTHER: f"有报表未归入任何单位，可能是该单位的：{OTHER}.jpg",
        THIRD: "",
    }


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@SUM(A1)", "＝1+1", "\n=1"])
def test_formulas_are_defused(text: str) -> None:
    """What a unit, a file or a reviewer is called never runs, in any of the tables."""
    reading = reading_of({"item7.name": text}, unit=text)
    one = stored(1, reading, unit=text, name=text, corrections=[corrected("item7.sessions", 1, who=text)])
    collection = collection_of(text, f"{text}分会", parents={text: text, f"{text}分会": text})
    ledger = make_ledger(collection, [one], [], SAFETY_MONTH)
    tables = (
        returns_csv(ledger, SAFETY_MONTH),
        slots_csv(ledger, SAFETY_MONTH),
        missing_csv(ledger, SAFETY_MONTH, date.max),
    )
    for data in tables:
        for row in rows(data):
            assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "＝", "\n"))]


def printed(ledger: Ledger) -> str:
    """The ledger as a terminal shows it that is wide enough for a unit, a file and a remark on one line."""
    console = Console(file=StringIO(), width=140, force_terminal=False, color_system=None, legacy_windows=False)
    with console.capture() as shown:
        console.print(ledger_view(ledger, SAFETY_MONTH), highlight=False)
    return shown.get()


def test_bytes_that_are_no_characters_are_spelled_out() -> None:
    """A file's name from another system's encoding breaks no table."""
    name = b"\xb1\xa8\xb1\xed.pdf".decode("utf-8", "surrogateescape")
    ledger = ledger_of(stored(1, reading_of({}), name=name))
    assert rows(returns_csv(ledger, SAFETY_MONTH))[0]["文件"] == r"\udcb1\udca8\udcb1\udced.pdf"
    assert r"\udcb1" in printed(ledger)


def test_the_ledger_in_words() -> None:
    """Who has returned, in a sentence; a line a unit; what belongs to nobody below."""
    stray = stored(2, reading_of({}, unit="云川市水务工会"), unit=None)
    failed = receipt(3, "全部[1].pdf", FileState.FAILED, reason="文件有密码", advice="请去掉密码后重新发送")
    ledger = ledger_of(stored(1, reading_of({}, lost=LATER_PAGE)), stray, receipts=(failed,))
    assert summary_line(ledger) == "应报 3 个单位，已报 1 个（其中缺页 1 个），未报 2 个；填报期限 2026年6月30日。"
    text = printed(ledger)
    assert "缺第4、5、6、7项；17 项待审核" in text
    assert "2.pdf：填报单位不在名单中，不计入（表上写的是“云川市水务工会”）" in text
    assert "全部[1].pdf：文件有密码；请去掉密码后重新发送" in text


def test_a_made_office_in_words() -> None:
    """Every unit is in the text, and it is the same each time."""
    collection, returns, receipts = made_office()
    text = printed(make_ledger(collection, returns, receipts, SAFETY_MONTH))
    assert all(unit.name in text for unit in collection.units)
    assert text == printed(make_ledger(collection, returns[::-1], receipts[::-1], SAFETY_MONTH))
    assert "上级小计" in text


def test_items_in_words() -> None:
    """Items by number; all of them by a word."""
    assert items_text(("item5", "item4"), SAFETY_MONTH) == "第4、5项"
    assert items_text([item.key for item in SAFETY_MONTH.items], SAFETY_MONTH) == "全部项目"
    assert {standing.chinese for standing in Standing} >= {"计入", "疑似重复，不计入"}
