"""Who writes and where: a pen in a hand, a slot on a canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

# Canvas pixels to one line pixel: thin pens need room.
FINE = 2

Box4: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of a canvas."""


@dataclass(frozen=True)
class Hand:
    """How one pen writes: stroke's width and digits' height in em, slant as a tangent, room between digits in em.

    `rise` is how far above the line it writes, in em; `beyond` the share of slots in which it begins before a parenthesis or
    ends behind one, and `reach` how far it goes at most, in line pixels: what a slot's picture shows.
    """

    pen: float
    size: float
    slant: float
    squeeze: float
    spacing: float
    colour: tuple[float, float, float]
    pale: float
    shaky: float
    rise: float
    beyond: float
    reach: float


@dataclass(frozen=True)
class Spot:
    """Where a slot stands on a canvas, in its pixels: parentheses' outer sides, baseline and em."""

    left: float
    right: float
    base: float
    em: float


def draw_hand(rng: np.random.Generator, reach: float) -> Hand:
    """A pen: mostly a ball pen, at times a felt-tip, at times one that runs dry; `reach` as in `Hand`."""
    kind = rng.random()
    pen = float(
        rng.uniform(0.05, 0.085) if kind < 0.5 else rng.uniform(0.08, 0.13) if kind < 0.8 else rng.uniform(0.12, 0.28)
    )
    tone = rng.random()
    colour = (
        tuple(float(level) for level in rng.uniform(0.02, 0.3) * np.ones(3))
        if tone < 0.5
        else tuple(float(level) for level in rng.uniform((0.4, 0.1, 0.04), (0.8, 0.35, 0.25)))
        if tone < 0.92
        else tuple(float(level) for level in rng.uniform((0.1, 0.1, 0.65), (0.3, 0.3, 0.9)))
    )
    size, rise = _size_and_rise(rng)
    return Hand(
        # A thicker pen would close the loops of small digits.
        pen=min(pen, (0.17 if size > 1 else 0.105) * size),
        size=size,
        # Some lean far more than is common, to either side.
        slant=float(rng.normal(0.1, 0.17) if rng.random() < 0.8 else rng.uniform(-0.55, 0.75)),
        squeeze=float(rng.uniform(0.65, 1.15)),
        # Some write digits that touch or go under each other.
        spacing=float(rng.normal(0.06, 0.07) if rng.random() < 0.8 else rng.uniform(-0.15, 0.0)),
        colour=(colour[0], colour[1], colour[2]),
        pale=float(rng.uniform(0.4, 0.75) if rng.random() < 0.2 else rng.uniform(0.75, 1.0)),
        shaky=float(rng.uniform(0, 0.06)),
        rise=rise,
        beyond=float(rng.uniform(0.5, 0.95) if rng.random() < 0.15 else 0.08),
        reach=reach,
    )


def _size_and_rise(rng: np.random.Generator) -> tuple[float, float]:
    """How high digits are and how far above the line they stand, in em: most a little larger than print, on the line."""
    kind = rng.random()
    if kind < 0.14:
        return float(rng.uniform(0.45, 0.75)), float(
            rng.uniform(0.2, 0.55) if rng.random() < 0.5 else rng.uniform(-0.2, 0.05)
        )
    if kind < 0.28:
        return float(rng.uniform(1.5, 2.4)), float(rng.uniform(-0.45, 0.0))
    return float(np.clip(rng.lognormal(0.15, 0.25), 0.5, 2.2)), 0.0
