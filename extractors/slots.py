"""A placed slot to the pixels between its parentheses."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from extractors.ink import fade_seal, pen_share, seal_share
from schemas.flow import LINE_HEIGHT, Box, Image, Line, Placement

# How far beyond the recogniser's steps for the parentheses a crop reaches, in line pixels: a step is 8 pixels wide.
REACH = 6

# A component that begins within this many line pixels of where a parenthesis was seen, and is tall and narrow, is it.
PARENTHESIS_REACH = 9
PARENTHESIS_HEIGHT = 0.4 * LINE_HEIGHT
PARENTHESIS_WIDTH = 0.36 * LINE_HEIGHT

# Ink is darker than the paper by this share of the line's own contrast.
INK_DEPTH = 0.4

# Least contrast of a line with writing, of 255; below it there is only paper and noise.
LEAST_CONTRAST = 40.0

# Specks: smaller components, in line pixels, are dust.
SPECK = 7

# Ink between the parentheses from which somebody wrote something, in pixels of a line 48 high: a thin "1" has 60, dust
# and JPEG fringes stay under 25.
INK_OF_A_STROKE = 25

# Rows at the top and bottom of a line that belong to rules and neighbours, in line pixels.
EDGE = 4


@dataclass(frozen=True, eq=False)
class SlotCrop:
    """What stands between the parentheses: grey uint8 (LINE_HEIGHT, w) without them, and how much ink, seal and pen."""

    gray: Image
    ink: int
    seal: float
    pen: float


def slot_to_crop(placement: Placement) -> SlotCrop | None:
    """The pixels of a slot; None for a slot that was not found."""
    line = placement.line
    if line is None:
        return None
    left, right = _columns(line, placement.outer, REACH)
    bgr = line.bgr[:, left:right]
    gray = fade_seal(bgr).copy()
    paper, dark = _paper_and_dark(fade_seal(line.bgr), gray)
    kept = dark.copy()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    for label in range(1, count):
        x, _, width, height, area = (int(value) for value in stats[label])
        if area < SPECK or _is_parenthesis(x + left, width, height, placement):
            here = labels == label
            kept[here] = 0
            gray[cv2.dilate(here.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = paper
    kept[:EDGE] = kept[-EDGE:] = 0
    inner = kept[:, max(int(placement.inner[0]) - left - REACH, 0) : max(int(placement.inner[1]) - left + REACH, 1)]
    return SlotCrop(gray, int(np.count_nonzero(inner)), seal_share(bgr), pen_share(bgr, kept))


def slot_box(placement: Placement) -> Box | None:
    """A slot's box as fractions of the page as it came in; None for a slot that was not found."""
    line = placement.line
    if line is None:
        return None
    (left, right), width, height = placement.outer, *line.page_size
    top, bottom = 0.08 * LINE_HEIGHT, 0.92 * LINE_HEIGHT
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
    points = cv2.perspectiveTransform(corners, line.to_source)[0] / (width, height)
    (x0, y0), (x1, y1) = np.clip(points.min(axis=0), 0, 1), np.clip(points.max(axis=0), 0, 1)
    return float(x0), float(y0), float(x1), float(y1)


def _columns(line: Line, span: tuple[float, float], reach: int) -> tuple[int, int]:
    width = line.bgr.shape[1]
    left = min(max(int(span[0]) - reach, 0), width - 1)
    return left, min(max(int(round(span[1])) + reach, left + 1), width)


def _paper_and_dark(line: Image, gray: Image) -> tuple[int, Image]:
    """The line's paper level, and which of a crop's pixels are ink (255 on 0)."""
    paper, black = np.percentile(line, 85), np.percentile(line, 2)
    contrast = max(float(paper - black), LEAST_CONTRAST)
    return int(paper), np.where(gray < paper - INK_DEPTH * contrast, 255, 0).astype(np.uint8)


def _is_parenthesis(x: int, width: int, height: int, placement: Placement) -> bool:
    """Whether a component at a place on the line is one of the slot's own parentheses."""
    if height < PARENTHESIS_HEIGHT or width > PARENTHESIS_WIDTH:
        return False
    (left, right), (inner_left, inner_right) = placement.outer, placement.inner
    middle = x + width / 2
    opens = placement.parentheses[0] > 0 and middle < inner_left and x > left - PARENTHESIS_REACH
    closes = placement.parentheses[1] > 0 and middle > inner_right and x + width < right + PARENTHESIS_REACH
    return opens or closes
