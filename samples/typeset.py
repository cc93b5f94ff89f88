"""Running text to lines: characters with widths, broken where a word processor would break them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

NEVER_FIRST = frozenset("，。；、：？！）》”’」』】〉…,.;:!?)]}%")
"""Characters that may not begin a line (kinsoku)."""

NEVER_LAST = frozenset("（《“‘「『【〈([{")
"""Characters that may not end a line (kinsoku)."""


class Role(StrEnum):
    """What a character is to its slot."""

    PRINT = "print"
    OPEN = "open"
    SPACE = "space"
    VALUE = "value"
    ROOM = "room"
    CLOSE = "close"


@dataclass(frozen=True)
class Glyph:
    """A character to set, `width` in points; `slot` is the slot's place in the return, -1 outside slots.

    A ROOM is empty space for a pen and has no character; a line feed ends its line. `gap` glyphs are the blanks of an
    underlined slot and stay with their neighbours in it; `underlined` ones have a line beneath. `over` is a tick that
    stands over the character.
    """

    char: str
    font: str
    size: float
    width: float
    role: Role = Role.PRINT
    slot: int = -1
    gap: bool = False
    underlined: bool = False
    over: str = ""


@dataclass(frozen=True)
class Placed:
    """A glyph and its left edge, in points from the left edge of the text column."""

    glyph: Glyph
    x: float

    @property
    def right(self) -> float:
        """The right edge, in points from the left edge of the text column."""
        return self.x + self.glyph.width


Line = tuple[Placed, ...]


def set_lines(glyphs: Sequence[Glyph], width: float, *, kinsoku: bool, justify: bool) -> tuple[Line, ...]:
    """Break glyphs into lines of at most `width` points; `justify` stretches every line that goes on."""
    lines: list[Line] = []
    start = 0
    while start < len(glyphs):
        end = _line_end(glyphs, start, width, kinsoku=kinsoku)
        goes_on = end < len(glyphs) and glyphs[end - 1].char != "\n"
        line = [glyph for glyph in glyphs[start:end] if glyph.char != "\n"]
        lines.append(_place(line, width if justify and goes_on else None))
        start = end
    return tuple(lines)


def _line_end(glyphs: Sequence[Glyph], start: int, width: float, *, kinsoku: bool) -> int:
    """The index after the line's last glyph: the last permitted break that fits, or a forced one."""
    used = 0.0
    best = 0
    for place in range(start, len(glyphs)):
        if glyphs[place].char == "\n":
            return place + 1
        used += glyphs[place].width
        if used > width and place > start:
            return best or place
        if place + 1 < len(glyphs) and _may_break(glyphs[place], glyphs[place + 1], kinsoku=kinsoku):
            best = place + 1
    return len(glyphs)


def _may_break(left: Glyph, right: Glyph, *, kinsoku: bool) -> bool:
    if _in_word(left) and _in_word(right):
        return False
    if Role.ROOM in (left.role, right.role) and left.slot == right.slot:
        return False
    if (left.gap or right.gap) and left.slot == right.slot:
        return False
    return not kinsoku or (left.char not in NEVER_LAST and right.char not in NEVER_FIRST)


def _in_word(glyph: Glyph) -> bool:
    """Latin letters, digits and the comma in 1,280 stay together."""
    return glyph.char.isascii() and (glyph.char.isalnum() or (glyph.role is Role.VALUE and glyph.char in ",.-"))


def _place(line: Sequence[Glyph], width: float | None) -> Line:
    """Glyphs side by side, spread to `width` where it is given; words are not spread."""
    gaps = [not (_in_word(left) and _in_word(right)) for left, right in itertools.pairwise(line)]
    natural = sum(glyph.width for glyph in line)
    extra = max(0.0, width - natural) / max(1, sum(gaps)) if width is not None else 0.0
    placed: list[Placed] = []
    x = 0.0
    for glyph, gap in zip(line, [*gaps, False], strict=True):
        placed.append(Placed(glyph, x))
        x += glyph.width + (extra if gap else 0)
    return tuple(placed)
