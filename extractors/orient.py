"""Which of a page's four sides is up, decided from the page itself.

Across or down is told by the lines' rhythm: rows of text leave white rows between them, characters hardly leave white
columns. Up or down is told by PaddleOCR's text direction classifier, from RapidOCR's wheel: 2 ms a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnxruntime
import rapidocr
from numpy.typing import NDArray

from extractors.cells import cell_size, find_cells
from extractors.ink import dark_pixels
from extractors.lines import region_to_lines
from extractors.rectify import turn
from schemas.flow import LINE_HEIGHT, Cell, Image, Line, Upright

UpsideDown: TypeAlias = Callable[[Sequence[Line]], float]
"""The seam for direction classifiers: lines in, the probability that they stand on their heads out."""

MODEL = Path(rapidocr.__file__).parent / "models" / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"

# Width of the classifier's picture in pixels, as it was trained.
WIDTH = 192

# Lines that are asked for their direction: the longest, three windows each; one line errs in 2 of 100.
VOTERS = 5

# Cells asked for the lines' rhythm: the largest hold most text.
CELLS = 4

# A page is taken for lying on its side when columns are this much more rhythmic than rows.
SIDEWAYS = 1.15


def orient(upright: Upright, is_upside_down: UpsideDown) -> tuple[Upright, tuple[Cell, ...]]:
    """A rectified page turned so that its text reads, and the cells found on it."""
    cells = find_cells(upright)
    if _lies_on_its_side(upright, cells):
        upright = turn(upright, 1)
        cells = find_cells(upright)
    if is_upside_down(_voters(upright, cells)) > 0.5:
        upright = turn(upright, 2)
        cells = find_cells(upright)
    return upright, cells


def load_direction_classifier(*, threads: int = 0) -> UpsideDown:
    """Load PaddleOCR's direction classifier, once a process."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def is_upside_down(lines: Sequence[Line]) -> float:
        if not lines:
            return 0.0
        windows = np.stack([window for line in lines for window in _line_to_windows(line)])
        upside_down = np.clip(session.run(None, {name: windows})[0][:, 1], 1e-3, 1 - 1e-3)
        odds = float(np.mean(np.log(upside_down / (1 - upside_down))))
        return 1 / (1 + float(np.exp(-odds)))

    return is_upside_down


def _lies_on_its_side(upright: Upright, cells: Sequence[Cell]) -> bool:
    """Whether text runs down the page: ink's columns show a stronger rhythm than its rows."""
    rhythms = np.array([_rhythms(patch) for patch in _patches(upright, cells)])
    if len(rhythms) == 0:
        return False
    rows, columns = rhythms.sum(axis=0)
    return bool(columns > SIDEWAYS * rows)


def _patches(upright: Upright, cells: Sequence[Cell]) -> list[Image]:
    """Pictures of ink inside the largest cells, or of the whole page where there are none."""
    ink = dark_pixels(upright.gray)
    if not cells:
        return [ink]
    patches = []
    for cell in sorted(cells, key=lambda cell: -_area(cell))[:CELLS]:
        (x0, y0), (x1, y1) = cell.corners.min(axis=0).astype(int) + 8, cell.corners.max(axis=0).astype(int) - 8
        if x1 > x0 and y1 > y0:
            patches.append(ink[max(y0, 0) : y1, max(x0, 0) : x1])
    return patches


def _rhythms(ink: Image) -> tuple[float, float]:
    """How unevenly ink is spread over rows and over columns: variance of the neighbouring rows' (columns') change."""
    rows, columns = (ink > 0).mean(axis=1), (ink > 0).mean(axis=0)
    weight = float(ink.size)
    return weight * float(np.var(np.diff(rows[::3]))), weight * float(np.var(np.diff(columns[::3])))


def _area(cell: Cell) -> float:
    width, height = cell_size(cell)
    return width * height


def _voters(upright: Upright, cells: Sequence[Cell]) -> list[Line]:
    lines = [
        line
        for cell in sorted(cells, key=lambda cell: -_area(cell))[:CELLS]
        for line in region_to_lines(upright, cell.corners)
    ]
    return sorted(lines, key=lambda line: -line.bgr.shape[1])[:VOTERS]


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
