"""Lines drawn or typed beneath a gap, where a unit has retyped parentheses as ____: found, and wiped out.

An underline is a flat run of ink at the feet of the print. A long one may have a value on it; a short one, an underscore or
two, has nothing above it, for so short are the feet of many characters as well.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.glyphs import FLOOR, Alphabet
from extractors.ink import dark_pixels, flags_to_runs, line_to_gray
from schemas.flow import LINE_HEIGHT, GlyphLine, Image, Line, Underline

# How recognisers and text layers spell a line beneath a gap.
UNDERSCORES = frozenset("_＿﹍﹎﹏")

# An underline lies below this share of the line's height: the feet of digits stand at 0.68 to 0.78.
LOWEST = 0.7

# It is no thicker than this, in line pixels.
THICKEST = 7

# An underscore is half an em wide, 18 line pixels; the foot of one character is at most LONG wide, that of two that have
# run together VERY_LONG.
SHORT, LONG, VERY_LONG = 16, 46, 80

# A skewed one climbs this much, in line pixels: the pieces of it that stand in one row are joined with their neighbours.
CLIMB = 3

# An underline is told from feet by how much of it has no ink anywhere above, or none right above: of 268 long ones on made
# pages all but six, and of 7,100 feet as long as SHORT six.
ALONE, MOSTLY_ALONE = 0.7, 0.4
ALL_CLEAR, CLEAR, MOSTLY_CLEAR = 0.95, 0.8, 0.5

# Underscores that are spelled no farther from each other than this, in line pixels, are one line: three steps.
JOINED = 24

# Ink that is so near above it, in line pixels, is its own blur; rows at the top of a line belong to its neighbours.
BLUR, EDGE = 3, 4

# What touches it is half as dark as it in all of so many rows right above it; in so few columns JPEG's mosquitoes do, and so
# near its ends the printed words beside it. Where something touches, the line is left alone so wide: the foot of a digit.
NEAR, HALF, SPECK, ENDS, CROSSED = 4, 0.5, 2, 6, 9

# Paper shows somewhere within this many pixels, up and down and on either side: wider than an underline is thick.
PAPER = 13


def wipe_underlines(line: Line) -> Line:
    """A line without underlines, of which its `underlines` then tell; the same line where there are none.

    What is written across one is kept whole as far as can be.
    """
    gray = line_to_gray(line)
    bars = _bars(dark_pixels(gray))
    if not bars.any():
        return line
    paper = cv2.morphologyEx(line.bgr, cv2.MORPH_CLOSE, np.ones((PAPER, PAPER), np.uint8))
    touched = _touched(gray, bars)
    wide = cv2.dilate(bars, np.ones((5, 5), np.uint8)) > 0
    wide[:, cv2.dilate(touched.astype(np.uint8)[None], np.ones((1, CROSSED), np.uint8))[0] > 0] = False
    bgr = np.where(wide[:, :, None], paper, line.bgr)
    spans = tuple(
        Underline(float(left), float(right), int(touched[left:right].sum()) <= SPECK)
        for left, right in flags_to_runs(bars.max(axis=0) > 0)
    )
    return replace(line, bgr=np.asarray(bgr, dtype=np.uint8), underlines=spans)


def underscores_to_paper(glyphs: GlyphLine, alphabet: Alphabet) -> GlyphLine:
    """What is spelled as an underscore is paper with a line beneath it, of which the line's `underlines` then tell."""
    places = [place for place, char in enumerate(glyphs.spelling) if char in UNDERSCORES]
    if not places:
        return glyphs
    log_probs = glyphs.log_probs.copy()
    log_probs[places, 0] = np.logaddexp(log_probs[places, 0], log_probs[places, alphabet.other])
    log_probs[places, alphabet.other] = np.log(FLOOR)
    spelling = tuple("" if char in UNDERSCORES else char for char in glyphs.spelling)
    spans: list[Underline] = []
    for left, right in glyphs.edges[places].tolist():
        goes_on = bool(spans) and left - spans[-1].right <= JOINED
        spans.append(Underline(spans.pop().left if goes_on else left, right, True))
    line = replace(glyphs.line, underlines=tuple(sorted({*glyphs.line.underlines, *spans})))
    return replace(glyphs, line=line, log_probs=log_probs, spelling=spelling)


def _touched(gray: Image, bars: Image) -> NDArray[np.bool_]:
    """The columns of a grey line in which something that stands on an underline touches it."""
    columns = np.flatnonzero(bars.any(axis=0))
    paper = cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((PAPER, PAPER), np.uint8)).astype(np.float64)
    depth = paper - gray
    tops = (bars > 0).argmax(axis=0)[columns]
    rows = np.maximum(tops[:, None] - np.arange(1, NEAR + 1), 0)
    touched = np.zeros(gray.shape[1], np.bool_)
    touched[columns] = depth[rows, columns[:, None]].min(axis=1) > HALF * np.median(depth[bars > 0])
    for left, right in flags_to_runs(bars.max(axis=0) > 0):
        touched[left : left + ENDS] = touched[right - ENDS : right] = False
    return touched


def _bars(ink: Image) -> Image:
    """The pixels of a line's ink (255 on 0) that belong to underlines, 255 on 0."""
    found = np.zeros_like(ink)
    flat = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, SHORT), np.uint8))
    count, labels, table, _ = cv2.connectedComponentsWithStats(flat, connectivity=8)
    for label in range(1, count):
        x, y, width, height, _ = np.asarray(table)[label].tolist()
        if height > THICKEST + CLIMB or y + height / 2 < LOWEST * LINE_HEIGHT:
            continue
        own = labels[:, x : x + width] == label
        if _is_underline(ink[:, x : x + width], own):
            found[:, x : x + width][own] = 255
    return found


def _is_underline(ink: Image, own: NDArray[np.bool_]) -> bool:
    """Whether a flat run is no character's foot, by what stands above it; `own` are its pixels among the ink."""
    width = own.shape[1]
    tops = np.maximum(own.argmax(axis=0) - BLUR, 0)
    alone = 1.0 - float((ink[EDGE : max(int(tops.min()), EDGE + 1)] > 0).any(axis=0).mean())
    clear = 1.0 - float((ink[tops, np.arange(width)] > 0).mean())
    if width < LONG:
        return alone >= ALONE and clear >= ALL_CLEAR
    return clear >= MOSTLY_CLEAR if width >= VERY_LONG else clear >= CLEAR or alone >= MOSTLY_ALONE
