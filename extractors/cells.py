"""Rules to crossings to cells, the way pdfplumber's `table.py` chains its geometry, on pixels.

Rules are polylines, not straight lines: paper bends, and each cell gets its own four sides. Sides that nobody ruled, an open
table's or a page end's, are concluded from where the others stop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.joining import Rule, rule_points
from extractors.ruling import find_rules
from extractors.sides import add_open_sides
from schemas.flow import Cell, Matrix, Upright

# A rule may stop this many working pixels short of the rule it should meet.
REACH = 14.0

# Smallest cell, in working pixels: the double lines of a frame are closer.
MIN_CELL = 14.0

# Shortest long side of a table, in working pixels: seven characters of 12 pt. A desk's grain and boxed words make smaller
# ones. One much smaller than another on the page is no form either.
MIN_TABLE, NARROW = 160.0, 0.4

# A cell most of which smaller cells cover is no cell: a crossing of its own was missed.
COVERED = 0.3

Crossings = dict[tuple[int, int], tuple[float, float]]
"""(horizontal rule, vertical rule) to the (x, y) where they meet."""

Quad = tuple[int, int, int, int]
"""A cell by its rules: top, bottom, left, right."""


def find_cells(upright: Upright) -> tuple[Cell, ...]:
    """The cells of every ruled table on a page, tables from top to bottom, cells row by row."""
    horizontal, vertical = find_rules(upright)
    return rules_to_cells(horizontal, vertical)


def rules_to_cells(horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> tuple[Cell, ...]:
    """The smallest regions whose four corners are crossings and whose sides are rules."""
    horizontal, vertical = add_open_sides(horizontal, vertical, rules_to_crossings(horizontal, vertical))
    crossings = rules_to_crossings(horizontal, vertical)
    quads = _without_covered(_crossings_to_quads(crossings), crossings)
    tables = [
        cells
        for group in _quads_to_tables(quads)
        if (cells := _table_to_cells(group, crossings, horizontal, vertical)) and _extent(cells) >= MIN_TABLE
    ]
    widest = max((_extent(cells) for cells in tables), default=0.0)
    tables = [cells for cells in tables if _extent(cells) >= NARROW * widest]
    tables.sort(key=lambda cells: min(float(cell.corners[:, 1].min()) for cell in cells))
    return tuple(replace(cell, table=number) for number, cells in enumerate(tables) for cell in cells)


def turn_cells(cells: Sequence[Cell], quarters: int, width: int, height: int) -> tuple[Cell, ...]:
    """The cells of a page of this size, turned clockwise by quarters of a turn as `rectify.turn` turns the page."""
    quarters %= 4
    if quarters == 0:
        return tuple(cells)
    move: Callable[[Matrix], Matrix] = {
        1: lambda points: np.column_stack([height - 1 - points[:, 1], points[:, 0]]),
        2: lambda points: (width - 1, height - 1) - points,
        3: lambda points: np.column_stack([points[:, 1], width - 1 - points[:, 0]]),
    }[quarters]
    tables: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        tables[cell.table].append(cell)
    turned = [[_turn_cell(cell, quarters, move, table) for cell in table] for table in tables.values()]
    turned.sort(key=lambda table: min(float(cell.corners[:, 1].min()) for cell in table))
    return tuple(
        replace(cell, table=number)
        for number, table in enumerate(turned)
        for cell in sorted(table, key=lambda cell: (cell.row, cell.column))
    )


def join_cells(cells: Sequence[Cell]) -> Cell:
    """One cell from several side by side, from left to right: what a false rule between them has parted."""
    first, last = cells[0], cells[-1]
    if len(cells) == 1:
        return first
    corners = np.stack([first.corners[0], last.corners[1], last.corners[2], first.corners[3]])
    sides: tuple[Matrix, ...] = ()
    if all(cell.sides for cell in cells):
        top, bottom = (np.concatenate([cell.sides[side] for cell in cells]) for side in (0, 2))
        sides = (top, last.sides[1], bottom, first.sides[3])
    span = last.column + last.column_span - first.column
    return replace(first, column_span=span, corners=corners, sides=sides)


def cell_size(cell: Cell) -> tuple[float, float]:
    """Width and height of a cell in working pixels."""
    top, right, bottom, left = (float(np.hypot(*(cell.corners[(side + 1) % 4] - cell.corners[side]))) for side in range(4))
    return max(top, bottom), max(right, left)


def corners_of(box: tuple[float, float, float, float]) -> Matrix:
    """A box as four corners, clockwise from the top left."""
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)


def rules_to_crossings(horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> Crossings:
    """Where rules meet, or would if they went on for REACH."""
    crossings: Crossings = {}
    for i, across in enumerate(horizontal):
        for j, down in enumerate(vertical):
            x = down.at(across.at((across.start + across.end) / 2))
            for _ in range(3):
                y = across.at(x)
                x = down.at(y)
            if across.start - REACH <= x <= across.end + REACH and down.start - REACH <= y <= down.end + REACH:
                crossings[i, j] = (x, y)
    return crossings


def _crossings_to_quads(crossings: Crossings) -> list[Quad]:
    """For each crossing as a top left corner the smallest cell that closes, as pdfplumber's intersections_to_cells."""
    on_horizontal: dict[int, list[int]] = defaultdict(list)
    on_vertical: dict[int, list[int]] = defaultdict(list)
    for i, j in crossings:
        on_horizontal[i].append(j)
        on_vertical[j].append(i)
    quads = []
    for (top, left), (x, y) in crossings.items():
        rights = sorted((crossings[top, j][0], j) for j in on_horizontal[top] if crossings[top, j][0] > x + MIN_CELL)
        below = sorted((crossings[i, left][1], i) for i in on_vertical[left] if crossings[i, left][1] > y + MIN_CELL)
        quad = next(
            ((top, bottom, left, right) for _, bottom in below for _, right in rights if (bottom, right) in crossings),
            None,
        )
        if quad is not None:
            quads.append(quad)
    return quads


def _corners(quad: Quad, crossings: Crossings) -> Matrix:
    top, bottom, left, right = quad
    return np.array([crossings[top, left], crossings[top, right], crossings[bottom, right], crossings[bottom, left]])


def _without_covered(quads: Sequence[Quad], crossings: Crossings) -> list[Quad]:
    """Quads but for those that smaller ones cover: of two rules drawn close together, or where a crossing was missed."""
    outlines = [_corners(quad, crossings).astype(np.float32) for quad in quads]
    sizes = np.array([cv2.contourArea(outline) for outline in outlines])
    middles = [outline.mean(axis=0) for outline in outlines]
    kept: list[int] = []
    for place in np.argsort(sizes, kind="stable").tolist():
        within = [other for other in kept if cv2.pointPolygonTest(outlines[place], middles[other].tolist(), False) > 0]
        if sum(sizes[other] for other in within) <= COVERED * sizes[place]:
            kept.append(place)
    return [quads[place] for place in sorted(kept)]


def _quads_to_tables(quads: Sequence[Quad]) -> list[list[Quad]]:
    """Cells that share rules belong to one table; a lone box is no table."""
    tables: list[tuple[set[tuple[str, int]], list[Quad]]] = []
    for quad in quads:
        rules = {("h", quad[0]), ("h", quad[1]), ("v", quad[2]), ("v", quad[3])}
        touching = [table for table in tables if table[0] & rules]
        merged = (rules.union(*(table[0] for table in touching)), [q for table in touching for q in table[1]] + [quad])
        tables = [table for table in tables if not any(table is other for other in touching)] + [merged]
    return [group for _, group in tables if len(group) > 1]


def _table_to_cells(
    quads: Sequence[Quad], crossings: Crossings, horizontal: Sequence[Rule], vertical: Sequence[Rule]
) -> list[Cell]:
    """Cells with their place in the grid: rows and columns are counted by the distinct heights and sides of cells."""
    corners = np.array([_corners(quad, crossings) for quad in quads])
    heights = _flattened(corners, [horizontal[rule] for rule in {rule for quad in quads for rule in quad[:2]}])
    sides = _flattened(corners[:, :, ::-1], [vertical[rule] for rule in {rule for quad in quads for rule in quad[2:]}])
    edges = np.stack([heights[:, :2].mean(1), heights[:, 2:].mean(1), sides[:, [0, 3]].mean(1), sides[:, [1, 2]].mean(1)], 1)
    rows, columns = _levels(edges[:, :2].ravel()), _levels(edges[:, 2:].ravel())
    cells = []
    for quad, points, (high, low, near, far) in zip(quads, corners, edges, strict=True):
        top, bottom = _level_of(high, rows), _level_of(low, rows)
        left, right = _level_of(near, columns), _level_of(far, columns)
        bent = _sides(points, quad, horizontal, vertical)
        cells.append(Cell(0, top, left, max(bottom - top, 1), max(right - left, 1), points, bent))
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _flattened(corners: NDArray[np.float64], rules: Sequence[Rule]) -> NDArray[np.float64]:
    """How far corners (n, 4, (along, across)) lie across, the bend of the outermost long rules taken out: (n, 4)."""
    longest = max(len(rule.across) for rule in rules)
    long = [rule for rule in rules if len(rule.across) >= 0.6 * longest]
    long.sort(key=lambda rule: float(np.mean(rule.across)))
    along, across = corners[..., 0], corners[..., 1]
    first, last = (np.vectorize(rule.at)(along) for rule in (long[0], long[-1]))
    span = float(np.mean(last - first))
    if span < MIN_CELL:
        flat: NDArray[np.float64] = across - first
        return flat
    share: NDArray[np.float64] = (across - first) / np.maximum(last - first, 1.0)
    return share * span


def _sides(points: Matrix, quad: Quad, horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> tuple[Matrix, ...]:
    """Top, right, bottom and left of a cell along its rules, each from corner to corner."""
    top, bottom, left, right = quad
    ends = ((0, 1), (1, 2), (3, 2), (0, 3))
    sides = []
    for rule, (start, end), upright in (
        (horizontal[top], ends[0], False),
        (vertical[right], ends[1], True),
        (horizontal[bottom], ends[2], False),
        (vertical[left], ends[3], True),
    ):
        axis = int(upright)
        side = rule_points(rule, points[start, axis], points[end, axis])
        side = side[:, ::-1].copy() if upright else side
        side[0], side[-1] = points[start], points[end]
        sides.append(side)
    return tuple(sides)


def _levels(values: NDArray[np.float64]) -> list[float]:
    """Distinct levels among values that differ a little: each is the mean of a run without a gap of MIN_CELL."""
    levels: list[list[float]] = []
    for value in sorted(values.tolist()):
        if levels and value - levels[-1][-1] < MIN_CELL:
            levels[-1].append(value)
        else:
            levels.append([value])
    return [sum(level) / len(level) for level in levels]


def _level_of(value: float, levels: Sequence[float]) -> int:
    return int(np.argmin([abs(value - level) for level in levels]))


def _extent(cells: Sequence[Cell]) -> float:
    points = np.concatenate([cell.corners for cell in cells])
    return float(np.ptp(points, axis=0).max())


def _turn_cell(cell: Cell, quarters: int, move: Callable[[Matrix], Matrix], table: Sequence[Cell]) -> Cell:
    """A cell turned; rows become columns at one quarter and three, and are counted from the other end as needed."""
    rows = max(one.row + one.row_span for one in table)
    columns = max(one.column + one.column_span for one in table)
    last_row, last_column = rows - cell.row - cell.row_span, columns - cell.column - cell.column_span
    row, column = {1: (cell.column, last_row), 2: (last_row, last_column), 3: (last_column, cell.row)}[quarters]
    spans = (cell.row_span, cell.column_span) if quarters == 2 else (cell.column_span, cell.row_span)
    corners = np.roll(move(cell.corners), quarters, axis=0)
    sides: tuple[Matrix, ...] = ()
    if cell.sides:
        # Clockwise all round, turned, then each again in its own direction.
        top, right, bottom, left = cell.sides
        round_ = [move(side) for side in (top, right, bottom[::-1], left[::-1])]
        top, right, bottom, left = (round_[(place - quarters) % 4] for place in range(4))
        sides = (top, right, bottom[::-1], left[::-1])
    return Cell(cell.table, row, column, spans[0], spans[1], corners, sides, cell.bounded)
