"""Ink as strokes: darker than the paper beside it, and thin. A shadow is dark and broad, its edge dark on one side only.

The paper under writing is a closing of the picture, as in the black top-hat (F. Meyer, "Iterative image transformations for
an automatic screening of cervical smears", *J. Histochem. Cytochem.* 27, 1979): dark places narrower than the square are
filled; a step of light stays a step, however hard it is, and so is no ink.
"""

from __future__ import annotations

import cv2
import numpy as np

from extractors.ink import dark_pixels
from schemas.flow import Image

# Side in working pixels of the square that no stroke fills: the two lines of a double rule, a title's strokes are narrower.
BROAD = 21

# How much darker than the paper under it a stroke is, of 255: as much as `dark_pixels` asks for against the neighbourhood,
# so that on evenly lit paper nothing changes.
LEAST_DEPTH = 12


def stroke_pixels(gray: Image) -> Image:
    """Ink as 255 on 0, without the edges of shadows: uint8 (h, w)."""
    strokes = cv2.threshold(stroke_depth(gray), LEAST_DEPTH - 1, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.bitwise_and(dark_pixels(gray), strokes), dtype=np.uint8)


def stroke_depth(gray: Image) -> Image:
    """How much darker than the paper under it each pixel is, of 255: uint8 (h, w), 0 in what is broad."""
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((BROAD, BROAD), np.uint8)), dtype=np.uint8)
