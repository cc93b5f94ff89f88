"""A list that units fill in, all units' rows below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.filing import Filed
from pipeline.collection.ledger import CountedSlot, Ledger, UnitLine
from pipeline.collection.totals import Total
from pipeline.collection.workbook.cells import (
    CENTRED,
    GREY,
    HEADING,
    PLAIN,
    Look,
    Paper,
    fit_row,
    merge,
    number_format,
    page_set_up,
    put,
    widths,
)
from pipeline.collection.workbook.slot_cells import slot_cell
from schemas.flow import State
from schemas.form import FormItem
from schemas.paths import turn_of

TITLES = ("单位", "行")
BEHIND = ("文件", "页")

# Widths of unit, number of row, file and page, and of the list's own columns.
UNIT, ROW, FILE, PAGE = 26.0, 6.0, 34.0, 6.0
FIGURE, WORDS = 14.0, 22.0


def list_sheet(paper: Paper, ledger: Ledger, totals: Mapping[str, Total], item: FormItem) -> None:
    """Every row of every unit in which anybody wrote, in the roster's order; the totals stay in sight on top."""
    titles = (*TITLES, *(slot.column for slot in item.slots), *BEHIND)
    own = [FIGURE if slot.kind.summed else WORDS for slot in item.slots]
    widths(paper, UNIT, ROW, *own, FILE, PAGE)
    merge(paper, 1, 1, 1, len(titles), item.heading or "明细", Look(bold=True, size=16, sides=""))
    paper.sheet.row_dimensions[1].height = 28
    for column, title in enumerate(titles, 1):
        put(paper, 2, column, title, HEADING)
    fit_row(paper, 2, *((slot.column, width) for slot, width in zip(item.slots, own, strict=True)))
    row = 4
    for line in ledger.lines:
        for turn, slots in _turns(line, item).items():
            _row(
                paper,
                row,
                line.unit.name,
                turn,
                [slots.get(slot.path.partition(".")[2]) for slot in item.slots],
                totals,
                item,
            )
            row += 1
    _total_row(paper, [totals[slot.path] for slot in item.slots], len(titles), row - 4)
    paper.sheet.auto_filter.ref = f"A2:{paper.sheet.cell(max(row - 1, 3), len(titles)).coordinate}"
    paper.sheet.freeze_panes = "C4"
    page_set_up(paper, wide=True, rows="2:3")


def _turns(line: UnitLine, item: FormItem) -> dict[int, dict[str, CountedSlot]]:
    """A unit's rows by number, each slot by its name; without those in which every slot is blank."""
    found: dict[int, dict[str, CountedSlot]] = {}
    for filed, slot in line.slots:
        head, _, name = slot.path.partition(".")
        if head.partition("[")[0] == item.key:
            found.setdefault(turn_of(slot.path), {})[name] = (filed, slot)
    written = {
        turn: slots for turn, slots in found.items() if any(slot.state is not State.BLANK for _, slot in slots.values())
    }
    return dict(sorted(written.items()))


def _row(
    paper: Paper,
    row: int,
    unit: str,
    turn: int,
    counted: Sequence[CountedSlot | None],
    totals: Mapping[str, Total],
    item: FormItem,
) -> None:
    put(paper, row, 1, unit, PLAIN)
    put(paper, row, 2, turn, CENTRED)
    texts = [(unit, UNIT)]
    filed: Filed | None = None
    seen: EffectiveSlot | None = None
    for column, (slot, one) in enumerate(zip(item.slots, counted, strict=True), len(TITLES) + 1):
        if one is not None:
            filed, seen = one
        value, look = slot_cell(None if one is None else one[1], totals[slot.path])
        put(paper, row, column, value, look)
        texts.append((str(value or ""), FIGURE if slot.kind.summed else WORDS))
    name = filed.stored.name if filed is not None else ""
    last = len(TITLES) + len(item.slots)
    put(paper, row, last + 1, name, PLAIN)
    put(paper, row, last + 2, seen.page if seen is not None else None, CENTRED)
    fit_row(paper, row, *texts, (name, FILE))


def _total_row(paper: Paper, totals: Sequence[Total], last: int, rows: int) -> None:
    """Totals on top of their columns; of words how many there are."""
    bold = Look(bold=True, across="center", fill=GREY)
    for column in range(1, last + 1):
        put(paper, 3, column, None, bold)
    put(paper, 3, 1, f"合计（{rows} 行）", bold)
    for column, total in enumerate(totals, len(TITLES) + 1):
        if total.slot.kind.summed:
            look = Look(bold=True, across="right", fill=GREY, number=number_format(total.decimals))
            put(paper, 3, column, total.value, look)
    paper.sheet.row_dimensions[3].height = 22
