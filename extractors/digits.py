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
from extractors.ink import fade_seal
from extractors.warp import mapping_to_mesh, sample
from schemas.flow import Image, Line, Page, Placement

MODEL = Path(__file__).parent / "models" / "digits.onnx"

# What the reader tells apart, behind the CTC blank: digits, the comma that groups them, anything else (a word, a tick, a
# scribble), a number struck out before this place, and a digit written over another one.
OTHER, STRUCK, OVER = "?", "~", "^"
CLASSES = "0123456789," + OTHER + STRUCK + OVER

# Rows of the line that are looked at, in line pixels (a line is 0 to 48): a third of a line above and below.
TOP, BOTTOM = -16, 64

# The crop reaches so far beyond the parentheses, in line pixels: a pen that begins before one is seen whole. Levels and
# seals are told from so much more on either side.
REACH, CONTEXT = 32, 40

# The net's picture: rows, and columns of one step of its output.
HEIGHT, STEP = 48, 2
SCALE = HEIGHT / (BOTTOM - TOP)

# Contrast of a crop with nothing on it, of 255: noise must not be stretched to look like ink.
LEAST_CONTRAST = 40.0

# Longest slot that is looked at, in line pixels; a longer one has swallowed printed words.
LONGEST = 1200


@dataclass(frozen=True, eq=False)
class SlotPicture:
    """What the net sees of a slot: float32 (2, HEIGHT, w), ink from 0 (paper) to 1, and a plane that is 1 in the slot."""

    planes: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DigitSteps:
    """What the net saw: log posteriors, float32 (steps, 1 + len(CLASSES)), 0 the CTC blank; how likely a pen wrote it."""

    log_probs: NDArray[np.float32]
    pen: float


DigitReader: TypeAlias = Callable[[Sequence[SlotPicture]], list[DigitSteps]]
"""The seam for digit readers: pictures in, what was seen in each, in the same order."""


def load_digit_reader(*, threads: int = 0) -> DigitReader:
    """Load the net, once a process; `threads` 0 uses every core."""
    session = load_session(MODEL)

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


def slot_to_pictures(page: Page, placement: Placement, *, rise: float = 0.0) -> list[SlotPicture]:
    """A slot as the net sees it, one picture for each line that it touches; `rise` looks so many line pixels higher."""
    return [
        strip_to_picture(
            _strip(page, line, left, right, rise), REACH + CONTEXT, REACH + CONTEXT + right - left, sealed=line.sealed
        )
        for line, (left, right) in placement.stretches
        if 0 < right - left <= LONGEST
    ]


def strip_to_picture(bgr: Image, left: float, right: float, *, sealed: bool = True) -> SlotPicture:
    """A strip of BOTTOM - TOP rows of line pixels, BGR, with a slot in it from `left` to `right`, as the net sees it."""
    gray = fade_seal(bgr, sealed=sealed)
    paper, black = np.percentile(gray[::2, ::2], (80, 2))
    start, end = max(round(left) - REACH, 0), min(round(right) + REACH, gray.shape[1])
    width = max(STEP * round(SCALE * (end - start) / STEP), 4 * STEP)
    small = cv2.resize(gray[:, start:end], (width, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    ink = np.clip((paper - small) / max(float(paper - black), LEAST_CONTRAST), -0.25, 1.25)
    columns = start + (np.arange(width) + 0.5) / SCALE
    within = ((columns >= left) & (columns <= right)).astype(np.float32)
    return SlotPicture(np.stack([ink, np.broadcast_to(within, ink.shape)]).astype(np.float32))


def _strip(page: Page, line: Line, left: float, right: float, rise: float) -> Image:
    """The pixels around a slot at the line's scale, from the page as it came in."""
    start = left - REACH - CONTEXT
    width = round(right - left) + 2 * (REACH + CONTEXT)
    mesh = mapping_to_mesh(lambda at: line.to_page(np.add(at, (start, TOP - rise))), width, BOTTOM - TOP)
    return sample(page.pixels, mesh, width, BOTTOM - TOP)


def _stack(planes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Pictures side by side in one tensor; the room to the right of narrow ones is paper outside the slot."""
    tensor = np.zeros((len(planes), 2, HEIGHT, max(picture.shape[2] for picture in planes)), np.float32)
    for place, picture in enumerate(planes):
        tensor[place, :, :, : picture.shape[2]] = picture
    return tensor
