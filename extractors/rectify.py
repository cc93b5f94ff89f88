"""A page to an upright one: skew and perspective undone by the vanishing points of its own rules and text lines.

The method is affine and metric rectification from two orthogonal vanishing points (Hartley and Zisserman, *Multiple View
Geometry*, 2nd ed., ch. 2.7 and 8.6). A table brings plenty of long straight lines, so no outline of the sheet is needed.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.redseals import fade_seals, find_seals
from schemas.flow import Image, Matrix, Page, Upright

# Long side of the upright picture in pixels: at A4 a 12 pt character is then 23 px high, enough to find lines and rules.
# Text is recognised from the page's own pixels, not from this picture.
WORKING_SIDE = 1600

# Long side in pixels of the picture that segments are sought in; the detector's time grows with the area.
SEGMENT_SIDE = 700

# Shortest segment that may speak for the page's direction, as a share of the long side: longer than a character.
MIN_SEGMENT = 0.04

# A segment belongs to a direction within this angle of it, in degrees: room for perspective, none for diagonals.
FAMILY_DEGREES = 20.0

# Segments that are off by this angle, in radians, lose half of their say in the vanishing point.
TOLERANCES = (0.05, 0.015, 0.005, 0.003)

# Most a side of the page may be stretched by undoing perspective; beyond it the fit has failed and only skew is undone.
MAX_STRETCH = 1.6


def rectify(page: Page) -> Upright:
    """Undo skew and perspective of a page. Which of the four sides is up is not decided here; see `turn`."""
    height, width = page.pixels.shape[:2]
    seals = find_seals(page.pixels)
    gray = _shrunk(fade_seals(page.pixels, seals), WORKING_SIDE)
    small = _shrunk(gray, SEGMENT_SIDE)
    shares = np.tile([width / small.shape[1], height / small.shape[0]], 2)
    centre = np.array([width / 2, height / 2])
    unit = max(height, width) / 2
    segments = (find_segments(small) * shares - np.tile(centre, 2)) / unit
    straighten = segments_to_homography(segments, aspect=(width / 2 / unit, height / 2 / unit))
    to_unit = np.array([[1 / unit, 0, -centre[0] / unit], [0, 1 / unit, -centre[1] / unit], [0, 0, 1]])
    return replace(_warp(page, gray, straighten @ to_unit), seals=seals)


def turn(upright: Upright, quarters: int) -> Upright:
    """The same page turned clockwise by quarters of a turn."""
    quarters %= 4
    if quarters == 0:
        return upright
    height, width = upright.gray.shape
    turned = np.ascontiguousarray(np.rot90(upright.gray, -quarters))
    back: Matrix = {
        1: np.array([[0.0, 1, 0], [-1, 0, height - 1], [0, 0, 1]]),
        2: np.array([[-1.0, 0, width - 1], [0, -1, height - 1], [0, 0, 1]]),
        3: np.array([[0.0, -1, width - 1], [1, 0, 0], [0, 0, 1]]),
    }[quarters]
    return replace(upright, gray=turned, to_source=upright.to_source @ back)


def find_segments(gray: Image) -> Matrix:
    """Straight segments longer than a character: float64 (n, 4) of x0, y0, x1, y1 in pixels."""
    # The picture has been averaged already: the detector need not shrink it once more.
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE, scale=1.0).detect(gray)[0]
    if found is None:
        return np.zeros((0, 4))
    segments = np.asarray(found, dtype=np.float64).reshape(-1, 4)
    lengths = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    kept: Matrix = segments[lengths > MIN_SEGMENT * max(gray.shape)]
    return kept


def segments_to_homography(segments: Matrix, *, aspect: tuple[float, float]) -> Matrix:
    """The homography that makes the two main directions of segments horizontal and vertical: float64 (3, 3).

    `segments` is (n, 4) in units where the page, centred on the origin, reaches ± `aspect` in x and y.
    """
    if len(segments) < 4:
        return np.eye(3)
    run, rise = segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]
    angles, lengths = np.degrees(np.arctan2(rise, run)), np.hypot(run, rise)
    skew = _dominant_angle(angles, lengths)
    across, down = (_family(segments, angles, direction) for direction in (skew, skew + 90.0))
    rotation = _rotation(-skew)
    if min(len(across), len(down)) < 2:
        return rotation
    straighten = _points_to_homography(_vanishing_point(across, skew), _vanishing_point(down, skew + 90.0))
    return straighten if _is_mild(straighten, rotation, aspect) else rotation


def _dominant_angle(angles: NDArray[np.float64], lengths: NDArray[np.float64]) -> float:
    """The direction, in degrees from -45 to 45, that most of the segments' length follows, squares counted as one."""
    folded = (angles + 45.0) % 90.0 - 45.0
    bins = np.arange(-45.0, 45.5, 0.5)
    histogram, _ = np.histogram(folded, bins, weights=lengths**2)
    smooth = sum(np.roll(histogram, shift) for shift in (-2, -1, 0, 1, 2))
    peak = bins[int(np.argmax(smooth))] + 0.25
    near = np.abs((folded - peak + 45.0) % 90.0 - 45.0) < 2.0
    offsets = (folded[near] - peak + 45.0) % 90.0 - 45.0
    return float(peak + np.average(offsets, weights=lengths[near] ** 2))


def _family(segments: Matrix, angles: NDArray[np.float64], direction: float) -> Matrix:
    """The segments along a direction, an angle in degrees."""
    away = np.abs((angles - direction + 90.0) % 180.0 - 90.0)
    kept: Matrix = segments[away < FAMILY_DEGREES]
    return kept


def _vanishing_point(segments: Matrix, direction: float) -> NDArray[np.float64]:
    """The homogeneous point (3,) that the segments' lines run to, by reweighted least squares from a direction."""
    ones = np.ones(len(segments))
    starts, ends = np.column_stack([segments[:, :2], ones]), np.column_stack([segments[:, 2:], ones])
    lines = np.cross(starts, ends)
    lengths = np.hypot(lines[:, 0], lines[:, 1])
    lines /= lengths[:, None]
    middles = (starts + ends) / 2
    point = np.array([np.cos(np.radians(direction)), np.sin(np.radians(direction)), 0.0])
    for tolerance in TOLERANCES:
        # What counts is the angle between a segment and the line from its middle to the point.
        toward = point[:2] - middles[:, :2] * point[2]
        error = (lines[:, :2] * toward).sum(axis=1) / np.maximum(np.hypot(toward[:, 0], toward[:, 1]), 1e-9)
        weights = lengths**2 / (1 + (error / tolerance) ** 2)
        point = np.linalg.eigh((lines * weights[:, None]).T @ lines)[1][:, 0]
    return point


def _points_to_homography(across: NDArray[np.float64], down: NDArray[np.float64]) -> Matrix:
    """The homography that sends one vanishing point to (±1, 0, 0) and the other to (0, ±1, 0)."""
    horizon = np.cross(across, down)
    if abs(horizon[2]) < 1e-6:
        return np.eye(3)
    perspective = np.array([[1.0, 0, 0], [0, 1, 0], horizon / horizon[2]])
    right, below = (perspective @ across)[:2], (perspective @ down)[:2]
    axes = np.column_stack([right / np.hypot(*right), below / np.hypot(*below)])
    axes *= np.sign(np.diag(axes)) + (np.diag(axes) == 0)
    affine = np.eye(3)
    affine[:2, :2] = np.linalg.inv(axes)
    result: Matrix = affine @ perspective
    return result


def _is_mild(straighten: Matrix, rotation: Matrix, aspect: tuple[float, float]) -> bool:
    """Whether no corner of the page moves out of reason against a plain rotation."""
    corners = np.array([[sx * aspect[0], sy * aspect[1], 1.0] for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    moved, turned = corners @ straighten.T, corners @ rotation.T
    if np.any(moved[:, 2] < 0.2):
        return False
    moved, turned = moved[:, :2] / moved[:, 2:], turned[:, :2]
    sides = np.hypot(*(moved - np.roll(moved, 1, axis=0)).T) / np.hypot(*(turned - np.roll(turned, 1, axis=0)).T)
    return bool(np.all(sides < MAX_STRETCH) and np.all(sides > 1 / MAX_STRETCH))


def _rotation(degrees: float) -> Matrix:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def _shrunk(gray: Image, side: int) -> Image:
    """A picture no larger than `side`, averaged: thin rules stay alive where a warp would step over them."""
    scale = side / max(gray.shape)
    if scale >= 1:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _warp(page: Page, gray: Image, straighten: Matrix) -> Upright:
    """Draw the upright picture at the working scale, the whole page in it; `gray` may be smaller than the page."""
    height, width = page.pixels.shape[:2]
    corners = np.array([[[0.0, 0], [width, 0], [width, height], [0, height]]])
    moved = cv2.perspectiveTransform(corners, straighten)[0]
    low, high = moved.min(axis=0), moved.max(axis=0)
    scale = WORKING_SIDE / float((high - low).max())
    fit = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale], [0, 0, 1]])
    to_upright = fit @ straighten
    size = np.ceil((high - low) * scale).astype(int)
    sampled = to_upright @ np.diag([width / gray.shape[1], height / gray.shape[0], 1.0])
    # Beyond the picture its edge goes on: a white border would look ruled.
    warped = cv2.warpPerspective(gray, sampled, (int(size[0]), int(size[1])), borderMode=cv2.BORDER_REPLICATE)
    back = np.asarray(np.linalg.inv(to_upright), dtype=np.float64)
    return Upright(page, np.asarray(warped, dtype=np.uint8), back)
