"""The ruled lines of a page, however they bend: paths of ink that are smooth, thin and clear of writing.

A rule is kept as a polyline. Its pieces are joined over gaps where they go on in each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.dashes import join_dashes
from extractors.ink import flags_to_runs
from extractors.joining import END, Rule, bridge_gaps, ends_at, pieces_to_rules
from extractors.mending import mend_rules
from extractors.paths import (
    CLEAN_WORTH,
    CLEAR,
    LEAST_WORTH,
    MIN_WORTH,
    SHORT_WORTH,
    STRIP,
    Nodes,
    ink_to_strips,
    nodes_to_chains,
    on_ink,
    strips_to_nodes,
)
from extractors.strokes import stroke_pixels
from extractors.warp import project
from schemas.flow import Image, Upright

# A piece shorter than its least worth must run from one long rule to another: one of this many working pixels.
LONG = 100

# Mean worth of a piece's strips: a clean one has 0.4, a dashed or faint one half of it, a path through text less. A short
# piece must be clean.
MEAN_WORTH, SHORT_MEAN = 0.15, 0.25

# A piece that stands out from the paper by less than this share of what the page's clear rules do is a desk's grain.
FAINT = 0.25

# A piece is a rule's when this share of its smooth middle is on ink: a path through text zigzags from stroke to stroke. At
# its ends, over TAIL working pixels, it must be on ink as it is elsewhere or by TAIL_COVER: else it has run into text.
MIN_COVER, TAIL, TAIL_COVER = 0.84, 24, 0.9

# The parts of a piece LONG working pixels long are looked at one by one when it is on ink by this share at least. A stretch
# without ink of this many working pixels is a hole between them.
BROKEN_COVER, HOLE = 0.6, 6

# It must be on ink by MIN_CONTRAST more than the places BESIDE working pixels off its edges: text is dark there too.
BESIDE, MIN_CONTRAST, DOUBLE = 3, 0.6, 0.8

# A piece shorter than SHORT working pixels must be on ink by SHORT_COVER, and must not be bent like a seal: a circle of less
# than MIN_RADIUS, from which it keeps within ROUND working pixels.
SHORT, SHORT_COVER, MIN_RADIUS, ROUND = 160, 0.93, 400.0, 2.0

# Thickest rule in working pixels, the two lines of a double one taken together; a filled bar or a dark edge is thicker.
MAX_THICK = 14

# Between a rule's two sides the light differs by no more than this multiple of what the rule itself is darker.
STEP = 2.0

# Half the length, in strips, of the parabola that is fitted around each place of a rule to smooth it.
SMOOTH = 8


def find_rules(upright: Upright) -> tuple[list[Rule], list[Rule]]:
    """The horizontal and the vertical rules of an upright page."""
    gray = upright.gray
    dark = np.asarray(cv2.bitwise_and(stroke_pixels(gray), _page_mask(upright)), dtype=np.uint8)
    level_ink, upright_ink = join_dashes(dark)
    plumb_ink = _transposed(upright_ink)
    level, plumb = _ink_to_pieces(level_ink, gray), _ink_to_pieces(plumb_ink, _transposed(gray))
    depths = [piece.depth for piece in (*level, *plumb) if len(piece.across) >= END]
    least = FAINT * float(np.percentile(depths, 80)) if depths else 0.0
    horizontal, vertical = (
        pieces_to_rules([piece for piece in pieces if piece.depth >= least]) for pieces in (level, plumb)
    )
    horizontal, vertical = _firm(horizontal, vertical), _firm(vertical, horizontal)
    horizontal, vertical = bridge_gaps(horizontal, vertical), bridge_gaps(vertical, horizontal)
    return mend_rules(horizontal, vertical, level_ink, plumb_ink)


def _firm(rules: Sequence[Rule], others: Sequence[Rule]) -> list[Rule]:
    """The rules that are long enough, or run from one of the long `others` to another."""
    across = [other for other in others if len(other.across) >= LONG]
    return [
        rule
        for rule in rules
        if len(rule.across) >= STRIP * MIN_WORTH / CLEAN_WORTH
        or (ends_at(rule.start, rule.across[0], across) and ends_at(rule.end, rule.across[-1], across))
    ]


def _page_mask(upright: Upright) -> Image:
    """Where the upright picture shows the page (255), not what was made up around it (0): uint8 (h, w)."""
    height, width = upright.page.pixels.shape[:2]
    corners = np.array([[0.0, 0], [width, 0], [width, height], [0, height]])
    inside = project(corners, np.asarray(np.linalg.inv(upright.to_source), dtype=np.float64))
    mask = np.zeros(upright.gray.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(inside).astype(np.int32), 255)
    # The picture's own edge is none of its rules.
    cv2.polylines(mask, [np.rint(inside).astype(np.int32)], True, 0, 7)
    return mask


def _transposed(picture: Image) -> Image:
    return np.asarray(cv2.transpose(picture), dtype=np.uint8)


def _ink_to_pieces(dark: Image, gray: Image) -> list[Rule]:
    """The pieces of nearly level rules in a picture of ink (255 on 0)."""
    strips = ink_to_strips(dark)
    if strips.size == 0:
        return []
    nodes = strips_to_nodes(strips)
    pieces = [piece for chain in nodes_to_chains(nodes) if (piece := _to_piece(nodes, chain)) is not None]
    return [clean for piece, thick in pieces for clean in _clean(dark, gray, piece, thick)]


def _to_piece(nodes: Nodes, chain: list[int]) -> tuple[Rule, float] | None:
    """A piece from a chain, smoothed, to the outer ends of the outermost strips, and its thickness.

    None for a blot or for dashes of text.
    """
    strips = nodes.strip[chain]
    holes = strips[-1] - strips[0] + 1 - len(chain)
    worth = float(nodes.own[chain].sum()) + LEAST_WORTH * float(holes)
    if worth < max(SHORT_WORTH, (MEAN_WORTH if worth >= MIN_WORTH else SHORT_MEAN) * len(chain)):
        return None
    thick = float(np.median(nodes.thick[chain]))
    if thick > MAX_THICK or STRIP * len(chain) < 2 * thick:
        return None
    along = np.asarray(strips * STRIP + (STRIP - 1) / 2, dtype=np.float64)
    smooth = smoothed(along, nodes.row[chain])
    start, end = int(along[0] - STRIP / 2 + 0.5), int(along[-1] + STRIP / 2)
    return Rule(start, np.interp(np.arange(start, end + 1), along, smooth)), thick


def _clean(dark: Image, gray: Image, piece: Rule, thick: float) -> list[Rule]:
    """A piece without the ends that ran into writing; what is left of a long one with holes, each part by itself."""
    on = on_ink(dark, np.arange(piece.start, piece.end + 1), piece.across)
    whole = _trimmed(dark, gray, piece, thick, on)
    if whole is not None:
        return [whole]
    if len(on) < LONG or on.mean() < BROKEN_COVER:
        return []
    holes = [place for start, stop in flags_to_runs(~on) if stop - start >= HOLE for place in (start, stop)]
    parts = [(start, stop) for start, stop in pairwise([0, *holes, len(on)]) if stop - start > TAIL and on[start:stop].any()]
    shares = [
        _trimmed(
            dark, gray, replace(piece, start=piece.start + start, across=piece.across[start:stop]), thick, on[start:stop]
        )
        for start, stop in parts
    ]
    return [part for part in shares if part is not None]


def _trimmed(dark: Image, gray: Image, piece: Rule, thick: float, on: NDArray[np.bool_]) -> Rule | None:
    """A piece without the ends that ran into writing; None for what is no rule. `on` tells where it is on ink."""
    cover = float(on.mean())
    if cover < MIN_COVER or len(on) <= TAIL:
        return None
    height, width = dark.shape
    along = np.clip(np.arange(piece.start, piece.end + 1), 0, width - 1)
    middle = np.rint(piece.across).astype(int)
    beside = round(thick / 2) + BESIDE
    near, level, above, below = (
        picture[np.clip(middle + np.array(rows)[:, None], 0, height - 1), along]
        for picture, rows in (
            (dark, (-beside, beside)),
            (gray, (-1, 0, 1)),
            (gray, (-beside - 1, -CLEAR, -CLEAR - 4)),
            (gray, (beside + 1, CLEAR, CLEAR + 4)),
        )
    )
    beside_it = (near > 0).mean(axis=1)
    # A side that is dark throughout is the other line of a double rule.
    text = float(np.where(beside_it > DOUBLE, 0.0, beside_it).mean())
    least = max(MIN_COVER if len(on) >= SHORT else SHORT_COVER, MIN_CONTRAST + text)
    if cover < least or (len(on) < SHORT and _is_round(piece.across)):
        return None
    share = np.convolve(on, np.ones(TAIL), "valid") / TAIL
    good = np.flatnonzero(share >= min(TAIL_COVER, cover))
    start, end = (int(good[0]), int(good[-1]) + TAIL) if len(good) else (0, len(on))
    # The darker side counts: what is not much darker than that is the edge of a sheet, on a desk or in the light.
    sides = above.max(axis=0).astype(np.float64), below.max(axis=0).astype(np.float64)
    depth = float(np.median(np.minimum(*sides) - level.min(axis=0)))
    if abs(float(np.median(sides[0] - sides[1]))) > STEP * depth:
        return None
    return Rule(piece.start + start, piece.across[start:end], depth)


def _is_round(across: NDArray[np.float64]) -> bool:
    """Whether a short piece is bent as no paper is."""
    places = np.arange(len(across)) - len(across) / 2
    bend = abs(float(np.polyfit(places, across, 2)[0]))
    return 2 * bend > 1 / MIN_RADIUS and bend * (len(across) / 2) ** 2 > ROUND


def smoothed(along: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value replaced by that of a parabola fitted to its neighbours, those far off having no say."""
    if len(along) < 5:
        return np.polyval(np.polyfit(along - along[0], across, 1), along - along[0])
    result = across.astype(np.float64)
    for _ in range(2):
        off = np.abs(across - result)
        weight = 1 / (1 + (off / 1.5) ** 2)
        result = _local_parabolas(along / STRIP, across, weight)
    return result


def _local_parabolas(
    along: NDArray[np.float64], across: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A weighted parabola around each place, evaluated there; near the ends the window is pushed inward."""
    count = len(along)
    width = min(2 * SMOOTH + 1, count)
    first = np.clip(np.arange(count) - width // 2, 0, count - width)
    window = first[:, None] + np.arange(width)
    x = along[window] - along[:, None]
    powers = np.stack([np.ones_like(x), x, x * x], axis=2)
    weighted = powers * weight[window][:, :, None]
    normal = weighted.transpose(0, 2, 1) @ powers + 1e-6 * np.eye(3)
    right = (weighted * across[window][:, :, None]).sum(axis=1)
    return np.asarray(np.linalg.solve(normal, right[:, :, None])[:, 0, 0], dtype=np.float64)
