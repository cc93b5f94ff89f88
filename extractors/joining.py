"""Rules as polylines, and their pieces joined where they go on in each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from extractors.paths import STRIP
from schemas.flow import Matrix

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
        return self._slopes[end]

    @cached_property
    def _slopes(self) -> tuple[float, float]:
        return _slope(self.across[:END]), _slope(self.across[-END:])


def pieces_to_rules(pieces: Sequence[Rule]) -> list[Rule]:
    """Join pieces that go on in each other over small gaps, from left to right."""
    return [rule for rule in _joined(pieces, lambda rule, piece: MAX_GAP) if rule.end - rule.start >= MIN_RULE]


def bridge_gaps(rules: Sequence[Rule], others: Sequence[Rule]) -> list[Rule]:
    """Join rules over long gaps, but for those between two of the `others`, which run across: there one table ends."""

    def widest(rule: Rule, piece: Rule) -> float:
        if ends_at(rule.end, rule.across[-1], others) and ends_at(piece.start, piece.across[0], others):
            return MAX_GAP
        return max(MAX_GAP, min(GAP_SHARE * min(len(rule.across), len(piece.across)), LONG_GAP))

    return _joined(rules, widest)


def ends_at(along: float, across: float, others: Sequence[Rule]) -> bool:
    """Whether one of the rules that run across passes within an end's reach of a place."""
    return any(
        other.start - NEAR_END <= across <= other.end + NEAR_END and abs(other.at(across) - along) <= NEAR_END
        for other in others
    )


def rule_points(rule: Rule, start: float, end: float) -> Matrix:
    """A rule between two places along it, as (n, 2) points (along, across) about a strip apart."""
    along = np.linspace(start, end, max(round(abs(end - start) / (2 * STRIP)), 1) + 1)
    inside = np.interp(along, np.arange(rule.start, rule.end + 1), rule.across)
    inside = np.where(along < rule.start, rule.across[0] - rule.slope(0) * (rule.start - along), inside)
    inside = np.where(along > rule.end, rule.across[-1] + rule.slope(-1) * (along - rule.end), inside)
    return np.column_stack([along, inside])


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


def _slope(piece: NDArray[np.float64]) -> float:
    if len(piece) < 2:
        return 0.0
    places = np.arange(len(piece)) - (len(piece) - 1) / 2
    return float((places * piece).sum() / (places**2).sum())
