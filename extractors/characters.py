"""The characters of a page, as far as boxes around dark spots tell: which way lines run, and where they begin."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.strokes import stroke_depth, stroke_pixels
from schemas.flow import Image

# Specks have no side longer than this many working pixels: dots of a dotted rule, grain. Characters have none longer than
# LARGE, 30 pt, and are on average as high as SMALL or higher.
SPECK, SMALL, LARGE = 4, 9, 60

# Ink paler than this share of what the page's stronger ink is, a desk's grain or a dotted rule's blur, is no character.
PALE = 0.4

# Boxes are level with each other when their middles differ by no more than this, in heights of a character.
LEVEL = 0.5

# Characters that are asked for their neighbours, at most: a form has a thousand.
ASKED = 1500


@dataclass(frozen=True, eq=False)
class Characters:
    """The characters of a page, and parts of such: float64 (n,) in working pixels, `size` being their usual height."""

    left: NDArray[np.float64]
    top: NDArray[np.float64]
    right: NDArray[np.float64]
    bottom: NDArray[np.float64]
    size: float

    @property
    def level(self) -> NDArray[np.float64]:
        """The height of their middles."""
        return (self.top + self.bottom) / 2

    def those(self, kept: NDArray[np.bool_]) -> Characters:
        return Characters(self.left[kept], self.top[kept], self.right[kept], self.bottom[kept], self.size)


def find_characters(gray: Image) -> Characters:
    """What may be characters on an upright page, by size and darkness."""
    dark = stroke_pixels(gray)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    left, top, width, height = np.asarray(stats, dtype=np.float64)[1:, :4].T
    larger, smaller = np.maximum(width, height), np.minimum(width, height)
    fit = (larger > SPECK) & (larger <= LARGE) & (larger <= 12 * smaller)
    inked = dark > 0
    if inked.any():
        depths = stroke_depth(gray)[inked]
        strong = np.zeros(len(stats), np.bool_)
        strong[np.asarray(labels)[inked][depths >= PALE * np.percentile(depths, 80)]] = True
        fit &= strong[1:]
    whole = fit & (height >= SMALL) & (width >= SMALL)
    size = float(np.median(height[whole])) if whole.any() else float(SMALL)
    return Characters(left[fit], top[fit], (left + width)[fit], (top + height)[fit], size)


def lines_run_down(chars: Characters) -> bool:
    """Whether text lies on its side: characters stand closer to the one above or below than to the one beside them."""
    full = chars.those((chars.bottom - chars.top >= SMALL) & (chars.right - chars.left >= SMALL))
    full = full.those(np.arange(len(full.left)) % -(-max(len(full.left), 1) // ASKED) == 0)
    if len(full.left) < 2:
        return False
    beside = _nearest(full.left, full.right, full.level, full.size)
    below = _nearest(full.top, full.bottom, (full.left + full.right) / 2, full.size)
    return int(np.count_nonzero(below < beside)) > int(np.count_nonzero(beside < below))


def _nearest(
    start: NDArray[np.float64], end: NDArray[np.float64], level: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """How far on from each box the next one begins that is level with it; infinite where there is none."""
    gaps = start[None] - end[:, None]
    apart = np.abs(level[None] - level[:, None]) > LEVEL * size
    gaps[apart | (gaps < -LEVEL * size)] = np.inf
    np.fill_diagonal(gaps, np.inf)
    nearest: NDArray[np.float64] = gaps.min(axis=1)
    return nearest
