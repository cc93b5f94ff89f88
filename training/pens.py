"""Digits as pens write them, as distance fields: how far each point lies from the pen's path.

A pen of any width is then a threshold, and slant, squeeze and size are an affine map of the field. Three sources: MNIST,
whose strokes are skeletonised so that its felt-tips do not teach the reader to need thick ink; strokes of our own, for the
1, 4, 7, 9 and 0 that Chinese hands write; and fonts that look written.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from samples.fonts import picture_font

# Side of a field in pixels, and the height of a digit in it.
FIELD, TALL = 64, 44

# Distances are kept in quarters of a field's pixel, up to 255 of them.
FINE = 4.0

# MNIST's digits are 20 pixels high in pictures of 28; they are thinned at this multiple of that.
ENLARGED = 3


# Fonts whose digits are learnt; the sample maker has two more that look written, which are kept to tell what that costs.
PEN_FONTS = ("klee", "seto", "breip", "humor", "yusei")


@dataclass(frozen=True, eq=False)
class Pens:
    """Distance fields of written digits, uint8 (n, FIELD, FIELD) in 1 / FINE pixels, where each digit's are, and those of
    fonts, (fonts, 10, FIELD, FIELD)."""

    fields: NDArray[np.uint8]
    places: Sequence[NDArray[np.intp]]
    fonts: NDArray[np.uint8]


def save_pens(mnist: Path, path: Path, workers: int) -> None:
    """Thin MNIST's training digits and the fonts' once, and write them as `load_pens` reads them."""
    with np.load(mnist) as arrays:
        pictures, labels = arrays["train_x"], arrays["train_y"].astype(np.uint8)
    with ProcessPoolExecutor(workers) as pool:
        fields = np.concatenate(list(pool.map(mnist_to_fields, np.array_split(pictures, 60))))
    fonts = np.stack([font_to_fields(name) for name in PEN_FONTS])
    np.savez(path, fields=fields, labels=labels, fonts=fonts)


def load_pens(path: Path) -> Pens:
    """What `save_pens` wrote."""
    with np.load(path) as arrays:
        fields, labels, fonts = arrays["fields"], arrays["labels"], arrays["fonts"]
    return Pens(fields, [np.flatnonzero(labels == digit) for digit in range(10)], fonts)


def mnist_to_fields(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (n, 28, 28), ink 255, as fields of their thinned strokes (Zhang and Suen, 1984, by scikit-image)."""
    from skimage.morphology import skeletonize

    fields = np.empty((len(pictures), FIELD, FIELD), np.uint8)
    for place, picture in enumerate(pictures):
        large = cv2.resize(picture, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
        ink = cv2.GaussianBlur(large, (0, 0), 1.6) > 110
        path = skeletonize(ink) if ink.any() else ink
        fields[place] = _path_to_field(path, TALL / (20.0 * ENLARGED))
    return fields


def font_to_fields(name: str) -> NDArray[np.uint8]:
    """The ten digits of one of the sample maker's fonts as fields of their thinned strokes."""
    from skimage.morphology import skeletonize

    font = picture_font(name, 110)
    fields = np.empty((10, FIELD, FIELD), np.uint8)
    for digit in range(10):
        picture = Pillow.new("L", (200, 200), 0)
        ImageDraw.Draw(picture).text((100, 100), str(digit), font=font, fill=255, anchor="mm")
        ink = np.asarray(picture) > 127
        rows = np.flatnonzero(ink.any(axis=1))
        fields[digit] = _path_to_field(skeletonize(ink), TALL / float(rows[-1] - rows[0] + 1))
    return fields


def draw_field(digit: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A digit drawn by a hand of our own, from one of its ways of being written."""
    ways = WAYS[digit]
    strokes = ways[int(rng.integers(len(ways)))]
    shaken = _shake(strokes, rng)
    path = np.zeros((4 * FIELD, 4 * FIELD), np.uint8)
    for stroke in shaken:
        points = np.round(_smooth(stroke) * 4 * TALL + 2 * FIELD - 2 * TALL).astype(np.int32)
        cv2.polylines(path, [points.reshape(-1, 1, 2)], False, 255, 1)
    return _path_to_field(path > 0, 0.25)


def field_to_alpha(
    field: NDArray[np.uint8], linear: NDArray[np.float64], origin: tuple[float, float], pen: float, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Ink from 0 to 1, float32, on a picture of `size` (width, height): `linear` (2, 2) takes a field's pixels, from its
    middle, to the picture's around `origin`; `pen` is the stroke's width in the picture's pixels."""
    matrix = np.c_[linear, np.array(origin) - linear @ np.array([FIELD / 2, FIELD / 2])]
    away = cv2.warpAffine(field, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(255,)).astype(np.float32)
    scale = float(np.sqrt(abs(np.linalg.det(linear)))) / FINE
    return np.asarray(np.clip(pen / 2 - away * scale + 0.5, 0, 1), np.float32)


def _path_to_field(path: NDArray[np.bool_], scale: float) -> NDArray[np.uint8]:
    """A path one pixel wide as a field: its middle in the middle, `scale` field pixels for each of its own."""
    if not path.any():
        return np.full((FIELD, FIELD), 255, np.uint8)
    rows, columns = np.flatnonzero(path.any(axis=1)), np.flatnonzero(path.any(axis=0))
    middle = (float(columns[0] + columns[-1]) / 2, float(rows[0] + rows[-1]) / 2)
    away = cv2.distanceTransform((~path).astype(np.uint8), cv2.DIST_L2, 5) * scale * FINE
    side = FIELD / 2
    matrix = np.array([[scale, 0, side - middle[0] * scale], [0, scale, side - middle[1] * scale]])
    field = cv2.warpAffine(
        away, matrix, (FIELD, FIELD), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=(255.0,)
    )
    return np.clip(field, 0, 255).astype(np.uint8)


def _shake(strokes: tuple[tuple[tuple[float, float], ...], ...], rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Control points moved: each a little, all along a smooth wave, the whole squeezed and turned."""
    loose = float(rng.uniform(0.015, 0.05))
    angle = float(rng.normal(0, 0.08))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    squeeze = np.array([rng.uniform(0.7, 1.2), rng.uniform(0.9, 1.1)])
    phase, wave = rng.uniform(0, 6.3, 4), rng.normal(0, 0.03, 4)
    moved = []
    for stroke in strokes:
        points = np.array(stroke) + rng.normal(0, loose, (len(stroke), 2))
        x, y = points[:, 0], points[:, 1]
        points = (
            points
            + np.c_[
                wave[0] * np.sin(4 * y + phase[0]) + wave[1] * np.sin(7 * y + phase[1]),
                wave[2] * np.sin(4 * x + phase[2]) + wave[3] * np.sin(7 * x + phase[3]),
            ]
        )
        moved.append((points - 0.5) * squeeze @ turn.T + 0.5)
    return moved


def _smooth(stroke: NDArray[np.float64]) -> NDArray[np.float64]:
    """A Catmull-Rom spline through control points: (n, 2)."""
    if len(stroke) < 3:
        return stroke
    ends = np.concatenate([[2 * stroke[0] - stroke[1]], stroke, [2 * stroke[-1] - stroke[-2]]])
    t = np.linspace(0, 1, 9)[:, None]
    pieces = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(pieces)


# Ways to write each digit: strokes as control points in a box one high, x to the right and y down, middle at 0.5.
WAYS: dict[int, tuple[tuple[tuple[tuple[float, float], ...], ...], ...]] = {
    0: (
        (((0.55, 0.0), (0.3, 0.2), (0.24, 0.6), (0.42, 0.98), (0.68, 0.8), (0.76, 0.35), (0.6, 0.03), (0.5, 0.02)),),
        (((0.6, 0.08), (0.35, 0.05), (0.22, 0.45), (0.35, 0.95), (0.65, 0.95), (0.78, 0.5), (0.68, 0.15)),),
        (((0.5, 0.0), (0.2, 0.3), (0.2, 0.7), (0.5, 1.0), (0.8, 0.7), (0.8, 0.3), (0.5, 0.0), (0.4, 0.08)),),
        (((0.66, 0.0), (0.35, 0.3), (0.3, 0.75), (0.45, 1.0), (0.66, 0.7), (0.7, 0.25), (0.58, 0.0), (0.42, 0.12)),),
        (((0.42, 0.1), (0.28, 0.5), (0.4, 0.95), (0.62, 0.9), (0.72, 0.5), (0.62, 0.12), (0.46, 0.0), (0.36, 0.1)),),
    ),
    1: (
        (((0.5, 0.0), (0.5, 1.0)),),
        (((0.58, 0.0), (0.5, 0.5), (0.43, 1.0)),),
        (((0.64, 0.0), (0.36, 1.0)),),
        (((0.4, 0.16), (0.54, 0.0), (0.5, 1.0)),),
        (((0.32, 0.22), (0.52, 0.0), (0.52, 1.0)), ((0.32, 1.0), (0.72, 1.0))),
        (((0.46, 0.0), (0.52, 0.5), (0.52, 1.0)),),
    ),
    2: (
        (((0.25, 0.22), (0.45, 0.02), (0.7, 0.15), (0.66, 0.45), (0.42, 0.75), (0.22, 0.98), (0.5, 0.93), (0.8, 0.96)),),
        (((0.25, 0.2), (0.5, 0.0), (0.74, 0.2), (0.6, 0.55), (0.22, 1.0)), ((0.22, 1.0), (0.8, 1.0))),
        (((0.25, 0.25), (0.5, 0.02), (0.72, 0.22), (0.5, 0.65), (0.25, 0.92), (0.2, 0.82), (0.36, 0.82),
          (0.55, 0.95), (0.85, 0.9)),),
        (((0.28, 0.12), (0.55, 0.02), (0.7, 0.2), (0.55, 0.55), (0.25, 0.95)), ((0.25, 0.95), (0.5, 0.9), (0.85, 0.98))),
    ),
    3: (
        (((0.27, 0.12), (0.5, 0.0), (0.72, 0.18), (0.6, 0.4), (0.42, 0.46), (0.66, 0.52), (0.76, 0.76),
          (0.55, 1.0), (0.22, 0.9)),),
        (((0.28, 0.02), (0.72, 0.03), (0.45, 0.4)), ((0.45, 0.4), (0.72, 0.55), (0.72, 0.85), (0.48, 1.0), (0.22, 0.9))),
        (((0.3, 0.08), (0.6, 0.02), (0.66, 0.25), (0.44, 0.45), (0.68, 0.6), (0.64, 0.9), (0.35, 1.0), (0.22, 0.92)),),
        (((0.3, 0.1), (0.62, 0.05), (0.62, 0.32), (0.46, 0.44), (0.5, 0.46), (0.74, 0.66), (0.5, 1.0), (0.25, 0.96)),),
    ),
    4: (
        (((0.5, 0.0), (0.36, 0.35), (0.18, 0.66), (0.84, 0.62)), ((0.62, 0.3), (0.6, 1.0))),
        (((0.34, 0.05), (0.25, 0.55), (0.5, 0.56), (0.82, 0.52)), ((0.68, 0.0), (0.62, 0.5), (0.6, 1.0))),
        (((0.62, 1.0), (0.62, 0.0), (0.18, 0.68), (0.86, 0.68)),),
        (((0.3, 0.08), (0.22, 0.5), (0.78, 0.48)), ((0.62, 0.05), (0.56, 1.0))),
        (((0.56, 0.02), (0.2, 0.62), (0.85, 0.6)), ((0.6, 0.4), (0.54, 1.0))),
    ),
    5: (
        (((0.34, 0.0), (0.3, 0.42), (0.58, 0.38), (0.76, 0.64), (0.6, 0.95), (0.25, 0.95)), ((0.34, 0.02), (0.76, 0.0))),
        (((0.74, 0.0), (0.34, 0.02), (0.3, 0.44), (0.6, 0.4), (0.75, 0.68), (0.55, 1.0), (0.22, 0.92)),),
        (((0.4, 0.02), (0.32, 0.45), (0.62, 0.45), (0.7, 0.75), (0.5, 1.0), (0.24, 0.94)), ((0.42, 0.06), (0.85, 0.0))),
        (((0.38, 0.0), (0.3, 0.4), (0.66, 0.46), (0.68, 0.8), (0.3, 1.0)), ((0.36, 0.0), (0.8, 0.02))),
    ),
    6: (
        (((0.62, 0.0), (0.36, 0.3), (0.26, 0.7), (0.46, 1.0), (0.7, 0.82), (0.62, 0.56), (0.36, 0.62), (0.28, 0.76)),),
        (((0.56, 0.0), (0.3, 0.45), (0.3, 0.85), (0.56, 1.0), (0.72, 0.78), (0.52, 0.58), (0.3, 0.75)),),
        (((0.68, 0.02), (0.4, 0.25), (0.27, 0.65), (0.38, 0.98), (0.66, 0.92), (0.66, 0.62), (0.4, 0.6), (0.27, 0.74)),),
        (((0.46, 0.0), (0.34, 0.4), (0.32, 0.85), (0.52, 1.0), (0.66, 0.8), (0.5, 0.64), (0.34, 0.78)),),
    ),
    7: (
        (((0.22, 0.04), (0.76, 0.02), (0.54, 0.5), (0.42, 1.0)),),
        (((0.22, 0.06), (0.74, 0.04)), ((0.74, 0.04), (0.5, 0.45), (0.38, 1.0))),
        (((0.24, 0.16), (0.26, 0.04), (0.74, 0.05), (0.55, 0.4), (0.46, 1.0)),),
        (((0.22, 0.05), (0.76, 0.02), (0.5, 1.0)), ((0.36, 0.5), (0.76, 0.46))),
        (((0.26, 0.1), (0.5, 0.03), (0.7, 0.08), (0.6, 0.45), (0.5, 1.0)),),
    ),
    8: (
        (((0.68, 0.12), (0.45, 0.0), (0.28, 0.2), (0.5, 0.45), (0.72, 0.7), (0.5, 1.0), (0.27, 0.8), (0.45, 0.5),
          (0.68, 0.25), (0.66, 0.08)),),
        (((0.5, 0.46), (0.3, 0.25), (0.5, 0.0), (0.7, 0.22), (0.5, 0.46), (0.26, 0.75), (0.5, 1.0), (0.74, 0.75),
          (0.5, 0.46)),),
        (((0.72, 0.04), (0.4, 0.05), (0.32, 0.28), (0.64, 0.6), (0.6, 0.95), (0.32, 0.92), (0.36, 0.62), (0.78, 0.1)),),
        (((0.6, 0.2), (0.46, 0.04), (0.34, 0.2), (0.6, 0.55), (0.58, 0.95), (0.34, 0.95), (0.4, 0.6), (0.62, 0.32)),),
    ),
    9: (
        (((0.7, 0.2), (0.48, 0.02), (0.28, 0.22), (0.42, 0.48), (0.66, 0.38), (0.72, 0.12), (0.66, 0.6), (0.5, 1.0)),),
        (((0.68, 0.1), (0.4, 0.05), (0.3, 0.35), (0.55, 0.45), (0.7, 0.15)), ((0.7, 0.05), (0.66, 0.55), (0.62, 1.0))),
        (((0.66, 0.22), (0.5, 0.02), (0.32, 0.18), (0.38, 0.44), (0.62, 0.36), (0.7, 0.1), (0.72, 0.5), (0.68, 1.0)),),
        (((0.72, 0.06), (0.42, 0.06), (0.32, 0.3), (0.5, 0.42), (0.7, 0.2), (0.72, 0.04), (0.64, 0.7), (0.3, 1.0)),),
        (((0.64, 0.12), (0.46, 0.06), (0.36, 0.3), (0.54, 0.4), (0.66, 0.14), (0.6, 0.6), (0.42, 1.0)),),
    ),
}  # fmt: skip
