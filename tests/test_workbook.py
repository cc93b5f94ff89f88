"""汇总.xlsx as a spreadsheet opens it."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from random import Random
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.collection.ledger import make_ledger
from pipeline.collection.totals import Total, make_totals
from pipeline.collection.workbook.book import ZIP_TIME, workbook_bytes
from pipeline.collection.workbook.cells import BARE, HIGHEST_ROW, LONGEST_TEXT, Paper, put, row_height
from pipeline.collection.workbook.totals_sheet import printed_total
from schemas.office import Collection, FileState, Receipt, StoredReturn, Unit
from schemas.safety_month import SAFETY_MONTH
from tests.office import collection_of, made_office, reading_of, receipt, stored

AS_OF = date(2026, 7, 3)

Office = tuple[Collection, list[StoredReturn], list[Receipt]]


def bytes_of(office: Office) -> bytes:
    ledger = make_ledger(*office, SAFETY_MONTH)
    return workbook_bytes(ledger, make_totals(ledger, SAFETY_MONTH), SAFETY_MONTH, AS_OF)


def totals_of(office: Office) -> dict[str, Total]:
    return {total.slot.path: total for total in make_totals(make_ledger(*office, SAFETY_MONTH), SAFETY_MONTH)}


def led_to(sheet: Worksheet, row: int, column: int) -> str:
    """Where a cell's link leads."""
    link = sheet.cell(row, column).hyperlink
    return (link.location or "") if link is not None else ""


@pytest.fixture(scope="module")
def office() -> Office:
    """Twelve units, one of them all but empty-handed."""
    return made_office(units=12)


@pytest.fixture(scope="module")
def book(office: Office) -> Workbook:
    return load_workbook(BytesIO(bytes_of(office)))


def test_the_sheets(book: Workbook) -> None:
    """The totals come first; every sheet has frozen panes, an A4 page and page numbers."""
    assert book.sheetnames == ["汇总表", "合计明细", "各单位", "分上级", "来源", "其他来件"]
    for sheet in book.worksheets:
        assert sheet.freeze_panes
        assert sheet.page_setup.paperSize == 9
        assert sheet.oddFooter is not None
        assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"
    assert [sheet.page_setup.orientation for sheet in book.worksheets] == ["portrait", *["landscape"] * 5]


def test_the_form_with_the_totals_in_its_parentheses(book: Workbook, office: Office) -> None:
    """Each item's heading on the left, its printed words with the totals between the parentheses on the right, in order."""
    sheet = book["汇总表"]
    assert sheet["A1"].value == "“安全生产月”活动进展情况汇总表"
    assert [sheet.cell(5, column).value for column in (1, 2)] == list(SAFETY_MONTH.columns)
    totals = totals_of(office)
    lines = [sheet.cell(row, 2).value for row in range(6, 45)]
    assert lines == [printed_total(totals[slot.path]) for slot in SAFETY_MONTH.slots]
    lefts = [sheet.cell(row, 1).value for row in range(6, 45)]
    assert [left for left in lefts if left] == [item.heading for item in SAFETY_MONTH.items]
    first = totals["item1.lectures"]
    assert lines[0] == f"组织开展宣讲（{first.value:,}{'※' if first.provisional else ''}）场，"


def test_provisional_totals_say_so(book: Workbook, office: Office) -> None:
    """Where slots are open the line says how many and the range; the head says so for the whole table."""
    sheet, totals = book["汇总表"], totals_of(office)
    for row, slot in enumerate(SAFETY_MONTH.slots, 6):
        total = totals[slot.path]
        assert (sheet.cell(row, 3).value or "") == total.told
        assert ("※" in str(sheet.cell(row, 2).value)) == total.provisional
    opened = sum(total.open for total in totals.values())
    assert opened
    assert f"尚有 {opened} 项待审核" in sheet["A4"].value


def test_final_totals_say_so() -> None:
    """Without open slots nothing is provisional."""
    office = (collection_of("青禾县总工会"), [stored(1, reading_of({"item1.lectures": 3}))], list[Receipt]())
    sheet = load_workbook(BytesIO(bytes_of(office)))["汇总表"]
    assert sheet["A4"].value == "已报各项均已审核。"
    assert not [cell.value for row in sheet.iter_rows() for cell in row if "※" in str(cell.value)]


@pytest.mark.parametrize(("title", "column", "first"), [("汇总表", 4, 6), ("合计明细", 4, 3)])
def test_each_total_leads_to_its_sources(book: Workbook, office: Office, title: str, column: int, first: int) -> None:
    """A total's link leads to the row of its sources: as many rows follow as it has, and their numbers add up to it."""
    sheet, sources = book[title], book["来源"]
    totals = totals_of(office)
    for row, slot in enumerate(SAFETY_MONTH.slots, first):
        total = totals[slot.path]
        place = led_to(sheet, row, column)
        assert place.startswith("'来源'!A")
        start = int(place.removeprefix("'来源'!A"))
        assert (sources.cell(start, 1).value, sources.cell(start, 2).value) == (total.heading, "合计")
        rows = [start + 1 + number for number in range(len(total.contributions))]
        assert [sources.cell(row, 2).value for row in rows] == [one.unit for one in total.contributions]
        assert [sources.cell(row, 9).value for row in rows] == [one.filed.stored.name for one in total.contributions]
        values = [sources.cell(row, 4).value for row in rows]
        assert sum(value for value in values if isinstance(value, int)) == total.value
        assert led_to(sources, start, 1) == "'汇总表'!A1"


def test_every_unit_has_a_row(book: Workbook, office: Office) -> None:
    """Units in the roster's order with their states; a column a slot, numbers as numbers, and the totals on top."""
    sheet = book["各单位"]
    collection, totals = office[0], totals_of(office)
    assert [sheet.cell(row, 2).value for row in range(6, 6 + len(collection.units))] == [
        unit.name for unit in collection.units
    ]
    headings = [sheet.cell(4, column).value for column in range(5, 44)]
    assert headings == list(SAFETY_MONTH.headings.values())
    for column, slot in enumerate(SAFETY_MONTH.slots, 5):
        values = [sheet.cell(row, column).value for row in range(6, 6 + len(collection.units))]
        if slot.path != "item7.name":
            assert sum(value for value in values if isinstance(value, int)) == totals[slot.path].value
            assert sheet.cell(5, column).value == totals[slot.path].value


def test_what_does_not_count_is_listed(book: Workbook) -> None:
    """Returns aside, and files that failed, wait or came twice, with what became of them."""
    rows = [[cell.value for cell in row] for row in book["其他来件"].iter_rows(min_row=3)]
    told = {str(row[0]): str(row[3]) for row in rows}
    assert "填报单位不在名单中" in told["扫描全能王 6-29.pdf"]
    assert "文件有密码" in told["新建文件夹/全部.pdf"]
    assert "重复" in told["青禾县(1).pdf"]


NASTY = [
    "=1+1",
    '=HYPERLINK("http://a","b")',
    "+1",
    "-1",
    "@A1",
    "\t=1",
    "#N/A",
    "{=1}",
    "\x00=1",
    "＝1",
    "\ud800",
    "\uffff",
]


@given(texts=st.lists(st.text(min_size=1, max_size=30), max_size=6))
@settings(deadline=None, max_examples=6)
def test_no_formula_ever_runs(texts: list[str]) -> None:
    """Whatever units, parents, files, collections and activities are called, all of it is text in the workbook."""
    names = (*NASTY, *texts)
    units = tuple(Unit(f"{name}{place}", (), name) for place, name in enumerate(names))
    returns = [
        stored(order, reading_of({"item7.name": name, "item7[2].name": name}, unit=name), unit=units[order].name, name=name)
        for order, name in enumerate(names)
    ]
    receipts = [receipt(100 + order, name, FileState.FAILED, reason=name, advice=name) for order, name in enumerate(names)]
    data = bytes_of((Collection(names[-1], SAFETY_MONTH.id, units), returns, receipts))
    with ZipFile(BytesIO(data)) as parts:
        for part in parts.namelist():
            if part.startswith("xl/worksheets/"):
                assert b"<f>" not in parts.read(part)
                assert b't="e"' not in parts.read(part)
    shown = {cell.value: cell for row in load_workbook(BytesIO(data))["各单位"].iter_rows() for cell in row}
    assert shown["=1+1"].data_type == "s"
    assert shown["=1+1"].quotePrefix


@given(mixed=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=4)
def test_same_values_give_the_same_bytes(mixed: Random) -> None:
    """In whatever order returns and receipts come, the workbook is the same to the byte."""
    collection, returns, receipts = made_office(units=6)
    before = bytes_of((collection, returns, receipts))
    mixed.shuffle(returns)
    mixed.shuffle(receipts)
    assert bytes_of((collection, returns, receipts)) == before


def test_no_clock_is_in_the_file(office: Office) -> None:
    """Every part has the earliest time that a zip file can tell, and the properties have the day of the export."""
    with ZipFile(BytesIO(bytes_of(office))) as parts:
        assert {part.date_time for part in parts.infolist()} == {ZIP_TIME}
        assert parts.namelist() == sorted(parts.namelist())
        core = parts.read("docProps/core.xml").decode()
    assert core.count("2026-07-03T00:00:00Z") == 2


def test_cells_hold_what_excel_can() -> None:
    """Overlong text is cut, control characters are blanked, and no row is higher than Excel allows."""
    sheet = Workbook().worksheets[0]
    put(Paper(sheet, {}), 1, 1, "长" * (LONGEST_TEXT + 5) + "\x07", BARE)
    assert len(str(sheet["A1"].value)) == LONGEST_TEXT
    put(Paper(sheet, {}), 2, 1, "响\x07", BARE)
    assert sheet["A2"].value == "响 "
    assert row_height(("长" * 5000, 10)) == HIGHEST_ROW
