"""The totals: as the form prints them, and as a table of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline.filing import Standing
from pipeline.ledger import Ledger
from pipeline.ledger_text import summary_line
from pipeline.times import day_text
from pipeline.totals import Total
from pipeline.workbook.cells import (
    BARE,
    BLUE,
    CENTRED,
    GREY,
    HEADING,
    NUMBER,
    PLAIN,
    RED,
    Look,
    Paper,
    fit_row,
    merge,
    page_set_up,
    put,
    row_height,
    widths,
)
from pipeline.workbook.names import SOURCES
from schemas.form import EMPTY_PARENTHESES, Form, FormItem, SlotKind

# What marks a total that may still change.
PROVISIONAL = "※"

TIP = "查看这个数的来源"

LINKED = replace(NUMBER, colour=BLUE, fill=GREY)
LINK_LOOK = Look(size=9, colour=BLUE, across="center")

# Widths of 活动项目, 活动进展情况 and 说明, which fill an upright A4, and of the links beside it, which are not printed.
ITEM, PROGRESS, REMARK, LINK = 23.0, 70.0, 34.0, 8.0

# A zero here is no news.
QUIET = replace(NUMBER, number="#,##0;-#,##0;")

HOW_COUNTED = (
    "合计为已报单位之和。空白、无法辨认不按 0 计。暂定的合计含待审核的数；最低：待审核的数全不计；"
    "最高：待审核的数取识别结果和候选数中最大的；未辨出数字的项没有上限，不在其内。"
)


def form_sheet(
    paper: Paper, ledger: Ledger, totals: Sequence[Total], form: Form, as_of: date, links: Mapping[str, str]
) -> None:
    """The form as it was sent out, a line for each of its parentheses, filled with the totals; each leads to its sources."""
    widths(paper, ITEM, PROGRESS, REMARK, LINK)
    first = _head(paper, ledger, totals, form, as_of)
    for column, title in enumerate((*form.columns, "说明", SOURCES), 1):
        put(paper, first - 1, column, title, HEADING)
    paper.sheet.row_dimensions[first - 1].height = 22
    by_path = {total.slot.path: total for total in totals}
    row = first
    for item in form.items:
        _item_rows(paper, row, item, by_path, links)
        row += len(item.slots)
    _foot(paper, row, ledger)
    paper.sheet.freeze_panes = f"A{first}"
    paper.sheet.print_area = f"A1:C{row}"
    page_set_up(paper, wide=False, rows=f"{first - 1}:{first - 1}", one_page=True)


def figures_sheet(paper: Paper, totals: Sequence[Total], form: Form, links: Mapping[str, str]) -> None:
    """A row a total: what it is made of, how far it may move."""
    counted = ("有数", "为 0", "空白", "无法辨认", "待审核", "未辨出数字")
    titles = ("序号", form.columns[0], "指标", "合计", "暂定", "最低", "最高", *counted)
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
        summed = total.slot.kind is SlotKind.COUNT
        put(paper, row, 1, number, CENTRED)
        put(paper, row, 3, label)
        value = total.value if summed else "—"
        put(paper, row, 4, value, LINKED, link=links[total.slot.path], tip=TIP)
        put(paper, row, 5, PROVISIONAL if total.provisional else None, Look(across="center", colour=RED))
        for column, bound in ((6, total.low), (7, total.high)):
            put(paper, row, column, bound if summed and total.provisional else None, NUMBER)
        counts = (total.given, total.zero, total.blank, total.unreadable, total.open, total.unknown)
        for column, count in enumerate(counts, 8):
            put(paper, row, column, count, QUIET if column > 10 else NUMBER)
        fit_row(paper, row, (label, 46))
    last = len(totals) + 3
    merge(paper, last, 1, last, len(titles), HOW_COUNTED, Look(size=9, sides=""))
    paper.sheet.row_dimensions[last].height = 30
    paper.sheet.freeze_panes = "D3"
    page_set_up(paper, wide=True, rows="2:2")


def printed_total(total: Total) -> str:
    """A slot's printed words with the total between the parentheses: 组织开展宣讲（1,284）场，"""
    opening, closing = EMPTY_PARENTHESES[0], EMPTY_PARENTHESES[1]
    shown = f"{total.value:,}" if total.slot.kind is SlotKind.COUNT else f"共 {total.given} 项，见“来源”"
    mark = PROVISIONAL if total.provisional else ""
    return f"{total.slot.before}{opening}{shown}{mark}{closing}{total.slot.after}"


def _head(paper: Paper, ledger: Ledger, totals: Sequence[Total], form: Form, as_of: date) -> int:
    """Title, period, who has returned, how sure it is; the first row of the form itself."""
    title = form.title.removesuffix("统计表") + "汇总表" if form.title.endswith("统计表") else form.title
    merge(paper, 1, 1, 1, 3, title, Look(bold=True, size=20, across="center", sides=""))
    paper.sheet.row_dimensions[1].height = 40
    merge(paper, 2, 1, 2, 2, f"统计范围：{ledger.collection.name}", BARE)
    put(paper, 2, 3, f"汇总日期：{day_text(as_of)}", Look(across="right", sides=""))
    told = summary_line(ledger)
    merge(paper, 3, 1, 3, 3, told, BARE)
    paper.sheet.row_dimensions[3].height = row_height((told, ITEM + PROGRESS + REMARK))
    opened = sum(total.open for total in totals)
    provisional = sum(total.provisional for total in totals)
    state = (
        f"本表为暂定数：尚有 {opened} 项待审核，{provisional} 个合计带{PROVISIONAL}，审核后可能变动。"
        if opened
        else "已报各项均已审核。"
    )
    merge(paper, 4, 1, 4, 3, state, Look(bold=bool(opened), colour=RED if opened else "000000", sides=""))
    paper.sheet.row_dimensions[2].height = paper.sheet.row_dimensions[4].height = 20
    return 6


def _item_rows(paper: Paper, first: int, item: FormItem, totals: Mapping[str, Total], links: Mapping[str, str]) -> None:
    """An item as the form has it: its heading over all its lines on the left, its words and totals on the right."""
    heights = []
    for row, slot in enumerate(item.slots, first):
        total = totals[slot.path]
        sentence = printed_total(total)
        # No rules between the lines: they are one cell of the form.
        sides = "lr" + ("t" if slot is item.slots[0] else "") + ("b" if slot is item.slots[-1] else "")
        put(paper, row, 2, sentence, Look(sides=sides))
        put(paper, row, 3, total.told, Look(size=9, colour=RED, sides=sides))
        put(paper, row, 4, "查看", LINK_LOOK, link=links[slot.path], tip=TIP)
        heights.append(max(row_height((sentence, PROGRESS)), row_height((total.told, REMARK), size=9)))
    # The heading may need more room than the lines.
    more = max(0.0, row_height((item.heading, ITEM)) - sum(heights)) / len(heights)
    for row, height in enumerate(heights, first):
        paper.sheet.row_dimensions[row].height = height + more
    merge(paper, first, 1, first + len(heights) - 1, 1, item.heading, PLAIN)


def _foot(paper: Paper, row: int, ledger: Ledger) -> None:
    unconfirmed = sum(filed.standing in (Standing.UNCONFIRMED, Standing.UNKNOWN) for filed in ledger.aside)
    told = "注：空白、无法辨认不按 0 计。每个数由哪些单位、哪份文件、哪一页得来，点右边“查看”。"
    if unconfirmed:
        told += f"另有 {unconfirmed} 份报表填报单位待确认，未计入，见“其他来件”。"
    merge(paper, row, 1, row, 3, told, Look(size=9, sides="", fill=""))
    paper.sheet.row_dimensions[row].height = row_height((told, ITEM + PROGRESS + REMARK), size=9)
