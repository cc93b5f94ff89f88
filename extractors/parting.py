"""Cells over several columns whose writing keeps to the columns: there the rule between them has not been found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from extractors.lines import Flat, flatten
from extractors.paths import on_ink
from schemas.flow import Cell, Matrix, Upright

# A neighbour's corner parts a cell's side only this far from the cell's own corners, in working pixels.
FROM_CORNER = 30.0

# The way between two columns may lie off the rule's by this many working pixels and lean by as many; of it, no more than
# this share lies on writing. What is left of a rule has no ink BESIDE working pixels off it.
SWING, MOST_WRITING, BESIDE = 6, 0.03, 6

# Characters of one width leave white ways between them too: beside such a way ink is on most of the lines' height, beside
# one between two columns and their margins on less than this share. Where writing is no higher than ONE_LINE working pixels,
# a line of 14 pt, one character may be that narrow by chance: there it is MOST_WRITING.
CROWDED, ONE_LINE = 0.25, 30

# Writing begins within this many working pixels behind the way: a cell's margin and two characters.
NEAR = 48


def part_cells(upright: Upright, cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Cells of an upright page, those parted that hold two columns. Rows are as high as before."""
    parted: list[Cell] = []
    for _, group in groupby(cells, key=lambda cell: cell.table):
        table = list(group)
        parted += [part for cell in table for part in _part(upright, cell, table)]
    return tuple(parted)


def _part(upright: Upright, cell: Cell, table: Sequence[Cell]) -> list[Cell]:
    # Only headings are parted off: what parts another column may be parentheses that stand one below the other.
    if cell.column > 0 or cell.column_span < 2:
        return [cell]
    flat = flatten(upright, cell)
    for column, share in _boundaries(cell, table):
        way = _way(flat, share)
        if way is not None:
            return _cut(cell, flat, column, way)
    return [cell]


def _boundaries(cell: Cell, table: Sequence[Cell]) -> list[tuple[int, float]]:
    """Columns that begin within a cell, and at which share of its width: where neighbours above or below have corners."""
    found: dict[int, float] = {}
    for ends, corner in (((0, 1), 3), ((3, 2), 0)):
        start, stop = cell.corners[list(ends)]
        along = stop - start
        length = max(float(np.hypot(*along)), 1.0)
        for other in table:
            inside = cell.column < other.column < cell.column + cell.column_span
            touches = (other.row + other.row_span == cell.row) if corner == 3 else (cell.row + cell.row_span == other.row)
            if not (inside and touches):
                continue
            place = float((other.corners[corner] - start) @ along) / length
            if FROM_CORNER <= place <= length - FROM_CORNER:
                found.setdefault(other.column, place / length)
    return sorted(found.items())


def _way(flat: Flat, share: float) -> NDArray[np.float64] | None:
    """Where across a flattened cell the way between two columns runs, at each height; None where writing crosses it."""
    height, width = flat.ink.shape
    ink, along = flat.ink.T, np.arange(height)
    shifts = np.arange(-SWING, SWING + 1, 2)
    ways = np.array([share * width + np.linspace(top, low, height) for top in shifts for low in shifts])
    on = on_ink(ink, along, ways)
    beside = on_ink(ink, along, ways - BESIDE) | on_ink(ink, along, ways + BESIDE)
    writing = (on & beside).mean(axis=1)
    # Of equally white ways the one nearest to where the rule runs elsewhere.
    best = int(np.argmin(writing + 1e-4 * np.abs(ways - share * width).mean(axis=1)))
    behind = round(share * width) + SWING
    lines = (flat.ink[:, behind : behind + NEAR] > 0).any(axis=1)
    most = CROWDED if np.count_nonzero(lines) > ONE_LINE else MOST_WRITING
    if not lines.any() or beside[best][lines].mean() > most or writing[best] > MOST_WRITING:
        return None
    chosen: NDArray[np.float64] = ways[best]
    return chosen


def _cut(cell: Cell, flat: Flat, column: int, way: NDArray[np.float64]) -> list[Cell]:
    """The two parts of a cell on both sides of a way down its flattened picture."""
    heights = np.linspace(0, flat.ink.shape[0], 9)
    between = flat.mesh.at(np.column_stack([np.interp(heights, np.arange(len(way)), way), heights]))
    top, right, bottom, left = cell.sides or tuple(cell.corners[list(ends)] for ends in ((0, 1), (1, 2), (3, 2), (0, 3)))
    tops, bottoms = (_cut_side(side, point) for side, point in ((top, between[0]), (bottom, between[-1])))
    sides = ((tops[0], between, bottoms[0], left), (tops[1], right, bottoms[1], between))
    spans = ((cell.column, column - cell.column), (column, cell.column + cell.column_span - column))
    return [
        replace(
            cell, column=start, column_span=span, corners=np.stack([own[0][0], own[0][-1], own[2][-1], own[2][0]]), sides=own
        )
        for (start, span), own in zip(spans, sides, strict=True)
    ]


def _cut_side(side: Matrix, point: NDArray[np.float64]) -> tuple[Matrix, Matrix]:
    """A side from left to right up to a point, and from there on."""
    before = side[:, 0] < point[0]
    return np.concatenate([side[before], point[None]]), np.concatenate([point[None], side[~before]])
