"""Where a form's slots stand on its blank, by the same reading that returns go through."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from extractors.legacy import find_office, print_pdf
from extractors.pages import open_pages
from extractors.typed import is_typed, typed_format
from pipeline.reading.read import read
from pipeline.reading.work import readers_of
from schemas.errors import NoTable, UnknownForm
from schemas.flow import Box, Image
from schemas.form import Form
from schemas.reading import Reading, Reason

# Long side of a picture in pixels: printed words stay legible.
SIDE = 1800

QUALITY = 82

# BGR: the dashboard's green, and white upon it.
INK, PAPER = (94, 90, 14), (255, 255, 255)

# Height of a number's digits in pixels of the picture, and the room around them.
DIGITS, ROOM = 19, 3


@dataclass(frozen=True)
class Places:
    """Which of a form's slots were found on a blank, by path; of one with pages also page and box (fractions of it)."""

    found: Mapping[str, tuple[int, Box] | None]

    def missing(self, form: Form) -> list[str]:
        """The paths of slots that were not found."""
        return [slot.path for slot in form.slots if slot.path not in self.found]


def find_places(form: Form, blank: Path) -> Places:
    """The slots of a form found on a file; none where no table of it is the form's.

    Raises UnreadableFile, EncryptedFile, FileTooLarge, LegacyOffice, TransientError.
    """
    try:
        readings = read(blank, form=form, readers=readers_of(form, 0)).readings
    except (NoTable, UnknownForm):
        return Places({})
    return max((_places(reading) for reading in readings), key=lambda places: len(places.found), default=Places({}))


def draw_places(form: Form, blank: Path, places: Places | None = None) -> Iterator[tuple[int, Image]]:
    """The pages of a blank on which slots stand, BGR, each slot with its number in the form, from 1.

    `places` are those found on it, where that has been done. A Word or Excel file is printed by LibreOffice first, and its
    slots found on that. Raises LegacyOffice where LibreOffice is not installed.
    """
    if is_typed(blank):
        with tempfile.TemporaryDirectory(prefix="kuohao-form-") as folder:
            printed = Path(folder) / "blank.pdf"
            printed.write_bytes(print_pdf(blank.read_bytes(), (typed_format(blank) or "docx").lower()))
            yield from draw_places(form, printed)
        return
    found = (places or find_places(form, blank)).found
    numbers = {slot.path: number for number, slot in enumerate(form.slots, 1)}
    pages = {place[0] for place in found.values() if place is not None}
    for page in open_pages(blank, wanted=pages or {1}):
        if page.number in (pages or {1}):
            here = {numbers[path]: place[1] for path, place in found.items() if place and place[0] == page.number}
            yield page.number, draw_numbers(page.pixels, here)


def draw_numbers(pixels: Image, boxes: Mapping[int, Box]) -> Image:
    """A page, no larger than SIDE, with a number in every box."""
    height, width = pixels.shape[:2]
    scale = min(SIDE / max(height, width), 1.0)
    picture = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    size = np.tile([picture.shape[1], picture.shape[0]], 2)
    font = cv2.FontFace("sans")
    for number, box in boxes.items():
        left, top, right, bottom = (round(value) for value in np.array(box) * size)
        cv2.rectangle(picture, (left, top), (right, bottom), INK, 1, cv2.LINE_AA)
        text = str(number)
        _, _, wide, _ = cv2.getTextSize((0, 0), text, (0, 0), font, DIGITS)
        x, y = (left + right - wide) // 2, (top + bottom + DIGITS) // 2 - 3
        cv2.rectangle(picture, (x - ROOM, y - DIGITS + ROOM), (x + wide + ROOM, y + ROOM), INK, cv2.FILLED)
        cv2.putText(picture, text, (x, y), PAPER, font, DIGITS)
    return np.asarray(picture, dtype=np.uint8)


def can_draw(blank: Path) -> bool:
    """Whether a blank's picture can be had here."""
    return not is_typed(blank) or find_office() is not None


def _places(reading: Reading) -> Places:
    return Places(
        {
            slot.path: (slot.page, slot.box) if slot.page and slot.box else None
            for slot in reading.slots
            if Reason.SLOT_MISSING not in slot.reasons
        }
    )
