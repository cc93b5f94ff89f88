"""What happens to paper and pictures of hard returns: seals on values, hard shadows, odd desks, few pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from samples import degrade
from samples.capture import Captured, Picture, shrink
from samples.printer import Printed
from samples.seal import Seal, draw_seal
from schemas.flow import Image, Matrix

_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])

_KEPT = np.array([[0.062, 0.025], [0.938, 0.025], [0.938, 0.95], [0.062, 0.95]])
"""Page fractions within which everything printed lies: margins are at least so wide."""

_SMALL_SIDES = (600, 900)
"""Pixels on the long side of a picture of a picture, at least and at most."""

_DESKS = ((0.25, 0.3, 0.85), (0.85, 0.45, 0.2), (0.3, 0.7, 0.35), (0.3, 0.8, 0.95), (0.35, 0.5, 0.72), (0.12, 0.12, 0.13))
"""Strongly coloured desks, as BGR shares of the paper: red, blue, green, yellow, wood, black."""


def more_seals(text: str, printed: Printed, kinds: Sequence[str], rng: np.random.Generator) -> tuple[Seal, ...]:
    """Seals on values: one to three on a return with a grey seal, three to six on one with many."""
    count = 0
    if "gray-seal" in kinds:
        count += int(rng.integers(1, 4))
    if "seal-many" in kinds:
        count += int(rng.integers(3, 7))
    chosen = [printed.slots[int(place)] for place in rng.permutation(len(printed.slots))[:count]]
    return tuple(draw_seal(text, slot.page, slot.box, rng) for slot in chosen)


def draw_skew(kinds: Sequence[str], rng: np.random.Generator) -> float:
    """Degrees by which a sheet lies askew on a flatbed, nought unless it is of that kind."""
    return float(rng.uniform(8, 12) * rng.choice([-1, 1])) if "strong-skew" in kinds else 0.0


def spoil(captured: Captured, kinds: Sequence[str], rng: np.random.Generator) -> Captured:
    """The pictures after what the kinds do to them."""
    for kind in kinds:
        change = _SPOILS.get(kind)
        if change is not None:
            captured = replace(captured, pictures=tuple(change(picture, rng) for picture in captured.pictures))
    if "low-res" in kinds:
        side = int(rng.integers(_SMALL_SIDES[0], _SMALL_SIDES[1] + 1))
        small = tuple(shrink(picture, side) for picture in captured.pictures)
        captured = replace(captured, pictures=small, dpi=side / 11.7, quality=int(rng.integers(55, 81)))
    return captured


def _gray(picture: Picture, rng: np.random.Generator) -> Picture:
    gray = cv2.cvtColor(cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return replace(picture, pixels=np.asarray(gray, np.uint8))


def _shadow(picture: Picture, rng: np.random.Generator) -> Picture:
    """The shadow of the phone that takes the picture, or of the hand that holds the sheet: dark, its edge hard."""
    height, width = picture.pixels.shape[:2]
    scale = 4
    small = (height // scale, width // scale)
    # Tables stand in the upper part of the page.
    target = picture.fractions(np.array([[rng.uniform(0.3, 0.7), rng.uniform(0.15, 0.5)]]))[0] * (small[1], small[0])
    angle = float(rng.choice([0.0, 90.0, 180.0]) + rng.uniform(-35, 35))
    draw = _phone if rng.random() < 0.5 else _hand
    mask = draw(small, target, angle, small[1] * float(rng.uniform(0.28, 0.42)), rng)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 2.2)))
    field = 1 - np.float32(rng.uniform(0.35, 0.62)) * soft
    return replace(picture, pixels=degrade.shade(picture.pixels, np.asarray(field, np.float32)))


def _phone(
    size: tuple[int, int], tip: NDArray[np.float64], angle: float, broad: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A rectangle with round corners that reaches from beyond the picture to `tip`."""
    mask = np.zeros(size, np.float32)
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    across = np.array([-along[1], along[0]])
    long, round_ = broad * 2.05, broad * 0.12
    ends = [tip + along * reach + across * side for reach in (round_, long) for side in (-broad / 2, broad / 2)]
    cv2.fillConvexPoly(mask, cv2.convexHull(np.array(ends, np.float32)).astype(np.int32), 1.0)
    cv2.polylines(mask, [cv2.convexHull(np.array(ends, np.float32)).astype(np.int32)], True, 1.0, int(2 * round_))
    # The forearm behind it.
    far = tip + along * sum(size)
    wrist = tip + along * broad * 1.2 + across * broad * float(rng.uniform(-0.3, 0.3))
    cv2.line(mask, _point(wrist), _point(far), 1.0, int(broad * 0.75))
    return mask


def _hand(
    size: tuple[int, int], tip: NDArray[np.float64], angle: float, broad: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A palm, an arm behind it, fingers before it, one of them reaching `tip`."""
    mask = np.zeros(size, np.float32)
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    across = np.array([-along[1], along[0]])
    palm = tip + along * broad * 1.5
    cv2.ellipse(mask, _point(palm), (int(broad * 0.6), int(broad * 0.5)), angle, 0, 360, 1.0, -1)
    cv2.line(mask, _point(palm), _point(tip + along * sum(size)), 1.0, int(broad * 0.6))
    for place, reach in enumerate((0.45, 0.1, 0.0, 0.2)):
        side = (place - 1.5) * broad * 0.25
        end = tip + along * broad * reach + across * side * float(rng.uniform(1.0, 1.4))
        cv2.line(mask, _point(palm + across * side * 0.8), _point(end), 1.0, int(broad * 0.19))
    thumb = palm - along * broad * 0.35 + across * broad * float(rng.choice([-0.95, 0.95]))
    cv2.line(mask, _point(palm), _point(thumb), 1.0, int(broad * 0.22))
    return mask


def _point(place: Matrix) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


def _other_desk(picture: Picture, rng: np.random.Generator) -> Picture:
    """Another desk under the sheet, as white as it or strongly coloured, and mostly one corner out of the picture."""
    height, width = picture.pixels.shape[:2]
    corners = picture.fractions(_CORNERS) * (width, height)
    inside = np.zeros((height, width), np.uint8)
    # Four bits of a pixel, so that the sheet's edge is not a staircase.
    cv2.fillConvexPoly(inside, (corners * 16).round().astype(np.int32), 255, cv2.LINE_AA, 4)
    share = np.array(_desk_share(rng), np.float32)
    desk = _paper_around(picture.pixels, inside) * share
    shadow = cv2.GaussianBlur(cv2.resize(inside, (width // 8, height // 8)), (0, 0), float(rng.uniform(1.0, 2.5)))
    soft = cv2.resize(shadow, (width, height)).astype(np.float32)[:, :, None] / 255
    desk *= 1 - np.float32(rng.uniform(0.05, 0.3)) * soft
    grained = degrade.add_noise(np.clip(desk, 0, 255).astype(np.uint8), float(rng.uniform(2, 5)), rng)
    part = inside[:, :, None].astype(np.float32) / 255
    pixels = (picture.pixels * part + grained * (1 - part)).astype(np.uint8)
    changed = replace(picture, pixels=pixels)
    return _cut_corner(changed, corners, rng) if rng.random() < 0.7 else changed


def _desk_share(rng: np.random.Generator) -> tuple[float, ...]:
    """A desk's colour as BGR shares of the paper's: half of them are nearly as white."""
    if rng.random() < 0.5:
        level = float(rng.uniform(0.95, 1.04))
        return tuple(level * float(tone) for tone in rng.uniform(0.985, 1.015, 3))
    colour = _DESKS[int(rng.integers(len(_DESKS)))]
    return tuple(tone * float(rng.uniform(0.85, 1.15)) for tone in colour)


def _paper_around(pixels: Image, inside: Image) -> NDArray[np.float32]:
    """The paper's colour in its light, carried on beyond the sheet."""
    height, width = inside.shape
    small = (max(1, width // 32), max(1, height // 32))
    # Bright pixels are paper; print darkens the mean.
    paper = cv2.resize(cv2.dilate(pixels, np.ones((25, 25), np.uint8)), small, interpolation=cv2.INTER_AREA)
    weight = (cv2.resize(cv2.erode(inside, np.ones((65, 65), np.uint8)), small) > 250).astype(np.float32)
    spread = small[0] / 6
    total = cv2.GaussianBlur(paper.astype(np.float32) * weight[:, :, None], (0, 0), spread)
    known = cv2.GaussianBlur(weight, (0, 0), spread)[:, :, None]
    return np.asarray(cv2.resize(total / np.maximum(known, 1e-4), (width, height)), np.float32)


def _cut_corner(picture: Picture, corners: Matrix, rng: np.random.Generator) -> Picture:
    """The picture cropped so that one corner of the sheet lies outside it, and nothing printed."""
    height, width = picture.pixels.shape[:2]
    kept = picture.fractions(_KEPT) * (width, height)
    low, high = np.floor(kept.min(axis=0)), np.ceil(kept.max(axis=0))
    corner = corners[int(rng.integers(4))]
    reach = rng.uniform(0.01, 0.035, 2) * (width, height)
    left, top, right, bottom = 0, 0, width, height
    if corner[0] < width / 2:
        left = int(min(corner[0] + reach[0], low[0]))
    else:
        right = int(max(corner[0] - reach[0], high[0]))
    if corner[1] < height / 2:
        top = int(min(corner[1] + reach[1], low[1]))
    else:
        bottom = int(max(corner[1] - reach[1], high[1]))
    left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
    moved = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]]) @ picture.matrix
    return replace(picture, pixels=np.ascontiguousarray(picture.pixels[top:bottom, left:right]), matrix=moved)


_SPOILS: Mapping[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "gray-seal": _gray,
    "shadow": _shadow,
    "coloured-desk": _other_desk,
}
