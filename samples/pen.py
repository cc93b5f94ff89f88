"""A pen on paper: strokes to ink of a colour and a width, as even or as worn as the pen is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.paging import PAGE
from samples.strokes import Stroke
from schemas.flow import Box, Image

_FINE = 6
"""Parts of a pixel in which strokes are drawn, across and down: the edge of a thin line must not be a staircase."""

_SHOWN = 0.2
"""Least share of a pen's own darkness at which a pixel counts as ink."""

_POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Pen:
    """Colour BGR, width in mm, darkness 0 to 1.

    `pressure` is how much of the hand's own broad and narrow shows. `grain` is how much the paper's grain breaks the
    ink, `skips` the share of a stroke's length that is left without, `bleed` the softness of its edge in mm.
    """

    colour: tuple[int, int, int]
    width: float
    density: float
    pressure: float = 0.6
    grain: float = 0.08
    skips: float = 0.0
    bleed: float = 0.0


def pixels_per_mm(sheet: Image) -> float:
    """Pixels per millimetre of a rendered sheet."""
    return float(sheet.shape[0] / PAGE[1] * _POINTS_PER_MM)


def draw_ink(sheet: Image, strokes: Sequence[Stroke], pen: Pen, rng: np.random.Generator, *, mm: float) -> Box | None:
    """Draw strokes (in the sheet's pixels, `mm` to a millimetre) onto a BGR picture.

    Gives the ink's box in pixels, None where none shows.
    """
    width, bleed = pen.width * mm, pen.bleed * mm
    points = np.vstack(strokes)
    margin = width + 3 * bleed + 3
    height, breadth = sheet.shape[:2]
    left, top = (max(0, int(edge - margin)) for edge in points[:, :2].min(axis=0))
    right, bottom = (
        min(end, int(edge + margin) + 1) for edge, end in zip(points.max(axis=0), (breadth, height), strict=False)
    )
    if right <= left or bottom <= top:
        return None
    fine = np.zeros(((bottom - top) * _FINE, (right - left) * _FINE), np.uint8)
    for stroke in strokes:
        _draw_stroke(fine, stroke, pen, (left, top), width, rng)
    alpha = np.asarray(cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA), np.float32) / 255
    if bleed > 0.2:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), bleed), np.float32)
    ink = alpha > _SHOWN
    if pen.grain > 0.0:
        noise = cv2.GaussianBlur(rng.standard_normal(alpha.shape, np.float32), (0, 0), 0.7) * 2
        alpha *= np.clip(1 - pen.grain * (0.6 + noise), 0, 1)
    alpha *= pen.density
    patch = sheet[top:bottom, left:right]
    share = 1 - alpha[:, :, None] * (1 - np.array(pen.colour, np.float32) / 255)
    patch[:] = (patch * share + 0.5).astype(np.uint8)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return None
    return float(left + columns[0]), float(top + rows[0]), float(left + columns[-1] + 1), float(top + rows[-1] + 1)


def _draw_stroke(
    fine: Image, stroke: Stroke, pen: Pen, corner: tuple[int, int], width: float, rng: np.random.Generator
) -> None:
    """One stroke, piece by piece, for breadth and darkness change along it."""
    points = ((stroke[:, :2] - corner) * _FINE * 16).round().astype(int)
    broad = width * _FINE * (1 + pen.pressure * (stroke[:, 2] - 1))
    dark = _darkness(stroke, pen, width, rng)
    for place in range(len(points) - 1):
        if dark[place] > 0:
            start, end = points[place], points[place + 1]
            thick = max(1, round(float(broad[place] + broad[place + 1]) / 2))
            level = round(255 * float(dark[place]))
            ends = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
            cv2.line(fine, *ends, level, thick, cv2.LINE_8, 4)


def _darkness(stroke: Stroke, pen: Pen, width: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """How dark a stroke is from point to point: it changes slowly, and a worn pen fails now and then."""
    steps = np.hypot(*np.diff(stroke[:, :2], axis=0).T)
    along = np.r_[0, np.cumsum(steps)]
    # A knot every few widths of the pen, and the ink between knots in between.
    knots = np.arange(0, along[-1] + 9 * width, 3 * width)
    level = np.interp(along, knots, rng.standard_normal(len(knots)))
    dark = np.clip(0.94 + 0.08 * level, 0, 1)
    if pen.skips > 0:
        # The share of a normal variate below the threshold is the share of the length without ink.
        failing = np.interp(along, knots, rng.standard_normal(len(knots)))
        dark *= np.clip((failing - _normal_quantile(pen.skips)) * 2.5, 0, 1)
    return np.asarray(dark, np.float64)


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
