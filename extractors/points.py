"""The points and commas at the feet of a number's digits, told from a slot's pixels: no recogniser has a say in it."""

from __future__ import annotations

import cv2
import numpy as np

from schemas.flow import LINE_HEIGHT, Image

# Shares of the way from paper to black from which a pixel is dark: at the first a faint point is seen, at the last one is
# told apart that blur has joined to its digit.
DARK = (0.3, 0.45, 0.6)

# Least contrast of a slot with writing, of 255.
LEAST_CONTRAST = 40

# A digit is at least so high, in line pixels, and so high of the highest one.
DIGIT, DIGIT_SHARE = 11, 0.7

# A point is at most so high and wide, as shares of a digit's height; a comma's tail hangs so far below their feet, and a
# point's middle is no higher above them.
POINT_HEIGHT, POINT_WIDTH, BELOW, ABOVE = 0.5, 0.4, 0.45, 0.3

# Fewest pixels of a point: a scan's dust is smaller.
SPECK = 6


def count_points(gray: Image) -> tuple[int, ...]:
    """How many points and commas stand between the digits of a slot's crop, grey uint8 (LINE_HEIGHT, w): as they are seen
    from pale to dark; 0 where no digits are told apart."""
    if gray.shape[1] < 2:
        return (0,) * len(DARK)
    paper, black = (float(level) for level in np.percentile(gray, (80, 1)))
    contrast = max(paper - black, LEAST_CONTRAST)
    return tuple(_count(np.asarray(gray < paper - share * contrast, np.uint8)) for share in DARK)


def _count(dark: Image) -> int:
    _, _, table, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    parts = np.asarray(table)[1:]
    if not len(parts):
        return 0
    left, top, width, height, area = parts.T
    highest = height[height < 0.9 * LINE_HEIGHT].max(initial=0)
    digits = (height >= max(DIGIT, DIGIT_SHARE * highest)) & (height < 0.9 * LINE_HEIGHT)
    if not digits.any():
        return 0
    tall, feet = float(np.median(height[digits])), float(np.median((top + height)[digits]))
    middle, bottom = top + height / 2, top + height
    low = (middle > feet - ABOVE * tall) & (bottom < feet + BELOW * tall)
    small = (height <= POINT_HEIGHT * tall) & (width <= POINT_WIDTH * tall) & (area >= SPECK)
    within = (left > left[digits].min()) & (left + width < (left + width)[digits].max())
    return int(np.count_nonzero(low & small & within & ~digits))
