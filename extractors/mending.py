"""Broken rules carried on to those that should meet them: over white, along what is left of them, never through writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from extractors.ink import flags_to_runs
from extractors.joining import NEAR_END, Rule, bridge_gaps
from extractors.paths import on_ink
from schemas.flow import Image

# A rule whose end meets no other within this many working pixels is broken off there, or one that nobody ruled is missing.
# Where one stops, another that is broken does not run past its end by more than so many.
LOOSE, PAST = 12.0, 6.0

# Only rules of so many working pixels are carried on: parentheses one below the other look like a shorter one.
LONG = 100

# Longest stretch without ink that a broken rule is carried over, in working pixels: a worn drum leaves gaps of 40 points, 75
# pixels, and of two that are close together the piece between may be lost.
WHITE = 130

# Writing lies on a way in runs shorter than RUN working pixels, a 14 pt character's longest stroke, with more ink BESIDE
# working pixels off the way along this share of them: what is left of a rule has none there, but where another one crosses.
RUN, BESIDE, CROWDED = 22, 6, 0.4

# Of a way, this share at most may lie on writing; a rule that is carried on beyond the one it met must be drawn on this
# share of it: one that stops there is drawn on none.
MOST_WRITING, LEAST_DRAWN = 0.1, 0.4

# A way may swing off by this many working pixels at its end, and by this share of its length more: an end's direction is a
# guess.
SWING, SWING_SHARE = 1.0, 0.02

# Rounds of carrying on: at a corner both rules may be broken, and each needs the other.
ROUNDS = 2


def mend_rules(
    horizontal: Sequence[Rule], vertical: Sequence[Rule], level_ink: Image, plumb_ink: Image
) -> tuple[list[Rule], list[Rule]]:
    """Rules with their loose ends carried on. Ink is 255 on 0; `plumb_ink` is transposed, so that its rules lie level."""
    horizontal, vertical = list(horizontal), list(vertical)
    for _ in range(ROUNDS):
        longer = [_carried_on(rule, vertical, horizontal, level_ink) for rule in horizontal]
        taller = [_carried_on(rule, horizontal, vertical, plumb_ink) for rule in vertical]
        if longer == horizontal and taller == vertical:
            break
        horizontal, vertical = bridge_gaps(longer, taller), bridge_gaps(taller, longer)
    return horizontal, vertical


def _carried_on(rule: Rule, others: Sequence[Rule], parallel: Sequence[Rule], ink: Image) -> Rule:
    """A rule as long as it can be followed beyond both ends; itself where it is short or meets no other."""
    if len(rule.across) < LONG or not any(_meets(rule, other) for other in others):
        return rule
    for end in (0, -1):
        while (longer := _one_further(rule, others, parallel, ink, end)) is not None:
            rule = longer
    return rule


def _meets(rule: Rule, other: Rule) -> bool:
    """Whether two rules meet, or nearly."""
    across = rule.at((rule.start + rule.end) / 2)
    along = other.at(across)
    across = rule.at(along)
    return rule.start - NEAR_END <= along <= rule.end + NEAR_END and other.start - NEAR_END <= across <= other.end + NEAR_END


def _one_further(rule: Rule, others: Sequence[Rule], parallel: Sequence[Rule], ink: Image, end: int) -> Rule | None:
    """A rule carried on to the next one across its way; None where there is none or the way is barred."""
    sign, stop = (-1, rule.start) if end == 0 else (1, rule.end)
    aways = [sign * (place - stop) for other in others if (place := _meeting(rule, other, stop, parallel)) is not None]
    length = min((round(away) for away in aways if away > LOOSE), default=0)
    if length == 0:
        return None
    loose = all(abs(away) > LOOSE for away in aways)
    way, on, beside = _best_way(rule, ink, end, length)
    writing = sum(
        stop - start for start, stop in _inner_runs(on) if stop - start < RUN and beside[start:stop].mean() > CROWDED
    )
    if writing > MOST_WRITING * length:
        return None
    white = max((stop - start for start, stop in flags_to_runs(~on)), default=0)
    bridged = loose and white <= WHITE
    if not (bridged or on.mean() >= LEAST_DRAWN or _is_corner(rule, stop + sign * length, others, parallel)):
        return None
    if end == 0:
        return replace(rule, start=rule.start - length, across=np.concatenate([way[::-1], rule.across]))
    return replace(rule, across=np.concatenate([rule.across, way]))


def _meeting(rule: Rule, other: Rule, stop: int, parallel: Sequence[Rule]) -> float | None:
    """Where along its way a rule meets another one, or would if that one's own loose end were carried on."""
    across = rule.at(stop)
    for _ in range(2):
        place = other.at(across)
        across = rule.at(place)
    for edge, beyond in ((other.start, other.start - across), (other.end, across - other.end)):
        if beyond > PAST and (beyond > WHITE or _is_met(other, edge, parallel)):
            return None
    return place


def _is_met(rule: Rule, stop: int, others: Sequence[Rule]) -> bool:
    """Whether one of the others runs across a rule where it ends."""
    across = rule.at(stop)
    return any(
        other.start - NEAR_END <= across <= other.end + NEAR_END and abs(other.at(across) - stop) <= LOOSE
        for other in others
    )


def _best_way(
    rule: Rule, ink: Image, end: int, length: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """The way straight on from an end that has most ink, where it lies on ink, and where ink is beside it."""
    steps = np.arange(1, length + 1)
    sign, stop, edge = (-1, rule.start, rule.across[0]) if end == 0 else (1, rule.end, rule.across[-1])
    lean = sign * rule.slope(end)
    swing = SWING + SWING_SHARE * length
    offs = np.arange(-swing, swing + 0.5)
    ways = edge + (lean + offs[:, None] / length) * steps
    along = stop + sign * steps
    on = on_ink(ink, along, ways)
    best = int(np.argmax(on.mean(axis=1) - 1e-3 * np.abs(offs)))
    beside = on_ink(ink, along, ways[best] - BESIDE) | on_ink(ink, along, ways[best] + BESIDE)
    return ways[best], on[best], beside


def _inner_runs(on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of ink that touch neither end: there the rule is that is carried on, or the one that it meets."""
    return [(start, stop) for start, stop in flags_to_runs(on) if start > 0 and stop < len(on)]


def _is_corner(rule: Rule, place: int, others: Sequence[Rule], parallel: Sequence[Rule]) -> bool:
    """Whether the rule across the way at a place ends there, and no rule along the way begins: the table's own corner."""
    across = rule.at(place)
    meets = [other for other in others if abs(other.at(across) - place) <= LOOSE]
    ends = [other for other in meets if min(abs(other.start - across), abs(other.end - across)) <= LOOSE]
    goes_on = any(
        one is not rule and abs(one.at(place) - across) <= LOOSE and one.start - LOOSE <= place <= one.end + LOOSE
        for one in parallel
    )
    return bool(ends) and not goes_on
