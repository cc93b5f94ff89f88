"""A cell that holds a value alone, to the line it stands on: as high as a line of the table's print, as wide as the cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractors.lines import PADDING, RULE_MARGIN, Flat, cut_band, flatten, ink_to_bands
from schemas.flow import LINE_HEIGHT, Cell, Line, Upright

# A line of print where no heading tells its height, in working pixels: 10.5 pt at A4.
USUAL = 22.0

# So much room beyond its ink belongs to what stands in a cell, in line pixels: what parentheses would take. In a narrower
# one the digit reader takes a 0 for them.
MARGIN = 22.0


@dataclass(frozen=True, eq=False)
class CellLine:
    """A line across a cell, and from where to where there is ink on it, in line pixels; None for a cell without ink."""

    line: Line
    ink: tuple[float, float] | None


def usual_height(upright: Upright, cells: Sequence[Cell]) -> float:
    """The height of a line of print in cells of words, in working pixels."""
    bands = [box for cell in cells for box in ink_to_bands(flatten(upright, cell).ink)]
    return float(median([bottom - top for _, top, _, bottom in bands] or [USUAL]))


def cell_to_lines(upright: Upright, cell: Cell, usual: float) -> list[CellLine]:
    """The lines that hold ink in a cell, from top to bottom; of an empty cell one through its middle.

    Digits alone are lower than a line of words: without the room that is theirs they would be cut too large.
    """
    flat = flatten(upright, cell)
    bands = ink_to_bands(flat.ink)
    if not bands:
        middle = flat.gray.shape[0] / 2
        return [CellLine(_across(upright, flat, middle, usual), None)]
    found = []
    for left, top, right, bottom in bands:
        height = max(bottom - top, usual)
        line = _across(upright, flat, (top + bottom) / 2, height)
        found.append(CellLine(line, _on_line(line, (left, right), height)))
    return found


def _across(upright: Upright, flat: Flat, middle: float, height: float) -> Line:
    """The line about a middle, from side to side but for the rules."""
    room = 2 * PADDING * height
    right = max(flat.gray.shape[1] - RULE_MARGIN, 3 * RULE_MARGIN)
    return cut_band(upright, flat, (RULE_MARGIN + room, middle - height / 2, right - room, middle + height / 2))


def _on_line(line: Line, span: tuple[float, float], height: float) -> tuple[float, float]:
    """Where columns of a flattened cell lie on the line across it, with room beside them."""
    scale = (1 + 2 * PADDING) * height / LINE_HEIGHT
    left, right = ((place - RULE_MARGIN) / scale for place in span)
    width = float(line.bgr.shape[1])
    return max(left - MARGIN, 0.0), min(max(right + MARGIN, left), width)
