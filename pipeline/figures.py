"""Slots to what the digit reader makes of them: the strings that may stand there, and whether a pen wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from extractors.digits import (
    CLASSES,
    OTHER,
    OVER,
    PEN_LOOK,
    PLAIN_VIEW,
    PRINT_LOOK,
    STRUCK,
    DigitReader,
    DigitSteps,
    Look,
    View,
    slot_to_pictures,
    slot_to_views,
)
from extractors.glyphs import FLOOR, Alphabet
from pipeline.strings import best_strings
from schemas.flow import DigitReading, Page, Placement
from schemas.form import SlotKind

# The reader's classes as an alphabet: 0 is the CTC blank.
FIGURES = Alphabet(tuple(CLASSES))

# Where a correction is looked for: so many line pixels over the number that is struck out.
RISE = 32.0

# The windows through which a number by pen is read: what it is taken for in one of them alone is doubtful.
VIEWS = (PLAIN_VIEW, View(1.1, 3.0, 2.0, 0.1), View(0.92, -3.0, -2.0, -0.08))


def read_digits(page: Page, placements: Sequence[Placement], reader: DigitReader) -> list[DigitReading | None]:
    """What stands in each count slot, in one batch; None for slots of text and for those that were not found."""
    return _read(page, placements, reader, PRINT_LOOK, rise=0.0)


def read_over(
    page: Page, placements: Sequence[Placement], reader: DigitReader, look: Look = PRINT_LOOK
) -> list[DigitReading | None]:
    """What stands over each slot, where a hand puts the correction of a number that it has struck out."""
    return _read(page, placements, reader, look, rise=RISE)


def read_closely(
    page: Page, placements: Sequence[Placement], reader: DigitReader, *, views: Sequence[View] = VIEWS
) -> list[Placement]:
    """Placements with what the pens' reader makes of those that a first glance has read, all in one batch."""
    pictures = [
        slot_to_views(page, placement, PEN_LOOK, views) if placement.digits is not None else [] for placement in placements
    ]
    seen = iter(reader([picture for own in pictures for part in own for picture in part]))
    steps = [[[next(seen) for _ in part] for part in own] for own in pictures]
    return [
        _with_views(placement, [_steps_to_reading(parts).strings for parts in zip(*own, strict=True)]) if own else placement
        for placement, own in zip(placements, steps, strict=True)
    ]


def _with_views(placement: Placement, views: Sequence[Mapping[str, float]]) -> Placement:
    first = placement.digits
    texts = {text for view in views for text in view}
    strings = {text: sum(view.get(text, 0.0) for view in views) / len(views) for text in texts}
    pen, glance = (first.pen, first.strings) if first is not None else (0.0, None)
    return replace(placement, digits=DigitReading(strings, pen, tuple(views), glance))


def likeliest_number(digits: DigitReading | None) -> str:
    """The likeliest number in a place, without commas; "" where most likely none stands there."""
    strings = digits.strings if digits else {}
    best = max(strings, key=lambda text: strings[text], default="")
    return _digits(best) if is_number(best) else ""


def split_struck(text: str) -> tuple[str, str]:
    """The digits that are struck out in a string, and those that were written instead.

    >>> split_struck("12~15"), split_struck("3^5"), split_struck("?~")
    (('12', '15'), ('', '35'), ('', ''))
    """
    struck, parted, instead = text.rpartition(STRUCK)
    return _digits(struck) if parted else "", _digits(instead)


def is_number(text: str) -> bool:
    """Whether a string holds digits and their commas alone; nothing at all is a blank."""
    return not any(sign in text for sign in (OTHER, STRUCK, OVER))


def _digits(text: str) -> str:
    return "" if OTHER in text else "".join(char for char in text if char.isdigit())


def _read(
    page: Page, placements: Sequence[Placement], reader: DigitReader, look: Look, *, rise: float
) -> list[DigitReading | None]:
    pictures = [
        slot_to_pictures(page, placement, look, rise=rise)
        if placement.line is not None and placement.slot.kind is SlotKind.COUNT
        else []
        for placement in placements
    ]
    seen = reader([picture for own in pictures for picture in own])
    stops = list(accumulate(map(len, pictures)))
    return [
        _steps_to_reading(seen[stop - len(own) : stop]) if own else None for own, stop in zip(pictures, stops, strict=True)
    ]


def _steps_to_reading(parts: Sequence[DigitSteps]) -> DigitReading:
    """The strings over the parts of a slot that a line break parts: paper lies between them."""
    gap = np.full((1, FIGURES.size - 1), np.log(FLOOR), np.float32)
    gap[0, 0] = 0.0
    log_probs = np.concatenate([piece for part in parts for piece in (part.log_probs, gap)])
    strings = {candidate.text: candidate.probability for candidate in best_strings(log_probs, FIGURES)}
    return DigitReading(strings, max(part.pen for part in parts))
