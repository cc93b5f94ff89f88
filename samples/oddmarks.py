"""The strokes of what is odd about a slot: strike-outs, corrections, ticks, scribbles, circles, stray lines and dots."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samples.characters import Speller
from samples.oddities import Oddity
from samples.pen import draw_ink, pixels_per_mm
from samples.placing import Spot, place_text
from samples.strokes import Stroke
from samples.styles import Writer
from schemas.flow import Box, Image

_STEP = 0.05
"""Length in em of the pieces in which a line is drawn."""

_FINEST = 0.075
"""Greatest width of the pen for words, in em of the writing."""


@dataclass(frozen=True, eq=False)
class Desk:
    """A sheet to write on, the one who writes, and how that person writes numbers and words."""

    sheet: Image
    writer: Writer
    numbers: Speller
    words: Speller


def write_odd(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    """Write what is odd into a slot; give the box of what it is worth in pixels, None where that is nothing."""
    return _DRAWN[oddity.kind](desk, raw, oddity, spot, rng)


def write_text(
    desk: Desk, text: str, spot: Spot, rng: np.random.Generator, *, number: bool, place: float | None = None,
    narrowest: float | None = None, reach: bool = False,
) -> Box | None:  # fmt: skip
    """Write a number or words into a spot; give their box in pixels."""
    drawings = (desk.numbers if number else desk.words).spell(text, rng)
    if not number:
        # A character has many more strokes than a digit, and is written with the pen's tip.
        finest = _FINEST * spot.em / spot.mm * desk.writer.size
        desk = replace(
            desk, writer=replace(desk.writer, pen=replace(desk.writer.pen, width=min(desk.writer.pen.width, finest)))
        )
    least = narrowest if narrowest is not None else desk.writer.narrowest
    placed = place_text(drawings, spot, desk.writer, rng, place=place, narrowest=least, reach=reach)
    return _ink(desk, [stroke for strokes in placed for stroke in strokes], rng)


def _struck_above(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    old = write_text(desk, oddity.first, spot, rng, number=True)
    if old is None:
        return write_text(desk, raw, spot, rng, number=True)
    _ink(desk, _strike(old, spot.em, rng), rng)
    # Smaller, and close above the old one, for the line above is near.
    small = replace(desk, writer=replace(desk.writer, size=desk.writer.size * float(rng.uniform(0.6, 0.9)), rise=0.0))
    middle = (old[0] + old[2]) / 2 + spot.em * float(rng.uniform(-0.5, 0.9))
    half = max(old[2] - old[0], spot.em) * 0.7
    above = Spot(middle - half, middle + half, old[1] - spot.em * float(rng.uniform(-0.12, 0.15)), spot.em, spot.mm)
    return write_text(small, raw, above, rng, number=True, place=0.5)


def _struck_beside(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    """The right number behind the old one, or behind the closing parenthesis where there is no room."""
    room = spot.right - spot.left
    inside = room > 2.2 * spot.em and rng.random() < 0.6
    first = replace(spot, right=spot.left + room * 0.5) if inside else spot
    old = write_text(desk, oddity.first, first, rng, number=True, narrowest=0.5)
    if old is None:
        return write_text(desk, raw, spot, rng, number=True)
    _ink(desk, _strike(old, spot.em, rng), rng)
    left = old[2] + spot.em * float(rng.uniform(0.1, 0.3))
    if not inside:
        left = max(left, spot.right + spot.em * float(rng.uniform(0.45, 0.8)))
    beside = replace(spot, left=left, right=max(spot.right, left + spot.em * 1.2))
    return write_text(desk, raw, beside, rng, number=True, place=0.0, narrowest=0.5)


def _struck_only(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    old = write_text(desk, oddity.first, spot, rng, number=True)
    if old is None:
        return None
    return _around(old, _ink(desk, _strike(old, spot.em, rng), rng))


def _overwritten(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    """The digit that was wrong lies under the right one, which is pressed on harder."""
    placed = place_text(desk.numbers.spell(raw, rng), spot, desk.writer, rng, narrowest=desk.writer.narrowest)
    changed = next(place for place, (old, new) in enumerate(zip(oddity.first, raw, strict=True)) if old != new)
    if len(placed) == len(raw) and placed[changed]:
        old = place_text(desk.numbers.spell(oddity.first[changed], rng), spot, desk.writer, rng, narrowest=1.0)
        _ink(desk, _onto([stroke for strokes in old for stroke in strokes], placed[changed], rng), rng)
        firm = replace(desk.writer.pen, width=desk.writer.pen.width * float(rng.uniform(1.1, 1.5)), skips=0.0, grain=0.05)
        shift = np.array([*rng.normal(0, 0.015 * spot.em, 2), 0])
        draw_ink(desk.sheet, [stroke + shift for stroke in placed[changed]], firm, rng, mm=spot.mm)
    return _ink(desk, [stroke for strokes in placed for stroke in strokes], rng)


def _tick(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    high = spot.em * float(rng.uniform(0.9, 1.5))
    x = spot.left + (spot.right - spot.left) * float(rng.uniform(0.2, 0.6))
    corners = np.array([[-0.25, -0.4], [0.0, 0.0], [0.85, -1.05]]) * high * rng.uniform(0.85, 1.15, (3, 2)) + (x, spot.base)
    return _ink(desk, [_line(corners, spot.em, rng)], rng)


def _scribble(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    """Loops, one behind the other, as somebody tries whether a pen writes."""
    turns = float(rng.uniform(2.5, 6))
    angle = np.linspace(0, 2 * np.pi * turns, int(40 * turns))
    wide = min(spot.right - spot.left, spot.em * float(rng.uniform(1.2, 2.5)))
    high = spot.em * float(rng.uniform(0.25, 0.5))
    x = spot.left + wide * (angle / angle[-1]) + np.cos(angle) * high * 0.8
    y = spot.base - spot.em * 0.35 + np.sin(angle) * high * (1 + 0.3 * np.sin(angle * 0.37 + rng.uniform(0, 6)))
    return _ink(desk, [np.c_[x, y, np.ones(len(x))]], rng)


def _word(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    return write_text(desk, raw, spot, rng, number=False, narrowest=0.55)


def _slash(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    # Lower or more upright, nobody could tell it from a 1.
    high = spot.em * max(1.0, desk.writer.size) * float(rng.uniform(1.05, 1.5))
    lean = high * float(rng.uniform(0.5, 1.2))
    x = spot.left + (spot.right - spot.left) * float(rng.uniform(0.3, 0.7))
    foot = spot.base + spot.em * float(rng.uniform(-0.05, 0.25))
    return _ink(desk, [_line(np.array([[x + lean / 2, foot - high], [x - lean / 2, foot]]), spot.em, rng)], rng)


def _dash(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    room = spot.right - spot.left
    long = min(max(room * float(rng.uniform(0.35, 0.95)), spot.em * 0.5), spot.em * 2.5)
    x = spot.left + (room - long) * float(rng.uniform(0.2, 0.8))
    y = spot.base - spot.em * rng.uniform(0.22, 0.48, 2)
    return _ink(desk, [_line(np.array([[x, y[0]], [x + long, y[1]]]), spot.em, rng)], rng)


def _circled(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    box = write_text(desk, raw, spot, rng, number=True)
    if box is not None:
        begin = float(rng.uniform(-2.6, -0.8))
        angle = np.linspace(begin, begin + 2 * np.pi * float(rng.uniform(0.98, 1.15)), 70)
        grow = 1 + 0.12 * np.linspace(-1, 1, 70) * float(rng.normal())
        half = np.array([box[2] - box[0], box[3] - box[1]]) * 0.6 + spot.em * float(rng.uniform(0.12, 0.3))
        middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        ring = middle + np.stack([np.cos(angle), np.sin(angle)], 1) * half * grow[:, None]
        _ink(desk, [np.c_[ring, np.ones(len(ring))]], rng)
    return box


def _stray_line(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    """A line that came from elsewhere: over a parenthesis, or in from above or below."""
    side = int(rng.integers(4))
    middle = (spot.left + spot.right) / 2
    high = spot.base - 0.3 * spot.em
    edges = np.array(
        [[spot.left, high], [spot.right, high], [middle, spot.base - 0.95 * spot.em], [middle, spot.base + 0.25 * spot.em]]
    )
    outward = np.array(((-1.0, 0), (1.0, 0), (0, -1.0), (0, 1.0))[side]) + rng.normal(0, 0.5, 2)
    inside = edges[side] - outward * spot.em * float(rng.uniform(0.1, 0.45))
    outside = edges[side] + outward * spot.em * float(rng.uniform(0.5, 1.8))
    _ink(desk, [_line(np.stack([outside, inside]), spot.em, rng, bow=0.2)], rng)
    return None


def _dot(desk: Desk, raw: str, oddity: Oddity, spot: Spot, rng: np.random.Generator) -> Box | None:
    x = spot.left + (spot.right - spot.left) * float(rng.uniform(0.15, 0.85))
    y = spot.base - spot.em * float(rng.uniform(-0.05, 0.75))
    long = spot.em * float(rng.uniform(0.01, 0.1))
    _ink(desk, [np.array([[x, y, 1], [x + long, y + long * float(rng.normal(0, 1)), 1]])], rng)
    return None


def _strike(box: Box, em: float, rng: np.random.Generator) -> list[Stroke]:
    """One line through a number or two, a zigzag, a cross, or loops."""
    left, top, right, bottom = box
    over = em * float(rng.uniform(0.05, 0.35))
    left, right, high = left - over, right + over, bottom - top
    manner = rng.choice(5, p=(0.34, 0.26, 0.16, 0.1, 0.14))
    if manner < 2:
        lines = []
        for level in (0.5,) if manner == 0 else (0.35, 0.65):
            y = top + high * (level + rng.uniform(-0.12, 0.12, 2))
            lines.append(_line(np.array([[left, y[0]], [right, y[1]]]), em, rng))
        return lines
    if manner == 2:
        count = int(rng.integers(4, 9))
        x = np.linspace(left, right, count) + rng.normal(0, 0.06 * em, count)
        y = np.where(np.arange(count) % 2, bottom, top) + rng.normal(0, 0.08 * high, count)
        return [_line(np.stack([x, y], 1), em, rng)]
    if manner == 3:
        pairs = (((left, bottom), (right, top)), ((left, top), (right, bottom)))
        return [_line(np.array(pair) + rng.normal(0, 0.06 * em, (2, 2)), em, rng) for pair in pairs]
    turns = max(2.0, (right - left) / em * float(rng.uniform(2, 4)))
    angle = np.linspace(0, 2 * np.pi * turns, int(30 * turns))
    x = left + (right - left) * angle / angle[-1] + np.cos(angle) * 0.15 * em
    y = (top + bottom) / 2 + np.sin(angle) * high * 0.42
    return [np.c_[x, y, np.ones(len(x))]]


def _line(corners: NDArray[np.float64], em: float, rng: np.random.Generator, *, bow: float = 0.06) -> Stroke:
    """A line through corners by a hand: bowed a little, its corners a little round."""
    pieces = []
    for start, end in itertools.pairwise(corners):
        long = float(np.hypot(*(end - start)))
        part = np.linspace(0, 1, max(3, int(long / (em * _STEP))))[:, None]
        across = np.array([start[1] - end[1], end[0] - start[0]])
        pieces.append(start + (end - start) * part + across * np.sin(np.pi * part) * float(rng.normal(0, bow)))
    path = np.vstack(pieces)
    ends = np.vstack([path[:1], path[:1], path, path[-1:], path[-1:]])
    path = np.stack([np.convolve(column, np.full(5, 0.2), "valid") for column in ends.T], 1)
    return np.asarray(np.c_[path, np.ones(len(path))], np.float64)


def _onto(strokes: Sequence[Stroke], target: Sequence[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """A digit's strokes laid over those of another, as high as they are."""
    own, other = np.vstack(strokes)[:, :2], np.vstack(target)[:, :2]
    scale = float(np.ptp(other[:, 1]) / max(np.ptp(own[:, 1]), 1e-6)) * float(rng.uniform(0.85, 1.05))
    middle, aim = ((points.min(axis=0) + points.max(axis=0)) / 2 for points in (own, other))
    aim = aim + rng.normal(0, 0.05 * float(np.ptp(other[:, 1])), 2)
    return [np.c_[(stroke[:, :2] - middle) * scale + aim, stroke[:, 2]] for stroke in strokes]


def _ink(desk: Desk, strokes: Sequence[Stroke], rng: np.random.Generator) -> Box | None:
    if not strokes:
        return None
    return draw_ink(desk.sheet, strokes, desk.writer.pen, rng, mm=pixels_per_mm(desk.sheet))


def _around(one: Box, other: Box | None) -> Box:
    if other is None:
        return one
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


_DRAWN: Mapping[str, Callable[[Desk, str, Oddity, Spot, np.random.Generator], Box | None]] = {
    "struck-above": _struck_above,
    "struck-beside": _struck_beside,
    "struck-only": _struck_only,
    "overwritten": _overwritten,
    "tick": _tick,
    "scribble": _scribble,
    "word": _word,
    "slash": _slash,
    "dash": _dash,
    "circled": _circled,
    "stray-line": _stray_line,
    "dot": _dot,
}
