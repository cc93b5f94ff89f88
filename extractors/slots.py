"""A placed slot to the pixels between its parentheses, and to what they say: how much ink, how clear, under what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.ink import Colour, colour_shares, line_to_gray, paper_colour
from schemas.flow import LINE_HEIGHT, Box, Image, Line, Placement
from schemas.form import Mark

# How far beyond the recogniser's steps for the parentheses a crop reaches, in line pixels: a step is 8 pixels wide.
STEP, REACH = 8, 6

# A tall and narrow component whose middle is within this many line pixels of the step where a parenthesis was seen is it:
# two steps, for the recogniser may see a character a step early or late.
PARENTHESIS_REACH = 16

# The same on a line of a text layer, whose step is a character wide: a parenthesis fills one half of it.
EM_REACH = 26

PARENTHESIS_HEIGHT = 0.33 * LINE_HEIGHT
PARENTHESIS_WIDTH = 0.36 * LINE_HEIGHT

# Parentheses printed as tightly as "()" may run into one component; it is no wider than this.
PAIR_WIDTH = 0.7 * LINE_HEIGHT

# A parenthesis seen less well than this is not sought among the components.
SEEN = 0.05

# Light is even over this many line pixels on either side of a slot: ten characters.
EVEN = 240

# Paper and black are the levels below which these shares of a line's pixels lie: print covers less than 0.3 of a line.
PAPER, BLACK = 0.7, 0.02

# Ink is darker than the paper by this share of the line's own contrast.
INK_DEPTH = 0.4

# Least contrast of a line with writing, of 255; below it there is only paper and noise.
LEAST_CONTRAST = 40

# The same in a cell, whose line may hold nothing: noise and shadows there stay below 30 of 255.
CELL_CONTRAST = 90

# Strokes in a cell are narrower than this, in line pixels, and light is as good as even over it.
CELL_STROKES = 41

# Specks: smaller components, in line pixels, are dust.
SPECK = 7

# Ink between the parentheses from which somebody wrote something, in pixels of a line 48 high: values in print have 36
# and more, blanks 10 at most, but for faxes whose parentheses are broken.
INK_OF_A_STROKE = 25

# Least height of a stroke, in line pixels: the smallest digits are 11 high, dust and what is left of a seal 4.
STROKE_HEIGHT = 8

# Rows at the top and bottom of a line that belong to rules and neighbours, in line pixels.
EDGE = 4


@dataclass(frozen=True, eq=False)
class SlotCrop:
    """What stands between the parentheses: grey uint8 (LINE_HEIGHT, w) without them, and what its pixels say.

    `ink` counts the dark pixels, `strokes` the components higher than dust and `tallest` the height of the highest, in line
    pixels. `seal` is the share of the crop that is red, `pen` the share of its ink that is coloured, `contrast` how dark
    the ink is (1 is the line's black). `sharpness` is the pixels of the page to one of the line, 1 and more where nothing
    was enlarged. `touching` tells that a parenthesis that was seen could not be told from what stands beside it.
    """

    gray: Image
    ink: int
    seal: float
    pen: float
    strokes: int
    tallest: int
    contrast: float
    sharpness: float
    touching: bool


def slot_to_crop(placement: Placement) -> SlotCrop | None:
    """The pixels of a slot; None for a slot that was not found. Ink on both lines of a broken slot counts."""
    line = placement.line
    if line is None:
        return None
    crop, *rest = [_crop(part.line, part) for part in _parts(placement) if part.line is not None]
    if not rest:
        return crop
    return replace(
        crop,
        ink=crop.ink + sum(part.ink for part in rest),
        strokes=crop.strokes + sum(part.strokes for part in rest),
        tallest=max(crop.tallest, *(part.tallest for part in rest)),
        seal=max(crop.seal, *(part.seal for part in rest)),
    )


def inner_part(crop: SlotCrop, placement: Placement) -> Image:
    """What of a slot's crop lies between its parentheses, or where something stands in its cell."""
    left = max(int(placement.outer[0]) - REACH, 0)
    start, stop = (int(place) - left for place in placement.inner)
    return crop.gray[:, max(start - REACH, 0) : max(stop + REACH, 1)]


def slot_box(placement: Placement) -> Box | None:
    """A slot's box as fractions of the page as it came in; None for a slot that was not found."""
    line = placement.line
    if line is None:
        return None
    (left, right), width, height = placement.outer, *line.page_size
    top, bottom = 0.08 * LINE_HEIGHT, 0.92 * LINE_HEIGHT
    middle = (left + right) / 2
    # On a bent page the middle of a side may lie farthest out.
    places = np.array([[x, y] for x in (left, middle, right) for y in (top, bottom)])
    points = line.to_page(places) / (width, height)
    (x0, y0), (x1, y1) = np.clip(points.min(axis=0), 0, 1), np.clip(points.max(axis=0), 0, 1)
    return float(x0), float(y0), float(x1), float(y1)


def _parts(placement: Placement) -> list[Placement]:
    """What a line break has parted, each part a slot with one parenthesis or none; the slot's own line comes first."""
    last = len(placement.stretches) - 1
    if last < 1:
        return [placement]
    own, others = placement, []
    for place, (line, (left, right)) in enumerate(placement.stretches):
        seen = placement.parentheses[0] * (place == 0), placement.parentheses[1] * (place == last)
        if line is placement.line:
            own = replace(placement, parentheses=seen)
            continue
        # A text layer's step is a character wide, which a parenthesis fills by half.
        step = min(0.8 * LINE_HEIGHT, right - left) if placement.certain else STEP
        start = left + step * (place == 0)
        inner = start, max(right - step * (place == last), start)
        others.append(replace(placement, line=line, outer=(left, right), inner=inner, parentheses=seen))
    return [own, *others]


def _crop(line: Line, placement: Placement) -> SlotCrop:
    faded, colour = _look_at(line)
    left, right = _columns(line, placement.outer)
    if placement.slot.mark is Mark.CELL:
        faded = _evenly_lit(faded)
    paper, contrast = _levels(faded[:, max(left - EVEN, 0) : right + EVEN])
    if placement.slot.mark is Mark.CELL:
        # There need be no print on the line that tells how dark black is.
        contrast = max(contrast, CELL_CONTRAST)
    gray, bgr = faded[:, left:right].copy(), line.bgr[:, left:right]
    dark = np.asarray(cv2.threshold(gray, paper - INK_DEPTH * contrast, 255, cv2.THRESH_BINARY_INV)[1], dtype=np.uint8)
    # Closing joins the pieces of a thin parenthesis that a scan has broken up, but not two parentheses side by side.
    whole = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((7, 1), np.uint8))
    _, found, table, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    labels, stats = np.asarray(found, dtype=np.int32), np.asarray(table, dtype=np.int32).tolist()
    parentheses, touching = _parentheses(stats, labels, left, placement)
    gone = np.array([label > 0 and (row[-1] < SPECK or label in parentheses) for label, row in enumerate(stats)], np.uint8)
    wiped = gone[labels]
    gray[cv2.dilate(wiped, np.ones((3, 3), np.uint8)) > 0] = paper
    dark[wiped > 0] = 0
    dark[:EDGE] = dark[-EDGE:] = 0
    start = max(int(placement.inner[0]) - left - REACH, 0)
    inner = dark[:, start : max(int(placement.inner[1]) - left + REACH, start + 1)]
    heights = _heights(inner)
    depth = (paper - cv2.mean(gray[:, start : start + inner.shape[1]], inner)[0]) / contrast if heights else 0.0
    seal, pen = colour_shares(bgr, dark, colour)
    return SlotCrop(
        gray=gray,
        ink=cv2.countNonZero(inner),
        seal=seal,
        pen=pen,
        strokes=sum(height >= STROKE_HEIGHT for height in heights),
        tallest=max(heights, default=0),
        contrast=depth,
        sharpness=_sharpness(line, placement),
        touching=touching,
    )


@lru_cache(maxsize=8)
def _look_at(line: Line) -> tuple[Image, Colour]:
    """A line without seals, and the colour of its paper; kept for the next slot on the line."""
    return line_to_gray(line), paper_colour(line.bgr)


def _evenly_lit(gray: Image) -> Image:
    """A line across a cell, which may be wider than light is even, on white paper."""
    paper = cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((CELL_STROKES, CELL_STROKES), np.uint8))
    return np.asarray(255 - (paper - gray), dtype=np.uint8)


def _columns(line: Line, span: tuple[float, float]) -> tuple[int, int]:
    width = line.bgr.shape[1]
    left = min(max(int(span[0]) - REACH, 0), width - 1)
    return left, min(max(round(span[1]) + REACH, left + 1), width)


def _levels(gray: Image) -> tuple[int, int]:
    """The level of paper, and how much darker black is; every third pixel tells."""
    levels = gray[::3, ::3].reshape(-1)
    places = [int(BLACK * len(levels)), int(PAPER * len(levels))]
    black, paper = np.partition(levels, places)[places].tolist()
    return paper, max(paper - black, LEAST_CONTRAST)


def _parentheses(
    stats: Sequence[Sequence[int]], labels: NDArray[np.int32], start: int, placement: Placement
) -> tuple[set[int], bool]:
    """Labels of the components that are the slot's own parentheses, and whether one that was seen is not among them.

    On each side it is the nearest to where one was seen. `stats` is OpenCV's component table (left, top, width, height,
    area) of a crop that starts at `start` on the line.
    """
    found: set[int] = set()
    missing = []
    for side in (0, 1):
        if placement.parentheses[side] < SEEN:
            continue
        at = (placement.outer[side] + placement.inner[side]) / 2 - start
        away = {
            label: abs(x + width / 2 - at)
            for label, (x, _, width, height, _) in enumerate(stats)
            if label and height >= PARENTHESIS_HEIGHT and width <= PARENTHESIS_WIDTH and label not in found
        }
        nearest = min(away, key=lambda label: away[label], default=None)
        if nearest is not None and away[nearest] <= (EM_REACH if placement.certain else PARENTHESIS_REACH):
            found.add(nearest)
        else:
            missing.append(at)
    if len(missing) < 2:
        return found, bool(missing)
    pairs = {label for label, row in enumerate(stats) if label and _is_pair(row, labels == label, missing)}
    return pairs, not pairs


def _is_pair(row: Sequence[int], here: NDArray[np.bool_], missing: Sequence[float]) -> bool:
    """Whether a component is both parentheses run together: two strokes, and only two, at half height."""
    x, y, width, height, _ = row
    middle = x + width / 2
    near = all(abs(middle - at) <= PARENTHESIS_REACH for at in missing)
    if not near or height < PARENTHESIS_HEIGHT or width > PAIR_WIDTH:
        return False
    rows = here[y + height // 3 : y + height - height // 3, x : x + width]
    return float(np.median(np.count_nonzero(np.diff(rows, axis=1, prepend=False) & rows, axis=1))) == 2.0


def _heights(ink: Image) -> list[int]:
    """The heights of the components of ink (255 on 0)."""
    if not cv2.countNonZero(ink):
        return []
    _, _, table, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return [int(height) for height in np.asarray(table)[1:, cv2.CC_STAT_HEIGHT]]


def _sharpness(line: Line, placement: Placement) -> float:
    """How many of the page's pixels one of the line's was made of, along the line, in the middle of a slot."""
    middle = sum(placement.outer) / 2
    points = np.array([[middle - STEP, LINE_HEIGHT / 2], [middle + STEP, LINE_HEIGHT / 2]])
    start, end = line.to_page(points)
    return float(np.hypot(*(end - start))) / (2 * STEP)
