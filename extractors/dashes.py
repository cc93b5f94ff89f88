"""Dashed and dotted rules made whole: flat specks of ink, level with each other, joined over the gaps between them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.flow import Image

# A dash is no thicker than this and no longer than that, in working pixels, and longer than thick by LONGER.
THICK, LONG, LONGER = 6, 44, 1.3

# Level dashes of this length, twice as long as thick, on a page from which its rules may be dashed: a dashed rule has 20 and
# more, a page of text 40 such strokes at most.
CLEAR_LENGTH, MANY = 8, 60

# Widest gap between the dashes of a rule, in working pixels.
GAP = 13

# Runs of ink on a page beyond which it is noise.
NOISE = 60_000


def join_dashes(dark: Image) -> tuple[Image, Image]:
    """Ink (255 on 0) with its level dashes joined, and with its upright dashes joined; most pages have neither."""
    if np.count_nonzero(dark[:, 1:] > dark[:, :-1]) > NOISE:
        return dark, dark
    _, found, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8, ltype=cv2.CV_16U)
    labels = np.asarray(found, dtype=np.uint16)
    sizes = np.asarray(stats, dtype=np.int32)
    width, height = sizes[:, cv2.CC_STAT_WIDTH], sizes[:, cv2.CC_STAT_HEIGHT]
    # On a page that lies on its side, level rules are the form's upright ones: they are as many as matter.
    if max(_clear(width, height), _clear(height, width)) < MANY:
        return dark, dark
    return _joined(dark, labels, width, height, (1, GAP)), _joined(dark, labels, height, width, (GAP, 1))


def _clear(length: NDArray[np.int32], thick: NDArray[np.int32]) -> int:
    clear = (thick <= THICK) & (length <= LONG) & (length >= CLEAR_LENGTH) & (length >= 2 * thick)
    return int(np.count_nonzero(clear))


def _joined(
    dark: Image, labels: NDArray[np.uint16], length: NDArray[np.int32], thick: NDArray[np.int32], shape: tuple[int, int]
) -> Image:
    dashes = (thick <= THICK) & (length <= LONG) & (length >= LONGER * thick)
    alone = (dashes.astype(np.uint8) * 255)[labels]
    whole = cv2.morphologyEx(alone, cv2.MORPH_CLOSE, np.ones(shape, np.uint8))
    return np.asarray(cv2.bitwise_or(dark, whole), dtype=np.uint8)
