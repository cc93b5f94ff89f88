"""The values handed from stage to stage, in the order in which they come to be.

    Page → Upright → Cell → Line → GlyphLine → Placement → `SlotReading` (in `schemas.reading`)

All are frozen; arrays in them are never written to. Coordinates are (x, y), origin top left, in pixels of the picture
named. `to_source`, a 3 × 3 homography, takes an upright page back to the page as it came in; a line keeps a mesh instead,
for a cell may be bent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.form import Mark, Slot
from schemas.seal import Seal

Image: TypeAlias = NDArray[np.uint8]
"""Grey (h, w) or BGR (h, w, 3)."""

Matrix: TypeAlias = NDArray[np.float64]
"""A 3 × 3 homography, or (n, 2) points."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""


LINE_HEIGHT = 48
"""Height of every cut line in pixels: what PP-OCR's recogniser takes."""


@dataclass(frozen=True)
class PageChar:
    """One character of a trusted text layer, NFKC-normalised (so it may be several), in page pixels."""

    text: str
    box: Box


@dataclass(frozen=True, eq=False)
class Page:
    """One page as a person would see it: EXIF orientation applied, nothing else done.

    `pixels` is BGR uint8 (h, w, 3), read-only. `chars` is empty unless the file has a text layer that may be trusted.
    """

    source: Path
    number: int
    pixels: Image
    chars: tuple[PageChar, ...] = ()


@dataclass(frozen=True, eq=False)
class Upright:
    """A page turned, deskewed and freed of perspective, at the working scale: grey uint8 (h, w), red `seals` faded."""

    page: Page
    gray: Image
    to_source: Matrix
    seals: tuple[Seal, ...] = ()


@dataclass(frozen=True, eq=False)
class Mesh:
    """Where each point of a picture lies on another one: a coarse grid of known points, straight between them.

    `points` is float64 (rows, columns, 2), at least 2 × 2: knot (i, j) of the picture, at `origin` + (j, i) · `step`, lies
    there; `step` is an odd number of pixels. Beyond the outermost knots their squares go on.
    """

    origin: tuple[int, int]
    step: int
    points: NDArray[np.float64]

    def at(self, points: Matrix) -> Matrix:
        """Where (n, 2) points of the picture lie."""
        rows, columns = self.points.shape[:2]
        along, down = ((np.asarray(points) - self.origin) / self.step).T
        j = np.clip(np.floor(along).astype(int), 0, columns - 2)
        i = np.clip(np.floor(down).astype(int), 0, rows - 2)
        u, v = (along - j)[:, None], (down - i)[:, None]
        above = (1 - u) * self.points[i, j] + u * self.points[i, j + 1]
        below = (1 - u) * self.points[i + 1, j] + u * self.points[i + 1, j + 1]
        found: Matrix = (1 - v) * above + v * below
        return found


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell of a ruled table: its place in the grid, and its sides in the upright page.

    `corners` is float64 (4, 2): top left, top right, bottom right, bottom left, on the middle of the rules. `sides` are
    polylines, float64 (n, 2) with n of 2 or more, from corner to corner: top and bottom from left to right, left and right
    from top to bottom, in the order top, right, bottom, left; empty for straight sides. A cell that no rules bound, a
    column of text on a page without a grid, is not `bounded`.
    """

    table: int
    row: int
    column: int
    row_span: int
    column_span: int
    corners: Matrix
    sides: tuple[Matrix, ...] = ()
    bounded: bool = True

    @property
    def outline(self) -> Matrix:
        """The sides in one closed polyline, clockwise from the top left corner: float64 (n, 2)."""
        if not self.sides:
            return self.corners
        top, right, bottom, left = self.sides
        return np.concatenate([top[:-1], right[:-1], bottom[:0:-1], left[:0:-1]])


class Underline(NamedTuple):
    """A line beneath a gap, by its left and right on a text line; `clear` where nothing that stands on it touches it."""

    left: float
    right: float
    clear: bool


@dataclass(frozen=True, eq=False)
class Line:
    """A text line cut from the page's own pixels, ready to be recognised: BGR uint8 (LINE_HEIGHT, w, 3).

    `page_size` is the width and height of the page it comes from, `mesh` the way back to its pixels. `underlines` are the
    lines beneath gaps that have been wiped out of it, `seals` the red ones that lie on it or near it, None where that is not
    known. A line of a file that was never on paper is white and stands on page 0: on none.
    """

    page: int
    page_size: tuple[int, int]
    bgr: Image
    mesh: Mesh
    underlines: tuple[Underline, ...] = ()
    seals: tuple[Seal, ...] | None = None

    def to_page(self, points: Matrix) -> Matrix:
        """Where (n, 2) points of the line lie on the page as it came in."""
        return self.mesh.at(points)

    def part(self, left: int, right: int) -> Line:
        """The line between two of its columns, half-open; no pixel is copied."""
        x, y = self.mesh.origin
        mesh = replace(self.mesh, origin=(x - left, y))
        within = (one for one in self.underlines if one.left < right and one.right > left)
        underlines = tuple(Underline(one.left - left, one.right - left, one.clear) for one in within)
        return replace(self, bgr=self.bgr[:, left:right], mesh=mesh, underlines=underlines)


@dataclass(frozen=True, eq=False)
class GlyphLine:
    """What may stand at each step along a text line.

    `log_probs` is float32 (steps, alphabet): CTC posteriors over the reader's `Alphabet` (0 is the CTC blank, the last
    is "any other character"). `spelling` holds the most likely character of the whole vocabulary at each step, "" for
    blank, and `sureness` float32 (steps,) its probability. `edges` is float32 (steps, 2): each step's left and right
    on `line`. `certain` marks a text layer's characters.
    """

    line: Line
    log_probs: NDArray[np.float32]
    spelling: tuple[str, ...]
    sureness: NDArray[np.float32]
    edges: NDArray[np.float32]
    certain: bool = False

    @property
    def text(self) -> str:
        """The line as a reader without a form would spell it: repeats folded, blanks dropped."""
        steps = zip(self.spelling, ("", *self.spelling), strict=False)
        return "".join(char for char, before in steps if char != before)


@dataclass(frozen=True, eq=False)
class DigitReading:
    """What the slot's own reader makes of it: strings with their probabilities, and how likely a pen wrote them.

    Besides digits and the comma a string may hold the signs of `extractors.digits`: anything else, struck out, written over.
    Where the pens' reader has looked, `strings` are the mean of its `views`, through several windows, and `glance` is what
    the reader of every slot made of it.
    """

    strings: Mapping[str, float]
    pen: float
    views: tuple[Mapping[str, float], ...] = ()
    glance: Mapping[str, float] | None = None


@dataclass(frozen=True, eq=False)
class Placement:
    """Where a slot of the form stands, and what the recogniser saw in it; the scout, where that has not `looked`.

    `path` is the slot's, with [2], [3] … for further activities. `log_probs` (steps, alphabet), `spelling` and `sureness`
    are the steps between the parentheses, over line breaks. `outer` is from parenthesis to parenthesis and `inner` what lies
    between them, both as left and right on `line`. `parentheses` and `anchors` tell how well the two parentheses and the
    printed words next to them were seen, left and right, 0 to 1. `line` is None for a slot that was not found.

    `stretches` is the slot from parenthesis to parenthesis on each line that it touches, with left and right there: two for
    a slot that a line break parts. `scouted` (steps, alphabet) is what the scout saw between the parentheses, if asked.
    `spare` counts the parentheses seen in its cell that belong to no slot and no printed word. `digits` is what the digit
    reader makes of it, if asked. `underlined` marks a slot without parentheses, but with a line beneath it that stands for
    them and that nothing touches, `ambiguous` one that another sentence of the form, as like as a twin, would place as well.
    """

    path: str
    slot: Slot
    line: Line | None
    log_probs: NDArray[np.float32]
    spelling: tuple[str, ...]
    sureness: NDArray[np.float32]
    outer: tuple[float, float]
    inner: tuple[float, float]
    parentheses: tuple[float, float]
    anchors: tuple[float, float]
    certain: bool
    stretches: tuple[tuple[Line, tuple[float, float]], ...] = ()
    scouted: NDArray[np.float32] | None = None
    spare: int = 0
    digits: DigitReading | None = None
    looked: bool = True
    underlined: bool = False
    ambiguous: bool = False

    @property
    def whole(self) -> bool:
        """Whether both ends of the slot were seen, so that no page end has cut it: a box and a cell have none.

        A box that is spelled for sure is there or not; on paper a pen may have made anything of it.
        """
        if self.slot.mark is Mark.BOX and self.certain:
            return min(self.parentheses) > 0.0
        if self.slot.mark in {Mark.BOX, Mark.CELL}:
            return self.line is not None
        return self.underlined or min(self.parentheses) > 0.0


@dataclass(frozen=True, eq=False)
class NamedCell:
    """A cell whose text an item's sentence explains: how much better than chance, in nats, and where the slots stand."""

    item: str
    gain: float
    placements: tuple[Placement, ...]


@dataclass(frozen=True)
class BoxLook:
    """What the pixels of a box to tick say: its frame by left and right on the line, None where there is none; the share of
    what lies within that is dark; and the dark pixels between the words beside it, frame or not."""

    frame: tuple[float, float] | None
    filled: float
    ink: int


@dataclass(frozen=True)
class SecondReading:
    """What a second reader saw in a slot: digits or "", and its own confidence, 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that is known of a slot: its placement and what the pixels and a second reader say.

    `ink` is the number of dark pixels between the parentheses on a line LINE_HEIGHT high, the parentheses left out; `seal`
    the share of the slot under red paste, `pen` the share of its ink that is coloured. `second` is None where no second
    reader was asked. `strokes`, `contrast`, `sharpness` and `touching` are the crop's (see `extractors.slots`). `gray_seal`
    marks a slot under a seal on a page without colour, `grid` is False on a page without rules. `hand` is
    how likely pens have filled in the page, `corrected` what the digit reader sees over a slot that is struck out. `box` is
    what the pixels of a box say, `points` how many points and commas stand between the digits of an amount, as they are
    seen from pale to dark; both None elsewhere.

    Of text that was never on paper: `exact` tells that the words on both sides of the slot are the form's own to the letter,
    `doubts` are codes of `schemas.reading.Reason` for what nobody can know of it.
    """

    placement: Placement
    ink: int
    seal: float
    pen: float
    second: SecondReading | None
    hand: float = 0.0
    corrected: str = ""
    gray_seal: bool = False
    grid: bool = True
    strokes: int = 0
    contrast: float = 1.0
    sharpness: float = 1.0
    touching: bool = False
    exact: bool = False
    doubts: tuple[str, ...] = ()
    box: BoxLook | None = None
    points: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class TableFind:
    """What one table on a page holds: fields above it, and by item the slots found in its cells.

    `outlines` holds each cell's outline, float64 (n, 2) clockwise, as fractions of the page as it came in. `columns` are the
    form's columns by place in the grid, where cells hold values alone.
    """

    page: int
    outlines: tuple[Matrix, ...]
    header: tuple[Placement, ...]
    items: tuple[tuple[str, tuple[Evidence, ...]], ...]
    columns: tuple[str, ...] = ()


class State(StrEnum):
    """Three different things: nobody wrote, somebody wrote a value, somebody wrote something."""

    VALUE = "value"
    BLANK = "blank"
    UNREADABLE = "unreadable"
