"""A picture of a written character to the strokes of the pen that wrote it: thinned, traced, smoothed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.flow import Image

Stroke = NDArray[np.float64]
"""(n, 3): x, y, and how broad the pen stood there, 1 on average."""

_INK = 118
"""Least level of ink, of 255: a little above half would open loops that are nearly closed."""

_EXTENDED = 0.7
"""Thinning eats the ends of a stroke by half its width; so much of it is given back, for a thin pen ends earlier."""

_STRAIGHT = -0.5
"""Two branches of a crossing are one stroke where the cosine between them is below this."""

_Pixel = tuple[int, int]
_Chain = list[_Pixel]

_RING = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Neighbours as rows and columns, clockwise from the one above."""


@dataclass(frozen=True, eq=False)
class Traced:
    """The strokes of a picture, in its pixels; `blot` is how broad the ink is at its broadest, against its middle.

    `loops` is how many rings the strokes make, `ends` how many of their ends are free.
    """

    strokes: tuple[Stroke, ...]
    blot: float
    loops: int
    ends: int


def trace(picture: Image, *, smooth: float, tall: int = 84) -> Traced:
    """The strokes of a picture (uint8, ink 255); none where it holds no ink.

    `smooth` is the width of the smoothing along a stroke, as a share of the ink's height. Ink is thinned `tall` pixels
    high: fine enough to be smoothed, coarse enough to be quick.
    """
    rows, columns = (np.flatnonzero((picture > _INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Traced((), 1.0, 0, 0)
    # A dash is low, and none the smaller for it.
    scale = tall / max(rows[-1] - rows[0] + 1, (columns[-1] - columns[0] + 1) / 2, 12)
    # A border keeps ink off the edge.
    padded = np.pad(picture, 3)
    # Pixel centres are scaled about the corner, so that a point goes back by one division.
    size = (round(padded.shape[1] * scale), round(padded.shape[0] * scale))
    large = cv2.resize(padded, size, interpolation=cv2.INTER_CUBIC)
    if scale > 1.5:
        # A pixel's staircase is as wide as the pixel.
        large = cv2.GaussianBlur(large, (0, 0), 0.45 * scale)
    ink = large > _INK
    breadth = np.asarray(cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    bone = thinned(ink)
    chains = _pruned(_chains(bone), breadth)
    sigma = max(1.0, smooth * tall)
    paths = list(_joined(chains, breadth))
    strokes = [_smoothed(path, breadth, sigma, free) for path, free in paths]
    offset = np.array([3.0, 3.0])
    moved = tuple(np.c_[(stroke[:, :2] + 0.5) / scale - offset, stroke[:, 2]] for stroke in strokes)
    # Of the paper around the strokes, all pieces but the outer one are within rings.
    pieces, _ = cv2.connectedComponents((~bone).astype(np.uint8), connectivity=4)
    blot = float(breadth.max() / np.median(breadth[bone]))
    return Traced(moved, blot, pieces - 2, sum(sum(free) for _, free in paths))


def thinned(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Zhang and Suen's thinning of pictures (..., h, w) at once; their borders must be empty."""
    # One under the other they are one picture: what is beside a border is as empty as the border.
    flat = ink.reshape(-1, ink.shape[-1]).astype(np.uint8)
    weights = np.zeros((3, 3), np.float32)
    for bit, (dy, dx) in enumerate(_RING):
        weights[1 + dy, 1 + dx] = 1 << bit
    stays = [np.asarray(~drop, np.uint8) for drop in _drops()]
    while True:
        before = cv2.countNonZero(flat)
        for stay in stays:
            codes = cv2.filter2D(flat, -1, weights, borderType=cv2.BORDER_CONSTANT)
            cv2.bitwise_and(flat, cv2.LUT(codes, stay), dst=flat)
        if cv2.countNonZero(flat) == before:
            return flat.reshape(ink.shape).astype(np.bool_)


@cache
def _drops() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For both turns of a round: whether a pixel with the neighbours in a code's bits goes."""
    ring = (np.arange(256)[:, None] >> np.arange(8)) & 1 == 1
    count = ring.sum(axis=1)
    rises = (~ring & np.roll(ring, -1, axis=1)).sum(axis=1)
    north, east, south, west = ring[:, 0], ring[:, 2], ring[:, 4], ring[:, 6]
    able = (count >= 2) & (count <= 6) & (rises == 1)
    first = able & ~(north & east & south) & ~(east & south & west)
    second = able & ~(north & east & west) & ~(north & south & west)
    return first, second


def _chains(bone: NDArray[np.bool_]) -> list[_Chain]:
    """Runs of pixels between ends and crossings; rings have none and begin anywhere."""
    pixels = {(int(y), int(x)) for y, x in np.argwhere(bone)}
    near = {pixel: _neighbours(pixel, pixels) for pixel in sorted(pixels)}
    chains: list[_Chain] = [[pixel] for pixel, others in near.items() if not others]
    nodes = {pixel for pixel, others in near.items() if len(others) != 2}
    seen: set[tuple[_Pixel, _Pixel]] = set()
    walked: set[_Pixel] = set()
    for start in [pixel for pixel in near if pixel in nodes] + list(near):
        if start not in nodes and (start in walked or not near[start]):
            continue
        for second in near[start]:
            if (start, second) in seen or (start not in nodes and start in walked):
                continue
            chain = [start, second]
            while chain[-1] not in nodes and chain[-1] != start:
                chain.append(next(pixel for pixel in near[chain[-1]] if pixel != chain[-2]))
            seen |= {(chain[0], chain[1]), (chain[-1], chain[-2])}
            walked.update(chain)
            chains.append(chain)
    return chains


def _neighbours(pixel: _Pixel, pixels: set[_Pixel]) -> list[_Pixel]:
    """Those beside it, and those across a corner that no pixel beside it leads to."""
    y, x = pixel
    found = []
    for dy, dx in _RING:
        other = (y + dy, x + dx)
        if other in pixels and (not (dy and dx) or ((y + dy, x) not in pixels and (y, x + dx) not in pixels)):
            found.append(other)
    return found


def _pruned(chains: Sequence[_Chain], breadth: NDArray[np.float32]) -> list[_Chain]:
    """Without the spurs that thinning grows out of a thick stroke's flank: shorter than it is broad."""
    degree = _degrees(chains)
    kept = []
    for chain in chains:
        free = [degree[end] == 1 for end in (chain[0], chain[-1])]
        root = chain[-1] if free[0] else chain[0]
        if len(chain) > 1 and free[0] != free[1] and len(chain) < 1.25 * breadth[root]:
            continue
        kept.append(chain)
    return kept


def _degrees(chains: Sequence[_Chain]) -> dict[_Pixel, int]:
    degree: dict[_Pixel, int] = {}
    for chain in chains:
        for end in (chain[0], chain[-1]):
            degree[end] = degree.get(end, 0) + 1
    return degree


def _joined(
    chains: Sequence[_Chain], breadth: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.float64], tuple[bool, bool]]]:
    """Chains joined where a stroke runs straight through a crossing: points (x, y), and which ends are free."""
    degree = _degrees(chains)
    links = _links(chains, breadth)
    done: set[int] = set()
    # Strokes first, from the ends that nothing is linked to; what is left then runs in a ring.
    starts = [(place, side) for place in range(len(chains)) for side in (0, 1) if (place, side) not in links]
    for place, side in starts + [(place, 0) for place in range(len(chains))]:
        if place in done:
            continue
        path: _Chain = []
        here: tuple[int, int] | None = (place, side)
        while here is not None and here[0] not in done:
            chain = chains[here[0]]
            done.add(here[0])
            path += chain if here[1] == 0 else chain[::-1]
            here = links.get((here[0], 1 - here[1]))
        points = np.array([(x, y) for y, x in dict.fromkeys(path)], np.float64)
        if len(path) > 2 and path[0] == path[-1]:
            points = np.vstack([points, points[:1]])
        yield points, (degree[path[0]] == 1, degree[path[-1]] == 1)


def _links(chains: Sequence[_Chain], breadth: NDArray[np.float32]) -> Mapping[tuple[int, int], tuple[int, int]]:
    """Which end of a chain goes on as which end of another; ends are (chain, 0 or 1)."""
    meeting: dict[_Pixel, list[tuple[int, int]]] = {}
    for place, chain in enumerate(chains):
        for side in (0, 1):
            meeting.setdefault(chain[-side], []).append((place, side))
    links: dict[tuple[int, int], tuple[int, int]] = {}
    for pixel, ends in meeting.items():
        if len(ends) < 2:
            continue
        reach = max(4, round(2 * float(breadth[pixel])))
        ways = [_direction(chains[place] if side == 0 else chains[place][::-1], reach) for place, side in ends]
        pairs = [(float(ways[a] @ ways[b]), a, b) for a in range(len(ends)) for b in range(a) if ends[a][0] != ends[b][0]]
        for cosine, a, b in sorted(pairs):
            if cosine < _STRAIGHT and ends[a] not in links and ends[b] not in links:
                links[ends[a]], links[ends[b]] = ends[b], ends[a]
    return links


def _direction(chain: _Chain, reach: int) -> NDArray[np.float64]:
    """The way a chain leaves its first pixel."""
    way = np.subtract(chain[min(reach, len(chain) - 1)], chain[0]).astype(np.float64)
    return way / max(float(np.hypot(*way)), 1e-9)


def _smoothed(points: NDArray[np.float64], breadth: NDArray[np.float32], sigma: float, free: tuple[bool, bool]) -> Stroke:
    """A path made smooth, its ends kept or, where they are free, drawn out; every second point of it."""
    rows, columns = points[:, 1].astype(int), points[:, 0].astype(int)
    wide = breadth[rows, columns].astype(np.float64)
    path = np.c_[points, wide / max(float(wide.mean()), 1e-9)]
    if len(path) < 3:
        return np.vstack([path, path[-1] + np.array([0.1, 0, 0])])
    reach = min(int(3 * sigma), len(path) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    closed = bool((path[0, :2] == path[-1, :2]).all())
    if closed:
        around = np.vstack([path[-reach - 1 : -1], path, path[1 : reach + 1]])
    else:
        # Mirrored through the ends, which so stay where they are.
        around = np.vstack([2 * path[0] - path[reach:0:-1], path, 2 * path[-1] - path[-2 : -reach - 2 : -1]])
    path = np.stack([np.convolve(column, kernel, "valid") for column in around.T], axis=1)
    path[:, 2] = np.clip(path[:, 2], 0.65, 1.4)
    far = _EXTENDED * float(wide.mean())
    step = min(len(path) - 1, max(3, int(1.5 * far)))
    for end, inner, at in ((0, step, free[0]), (-1, -1 - step, free[1])):
        way = path[end, :2] - path[inner, :2]
        length = float(np.hypot(*way))
        if at and not closed and length > 1e-6:
            tip = np.r_[path[end, :2] + way / length * far, path[end, 2]]
            path = np.vstack([tip, path]) if end == 0 else np.vstack([path, tip])
    return path if len(path) < 6 else np.vstack([path[:-1:2], path[-1:]])
