"""Pens of no named style: values and header fields in fonts that look written or in people's digits, as pictures.

Returns with a style are written by `samples.writing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from samples import fonts
from samples.digits import DigitBank
from samples.names import pick
from samples.paging import PAGE
from samples.printer import Printed
from samples.returns import Filled
from samples.strokes import thinned
from schemas.flow import Box, Image
from schemas.form import SlotKind

_EM = 72
"""Pixels per em at which a written character is drawn before it is scaled onto the sheet."""

_STRUCK_SHARE = 0.02
"""Share of counts written wrong, struck out and written anew above."""

_Alpha = NDArray[np.float32]


@dataclass(frozen=True)
class Hand:
    """One person's pen: colour BGR, stroke in mm, slant as a tangent, size in em of the printed words."""

    font: str
    text_font: str
    colour: tuple[int, int, int]
    stroke: float
    thin: bool
    slant: float
    size: float
    spacing: float
    squeeze: float


@dataclass(frozen=True)
class Inked:
    """Where ink went: boxes as fractions of the page by the slot's place in the return; slots with a strike-out."""

    boxes: dict[int, Box]
    struck: frozenset[int]


@dataclass(frozen=True, eq=False)
class _Mark:
    """One written character: ink 0 to 1, its pixels per em, the row of its baseline."""

    alpha: _Alpha
    per_em: float
    base: float


def write_pen(
    sheets: Sequence[Image], filled: Filled, printed: Printed, rng: np.random.Generator, *, size: float,
    bank: DigitBank | None,
) -> Inked:  # fmt: skip
    """Write a return onto its sheets (BGR uint8, changed in place); counts from `bank` where it is given.

    `size` is that of the printed words, in points.
    """
    hand = _draw_hand(rng)
    boxes: dict[int, Box] = {}
    struck = set()
    for key, box in printed.fields.items():
        text = getattr(filled.header, key)
        if text:
            _write(sheets[0], _font_marks(text, hand, rng), box, hand, rng, em=size * 1.1)
    for place, (slot, where) in enumerate(zip(filled.slots, printed.slots, strict=True)):
        if slot.raw is None or where.room is None:
            continue
        sheet, room = sheets[where.page - 1], where.room
        digits = bank if slot.slot.kind is SlotKind.COUNT else None
        if slot.slot.kind is SlotKind.COUNT and rng.random() < _STRUCK_SHARE:
            wrong = _write(sheet, _marks(str(rng.integers(1, 999)), hand, rng, digits), room, hand, rng, em=size)
            _strike(sheet, wrong, hand, rng)
            rise = (room[3] - room[1]) * 0.8
            room = (room[0], room[1] - rise, room[2], room[3] - rise)
            struck.add(place)
        em = size * (0.75 if place in struck else 1)
        boxes[place] = _write(sheet, _marks(slot.raw, hand, rng, digits), room, hand, rng, em=em)
    return Inked(boxes, frozenset(struck))


def _draw_hand(rng: np.random.Generator) -> Hand:
    blue = (int(rng.integers(110, 200)), int(rng.integers(30, 80)), int(rng.integers(10, 60)))
    black = (int(rng.integers(20, 60)),) * 3
    return Hand(
        font=pick(rng, fonts.PEN_FONTS),
        text_font=pick(rng, fonts.PEN_CJK_FONTS),
        colour=blue if rng.random() < 0.45 else black,
        stroke=float(rng.uniform(0.28, 0.65)),
        thin=bool(rng.random() < 0.8),
        slant=float(rng.normal(0.08, 0.14)),
        size=float(rng.uniform(0.95, 1.35)),
        spacing=float(rng.uniform(-0.04, 0.16)),
        squeeze=float(rng.uniform(0.75, 1.1)),
    )


def _marks(text: str, hand: Hand, rng: np.random.Generator, bank: DigitBank | None) -> list[_Mark]:
    if bank is not None and text.isascii() and text.isdigit():
        return _digit_marks(text, hand, rng, bank)
    return _font_marks(text, hand, rng)


def _font_marks(text: str, hand: Hand, rng: np.random.Generator) -> list[_Mark]:
    """Characters drawn from a font; those that the hand's font lacks from another."""
    marks = []
    for char in text:
        name = fonts.fitting((hand.font, hand.text_font, "wenkai"), char)
        font = fonts.picture_font(name, _EM)
        advance = max(4, round(font.getlength(char)))
        picture = Pillow.new("L", (advance, round(_EM * 1.3)), 0)
        ImageDraw.Draw(picture).text((0, _EM), char, font=font, fill=255, anchor="ls")
        alpha = np.asarray(picture, np.float32) / 255
        marks.append(_Mark(np.pad(alpha, 6), _EM * float(rng.uniform(0.94, 1.06)), _EM + 6))
    return marks


def _digit_marks(text: str, hand: Hand, rng: np.random.Generator, bank: DigitBank) -> list[_Mark]:
    """Pictures of people's digits, their strokes redrawn as thin as the hand's pen."""
    chosen = [int(rng.choice(np.flatnonzero(bank.labels == int(digit)))) for digit in text]
    scale = 56 // bank.pictures.shape[1]
    side = bank.pictures.shape[1] * scale
    large = [cv2.resize(bank.pictures[one], (side, side), interpolation=cv2.INTER_CUBIC) for one in chosen]
    strokes = np.pad(np.stack(large), ((0, 0), (4, 4), (4, 4)))
    bones = thinned(strokes > 110) if hand.thin else np.zeros(strokes.shape, bool)
    marks = []
    for soft, bone in zip(strokes, bones, strict=True):
        rows, columns = np.flatnonzero((soft > 110).any(axis=1)), np.flatnonzero((soft > 110).any(axis=0))
        tall = len(rows) * 3
        if hand.thin:
            distance = cv2.distanceTransform((~bone).astype(np.uint8), cv2.DIST_L2, 5)
            fine = cv2.resize(distance, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) * 3
            # Digits stand about 3.3 mm high.
            half = hand.stroke / 3.3 * tall / 2
            alpha = np.clip((half - fine) / 2 + 0.5, 0, 1)
        else:
            alpha = cv2.resize(soft, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
        left, right = max(0, columns[0] * 3 - 9), columns[-1] * 3 + 12
        # Digits are 0.72 em high.
        marks.append(_Mark(alpha[:, left:right].astype(np.float32), tall / 0.72, float(rows[-1] * 3 + 3)))
    return marks


def _write(sheet: Image, marks: Sequence[_Mark], room: Box, hand: Hand, rng: np.random.Generator, *, em: float) -> Box:
    """Write marks side by side into a room (fractions of the page); give the ink's box in the same fractions."""
    height, width = sheet.shape[:2]
    left, right, lower = room[0] * width, room[2] * width, room[3] * height
    pixels = em * hand.size * float(rng.uniform(0.9, 1.1)) * height / PAGE[1]
    sizes = [mark.alpha.shape[1] / mark.per_em * pixels * hand.squeeze for mark in marks]
    gaps = [pixels * (hand.spacing + float(rng.normal(0, 0.03))) for _ in marks]
    total = sum(sizes) + sum(gaps[:-1])
    # A pen goes over the parentheses a little, but not far.
    shrink = min(1.0, (right - left) * 1.12 / total)
    free = (right - left) - total * shrink
    x = left + free * float(np.clip(rng.normal(0.5, 0.22), 0, 1))
    if rng.random() < 0.12:
        x += pixels * float(rng.uniform(-0.45, 0.45))
    base = lower - (room[3] - room[1]) * height * 0.14 + pixels * float(rng.normal(0.03, 0.06))
    boxes = []
    for mark, size, gap in zip(marks, sizes, gaps, strict=True):
        scale = pixels / mark.per_em
        boxes.append(_press(sheet, mark, x, base, (scale * hand.squeeze * shrink, scale), hand, rng))
        x += (size + gap) * shrink
        base += pixels * float(rng.normal(0, 0.02))
    ink = np.array(boxes)
    low, high = ink[:, :2].min(axis=0), ink[:, 2:].max(axis=0)
    return float(low[0] / width), float(low[1] / height), float(high[0] / width), float(high[1] / height)


def _press(
    sheet: Image, mark: _Mark, x: float, base: float, scale: tuple[float, float], hand: Hand, rng: np.random.Generator
) -> Box:
    """Multiply one mark's ink onto the sheet at x and baseline; give the ink's box in pixels."""
    angle = float(rng.normal(0, 0.05))
    slant = hand.slant + float(rng.normal(0, 0.05))
    shear = np.array([[1, -slant], [0, 1]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ shear @ np.diag(scale)
    rows, columns = mark.alpha.shape
    reach = int(max(rows * scale[1], columns * scale[0])) + 4
    left, top = max(0, int(x) - reach), max(0, int(base) - 2 * reach)
    patch = sheet[top : top + 3 * reach, left : left + 3 * reach]
    offset = np.array([x - left, base - top]) - linear @ np.array([0, mark.base])
    matrix = np.c_[linear, offset]
    size = (patch.shape[1], patch.shape[0])
    alpha = cv2.warpAffine(mark.alpha, matrix, size, flags=cv2.INTER_LINEAR) * float(rng.uniform(0.82, 0.97))
    ink = 1 - alpha[:, :, None] * (1 - np.array(hand.colour, np.float32) / 255)
    patch[:] = (patch * ink).astype(np.uint8)
    down, across = np.flatnonzero((alpha > 0.3).any(axis=1)), np.flatnonzero((alpha > 0.3).any(axis=0))
    if not len(down):
        return x, base, x, base
    return float(left + across[0]), float(top + down[0]), float(left + across[-1] + 1), float(top + down[-1] + 1)


def _strike(sheet: Image, box: Box, hand: Hand, rng: np.random.Generator) -> None:
    """One or two strokes through a box (fractions of the page)."""
    height, width = sheet.shape[:2]
    for _ in range(int(rng.integers(1, 3))):
        middle = (box[1] + (box[3] - box[1]) * rng.uniform(0.35, 0.65, 2)) * height
        start = (round(box[0] * width) - 4, round(middle[0]))
        end = (round(box[2] * width) + 4, round(middle[1]))
        thick = max(1, round(hand.stroke / 25.4 * 72 * height / PAGE[1]))
        cv2.line(sheet, start, end, hand.colour, thick, cv2.LINE_AA)
