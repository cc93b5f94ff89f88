"""A slot's crop to posteriors over digit strings, in print and in pen: the slot's own reader.

A small convolutional net (`training/digits.py`; its card lies beside its weights) with a CTC output (Graves et al., 2006,
doi:10.1145/1143844.1143891). It sees more than the text line: pens run over parentheses, rules and neighbours. A second
plane of the picture says where the slot is, so that printed digits beside it are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.engine import batches_of_like_width, load_session, share_out
from extractors.ink import Flags, fade_seal, under_seals
from extractors.warp import mapping_to_mesh, sample
from schemas.flow import Image, Line, Matrix, Page, Placement

MODELS = Path(__file__).parent / "models"

# What the reader tells apart, behind the CTC blank: digits, the comma that groups them, anything else (a word, a tick, a
# scribble), a number struck out before this place, and a digit written over another one.
OTHER, STRUCK, OVER = "?", "~", "^"
CLASSES = "0123456789," + OTHER + STRUCK + OVER

# Levels and seals are told from so much on either side of what is looked at, in line pixels.
CONTEXT = 40

# Columns of a picture to one step of a net's output.
STEP = 2

# Contrast of a crop with nothing on it, of 255: noise must not be stretched to look like ink.
LEAST_CONTRAST = 40.0

# Longest slot that is looked at, in line pixels; a longer one has swallowed printed words.
LONGEST = 1200


@dataclass(frozen=True)
class Look:
    """How a net looks at a slot: rows `top` to `bottom` of its line, and `reach` beyond its parentheses, in line pixels (a
    line is 0 to 48), as a picture of `height` rows; with a plane that tells colours where it is `coloured`."""

    model: Path
    top: int
    bottom: int
    reach: int
    height: int
    coloured: bool

    @property
    def scale(self) -> float:
        """Rows of the picture to one of the line."""
        return self.height / (self.bottom - self.top)

    @property
    def planes(self) -> int:
        """Planes of the picture: ink, the slot, and colour where there is one."""
        return 3 if self.coloured else 2


# Every slot is looked at so: a third of a line above and below, and what a pen that begins before a parenthesis needs.
PRINT_LOOK = Look(MODELS / "digits.onnx", -16, 64, 32, 48, coloured=False)

# What a pen wrote is looked at so: digits twice as high as the line and begun an em before the parenthesis are seen whole,
# those half as high are 10 rows high, and colour parts a pen from the print beneath it.
PEN_LOOK = Look(MODELS / "pens.onnx", -24, 72, 56, 72, coloured=True)


@dataclass(frozen=True)
class View:
    """A window: `zoom` times as large, moved `across` and `down` by line pixels, slanted by a tangent."""

    zoom: float = 1.0
    across: float = 0.0
    down: float = 0.0
    slant: float = 0.0


PLAIN_VIEW = View()


@dataclass(frozen=True, eq=False)
class SlotPicture:
    """What a net sees of a slot: float32 (planes, height, w). Ink from 0 (paper) to 1; a plane that is 1 in the slot; for
    a coloured look how much bluer, to 1, or redder, to -1, than the paper a pixel is."""

    planes: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DigitSteps:
    """What the net saw: log posteriors, float32 (steps, 1 + len(CLASSES)), 0 the CTC blank; how likely a pen wrote it."""

    log_probs: NDArray[np.float32]
    pen: float


DigitReader: TypeAlias = Callable[[Sequence[SlotPicture]], list[DigitSteps]]
"""The seam for digit readers: pictures in, what was seen in each, in the same order."""


def load_digit_reader(look: Look = PRINT_LOOK, *, threads: int = 0) -> DigitReader:
    """Load a look's net, once a process; `threads` 0 uses every core."""
    session = load_session(look.model)

    def read(pictures: Sequence[SlotPicture]) -> list[DigitSteps]:
        def look(batch: Sequence[int]) -> list[DigitSteps]:
            seen, pens = session.run(None, {"pictures": _stack([pictures[place].planes for place in batch])})
            return [
                DigitSteps(steps[: pictures[place].planes.shape[2] // STEP], float(pen))
                for place, steps, pen in zip(batch, seen, pens, strict=True)
            ]

        batches = batches_of_like_width([picture.planes.shape[2] for picture in pictures])
        found = dict(zip(chain(*batches), chain(*share_out(look, batches, threads=threads)), strict=True))
        return [found[place] for place in range(len(pictures))]

    return read


def slot_to_pictures(page: Page, placement: Placement, look: Look = PRINT_LOOK, *, rise: float = 0.0) -> list[SlotPicture]:
    """A slot as a net sees it, one picture for each line that it touches; `rise` looks so many line pixels higher."""
    return [pictures[0] for pictures in slot_to_views(page, placement, look, (PLAIN_VIEW,), rise=rise)]


def slot_to_views(
    page: Page, placement: Placement, look: Look, views: Sequence[View], *, rise: float = 0.0
) -> list[list[SlotPicture]]:
    """The same through several windows: for each line that a slot touches, a picture for each view."""
    beside = look.reach + CONTEXT
    found = []
    for line, (left, right) in placement.stretches:
        if 0 < right - left <= LONGEST:
            strip, under = _strip(page, line, left, right, look, rise)
            found.append(strip_to_views(strip, beside, beside + right - left, look, views, under=under))
    return found


def strip_to_picture(
    bgr: Image, left: float, right: float, look: Look = PRINT_LOOK, *, under: Flags | None = None
) -> SlotPicture:
    """A strip of the look's rows of line pixels, BGR, with a slot in it from `left` to `right`, as the net sees it.

    `under` tells which of its pixels lie under seals, see `fade_seal`.
    """
    return strip_to_views(bgr, left, right, look, (PLAIN_VIEW,), under=under)[0]


def strip_to_views(
    bgr: Image, left: float, right: float, look: Look, views: Sequence[View], *, under: Flags | None = None
) -> list[SlotPicture]:
    """The same through several windows."""
    gray = fade_seal(bgr, under=under)
    paper, black = np.percentile(gray[::2, ::2], (80, 2))
    contrast = max(float(paper - black), LEAST_CONTRAST)
    start, end = max(round(left) - look.reach, 0), min(round(right) + look.reach, gray.shape[1])
    size = (max(STEP * round(look.scale * (end - start) / STEP), 4 * STEP), look.height)
    shades = [gray]
    if look.coloured:
        # How much bluer than the paper. Chroma is coarse in most files: every fourth pixel tells the paper's.
        blueness = bgr[:, :, 0].astype(np.float32) - bgr[:, :, 2]
        shades.append(blueness - np.median(blueness[::4, ::4]))
    pictures = []
    for view in views:
        small, *blue = (_window(shade, start, end, size, view) for shade in shades)
        ink = np.clip((paper - small) / contrast, -0.25, 1.25)
        middle, scale = (start + end) / 2 + view.across, view.zoom * size[0] / (end - start)
        columns = middle + (np.arange(size[0]) + 0.5 - size[0] / 2) / scale
        within = np.broadcast_to(((columns >= left) & (columns <= right)).astype(np.float32), ink.shape)
        planes = [ink, within, *(np.clip(shade / contrast, -1, 1) for shade in blue)]
        pictures.append(SlotPicture(np.stack(planes).astype(np.float32)))
    return pictures


def _window(
    strip: NDArray[np.uint8] | NDArray[np.float32], start: int, end: int, size: tuple[int, int], view: View
) -> NDArray[np.float32]:
    """What a view shows of the columns from `start` to `end` of a strip, in a picture of a (width, height)."""
    if view == PLAIN_VIEW:
        return cv2.resize(strip[:, start:end], size, interpolation=cv2.INTER_AREA).astype(np.float32)
    # From a place in the picture to one in the strip, about the middles of both.
    across, down = (end - start) / size[0] / view.zoom, strip.shape[0] / size[1] / view.zoom
    linear = np.array([[across, view.slant * down], [0, down]])
    middle = np.array([(start + end) / 2 + view.across - 0.5, strip.shape[0] / 2 + view.down - 0.5])
    offset = middle - linear @ ((np.array(size) - 1) / 2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(strip, np.c_[linear, offset], size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return picture.astype(np.float32)


def _strip(page: Page, line: Line, left: float, right: float, look: Look, rise: float) -> tuple[Image, Flags | None]:
    """The pixels around a slot at the line's scale, from the page as it came in, and which of them lie under seals."""
    start, rows = left - look.reach - CONTEXT, look.bottom - look.top
    width = round(right - left) + 2 * (look.reach + CONTEXT)

    def to_page(at: Matrix) -> Matrix:
        return line.to_page(np.add(at, (start, look.top - rise)))

    strip = sample(page.pixels, mapping_to_mesh(to_page, width, rows), width, rows)
    return strip, under_seals(line.seals, to_page, rows, width)


def _stack(planes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Pictures side by side in one tensor; the room to the right of narrow ones is paper outside the slot."""
    count, height = planes[0].shape[:2]
    tensor = np.zeros((len(planes), count, height, max(picture.shape[2] for picture in planes)), np.float32)
    for place, picture in enumerate(planes):
        tensor[place, :, :, : picture.shape[2]] = picture
    return tensor
