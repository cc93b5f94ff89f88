"""The ruled lines of a page, however they bend: paths of ink that are smooth, thin and clear of writing.

A rule is kept as a polyline. Its pieces are joined over gaps where they go on in each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.dashes import join_dashes
from extractors.ink import dark_pixels
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
    strips_to_nodes,
)
from extractors.warp import project
from schemas.flow import Image, Matrix, Upright

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

# It must be on ink by MIN_CONTRAST more than the places BESIDE working pixels off its edges: text is dark there too.
BESIDE, MIN_CONTRAST, DOUBLE = 3, 0.6, 0.8

# A piece shorter than SHORT working pixels must be on ink by SHORT_COVER, and must not be bent like a seal: a circle of less
# than MIN_RADIUS, from which it keeps within ROUND working pixels.
SHORT, SHORT_COVER, MIN_RADIUS, ROUND = 160, 0.93, 400.0, 2.0

# Thickest rule in working pixels, the two lines of a double one taken together; a filled bar or a dark edge is thicker.
MAX_THICK = 14

# A gap may be as long as this many working pixels, or as this share of the shorter piece beside it up to LONG_GAP: a seal
# that was faded takes a long piece of a long rule with it.
MAX_GAP, GAP_SHARE, LONG_GAP = 48, 0.6, 240

# An end within this many working pixels of a rule across it stops there.
NEAR_END = 20.0

# Pieces go on in each other when they miss by at most this many working pixels where they should meet, and by this share
# of a gap more.
MAX_OFFSET, OFFSET_SHARE = 4.0, 0.04

# Length of a rule, in working pixels, over which its direction at an end is taken.
END = 120

# Half the length, in strips, of the parabola that is fitted around each place of a rule to smooth it.
SMOOTH = 8

# Shortest rule that may bound a cell, in working pixels: the height of a one-line row.
MIN_RULE = 24.0


@dataclass(frozen=True, eq=False)
class Rule:
    """A ruled line as its middle: `across` at each whole `along` from `start`, in working pixels.

    For a horizontal rule along is x and across is y; for a vertical one the other way round. `depth` is how much
    darker than the paper it is, of 255; `drawn` is False for a side that nobody ruled, concluded from the others.
    """

    start: int
    across: NDArray[np.float64]
    depth: float = 0.0
    drawn: bool = True

    @property
    def end(self) -> int:
        return self.start + len(self.across) - 1

    def at(self, along: float) -> float:
        """Where the rule is across at a place along it; beyond its ends it goes straight on."""
        if along < self.start:
            return float(self.across[0]) - self.slope(0) * (self.start - along)
        if along > self.end:
            return float(self.across[-1]) + self.slope(-1) * (along - self.end)
        return float(self.across[round(along) - self.start])

    def slope(self, end: int) -> float:
        """Direction at the start (0) or the end (-1), from its last END pixels."""
        piece = self.across[:END] if end == 0 else self.across[-END:]
        if len(piece) < 2:
            return 0.0
        places = np.arange(len(piece)) - (len(piece) - 1) / 2
        return float((places * piece).sum() / (places**2).sum())


def find_rules(upright: Upright) -> tuple[list[Rule], list[Rule]]:
    """The horizontal and the vertical rules of an upright page."""
    gray = upright.gray
    dark = np.asarray(cv2.bitwise_and(dark_pixels(gray), _page_mask(upright)), dtype=np.uint8)
    level_ink, plumb_ink = join_dashes(dark)
    level, plumb = _ink_to_pieces(level_ink, gray), _ink_to_pieces(_transposed(plumb_ink), _transposed(gray))
    depths = [piece.depth for piece in (*level, *plumb) if len(piece.across) >= END]
    least = FAINT * float(np.percentile(depths, 80)) if depths else 0.0
    horizontal, vertical = (
        pieces_to_rules([piece for piece in pieces if piece.depth >= least]) for pieces in (level, plumb)
    )
    horizontal, vertical = _firm(horizontal, vertical), _firm(vertical, horizontal)
    return bridge_gaps(horizontal, vertical), bridge_gaps(vertical, horizontal)


def _firm(rules: Sequence[Rule], others: Sequence[Rule]) -> list[Rule]:
    """The rules that are long enough, or run from one of the long `others` to another."""
    across = [other for other in others if len(other.across) >= LONG]
    return [
        rule
        for rule in rules
        if len(rule.across) >= STRIP * MIN_WORTH / CLEAN_WORTH
        or (_stops(rule.start, rule.across[0], across) and _stops(rule.end, rule.across[-1], across))
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
    return [clean for piece, thick in pieces if (clean := _trimmed(dark, gray, piece, thick)) is not None]


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


def _trimmed(dark: Image, gray: Image, piece: Rule, thick: float) -> Rule | None:
    """A piece without the ends that ran into writing; None for what is no rule."""
    height, width = dark.shape
    along = np.clip(np.arange(piece.start, piece.end + 1), 0, width - 1)
    middle = np.rint(piece.across).astype(int)
    beside = round(thick / 2) + BESIDE
    on, near, level, above, below = (
        picture[np.clip(middle + np.array(rows)[:, None], 0, height - 1), along]
        for picture, rows in (
            (dark, (-1, 0, 1)),
            (dark, (-beside, beside)),
            (gray, (-1, 0, 1)),
            (gray, (-beside - 1, -CLEAR, -CLEAR - 4)),
            (gray, (beside + 1, CLEAR, CLEAR + 4)),
        )
    )
    on = (on > 0).any(axis=0)
    cover = float(on.mean())
    sides = (near > 0).mean(axis=1)
    # A side that is dark throughout is the other line of a double rule.
    text = float(np.where(sides > DOUBLE, 0.0, sides).mean())
    least = max(MIN_COVER if len(on) >= SHORT else SHORT_COVER, MIN_CONTRAST + text)
    if cover < least or len(on) <= TAIL or (len(on) < SHORT and _is_round(piece.across)):
        return None
    share = np.convolve(on, np.ones(TAIL), "valid") / TAIL
    good = np.flatnonzero(share >= min(TAIL_COVER, cover))
    start, end = (int(good[0]), int(good[-1]) + TAIL) if len(good) else (0, len(on))
    # The darker side counts: a sheet's edge has the desk on one side.
    paper = np.minimum(above.max(axis=0), below.max(axis=0)).astype(np.float64)
    depth = float(np.median(paper - level.min(axis=0)))
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


def pieces_to_rules(pieces: Sequence[Rule]) -> list[Rule]:
    """Join pieces that go on in each other over small gaps, from left to right."""
    return [rule for rule in _joined(pieces, lambda rule, piece: MAX_GAP) if rule.end - rule.start >= MIN_RULE]


def bridge_gaps(rules: Sequence[Rule], others: Sequence[Rule]) -> list[Rule]:
    """Join rules over long gaps, but for those between two of the `others`, which run across: there one table ends."""

    def widest(rule: Rule, piece: Rule) -> float:
        if _stops(rule.end, rule.across[-1], others) and _stops(piece.start, piece.across[0], others):
            return MAX_GAP
        return max(MAX_GAP, min(GAP_SHARE * min(len(rule.across), len(piece.across)), LONG_GAP))

    return _joined(rules, widest)


def _stops(along: float, across: float, others: Sequence[Rule]) -> bool:
    """Whether one of the rules that run across passes within an end's reach of a place."""
    return any(
        other.start - NEAR_END <= across <= other.end + NEAR_END and abs(other.at(across) - along) <= NEAR_END
        for other in others
    )


def _joined(pieces: Sequence[Rule], widest: Callable[[Rule, Rule], float]) -> list[Rule]:
    rules: list[Rule] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        fits = [rule for rule in rules if _goes_on(rule, piece, widest(rule, piece))]
        if fits:
            best = min(fits, key=lambda rule: abs(piece.start - rule.end))
            rules.remove(best)
            rules.append(_join(best, piece))
        else:
            rules.append(piece)
    return rules


def _goes_on(rule: Rule, piece: Rule, widest: float) -> bool:
    """Whether a piece continues a rule: a small enough gap or an overlap, and level with the rule's own direction."""
    gap = piece.start - rule.end
    if gap > widest or piece.end <= rule.end or gap < -4 * MAX_GAP:
        return False
    if gap <= 0:
        return abs(rule.at(piece.start) - piece.at(piece.start)) <= MAX_OFFSET
    ahead = abs(rule.at(piece.start) - float(piece.across[0]))
    behind = abs(piece.at(rule.end) - float(rule.across[-1]))
    # A short piece's direction is a guess: the longer one's counts.
    miss = ahead if len(rule.across) >= len(piece.across) else behind
    return min(miss, (ahead + behind) / 2) <= MAX_OFFSET + OFFSET_SHARE * gap


def _join(rule: Rule, piece: Rule) -> Rule:
    """One rule from two pieces; a gap between them is filled by a straight line."""
    kept = rule.across[: max(piece.start - rule.start, 1)]
    gap = piece.start - (rule.start + len(kept))
    bridge = np.linspace(kept[-1], piece.across[0], gap + 2)[1:-1] if gap > 0 else np.zeros(0)
    return Rule(rule.start, np.concatenate([kept, bridge, piece.across]), max(rule.depth, piece.depth))


def rule_points(rule: Rule, start: float, end: float) -> Matrix:
    """A rule between two places along it, as (n, 2) points (along, across) about a strip apart."""
    along = np.linspace(start, end, max(round(abs(end - start) / (2 * STRIP)), 1) + 1)
    inside = np.interp(along, np.arange(rule.start, rule.end + 1), rule.across)
    inside = np.where(along < rule.start, rule.across[0] - rule.slope(0) * (rule.start - along), inside)
    inside = np.where(along > rule.end, rule.across[-1] + rule.slope(-1) * (along - rule.end), inside)
    return np.column_stack([along, inside])
