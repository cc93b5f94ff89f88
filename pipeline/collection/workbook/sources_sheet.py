"""Where each total comes from, and what came in and does not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.export import STATES
from pipeline.collection.ledger import Ledger
from pipeline.collection.ledger_text import aside_note
from pipeline.collection.tables import decided_by, shown
from pipeline.collection.totals import Contribution, Total
from pipeline.collection.workbook.cells import (
    BLUE,
    CENTRED,
    GREY,
    HEADING,
    PLAIN,
    RED,
    YELLOW,
    Look,
    Paper,
    fit_row,
    merge,
    number_format,
    page_set_up,
    put,
    widths,
)
from pipeline.times import local_text
from schemas.form import Form, Mark
from schemas.paths import turn_of
from schemas.values import Value

# Rows above the first total's.
HEAD_ROWS = 2

_TITLES = ("指标", "单位", "上级", "数值", "状态", "待审核", "来源", "审核时间", "文件", "页", "到达时间")


def source_rows(totals: Sequence[Total]) -> Mapping[str, int]:
    """The row at which each total's sources begin, by the slot's path."""
    rows, row = {}, HEAD_ROWS + 1
    for total in totals:
        rows[total.slot.path] = row
        row += 1 + len(total.contributions)
    return rows


def sources_sheet(paper: Paper, totals: Sequence[Total], back: str) -> None:
    """Under each total the slots that it is made of: unit, value, by whom, file, page. `back` is the place of the totals."""
    widths(paper, 44, 26, 18, 13, 10, 8, 16, 17, 34, 6, 17)
    merge(paper, 1, 1, 1, len(_TITLES), "合计的来源", Look(bold=True, size=16, sides=""))
    paper.sheet.row_dimensions[1].height = 28
    for column, title in enumerate(_TITLES, 1):
        put(paper, HEAD_ROWS, column, title, HEADING)
    rows = source_rows(totals)
    for total in totals:
        row = rows[total.slot.path]
        _total_row(paper, row, total, back)
        for place, one in enumerate(total.contributions, 1):
            _source_row(paper, row + place, total, one)
    last = HEAD_ROWS + sum(1 + len(total.contributions) for total in totals)
    paper.sheet.auto_filter.ref = f"A{HEAD_ROWS}:K{max(last, HEAD_ROWS)}"
    paper.sheet.freeze_panes = f"C{HEAD_ROWS + 1}"
    page_set_up(paper, wide=True, rows=f"{HEAD_ROWS}:{HEAD_ROWS}")


def aside_sheet(paper: Paper, ledger: Ledger, form: Form) -> None:
    """Returns that do not count, and files that cannot be read or wait."""
    titles = ("文件", "到达时间", "单位", "情况")
    widths(paper, 44, 17, 26, 70)
    merge(paper, 1, 1, 1, len(titles), "其他来件（未计入合计）", Look(bold=True, size=16, across="center", sides=""))
    paper.sheet.row_dimensions[1].height = 28
    for column, title in enumerate(titles, 1):
        put(paper, 2, column, title, HEADING)
    rows = [
        (filed.stored.name, local_text(filed.stored.arrived), filed.stored.unit or "", aside_note(filed, form))
        for filed in ledger.aside
    ]
    rows += [
        (
            one.name,
            local_text(one.arrived),
            "",
            "；".join(filter(None, (one.state.chinese, one.reason, one.advice))),
        )
        for one in (*ledger.failed, *ledger.pending, *ledger.duplicates)
    ]
    for row, cells in enumerate(rows, 3):
        for column, text in enumerate(cells, 1):
            put(paper, row, column, text, CENTRED if column == 2 else PLAIN)
        fit_row(paper, row, (cells[0], 44), (cells[2], 26), (cells[3], 70))
    paper.sheet.freeze_panes = "A3"
    page_set_up(paper, wide=True, rows="2:2")


def _total_row(paper: Paper, row: int, total: Total, back: str) -> None:
    look = Look(bold=True, fill=GREY)
    for column in range(1, len(_TITLES) + 1):
        put(paper, row, column, None, look)
    put(paper, row, 1, total.heading, Look(bold=True, fill=GREY, colour=BLUE), link=back, tip="返回汇总表")
    put(paper, row, 2, "合计", look)
    if total.slot.kind.summed:
        shown_as = number_format(total.decimals, total.measure)
        put(paper, row, 4, total.value, Look(bold=True, fill=GREY, across="right", number=shown_as))
    put(paper, row, 9, total.notes, Look(size=9, fill=GREY, colour=RED))
    fit_row(paper, row, (total.heading, 44), (total.notes, 34))


def _source_row(paper: Paper, row: int, total: Total, one: Contribution) -> None:
    slot, stored = one.slot, one.filed.stored
    fill = YELLOW if slot.open else ""
    left, centred = Look(fill=fill), Look(fill=fill, across="center")
    shown_as = number_format(total.decimals)
    number = Look(fill=fill, across="right", number=shown_as, colour=BLUE if slot.who else "000000")
    cells: Sequence[tuple[Value, Look]] = (
        (_heading(total, slot), Look(fill=fill, size=9)),
        (one.unit, left),
        (one.parent, left),
        (shown(slot), number if total.slot.kind.summed else left),
        (STATES[slot.state], centred),
        ("是" if slot.open else "", centred),
        (decided_by(slot), left),
        (local_text(slot.when), centred),
        (stored.name, left),
        (slot.page, centred),
        (local_text(stored.arrived), centred),
    )
    for column, (value, look) in enumerate(cells, 1):
        put(paper, row, column, value, look)
    texts = (
        (_heading(total, slot), 44 * 11 / 9),
        (one.unit, 26),
        (one.parent, 18),
        (stored.name, 34),
        (str(slot.value), 13),
    )
    fit_row(paper, row, *texts)


def _heading(total: Total, slot: EffectiveSlot) -> str:
    """A total's heading, with the row's number where units fill in several rows."""
    is_row = total.slot.repeats and total.slot.mark is Mark.CELL
    return f"{total.heading}（第{turn_of(slot.path)}行）" if is_row else total.heading
