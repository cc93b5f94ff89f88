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
    """How one pen writes: stroke's width and digits' height in em, slant as a tangent, room between digits in em."""

    pen: float
    size: float
    slant: float
    squeeze: float
    spacing: float
    colour: tuple[float, float, float]
    pale: float
    shaky: float


@dataclass(frozen=True)
class Spot:
    """Where a slot stands on a canvas, in its pixels: parentheses' outer sides, baseline and em."""

    left: float
    right: float
    base: float
    em: float


def draw_hand(rng: np.random.Generator) -> Hand:
    """A pen: mostly a ball pen, at times a felt-tip, at times one that runs dry."""
    kind = rng.random()
    pen = float(
        rng.uniform(0.05, 0.085) if kind < 0.5 else rng.uniform(0.08, 0.13) if kind < 0.85 else rng.uniform(0.12, 0.22)
    )
    tone = rng.random()
    colour = (
        tuple(float(level) for level in rng.uniform(0.02, 0.3) * np.ones(3))
        if tone < 0.5
        else tuple(float(level) for level in rng.uniform((0.4, 0.1, 0.04), (0.8, 0.35, 0.25)))
        if tone < 0.92
        else tuple(float(level) for level in rng.uniform((0.1, 0.1, 0.65), (0.3, 0.3, 0.9)))
    )
    # Most hands write a little larger than print, some twice as large, some smaller.
    size = float(np.clip(rng.lognormal(0.15, 0.3), 0.5, 2.4))
    return Hand(
        # A thicker pen would close the loops of small digits.
        pen=min(pen, 0.15 * size),
        size=size,
        slant=float(rng.normal(0.1, 0.17)),
        squeeze=float(rng.uniform(0.65, 1.15)),
        spacing=float(rng.normal(0.06, 0.07)),
        colour=(colour[0], colour[1], colour[2]),
        pale=float(rng.uniform(0.35, 0.7) if rng.random() < 0.15 else rng.uniform(0.75, 1.0)),
        shaky=float(rng.uniform(0, 0.06)),
    )
