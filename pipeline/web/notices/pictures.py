"""Pages of notices as pictures, upright, drawn once; and where fields stand on them."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from extractors.pages import open_pages
from schemas.errors import DocumentError
from schemas.flow import Box

SIDE = 1600
"""Pixels on a picture's long side: characters are then 20 pixels high, and a page is 300 kB."""

QUALITY = 80

MOST_PAGES = 40
"""Pages of a notice that are drawn; one has two to ten."""

MARGIN_X, MARGIN_Y = 0.02, 0.012
"""What is shown around a field, as shares of the page."""


def page_picture(cache: Path, sha256: str, number: int) -> Path:
    """Where a page's picture is kept."""
    return cache / "notices" / sha256 / f"{number}.jpg"


def draw_pages(original: Path, cache: Path, sha256: str, turns: tuple[int, ...]) -> None:
    """Draw the pages of a notice, each turned by its quarters, clockwise. What cannot be opened has no pictures."""
    folder = page_picture(cache, sha256, 1).parent
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(DocumentError):
        for page in open_pages(original):
            if page.number > MOST_PAGES:
                return
            scale = min(1.0, SIDE / max(page.pixels.shape[:2]))
            small = cv2.resize(page.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            turn = turns[page.number - 1] if page.number <= len(turns) else 0
            upright = np.ascontiguousarray(np.rot90(small, -turn))
            encoded = cv2.imencode(".jpg", upright, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
            # Renamed to its place when whole: somebody may be looking.
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as draft:
                draft.write(encoded.tobytes())
            Path(draft.name).replace(page_picture(cache, sha256, page.number))


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels."""
    with Pillow.open(path) as picture:
        return picture.size


def turned(box: Box, turn: int) -> Box:
    """A box of the page as it came in, as shares of the page turned by quarters, clockwise."""
    left, top, right, bottom = box
    for _ in range(turn % 4):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return left, top, right, bottom


def around(box: Box) -> Box:
    """A box with some of the page around it, within the page."""
    left, top, right, bottom = box
    return max(left - MARGIN_X, 0.0), max(top - MARGIN_Y, 0.0), min(right + MARGIN_X, 1.0), min(bottom + MARGIN_Y, 1.0)
