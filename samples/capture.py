"""Printed pages to pictures of them, as scanners, phones and faxes take them, with the way from page to picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pypdfium2

from samples import degrade
from schemas.flow import Image, Matrix

CAPTURES = ("digital", "flatbed", "camscanner", "photo", "wechat", "fax", "curled")
"""Digital is the PDF itself; the others are pictures. photo-strong is photo with a stronger perspective."""

_WECHAT_SIDE = 1280
"""Pixels on the long side that the messenger leaves of a picture not sent as original."""

_FAX_DPI = (204, 196)
"""Fine resolution of group 3 fax, across and down."""


@dataclass(frozen=True)
class Bend:
    """A sheet bent along its height: page fractions to fractions of the bent sheet.

    `lift` moves the middle down by so much of the height; `squeeze` narrows one side and widens the other.
    """

    lift: float
    squeeze: float

    def points(self, points: Matrix) -> Matrix:
        """Where (n, 2) page fractions come to lie."""
        x, y = points[:, 0], points[:, 1]
        return np.stack([x + self.squeeze * np.sin(2 * np.pi * x) / (2 * np.pi), y + self.lift * np.sin(np.pi * x)], 1)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of a page: BGR uint8, the homography from page fractions (bent first) to its pixels.

    `exif` is the orientation the file shall say; the pixels here are as a person sees them.
    """

    pixels: Image
    matrix: Matrix
    bend: Bend | None = None
    exif: int = 1

    def fractions(self, points: Matrix) -> Matrix:
        """Where (n, 2) page fractions lie in the picture, as fractions of it."""
        flat = self.bend.points(points) if self.bend else points
        moved = np.c_[flat, np.ones(len(flat))] @ self.matrix.T
        height, width = self.pixels.shape[:2]
        return np.asarray(moved[:, :2] / moved[:, 2:] / (width, height), np.float64)


@dataclass(frozen=True, eq=False)
class Captured:
    """A return's pictures in page order, with what was done to them; `quality` is the JPEG quality to write with."""

    pictures: tuple[Picture, ...]
    dpi: float
    quality: int
    modifiers: tuple[str, ...] = ()


def sheet_dpi(kind: str, rng: np.random.Generator) -> int:
    """The resolution at which to render pages that `capture` shall take."""
    if kind == "flatbed":
        return int(rng.choice([200, 240, 300]))
    return {"fax": 204, "wechat": 170}.get(kind, 210)


def render(pdf: Path, dpi: float) -> tuple[Image, ...]:
    """The pages of a PDF as BGR uint8, writable."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return tuple(page.render(scale=dpi / 72).to_numpy()[:, :, :3].copy() for page in document)
    finally:
        document.close()


def capture(
    sheets: Sequence[Image], kind: str, rng: np.random.Generator, *, dpi: int, turn: int = 0, skew: float = 0.0
) -> Captured:
    """Take pictures of rendered sheets (BGR uint8 at `dpi`), then turn them by so many degrees clockwise.

    A sheet on a flatbed lies askew by `skew` more degrees than chance has it.
    Raises ValueError for an unknown kind; 'digital' is no picture.
    """
    modifiers: tuple[str, ...] = ()
    base = kind
    if kind == "wechat":
        base = str(rng.choice(["flatbed", "photo", "camscanner"]))
        modifiers = (f"wechat-{base}",)
    if base not in _TAKERS:
        raise ValueError(f"no such capture: {kind!r}; choose from {', '.join(CAPTURES)}")
    seed = int(rng.integers(1 << 32))
    taker = partial(_flatbed, skew=skew) if skew and base == "flatbed" else _TAKERS[base]
    pictures = [taker(sheet, np.random.default_rng((seed, number))) for number, sheet in enumerate(sheets)]
    low, high = {"flatbed": (75, 91), "photo": (70, 89), "curled": (70, 89)}.get(base, (72, 88))
    quality = int(rng.integers(low, high))
    if kind == "wechat":
        pictures, quality, dpi = [shrink(picture, _WECHAT_SIDE) for picture in pictures], 45, 110
    if turn:
        pictures = [_turn(picture, turn) for picture in pictures]
        modifiers = (*modifiers, f"rotated{turn}")
    return Captured(tuple(pictures), dpi, quality, modifiers)


def shrink(picture: Picture, side: int) -> Picture:
    """The picture with so many pixels on its long side."""
    height, width = picture.pixels.shape[:2]
    scale = side / max(height, width)
    size = (round(width * scale), round(height * scale))
    pixels = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
    matrix = np.diag([size[0] / width, size[1] / height, 1]) @ picture.matrix
    return replace(picture, pixels=np.asarray(pixels, np.uint8), matrix=matrix)


def _flatbed(sheet: Image, rng: np.random.Generator, skew: float = 0.0) -> Picture:
    angle = float(rng.uniform(-5, 5) if rng.random() < 0.1 else np.clip(rng.normal(0, 0.8), -2, 2))
    height, width = sheet.shape[:2]
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle + skew, 1), [0, 0, 1]])
    if skew:
        # A scanner that finds the sheet itself takes in all of it.
        sine, cosine = abs(np.sin(np.radians(angle + skew))), abs(np.cos(np.radians(angle + skew)))
        grown = (int(width * cosine + height * sine), int(height * cosine + width * sine))
        turn[:2, 2] += ((grown[0] - width) / 2, (grown[1] - height) / 2)
        width, height = grown
    turn[:2, 2] += rng.uniform(-0.01, 0.01, 2) * width
    paper = rng.uniform(0.93, 1.0, 3)
    lid = int(rng.choice([255, 250, 238, 225]))
    tinted = degrade.tint(sheet, (paper[0], paper[1], paper[2]), rng.uniform(5, 45))
    pixels = cv2.warpPerspective(tinted, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=(lid, lid, lid))
    if rng.random() < 0.3:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    pixels = degrade.add_noise(np.asarray(pixels, np.uint8), rng.uniform(1, 6), rng)
    return Picture(pixels, turn @ _from_fractions(sheet))


def _photo(sheet: Image, rng: np.random.Generator) -> Picture:
    return _photograph(sheet, rng, reach=0.06)


def _photo_strong(sheet: Image, rng: np.random.Generator) -> Picture:
    return _photograph(sheet, rng, reach=0.14)


def _curled(sheet: Image, rng: np.random.Generator) -> Picture:
    lift = float(rng.uniform(0.012, 0.04) * rng.choice([-1, 1]))
    bend = Bend(lift, float(rng.uniform(-0.12, 0.12)))
    # The bent sheet needs room above and below; page fractions stay those of the flat sheet.
    height, width = sheet.shape[:2]
    room = int(abs(lift) * height) + 2
    fine = np.linspace(0, 1, 2001)
    source_x = np.interp((np.arange(width) + 0.5) / width, bend.points(np.c_[fine, fine])[:, 0], fine)
    rows = np.arange(-room, height + room, dtype=np.float32)[:, None]
    map_x = np.ascontiguousarray(np.broadcast_to((source_x * width - 0.5).astype(np.float32), (len(rows), width)))
    map_y = rows - (lift * height * np.sin(np.pi * source_x)).astype(np.float32)[None, :]
    slope = np.cos(np.pi * source_x) * lift / 0.04
    shading = (1 - rng.uniform(0.08, 0.2) * (0.5 + 0.5 * slope)).astype(np.float32)[None, :]
    bent = cv2.remap(sheet, map_x, map_y, cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    mask = cv2.remap(np.full((height, width), 255, np.uint8), map_x, map_y, cv2.INTER_NEAREST, borderValue=(0,))
    shaded = degrade.shade(np.asarray(bent, np.uint8), shading)
    return _photograph(shaded, rng, reach=0.04, bend=bend, mask=np.asarray(mask, np.uint8), room=room)


def _photograph(
    sheet: Image,
    rng: np.random.Generator,
    *,
    reach: float,
    bend: Bend | None = None,
    mask: Image | None = None,
    room: int = 0,
) -> Picture:
    """A sheet on a desk. `mask` says where a bent sheet has paper, `room` the rows added above and below it."""
    long = int(rng.integers(2500, 3501))
    height, width = long, int(long * rng.uniform(0.72, 0.78))
    across, down = sheet.shape[1], sheet.shape[0]
    flat = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    corners = _corners_on_desk(across, down, width, height, rng, reach)
    matrix = np.asarray(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)), np.float64)
    paper = rng.uniform(0.84, 0.99) * (1 - rng.uniform(0, 0.06, 3))
    tinted = degrade.tint(sheet, (paper[0], paper[1], paper[2]), rng.uniform(15, 50))
    if mask is None:
        mask = np.full((down, across), 255, np.uint8)
    moved = cv2.warpPerspective(tinted, matrix, (width, height), flags=cv2.INTER_LINEAR)
    inside = cv2.warpPerspective(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    shadow = cv2.GaussianBlur(cv2.resize(inside, (width // 8, height // 8)), (0, 0), 4).astype(np.float32) / 255
    pixels = degrade.shade(degrade.desk(height, width, rng), (1 - 0.35 * shadow).astype(np.float32))
    cv2.copyTo(moved, (inside > 127).astype(np.uint8), pixels)
    pixels = degrade.shade(pixels, degrade.light(rng, strength=rng.uniform(0.05, 0.35)))
    blurred = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 1.3))
    pixels = degrade.add_noise(np.asarray(blurred, np.uint8), rng.uniform(1.5, 7), rng)
    up = np.array([[1, 0, 0], [0, 1, room], [0, 0, 1.0]])
    return Picture(pixels, matrix @ up @ np.diag([float(across), float(down - 2 * room), 1.0]), bend)


def _camscanner(sheet: Image, rng: np.random.Generator) -> Picture:
    height, width = sheet.shape[:2]
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners = flat + rng.uniform(-0.012, 0.012, (4, 2)) * (width, height)
    matrix = np.asarray(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)), np.float64)
    dim = degrade.tint(sheet, (0.86, 0.87, 0.86), rng.uniform(20, 60))
    moved = cv2.warpPerspective(dim, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(215, 215, 215))
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.4, 1.0))
    noisy = degrade.add_noise(np.asarray(soft, np.uint8), rng.uniform(2, 6), rng)
    shaded = degrade.shade(noisy, degrade.light(rng, strength=0.06))
    pixels = degrade.scanner_footer(degrade.whiten(shaded, rng), rng)
    return Picture(pixels, matrix @ _from_fractions(sheet))


def _fax(sheet: Image, rng: np.random.Generator) -> Picture:
    height, width = sheet.shape[:2]
    angle = float(np.clip(rng.normal(0, 0.7), -2, 2))
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1), [0, 0, 1]])
    ratio = _FAX_DPI[1] / _FAX_DPI[0]
    matrix = np.diag([1, ratio, 1]) @ turn
    size = (width, round(height * ratio))
    moved = cv2.warpPerspective(sheet, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    return Picture(degrade.fax(np.asarray(moved, np.uint8), rng), matrix @ _from_fractions(sheet))


_TAKERS: dict[str, Callable[[Image, np.random.Generator], Picture]] = {
    "flatbed": _flatbed,
    "photo": _photo,
    "photo-strong": _photo_strong,
    "curled": _curled,
    "camscanner": _camscanner,
    "fax": _fax,
}


def _from_fractions(sheet: Image) -> Matrix:
    return np.diag([float(sheet.shape[1]), float(sheet.shape[0]), 1.0])


def _corners_on_desk(across: int, down: int, width: int, height: int, rng: np.random.Generator, reach: float) -> Matrix:
    """Where a sheet's corners lie in a picture, clockwise: moved by up to `reach` of the sides, turned a little."""
    margin = rng.uniform(0.02, 0.06)
    scale = min(width * (1 - 2 * margin) / across, height * (1 - 2 * margin) / down)
    side = np.array([across, down]) * scale
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    corners = corners + rng.uniform(-reach, reach, (4, 2)) * side
    angle = np.radians(rng.normal(0, 1.5))
    corners = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    # Centred, then shrunk until the whole sheet is in the picture.
    corners = corners - (corners.min(axis=0) + corners.max(axis=0)) / 2
    middle = np.array([width, height]) / 2
    return np.asarray(corners / max(1.0, float((np.abs(corners) / (middle * 0.985)).max())) + middle, np.float64)


def _turn(picture: Picture, degrees: int) -> Picture:
    """Turned clockwise by 90, 180 or 270 degrees."""
    height, width = picture.pixels.shape[:2]
    moves = {
        90: [[0, -1, height], [1, 0, 0], [0, 0, 1]],
        180: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
        270: [[0, 1, 0], [-1, 0, width], [0, 0, 1]],
    }
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, -degrees // 90))
    return replace(picture, pixels=pixels, matrix=np.array(moves[degrees], np.float64) @ picture.matrix)
