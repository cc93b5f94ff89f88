"""A return's pages and slots as pictures for people, drawn from the originals in a process of its own: they are hostile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np

from extractors.pages import open_pages
from extractors.redseals import fade_seals
from pipeline.office.archive import Archive, find_original
from pipeline.web.turns import turn_box
from schemas.errors import DocumentError
from schemas.flow import Box, Image, Page

DRAWN = 1
"""Which way pictures are drawn: raised whenever they come out differently, for they are kept under it."""

PAGE_SIDE = 2400
"""Pixels on a page's long side: at twice the size of a screen a stroke of a pen is still sharp."""

PAGE_QUALITY, CROP_QUALITY = 82, 90
"""JPEG: a page of 2,400 pixels takes some 600 kB, a crop 8."""

CROP_HEIGHT = 96
"""Pixels of a slot's own height in its crop, to which small ones are enlarged."""

# What is shown around a slot, in heights of it: the words on either side, and what a pen wrote above or below.
BESIDE, ABOVE = 4.0, 0.9

# What is not the slot is paler by this share, so that the eye falls on the slot.
PALER = 0.35

CLOCKWISE = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class PageOrder:
    """A page to draw: where it stands in which original, how it is turned, and the slots on it, as fractions of the page
    as it came in."""

    number: int
    kept: str
    within: int
    turn: int
    boxes: Mapping[str, Box]


@dataclass(frozen=True)
class Order:
    """What to draw of an archive's originals, and the folder to draw it into: `page-N.jpg`, and `slot-PATH.jpg` for every
    slot that stands on one."""

    folder: Path
    archive: Archive
    pages: tuple[PageOrder, ...]


def draw(order: Order) -> None:
    """Draw pages and crops, each written whole; `done` comes last. A page that cannot be opened any more is left out.

    Raises TransientError where an original is out of reach.
    """
    order.folder.mkdir(parents=True, exist_ok=True)
    for kept in dict.fromkeys(page.kept for page in order.pages):
        wanted = {page.within: page for page in order.pages if page.kept == kept}
        try:
            with find_original(order.archive, kept) as original:
                for page in open_pages(original, wanted=wanted.keys()):
                    _draw_page(order.folder, page, wanted[page.number])
        except DocumentError:
            # It was read once: a file that was cut short shows its good pages.
            continue
    write_picture(order.folder / "done", b"")


def draw_clean(folder: Path, number: int) -> None:
    """Draw a page without its seals, `clean-N.jpg`, from the one drawn before."""
    drawn = cv2.imread(str(folder / f"page-{number}.jpg"), cv2.IMREAD_COLOR)
    if drawn is not None:
        write_picture(folder / f"clean-{number}.jpg", _jpeg(fade_seals(_uint8(drawn)), PAGE_QUALITY))


def write_picture(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; not flushed, for it can be drawn again."""
    draft = path.with_name(f".{uuid4().hex}")
    draft.write_bytes(data)
    draft.replace(path)


def _draw_page(folder: Path, page: Page, order: PageOrder) -> None:
    upright = page.pixels if order.turn == 0 else _uint8(cv2.rotate(page.pixels, CLOCKWISE[order.turn]))
    for path, box in order.boxes.items():
        write_picture(folder / f"slot-{path}.jpg", _jpeg(cut_slot(upright, turn_box(box, order.turn)), CROP_QUALITY))
    shrink = PAGE_SIDE / max(upright.shape[:2])
    if shrink < 1:
        upright = _uint8(cv2.resize(upright, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
    write_picture(folder / f"page-{order.number}.jpg", _jpeg(upright, PAGE_QUALITY))


def cut_slot(upright: Image, box: Box) -> Image:
    """A slot, BGR uint8, with the words beside it paler, enlarged to CROP_HEIGHT where it is smaller."""
    height, width = upright.shape[:2]
    left, top, right, bottom = np.array(box) * (width, height, width, height)
    tall = max(bottom - top, 1.0)
    x0, x1 = max(int(left - BESIDE * tall), 0), min(int(right + BESIDE * tall) + 1, width)
    y0, y1 = max(int(top - ABOVE * tall), 0), min(int(bottom + ABOVE * tall) + 1, height)
    crop = upright[y0:y1, x0:x1]
    pale = _uint8(cv2.addWeighted(crop, 1 - PALER, np.full_like(crop, 255), PALER, 0))
    # Pens run over parentheses and out of their line: the slot's own column stays dark in its full height.
    inner = slice(max(int(left) - x0, 0), max(int(right) + 1 - x0, 0))
    pale[:, inner] = crop[:, inner]
    grow = CROP_HEIGHT / tall
    return _uint8(cv2.resize(pale, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)) if grow > 1 else pale


def _jpeg(picture: Image, quality: int) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _uint8(pixels: object) -> Image:
    """OpenCV's stubs say "some array"."""
    return np.asarray(pixels, dtype=np.uint8)
