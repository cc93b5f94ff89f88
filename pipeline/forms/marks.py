"""Marks that recognisers do not spell: lines to write on, and boxes to tick, found by their pixels."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from extractors.ink import dark_pixels, line_to_gray
from extractors.underline import wipe_underlines
from schemas.flow import LINE_HEIGHT, Image, Line

# A box's side as a share of a line's height, least and greatest, and how much longer one side may be than the other.
LEAST_SIDE, MOST_SIDE, SQUARE = 0.3, 0.85, 1.35

# Of a box's inside so much is paper, of its frame so much is ink.
HOLLOW, FRAMED = 0.97, 0.85

# A line to write on is longer than this, in line pixels; shorter ones are feet of characters and dashes.
LEAST_LINE = 40.0


class Sign(NamedTuple):
    """A character or a mark on a line, and from where to where it reaches, in line pixels."""

    text: str
    left: float
    right: float


def line_to_signs(line: Line) -> tuple[Line, list[Sign]]:
    """A line without the lines to write on, and the marks on it: ＿＿ and □."""
    wiped = wipe_underlines(line)
    lines = [Sign("＿＿", one.left, one.right) for one in wiped.underlines if one.right - one.left >= LEAST_LINE]
    return wiped, [*lines, *(Sign("□", left, right) for left, right in find_boxes(dark_pixels(line_to_gray(wiped))))]


def find_boxes(ink: Image) -> list[tuple[float, float]]:
    """The left and right of every empty box in a line's ink (255 on 0): a square frame with nothing in it."""
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return []
    found = []
    for contour, (_, _, child, parent) in zip(contours, np.asarray(tree)[0].tolist(), strict=True):
        x, y, width, height = cv2.boundingRect(contour)
        long, short = max(width, height), min(width, height)
        if parent >= 0 or child < 0 or long > MOST_SIDE * LINE_HEIGHT or short < LEAST_SIDE * LINE_HEIGHT:
            continue
        if long <= SQUARE * short and _is_box(np.asarray(closed[y : y + height, x : x + width], np.uint8), contours[child]):
            found.append((float(x), float(x + width)))
    return found


def _is_box(ink: Image, hole: cv2.typing.MatLike) -> bool:
    """Whether ink is a frame on four sides around one square hole."""
    height, width = ink.shape
    _, _, inner_width, inner_height = cv2.boundingRect(hole)
    if inner_width < 0.5 * width or inner_height < 0.5 * height:
        return False
    if cv2.contourArea(hole) < 0.8 * inner_width * inner_height:
        return False
    band = max(int(0.2 * min(height, width)), 2)
    sides = (ink[:band].max(axis=0), ink[-band:].max(axis=0), ink[:, :band].max(axis=1), ink[:, -band:].max(axis=1))
    if min(float((side > 0).mean()) for side in sides) < FRAMED:
        return False
    inside = ink[band + 1 : height - band - 1, band + 1 : width - band - 1]
    return inside.size > 0 and float((inside == 0).mean()) >= HOLLOW
