"""Red seals on a page, each by its outline, so that red writing beside one, or touching it, is not taken for its paste.

A round seal's ring is fitted as a circle that the camera may have drawn out (a first and a second harmonic of the radius
over the direction), where its ink is seen in nearly all directions. Other red that is larger than writing is a
seal by its box.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.ink import BROKEN, Flags, Pixels, Red, fade_seal, find_red, join_pieces
from extractors.seals import ring_candidates
from schemas.flow import Image
from schemas.seal import Seal

# Red ink that is no longer than the first share of a page's long side, 18 mm at A4, or no wider than the second, is writing,
# be it turned; a seal is 38 mm and more, half of one 19 mm.
LONG, WIDE = 0.06, 0.042

# A seal, with what it has smeared, is no wider than this share of a page's long side: 50 mm at A4.
SEAL_SIDE = 0.17

# What is left beside rings is a seal's where pieces this share of the long side apart, 1.5 mm at A4, are larger than
# writing: digits of a red pen in lines below each other are farther apart.
CLOSE = 0.005

# Diameters of seals as shares of a picture's shorter side: 38 to 42 mm on A4, which a photograph may show smaller.
DIAMETERS = (0.12, 0.235)

# Directions that a ring is followed in, and the rounds of its fit.
DIRECTIONS, ROUNDS = 120, 5

# How far from where it is expected a ring's ink is sought, as a share of its radius: in the first round, and later ones.
FIRST_REACH, REACH = 0.16, 0.08

# A ring's ink is seen in this share of all directions, and beside it in this much smaller a share.
COVERED, LEAD = 0.62, 0.45

# A seal is no longer than this multiple of its width, drawn out by a camera as it may be.
ROUND = 1.25

# A seal reaches this much farther than the middle of its ring, as a share of its radius: half the ring and its blurred
# edge.
RIM = 0.06


def find_seals(bgr: Image) -> tuple[Seal, ...]:
    """The red seals on a page, in its pixels."""
    red = find_red(bgr)
    return () if red is None else _find(red, bgr)


def fade_seals(bgr: Image, seals: Sequence[Seal] | None = None) -> Image:
    """A page without its red seals, those that have been found or that are found now: grey uint8 (h, w)."""
    return fade_seal(bgr, under=_under(find_seals(bgr) if seals is None else seals, bgr))


def _find(red: Red, bgr: Image) -> tuple[Seal, ...]:
    long_side = max(red.strong.shape)
    gap = max(3, round(BROKEN * long_side))
    whole = join_pieces(red.strong, gap)
    large = [box for box in whole if _is_large(box, long_side)]
    if not large:
        return ()
    seals = []
    left = red.strong.copy()
    # Most seals lie alone: the middle of what is red is theirs. Else rings are sought among other red ink.
    candidates = [_middle(box) for box in large if 1 / ROUND < (box[2] - box[0]) / (box[3] - box[1]) < ROUND]
    for turn in range(2):
        for x, y, radius in ring_candidates(left, DIAMETERS) if turn else candidates:
            seal = _fit(left, x, y, radius)
            if seal is not None:
                seals.append(seal)
                cv2.fillPoly(left, [np.round(seal.outline).astype(np.int32)], (0,))
        if not any(_is_large(box, long_side) for box in join_pieces(left, gap)):
            break
    others = join_pieces(left, max(3, round(CLOSE * long_side)))
    boxes = _boxes_of_seals(others, long_side) if any(_is_large(box, long_side) for box in others) else []
    scaled = [Seal(seal.x * red.step, seal.y * red.step, seal.radii * red.step + 4 + 2 * red.step) for seal in seals]
    return (*scaled, *(_box_to_seal(red.grown(box, bgr)) for box in boxes))


def _fit(ink: Image, x: float, y: float, radius: float) -> Seal | None:
    """The outline of the ring about a candidate in a picture of red ink (255 on 0); None where it is no ring."""
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    rays = np.column_stack([np.cos(angles), np.sin(angles)])
    terms = np.column_stack([np.ones(DIRECTIONS), rays, np.cos(2 * angles), np.sin(2 * angles)])
    radii: NDArray[np.float64] = np.full(DIRECTIONS, radius)
    for turn in range(ROUNDS):
        reach = max(4, round((FIRST_REACH if turn == 0 else REACH) * radius))
        offsets = np.arange(-reach, reach + 1)
        near = np.exp(-0.5 * (2 * offsets / reach) ** 2) * _unroll(ink, x, y, radii[:, None] + offsets, rays)
        weight = near.sum(axis=1)
        seen = weight > 0
        if np.count_nonzero(seen) < DIRECTIONS / 2:
            return None
        moved = _solve(terms[seen], (near * offsets).sum(axis=1)[seen] / weight[seen])
        x, y = x + moved[1], y + moved[2]
        radii = radii + terms[:, [0, 3, 4]] @ moved[[0, 3, 4]]

    def covered(share: float) -> float:
        return float(_unroll(ink, x, y, share * radii[:, None] + np.arange(-2, 3), rays).any(axis=1).mean())

    if radii.max() > ROUND * max(radii.min(), 1.0):
        return None
    on, beside = covered(1.0), float(np.mean([covered(share) for share in (0.92, 1.1, 1.16)]))
    return Seal(x, y, (1 + RIM) * radii) if on >= COVERED and on - beside >= LEAD * (1 - beside) else None


def _unroll(ink: Image, x: float, y: float, radii: NDArray[np.float64], rays: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where there is ink, by direction and radius: bool (directions, radii)."""
    columns, rows = (x + radii * rays[:, :1]).astype(np.float32), (y + radii * rays[:, 1:]).astype(np.float32)
    return np.asarray(cv2.remap(ink, columns, rows, cv2.INTER_NEAREST, borderValue=(0,)) > 0, np.bool_)


def _solve(terms: NDArray[np.float64], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each term makes up the offsets: least squares in which what is 2 pixels off loses half of its say."""
    weight = np.ones(len(terms))
    moved: NDArray[np.float64] = np.zeros(terms.shape[1])
    for _ in range(4):
        moved = np.asarray(np.linalg.lstsq(terms * weight[:, None], offsets * weight, rcond=None)[0], np.float64)
        weight = 1 / (1 + ((terms @ moved - offsets) / 2) ** 2)
    return moved


def _boxes_of_seals(pieces: Sequence[Pixels], long_side: int) -> list[Pixels]:
    """The boxes of pieces that are larger than writing, each with what lies within a seal's reach of it."""
    seals: list[Pixels] = []
    for piece in sorted(pieces, key=_side, reverse=True):
        whole = [_around(piece, seal) for seal in seals]
        place = next((n for n, box in enumerate(whole) if _side(box) <= SEAL_SIDE * long_side), None)
        if place is not None:
            seals[place] = whole[place]
        elif _is_large(piece, long_side):
            seals.append(piece)
    return seals


def _middle(box: Pixels) -> tuple[float, float, float]:
    """The middle of a box, and half of how long its sides are."""
    left, top, right, bottom = box
    return (left + right) / 2, (top + bottom) / 2, (right - left + bottom - top) / 4


def _box_to_seal(box: Pixels) -> Seal:
    left, top, right, bottom = box
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    across = np.maximum(np.abs(np.cos(angles)), 1e-6) / ((right - left) / 2)
    down = np.maximum(np.abs(np.sin(angles)), 1e-6) / ((bottom - top) / 2)
    return Seal((left + right) / 2, (top + bottom) / 2, 1 / np.maximum(across, down))


def _under(seals: Sequence[Seal], bgr: Image) -> Flags:
    """The pixels of a page that lie under seals."""
    under = np.zeros(bgr.shape[:2], np.uint8)
    for seal in seals:
        cv2.fillPoly(under, [np.round(seal.outline).astype(np.int32)], (1,))
    return under > 0


def _is_large(box: Pixels, long_side: int) -> bool:
    """Whether red ink is larger than writing."""
    return _side(box) > LONG * long_side and min(box[2] - box[0], box[3] - box[1]) > WIDE * long_side


def _around(one: Pixels, other: Pixels) -> Pixels:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _side(box: Pixels) -> int:
    return max(box[2] - box[0], box[3] - box[1])
