"""The totals as a table of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.collection.form_layout import NUMBERED, lay_out
from pipeline.collection.totals import Total
from pipeline.collection.workbook.cells import (
    BLUE,
    CENTRED,
    GREY,
    HEADING,
    NUMBER,
    RED,
    Look,
    Paper,
    fit_row,
    merge,
    number_format,
    page_set_up,
    put,
    widths,
)
from pipeline.collection.workbook.totals_sheet import PROVISIONAL, TIP, how_else_counted
from schemas.form import Form

LINKED = replace(NUMBER, colour=BLUE, fill=GREY)

# A zero here is no news.
QUIET = replace(NUMBER, number="#,##0;-#,##0;")

HOW_COUNTED = (
    "合计为已报单位之和。空白、无法辨认不按 0 计。暂定的合计含待审核的数；最低：待审核的数全不计；"
    "最高：待审核的数取识别结果和候选数中最大的；未辨出数字的项没有上限，不在其内。"
)


def figures_sheet(paper: Paper, totals: Sequence[Total], form: Form, links: Mapping[str, str]) -> None:
    """A row a total: what it is made of, how far it may move."""
    counted = ("有数", "为 0", "空白", "无法辨认", "待审核", "未辨出数字")
    titles = ("序号", _heading_column(form), "指标", "合计", "暂定", "最低", "最高", *counted)
    widths(paper, 7, 26, 46, 13, 7, 13, 13, 8, 8, 8, 8, 8, 9)
    merge(paper, 1, 1, 1, len(titles), "合计明细", Look(bold=True, size=16, across="center", sides=""))
    paper.sheet.row_dimensions[1].height = 30
    for column, title in enumerate(titles, 1):
        put(paper, 2, column, title, HEADING)
    paper.sheet.row_dimensions[2].height = 34
    row = 3
    for item in form.items:
        merge(paper, row, 2, row + len(item.slots) - 1, 2, item.heading, Look(size=10))
        row += len(item.slots)
    for row, total in enumerate(totals, 3):
        number, _, label = total.heading.partition(" ")
        summed = total.slot.kind.summed
        shown = number_format(total.decimals, total.measure)
        put(paper, row, 1, number, CENTRED)
        put(paper, row, 3, label)
        value = total.value if summed else "—"
        put(paper, row, 4, value, replace(LINKED, number=shown), link=links[total.slot.path], tip=TIP)
        put(paper, row, 5, PROVISIONAL if total.provisional else None, Look(across="center", colour=RED))
        for column, bound in ((6, total.low), (7, total.high)):
            put(paper, row, column, bound if summed and total.provisional else None, replace(NUMBER, number=shown))
        counts = (total.given, total.zero, total.blank, total.unreadable, total.open, total.unknown)
        for column, count in enumerate(counts, 8):
            put(paper, row, column, count, QUIET if column > 10 else NUMBER)
        fit_row(paper, row, (label, 46))
    last = len(totals) + 3
    merge(paper, last, 1, last, len(titles), HOW_COUNTED + "".join(how_else_counted(totals)), Look(size=9, sides=""))
    paper.sheet.row_dimensions[last].height = 30
    paper.sheet.freeze_panes = "D3"
    page_set_up(paper, wide=True, rows="2:2")


def _heading_column(form: Form) -> str:
    """The heading of the column that rows' headings stand in."""
    layout = lay_out(form)[0]
    row = next((row for row in layout.rows if row.heading is not None), None)
    at = 0 if row is None else sum(place.span for place in row.places[: row.heading])
    return "项目" if layout.columns[at] in NUMBERED else layout.columns[at] or "项目"
