"""Whether claimed confidences keep their word, and what an error budget buys.

Only slots with a claim take part: those decided to be a value or blank, flagged or not. What a person need not look at by
confidence alone is asked here; what the pipeline accepts, with all its reasons, is in the accuracy tables.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.office.intervals import interval, upper_bound
from tests.bench.score import SlotRow

# Half of all slots claim more than 0.99: bins of equal width would show nothing there.
EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 1.0)

COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 1.0)

BUDGETS = (Fraction(1, 100), Fraction(1, 300), Fraction(1, 1000), Fraction(1, 3000))

DECILES = 10


@dataclass(frozen=True)
class Claim:
    """A slot's claimed confidence and whether it was right."""

    confidence: float
    right: bool


@dataclass(frozen=True)
class Bin:
    """Slots of like confidence: claims from `low` to `high`, `claimed` their mean, `right` of `n` right.

    `interval` is the 95 % interval of the observed share.
    """

    low: float
    high: float
    n: int
    claimed: float
    right: int
    interval: tuple[float, float]

    @property
    def observed(self) -> float:
        return self.right / self.n

    @property
    def verdict(self) -> str:
        """Where the claim stands to the interval."""
        low, high = self.interval
        return "too sure" if self.claimed > high else "too modest" if self.claimed < low else "fits"


@dataclass(frozen=True)
class Accepted:
    """What is accepted at or above a threshold; `coverage` is its share of all slots, those without a claim included."""

    threshold: float
    n: int
    coverage: float
    errors: int

    @property
    def error(self) -> float:
        return self.errors / max(self.n, 1)

    @property
    def bound(self) -> float:
        """The most the error rate can be, one-sided 95 %."""
        return upper_bound(self.errors, self.n)


def rows_to_claims(rows: Sequence[SlotRow]) -> list[Claim]:
    """The claims of slots that have one, by falling confidence."""
    claims = [Claim(row.confidence, row.right) for row in rows if row.confidence is not None]
    return sorted(claims, key=lambda claim: -claim.confidence)


def bin_by_edges(claims: Sequence[Claim], edges: Sequence[float] = EDGES) -> list[Bin]:
    """Bins from each edge to below the next, the last with its upper edge; empty bins are left out."""
    groups: dict[int, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(min(bisect_right(edges, claim.confidence), len(edges) - 1) - 1, []).append(claim)
    return [_bin(groups[place], (edges[place], edges[place + 1])) for place in sorted(groups)]


def bin_by_deciles(claims: Sequence[Claim]) -> list[Bin]:
    """Ten bins of as many slots each, as far as equal confidences, which stay together, allow."""
    rising = sorted(claims, key=lambda claim: claim.confidence)
    confidences = [claim.confidence for claim in rising]
    wanted = [round(place * len(rising) / DECILES) for place in range(1, DECILES + 1)]
    cuts = sorted({bisect_right(confidences, confidences[cut - 1]) for cut in wanted if cut})
    parts = (rising[start:stop] for start, stop in zip((0, *cuts), cuts, strict=False))
    return [_bin(part, (part[0].confidence, part[-1].confidence)) for part in parts]


def over_budget(bins: Sequence[Bin], budget: Fraction) -> tuple[list[Bin], list[Bin]]:
    """Bins whose observed error is above the budget, and those of them for which chance is ruled out."""
    above = [item for item in bins if item.n - item.right > budget * item.n]
    return above, [item for item in above if 1 - item.interval[1] > budget]


def accept_coverage(claims: Sequence[Claim], total: int, coverage: float) -> Accepted | None:
    """The highest threshold that accepts this share of all slots; None where fewer than that have a claim."""
    return next((step for step in _thresholds(claims, total) if step.coverage >= coverage - 1e-9), None)


def accept_by_claims(claims: Sequence[Claim], total: int, budget: Fraction) -> Accepted | None:
    """The most that may be accepted if confidences are believed: the mean doubt claimed stays within the budget."""
    doubt, place, best = 0.0, 0, None
    for step in _thresholds(claims, total):
        doubt += sum(1 - claim.confidence for claim in claims[place : step.n])
        place = step.n
        if doubt <= float(budget) * step.n:
            best = step
    return best


def accept_in_hindsight(claims: Sequence[Claim], total: int, budget: Fraction) -> Accepted | None:
    """The most that could have been accepted within the budget, had the truth been known: what ranking allows."""
    within = [step for step in _thresholds(claims, total) if step.errors <= budget * step.n]
    return within[-1] if within else None


def _thresholds(claims: Sequence[Claim], total: int) -> Iterator[Accepted]:
    """Every threshold that tells slots apart, falling, with what it accepts."""
    errors = 0
    for place, claim in enumerate(claims, 1):
        errors += not claim.right
        if place == len(claims) or claims[place].confidence < claim.confidence:
            yield Accepted(claim.confidence, place, place / total, errors)


def _bin(claims: Sequence[Claim], bounds: tuple[float, float]) -> Bin:
    right = sum(claim.right for claim in claims)
    claimed = sum(claim.confidence for claim in claims) / len(claims)
    return Bin(*bounds, len(claims), claimed, right, interval(right, len(claims)))
