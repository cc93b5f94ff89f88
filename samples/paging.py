"""Rows of a table to pages, and where cells and lines then stand: points from a page's top left."""

from __future__ import annotations

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
class Row:
    """A row of the table: the heading row is 0, the n-th item n, a merged title -1; one column where cells are merged."""

    number: int
    columns: tuple[tuple[Line, ...], ...]


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


def fill_pages(rows: Iterable[Row], top: float, layout: Layout) -> Iterator[RowPart]:
    """Rows to pages: a row that does not fit is split or goes to the next page as a whole."""
    page = 1
    step = layout.size * layout.leading
    extra = 2 * layout.padding
    bottom = PAGE[1] - layout.margin_bottom
    for row in rows:
        if layout.break_after is not None and row.number == layout.break_after + 1:
            page, top = page + 1, layout.margin_top
        lines = max(len(column) for column in row.columns)
        height = (lines * step + extra) * (layout.stretch if row.number > 0 else 1)
        fit = int((bottom - top - extra) // step)
        if top + height <= bottom:
            yield RowPart(page, row.number, row.columns, top, height, True)
            top += height
        elif layout.split_rows and 1 <= fit < lines:
            upper = tuple(column[:fit] for column in row.columns)
            yield RowPart(page, row.number, upper, top, fit * step + extra, False, last=False)
            page, top = page + 1, layout.margin_top
            height = (lines - fit) * step + extra
            yield RowPart(page, row.number, tuple(column[fit:] for column in row.columns), top, height, False)
            top += height
        else:
            page, top = page + 1, layout.margin_top
            yield RowPart(page, row.number, row.columns, top, height, True)
            top += height


def cell_boxes(part: RowPart, layout: Layout) -> tuple[Box, ...]:
    """The rules of a row's cells, left to right."""
    left, right = layout.margin_x, PAGE[0] - layout.margin_x
    middle = left + (right - left) * layout.left_share
    lower = part.top + part.height
    if len(part.columns) == 1:
        return ((left, part.top, right, lower),)
    return (left, part.top, middle, lower), (middle, part.top, right, lower)


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
    centred = part.whole and (column == 1 or layout.left_centred)
    start = upper + (free / 2 if centred else layout.padding)
    for place, line in enumerate(lines):
        x = left + layout.padding
        if part.row <= 0 and line:
            x = (left + right - line[-1].right) / 2
        yield line, x, start + place * step + (step - layout.size) / 2 + ABOVE * layout.size
