"""Where the slots and cells of a printed table stand: fractions of their pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from samples.layout import Layout
from samples.paging import ABOVE, BELOW, PAGE, RowPart, cell_boxes, line_places
from samples.typeset import Placed, Role
from schemas.flow import Box


@dataclass(frozen=True)
class PrintedSlot:
    """Where a slot stands: page from 1, boxes as fractions of the page; `room` is what a pen may fill."""

    page: int
    box: Box
    value_box: Box | None
    room: Box | None


@dataclass(frozen=True)
class PrintedCell:
    """Where a cell stands: row 0 is the heading row, -1 a merged title above it."""

    page: int
    row: int
    column: int
    box: Box


def slot_places(parts: Sequence[RowPart], layout: Layout, count: int) -> tuple[PrintedSlot, ...]:
    """The place of every slot: of its part that holds the value, the room, or else the opening parenthesis."""
    found: dict[int, PrintedSlot] = {}
    for part in parts:
        if part.row <= 0:
            continue
        for column, plan in enumerate(part.plans):
            if plan.slot >= 0:
                found[plan.slot] = _printed_cell(part, column, layout)
        for column in range(len(part.columns)) if part.plans else [1]:
            for line, x, baseline in line_places(part, column, layout):
                for slot in dict.fromkeys(placed.glyph.slot for placed in line if placed.glyph.slot >= 0):
                    if part.plans and part.plans[column].slot == slot:
                        continue
                    own = [placed for placed in line if placed.glyph.slot == slot]
                    printed = _printed_slot(own, x, baseline, part.page, layout)
                    if slot not in found or (found[slot].value_box is None and printed.value_box is not None):
                        found[slot] = printed
    return tuple(found[slot] for slot in range(count))


def cell_places(parts: Sequence[RowPart], layout: Layout) -> Iterator[PrintedCell]:
    """The place of every cell, row by row; one cut by the page end has two."""
    for part in parts:
        for column, box in enumerate(cell_boxes(part, layout)):
            yield PrintedCell(part.page, part.row, column, to_fraction(box))


def to_fraction(box: Box) -> Box:
    """A box in points to fractions of the page."""
    return box[0] / PAGE[0], box[1] / PAGE[1], box[2] / PAGE[0], box[3] / PAGE[1]


def _printed_cell(part: RowPart, column: int, layout: Layout) -> PrintedSlot:
    """A slot that is a cell: the cell's box, that of all typed in it, and a line for a pen in its middle."""
    left, upper, right, lower = cell_boxes(part, layout)[column]
    size = layout.value_size
    boxes = [
        (x + line[0].x, baseline - ABOVE * size, x + line[-1].right, baseline + BELOW * size)
        for line, x, baseline in line_places(part, column, layout)
        if line
    ]
    value = np.array(boxes)
    base = (upper + lower - layout.size) / 2 + ABOVE * layout.size
    room = (left + layout.padding, base - ABOVE * layout.size, right - layout.padding, base + BELOW * layout.size)
    inked = (*value[:, :2].min(axis=0).tolist(), *value[:, 2:].max(axis=0).tolist()) if boxes else None
    return PrintedSlot(
        part.page, to_fraction((left, upper, right, lower)), to_fraction(inked) if inked else None, to_fraction(room)
    )


def _printed_slot(own: Sequence[Placed], x: float, baseline: float, page: int, layout: Layout) -> PrintedSlot:
    size = layout.size

    def box(glyphs: Sequence[Placed], em: float) -> Box:
        return to_fraction((x + glyphs[0].x, baseline - ABOVE * em, x + glyphs[-1].right, baseline + BELOW * em))

    value = [placed for placed in own if placed.glyph.role is Role.VALUE]
    room = [placed for placed in own if placed.glyph.role is Role.ROOM]
    return PrintedSlot(
        page, box(own, size), box(value, layout.value_size) if value else None, box(room, size) if room else None
    )
