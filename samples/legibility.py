"""Whether a person could read what a pen wrote, going by the captured picture alone.

A fax drops a pencil's grey, an app's contrast takes it for dirt, a messenger leaves six pixels of a digit. No reader can be
asked for such numbers; all that it must not do is to accept something in their place.
"""

from __future__ import annotations

import numpy as np

from schemas.flow import Box, Image

LEAST_TALL = 8.0
"""Height in pixels below which digits are guessed: typefaces for screens need 7."""

LEAST_SHOWN = 0.04
"""Least share of the ink's box that is darker than paper: a thin pen's wide hand covers 8 %, what a fax leaves of a pencil
1 or 2 %."""

_DARKER = 20.0
"""Grey levels by which ink must be darker than paper at least, where there is no noise."""

_NOISES = 3.5
"""Standard deviations of the paper's noise that ink must be darker by."""


def is_legible(bgr: Image, box: Box) -> bool:
    """Whether ink in a box (in pixels) of a captured page can be read, as far as its height and what shows of it go."""
    return box[3] - box[1] >= LEAST_TALL and ink_shown(bgr, box) >= LEAST_SHOWN


def ink_shown(bgr: Image, box: Box) -> float:
    """Share of a box (in pixels) that is darker than the paper around it, beyond its noise; any colour counts."""
    left, top, right, bottom = (round(side) for side in box)
    high = max(bottom - top, 1)
    start, end = max(left - high, 0), max(top - high // 2, 0)
    around = bgr[end : bottom + high // 2 + 1, start : right + high + 1].min(axis=2).astype(np.float32)
    if not around.size:
        return 0.0
    # Most of what is around is paper: its level is the upper half's middle, its noise the same half's.
    paper = float(np.percentile(around, 75))
    upper = around[around >= np.median(around)]
    noise = 1.5 * float(np.abs(upper - np.median(upper)).mean())
    inside = around[top - end : bottom - end, left - start : right - start]
    return float((inside < paper - max(_DARKER, _NOISES * noise)).mean()) if inside.size else 0.0
