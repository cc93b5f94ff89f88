"""A field above the table to the ink in it, the line that it is written on left out."""

from __future__ import annotations

import cv2
import numpy as np

from extractors.ink import line_to_gray
from extractors.slots import INK_DEPTH, LEAST_CONTRAST
from schemas.flow import LINE_HEIGHT, Placement

# A row of pixels is the line to write on when this share of the field's width is dark in it; a dotted one has half.
RULE_SHARE = 0.4

# Smaller or flatter components, in line pixels, are dust or what is left of the line.
SPECK, FLAT = 12, 6

# Columns at both ends that may hold the edge of a label's last character: one step of the recogniser.
END = 8

# Rows at the top and bottom of a line that belong to its neighbours.
EDGE = LINE_HEIGHT // 12


def field_to_ink(placement: Placement) -> int:
    """Dark pixels of writing in a field, on a line LINE_HEIGHT high; 0 for a field that was not found."""
    line = placement.line
    if line is None:
        return 0
    left, right = int(placement.inner[0]) + END, int(placement.inner[1]) - END
    if right - left < END:
        return 0
    gray = line_to_gray(line)
    paper, black = np.percentile(gray, 85), np.percentile(gray, 2)
    dark = (gray[:, left:right] < paper - INK_DEPTH * max(float(paper - black), LEAST_CONTRAST)).astype(np.uint8)
    rule = dark.mean(axis=1, keepdims=True) > RULE_SHARE
    # A line that is not quite level, or blurred, reaches into the rows beside it.
    dark[cv2.dilate(rule.astype(np.uint8), np.ones((5, 1), np.uint8))[:, 0] > 0] = 0
    dark[:EDGE] = dark[-EDGE:] = 0
    _, _, table, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    return sum(int(area) for *_, height, area in np.asarray(table)[1:].tolist() if area >= SPECK and height >= FLAT)
