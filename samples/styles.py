"""Styles of handwriting, by name: the pen, how large and slanted it writes, and how it keeps to the slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from samples import fonts
from samples.layout import Layout
from samples.names import pick
from samples.pen import Pen
from samples.returns import Filled, FilledSlot
from schemas.form import SlotKind

_STROKE_FONTS = tuple(name for name in fonts.PEN_FONTS if name != "femkeklaver")
"""Fonts whose digits can be redrawn as strokes; one has hollow letters."""


@dataclass(frozen=True)
class Writer:
    """One person with one pen. Lengths are in em of the printed words, unless a digit's height is named.

    `fonts` are for what no bank of digits has. `slant` is a tangent, `gap` the room between the ink of two digits in
    heights of a digit, below nought where they overlap. A number too long for its slot is squeezed to `narrowest` of its
    width, then runs over. `place` is where it stands between left, 0, and right, 1; `rise` how far above the line.
    `reach` is the share of slots in which it is begun on or before a parenthesis, or ended behind one.
    """

    style: str
    fonts: tuple[str, ...]
    pen: Pen
    size: float
    slant: float
    squeeze: float
    gap: float
    narrowest: float = 0.7
    place: float = 0.5
    rise: float = 0.0
    reach: float = 0.06
    wobble: float = 0.018


def parse_styles(text: str) -> tuple[str, ...]:
    """Styles named with commas between them, every one for `all`, none for nothing."""
    return tuple(STYLES) if text == "all" else tuple(filter(None, text.split(",")))


def check_styles(styles: Sequence[str]) -> None:
    """Raises ValueError for an unknown style, naming the choices."""
    unknown = [style for style in styles if style not in STYLES]
    if unknown:
        raise ValueError(f"no such hand: {', '.join(unknown)}; choose from {', '.join(STYLES)}")


def draw_writer(style: str, rng: np.random.Generator) -> Writer:
    """A person who writes in a style."""
    return STYLES[style](_plain(rng), rng)


def fit_layout(layout: Layout, style: str, rng: np.random.Generator) -> Layout:
    """The layout with the slots that a style is about: narrow ones for numbers that do not fit."""
    room = _ROOMS.get(style)
    return layout if room is None else replace(layout, pen_room=float(rng.uniform(*room)))


def lengthen(filled: Filled, style: str, rng: np.random.Generator) -> Filled:
    """The return with longer numbers, where the style is about long ones."""
    if style != "cramped":
        return filled
    return replace(filled, rows=tuple(tuple(_longer(slot, rng) for slot in row) for row in filled.rows))


def _longer(slot: FilledSlot, rng: np.random.Generator) -> FilledSlot:
    """A count of up to three digits with more of them, five at most; half of them stay."""
    value = slot.value
    if slot.slot.kind is not SlotKind.COUNT or not isinstance(value, int) or not 0 < value < 1000 or rng.random() < 0.5:
        return slot
    power = 10 ** int(rng.integers(1, 6 - len(str(value))))
    value = value * power + (int(rng.integers(power)) if rng.random() < 0.6 else 0)
    return replace(slot, value=value, raw=str(value))


def _plain(rng: np.random.Generator) -> Writer:
    """An office's ball pen or gel pen, in a hand that takes care."""
    pen = Pen(_ink(rng), float(rng.uniform(0.3, 0.55)), float(rng.uniform(0.82, 0.97)), float(rng.uniform(0.3, 0.9)))
    return Writer(
        style="plain",
        fonts=(pick(rng, _STROKE_FONTS), pick(rng, fonts.PEN_CJK_FONTS), "wenkai"),
        pen=pen,
        size=float(rng.uniform(0.95, 1.35)),
        slant=float(rng.normal(0.08, 0.12)),
        squeeze=float(rng.uniform(0.78, 1.1)),
        gap=float(rng.uniform(0.06, 0.28)),
        place=float(np.clip(rng.normal(0.45, 0.2), 0.05, 0.95)),
    )


def _ink(rng: np.random.Generator) -> tuple[int, int, int]:
    """Black, blue, or the blue-black that offices keep for documents; BGR."""
    kind = rng.random()
    if kind < 0.45:
        level = int(rng.integers(18, 62))
        return level + int(rng.integers(0, 10)), level, level
    if kind < 0.8:
        return int(rng.integers(120, 205)), int(rng.integers(35, 85)), int(rng.integers(15, 65))
    return int(rng.integers(75, 115)), int(rng.integers(35, 60)), int(rng.integers(20, 45))


def _thin(writer: Writer, rng: np.random.Generator) -> Writer:
    pen = replace(
        writer.pen, width=float(rng.uniform(0.25, 0.35)), density=float(rng.uniform(0.85, 1)), pressure=0.25, grain=0.04
    )
    return replace(writer, pen=pen)


def _faint(writer: Writer, rng: np.random.Generator) -> Writer:
    """A pencil, or a ball pen that runs dry: grey and grainy, or with gaps."""
    if rng.random() < 0.45:
        level = int(rng.integers(70, 115))
        pen = Pen((level + 4, level, level), float(rng.uniform(0.35, 0.6)), float(rng.uniform(0.5, 0.8)), 0.6, 0.5, 0.02)
    else:
        pen = replace(
            writer.pen,
            width=float(rng.uniform(0.24, 0.4)),
            density=float(rng.uniform(0.42, 0.75)),
            grain=float(rng.uniform(0.2, 0.5)),
            skips=float(rng.uniform(0.03, 0.13)),
        )
    return replace(writer, pen=pen)


def _thick(writer: Writer, rng: np.random.Generator) -> Writer:
    """A gel pen with a broad ball, or a felt-tip."""
    felt = rng.random() < 0.4
    width = float(rng.uniform(0.85, 1.15) if felt else rng.uniform(0.6, 0.85))
    pen = replace(writer.pen, width=width, density=float(rng.uniform(0.92, 1)), grain=0.03, bleed=0.1 if felt else 0.04)
    return replace(writer, pen=pen, size=float(rng.uniform(1.15, 1.55)), gap=float(rng.uniform(0.1, 0.3)))


def _slanted(writer: Writer, rng: np.random.Generator) -> Writer:
    """Far more to the right than is common, or to the left."""
    slant = rng.uniform(0.38, 0.75) if rng.random() < 0.7 else rng.uniform(-0.55, -0.25)
    return replace(writer, slant=float(slant), gap=float(rng.uniform(0.02, 0.2)))


def _large(writer: Writer, rng: np.random.Generator) -> Writer:
    return replace(writer, size=float(rng.uniform(1.75, 2.5)), narrowest=0.9, reach=0.3, rise=float(rng.uniform(-0.45, 0.0)))


def _small(writer: Writer, rng: np.random.Generator) -> Writer:
    rise = rng.uniform(0.28, 0.55) if rng.random() < 0.5 else rng.uniform(-0.2, 0.05)
    pen = replace(writer.pen, width=float(rng.uniform(0.24, 0.38)))
    return replace(
        writer, pen=pen, size=float(rng.uniform(0.5, 0.72)), rise=float(rise), place=float(rng.uniform(0.05, 0.95))
    )


def _touching(writer: Writer, rng: np.random.Generator) -> Writer:
    return replace(writer, gap=float(rng.uniform(-0.2, -0.03)), squeeze=float(rng.uniform(0.85, 1.15)))


def _over_parenthesis(writer: Writer, rng: np.random.Generator) -> Writer:
    return replace(writer, reach=float(rng.uniform(0.6, 0.95)), narrowest=0.95, size=float(rng.uniform(1.0, 1.5)))


def _red(writer: Writer, rng: np.random.Generator) -> Writer:
    colour = int(rng.integers(20, 80)), int(rng.integers(15, 70)), int(rng.integers(175, 235))
    return replace(writer, pen=replace(writer.pen, colour=colour))


def _cramped(writer: Writer, rng: np.random.Generator) -> Writer:
    return replace(writer, narrowest=0.52, gap=float(rng.uniform(-0.02, 0.1)), size=float(rng.uniform(0.9, 1.25)), place=0.5)


def _named(
    name: str, change: Callable[[Writer, np.random.Generator], Writer]
) -> Callable[[Writer, np.random.Generator], Writer]:
    return lambda writer, rng: replace(change(writer, rng), style=name)


STYLES: Mapping[str, Callable[[Writer, np.random.Generator], Writer]] = {
    name: _named(name, change)
    for name, change in (
        ("plain", lambda writer, rng: writer),
        ("thin", _thin),
        ("faint", _faint),
        ("thick", _thick),
        ("slanted", _slanted),
        ("large", _large),
        ("small", _small),
        ("touching", _touching),
        ("over-parenthesis", _over_parenthesis),
        ("red", _red),
        ("cramped", _cramped),
    )
}
"""Every style, and how it differs from a plain hand."""

_ROOMS: Mapping[str, tuple[float, float]] = {
    "cramped": (0.9, 1.7),
    "over-parenthesis": (0.6, 2.0),
    "large": (1.6, 3.2),
}
"""Least and greatest width of a slot in em, for styles that are about narrow ones."""
