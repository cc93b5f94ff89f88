"""A placed slot to the pixels between its parentheses."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.ink import fade_seal, pen_share, seal_share
from schemas.flow import LINE_HEIGHT, Box, Image, Line, Placement

# How far beyond the recogniser's steps for the parentheses a crop reaches, in line pixels: a step is 8 pixels wide.
REACH = 6

# A tall and narrow component whose middle is within this many line pixels of the step where a parenthesis was seen is it:
# two steps, for the recogniser may see a character a step early or late.
PARENTHESIS_REACH = 16
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
    # Closing joins the pieces of a thin parenthesis that a scan has broken up.
    whole = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((7, 3), np.uint8))
    _, labels, table, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    stats = np.asarray(table, dtype=np.int32)
    parentheses = _parentheses(stats, left, placement)
    for label in range(1, len(stats)):
        if stats[label, cv2.CC_STAT_AREA] < SPECK or label in parentheses:
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
    return left, min(max(round(span[1]) + reach, left + 1), width)


def _paper_and_dark(line: Image, gray: Image) -> tuple[int, Image]:
    """The line's paper level, and which of a crop's pixels are ink (255 on 0)."""
    paper, black = np.percentile(line, 85), np.percentile(line, 2)
    contrast = max(float(paper - black), LEAST_CONTRAST)
    return int(paper), np.where(gray < paper - INK_DEPTH * contrast, 255, 0).astype(np.uint8)


def _parentheses(stats: NDArray[np.int32], start: int, placement: Placement) -> set[int]:
    """Labels of the components that are the slot's own parentheses: on each side the nearest to where one was seen.

    `stats` is OpenCV's component table of a crop that starts at `start` on the line.
    """
    found = set()
    for side in (0, 1):
        if not placement.parentheses[side]:
            continue
        seen = (placement.outer[side] + placement.inner[side]) / 2 - start
        away = {
            label: abs(x + width / 2 - seen)
            for label, (x, _, width, height, _) in enumerate(stats.tolist())
            if label and height >= PARENTHESIS_HEIGHT and width <= PARENTHESIS_WIDTH and label not in found
        }
        nearest = min(away, key=lambda label: away[label], default=None)
        if nearest is not None and away[nearest] <= PARENTHESIS_REACH:
            found.add(nearest)
    return found
