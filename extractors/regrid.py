"""A table's cells without what was no rule of it: strokes of its words that stand in line, lines of the fields above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from extractors.cells import join_cells
from schemas.flow import Cell

# In a table of so many rows a column has a cell of its own in more than one.
LEAST_ROWS = 4


def join_parted(table: Sequence[Cell], cells: Sequence[Cell]) -> list[Cell]:
    """Some cells of a table of several columns, those made one that false rules part.

    In the band of a row, which the table's first column tells, what begins where few other rows' cells do goes on with the
    cell before it.
    """
    bands = [(cell.row, cell.row_span) for cell in table if cell.column == 0]
    begins = Counter(cell.column for cell in cells)
    true = {column for column, times in begins.items() if 2 * times >= len(bands)}
    joined: list[Cell] = []
    for row, span in bands:
        within = [cell for cell in cells if row <= cell.row < row + span]
        whole = sorted((cell for cell in within if cell.row_span == span), key=lambda cell: cell.column)
        starts = [place for place, cell in enumerate(whole) if cell.column in true or place == 0]
        # A row all of whose other cells are lower than it has none.
        parts = [whole[start:stop] for start, stop in zip(starts, [*starts[1:], len(whole)][: len(starts)], strict=True)]
        joined += [join_cells(part) for part in parts]
        # What is lower than its row lies between two parts of a cell, or is a cell of its own.
        ends = [(part[0].column, part[-1].column + part[-1].column_span) for part in parts if len(part) > 1]
        joined += [cell for cell in within if cell.row_span != span and not any(a <= cell.column < b for a, b in ends)]
    seen = {id(cell) for row, span in bands for cell in cells if row <= cell.row < row + span}
    joined += [cell for cell in cells if id(cell) not in seen]
    return sorted(joined, key=lambda cell: (cell.row, cell.column))


def without_false_columns(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a table, one for one, without columns that begin in a single cell: strokes of its words, one below the
    other, look like a rule."""
    begins = Counter(cell.column for cell in cells)
    rows = {cell.row for cell in cells}
    true = sorted(column for column, times in begins.items() if times > 1 or column == 0 or len(rows) < LEAST_ROWS)
    return [
        replace(
            cell,
            column=(first := sum(begin <= cell.column for begin in true) - 1),
            column_span=max(sum(begin < cell.column + cell.column_span for begin in true) - first, 1),
        )
        for cell in cells
    ]


def without_false_top(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a table of several columns but for those that lines of the fields above it make: rows that do not go from
    side to side, and cells in the first row over columns that have their own there."""
    last = max((cell.column + cell.column_span for cell in cells), default=0)
    kept = list(cells)
    while last > 2 and kept:
        top = min(cell.row for cell in kept)
        heads = [cell for cell in kept if cell.row == top]
        own = Counter(column for cell in heads for column in _columns_of(cell))
        if len(own) == last:
            wide = {id(cell) for cell in heads if cell.column_span > 1 and min(own[one] for one in _columns_of(cell)) > 1}
            return [cell for cell in kept if id(cell) not in wide]
        kept = [cell for cell in kept if cell.row > top]
    return kept or list(cells)


def _columns_of(cell: Cell) -> range:
    return range(cell.column, cell.column + cell.column_span)
