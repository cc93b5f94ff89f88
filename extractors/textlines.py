"""What lines of text have in common, read from a text layer or from pixels: spaces, colour, the table they stand in."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.cells import find_cells
from extractors.ink import REDNESS, paper_colour
from extractors.rectify import rectify
from schemas.flow import Box, Cell, Image, Matrix, Page, PageChar
from schemas.text import TextLine, TextPage

# A line is red where this share of its ink is: black print under a seal stays below.
RED_SHARE = 0.6

# A table has so many ruled cells, covers these shares of the page's width and height, and has a cell of that share of its
# width: strokes of large letters enclose cells too, but small ones.
LEAST_CELLS, LEAST_WIDTH, LEAST_HEIGHT, LEAST_CELL = 2, 0.4, 0.04, 0.2

# White between two characters, in widths of one, from which it counts as a space. The recogniser's places are rough.
SPACE, DIGITAL_SPACE = 0.85, 0.25


def digital_page(page: Page) -> TextPage:
    """A born-digital page by its own characters; the page's picture tells the colour and where tables are."""
    height, width = page.pixels.shape[:2]
    upright = rectify(page)
    # A digital page is upright as it is: cells are found on it, characters keep their places.
    tall, wide = upright.gray.shape
    table = table_of(find_cells(upright), (wide, tall))
    inverse = np.linalg.inv(upright.to_source)
    lines = []
    for row in _rows(page.chars):
        text = "".join(char.text for char in row)
        boxes = [char.box for char in row for _ in char.text]
        spaced = with_spaces(text, (1.0,) * len(text), boxes, boxes, DIGITAL_SPACE)
        points = moved(np.array(spaced[2], np.float64).reshape(-1, 2), np.asarray(inverse, np.float64))
        shares = tuple((box[0] / width, box[1] / height, box[2] / width, box[3] / height) for box in spaced[2])
        frame = bounds(points)
        red = is_red(page.pixels, bounds(np.array(spaced[2]).reshape(-1, 2)))
        lines.append(TextLine(page.number, spaced[0], spaced[1], shares, frame=frame, red=red, tabled=within(frame, table)))
    return TextPage(page.number, (wide, tall), tuple(lines), top_of(table))


def with_spaces(
    text: str, probs: Sequence[float], boxes: Sequence[Box], frames: Sequence[Box], space: float
) -> tuple[str, tuple[float, ...], tuple[Box, ...]]:
    """The line with a space wherever there is room for more than a character, as between two names."""
    chars: list[str] = []
    sure: list[float] = []
    places: list[Box] = []
    wide = statistics.median(right - left for left, _, right, _ in frames) if frames else 0.0
    for place, char in enumerate(text):
        if place and frames[place][0] - frames[place - 1][2] > space * wide and " " not in (chars[-1], char):
            chars.append(" ")
            sure.append(1.0)
            places.append(boxes[place])
        chars.append(char)
        sure.append(probs[place])
        places.append(boxes[place])
    return "".join(chars), tuple(sure), tuple(places)


def is_red(picture: Image, frame: Box) -> bool:
    """Whether a line is printed in red."""
    left, top, right, bottom = (max(0, int(side)) for side in frame)
    part = picture[top:bottom, left:right]
    if part.size == 0:
        return False
    paper = paper_colour(part)
    shown = np.clip(part.astype(np.float32) * (255 / paper), 0, 255)
    dark = shown[:, :, 1] < 160
    count = int(np.count_nonzero(dark))
    if count < 20:
        return False
    red = shown[:, :, 2] - np.maximum(shown[:, :, 0], shown[:, :, 1]) > REDNESS
    return bool(np.count_nonzero(red & dark) > RED_SHARE * count)


def table_of(cells: Sequence[Cell], size: tuple[int, int]) -> list[Cell]:
    """The ruled cells of a page of this width and height, if they are a table."""
    ruled = [cell for cell in cells if cell.bounded]
    if len(ruled) < LEAST_CELLS:
        return []
    across, down = np.ptp(np.concatenate([cell.corners for cell in ruled]), axis=0) / size
    widest = max(float(np.ptp(cell.corners[:, 0])) for cell in ruled) / size[0]
    return ruled if across > LEAST_WIDTH and down > LEAST_HEIGHT and widest > LEAST_CELL else []


def within(frame: Box, table: Sequence[Cell]) -> bool:
    """Whether the middle of a line lies in a ruled cell."""
    x, y = (frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2
    return any(cv2.pointPolygonTest(cell.corners.astype(np.float32), (x, y), measureDist=False) >= 0 for cell in table)


def top_of(table: Sequence[Cell]) -> float | None:
    return float(min(cell.corners[:, 1].min() for cell in table)) if table else None


def _rows(chars: Sequence[PageChar]) -> list[list[PageChar]]:
    """Characters that stand beside each other, from left to right."""
    rows: list[list[PageChar]] = []
    for char in sorted(chars, key=lambda char: (char.box[1] + char.box[3]) / 2):
        middle = (char.box[1] + char.box[3]) / 2
        top, bottom = (rows[-1][-1].box[1], rows[-1][-1].box[3]) if rows else (0.0, 0.0)
        if abs(middle - (top + bottom) / 2) < (bottom - top) / 3:
            rows[-1].append(char)
        else:
            rows.append([char])
    return [sorted(row, key=lambda char: char.box[0]) for row in rows]


def moved(points: Matrix, by: Matrix) -> Matrix:
    """(n, 2) points moved by a homography."""
    return np.asarray(cv2.perspectiveTransform(points.reshape(-1, 1, 2), by), np.float64).reshape(-1, 2)


def bounds(points: NDArray[np.float64]) -> Box:
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom
