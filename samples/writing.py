"""A return written by one person onto its rendered sheets: header fields, values, and what else people do to slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from samples.characters import learn
from samples.digits import DigitBank
from samples.oddities import Oddity
from samples.oddmarks import Desk, write_odd, write_text
from samples.placing import spot_of
from samples.printer import Printed
from samples.returns import Filled
from samples.styles import draw_writer
from schemas.flow import Box, Image
from schemas.form import SlotKind

_NARROW_WORDS = 0.4
"""Words are squeezed to this share of their width: names of activities are long, their slots are not."""


def write_return(
    sheets: Sequence[Image], filled: Filled, printed: Printed, rng: np.random.Generator, *, style: str, size: float,
    bank: DigitBank | None, odd: Mapping[int, Oddity],
) -> dict[int, Box]:  # fmt: skip
    """Write a return in a style onto its sheets (BGR uint8, changed in place); counts from `bank` where it is given.

    `size` is that of the printed words, in points; `odd` what is odd about a slot, by its place in the return.
    Gives where the ink of values lies, as fractions of the page, by the slot's place.
    """
    writer = draw_writer(style, rng)
    numbers = learn(writer.fonts, bank, rng)
    words = replace(numbers, fonts=writer.fonts[1:])
    # Above the table there is room, and everybody writes properly.
    proper = replace(writer, size=float(np.clip(writer.size, 0.8, 1.3)), rise=0.0)
    for key, box in printed.fields.items():
        text = getattr(filled.header, key)
        if text:
            desk = Desk(sheets[0], proper, numbers, words)
            write_text(desk, text, spot_of(sheets[0], box, size), rng, number=False, place=0.4, narrowest=_NARROW_WORDS)
    boxes: dict[int, Box] = {}
    for place, (slot, where) in enumerate(zip(filled.slots, printed.slots, strict=True)):
        if where.room is None or (slot.raw is None and place not in odd):
            continue
        sheet = sheets[where.page - 1]
        desk, spot = Desk(sheet, writer, numbers, words), spot_of(sheet, where.room, size)
        raw = slot.raw or ""
        if place in odd:
            ink = write_odd(desk, raw, odd[place], spot, rng)
        elif slot.slot.kind is SlotKind.COUNT:
            ink = write_text(desk, raw, spot, rng, number=True, reach=True)
        else:
            ink = write_text(desk, raw, spot, rng, number=False, narrowest=_NARROW_WORDS)
        if ink is not None:
            height, width = sheet.shape[:2]
            boxes[place] = ink[0] / width, ink[1] / height, ink[2] / width, ink[3] / height
    return boxes
