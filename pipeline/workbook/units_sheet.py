"""A row a unit, a column a slot."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break, ColBreak

from pipeline.corrections import EffectiveSlot, form_path
from pipeline.ledger import Ledger, UnitLine, UnitState
from pipeline.ledger_text import line_note, summary_line
from pipeline.tables import shown, slot_headings
from pipeline.times import local_text
from pipeline.totals import Total
from pipeline.workbook.cells import (
    BLUE,
    CENTRED,
    GREY,
    HEADING,
    PLAIN,
    RED,
    WHOLE_NUMBER,
    YELLOW,
    Look,
    Paper,
    fit_row,
    merge,
    page_set_up,
    put,
    row_height,
    widths,
)
from schemas.flow import State
from schemas.form import Form, SlotKind

# Slots on one printed page, at most: as many columns as a wide A4 holds behind the unit's name.
SLOTS_A_PAGE = 12

# Width of a slot's column: 1,234,567 fits.
SLOT = 9.5

# Width of a slot of words.
WORDS = 24.0

# Headings of slots are long sentences in narrow columns.
SMALL = 9.0

_COLOURS = {UnitState.MISSING: RED, UnitState.PARTIAL: RED, UnitState.REVIEW: "9C5700", UnitState.LATE: "9C5700"}

LEGEND = "黄底：待审核；蓝字：审核员改定；？：无法辨认；空格：空白或未报。"


def units_sheet(paper: Paper, ledger: Ledger, totals: Sequence[Total], form: Form) -> None:
    """Every unit of the roster: its state, its figures, when they came and in which file."""
    headings = slot_headings(ledger, form)
    paths = list(headings)
    front = ("序号", "单位", *(["上级"] if ledger.parents else []), "状态")
    behind = ("到达时间", "文件", "说明")
    kinds = {slot.path: slot.kind for slot in form.slots}
    slot_widths = {path: WORDS if kinds[form_path(path)] is SlotKind.TEXT else SLOT for path in paths}
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
        _unit_row(paper, 5 + number, number, line, ledger, form, paths)
    paper.sheet.freeze_panes = f"{get_column_letter(start)}6"
    paper.sheet.col_breaks = _breaks(paths, start)
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


def _slot_heads(paper: Paper, headings: dict[str, str], form: Form, start: int) -> None:
    """The items, each over its slots, and further activities behind them."""
    groups = [(item.heading, [slot.path for slot in item.slots]) for item in form.items]
    further = [path for path in headings if path not in form.headings]
    if further:
        groups.append(("其他特色活动（第2项起）", further))
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
        value = total.value if total.slot.kind is SlotKind.COUNT else None
        colour = RED if total.provisional else "000000"
        put(paper, 5, column, value, Look(bold=True, across="right", fill=GREY, number=WHOLE_NUMBER, colour=colour, size=10))
    paper.sheet.row_dimensions[5].height = 22


def _unit_row(paper: Paper, row: int, number: int, line: UnitLine, ledger: Ledger, form: Form, paths: Sequence[str]) -> None:
    state = Look(across="center", colour=_COLOURS.get(line.state, "000000"))
    cells: list[tuple[str | int, Look]] = [(number, CENTRED), (line.unit.name, PLAIN)]
    if ledger.parents:
        cells.append((line.unit.parent, PLAIN))
    cells.append((line.state.chinese, state))
    slots = {slot.path: slot for _, slot in line.slots}
    column = 1
    for value, look in cells:
        put(paper, row, column, value, look)
        column += 1
    kinds = {slot.path: slot.kind for slot in form.slots}
    for path in paths:
        slot = slots.get(path)
        look = _slot_look(slot, kinds[form_path(path)])
        put(paper, row, column, shown(slot) if slot else None, look)
        column += 1
    files = "；".join(dict.fromkeys(filed.stored.name for filed in line.counted))
    note = line_note(line, form)
    arrived = local_text(line.counted[-1].stored.arrived) if line.counted else ""
    for value, look in ((arrived, CENTRED), (files, PLAIN), (note, PLAIN)):
        put(paper, row, column, value, look)
        column += 1
    words = [(str(slot.value), WORDS * 11 / SMALL) for slot in slots.values() if isinstance(slot.value, str)]
    fit_row(paper, row, (line.unit.name, 26), (line.unit.parent, 24), (files, 30), (note, 50), *words)


def _slot_look(slot: EffectiveSlot | None, kind: SlotKind) -> Look:
    across = "left" if kind is SlotKind.TEXT else "right"
    if slot is None:
        return Look(size=10, across=across)
    colour = BLUE if slot.who else RED if slot.state is State.UNREADABLE else "000000"
    size = SMALL if kind is SlotKind.TEXT else 10
    return Look(size=size, across=across, colour=colour, fill=YELLOW if slot.open else "", number=WHOLE_NUMBER)


def _breaks(paths: Sequence[str], start: int) -> ColBreak:
    """Page ends between items: as many whole items on a page as it holds."""
    breaks = ColBreak()
    on_page = 0
    items: dict[str, int] = {}
    for path in paths:
        item = path.partition(".")[0]
        items[item] = items.get(item, 0) + 1
    column = start
    for count in items.values():
        if on_page and on_page + count > SLOTS_A_PAGE:
            breaks.append(Break(id=column - 1))
            on_page = 0
        on_page += count
        column += count
    breaks.append(Break(id=column - 1))
    return breaks
