"""Characters side by side in a slot: where each stroke goes on the sheet, in one person's way of writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samples.characters import DIGIT_HEIGHT, Drawing
from samples.paging import PAGE
from samples.pen import pixels_per_mm
from samples.strokes import Stroke
from samples.styles import Writer
from schemas.flow import Box, Image

_FOOT = 0.16
"""How far a printed line's base is above the foot of its slots' boxes, of their height."""

_OVERHANG = 1.1
"""A pen goes over the parentheses a little: so much of a slot's width is taken before a number is squeezed."""

_BAND, _BANDS = 0.05, 80
"""Bands, in em, in which the ink of neighbours is kept apart, and their number; the middle one is at the base line."""

_DEEPEST = 0.3
"""Most that a character goes under its neighbour, of the narrower one's width: 7 and 4 leave much room below."""


@dataclass(frozen=True)
class Spot:
    """Where to write, in a sheet's pixels: between left and right on a base line; `em` is that of the printed words.

    `mm` are the sheet's pixels per millimetre.
    """

    left: float
    right: float
    base: float
    em: float
    mm: float


def spot_of(sheet: Image, room: Box, size: float) -> Spot:
    """The spot of a room (fractions of the page) among words of `size` points."""
    height, width = sheet.shape[:2]
    base = room[3] * height - (room[3] - room[1]) * height * _FOOT
    return Spot(room[0] * width, room[2] * width, base, size * height / PAGE[1], pixels_per_mm(sheet))


def place_text(
    drawings: Sequence[Drawing], spot: Spot, writer: Writer, rng: np.random.Generator, *,
    narrowest: float, place: float | None = None, reach: bool = False,
) -> list[list[Stroke]]:  # fmt: skip
    """The strokes of each character in the sheet's pixels.

    What does not fit is squeezed to `narrowest` of its width. `place` is where it stands between left, 0, and right, 1,
    the writer's own place if None. With `reach`, the writer goes over the parentheses as often as that person does.
    """
    em = spot.em * writer.size * float(rng.uniform(0.92, 1.08))
    written = [_written(drawing, writer, rng) for drawing in drawings]
    # Strokes are as broad as the pen, half of it on either side.
    gap = writer.gap * DIGIT_HEIGHT + writer.pen.width * spot.mm / em
    starts = _starts(drawings, written, gap, rng)
    inked = [np.vstack(strokes)[:, 0] + start for strokes, start in zip(written, starts, strict=True) if strokes]
    if not inked:
        return []
    low, high = min(float(x.min()) for x in inked), max(float(x.max()) for x in inked)
    room, total = spot.right - spot.left, max((high - low) * em, 1e-6)
    shrink = min(1.0, max(narrowest, room * _OVERHANG / total))
    # Who writes narrow writes a little lower, too.
    scale = np.array([em * shrink, em * shrink**0.4])
    total *= shrink
    where = float(np.clip(rng.normal(writer.place if place is None else place, 0.12), 0, 1))
    x = spot.left + (room - total) * where
    if reach and rng.random() < writer.reach:
        # Over the opening parenthesis, or from before it; seldom over the closing one.
        far = min(spot.em * float(rng.uniform(0.2, 1.1)), total + 0.1 * spot.em)
        x = spot.left - far if rng.random() < 0.65 else spot.right + far - total
    base = spot.base - spot.em * (writer.rise + float(rng.normal(0, 0.05)))
    drift = float(rng.normal(0, 0.03))
    placed = []
    for strokes, start in zip(written, starts, strict=True):
        shift = np.array([x + (start - low) * scale[0], base])
        shift[1] += drift * (shift[0] - x) + float(rng.normal(0, 0.02)) * em
        placed.append([np.c_[stroke[:, :2] * scale + shift, stroke[:, 2]] for stroke in strokes])
    return placed


def _written(drawing: Drawing, writer: Writer, rng: np.random.Generator) -> list[Stroke]:
    """A character as this person writes it this time, in em: wider, slanted, turned and uneven."""
    slant = writer.slant + float(rng.normal(0, 0.04))
    angle = float(rng.normal(0, 0.035))
    grown = float(rng.normal(1, 0.05))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[1, -slant], [0, 1]]) @ np.diag([writer.squeeze * grown, grown])
    # A slow wave over the character, the same for all its strokes.
    waves = rng.uniform(0, 2 * np.pi, (2, 2))
    speeds = rng.uniform(3, 8, (2, 2))
    strokes = []
    for stroke in drawing.strokes:
        points = stroke[:, :2] @ linear.T
        points = points + writer.wobble * np.sin(points[:, ::-1] @ speeds.T + waves[0]) * np.sin(points @ speeds + waves[1])
        strokes.append(np.c_[points, stroke[:, 2]])
    return strokes


def _starts(
    drawings: Sequence[Drawing], written: Sequence[Sequence[Stroke]], gap: float, rng: np.random.Generator
) -> list[float]:
    """Where each character begins, in em: ink to ink for those that stand tight, else by their own widths."""
    starts: list[float] = []
    right = np.full(_BANDS, -np.inf)
    x = 0.0
    for place, (drawing, strokes) in enumerate(zip(drawings, written, strict=True)):
        start = x
        tight = drawing.tight and place > 0 and drawings[place - 1].tight
        if strokes:
            low, high = _edges(strokes)
            if tight:
                free = float((low - right)[np.isfinite(low) & np.isfinite(right)].min(initial=np.inf))
                box = float(low.min() - right.max())
                deepest = _DEEPEST * min(drawing.width, drawings[place - 1].width)
                start = max(-free if np.isfinite(free) else -np.inf, -box - deepest) + gap + float(rng.normal(0, 0.025))
            right = high + start
            x = float(right.max()) + max(gap, 0.05)
        if not drawing.tight or not strokes:
            x = start + drawing.width + max(gap, 0) * 0.3
        starts.append(start)
    return starts


def _edges(strokes: Sequence[Stroke]) -> tuple[np.ndarray, np.ndarray]:
    """The leftmost and the rightmost x of ink in every band; a band's neighbours count as well."""
    points = np.vstack(strokes)
    bands = np.clip(np.floor(points[:, 1] / _BAND).astype(int) + _BANDS // 2, 1, _BANDS - 2)
    left, right = np.full(_BANDS, np.inf), np.full(_BANDS, -np.inf)
    for step in (-1, 0, 1):
        np.minimum.at(left, bands + step, points[:, 0])
        np.maximum.at(right, bands + step, points[:, 0])
    return left, right
