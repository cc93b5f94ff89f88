"""A row a unit, a column a slot."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break, ColBreak

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.form_layout import is_listed
from pipeline.collection.ledger import Ledger, UnitLine, UnitState
from pipeline.collection.ledger_text import line_note, summary_line
from pipeline.collection.tables import slot_headings
from pipeline.collection.totals import Total
from pipeline.collection.workbook.cells import (
    CENTRED,
    GREY,
    HEADING,
    PLAIN,
    RED,
    Look,
    Paper,
    fit_row,
    merge,
    number_format,
    page_set_up,
    put,
    row_height,
    widths,
)
from pipeline.collection.workbook.slot_cells import SMALL, list_cell, slot_cell
from pipeline.times import local_text
from schemas.form import Form, SlotKind
from schemas.paths import form_path
from schemas.values import Value

# Width of the slots on one printed page, at most: what a wide A4 holds behind the unit's name.
A_PAGE = 125.0

# Width of a slot's column: 1,234,567 fits.
SLOT = 9.5

# Width of a slot of words.
WORDS = 24.0

# Width of a slot of amounts: 1,234,567.89 fits.
MONEY = 13.0

# The number before an item's heading.
ITEM_NUMBER = re.compile(r"^[0-9一二三四五六七八九十]+[.、．]\s*")

_COLOURS = {UnitState.MISSING: RED, UnitState.PARTIAL: RED, UnitState.REVIEW: "9C5700", UnitState.LATE: "9C5700"}

LEGEND = "黄底：待审核；蓝字：审核员改定；？：无法辨认；空格：空白或未报。"


def units_sheet(paper: Paper, ledger: Ledger, totals: Sequence[Total], form: Form) -> None:
    """Every unit of the roster: its state, its figures, when they came and in which file."""
    headings = _headings(ledger, form)
    paths = list(headings)
    by_path = {total.slot.path: total for total in totals}
    front = ("序号", "单位", *(["上级"] if ledger.parents else []), "状态")
    behind = ("到达时间", "文件", "说明")
    slot_widths = {path: _width(by_path[form_path(path)]) for path in paths}
    start, after = len(front) + 1, len(front) + len(paths) + 1
    front_widths = (6, 26, *([24] if ledger.parents else []), 9)
    widths(paper, *front_widths, *(slot_widths[path] for path in paths), 18, 30, 50)
    # Over the columns that every printed page repeats: text that runs on beside them would be cut.
    merge(paper, 1, 1, 1, start - 1, "各单位填报情况", Look(bold=True, size=16, sides=""))
    told = f"{ledger.collection.name}。{summary_line(ledger)}{LEGEND}"
    merge(paper, 2, 1, 2, start - 1, told, Look(size=10, sides=""))
    paper.sheet.row_dimensions[1].height = 28
    paper.sheet.row_dimensions[2].height = row_height((told, sum(front_widths)), size=10)
    for column, title in (*enumerate(front, 1), *enumerate(behind, after)):
        merge(paper, 3, column, 4, column, title, HEADING)
    _slot_heads(paper, headings, form, start)
    _total_row(paper, totals, start, after + len(behind) - 1)
    for number, line in enumerate(ledger.lines, 1):
        _unit_row(paper, 5 + number, number, line, ledger, form, {path: by_path[form_path(path)] for path in paths})
    paper.sheet.freeze_panes = f"{get_column_letter(start)}6"
    paper.sheet.col_breaks = _breaks(slot_widths, start)
    page_set_up(paper, wide=True, rows="3:5", columns=f"A:{get_column_letter(start - 1)}", fit=False)
    paper.sheet.page_setup.scale = 75 if ledger.parents else 85


def parents_sheet(paper: Paper, ledger: Ledger) -> None:
    """Under each unit that has others below it: how many of them have returned."""
    titles = ("上级", "应报", "实报", *(state.chinese for state in UnitState), "未报单位")
    widths(paper, 26, 8, 8, *(8 for _ in UnitState), 60)
    merge(paper, 1, 1, 1, len(titles), "分上级统计", Look(bold=True, size=16, across="center", sides=""))
    paper.sheet.row_dimensions[1].height = 28
    for column, title in enumerate(titles, 1):
        put(paper, 2, column, title, HEADING)
    for row, parent in enumerate(ledger.parents, 3):
        lacking = "、".join(
            line.unit.name for line in ledger.lines if line.unit.parent == parent.parent and line.state is UnitState.MISSING
        )
        put(paper, row, 1, parent.parent or "（无上级）")
        counts = (parent.expected, parent.expected - parent.states[UnitState.MISSING], *parent.states.values())
        for column, count in enumerate(counts, 2):
            put(paper, row, column, count, CENTRED)
        put(paper, row, len(titles), lacking)
        fit_row(paper, row, (lacking, 60))
    paper.sheet.freeze_panes = "B3"
    page_set_up(paper, wide=True, rows="2:2")


def _headings(ledger: Ledger, form: Form) -> dict[str, str]:
    """Heading by slot path; of a list that units fill in the first row's stand for all of its rows."""
    listed = {slot.path for item in form.items if is_listed(item) for slot in item.slots}
    every = slot_headings(ledger, form)
    return {path: heading for path, heading in every.items() if path in form.headings or form_path(path) not in listed}


def _width(total: Total) -> float:
    if not total.slot.kind.summed:
        return WORDS
    return MONEY if total.slot.kind is SlotKind.MONEY else SLOT


def _slot_heads(paper: Paper, headings: dict[str, str], form: Form, start: int) -> None:
    """The items, each over its slots, and further activities behind them."""
    groups = [(item.heading, [slot.path for slot in item.slots]) for item in form.items]
    for item in form.items:
        own = {slot.path for slot in item.slots}
        further = [path for path in headings if path not in own and form_path(path) in own]
        if further:
            groups.append((f"{ITEM_NUMBER.sub('', item.heading)}（第2项起）", further))
    column = start
    highest = 0.0
    for title, paths in groups:
        merge(paper, 3, column, 3, column + len(paths) - 1, title, Look(bold=True, size=SMALL, across="center", fill=GREY))
        highest = max(highest, row_height((title, SLOT * len(paths)), size=SMALL))
        for path in paths:
            put(paper, 4, column, headings[path], Look(size=SMALL, across="center", fill=GREY))
            column += 1
    paper.sheet.row_dimensions[3].height = highest
    paper.sheet.row_dimensions[4].height = max(row_height((heading, SLOT), size=SMALL) for heading in headings.values())


def _total_row(paper: Paper, totals: Sequence[Total], start: int, last: int) -> None:
    """The totals on top, where they stay in sight. What further activities add is in the first one's."""
    bold = Look(bold=True, across="center", fill=GREY)
    merge(paper, 5, 1, 5, start - 1, "合计", bold)
    for column in range(start, last + 1):
        put(paper, 5, column, None, bold)
    for column, total in enumerate(totals, start):
        value = total.value if total.slot.kind.summed else None
        colour = RED if total.provisional else "000000"
        shown_as = number_format(total.decimals)
        put(paper, 5, column, value, Look(bold=True, across="right", fill=GREY, number=shown_as, colour=colour, size=10))
    paper.sheet.row_dimensions[5].height = 22


def _unit_row(
    paper: Paper, row: int, number: int, line: UnitLine, ledger: Ledger, form: Form, columns: Mapping[str, Total]
) -> None:
    state = Look(across="center", colour=_COLOURS.get(line.state, "000000"))
    cells: list[tuple[Value, Look]] = [(number, CENTRED), (line.unit.name, PLAIN)]
    if ledger.parents:
        cells.append((line.unit.parent, PLAIN))
    cells.append((line.state.chinese, state))
    listed = {slot.path for item in form.items if is_listed(item) for slot in item.slots}
    own: dict[str, list[EffectiveSlot]] = defaultdict(list)
    for _, slot in line.slots:
        own[form_path(slot.path) if form_path(slot.path) in listed else slot.path].append(slot)
    column = 1
    for value, look in cells:
        put(paper, row, column, value, look)
        column += 1
    for path, total in columns.items():
        value, look = list_cell(own[path], total) if path in listed else slot_cell(next(iter(own[path]), None), total)
        put(paper, row, column, value, look)
        column += 1
    files = "；".join(dict.fromkeys(filed.stored.name for filed in line.counted))
    note = line_note(line, form)
    arrived = local_text(line.counted[-1].stored.arrived) if line.counted else ""
    for value, look in ((arrived, CENTRED), (files, PLAIN), (note, PLAIN)):
        put(paper, row, column, value, look)
        column += 1
    words = [
        (str(slot.value), WORDS * 11 / SMALL)
        for slots in own.values()
        for slot in slots[:1]
        if isinstance(slot.value, str) and form_path(slot.path) not in listed
    ]
    fit_row(paper, row, (line.unit.name, 26), (line.unit.parent, 24), (files, 30), (note, 50), *words)


def _breaks(slot_widths: Mapping[str, float], start: int) -> ColBreak:
    """Page ends between items: as many whole items on a page as it holds."""
    breaks = ColBreak()
    on_page = 0.0
    items: dict[str, list[float]] = defaultdict(list)
    for path, width in slot_widths.items():
        items[path.partition(".")[0]].append(width)
    column = start
    for own in items.values():
        if on_page and on_page + sum(own) > A_PAGE:
            breaks.append(Break(id=column - 1))
            on_page = 0.0
        on_page += sum(own)
        column += len(own)
    breaks.append(Break(id=column - 1))
    return breaks
