"""Seal, pen and print taken apart by colour."""

from __future__ import annotations

import cv2
import numpy as np

from schemas.flow import Image

# A pixel counts as seal where red exceeds green and blue by this much, of 255: seal paste is above 60 even when faded
# by a scanner's whitening, black print and paper under warm light stay below 30.
SEAL_REDNESS = 45

# An inked pixel counts as blue pen where blue exceeds red by this much, of 255: JPEG's chroma blur leaves ball pens at
# 50 and more, and gives black print a fringe below 25.
PEN_BLUENESS = 35


def fade_seal(bgr: Image) -> Image:
    """The picture as seen through a red filter: grey uint8 (h, w).

    Red paste reflects red light almost as paper does, so a seal pales while black and blue ink stay dark.
    """
    return np.asarray(cv2.extractChannel(bgr, 2), dtype=np.uint8)


def seal_share(bgr: Image) -> float:
    """How much of a small BGR crop is covered by red paste, 0 to 1."""
    if bgr.size == 0:
        return 0.0
    blue, green, red = cv2.split(bgr)
    redness = cv2.subtract(red, cv2.max(blue, green))
    return float(np.count_nonzero(redness > SEAL_REDNESS)) / redness.size


def dark_pixels(gray: Image, *, block: int = 41, offset: int = 12) -> Image:
    """Ink as 255 on 0, by a threshold that follows the light: uint8 (h, w).

    `block` is the neighbourhood in pixels, odd, wider than a stroke is thick and narrower than a shadow's edge; `offset`
    is how much darker than its neighbourhood ink must be, of 255.
    """
    method, kind = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV
    return np.asarray(cv2.adaptiveThreshold(gray, 255, method, kind, block, offset), dtype=np.uint8)


def pen_share(bgr: Image, ink: Image) -> float:
    """How much of a small crop's ink (255 on 0) is coloured as blue pens are, 0 to 1; black print is 0."""
    inked = ink > 0
    if not inked.any():
        return 0.0
    blue, _, red = cv2.split(bgr)
    return float(np.count_nonzero(cv2.subtract(blue, red)[inked] > PEN_BLUENESS)) / float(np.count_nonzero(inked))
