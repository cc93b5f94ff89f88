"""Digits that training never sees, as the digit reader would see them in a slot: MNIST's test writers, USPS, ORAND-CAR."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.digits import CONTEXT, Look, strip_to_picture
from schemas.flow import Image

# Height of a digit in line pixels: a little more than a printed one's.
TALL = 34

# Pictures of each set of single digits that are read, evenly out of all: files are sorted by digit.
SINGLES = 1500


@dataclass(frozen=True, eq=False)
class ForeignSet:
    """A set's pictures as the net takes them, and what is written on them."""

    name: str
    planes: list[NDArray[np.float32]]
    texts: list[str]


def foreign_sets(data: Path, look: Look) -> list[ForeignSet]:
    """The sets in a folder of digits; those whose file is missing are left out."""
    found = []
    for name, file in (("mnist-test", "mnist.npz"), ("usps-test", "usps.npz")):
        if (data / file).exists():
            with np.load(data / file) as arrays:
                chosen = np.linspace(0, len(arrays["test_y"]) - 1, SINGLES).astype(int)
                pictures, labels = arrays["test_x"][chosen], arrays["test_y"][chosen]
            planes = [_slot(255 - picture, picture > 60, look) for picture in pictures]
            found.append(ForeignSet(name, planes, [str(int(label)) for label in labels]))
    if (data / "orand_car_a.zip").exists():
        found.append(_cheques(data / "orand_car_a.zip", look))
    return found


def _cheques(path: Path, look: Look) -> ForeignSet:
    planes, texts = [], []
    with zipfile.ZipFile(path) as archive:
        labels = json.loads(archive.read("labels.json"))
        for name, label in sorted(labels.items()):
            gray = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
            if gray is None:
                continue
            ink = np.zeros(gray.shape, bool)
            for x, y, width, height in label["boxes_xywh"]:
                ink[max(y, 0) : y + height, max(x, 0) : x + width] = True
            planes.append(_slot(np.asarray(gray, np.uint8), ink, look, share=0.8))
            texts.append(label["text"])
    return ForeignSet("orand-car", planes, texts)


def _slot(gray: Image, ink: NDArray[np.bool_], look: Look, *, share: float = 1.0) -> NDArray[np.float32]:
    """A picture with its ink in a slot of a line, digits TALL line pixels high, `share` of the ink's own height."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        rows, columns = np.array([0, gray.shape[0] - 1]), np.array([0, gray.shape[1] - 1])
    beside, rows_seen = look.reach + CONTEXT, look.bottom - look.top
    scale = TALL / (share * (rows[-1] - rows[0] + 1))
    middle, paper = (rows[0] + rows[-1] + 1) / 2, float(np.percentile(gray, 85))
    width = round((columns[-1] - columns[0] + 1) * scale) + 2 * beside + 20
    left, top = beside + 10 - columns[0] * scale, rows_seen / 2 - middle * scale
    matrix = np.array([[scale, 0, left], [0, scale, top]])
    flags = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    strip = cv2.warpAffine(gray, matrix, (width, rows_seen), flags=flags, borderValue=(paper,))
    bgr = np.asarray(cv2.cvtColor(np.asarray(strip, np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)
    return strip_to_picture(bgr, beside, width - beside, look).planes
