"""Pictures for people: a page with its cells, slots and values drawn over it, and the crops of flagged slots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from extractors.pages import open_pages
from pipeline.reading.read import FileRead
from schemas.flow import Box, Image, Matrix, Page, State
from schemas.reading import SlotReading

# Long side of an overlay in pixels: values stay legible and a picture stays under half a megabyte.
OVERLAY_SIDE = 2000
OVERLAY_QUALITY = 80

# BGR. Told apart by colour-blind people too: blue cells, green accepted, vermilion flagged.
CELL_COLOUR, SURE_COLOUR, FLAGGED_COLOUR = (200, 140, 60), (100, 140, 0), (0, 70, 230)

# Height of a value's letters in pixels of the overlay.
LETTERS = 22

# Share of a slot's height shown around it in its crop, so that a person sees the words beside it.
CROP_MARGIN = 0.6


def draw_file(path: Path, read: FileRead, overlays: Path, crops: Path) -> dict[str, Path]:
    """Draw every page of a file and cut its flagged slots.

    Writes `overlays`/N.jpg for each page and `crops`/RETURN-SLOT.png for each flagged slot that has a place; returns the
    crops by "RETURN-SLOT". Pages are opened again, one at a time, rather than kept in memory.
    """
    overlays.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    slots = [(number, slot) for number, reading in enumerate(read.readings, 1) for slot in reading.slots]
    for page in open_pages(path):
        here = [(number, slot) for number, slot in slots if slot.page == page.number]
        outlines = [outline for number, outline in read.outlines if number == page.number]
        picture = draw_overlay(page, [slot for _, slot in here], outlines)
        _write(overlays / f"{page.number}.jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, OVERLAY_QUALITY])
        for number, slot in here:
            if slot.review and slot.box is not None:
                crops.mkdir(parents=True, exist_ok=True)
                name = f"{number}-{slot.path}"
                _write(crops / f"{name}.png", cut(page, slot.box), [])
                written[name] = crops / f"{name}.png"
    return written


def draw_overlay(page: Page, slots: Sequence[SlotReading], outlines: Sequence[Matrix]) -> Image:
    """A page, BGR uint8 no larger than OVERLAY_SIDE, with cells, slots and values drawn over it."""
    height, width = page.pixels.shape[:2]
    scale = min(OVERLAY_SIDE / max(height, width), 1.0)
    picture = cv2.resize(page.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    size = np.array([picture.shape[1], picture.shape[0]])
    for outline in outlines:
        cv2.polylines(picture, [np.round(outline * size).astype(np.int32)], True, CELL_COLOUR, 2, cv2.LINE_AA)
    font = cv2.FontFace("uni")
    for slot in slots:
        if slot.box is None:
            continue
        colour = FLAGGED_COLOUR if slot.review else SURE_COLOUR
        left, top, right, bottom = (round(value) for value in np.array(slot.box) * np.tile(size, 2))
        cv2.rectangle(picture, (left, top), (right, bottom), colour, 2, cv2.LINE_AA)
        cv2.putText(picture, slot_mark(slot), (left, top - 4), colour, font, LETTERS)
    return np.asarray(picture, dtype=np.uint8)


def slot_mark(slot: SlotReading) -> str:
    """A slot's value as people see it: blank and unreadable are told apart from any number."""
    return {State.BLANK: "空", State.UNREADABLE: "？"}.get(slot.state, str(slot.value))


def cut(page: Page, box: Box) -> Image:
    """A slot's crop with some of its surroundings, from the page as it came in."""
    height, width = page.pixels.shape[:2]
    left, top, right, bottom = np.array(box) * (width, height, width, height)
    margin = CROP_MARGIN * (bottom - top)
    rows = slice(max(int(top - margin), 0), int(bottom + margin) + 1)
    return page.pixels[rows, max(int(left - 2 * margin), 0) : int(right + 2 * margin) + 1]


def _write(path: Path, picture: Image, options: list[int]) -> None:
    """Encode, then write through Python: OpenCV's own writer fails without a word on a full disk."""
    encoded = cv2.imencode(path.suffix, picture, options)[1]
    path.write_bytes(encoded.tobytes())
