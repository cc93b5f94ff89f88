"""What light, lenses, scanners and faxes do to pixels: BGR uint8 in, BGR uint8 out, nothing moved."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from samples.fonts import picture_font
from schemas.flow import Image

_TILE = 512
"""Noise is drawn once in a tile of so many pixels and repeated: drawing it for every pixel would be the bill."""


def add_noise(pixels: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Grey noise of the given standard deviation, in grey levels."""
    tile = np.clip(rng.normal(0, sigma, (_TILE, _TILE)) + 128, 0, 255).astype(np.uint8)
    height, width = pixels.shape[:2]
    noise = np.tile(tile, (height // _TILE + 1, width // _TILE + 1))[:height, :width]
    layers = cv2.merge([noise] * 3) if pixels.ndim == 3 else noise
    return np.asarray(cv2.addWeighted(pixels, 1, layers, 1, -128), np.uint8)


def tint(pixels: Image, paper: tuple[float, float, float], black: float) -> Image:
    """White becomes `paper` (BGR, 0 to 1), black becomes `black` (0 to 255)."""
    levels = np.arange(256, dtype=np.float32)[:, None]
    table = np.clip(black + levels * (np.array(paper, np.float32) - black / 255), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table.reshape(256, 1, 3)), np.uint8)


def shade(pixels: Image, field: NDArray[np.float32]) -> Image:
    """Multiply by a small field of brightness (1 is unchanged), scaled up to the picture."""
    height, width = pixels.shape[:2]
    smooth = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(pixels, cv2.merge([smooth] * 3), dtype=cv2.CV_8U), np.uint8)


def light(rng: np.random.Generator, *, strength: float) -> NDArray[np.float32]:
    """A 64 × 64 field of light: a slope, and often the soft shadow of a hand or a head."""
    y, x = np.mgrid[0:1:64j, 0:1:64j]
    angle = rng.uniform(0, 2 * np.pi)
    field = 1 - strength * (0.5 + 0.5 * ((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)) / 0.7)
    if rng.random() < 0.6:
        edge = rng.uniform(0.25, 0.8)
        angle = rng.uniform(0, 2 * np.pi)
        distance = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) + 0.5 - edge
        field *= 1 - rng.uniform(0.1, 0.35) / (1 + np.exp(-distance / rng.uniform(0.02, 0.1)))
    return np.asarray(field, np.float32)


def desk(height: int, width: int, rng: np.random.Generator) -> Image:
    """A desk of any colour, its grain in one direction."""
    colour = rng.uniform(30, 225) * rng.uniform(0.7, 1.0, 3)
    grain = rng.normal(0, 1, (int(rng.integers(20, 200)), int(rng.integers(8, 40)))).astype(np.float32)
    if rng.random() < 0.5:
        grain = np.ascontiguousarray(grain.T)
    texture = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC) * rng.uniform(3, 14)
    picture = np.stack([np.clip(texture + level, 0, 255) for level in colour], axis=2)
    return picture.astype(np.uint8)


def whiten(pixels: Image, rng: np.random.Generator) -> Image:
    """What scanning apps do: contrast stretched until paper is white, edges sharpened."""
    low, high = rng.uniform(20, 60), rng.uniform(170, 215)
    stretched = cv2.convertScaleAbs(pixels, alpha=255 / (high - low), beta=-low * 255 / (high - low))
    soft = cv2.GaussianBlur(stretched, (0, 0), 1.2)
    amount = rng.uniform(0.3, 0.9)
    return np.asarray(cv2.addWeighted(stretched, 1 + amount, soft, -amount, 0), np.uint8)


def scanner_footer(pixels: Image, rng: np.random.Generator) -> Image:
    """The app's footer at the bottom right: a block like a QR code, and 扫描全能王 创建."""
    height, width = pixels.shape[:2]
    side = width // 22
    left, top = width - int(side * 6.2), height - int(side * 1.4)
    picture = Pillow.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    step = side / 21
    modules = rng.random((21, 21)) < 0.5
    for corner in ((0, 0), (0, 14), (14, 0)):
        modules[corner[0] : corner[0] + 7, corner[1] : corner[1] + 7] = True
        modules[corner[0] + 1 : corner[0] + 6, corner[1] + 1 : corner[1] + 6] = False
        modules[corner[0] + 2 : corner[0] + 5, corner[1] + 2 : corner[1] + 5] = True
    for row, column in np.argwhere(modules):
        x, y = left + column * step, top + row * step
        draw.rectangle((x, y, x + step, y + step), fill=(60, 60, 60))
    font = picture_font("zenhei", int(side * 0.55))
    draw.text((left + side * 1.25, top + side * 0.2), "扫描全能王 创建", font=font, fill=(90, 90, 90))
    return np.asarray(picture, np.uint8)


def fax(pixels: Image, rng: np.random.Generator) -> Image:
    """Black and white with speckle, as BGR."""
    gray = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (0, 0), 0.6)
    _, bits = cv2.threshold(gray, float(rng.uniform(140, 190)), 255, cv2.THRESH_BINARY)
    count = int(bits.size * rng.uniform(0.00005, 0.0006))
    bits[rng.integers(0, bits.shape[0], count), rng.integers(0, bits.shape[1], count)] = rng.choice([0, 255], count)
    return np.asarray(cv2.cvtColor(bits, cv2.COLOR_GRAY2BGR), np.uint8)
