"""Which of a page's four sides is up, decided from the page itself.

Across or down is told by the lines' rhythm in flattened cells: rows of text leave white rows between them, characters hardly
leave white columns. On a page without cells it is told by whether characters stand closer to those beside them or to those
below. Up or down is told by PaddleOCR's text direction classifier, from RapidOCR's wheel: 2 ms a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray

from extractors.cells import cell_size, find_cells, turn_cells
from extractors.characters import find_characters, lines_run_down
from extractors.engine import load_session
from extractors.layout import find_blocks
from extractors.lines import Flat, cut_band, flatten, ink_to_bands
from extractors.parting import part_cells
from extractors.rectify import turn
from schemas.flow import LINE_HEIGHT, Cell, Image, Line, Upright

UpsideDown: TypeAlias = Callable[[Sequence[Line]], float]
"""The seam for direction classifiers: lines in, the probability that they stand on their heads out."""

MODEL = Path(rapidocr.__file__).parent / "models" / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"

# Width of the classifier's picture in pixels, as it was trained.
WIDTH = 192

# Lines that are asked for their direction, three windows each: the longest; one line errs in 2 of 100. Where the first few
# are SURE, the others are not asked.
VOTERS, FIRST_VOTERS, SURE = 6, 2, 0.97

# Cells asked for the lines' rhythm: the largest hold most text.
CELLS = 4

# A page is taken for lying on its side when columns are this much more rhythmic than rows.
SIDEWAYS = 1.15

# What it weighs that most cells are wider than high, in units of rhythm: as much as two short lines of text. It decides for
# a page that holds only the end of a row.
SHAPE = 200.0

# Profiles are smoothed over this many working pixels: more than the white between characters, less than between lines.
SMOOTH = 13


def orient(upright: Upright, is_upside_down: UpsideDown) -> tuple[Upright, tuple[Cell, ...]]:
    """A rectified page turned so that its text reads, and the cells found on it."""
    cells = find_cells(upright)
    flats = [flatten(upright, cell) for cell in _largest(cells)]
    if _lies_on_its_side(flats, cells) if cells else lines_run_down(find_characters(upright.gray)):
        upright, cells = _turned(upright, cells, 1)
        flats = []
    flats = flats or [flatten(upright, region) for region in _largest(cells or find_blocks(upright)[-CELLS:])]
    voters = _voters(upright, flats)
    upside_down = is_upside_down(voters[:FIRST_VOTERS])
    if len(voters) > FIRST_VOTERS and 1 - SURE < upside_down < SURE:
        upside_down = is_upside_down(voters)
    upright, cells = _turned(upright, cells, 2 if upside_down > 0.5 else 0)
    return upright, part_cells(upright, cells)


def load_direction_classifier() -> UpsideDown:
    """Load PaddleOCR's direction classifier, once a process."""
    session = load_session(MODEL)
    name = session.get_inputs()[0].name

    def is_upside_down(lines: Sequence[Line]) -> float:
        if not lines:
            return 0.0
        windows = np.stack([window for line in lines for window in _line_to_windows(line)])
        upside_down = np.clip(session.run(None, {name: windows})[0][:, 1], 1e-3, 1 - 1e-3)
        odds = float(np.mean(np.log(upside_down / (1 - upside_down))))
        return 1 / (1 + float(np.exp(-odds)))

    return is_upside_down


def _largest(cells: Sequence[Cell]) -> list[Cell]:
    return sorted(cells, key=lambda cell: -float(np.prod(cell_size(cell))))[:CELLS]


def _turned(upright: Upright, cells: tuple[Cell, ...], quarters: int) -> tuple[Upright, tuple[Cell, ...]]:
    height, width = upright.gray.shape
    return turn(upright, quarters), turn_cells(cells, quarters, width, height)


def _lies_on_its_side(flats: Sequence[Flat], cells: Sequence[Cell]) -> bool:
    """Whether text runs down the page: ink's columns show a stronger rhythm than its rows."""
    rows, columns = np.array([_rhythms(flat.ink) for flat in flats]).sum(axis=0)
    sizes = np.array([cell_size(cell) for cell in cells])
    wide = float(np.median(sizes[:, 0] / np.maximum(sizes[:, 1], 1.0))) >= 1
    rows, columns = rows + SHAPE * wide, columns + SHAPE * (not wide)
    return bool(columns > SIDEWAYS * rows)


def _rhythms(ink: Image) -> tuple[float, float]:
    """How unevenly ink is spread over rows and over columns: the variance of its change, characters smoothed away."""
    if min(ink.shape) < 2 * SMOOTH:
        return 0.0, 0.0
    rows, columns = (cv2.blur((ink > 0).mean(axis=axis, keepdims=True).reshape(1, -1), (SMOOTH, 1))[0] for axis in (1, 0))
    half = SMOOTH // 2
    changes = (profile[half:] - profile[:-half] for profile in (rows, columns))
    by_row, by_column = (ink.size * float(np.var(change)) for change in changes)
    return by_row, by_column


def _voters(upright: Upright, flats: Sequence[Flat]) -> list[Line]:
    """The longest lines, the longest first."""
    boxes = [(flat, box) for flat in flats for box in ink_to_bands(flat.ink)]
    boxes.sort(key=lambda found: (found[1][0] - found[1][2]) / max(found[1][3] - found[1][1], 1.0))
    return [cut_band(upright, flat, box) for flat, box in boxes[:VOTERS]]


def _line_to_windows(line: Line) -> list[NDArray[np.float32]]:
    """Up to three windows of a line, each float32 (3, LINE_HEIGHT, WIDTH) from -1 to 1."""
    width = line.bgr.shape[1]
    starts = sorted({0, max(width - WIDTH, 0) // 2, max(width - WIDTH, 0)})
    windows = []
    for start in starts:
        window = np.zeros((3, LINE_HEIGHT, WIDTH), dtype=np.float32)
        piece = line.bgr[:, start : start + WIDTH].astype(np.float32)
        window[:, :, : piece.shape[1]] = (piece / 127.5 - 1.0).transpose(2, 0, 1)
        windows.append(window)
    return windows
