"""Amounts written on cheques, as pictures with the boxes of their digits, to digits of ink without the paper."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.flow import Image

SIDE = 56
"""Pixels of a digit's picture; the highest digit of a number is `_TALL` of them high."""

_TALL = 48

_LABELS = "labels.json"

_STROKE = 15
"""Pixels, more than any stroke is broad at these scans' resolution: closing with it leaves the paper."""

_Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class CutDigit:
    """The digit at a place of a number: its picture (SIDE, SIDE) uint8, ink 255; height and foot against the number's own.

    `tall` is 1 for a digit as high as the number's middle one; `drop` is how far its foot is below theirs, in that height.
    """

    number: int
    place: int
    label: int
    picture: Image
    tall: float
    drop: float


def cut_cheques(path: Path, split: str) -> list[CutDigit]:
    """The clean digits of a .zip with pictures and labels.json; `split` is the folder of the pictures, "" for all.

    Raises ValueError where the file is no such archive, or has no pictures of that split.
    """
    digits: list[CutDigit] = []
    try:
        with zipfile.ZipFile(path) as archive:
            labels = json.loads(archive.read(_LABELS))
            names = sorted(name for name in labels if not split or name.startswith(f"{split}/"))
            for number, name in enumerate(names):
                gray = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
                boxes = [(int(x), int(y), int(w), int(h)) for x, y, w, h in labels[name]["boxes_xywh"]]
                if gray is not None:
                    digits += _cut(np.asarray(gray, np.uint8), labels[name]["text"], boxes, number)
    except (zipfile.BadZipFile, KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is no archive of labelled numbers: it needs {_LABELS} with text and boxes_xywh by picture ({error})"
        ) from error
    if not digits:
        raise ValueError(f"{path} has no digits" + (f" in {split}/" if split else ""))
    return digits


def lift_ink(gray: Image) -> Image:
    """The ink of a grey picture as uint8, ink 255: paper, its pattern and printed lines are left behind."""
    soft = cv2.GaussianBlur(gray, (0, 0), 0.7)
    kernel = np.ones((_STROKE, _STROKE), np.uint8)
    framed = cv2.copyMakeBorder(soft, _STROKE, _STROKE, _STROKE, _STROKE, cv2.BORDER_REFLECT)
    paper = cv2.GaussianBlur(cv2.morphologyEx(framed, cv2.MORPH_CLOSE, kernel), (0, 0), 4)
    paper = paper[_STROKE:-_STROKE, _STROKE:-_STROKE]
    darkness = np.clip(paper.astype(np.float32) - soft, 0, 255)
    level, _ = cv2.threshold(darkness.astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    level = max(float(level), 8.0)
    weak = (darkness > 0.85 * level).astype(np.uint8)
    weak[_long_lines(weak)] = 0
    strong = darkness > 1.3 * level
    _, parts, facts, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    # Paper's pattern is pale or in crumbs.
    kept = [part for part in range(1, len(facts)) if facts[part, cv2.CC_STAT_AREA] >= 12 and strong[parts == part].any()]
    mask = cv2.dilate(np.isin(parts, kept).astype(np.uint8), np.ones((3, 3), np.uint8))
    alpha = np.clip((darkness - 0.45 * level) / (1.1 * level), 0, 1) * mask
    return np.asarray(alpha * 255, np.uint8)


def _long_lines(ink: Image) -> NDArray[np.bool_]:
    """Pixels of printed lines: far longer than any digit's stroke, and no thicker than three pixels."""
    long = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, 41), np.uint8))
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((4, 3), np.uint8))
    return np.asarray((long > 0) & (thick == 0), np.bool_)


def _cut(gray: Image, text: str, boxes: list[_Box], number: int) -> Iterator[CutDigit]:
    """A number's digits, those left out whose box holds no clean ink."""
    if len(text) != len(boxes):
        return
    ink = lift_ink(gray)
    owners = _owners(ink, boxes)
    heights = sorted(h for _, _, _, h in boxes)
    middle = heights[len(heights) // 2]
    foot = float(np.median([y + h for _, y, _, h in boxes]))
    scale = _TALL / max(heights)
    for place, (char, box) in enumerate(zip(text, boxes, strict=True)):
        own = _own_ink(np.asarray(ink * ((owners < 0) | (owners == place)), np.uint8), box)
        if own is None or not char.isdigit():
            continue
        (piece, lower), high = own, len(own[0])
        size = (max(1, round(piece.shape[1] * scale)), max(1, round(high * scale)))
        if max(size) > SIDE - 2:
            shrink = (SIDE - 2) / max(size)
            size = (max(1, int(size[0] * shrink)), max(1, int(size[1] * shrink)))
        small = cv2.resize(piece, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
        picture = np.zeros((SIDE, SIDE), np.uint8)
        top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
        picture[top : top + size[1], left : left + size[0]] = small
        yield CutDigit(number, place, int(char), picture, high / middle, (lower - foot) / middle)


def _owners(ink: Image, boxes: list[_Box]) -> NDArray[np.int32]:
    """Whose each pixel is: the place of the box that holds most of its part of the ink; -1 where digits touch."""
    _, parts = cv2.connectedComponents((ink > 60).astype(np.uint8), connectivity=8)
    areas = np.bincount(parts.ravel())
    held = np.stack([np.bincount(parts[y : y + h, x : x + w].ravel(), minlength=len(areas)) for x, y, w, h in boxes])
    best = held.argmax(axis=0)
    return np.asarray(np.where(held.max(axis=0) > 0.7 * areas, best, -1)[parts], np.int32)


def _own_ink(ink: Image, box: _Box) -> tuple[Image, float] | None:
    """The ink within a digit's box, trimmed, and its lowest row; None where it is not clean."""
    x, y, w, h = box
    left, top, right, bottom = max(0, x - 1), max(0, y - 1), x + w + 1, y + h + 1
    piece = ink[top:bottom, left:right]
    solid = (piece > 118).astype(np.uint8)
    if not solid.any():
        return None
    _, parts, facts, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    areas = facts[1:, cv2.CC_STAT_AREA]
    # Neighbours reach into the box with a small part that touches its edge; specks are of the paper.
    kept = []
    for part, (px, _, pw, _, area) in enumerate(facts[1:], 1):
        at_edge = px == 0 or px + pw == piece.shape[1]
        if area >= (0.2 if at_edge else 0.06) * areas.max():
            kept.append(part)
    mask = cv2.dilate(np.isin(parts, kept).astype(np.uint8), np.ones((3, 3), np.uint8))
    piece = np.asarray(piece * mask, np.uint8)
    rows, columns = np.flatnonzero((piece > 118).any(axis=1)), np.flatnonzero((piece > 118).any(axis=0))
    high, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    share = float((piece > 118).sum()) / (high * wide)
    if high < 0.8 * h or wide < 0.7 * w - 1 or len(kept) > 3 or (share > 0.62 and wide > 0.45 * high) or high < 14:
        return None
    return piece[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], float(top + rows[-1] + 1)
