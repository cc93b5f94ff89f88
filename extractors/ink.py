"""Seal, pen and print taken apart by colour.

Inks on paper multiply: black print under a seal reflects what the print leaves of what the paste leaves of the paper. So
the paste is divided out, not blanked, as in colour deconvolution (Ruifrok and Johnston 2001, doi:10.1097/00129039). How
much paste a pixel holds follows from the ratio of red to green, which black ink leaves alone. A pixel at a stroke's edge
is partly paste and partly paper, so coverages are mixed in light, not in density (Murray and Davies 1936).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.flow import LINE_HEIGHT, Box, Image, Line

Colour: TypeAlias = NDArray[np.float32]
"""The level of blank paper in blue, green and red, 0 to 255: float32 (3,)."""

# With paper made white, red exceeds green and blue by this much, of 255, where there is red ink: worn paste has 40 and
# more, black print that JPEG's coarse chroma has tinted stays below 25.
REDNESS = 28

# With paper made white, blue exceeds red by this much, of 255, in blue ink: ball pens keep 50 after JPEG, the fringe of
# black print stays below 25.
BLUENESS = 35

# No pixel has that REDNESS on any usual paper where red exceeds green and blue by no more than this, of 255.
SURELY_NOT_RED = 18

# Side of the picture that red ink is sought in on a page: a seal's ring is then 2 pixels thick.
SEARCH_SIDE = 700

# Red ink that is no higher than this share of a page's long side is writing, 18 mm at A4; a seal is 38 mm and more.
WRITING_HEIGHT = 0.06

# A seal, with what it has smeared, is no wider than this share of a page's long side: 50 mm at A4.
SEAL_SIDE = 0.17

# Pieces of one seal are at most this share of the long side apart, 5 mm at A4: paste wears off in patches.
BROKEN = 0.016

# More of a page than this is not red by seals: a coloured desk, a red folder.
MOST_RED = 0.3

# Marks of a seal on a text line are at most this many line heights apart: 42 mm across, lines 5 mm high.
SEAL_ACROSS = 9

# Pixels that tell the paper's colour.
PAPER_PIXELS = 1000

# Of a seal's red pixels, those within this share of the strongest are solid paste on bare paper.
SOLID = 0.75

# Fewest red pixels that count; below it they are noise.
LEAST_RED = 12

# Most paste on a pixel, as a multiple of solid paste: a seal is pressed unevenly.
MOST_PASTE = 1.15


_Pixels: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, half-open."""


@dataclass(frozen=True)
class _Red:
    """A box of red ink, and whether it is a seal's or writing."""

    box: _Pixels
    is_seal: bool


def fade_seal(bgr: Image, *, sealed: bool = True) -> Image:
    """The picture of a page or a text line without red seals: grey uint8 (h, w).

    It is the red channel, in which red paste is pale, with what paste is left divided out. Writing in red ink is kept dark;
    where no seal is known to lie, not `sealed`, all red is that.
    """
    faded = np.asarray(cv2.extractChannel(bgr, 2), dtype=np.uint8)
    for mark in sorted(_find_red(bgr), key=lambda mark: mark.is_seal):
        left, top, right, bottom = mark.box
        part = bgr[top:bottom, left:right]
        is_seal = mark.is_seal and sealed
        faded[top:bottom, left:right] = _divide_out(part, _paper_around(bgr, mark.box)) if is_seal else _darken(part)
    return faded


def line_to_gray(line: Line) -> Image:
    """A text line without seals: large red digits look like parts of one, the whole page knows better."""
    return fade_seal(line.bgr, sealed=line.sealed)


def find_seals(bgr: Image) -> tuple[Box, ...]:
    """Where red seals lie on a page: left, top, right, bottom in its pixels."""
    boxes = (mark.box for mark in _find_red(bgr) if mark.is_seal)
    return tuple((float(left), float(top), float(right), float(bottom)) for left, top, right, bottom in boxes)


def flags_to_runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where a row of flags (rows or columns that hold ink, or none) is up: half-open (start, end) pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def paper_colour(bgr: Image) -> Colour:
    """The colour of blank paper, from the brighter pixels of a picture that has some."""
    step = max(1, int(np.sqrt(bgr.shape[0] * bgr.shape[1] / PAPER_PIXELS)))
    pixels = bgr[::step, ::step].reshape(-1, 3)
    order = np.argsort(pixels[:, 1])[int(0.7 * len(pixels)) :]
    middle = len(order) // 2
    levels = np.partition(pixels[order], middle, axis=0)[middle]
    return np.asarray(np.maximum(levels, 1), dtype=np.float32)


def seal_share(bgr: Image, paper: Colour | None = None) -> float:
    """How much of a small BGR crop is covered by red ink, 0 to 1; give the paper's colour where a seal may fill the crop."""
    return colour_shares(bgr, np.zeros(bgr.shape[:2], np.uint8), paper)[0]


def pen_share(bgr: Image, ink: Image, paper: Colour | None = None) -> float:
    """How much of a small crop's ink (255 on 0) is blue or red as pens are, 0 to 1; black print is 0."""
    return colour_shares(bgr, ink, paper)[1]


def colour_shares(bgr: Image, ink: Image, paper: Colour | None = None) -> tuple[float, float]:
    """`seal_share` and `pen_share` of a small crop, in one go."""
    if bgr.size == 0:
        return 0.0, 0.0
    blue, green, red = cv2.split(_balanced(bgr, paper_colour(bgr) if paper is None else paper))
    reddish = np.asarray(cv2.subtract(red, cv2.max(blue, green))) > REDNESS
    seal = float(np.count_nonzero(reddish)) / reddish.size
    inked = cv2.countNonZero(ink)
    if not inked:
        return seal, 0.0
    coloured = (np.asarray(cv2.subtract(blue, red)) > BLUENESS) | reddish
    return seal, float(np.count_nonzero(coloured & (ink > 0))) / inked


def dark_pixels(gray: Image, *, block: int = 41, offset: int = 12) -> Image:
    """Ink as 255 on 0, by a threshold that follows the light: uint8 (h, w).

    `block` is the neighbourhood in pixels, odd, wider than a stroke is thick and narrower than a shadow's edge; `offset`
    is how much darker than its neighbourhood ink must be, of 255.
    """
    method, kind = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV
    return np.asarray(cv2.adaptiveThreshold(gray, 255, method, kind, block, offset), dtype=np.uint8)


def _balanced(bgr: Image, paper: Colour) -> Image:
    """The picture with blank paper at 255 in every channel."""
    levels = np.arange(256, dtype=np.float32)[:, None]
    table = np.clip(levels * (255 / paper), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(bgr, table.reshape(256, 1, 3)), dtype=np.uint8)


def _redness(bgr: Image, paper: Colour | None = None) -> Image:
    """How much red exceeds both green and blue, with `paper` made white: uint8 (h, w), 0 where it does not."""
    blue, green, red = cv2.split(bgr if paper is None else _balanced(bgr, paper))
    return np.asarray(cv2.subtract(red, cv2.max(blue, green)), dtype=np.uint8)


def _find_red(bgr: Image) -> list[_Red]:
    """The boxes of red ink on a page or a text line; none on a picture whose red is not that of seals and pens."""
    height, width = bgr.shape[:2]
    is_line = height <= 2 * LINE_HEIGHT
    step = 1 if is_line else -(-max(height, width) // SEARCH_SIDE)
    small = np.ascontiguousarray(bgr[::step, ::step])
    if np.count_nonzero(_redness(small) > SURELY_NOT_RED) < LEAST_RED:
        return []
    redness = _redness(small, paper_colour(small))
    if not is_line:
        # A sheet's light may change in colour from side to side, and a brown desk is red all over.
        redness = np.asarray(cv2.subtract(redness, cv2.blur(redness, (SEARCH_SIDE // 6, SEARCH_SIDE // 6))), dtype=np.uint8)
    strong = np.where(redness > REDNESS, 255, 0).astype(np.uint8)
    if cv2.countNonZero(strong) < LEAST_RED:
        return []
    pieces = _pieces(strong, 3 if is_line else max(3, round(BROKEN * max(small.shape))))
    marks = _seals_of_line(pieces, small.shape[1], small.shape[0]) if is_line else _seals_of_page(pieces, max(small.shape))
    grown = [_grow(mark, step, width, height) for mark in marks]
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in (mark.box for mark in grown))
    return grown if is_line or area <= MOST_RED * height * width else []


def _pieces(strong: Image, gap: int) -> list[_Pixels]:
    """Boxes of red pixels (255 on 0) that are no more than `gap` apart, specks left out."""
    joined = cv2.dilate(strong, np.ones((gap, gap), np.uint8))
    _, _, table, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    stats = np.asarray(table, dtype=np.int32)[1:]
    return [(x, y, x + w, y + h) for x, y, w, h, area in stats.tolist() if area >= LEAST_RED + gap * gap]


def _seals_of_line(pieces: list[_Pixels], width: int, height: int) -> list[_Red]:
    """A seal is larger than a line, so it leaves the line on some side; what lies between such marks is its own."""
    sides = ((left, right) for left, top, right, bottom in pieces if min(left, top, width - right, height - bottom) <= 1)
    ends = sorted(sides)
    spans: list[tuple[int, int]] = []
    for left, right in ends:
        if spans and right - spans[-1][0] <= SEAL_ACROSS * height:
            spans[-1] = spans[-1][0], max(right, spans[-1][1])
        else:
            spans.append((left, right))
    seals = [_Red((left - height // 2, 0, right + height // 2, height), is_seal=True) for left, right in spans]
    inside = [any(seal.box[0] <= (left + right) / 2 <= seal.box[2] for seal in seals) for left, _, right, _ in pieces]
    return seals + [_Red(piece, is_seal=False) for piece, sealed in zip(pieces, inside, strict=True) if not sealed]


def _seals_of_page(pieces: list[_Pixels], long_side: int) -> list[_Red]:
    """A seal is higher than writing; what lies within its reach is its own."""
    seals: list[_Pixels] = []
    rest = []
    for piece in sorted(pieces, key=lambda piece: piece[1] - piece[3]):
        whole = [_around(piece, seal) for seal in seals]
        place = next((n for n, box in enumerate(whole) if _side(box) <= SEAL_SIDE * long_side), None)
        if place is not None:
            seals[place] = whole[place]
        elif piece[3] - piece[1] > WRITING_HEIGHT * long_side:
            seals.append(piece)
        else:
            rest.append(piece)
    return [_Red(seal, is_seal=True) for seal in seals] + [_Red(piece, is_seal=False) for piece in rest]


def _around(one: _Pixels, other: _Pixels) -> _Pixels:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _side(box: _Pixels) -> int:
    return max(box[2] - box[0], box[3] - box[1])


def _grow(mark: _Red, step: int, width: int, height: int) -> _Red:
    """A mark found on every step-th pixel as pixels of the whole picture, with a rim for its blurred edge."""
    left, top, right, bottom = (side * step for side in mark.box)
    rim = 4 + 2 * step
    return _Red((max(left - rim, 0), max(top - rim, 0), min(right + rim, width), min(bottom + rim, height)), mark.is_seal)


def _paper_around(bgr: Image, box: _Pixels) -> Colour:
    """The paper's colour in and around a box."""
    left, top, right, bottom = box
    wide, high = (right - left) // 3 + LINE_HEIGHT, (bottom - top) // 3
    return paper_colour(bgr[max(top - high, 0) : bottom + high, max(left - wide, 0) : right + wide])


def _divide_out(bgr: Image, paper: Colour) -> Image:
    """A picture with a seal on it as it would be without: grey uint8 (h, w)."""
    red = np.asarray(cv2.extractChannel(bgr, 2), dtype=np.uint8)
    redness = _redness(bgr, paper)
    solid = redness >= _solid_level(redness)
    if np.count_nonzero(solid) < LEAST_RED:
        return red
    _, paste_green, paste_red = (np.median(bgr[solid], axis=0) / paper).tolist()
    taken_green, taken_red = 1 - paste_green, max(1 - paste_red, 0.0)
    near = cv2.dilate((redness > REDNESS).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    # With coverage a, red is k(1 - a·taken_red) and green k(1 - a·taken_green), k being the print's: the ratio gives a.
    shown = bgr[near].astype(np.float32) / paper
    ratio = np.maximum(shown[:, 2], 0.02) / np.maximum(shown[:, 1], 0.04)
    coverage = np.clip((ratio - 1) / np.maximum(ratio * taken_green - taken_red, 1e-3), 0, MOST_PASTE)
    cleared = paper[2] * shown[:, 2] / np.maximum(1 - coverage * taken_red, 0.1)
    # Where a seal's edge is blurred in colour more than in light too much is divided out: nothing is brighter than paper.
    red[near] = np.minimum(cleared, np.maximum(paper[2], red[near])).astype(np.uint8)
    return red


def _solid_level(redness: Image) -> float:
    """The redness from which a pixel is solid paste on bare paper, at least REDNESS."""
    least = REDNESS + 1
    counts = np.bincount(redness.reshape(-1), minlength=256)[least:]
    strongest = least + int(np.searchsorted(np.cumsum(counts), 0.95 * counts.sum()))
    return max(SOLID * strongest, float(least))


def _darken(bgr: Image) -> Image:
    """A picture with writing in red ink, as grey uint8 (h, w) in which the writing is dark."""
    paper = paper_colour(bgr)
    gray = cv2.cvtColor(_balanced(bgr, paper), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.convertScaleAbs(gray, alpha=float(paper[2]) / 255), dtype=np.uint8)
