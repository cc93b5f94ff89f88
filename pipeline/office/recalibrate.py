"""An office's reviewed and audited slots to its own calibration (`office_calibration`).

What the project claims is corrected by a logistic model with one intercept and one slope, whose prior is that nothing
changes: few slots change little. A slot that was flagged counts for itself; an audited one for all accepted ones that were
not drawn. Thresholds keep the budgets as the office's own slots show them: `thresholds_of` tells how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.judging.calibration import load_calibration
from pipeline.judging.judge import CERTAIN
from pipeline.judging.office_calibration import Adjustment, log_odds
from pipeline.office.intervals import upper_bound

Floats = NDArray[np.float64]

LEAST_REVIEWED, LEAST_AUDITED = 100, 100
"""Slots below which nothing is fitted: of fewer, most offices have no wrong one to learn from."""

INTERCEPT_SPREAD, SLOPE_SPREAD = 1.0, 0.25
"""How far an office's intercept and slope are from 0 and 1, by the prior: odds three times better or worse are usual."""

LEAST_SLOPE = 0.1
"""What is claimed surer stays surer, however few slots say otherwise."""

MOST_STEPS, SMALL_STEP = 50, 1e-10
"""Newton's steps, of which a handful suffice, and the one after which they end."""

PLACES = 200
"""Thresholds that are tried: quantiles of what is known."""

LEVEL = 0.95
"""How sure it is that a budget is kept where it is said to be shown."""


@dataclass(frozen=True)
class Observation:
    """A slot whose truth is known: the probability that was claimed, whether its reading was right, whether it had been
    accepted; `pen`: whether a pen wrote in it, None where that is not known."""

    claim: float
    right: bool
    accepted: bool
    pen: bool | None = None


@dataclass(frozen=True)
class Threshold:
    """The least probability that is accepted under a budget; `shown`: the office's slots prove that it is kept.

    `bound` is the largest share of wrong ones that they allow, `wanted` how many audited slots without a wrong one would
    prove it.
    """

    budget: float
    least: float
    bound: float
    shown: bool
    wanted: int


@dataclass(frozen=True)
class Fitted:
    """The calibration of one kind: numbers of reviewed and of audited slots with their wrong ones, and what came of them.

    Where too few are known, nothing changes: `adjustment` is the project's own claim, and `thresholds` are empty.
    """

    reviewed: int
    reviewed_wrong: int
    audited: int
    audited_wrong: int
    adjustment: Adjustment
    thresholds: tuple[Threshold, ...] = ()

    @property
    def suffices(self) -> bool:
        """Whether there were enough to fit anything."""
        return self.reviewed >= LEAST_REVIEWED and self.audited >= LEAST_AUDITED


def fit(observations: Sequence[Observation], weight: float, *, by_pen: bool) -> Fitted:
    """The calibration of a kind from its slots; `weight` is how many accepted slots each audited one stands for."""
    audited = [one for one in observations if one.accepted]
    reviewed = [one for one in observations if not one.accepted]
    known = Fitted(len(reviewed), _wrong(reviewed), len(audited), _wrong(audited), Adjustment())
    if not known.suffices:
        return known
    claims = np.array([log_odds(one.claim) for one in observations])
    right = np.array([one.right for one in observations], dtype=np.float64)
    weights = np.array([weight if one.accepted else 1.0 for one in observations])
    intercept, slope = fit_line(claims, right, weights)
    adjustment = Adjustment(round(intercept, 5), round(slope, 5))
    corrected = np.array([adjustment.corrected(one.claim) for one in observations])
    found = thresholds_of(corrected, right, weights, by_pen=by_pen)
    pairs = tuple((one.budget, one.least) for one in found)
    return replace(known, adjustment=replace(adjustment, thresholds=pairs), thresholds=found)


def fit_line(claims: Floats, right: Floats, weights: Floats) -> tuple[float, float]:
    """Intercept and slope of the log odds of being right over the claimed ones, all (n,), by Newton's steps.

    Weights count as many slots as they are worth: two hundred audited ones for fifty thousand accepted say no more than two
    hundred, against a prior that is not weighted.
    """
    columns = np.stack([np.ones_like(claims), claims], axis=1)
    worth = weights * (effective(weights) / weights.sum())
    centre = np.array([0.0, 1.0])
    pull = np.diag([INTERCEPT_SPREAD**-2, SLOPE_SPREAD**-2])

    def loss(line: Floats) -> float:
        odds = columns @ line
        return float(worth @ (np.logaddexp(0, odds) - right * odds) + (line - centre) @ pull @ (line - centre) / 2)

    line = centre
    for _ in range(MOST_STEPS):
        sure = 1 / (1 + np.exp(-np.clip(columns @ line, -40, 40)))
        slope = columns.T @ (worth * (sure - right)) + pull @ (line - centre)
        bend = (columns * (worth * sure * (1 - sure))[:, None]).T @ columns + pull
        step = np.linalg.solve(bend, slope)
        # The loss is convex, but a whole step may be too long where every slot is far from even.
        while loss(line - step) > loss(line) and np.abs(step).max() > SMALL_STEP:
            step = step / 2
        line = line - step
        if np.abs(step).max() <= SMALL_STEP:
            break
    return float(line[0]), max(float(line[1]), LEAST_SLOPE)


def thresholds_of(corrected: Floats, right: Floats, weights: Floats, *, by_pen: bool) -> tuple[Threshold, ...]:
    """The least probability for each of the project's budgets, from corrected ones (n,) of slots whose truth is known.

    It is the least from which the office's slots show that the budget is kept: by Clopper and Pearson's bound on the
    weighted share of wrong ones, and by what is claimed of them. Where they are too few to show that, it is the project's
    own, raised as far as they show that it is not kept. A smaller budget never accepts more.
    """
    found: list[Threshold] = []
    places = np.unique(np.quantile(corrected, np.linspace(0, 1, PLACES), method="lower"))
    own = load_calibration().pen_thresholds if by_pen else load_calibration().thresholds
    least = 0.0
    for budget, usual in sorted(own, reverse=True):
        shown = [float(at) for at in places if _keeps(corrected, right, weights, float(at), budget)]
        higher = [usual, *map(float, places[places > usual])]
        first = shown[0] if shown else _not_broken(corrected, right, weights, higher, budget)
        least = max(least, min(first, CERTAIN))
        bound = _bound(corrected, right, weights, least)
        wanted = int(np.ceil(np.log(1 - LEVEL) / np.log1p(-budget)))
        # Rounded down, so that the slot by which it was found is accepted.
        found.append(Threshold(budget, float(np.floor(least * 1e6) / 1e6), bound, bound <= budget, wanted))
    return tuple(found)


def effective(weights: Floats) -> float:
    """How many slots of equal weight say as much (Kish)."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def _keeps(corrected: Floats, right: Floats, weights: Floats, at: float, budget: float) -> bool:
    inside = corrected >= at
    claimed = float((weights * (1 - corrected))[inside].sum() / weights[inside].sum())
    return claimed <= budget and _bound(corrected, right, weights, at) <= budget


def _not_broken(corrected: Floats, right: Floats, weights: Floats, places: Sequence[float], budget: float) -> float:
    """The first of some thresholds, the project's own before all, at which the slots do not show the budget broken."""
    for at in places:
        wrong, n = _cases(corrected, right, weights, at)
        if n == 0 or 1 - upper_bound(n - wrong, n, LEVEL) <= budget:
            return at
    return CERTAIN


def _bound(corrected: Floats, right: Floats, weights: Floats, at: float) -> float:
    wrong, n = _cases(corrected, right, weights, at)
    return upper_bound(wrong, n, LEVEL)


def _cases(corrected: Floats, right: Floats, weights: Floats, at: float) -> tuple[int, int]:
    """Wrong ones among the slots from some probability on, and how many these are: as many as their weights are worth."""
    inside = corrected >= at
    n = int(effective(weights[inside]))
    if n == 0:
        return 0, 0
    share = float((weights * (1 - right))[inside].sum() / weights[inside].sum())
    return min(int(np.ceil(share * n - 1e-9)), n), n


def _wrong(observations: Sequence[Observation]) -> int:
    return sum(not one.right for one in observations)
