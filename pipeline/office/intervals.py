"""How far a share of few cases may be from the truth: Clopper and Pearson's exact bounds (1934)."""

from __future__ import annotations

import numpy as np

# Halvings of the unit interval: beyond 2^-60 a double cannot tell two shares near one apart.
HALVINGS = 60


def upper_bound(errors: int, n: int, level: float = 0.95) -> float:
    """The largest share under which so few errors in n cases are no rarer than 1 - level; one-sided. 1 where n is 0.

    SciPy has it as `beta.ppf(level, errors + 1, n - errors)`; for this alone it is no dependency.
    """
    if errors >= n:
        return 1.0
    # Logarithms of "n choose i" for i from 0 to errors.
    places = np.arange(1, errors + 1, dtype=np.float64)
    choose = np.concatenate([[0.0], np.cumsum(np.log((n - places + 1) / places))])
    counts = np.arange(errors + 1, dtype=np.float64)
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        if share in (0.0, 1.0):
            break
        so_few = float(np.exp(choose + counts * np.log(share) + (n - counts) * np.log1p(-share)).sum())
        low, high = (share, high) if so_few > 1 - level else (low, share)
    return high


def interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The two-sided interval of a share: hits among n cases."""
    one_sided = (1 + level) / 2
    return 1.0 - upper_bound(n - hits, n, one_sided), upper_bound(hits, n, one_sided)
