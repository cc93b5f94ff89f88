"""The column of text beside a column of headings, on a page without a grid: found by where its lines begin.

A gutter is a place that hardly any character covers and behind which many lines begin, straight down the page or leaning:
the white streams of T. Pavlidis and J. Zhou, "Page segmentation and classification", *CVGIP: Graphical Models and Image
Processing* 54, 1992, with the lines' beginnings in place of the white itself, which a ragged heading widens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractors.cells import corners_of
from extractors.characters import Characters, find_characters
from schemas.flow import Cell, Upright

# All that follows is in heights of a character.

# White from here on to the left of a character lets a line begin with it; the white between characters is 0.2.
BEGINS = 0.35

# A character covers the gutter that reaches this far beyond it on both sides: a long line of the headings may touch it.
COVERS = 0.2

# Text runs on over a gutter on lines that leave less than BEGINS white there: on so many for each line that begins, at most.
RUNS_ON = 0.25

# Beginnings of a column's lines lie within this width: an opening parenthesis or a quotation mark is set in.
ALIGNED = 0.8

# Characters this far apart may stand on one line: a slot with nothing in it is 3 wide. Their middles differ by no more than
# LEVEL: 一 is in the middle of its line, a comma at its foot.
LINE_GAP, LEVEL = 6.0, 0.45

# Room above the first and below the last line, and beside the column: less than the gutter.
ROOM, SIDE_ROOM = 0.6, 0.3

# Leanings of the gutter that are tried: what rectification may leave.
LEANS = np.linspace(-0.06, 0.06, 13)

# A column has so many lines at least, more than cover the gutter, and so many characters stand before it.
LEAST_LINES, LEAST_BEFORE = 4, 8

# Headings reach this far before the gutter at most. Of two gutters the straighter one is taken, unless at the other so many
# lines more begin for each unit of lean.
HEADINGS, STRAIGHT = 12.0, 20.0

# White between two lines of a column is at most this high: that between two items of a spacious form.
APART = 8.0

# Of a column's first lines, so many, one that begins this far behind the gutter is the column's heading.
HEADING, CENTRED = 5, 2.5

# Above a column, what has fewer characters in a row is a speck.
LEAST_LINE = 4

# Lines of fewer characters, or shorter than this share of the column, do not tell how a page bends. A column's top and
# bottom are polylines with so many points.
LEAST_FIT, LONG, KNOTS = 8, 0.6, 24


@dataclass(frozen=True, eq=False)
class Column:
    """A column of text beside headings, and what stands above both; as unbounded Cells. Nothing may stand above."""

    above: Cell | None
    cell: Cell


def find_column(upright: Upright) -> Column | None:
    """The column of text that stands beside a column of headings; None where there is none on the page."""
    chars = find_characters(upright.gray)
    gutter = _find_gutter(chars)
    if gutter is None:
        return None
    lean, place, top, bottom = gutter
    behind = chars.left >= place + lean * chars.level - 0.5 * ALIGNED * chars.size
    between = (chars.level > top) & (chars.level < bottom)
    column, headings = (chars.those(flags & between) for flags in (behind, ~behind))
    lines = _below_heading(column, _lines(column), lean, place)
    beside = [line for line in _lines(headings) if len(line) > 1]
    if len(lines) < LEAST_LINES or not beside:
        return None
    cell = _column_to_cell(column, lines, lean, place)
    left, right = float(headings.left[np.concatenate(beside)].min()), float(cell.corners[:, 0].max())
    start = float(cell.corners[:2, 1].min())
    over = chars.those((chars.right > left) & (chars.left < right) & (chars.bottom < start))
    return Column(_lines_to_cell(over, start), cell)


def _find_gutter(chars: Characters) -> tuple[float, float, float, float] | None:
    """Lean, place at the page's top, and the heights between which it parts two columns; None where there is none."""
    size, level = chars.size, chars.level
    full = chars.bottom - chars.top >= 0.6 * size
    starts = full & (_white_before(chars) >= BEGINS * size)
    best, found = 0.0, None
    for lean in LEANS:
        left, right = chars.left - lean * level, chars.right - lean * level
        places = np.sort(left[starts])
        edges = np.searchsorted(places, places + ALIGNED * size, side="right") - np.arange(len(places))
        for number in np.flatnonzero(edges >= max(LEAST_LINES, best)).tolist():
            place = float(places[number])
            covering = full & (left < place - COVERS * size) & (right > place + COVERS * size)
            before = int(np.count_nonzero(full & (right < place) & (right > place - HEADINGS * size)))
            score = float(edges[number] - covering.sum()) - STRAIGHT * abs(lean)
            if score > best and before >= LEAST_BEFORE:
                beginning = starts & (left >= place - 1) & (left <= place + ALIGNED * size)
                heights = _heights(level[covering], level[beginning], size)
                running = full & (left < place - COVERS * size) & (right > place - BEGINS * size)
                if heights and _between(level[running], heights) <= RUNS_ON * _between(level[beginning], heights):
                    best, found = score, (float(lean), place, *heights)
    return found


def _white_before(chars: Characters) -> NDArray[np.float64]:
    """How much white there is to the left of each character on its line, in working pixels."""
    level = chars.level
    white = np.full(len(level), np.inf)
    order = np.argsort(chars.left, kind="stable")
    for place, number in enumerate(order.tolist()):
        others = order[:place]
        near = others[np.abs(level[others] - level[number]) <= 0.6 * chars.size]
        if len(near):
            white[number] = max(chars.left[number] - float(chars.right[near].max()), 0.0)
    return white


def _heights(covering: NDArray[np.float64], starts: NDArray[np.float64], size: float) -> tuple[float, float] | None:
    """From where to where a gutter parts columns: from the first to the last stretch of beginnings that nothing covers."""
    walls = np.concatenate([[-np.inf], np.sort(covering), [np.inf]])
    counts = np.histogram(starts, np.clip(walls, -1e6, 1e6))[0]
    good = np.flatnonzero(counts >= LEAST_LINES)
    if len(good) == 0:
        return None
    top, bottom = walls[good[0]] + 0.5 * size, walls[good[-1] + 1] - 0.5 * size
    return float(max(top, starts.min() - 3 * size)), float(min(bottom, starts.max() + 6 * size))


def _between(levels: NDArray[np.float64], heights: tuple[float, float]) -> int:
    return int(np.count_nonzero((levels > heights[0]) & (levels < heights[1])))


def _lines(chars: Characters) -> list[NDArray[np.int64]]:
    """Characters of one line after the other, each from left to right, by their numbers."""
    level = chars.level
    ends: list[tuple[float, float, list[int]]] = []
    full = chars.bottom - chars.top >= 0.5 * chars.size
    for number in np.argsort(chars.left, kind="stable").tolist():
        if not full[number]:
            continue
        fits = [
            (abs(level[number] - height), place)
            for place, (right, height, _) in enumerate(ends)
            if chars.left[number] - right <= LINE_GAP * chars.size and abs(level[number] - height) <= LEVEL * chars.size
        ]
        if fits:
            place = min(fits)[1]
            right, height, members = ends[place]
            members.append(number)
            ends[place] = (max(right, float(chars.right[number])), 0.7 * height + 0.3 * float(level[number]), members)
        else:
            ends.append((float(chars.right[number]), float(level[number]), [number]))
    return [np.array(members) for _, _, members in ends]


def _below_heading(
    chars: Characters, lines: Sequence[NDArray[np.int64]], lean: float, place: float
) -> list[NDArray[np.int64]]:
    """The lines of a column, but for its heading, which stands in its middle, and what happens to stand above that.

    What is far from all others, grain of the desk below the sheet, is left out too.
    """
    far = np.array([chars.left[line[0]] - place - lean * chars.level[line[0]] for line in lines])
    # What stands alone is a line's only character at the gutter, elsewhere a speck.
    kept = [number for number, line in enumerate(lines) if len(line) > 1 or far[number] <= CENTRED * chars.size]
    lines, far = [lines[number] for number in kept], far[kept]
    slopes = [np.polyfit(chars.left[line], chars.level[line], 1)[0] for line in lines if len(line) >= LEAST_FIT]
    # Where lines slope, a heading in the middle may begin lower than the first line does.
    level = np.array([chars.level[line[0]] for line in lines]) - far * (float(np.median(slopes)) if slopes else 0.0)
    order = np.argsort(level, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(level[order]) > APART * chars.size) + 1)
    largest = max(groups, key=len)
    first = max((number + 1 for number, line in enumerate(largest[:HEADING]) if far[line] > CENTRED * chars.size), default=0)
    return [lines[line] for line in largest[first:].tolist()]


def _column_to_cell(chars: Characters, lines: Sequence[NDArray[np.int64]], lean: float, place: float) -> Cell:
    """The region of a column, its top and bottom bent as its lines are."""
    members = np.concatenate(lines)
    room, side = ROOM * chars.size, SIDE_ROOM * chars.size
    first, last = float(chars.top[members].min()), float(chars.bottom[members].max())
    left = min(place + lean * first, place + lean * last) - side
    right = float(chars.right[members].max()) + side
    bends = np.array(
        [
            np.polyfit((chars.left[line] + chars.right[line]) / 2 - left, chars.level[line], 2)[::-1]
            for line in lines
            if len(line) >= LEAST_FIT and np.ptp(chars.left[line]) > LONG * (right - left)
        ]
    )
    xs, middles = np.linspace(0.0, right - left, KNOTS), (chars.left + chars.right)[members] / 2 - left
    top = float((chars.top[members] - _bow(middles, first, bends)).min()) - room
    bottom = float((chars.bottom[members] - _bow(middles, last, bends)).max()) + room
    upper = np.column_stack([left + xs, top + _bow(xs, first, bends)])
    lower = np.column_stack([left + xs, bottom + _bow(xs, last, bends)])
    sides = (upper, np.stack([upper[-1], lower[-1]]), lower, np.stack([upper[0], lower[0]]))
    return Cell(0, 1, 1, 1, 1, np.stack([upper[0], upper[-1], lower[-1], lower[0]]), sides, bounded=False)


def _bow(xs: NDArray[np.float64], height: float, bends: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much lines at a height leave the level: their slopes and bends follow their heights evenly."""
    if len(bends) < LEAST_LINES:
        return np.zeros(len(xs))
    slope, bend = (_theil_sen(bends[:, 0], bends[:, power], height) for power in (1, 2))
    return np.asarray(slope * xs + bend * xs * xs, dtype=np.float64)


def _theil_sen(x: NDArray[np.float64], y: NDArray[np.float64], at: float) -> float:
    """The value at a place of the line through points of which a quarter may be far off."""
    runs, rises = x[:, None] - x, y[:, None] - y
    apart = runs > 0
    lean = float(np.median(rises[apart] / runs[apart]))
    return float(np.median(y - lean * x)) + lean * at


def _lines_to_cell(chars: Characters, below: float) -> Cell | None:
    """The region of the lines down to a height, specks left out; None where there are none."""
    members = [line for line in _lines(chars) if len(line) >= LEAST_LINE]
    if not members:
        return None
    chosen, room = np.concatenate(members), ROOM * chars.size
    left, right = float(chars.left[chosen].min()) - room, float(chars.right[chosen].max()) + room
    return Cell(0, 0, 0, 1, 1, corners_of((left, float(chars.top[chosen].min()) - room, right, below)), bounded=False)
