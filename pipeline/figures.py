"""Slots to what the digit reader makes of them: the strings that may stand there, and whether a pen wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from extractors.digits import CLASSES, OTHER, OVER, STRUCK, DigitReader, DigitSteps, slot_to_pictures
from extractors.glyphs import FLOOR, Alphabet
from pipeline.strings import best_strings
from schemas.flow import DigitReading, Page, Placement
from schemas.form import SlotKind

# The reader's classes as an alphabet: 0 is the CTC blank.
FIGURES = Alphabet(tuple(CLASSES))

# Where a correction is looked for: so many line pixels over the number that is struck out.
RISE = 32.0


def read_digits(page: Page, placements: Sequence[Placement], reader: DigitReader) -> list[DigitReading | None]:
    """What stands in each count slot, in one batch; None for slots of text and for those that were not found."""
    return _read(page, placements, reader, rise=0.0)


def read_over(page: Page, placements: Sequence[Placement], reader: DigitReader) -> list[DigitReading | None]:
    """What stands over each slot, where a hand puts the correction of a number that it has struck out."""
    return _read(page, placements, reader, rise=RISE)


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


def _read(page: Page, placements: Sequence[Placement], reader: DigitReader, *, rise: float) -> list[DigitReading | None]:
    pictures = [
        slot_to_pictures(page, placement, rise=rise)
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
