"""Rules to intersections to cells, the way pdfplumber's `table.py` chains its geometry, on pixels.

A rule is kept as a polyline, not a straight line: paper bends, and each cell gets its own four corners.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.ink import dark_pixels
from schemas.flow import Cell, Image, Matrix, Upright

# Shortest piece of a rule, in working pixels: longer than the longest stroke of a 14 pt character (27 px).
MIN_PIECE = 42

# Widest gap that a rule may have and still be one, in working pixels: a seal's edge, a fold, a fax's dropout.
MAX_GAP = 48

# Pieces are collinear when they miss each other by at most this many working pixels where they should meet.
MAX_OFFSET = 5.0

# A rule may stop this many working pixels short of the rule it should meet.
REACH = 14.0

# Shortest rule that may bound a cell, in working pixels: the height of a one-line row.
MIN_RULE = 24.0

# Smallest cell, in working pixels: the double lines of a frame are closer.
MIN_CELL = 14.0


@dataclass(frozen=True, eq=False)
class Rule:
    """A ruled line as its middle: `across` at each whole `along` from `start`, in working pixels.

    For a horizontal rule along is x and across is y; for a vertical one the other way round.
    """

    start: int
    across: NDArray[np.float64]

    @property
    def end(self) -> int:
        return self.start + len(self.across) - 1

    def at(self, along: float) -> float:
        """Where the rule is across at a place along it; beyond its ends it goes on level."""
        place = min(max(round(along) - self.start, 0), len(self.across) - 1)
        return float(self.across[place])

    def reaches(self, along: float) -> bool:
        return self.start - REACH <= along <= self.end + REACH


def find_cells(upright: Upright) -> tuple[Cell, ...]:
    """The cells of every ruled table on a page, tables from top to bottom, cells row by row."""
    horizontal, vertical = find_rules(upright.gray)
    return rules_to_cells(horizontal, vertical)


def find_rules(gray: Image) -> tuple[list[Rule], list[Rule]]:
    """The horizontal and the vertical rules of an upright page."""
    dark = dark_pixels(gray)
    return _pieces_to_rules(_pieces(dark)), _pieces_to_rules(_pieces(np.ascontiguousarray(dark.T)))


def rules_to_cells(horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> tuple[Cell, ...]:
    """The smallest rectangles whose four corners are crossings and whose sides are rules."""
    crossings = _rules_to_crossings(horizontal, vertical)
    quads = _crossings_to_quads(crossings)
    return tuple(
        cell for number, group in enumerate(_quads_to_tables(quads)) for cell in _table_to_cells(number, group, crossings)
    )


def _pieces(dark: Image) -> list[Rule]:
    """Horizontal runs of ink too long for writing: the pieces that rules are made of."""
    # One dilation lets a rule of a single pixel climb by a pixel or two and stay in one run.
    thick = cv2.dilate(dark, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, MIN_PIECE), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    pieces = []
    for label in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[label])
        # A thick blot (a photo's dark edge, a filled bar) is no rule.
        if width < 2 * (area / width) or height > 0.25 * width + 8 or area / width > 14:
            continue
        mask = labels[y : y + height, x : x + width] == label
        weight = mask.sum(axis=0)
        middle = (mask * np.arange(y, y + height)[:, None]).sum(axis=0) / np.maximum(weight, 1)
        pieces.append(Rule(x, middle))
    return pieces


def _pieces_to_rules(pieces: Sequence[Rule]) -> list[Rule]:
    """Join pieces that go on in each other over small gaps, from left to right."""
    rules: list[Rule] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        fits = [rule for rule in rules if _goes_on(rule, piece)]
        if fits:
            best = min(fits, key=lambda rule: abs(piece.start - rule.end))
            rules.remove(best)
            rules.append(_join(best, piece))
        else:
            rules.append(piece)
    return [rule for rule in rules if rule.end - rule.start >= MIN_RULE]


def _goes_on(rule: Rule, piece: Rule) -> bool:
    """Whether a piece continues a rule: small gap or overlap, and level with the rule's own slope."""
    gap = piece.start - rule.end
    if gap > MAX_GAP or piece.end <= rule.end or gap < -4 * MAX_GAP:
        return False
    if gap <= 0:
        return abs(rule.at(piece.start) - piece.at(piece.start)) <= MAX_OFFSET
    ahead = rule.at(rule.end) + _slope(rule.across[-120:]) * gap
    behind = piece.at(piece.start) - _slope(piece.across[:120]) * gap
    return min(abs(ahead - piece.at(piece.start)), abs(behind - rule.at(rule.end))) <= MAX_OFFSET


def _slope(across: NDArray[np.float64]) -> float:
    return float(across[-1] - across[0]) / max(len(across) - 1, 1)


def _join(rule: Rule, piece: Rule) -> Rule:
    """One rule from two pieces; a gap between them is filled by a straight line."""
    kept = rule.across[: max(piece.start - rule.start, 1)]
    gap = piece.start - (rule.start + len(kept))
    bridge = np.linspace(kept[-1], piece.across[0], gap + 2)[1:-1] if gap > 0 else np.zeros(0)
    return Rule(rule.start, np.concatenate([kept, bridge, piece.across]))


Crossings = dict[tuple[int, int], tuple[float, float]]
"""(horizontal rule, vertical rule) to the (x, y) where they meet."""

Quad = tuple[int, int, int, int]
"""A cell by its rules: top, bottom, left, right."""


def _rules_to_crossings(horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> Crossings:
    crossings: Crossings = {}
    for i, across in enumerate(horizontal):
        for j, down in enumerate(vertical):
            x = down.at(across.at((across.start + across.end) / 2))
            for _ in range(2):
                y = across.at(x)
                x = down.at(y)
            if across.reaches(x) and down.reaches(y):
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


def _quads_to_tables(quads: Sequence[Quad]) -> list[list[Quad]]:
    """Cells that share rules belong to one table; a lone box is no table."""
    tables: list[tuple[set[tuple[str, int]], list[Quad]]] = []
    for quad in quads:
        rules = {("h", quad[0]), ("h", quad[1]), ("v", quad[2]), ("v", quad[3])}
        touching = [table for table in tables if table[0] & rules]
        merged = (rules.union(*(table[0] for table in touching)), [q for table in touching for q in table[1]] + [quad])
        tables = [table for table in tables if not any(table is other for other in touching)] + [merged]
    return [group for _, group in tables if len(group) > 1]


def _table_to_cells(number: int, quads: Sequence[Quad], crossings: Crossings) -> list[Cell]:
    """Cells with their place in the grid: rows and columns are counted by the distinct heights and sides of cells."""
    corners = {
        quad: np.array(
            [
                crossings[quad[0], quad[2]],
                crossings[quad[0], quad[3]],
                crossings[quad[1], quad[3]],
                crossings[quad[1], quad[2]],
            ]
        )
        for quad in quads
    }
    rows = _levels([value for quad in quads for value in (corners[quad][:2, 1].mean(), corners[quad][2:, 1].mean())])
    columns = _levels(
        [value for quad in quads for value in (corners[quad][[0, 3], 0].mean(), corners[quad][[1, 2], 0].mean())]
    )
    cells = []
    for quad in quads:
        points = corners[quad]
        top, bottom = (_level_of(points[side, 1].mean(), rows) for side in ([0, 1], [2, 3]))
        left, right = (_level_of(points[side, 0].mean(), columns) for side in ([0, 3], [1, 2]))
        cells.append(Cell(number, top, left, max(bottom - top, 1), max(right - left, 1), points))
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _levels(values: Sequence[float]) -> list[float]:
    """Distinct levels among values that differ a little: each is the mean of a run without a gap of MIN_CELL."""
    levels: list[list[float]] = []
    for value in sorted(float(value) for value in values):
        if levels and value - levels[-1][-1] < MIN_CELL:
            levels[-1].append(value)
        else:
            levels.append([value])
    return [sum(level) / len(level) for level in levels]


def _level_of(value: float, levels: Sequence[float]) -> int:
    return int(np.argmin([abs(value - level) for level in levels]))


def cell_size(cell: Cell) -> tuple[float, float]:
    """Width and height of a cell in working pixels."""
    top, right, bottom, left = (float(np.hypot(*(cell.corners[(side + 1) % 4] - cell.corners[side]))) for side in range(4))
    return max(top, bottom), max(right, left)


def corners_of(box: tuple[float, float, float, float]) -> Matrix:
    """A box as four corners, clockwise from the top left."""
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)
