"""Rows of a table to pages, and where cells and lines then stand: points from a page's top left."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from samples.layout import Layout
from samples.typeset import Line
from schemas.flow import Box

PAGE = (595.28, 841.89)
"""A4, in points."""

# A full-width character's box over and under its baseline, in em, much the same in all print fonts.
ABOVE, BELOW = 0.88, 0.14


@dataclass(frozen=True)
class CellPlan:
    """Where a cell stands in its row: left, top, right, bottom as fractions of the table's width and the row's height.

    Its words are `centred`, or begin at its left. `slot` is the place in the return of the slot that the cell is, or -1.
    """

    box: Box
    centred: bool = True
    slot: int = -1


@dataclass(frozen=True)
class Row:
    """A row of the table: the heading row is 0, the n-th item n, a merged title -1; one column where cells are merged.

    Cells stand as `plans` say, one for each column; without plans there are one or two, parted as the layout says.
    """

    number: int
    columns: tuple[tuple[Line, ...], ...]
    plans: tuple[CellPlan, ...] = ()

    @property
    def lines(self) -> int:
        """How many lines high the row is."""
        if not self.plans:
            return max(len(column) for column in self.columns)
        high = (len(column) / (plan.box[3] - plan.box[1]) for column, plan in zip(self.columns, self.plans, strict=True))
        return max(1, math.ceil(max(high) - 1e-9))

    @property
    def may_split(self) -> bool:
        """Whether a page may end within the row: not within one of cells to fill, or of headings in two storeys."""
        return all(plan.slot < 0 and plan.box[1::2] == (0.0, 1.0) for plan in self.plans)


@dataclass(frozen=True)
class RowPart:
    """The part of a table row that stands on one page; `last` of the row's parts, `whole` where it is the only one."""

    page: int
    row: int
    columns: tuple[tuple[Line, ...], ...]
    top: float
    height: float
    whole: bool
    last: bool = True
    plans: tuple[CellPlan, ...] = ()


def fill_pages(rows: Iterable[Row], top: float, layout: Layout) -> Iterator[RowPart]:
    """Rows to pages: a row that does not fit is split or goes to the next page as a whole."""
    page = 1
    step = layout.size * layout.leading
    extra = 2 * layout.padding
    bottom = PAGE[1] - layout.margin_bottom
    for row in rows:
        if layout.break_after is not None and row.number == layout.break_after + 1:
            page, top = page + 1, layout.margin_top
        lines = row.lines
        height = (lines * step + extra) * (layout.stretch if row.number > 0 else 1)
        fit = int((bottom - top - extra) // step)
        if top + height <= bottom:
            yield RowPart(page, row.number, row.columns, top, height, True, plans=row.plans)
            top += height
        elif layout.split_rows and 1 <= fit < lines and row.may_split:
            upper = tuple(column[:fit] for column in row.columns)
            yield RowPart(page, row.number, upper, top, fit * step + extra, False, last=False, plans=row.plans)
            page, top = page + 1, layout.margin_top
            height = (lines - fit) * step + extra
            yield RowPart(
                page, row.number, tuple(column[fit:] for column in row.columns), top, height, False, plans=row.plans
            )
            top += height
        else:
            page, top = page + 1, layout.margin_top
            yield RowPart(page, row.number, row.columns, top, height, True, plans=row.plans)
            top += height


def cell_boxes(part: RowPart, layout: Layout) -> tuple[Box, ...]:
    """The rules of a row's cells, left to right."""
    left, right = layout.margin_x, PAGE[0] - layout.margin_x
    middle = left + (right - left) * layout.left_share
    lower = part.top + part.height
    if part.plans:
        return tuple(_planned(plan.box, left, part.top, right, lower) for plan in part.plans)
    if len(part.columns) == 1:
        return ((left, part.top, right, lower),)
    return (left, part.top, middle, lower), (middle, part.top, right, lower)


def _planned(box: Box, left: float, upper: float, right: float, lower: float) -> Box:
    width, height = right - left, lower - upper
    return left + box[0] * width, upper + box[1] * height, left + box[2] * width, upper + box[3] * height


def column_widths(layout: Layout) -> tuple[float, float]:
    """The widths of both cells' text."""
    free = PAGE[0] - 2 * layout.margin_x
    return free * layout.left_share - 2 * layout.padding, free * (1 - layout.left_share) - 2 * layout.padding


def line_places(part: RowPart, column: int, layout: Layout) -> Iterator[tuple[Line, float, float]]:
    """Lines of a cell with x of their left edge and y of their baseline."""
    left, upper, right, lower = cell_boxes(part, layout)[column]
    step = layout.size * layout.leading
    lines = part.columns[column]
    free = lower - upper - len(lines) * step
    plan = part.plans[column] if part.plans else None
    centred = part.whole and (plan is not None or column == 1 or layout.left_centred)
    start = upper + (free / 2 if centred else layout.padding)
    for place, line in enumerate(lines):
        x = left + layout.padding
        if (part.row <= 0 or (plan is not None and plan.centred)) and line:
            x = (left + right - line[-1].right) / 2
        yield line, x, start + place * step + (step - layout.size) / 2 + ABOVE * layout.size
