"""The round red seal of a union: a ring, a star, the unit's name along the ring; pressed onto a page's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from samples.fonts import picture_font
from schemas.flow import Box, Image

DIAMETER = 40 / 210
"""A union's seal is 38 to 42 mm across; as a fraction of the width of A4."""

_MASK = 600
"""Pixels across the mask that is drawn once and scaled from."""


@dataclass(frozen=True)
class Seal:
    """A seal on a page: centre and diameter as fractions of the page's width and height, `angle` in degrees."""

    text: str
    page: int
    x: float
    y: float
    diameter: float
    angle: float
    alpha: float
    colour: tuple[int, int, int]
    wear: int


def draw_seal(text: str, page: int, over: Box, rng: np.random.Generator) -> Seal:
    """A seal pressed somewhere over a box."""
    spread = 0.35 * DIAMETER
    x = float((over[0] + over[2]) / 2 + rng.uniform(-spread, spread) * 0.6)
    y = float((over[1] + over[3]) / 2 + rng.uniform(-spread, spread) / 2)
    colour = (int(rng.integers(20, 70)), int(rng.integers(10, 60)), int(rng.integers(190, 240)))
    angle, alpha = float(rng.normal(0, 8)), float(rng.uniform(0.5, 0.9))
    diameter = DIAMETER * float(rng.uniform(0.95, 1.05))
    return Seal(text, page, x, y, diameter, angle, alpha, colour, int(rng.integers(1 << 30)))


def press(sheet: Image, seal: Seal) -> Image:
    """The sheet (BGR uint8) with the seal multiplied onto it."""
    height, width = sheet.shape[:2]
    scale = seal.diameter * width / _MASK
    turn = cv2.getRotationMatrix2D((_MASK / 2, _MASK / 2), seal.angle, scale)
    turn[:, 2] += (seal.x * width - _MASK / 2, seal.y * height - _MASK / 2)
    reach = int(seal.diameter * width * 0.75)
    left, top = max(0, int(seal.x * width) - reach), max(0, int(seal.y * height) - reach)
    turn[:, 2] -= (left, top)
    patch = sheet[top : top + 2 * reach, left : left + 2 * reach]
    size = (patch.shape[1], patch.shape[0])
    mask = cv2.warpAffine(_worn(seal), turn, size, flags=cv2.INTER_AREA).astype(np.float32)[:, :, None]
    ink = 1 - mask * seal.alpha * (1 - np.array(seal.colour, np.float32) / 255)
    stamped = sheet.copy()
    stamped[top : top + 2 * reach, left : left + 2 * reach] = (patch * ink).astype(np.uint8)
    return stamped


def covers(seal: Seal, page: int, box: Box, aspect: float = 297 / 210) -> bool:
    """Whether the seal's disc touches a box on its page; `aspect` is the page's height over its width."""
    x, y = min(max(seal.x, box[0]), box[2]), min(max(seal.y, box[1]), box[3])
    return page == seal.page and float(np.hypot(x - seal.x, (y - seal.y) * aspect)) < seal.diameter / 2


def seal_picture(seal: Seal) -> Pillow.Image:
    """The seal alone, RGBA, unturned, as an electronic seal is set into a PDF."""
    alpha = (_mask(seal.text) * 255 * seal.alpha).astype(np.uint8)
    colour = np.empty((*alpha.shape, 3), np.uint8)
    colour[:] = seal.colour[::-1]
    return Pillow.fromarray(np.dstack([colour, alpha]), "RGBA")


def _worn(seal: Seal) -> NDArray[np.float32]:
    """The mask with ink missing here and there."""
    noise = np.random.default_rng(seal.wear).random((40, 40), np.float32)
    cloud = cv2.GaussianBlur(cv2.resize(noise, (_MASK, _MASK), interpolation=cv2.INTER_CUBIC), (0, 0), 3)
    worn: NDArray[np.float32] = _mask(seal.text) * np.clip(0.55 + 0.8 * cloud, 0, 1).astype(np.float32)
    return worn


@lru_cache(maxsize=64)
def _mask(text: str) -> NDArray[np.float32]:
    """Ring, star and text, 0 to 1, _MASK pixels square."""
    picture = Pillow.new("L", (_MASK, _MASK), 0)
    draw = ImageDraw.Draw(picture)
    middle = _MASK / 2
    draw.ellipse((4, 4, _MASK - 4, _MASK - 4), outline=255, width=17)
    points = []
    for corner in range(10):
        radius = 92 if corner % 2 == 0 else 36
        turn = float(np.pi * corner / 5 - np.pi / 2)
        points.append((middle + radius * float(np.cos(turn)), middle + radius * float(np.sin(turn))))
    draw.polygon(points, fill=255)
    size = 76 if len(text) <= 9 else 56
    # The name runs over the top, at most 260 degrees of the ring, and leaves the bottom open.
    step = min(30.0, 260 / max(1, len(text) - 1))
    for place, char in enumerate(text):
        angle = (place - (len(text) - 1) / 2) * step
        glyph = Pillow.new("L", (size * 2, size * 2), 0)
        font = picture_font("song", size)
        ImageDraw.Draw(glyph).text((size, size), char, font=font, fill=255, anchor="mm", stroke_width=1)
        turned = glyph.rotate(-angle, Pillow.Resampling.BICUBIC)
        reach = 262 - size / 2 - 8
        x = middle + reach * np.sin(np.radians(angle)) - size
        y = middle - reach * np.cos(np.radians(angle)) - size
        picture.paste(255, (round(x), round(y)), turned)
    mask: NDArray[np.float32] = (np.asarray(picture, np.float32) / np.float32(255)).astype(np.float32)
    return mask
