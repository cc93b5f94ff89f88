"""A box to tick on a text line, to what its pixels say: where its frame is, and how much ink lies in it.

A frame is four dark sides of one length. What ticks it, typed or drawn, leaves ink within; a box that has given way to a
tick of its own (√) leaves ink and no frame.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.ink import line_to_gray
from schemas.flow import LINE_HEIGHT, BoxLook, Image, Placement

# Sides of a box in line pixels: from less than half an em to a whole one and a little more.
SIDES = range(14, 46, 2)

# A frame's sides are seen where so much of each is dark; a corner may be broken, and light breaks thin sides.
LEAST_SIDE = 0.62

# Thickness of a frame's side in line pixels, with the slack of a side that is not quite straight.
RIM = 4

# A box may reach so far over the steps of the words beside it, in line pixels.
REACH = 14

# So far from the steps at which a recogniser sees the words beside it a box begins and ends at least, in line pixels: these
# are in the middle of characters. A text layer's are at their edges, over which a box may reach by a little.
APART, SLACK = 6.0, 4.0

# Shares of the way from paper to black from which a pixel is dark, in the order in which they are tried: thin sides are
# grey on coarse scans.
DARK = (0.35, 0.2, 0.12)

# Least contrast of a line with writing, of 255.
LEAST_CONTRAST = 40

# Rows at the top and bottom of a line that belong to rules and neighbours.
EDGE = 2


def look_at_box(placement: Placement) -> BoxLook | None:
    """What the pixels of a box say; None for one that was not found."""
    line = placement.line
    if line is None:
        return None
    gray = line_to_gray(line)
    left = max(int(placement.outer[0]) - REACH, 0)
    right = max(min(round(placement.outer[1]) + REACH, gray.shape[1]), left + 1)
    slack = -SLACK if placement.certain else APART
    # Where a line begins or ends no word stands.
    between = (
        placement.outer[0] - left + (slack if placement.outer[0] else -SLACK),
        placement.outer[1] - left - (slack if placement.outer[1] < gray.shape[1] else -SLACK),
    )
    for share in DARK:
        dark = _dark(gray, left, right, share)
        frame = _find_frame(dark, *between)
        if frame is not None:
            break
    # Without its frame a box is what stands between the words.
    own = dark[:, min(REACH, dark.shape[1] - 1) : max(dark.shape[1] - REACH, REACH + 1)]
    ink = int(np.count_nonzero(own > 0))
    if frame is None:
        return BoxLook(None, 0.0, ink)
    x, y, side = frame
    rim = max(RIM, round(side * 0.2))
    # What fills a box is as dark as print, however pale its frame.
    within = _dark(gray, left, right, DARK[0])[y + rim : y + side - rim, x + rim : x + side - rim]
    share = float(np.count_nonzero(within)) / max(within.size, 1)
    return BoxLook((float(left + x), float(left + x + side)), share, ink)


def _dark(gray: Image, left: int, right: int, share: float) -> Image:
    """Where a stretch of a line is dark, 1 on 0, by the levels of its surroundings."""
    around = gray[:, max(left - 5 * LINE_HEIGHT, 0) : right + 5 * LINE_HEIGHT]
    paper, black = np.percentile(around[::2, ::2], (75, 2))
    least = paper - share * max(float(paper - black), LEAST_CONTRAST)
    dark = (gray[:, left:right] < least).astype(np.uint8)
    dark[:EDGE] = dark[-EDGE:] = 0
    return np.asarray(dark, np.uint8)


def _find_frame(dark: Image, left: float, right: float) -> tuple[int, int, int] | None:
    """Left, top and side of the square whose four sides are darkest; the largest of those that are about as dark.

    It lies between `left` and `right`: there are squares in characters, too.
    """
    best: tuple[float, tuple[int, int, int]] | None = None
    for side in SIDES:
        if side > min(dark.shape):
            break
        worst = _worst_side(dark, side)
        lefts = np.arange(worst.shape[1])
        worst[:, (lefts < left) | (lefts + side > right)] = 0.0
        y, x = np.unravel_index(int(worst.argmax()), worst.shape)
        seen = float(worst[y, x])
        if seen >= LEAST_SIDE and (best is None or seen > best[0] - 0.02 * (side - best[1][2]) / 2):
            best = max(seen, best[0]) if best else seen, (int(x), int(y), side)
    return best[1] if best else None


def _worst_side(dark: Image, side: int) -> NDArray[np.float32]:
    """For each place of a square's top left corner, how much of its palest side is dark: float32 (h - side + 1, …)."""
    # A side may wander over a few pixels: it is dark where any of them is.
    across = cv2.dilate(dark, np.ones((RIM - 1, 1), np.uint8)).astype(np.float32)
    down = cv2.dilate(dark, np.ones((1, RIM - 1), np.uint8)).astype(np.float32)
    rows = cv2.blur(across, (side, 1), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    columns = cv2.blur(down, (1, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    last = side - 1
    height, width = dark.shape[0] - last, dark.shape[1] - last
    sides = (
        rows[:height, :width],
        rows[last : last + height, :width],
        columns[:height, :width],
        columns[:height, last : last + width],
    )
    worst: NDArray[np.float32] = np.minimum.reduce(sides)
    return worst
