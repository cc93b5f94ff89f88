"""Round seals on pages without colour, where a seal is as dark as print; red ones are `redseals`' to find.

A ring of a seal's size is sought by correlating a small picture with ring templates, bright on the ring and dark beside it,
in the frequency domain: the circular Hough transform as a matched filter (Atherton and Kerbyson 1999,
doi:10.1016/S0262-8856(98)00160-7). The best candidates are then unrolled around their centre: a ring is ink at one
radius in nearly all directions, which text and rules are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.ink import dark_pixels
from schemas.flow import Image, Matrix, Upright

_Field: TypeAlias = NDArray[np.float32]

# Long side of the picture that rings are sought in: a seal's ring is then 2 pixels thick.
SEARCH_SIDE = 500

# Diameters of seals as shares of the page's shorter side: 38 to 42 mm on A4, and room for a picture's margin.
DIAMETERS = (0.155, 0.235)

# Radii are tried in steps of this many pixels of the small picture: less than a ring is thick.
RADIUS_STEP = 1.5

# How wide a template's ring is (standard deviation), and how far beside it there is to be paper, in small pixels.
RING_WIDTH, BESIDE, BESIDE_WIDTH = 0.9, 3.5, 1.0

# Most seals sought on a page, and the least correlation of one: rings on faxes reach 0.3 to 0.6, text 0.22.
MOST_SEALS, LEAST_CORRELATION = 3, 0.25

# Directions that a candidate is unrolled in, and the rounds in which its circle is fitted.
DIRECTIONS, ROUNDS = 120, 3

# How far from its radius a ring's ink is sought, as a share of it: half in the later rounds.
FIT_REACH = 0.09

# A ring shows ink in this share of all directions, and in this share of those where circles beside it show none. Rings on
# faxes reach 0.73 and 0.65; circles through text stay below 0.58 and 0.35.
COVERED, LEAD = 0.65, 0.5

# A page is grey where fewer than this share of its pixels differ between channels by more than GRAY_NOISE, of 255.
COLOURED, GRAY_NOISE = 0.0005, 24


@dataclass(frozen=True)
class RoundSeal:
    """A seal's outline in upright pixels, and in which share of all directions its ring was seen."""

    x: float
    y: float
    radius: float
    seen: float


def find_gray_seals(upright: Upright) -> tuple[RoundSeal, ...]:
    """The round seals on a page without colour, the clearest first.

    None on a page with colour: there red paste shows by itself, and is faded.
    """
    return find_rings(upright.gray) if is_gray(upright.page.pixels) else ()


def seal_covers(seals: Sequence[RoundSeal], corners: Matrix) -> bool:
    """Whether a seal's disc touches a convex outline: float64 (n, 2) in upright pixels."""
    outline = corners.astype(np.float32).reshape(-1, 1, 2)
    return any(cv2.pointPolygonTest(outline, (seal.x, seal.y), True) > -seal.radius for seal in seals)


def is_gray(bgr: Image) -> bool:
    """Whether a page has no colour but noise."""
    step = max(1, max(bgr.shape[:2]) // SEARCH_SIDE)
    blue, green, red = cv2.split(np.ascontiguousarray(bgr[::step, ::step]))
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    return int(np.count_nonzero(np.asarray(spread) > GRAY_NOISE)) < COLOURED * blue.size


def find_rings(gray: Image) -> tuple[RoundSeal, ...]:
    """The rings of a seal's size in a grey picture of a page, the clearest first."""
    dark = dark_pixels(gray)
    fitted = [_fit(dark, x, y, radius) for x, y, radius in ring_candidates(dark)]
    return tuple(sorted((seal for seal in fitted if seal is not None), key=lambda seal: -seal.seen))


def ring_candidates(ink: Image, diameters: tuple[float, float] = DIAMETERS) -> list[tuple[float, float, float]]:
    """Middles and radii of what is most like a ring in a picture of a page's ink, 255 on 0; `diameters` as in DIAMETERS."""
    scale = SEARCH_SIDE / max(ink.shape)
    small = np.asarray(cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.float32)
    # A thin stroke that covers half of a small pixel is ink.
    found = _correlate(np.minimum(small / 127, 1, dtype=np.float32), diameters)
    return [(x / scale, y / scale, radius / scale) for x, y, radius in found]


def _correlate(ink: _Field, diameters: tuple[float, float]) -> list[tuple[float, float, float]]:
    """Centres and radii of what is most like a ring, in pixels; `ink` is 1 on 0."""
    height, width = ink.shape
    low, high = (round(share * min(height, width) / 2 / RADIUS_STEP) for share in diameters)
    radii = [RADIUS_STEP * place for place in range(low, high + 1)]
    padded = np.zeros((SEARCH_SIDE, SEARCH_SIDE), np.float32)
    padded[:height, :width] = ink
    spectrum = cv2.dft(padded)
    best, which = np.full((height, width), -1, np.float32), np.zeros((height, width), np.uint8)
    for place, radius in enumerate(radii):
        product = cv2.mulSpectrums(spectrum, _template(radius), 0, conjB=True)
        score = np.asarray(cv2.dft(product, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE), np.float32)[:height, :width]
        which[score > best] = place
        best = np.maximum(best, score)
    found: list[tuple[float, float, float]] = []
    while len(found) < MOST_SEALS:
        _, value, _, (x, y) = cv2.minMaxLoc(best)
        if value < LEAST_CORRELATION:
            break
        found.append((float(x), float(y), radii[int(which[y, x])]))
        cv2.circle(best, (x, y), int(radii[0] / 2), (-1.0,), -1)
    return found


@lru_cache(maxsize=64)
def _template(radius: float) -> _Field:
    """The spectrum of a ring around the origin: ink on the ring counts for it, ink on both sides against it."""
    along = np.minimum(np.arange(SEARCH_SIDE), SEARCH_SIDE - np.arange(SEARCH_SIDE))
    away = np.hypot(along[:, None], along[None, :])
    ring = np.exp(-0.5 * ((away - radius) / RING_WIDTH) ** 2)
    inside, outside = (np.exp(-0.5 * ((away - radius + side) / BESIDE_WIDTH) ** 2) for side in (BESIDE, -BESIDE))
    beside = inside + outside
    return np.asarray(cv2.dft((ring / ring.sum() - beside / beside.sum()).astype(np.float32)), np.float32)


def _fit(dark: Image, x: float, y: float, radius: float) -> RoundSeal | None:
    """The circle through the ink about a candidate; None where it is no ring."""
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    rays = np.column_stack([np.ones(DIRECTIONS), np.cos(angles), np.sin(angles)])
    reach = max(6, round(FIT_REACH * radius))
    for turn in range(ROUNDS):
        offsets = np.arange(-reach, reach + 1) if turn == 0 else np.arange(-(reach // 2), reach // 2 + 1)
        near = np.exp(-0.5 * (2 * offsets / offsets[-1]) ** 2) * _unroll(dark, x, y, radius + offsets, rays)
        weight = near.sum(axis=1)
        seen = weight > 0
        if np.count_nonzero(seen) < DIRECTIONS / 2:
            return None
        moved = _solve(rays[seen], (near * offsets).sum(axis=1)[seen] / weight[seen])
        radius, x, y = radius + moved[0], x + moved[1], y + moved[2]

    def covered(at: float) -> float:
        return float(_unroll(dark, x, y, at + np.arange(-2, 3), rays).any(axis=1).mean())

    on, beside = covered(radius), float(np.mean([covered(radius * share) for share in (0.93, 1.07, 1.12)]))
    return RoundSeal(x, y, radius, on) if on >= COVERED and on - beside >= LEAD * (1 - beside) else None


def _unroll(dark: Image, x: float, y: float, radii: NDArray[np.floating], rays: Matrix) -> NDArray[np.bool_]:
    """Where there is ink, by direction and radius: bool (directions, radii)."""
    columns = (x + radii * rays[:, 1:2]).astype(np.float32)
    rows = (y + radii * rays[:, 2:3]).astype(np.float32)
    return np.asarray(cv2.remap(dark, columns, rows, cv2.INTER_NEAREST, borderValue=(0,)) > 0, np.bool_)


def _solve(rays: Matrix, offsets: NDArray[np.float64]) -> list[float]:
    """How much a circle must grow, and move in x and y, to run through points that lie `offsets` beyond it.

    Least squares, reweighted so that what is 2 pixels off loses half of its say: a ring runs across print.
    """
    weight = np.ones(len(rays))
    moved = [0.0, 0.0, 0.0]
    for _ in range(4):
        moved = np.linalg.lstsq(rays * weight[:, None], offsets * weight, rcond=None)[0].tolist()
        weight = 1 / (1 + ((rays @ moved - offsets) / 2) ** 2)
    return moved
