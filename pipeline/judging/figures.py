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
from pipeline.judging.strings import best_strings
from schemas.flow import DigitReading, Page, Placement
from schemas.form import SlotKind

# The reader's classes as an alphabet: 0 is the CTC blank.
FIGURES = Alphabet(tuple(CLASSES))

# Where a correction is looked for: so many line pixels over the number that is struck out.
RISE = 32.0

# The windows through which a number by pen is read, and those through which it is read again where they leave a doubt.
VIEWS = (PLAIN_VIEW, View(1.1, 3.0, 2.0, 0.1))
FURTHER_VIEWS = (
    View(0.92, -3.0, -2.0, -0.08),
    View(1.25),
    View(1.0, 2.0, -3.0, 0.15),
    View(0.85, 0.0, 2.0),
    View(1.0, -4.0, 3.0, -0.15),
)

# The least share of the likeliest string that leaves no doubt.
CLEAR = 0.95


def read_digits(page: Page, placements: Sequence[Placement], reader: DigitReader) -> list[DigitReading | None]:
    """What stands in each slot of numbers or dates, in one batch; None for the others and for those that were not found."""
    return _read(page, placements, reader, PRINT_LOOK, rise=0.0)


def read_over(
    page: Page, placements: Sequence[Placement], reader: DigitReader, look: Look = PRINT_LOOK
) -> list[DigitReading | None]:
    """What stands over each slot, where a hand puts the correction of a number that it has struck out."""
    return _read(page, placements, reader, look, rise=RISE)


def read_closely(page: Page, placements: Sequence[Placement], reader: DigitReader) -> list[Placement]:
    """Placements with what the pens' reader makes of those that a first glance has read, in one batch or two."""
    places = [place for place, placement in enumerate(placements) if placement.digits is not None]
    seen = dict(zip(places, _read_views(page, [placements[place] for place in places], reader, VIEWS), strict=True))
    doubtful = [place for place in places if max(_mean(seen[place]).values(), default=0.0) < CLEAR]
    again = _read_views(page, [placements[place] for place in doubtful], reader, FURTHER_VIEWS)
    for place, views in zip(doubtful, again, strict=True):
        seen[place] += views
    return [_with_views(placement, seen.get(place, [])) for place, placement in enumerate(placements)]


def _read_views(
    page: Page, placements: Sequence[Placement], reader: DigitReader, views: Sequence[View]
) -> list[list[Mapping[str, float]]]:
    """The strings that may stand in each slot, by view; no view of a slot that is too long."""
    pictures = [slot_to_views(page, placement, PEN_LOOK, views) for placement in placements]
    if not any(pictures):
        return [[] for _ in placements]
    steps = iter(reader([picture for own in pictures for part in own for picture in part]))
    parted = [[[next(steps) for _ in part] for part in own] for own in pictures]
    return [[_steps_to_reading(parts).strings for parts in zip(*own, strict=True)] for own in parted]


def _with_views(placement: Placement, views: Sequence[Mapping[str, float]]) -> Placement:
    first = placement.digits
    if first is None or not views:
        return placement
    return replace(placement, digits=DigitReading(_mean(views), first.pen, tuple(views), first.strings))


def _mean(views: Sequence[Mapping[str, float]]) -> dict[str, float]:
    texts = {text for view in views for text in view}
    return {text: sum(view.get(text, 0.0) for view in views) / len(views) for text in texts}


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
        if placement.line is not None and (placement.slot.kind.numeric or placement.slot.kind is SlotKind.DATE)
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
