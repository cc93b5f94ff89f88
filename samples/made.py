"""A return as it was made, before it is taken; and, once it has been, the truth of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from samples import hands, printer
from samples.capture import Picture
from samples.layout import Layout
from samples.legibility import is_legible
from samples.oddities import Oddity
from samples.returns import Filled
from samples.seal import Seal, covers
from samples.truth import Truth, TruthCell, TruthSlot
from schemas.flow import Box, Matrix
from schemas.form import Form, SlotKind


@dataclass(frozen=True, eq=False)
class Made:
    """A return before it is taken; `numbers` are those of its rows' items in the form, `odd` is by a slot's place."""

    form: Form
    numbers: tuple[int, ...]
    filled: Filled
    layout: Layout
    printed: printer.Printed
    seals: tuple[Seal, ...]
    ink: hands.Inked
    retyped: bool
    hand: str
    odd: Mapping[int, Oddity]


def tell_truth(
    file: str,
    made: Made,
    pictures: Sequence[Picture],
    numbers: Sequence[int],
    *,
    capture: str,
    filling: str,
    seed: int,
    modifiers: tuple[str, ...],
) -> Truth:
    """The truth of a return whose n-th page is picture n, page `numbers[n]` of the file."""
    slots: list[TruthSlot] = []
    printed_slots = enumerate(zip(made.filled.slots, made.printed.slots, strict=True))
    # In the form's order, whatever the order on paper.
    rows = [number for number, row in zip(made.numbers, made.filled.rows, strict=True) for _ in row]
    for place, (filled, printed) in sorted(printed_slots, key=lambda slot: rows[slot[0]]):
        picture = pictures[printed.page - 1]
        value_box = made.ink.boxes.get(place, printed.value_box)
        odd = made.odd.get(place, Oddity(""))
        slots.append(
            TruthSlot(
                path=filled.path,
                state=filled.state,
                value=filled.value,
                raw=filled.raw,
                page=numbers[printed.page - 1],
                box=_moved(picture, printed.box),
                value_box=_moved(picture, value_box) if value_box else None,
                sealed=any(covers(seal, printed.page, printed.box) for seal in made.seals),
                struck=place in made.ink.struck,
                hand=made.hand,
                oddity=odd.kind,
                struck_raw=odd.first,
                illegible=place in made.ink.boxes
                and filled.slot.kind is SlotKind.COUNT
                and not _is_legible(picture, value_box),
            )
        )
    cells = []
    for cell in made.printed.cells:
        corners = pictures[cell.page - 1].fractions(_corners(cell.box)).round(5).tolist()
        points = tuple((float(x), float(y)) for x, y in corners)
        cells.append(
            TruthCell(
                page=numbers[cell.page - 1], column=cell.column,
                row=made.numbers[cell.row - 1] if cell.row > 0 else cell.row,
                corners=(points[0], points[1], points[2], points[3]),
            )
        )  # fmt: skip
    return Truth(
        file=file,
        capture=capture,
        filling=filling,
        seed=seed,
        modifiers=modifiers,
        retyped=made.retyped,
        header=made.filled.header,
        slots=tuple(slots),
        cells=tuple(cells),
    )


def _is_legible(picture: Picture, box: Box | None) -> bool:
    if box is None:
        return True
    height, width = picture.pixels.shape[:2]
    left, top, right, bottom = _moved(picture, box)
    return is_legible(picture.pixels, (left * width, top * height, right * width, bottom * height))


def _moved(picture: Picture, box: Box) -> Box:
    """The box around a page's box in its picture."""
    points = picture.fractions(_corners(box)).round(5)
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _corners(box: Box) -> Matrix:
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
