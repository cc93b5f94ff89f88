"""Regions without rules of their own: the strip above a table, and columns of text on a page without a grid."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from extractors.cells import corners_of
from extractors.columns import find_column
from extractors.ink import dark_pixels, flags_to_runs
from schemas.flow import Cell, Image, Matrix, Upright

# Ink closer than this many working pixels side by side belongs to one line: a blank slot's room, two characters of 12 pt.
LINE_GAP = 41

# Smallest and largest text line in working pixels, and the least length of one: two characters.
MIN_LINE, MAX_LINE, MIN_LENGTH = 9, 60, 30

# Two columns are at least this many working pixels apart; this share of the lines that pass there, and no fewer than so
# many, leave the place white.
MIN_GUTTER, GUTTER_SHARE, LEAST_LINES = 8, 0.7, 4

# Lines belong to one block where the white between them is less than this multiple of their height, and where the shorter
# one lies by this share within the other.
BLOCK_GAP, OVERLAP = 1.6, 0.6

# Lines of a column begin within so many working pixels of each other: a paragraph's first is moved in by two characters.
ALIGNED = 50

# Room around a block in working pixels, for the ink's edges.
ROOM = 6.0


def strip_above(table: Sequence[Cell], height: float, margin: float) -> Cell:
    """The strip of this height above a table, or up to the page's edge, bent as the table's top rule is.

    It reaches beyond the table's sides by a margin.
    """
    top_row = min(cell.row for cell in table)
    heads = sorted((cell for cell in table if cell.row == top_row), key=lambda cell: cell.column)
    base = np.concatenate([_top(cell) for cell in heads])
    base = base[np.argsort(base[:, 0], kind="stable")]
    base = base[np.concatenate([[True], np.diff(base[:, 0]) > 0.5])]
    height = max(min(height, float(base[:, 1].min())), 1.0)
    lean = (base[-1] - base[0]) / max(float(np.hypot(*(base[-1] - base[0]))), 1e-9)
    ends = [base[:1] - margin * lean, base[-1:] + margin * lean]
    base = np.concatenate([ends[0], base, ends[1]])
    lid = base - np.array([0.0, height])
    left, right = np.stack([lid[0], base[0]]), np.stack([lid[-1], base[-1]])
    corners = np.stack([lid[0], lid[-1], base[-1], base[0]])
    return Cell(heads[0].table, 0, 0, 1, 1, corners, (lid, right, base, left), bounded=False)


def find_blocks(upright: Upright) -> tuple[Cell, ...]:
    """Columns and paragraphs of text, for a page whose grid is too faint or that has none: from top to bottom.

    Each is an unbounded Cell of table 0 with its own row, in column 0 or, where another block stands to its left at the same
    height, the next one. Beside a column of headings the text is one block and the headings are none: no white tells where
    one item ends, the sentences do.
    """
    column = find_column(upright)
    if column is not None:
        return (column.above, column.cell) if column.above is not None else (column.cell,)
    boxes = _lines(_text_ink(upright.gray))
    blocks = _lines_to_blocks(boxes)
    blocks.sort(key=lambda box: (box[1], box[0]))
    cells = []
    for row, (left, top, right, bottom) in enumerate(blocks):
        beside = sum(
            1
            for x0, y0, x1, y1 in blocks
            if x1 <= left and min(y1, bottom) - max(y0, top) > 0.5 * min(bottom - top, y1 - y0)
        )
        corners = corners_of((left - ROOM, top - ROOM, right + ROOM, bottom + ROOM))
        cells.append(Cell(0, row, beside, 1, 1, corners, (), bounded=False))
    return tuple(cells)


def _top(cell: Cell) -> Matrix:
    return cell.sides[0] if cell.sides else cell.corners[:2]


def _text_ink(gray: Image) -> Image:
    """Ink without long straight strokes: rules, a sheet's edges."""
    dark = dark_pixels(gray)
    for shape in ((1, 60), (60, 1)):
        long = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(shape, np.uint8))
        dark = np.asarray(cv2.subtract(dark, cv2.dilate(long, np.ones((3, 3), np.uint8))), dtype=np.uint8)
    return np.asarray(cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((2, 1), np.uint8)), dtype=np.uint8)


def _lines(ink: Image) -> list[tuple[int, int, int, int]]:
    """Text lines as boxes: ink smeared sideways, what is neither too low nor too high nor too short."""
    smeared = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, LINE_GAP), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(smeared, connectivity=4)
    left, top, width, height, area = stats[1:].T
    text = (height >= MIN_LINE) & (height <= MAX_LINE) & (width >= MIN_LENGTH) & (area >= 0.3 * width * height)
    boxes = np.stack([left, top, left + width, top + height], axis=1)[text]
    return _cut_at_gutters([(int(x0), int(y0), int(x1), int(y1)) for x0, y0, x1, y1 in boxes.tolist()], ink)


def _cut_at_gutters(boxes: Sequence[tuple[int, int, int, int]], ink: Image) -> list[tuple[int, int, int, int]]:
    """Lines parted where most lines that pass a place leave it white: the room between two columns."""
    gaps = [_gaps(ink[y0:y1, x0:x1], x0) for x0, y0, x1, y1 in boxes]
    white, passing = np.zeros(ink.shape[1] + 1, np.int32), np.zeros(ink.shape[1] + 1, np.int32)
    for (x0, _, x1, _), own in zip(boxes, gaps, strict=True):
        passing[x0:x1] += 1
        for start, stop in own:
            white[start:stop] += 1
    gutters = flags_to_runs(np.asarray((white >= LEAST_LINES) & (white >= GUTTER_SHARE * passing), np.bool_))
    parted = []
    for (x0, y0, x1, y1), own in zip(boxes, gaps, strict=True):
        ends = [
            gap
            for gap in own
            if any(min(gap[1], stop) - max(gap[0], start) >= 0.5 * min(stop - start, MIN_GUTTER) for start, stop in gutters)
        ]
        lefts, rights = [x0, *(stop for _, stop in ends)], [*(start for start, _ in ends), x1]
        parted += [(left, y0, right, y1) for left, right in zip(lefts, rights, strict=True)]
    return parted


def _gaps(ink: Image, left: int) -> list[tuple[int, int]]:
    """Where a line leaves more white than between its characters, half-open, in pixels of the page."""
    gaps = flags_to_runs(np.asarray(~(ink > 0).any(axis=0), np.bool_))
    return [(left + start, left + stop) for start, stop in gaps if stop - start >= MIN_GUTTER]


def _lines_to_blocks(boxes: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Lines one below the other, grouped: each joins the block above it that is near enough and in the same column."""
    blocks: list[tuple[int, int, int, int, int]] = []
    for left, top, right, bottom in sorted(boxes, key=lambda box: box[1]):
        high = bottom - top
        for place, (x0, y0, x1, y1, last) in enumerate(blocks):
            shared = min(right, x1) - max(left, x0)
            near = top - y1 <= BLOCK_GAP * max(high, last) and abs(left - x0) <= ALIGNED
            if near and shared >= OVERLAP * min(right - left, x1 - x0):
                blocks[place] = (min(left, x0), y0, max(right, x1), max(bottom, y1), high)
                break
        else:
            blocks.append((left, top, right, bottom, high))
    return [(x0, y0, x1, y1) for x0, y0, x1, y1, _ in blocks]
