"""What a pen writes, character by character: strokes of people's digits, or of fonts that look written."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from samples import fonts
from samples.digits import DigitBank, choose_digits
from samples.strokes import Stroke, trace
from schemas.flow import Image

DIGIT_HEIGHT = 0.72
"""Height of a digit, in em."""

_EM = 128
"""Pixels per em at which a font's character is drawn before it is traced."""

_MOST_BLOT = 1.85
"""A loop filled with ink has no middle line; pictures with ink so much broader than their stroke are passed over."""

_MOST_BLOT_OPEN = 1.4
"""The same for a digit that should have a loop and has none: it may be filled, or somebody may have left it open."""

_LOOPED = (0, 6, 8, 9)

_LEAST_ENDS_OF_FOUR = 2
"""Of a 4 whose top is closed: the foot of its stem, and the end of its bar or the stem's top. A 9 has one."""

_MOST_STROKES = 5
"""A digit in more pieces is one of a scan that failed."""

_SPECK = 0.07
"""Strokes shorter than this share of a digit's height are dirt."""

_TRIES = 4
"""Choices before a blotted digit is taken all the same."""

_HABITS = 3
"""Ways in which one person writes a digit."""

_LOOKED_AT = 18
"""Pictures of a digit among which those of one slant are looked for."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """One character: strokes in em, x from its left edge, y down from the baseline; `tight` ones stand ink to ink."""

    strokes: tuple[Stroke, ...]
    width: float
    tight: bool


@dataclass(frozen=True, eq=False)
class Speller:
    """How one person writes characters: fonts in order of preference, and digits of a bank where there is one.

    `habits` are that person's own digits, by digit, for banks that do not tell which were written together.
    """

    fonts: tuple[str, ...]
    bank: DigitBank | None = None
    habits: tuple[tuple[Drawing, ...], ...] = ()

    def spell(self, text: str, rng: np.random.Generator) -> list[Drawing]:
        """The drawings of a text; nobody writes full-width characters with a pen."""
        drawings: list[Drawing] = []
        run = ""
        for char in unicodedata.normalize("NFKC", text):
            if self.bank is not None and char.isascii() and char.isdigit():
                run += char
                continue
            drawings += [*self._digits(run, rng), self._character(char)]
            run = ""
        return [*drawings, *self._digits(run, rng)]

    def _character(self, char: str) -> Drawing:
        """A character in the first font that has it: some fonts list characters whose pictures are empty."""
        drawings = (font_drawing(name, char) for name in self.fonts if fonts.has(name, char))
        return next((drawing for drawing in drawings if drawing.strokes), None) or font_drawing(self.fonts[-1], char)

    def _digits(self, text: str, rng: np.random.Generator) -> list[Drawing]:
        if not text or self.bank is None:
            return []
        if self.habits:
            return [self.habits[int(char)][int(rng.integers(len(self.habits[int(char)])))] for char in text]
        for _ in range(_TRIES):
            chosen = choose_digits(self.bank, text, rng)
            drawn = [_bank_drawing(self.bank, place) for place in chosen]
            if max(blot for _, blot in drawn) < _MOST_BLOT:
                break
        return [drawing for drawing, _ in drawn]


def learn(names: Sequence[str], bank: DigitBank | None, rng: np.random.Generator) -> Speller:
    """A person who writes in a font, or in digits of a bank; digits not known to be one person's are chosen to be alike."""
    if bank is None or bank.numbers is not None:
        return Speller(tuple(names), bank)
    lean = float(rng.standard_normal())
    habits = []
    for label in range(10):
        among = np.flatnonzero(bank.labels == label)
        seen = rng.choice(among, min(_LOOKED_AT, len(among)), replace=False)
        slants = np.array([_slant(bank.pictures[place]) for place in seen])
        # Each digit has a slant of its own; a person's is what is beyond it.
        wanted = float(slants.mean() + lean * slants.std())
        own: list[Drawing] = []
        for place in seen[np.argsort(np.abs(slants - wanted), kind="stable")]:
            drawing, blot = _bank_drawing(bank, int(place))
            if blot < _MOST_BLOT:
                own.append(drawing)
            if len(own) == _HABITS:
                break
        habits.append(tuple(own) or (_bank_drawing(bank, int(seen[0]))[0],))
    return Speller(tuple(names), bank, tuple(habits))


@lru_cache(maxsize=4000)
def font_drawing(name: str, char: str) -> Drawing:
    """A font's character, redrawn along the middle of its strokes."""
    font = fonts.picture_font(name, _EM)
    advance = max(4, round(font.getlength(char)))
    canvas = Pillow.new("L", (advance + 16, round(_EM * 1.4)), 0)
    ImageDraw.Draw(canvas).text((8, _EM), char, font=font, fill=255, anchor="ls")
    traced = trace(np.asarray(canvas, np.uint8), smooth=0.018, tall=110)
    strokes = tuple(np.c_[(stroke[:, :2] - (8, _EM)) / _EM, stroke[:, 2]] for stroke in traced.strokes)
    if not strokes:
        return Drawing((), advance / _EM, False)
    if char.isascii() and not char.isspace():
        left, right = (extreme(np.vstack(strokes)[:, 0]) for extreme in (np.min, np.max))
        return Drawing(tuple(stroke - (left, 0, 0) for stroke in strokes), float(right - left), True)
    return Drawing(strokes, advance / _EM, False)


def _bank_drawing(bank: DigitBank, place: int) -> tuple[Drawing, float]:
    """A digit of a bank as strokes, as high as a digit is, and how blotted it is."""
    traced = trace(bank.pictures[place], smooth=0.05)
    rows = np.flatnonzero((bank.pictures[place] > 127).any(axis=1))
    found = [stroke for stroke in traced.strokes if float(np.ptp(stroke[:, :2], axis=0).max()) > _SPECK * len(rows)]
    if not found:
        return Drawing((), 0.3, True), np.inf
    points = np.vstack(found)[:, :2]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    scale = DIGIT_HEIGHT / max(float(bottom - top), 1.0)
    tall = 1.0 if bank.tall is None else float(np.clip(bank.tall[place], 0.6, 1.5))
    drop = 0.0 if bank.drop is None else float(np.clip(bank.drop[place], -0.3, 0.3)) * DIGIT_HEIGHT
    scale *= tall
    strokes = tuple(
        np.c_[(stroke[:, 0] - left) * scale, (stroke[:, 1] - bottom) * scale + drop, stroke[:, 2]] for stroke in found
    )
    filled = bank.labels[place] in _LOOPED and not traced.loops and traced.blot > _MOST_BLOT_OPEN
    # Thinning may take the end of a closed 4's bar, which is all that tells it from a 9.
    as_nine = bank.labels[place] == 4 and traced.loops > 0 and traced.ends < _LEAST_ENDS_OF_FOUR
    blot = np.inf if filled or as_nine or len(found) > _MOST_STROKES else traced.blot
    return Drawing(strokes, float(right - left) * scale, True), blot


def _slant(picture: Image) -> float:
    """How far ink leans to the right, as a tangent."""
    moments = cv2.moments(picture)
    return -float(moments["mu11"] / max(moments["mu02"], 1e-6))
