"""Seal, pen and print taken apart by colour.

Inks on paper multiply: black print under a seal reflects what the print leaves of what the paste leaves of the paper. So
the paste is divided out, not blanked, as in colour deconvolution (Ruifrok and Johnston 2001, doi:10.1097/00129039). How
much paste a pixel holds follows from the ratio of red to green, which black ink leaves alone. A pixel at a stroke's edge
is partly paste and partly paper, so coverages are mixed in light, not in density (Murray and Davies 1936).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.flow import LINE_HEIGHT, Image, Line, Matrix
from schemas.seal import Seal

Colour: TypeAlias = NDArray[np.float32]
"""The level of blank paper in blue, green and red, 0 to 255: float32 (3,)."""

Flags: TypeAlias = NDArray[np.bool_]
"""Some pixels of a picture: bool (h, w)."""

Pixels: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, half-open."""

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

# Whether pixels of a line lie under a seal is asked at every so manyth one.
GRID = 4

# Most paste on a pixel, as a multiple of solid paste: a seal is pressed unevenly.
MOST_PASTE = 1.15


@dataclass(frozen=True, eq=False)
class Red:
    """The red ink in a picture, 255 on 0, seen at every `step`-th pixel of it."""

    strong: Image
    step: int

    def grown(self, box: Pixels, bgr: Image) -> Pixels:
        """A box found in `strong` as pixels of the whole picture, with a rim for the ink's blurred edge."""
        left, top, right, bottom = (side * self.step for side in box)
        rim, (height, width) = 4 + 2 * self.step, bgr.shape[:2]
        return max(left - rim, 0), max(top - rim, 0), min(right + rim, width), min(bottom + rim, height)


def fade_seal(bgr: Image, *, under: Flags | None = None) -> Image:
    """The picture of a page or a text line without red seals: grey uint8 (h, w).

    It is the red channel, in which red paste is pale, with what paste is left divided out. Writing in red ink is kept dark.
    `under` tells the pixels on which seals lie, bool (h, w); where it is None the picture is of a line, and what leaves the
    line on some side is taken for a seal.
    """
    faded = np.asarray(cv2.extractChannel(bgr, 2), dtype=np.uint8)
    red = find_red(bgr)
    if red is None:
        return faded
    if under is None:
        under = _guess_seals(red, bgr)
    aside = red.strong.copy()
    aside[under[:: red.step, :: red.step]] = 0
    for left, top, right, bottom in (red.grown(piece, bgr) for piece in join_pieces(aside, 3)):
        part = faded[top:bottom, left:right]
        # Of red that is both, the seal's share is divided out below.
        np.copyto(part, _darken(bgr[top:bottom, left:right]), where=~under[top:bottom, left:right])
    for box in _flags_to_boxes(under):
        left, top, right, bottom = box
        cleared = _divide_out(bgr[top:bottom, left:right], under[top:bottom, left:right], _paper_around(bgr, box))
        np.copyto(faded[top:bottom, left:right], cleared, where=under[top:bottom, left:right])
    return faded


def line_to_gray(line: Line) -> Image:
    """A text line without seals."""
    return fade_seal(line.bgr, under=under_seals(line.seals, line.to_page, *line.bgr.shape[:2]))


def under_seals(seals: Sequence[Seal] | None, to_page: Callable[[Matrix], Matrix], height: int, width: int) -> Flags | None:
    """The pixels of a picture that lie under seals, given the way to their page: bool (h, w); None where none are known."""
    if seals is None:
        return None
    if not seals:
        return np.zeros((height, width), np.bool_)
    across, down = (np.append(np.arange(0, side, GRID), side) for side in (width, height))
    knots = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2).astype(np.float64)
    places = to_page(knots)
    held = np.any([seal.covers(places) for seal in seals], axis=0).astype(np.uint8).reshape(len(down), len(across))
    size = (GRID * (len(across) - 1), GRID * (len(down) - 1))
    return np.asarray(cv2.resize(held, size, interpolation=cv2.INTER_NEAREST)[:height, :width] > 0, np.bool_)


def find_red(bgr: Image) -> Red | None:
    """The red ink of a page or a text line; None on a picture whose red is not that of seals and pens."""
    height, width = bgr.shape[:2]
    is_line = height <= 2 * LINE_HEIGHT
    step = 1 if is_line else -(-max(height, width) // SEARCH_SIDE)
    small = np.ascontiguousarray(bgr[::step, ::step])
    if np.count_nonzero(_redness(small) > SURELY_NOT_RED) < LEAST_RED:
        return None
    redness = _redness(small, paper_colour(small))
    if not is_line:
        # A sheet's light may change in colour from side to side, and a brown desk is red all over.
        redness = np.asarray(cv2.subtract(redness, cv2.blur(redness, (SEARCH_SIDE // 6, SEARCH_SIDE // 6))), dtype=np.uint8)
    strong = np.where(redness > REDNESS, 255, 0).astype(np.uint8)
    if cv2.countNonZero(strong) < LEAST_RED:
        return None
    if not is_line:
        boxes = join_pieces(strong, max(3, round(BROKEN * max(small.shape))))
        if sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) > MOST_RED * strong.size:
            return None
    return Red(strong, step)


def join_pieces(strong: Image, gap: int) -> list[Pixels]:
    """Boxes of red pixels (255 on 0) that are no more than `gap` apart, specks left out."""
    joined = cv2.dilate(strong, np.ones((gap, gap), np.uint8))
    _, _, table, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    stats = np.asarray(table, dtype=np.int32)[1:]
    return [(x, y, x + w, y + h) for x, y, w, h, area in stats.tolist() if area >= LEAST_RED + gap * gap]


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


def _guess_seals(red: Red, bgr: Image) -> Flags:
    """The pixels of a line that seals lie on, as far as the line alone tells.

    A seal is larger than a line, so it leaves the line on some side; what lies between such marks is its own.
    """
    height, width = bgr.shape[:2]
    pieces = join_pieces(red.strong, 3)
    sides = ((left, right) for left, top, right, bottom in pieces if min(left, top, width - right, height - bottom) <= 1)
    spans: list[tuple[int, int]] = []
    for left, right in sorted(sides):
        if spans and right - spans[-1][0] <= SEAL_ACROSS * height:
            spans[-1] = spans[-1][0], max(right, spans[-1][1])
        else:
            spans.append((left, right))
    under = np.zeros((height, width), np.bool_)
    for left, right in spans:
        start, _, stop, _ = red.grown((left - height // 2, 0, right + height // 2, height), bgr)
        under[:, start:stop] = True
    return under


def _flags_to_boxes(flags: Flags) -> list[Pixels]:
    """The boxes of what is up, one for each piece that hangs together."""
    if not flags.any():
        return []
    _, _, table, _ = cv2.connectedComponentsWithStats(flags.astype(np.uint8), connectivity=8)
    return [(x, y, x + w, y + h) for x, y, w, h, _ in np.asarray(table, dtype=np.int32)[1:].tolist()]


def _paper_around(bgr: Image, box: Pixels) -> Colour:
    """The paper's colour in and around a box."""
    left, top, right, bottom = box
    wide, high = (right - left) // 3 + LINE_HEIGHT, (bottom - top) // 3
    return paper_colour(bgr[max(top - high, 0) : bottom + high, max(left - wide, 0) : right + wide])


def _divide_out(bgr: Image, under: Flags, paper: Colour) -> Image:
    """A picture with a seal on some of its pixels as it would be without: grey uint8 (h, w)."""
    red = np.asarray(cv2.extractChannel(bgr, 2), dtype=np.uint8)
    redness = np.where(under, _redness(bgr, paper), 0).astype(np.uint8)
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
