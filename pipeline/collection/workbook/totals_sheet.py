"""The totals as the form prints them: sentences with totals in their parentheses, grids with totals in their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline.collection.filing import Standing
from pipeline.collection.form_layout import NUMBERED, LaidRow, Place, TableLayout, is_listed, words_of_total
from pipeline.collection.ledger import Ledger
from pipeline.collection.ledger_text import summary_line
from pipeline.collection.totals import Total, rows_filled
from pipeline.collection.workbook.cells import (
    BARE,
    BLUE,
    CENTRED,
    HEADING,
    PLAIN,
    RED,
    Look,
    Paper,
    merge,
    number_format,
    page_set_up,
    put,
    row_height,
    widths,
)
from pipeline.collection.workbook.names import SOURCES
from pipeline.times import day_text
from schemas.form import Form
from schemas.values import Value

# What marks a total that may still change.
PROVISIONAL = "※"

TIP = "查看这个数的来源"

LINK_LOOK = Look(size=9, colour=BLUE, across="center")

# Widths of 活动项目, 活动进展情况 and 说明, which fill an upright A4, and of the links beside it, which are not printed.
ITEM, PROGRESS, REMARK, LINK = 23.0, 70.0, 34.0, 8.0

# Widths of a row's number, of a cell with a number (123,456,789.00 fits) and of one with words.
NUMBER, FIGURE, WORDS = 7.0, 15.0, 20.0

# Columns together wider than this lie on the page's long side.
UPRIGHT = 130.0

# Row of the first heading: title, period, who has returned, how sure it is, and a line between stand above.
HEAD = 5


def form_sheet(
    paper: Paper,
    ledger: Ledger,
    totals: Sequence[Total],
    form: Form,
    layout: TableLayout,
    as_of: date,
    links: Mapping[str, str],
) -> None:
    """A table of the form as it was sent out, filled with the totals; each leads to its sources.

    A sentence takes a line for each of its parentheses; a list that units fill in is one row, the sum of all of theirs.
    """
    across = (*_widths(layout), REMARK)
    widths(paper, *across, LINK)
    _head(paper, ledger, totals, form, as_of, across)
    first = _columns(paper, layout)
    by_path = {total.slot.path: total for total in totals}
    row = first
    for laid in layout.rows:
        row += _item_rows(paper, row, laid, across, by_path, links)
    _foot(paper, row, ledger, totals, across)
    last = paper.sheet.cell(row, len(across)).coordinate
    paper.sheet.freeze_panes = f"A{first}"
    paper.sheet.print_area = f"A1:{last}"
    page_set_up(paper, wide=sum(across) > UPRIGHT, rows=f"{HEAD}:{first - 1}", one_page=True)


def printed_total(total: Total) -> str:
    """A slot's printed words with the total in its place: 组织开展宣讲（1,284）场，"""
    words = words_of_total(total.slot)
    shown = f"共 {total.given} 项，见“来源”" if not total.slot.kind.summed else total.in_words(total.value)
    shown += PROVISIONAL if total.provisional else ""
    shown += f" {total.measure}" if total.measure else ""
    return f"{words.before}{words.opening}{shown}{words.closing}{words.after}"


def _widths(layout: TableLayout) -> list[float]:
    """A width for each column, by the widest kind of thing that stands in it."""
    found = [FIGURE] * len(layout.columns)
    for laid in layout.rows:
        at = 0
        for number, place in enumerate(laid.places):
            kind = PROGRESS if place.sentence else ITEM if number == laid.heading and place.span == 1 else 0.0
            if any(not slot.kind.summed for slot in place.cells):
                kind = WORDS
            found[at] = max(found[at], kind)
            at += place.span
    return [NUMBER if column in NUMBERED else width for column, width in zip(layout.columns, found, strict=True)]


def _head(paper: Paper, ledger: Ledger, totals: Sequence[Total], form: Form, as_of: date, across: Sequence[float]) -> None:
    """Title, period, who has returned, how sure it is."""
    last = len(across)
    title = form.title.removesuffix("统计表") + "汇总表" if form.title.endswith("统计表") else form.title
    merge(paper, 1, 1, 1, last, title, Look(bold=True, size=20, across="center", sides=""))
    paper.sheet.row_dimensions[1].height = 40
    merge(paper, 2, 1, 2, last - 1, f"统计范围：{ledger.collection.name}", BARE)
    put(paper, 2, last, f"汇总日期：{day_text(as_of)}", Look(across="right", sides=""))
    told = summary_line(ledger)
    merge(paper, 3, 1, 3, last, told, BARE)
    paper.sheet.row_dimensions[3].height = row_height((told, sum(across)))
    opened = sum(total.open for total in totals)
    provisional = sum(total.provisional for total in totals)
    state = (
        f"本表为暂定数：尚有 {opened} 项待审核，{provisional} 个合计带{PROVISIONAL}，审核后可能变动。"
        if opened
        else "已报各项均已审核。"
    )
    merge(paper, 4, 1, 4, last, state, Look(bold=bool(opened), colour=RED if opened else "000000", sides=""))
    paper.sheet.row_dimensions[2].height = paper.sheet.row_dimensions[4].height = 20


def _columns(paper: Paper, layout: TableLayout) -> int:
    """The headings of the columns, in two rows where the form has them so; the row below them."""
    rows = layout.heads
    below = HEAD + len(rows)
    taken: set[tuple[int, int]] = set()
    for row, heads in enumerate(rows, HEAD):
        column = 1
        for words, columns, deep in heads:
            while (row, column) in taken:
                column += 1
            merge(paper, row, column, row + deep - 1, column + columns - 1, words, HEADING)
            taken |= {(row + down, column + right) for down in range(deep) for right in range(columns)}
            column += columns
        paper.sheet.row_dimensions[row].height = 22
    for column, title in enumerate(("说明", SOURCES), len(layout.columns) + 1):
        merge(paper, HEAD, column, below - 1, column, title, HEADING)
    if not layout.in_cells:
        return below
    # Headings of grids are sentences in narrow columns.
    texts = [(head.rpartition("·")[2], width) for head, width in zip(layout.columns, _widths(layout), strict=True)]
    paper.sheet.row_dimensions[below - 1].height = max(22.0, row_height(*texts))
    return below


def _item_rows(
    paper: Paper,
    first: int,
    laid: LaidRow,
    across: Sequence[float],
    totals: Mapping[str, Total],
    links: Mapping[str, str],
) -> int:
    """An item as the form has it: a line for each slot of its sentence, everything else over all of them; how many lines."""
    sentence = next((place.sentence for place in laid.places if place.sentence), ())
    slots = sentence or tuple(slot for place in laid.places for slot in place.slots)[:1]
    remark = len(across)
    heights = []
    for row, slot in enumerate(slots, first):
        said = totals[slot.path].notes if sentence else _grid_notes(laid, totals)
        printed = printed_total(totals[slot.path]) if sentence else ""
        # No rules between the lines: they are one cell of the form.
        sides = "lr" + ("t" if slot is slots[0] else "") + ("b" if slot is slots[-1] else "")
        put(paper, row, remark, said, Look(size=9, colour=RED, sides=sides))
        put(paper, row, remark + 1, "查看", LINK_LOOK, link=links[slot.path], tip=TIP)
        heights.append(max(row_height((printed, PROGRESS)), row_height((said, REMARK), size=9)))
        column = 1
        for place in laid.places:
            if place.sentence:
                put(paper, row, column, printed, Look(sides=sides))
            column += place.span
    column, most = 1, 0.0
    for number, place in enumerate(laid.places):
        words = place.words
        if is_listed(laid.item) and not words and number == (laid.heading or 0) and not place.slots:
            words = f"共 {rows_filled(laid.item, totals)} 行"
        if not place.sentence:
            wide = across[column - 1] >= PROGRESS
            _place(paper, first, first + len(heights) - 1, column, place, words, totals, links, wide=wide)
            most = max(most, row_height((words, sum(across[column - 1 : column - 1 + place.span]))))
        column += place.span
    # The heading may need more room than the lines.
    more = max(0.0, most - sum(heights)) / len(heights)
    for row, height in enumerate(heights, first):
        paper.sheet.row_dimensions[row].height = height + more
    return len(heights)


def _place(
    paper: Paper,
    top: int,
    bottom: int,
    column: int,
    place: Place,
    words: str,
    totals: Mapping[str, Total],
    links: Mapping[str, str],
    *,
    wide: bool,
) -> None:
    """Printed words, or the total of a slot that is a cell of its own."""
    right = column + place.span - 1
    if not place.cells:
        short = words.isdecimal() or (place.span > 1 and bool(words))
        merge(paper, top, column, bottom, right, words or None, CENTRED if short else PLAIN)
        return
    total = totals[place.cells[0].path]
    value, look = total_in_cell(total)
    if wide:
        # Below sentences a number at the far right is far from its heading.
        look = replace(look, across="left")
    merge(paper, top, column, bottom, right, value, look)
    put(paper, top, column, value, look, link=links[total.slot.path], tip=TIP)


def total_in_cell(total: Total) -> tuple[Value, Look]:
    """A total as a cell of its own: a number that can be reckoned with, whatever stands behind it for people."""
    mark = PROVISIONAL if total.provisional else ""
    colour = RED if total.provisional else BLUE
    if not total.slot.kind.summed:
        return f"共 {total.given} 项{mark}", Look(across="center", colour=colour)
    return total.value, Look(across="right", number=number_format(total.decimals, total.measure + mark), colour=colour)


def _grid_notes(laid: LaidRow, totals: Mapping[str, Total]) -> str:
    """What there is to say of the totals of a row, each by its column."""
    told = [(slot.column, totals[slot.path].notes) for place in laid.places for slot in place.cells]
    said = [(column, notes) for column, notes in told if notes]
    return "\n".join(f"{column}：{notes}" if len(told) > 1 else notes for column, notes in said)


def _foot(paper: Paper, row: int, ledger: Ledger, totals: Sequence[Total], across: Sequence[float]) -> None:
    unconfirmed = sum(filed.standing in (Standing.UNCONFIRMED, Standing.UNKNOWN) for filed in ledger.aside)
    told = "注：空白、无法辨认不按 0 计。每个数由哪些单位、哪份文件、哪一页得来，点右边“查看”。"
    told += "".join(how_else_counted(totals))
    if unconfirmed:
        told += f"另有 {unconfirmed} 份报表填报单位待确认，未计入，见“其他来件”。"
    merge(paper, row, 1, row, len(across), told, Look(size=9, sides="", fill=""))
    paper.sheet.row_dimensions[row].height = row_height((told, sum(across)), size=9)


def how_else_counted(totals: Sequence[Total]) -> list[str]:
    """How boxes and totals rows are counted, where the form has any."""
    told = []
    if any(total.measure for total in totals):
        told.append("□ 计打勾的单位数。")
    if any(total.rows is not None for total in totals):
        told.append("合计行是各单位所填合计之和，不与各行重复相加。")
    return told
