"""Typed text as lines whose characters are certain, so that the same alignment places the slots in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from extractors.glyphs import Alphabet, chars_to_glyphs, fold
from schemas.flow import LINE_HEIGHT, GlyphLine, Line, Mesh, PageChar, Placement
from schemas.form import Form, Mark, SlotKind
from schemas.typed import STRUCK, TypedRow

# Each character of a made line is as wide as this, in line pixels: half of what one of print has, as an underscore is.
CHAR = 24

WHITE = np.full((1, 1, 3), 255, np.uint8)

# A line lies nowhere: its mesh leads back to itself.
NOWHERE = Mesh((0, 0), 1, np.array([[[0.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 1.0]]]))

# Printed characters before and behind a gap without parentheses that must be there to the letter for it to be a slot.
BEFORE, BEHIND = 6, 2

# What may stand in a gap for words, so many characters at most.
LONGEST_WORDS = 40

# What a gap holds: words between underscores; numbers and days also without.
WORDS_INSIDE = rf"_+(?:[^_()]{{1,{LONGEST_WORDS}}}_+)?"
INSIDE = {
    SlotKind.COUNT: r"(?:_+[0-9,]*_*|[0-9][0-9,]*_*)",
    SlotKind.MONEY: rf"(?:{WORDS_INSIDE}|_*[0-9][0-9,.]*_*)",
    SlotKind.DATE: rf"(?:{WORDS_INSIDE}|20[0-9]{{2}}[年./-][0-9]{{1,2}}[月./-][0-9]{{1,2}}日?)",
}

# In a form that has lines to write on, any number between underscores is in a slot, and underscores alone are an empty one.
LINED_NUMBER = re.compile(r"(?<![_(])_+([0-9][0-9,.]*(?:万?元)?)_+(?![_)])")
LINED_BLANK = re.compile(r"(?<![_(])_{2,}(?![_)0-9])")

# A line to write on, or a box and its tick, that a cell's end cuts in two: where a text ends, and where the next one begins.
CUTS = (
    (re.compile(r"[_＿]+[0-9０-９,.万]*元?[_＿]*$"), re.compile(r"^[0-9０-９,.万]*元?[_＿]")),
    (re.compile(r"[□☐]\s*$"), re.compile(r"^\s*[√✓✔]")),
)

# Underscores inside parentheses are the line to write on.
LINED = re.compile(r"\(_*([^()_]*)_*\)")

POINTS = "，；。、,;.:：！!"


@dataclass(frozen=True, eq=False)
class TypedLine:
    """A line, and its letters, folded, one for one with those of `glyphs`; `struck` are the places behind which words were
    struck through."""

    glyphs: GlyphLine
    letters: str
    struck: frozenset[int] = frozenset()


@dataclass(frozen=True)
class GapPattern:
    """How a gap looks that a unit has left where the form has parentheses: the words beside it, and what stands in it.

    `lined` slots have no parentheses in the form itself.
    """

    pattern: re.Pattern[str]
    lined: bool = False


def form_to_gaps(form: Form) -> tuple[GapPattern, ...]:
    """For each slot how it looks with a line beneath it, or a bare number, between its own words."""
    patterns = []
    for item in form.items:
        before = ""
        for slot, behind in zip(item.slots, (*item.slots[1:], None), strict=True):
            if slot.mark in {Mark.BOX, Mark.CELL}:
                before = slot.after
                continue
            left = _folded(before + slot.before).rstrip("".join(map(fold, POINTS)))[-BEFORE:]
            right = _folded(slot.after + (behind.before if behind else ""))[:BEHIND]
            inside = INSIDE.get(slot.kind, WORDS_INSIDE)
            points = "[,;.:]*" if not slot.before else ""
            patterns.append(
                GapPattern(
                    re.compile(f"({re.escape(left)}{points})({inside})(?={re.escape(right)})"), slot.mark is Mark.LINE
                )
            )
            before = slot.after
    return tuple(patterns)


def mend_gaps(rows: Sequence[TypedRow], gaps: Sequence[GapPattern]) -> tuple[TypedRow, ...]:
    """The rows with lines to write on, and boxes, put together that a cell's end has cut in two: in the lower one.

    Of a form without lines, underscores may be anything.
    """
    cuts = CUTS if any(gap.lined for gap in gaps) else CUTS[1:]
    mended = [list(row) for row in rows]
    for upper, lower in pairwise(mended):
        if len(lower) < 2 or lower[0]:
            # Where a heading stands another row begins.
            continue
        for place, (cell, below) in enumerate(zip(upper, lower, strict=False)):
            ends = [end.search(cell[-1]) for end, start in cuts if cell and below and start.match(below[0])]
            if ends and ends[0]:
                upper[place] = (*cell[:-1], cell[-1][: ends[0].start()])
                lower[place] = (ends[0][0] + below[0], *below[1:])
    return tuple(map(tuple, mended))


def text_to_line(text: str, alphabet: Alphabet, gaps: Sequence[GapPattern] = (), *, spaced: bool = True) -> TypedLine | None:
    """A line of typed text; None where nothing is on it. A gap between a slot's own words gets the slot's parentheses.

    Spaces are paper, as on a page; where they are kept (`spaced`), a name is spelled with them.
    """
    text = _with_parentheses(unicodedata.normalize("NFKC", text), gaps)
    letters: list[str] = []
    behind: list[str] = []
    struck: set[int] = set()
    for char in text:
        if char == STRUCK:
            struck.add(len(letters))
        elif not char.isspace():
            letters.append(char)
            behind.append("")
        elif letters and spaced:
            behind[-1] = " "
    if not letters:
        return None
    lefts = np.arange(len(letters), dtype=np.float32)[:, None] * CHAR
    edges = np.hstack([lefts, lefts + CHAR])
    chars = [
        PageChar(char, (left, 0.0, right, float(LINE_HEIGHT))) for char, (left, right) in zip(letters, edges, strict=True)
    ]
    size = (CHAR * len(letters), LINE_HEIGHT)
    # One white pixel, however long the line is.
    paper = np.broadcast_to(WHITE, (size[1], size[0], 3))
    glyphs = chars_to_glyphs(Line(0, size, paper, NOWHERE, seals=()), chars, edges, alphabet)
    spelling = tuple(part for pair in zip(letters, behind, strict=True) for part in pair)
    return TypedLine(replace(glyphs, spelling=spelling), _folded("".join(letters)), frozenset(struck))


def span_of(placement: Placement, lines: Sequence[TypedLine]) -> tuple[int, int] | None:
    """Where a slot stands among all letters of its lines, from parenthesis to parenthesis, half-open."""
    starts = dict(zip((id(line.glyphs.line) for line in lines), _starts(lines), strict=True))
    found = [
        (starts[id(line)] + int(left // CHAR), starts[id(line)] + int(-(-right // CHAR)))
        for line, (left, right) in placement.stretches
        if id(line) in starts
    ]
    return (min(start for start, _ in found), max(stop for _, stop in found)) if found else None


def struck_places(lines: Sequence[TypedLine]) -> set[int]:
    """Where among all letters words were struck through: behind so many letters."""
    return {start + place for line, start in zip(lines, _starts(lines), strict=True) for place in line.struck}


def _starts(lines: Sequence[TypedLine]) -> list[int]:
    lengths = [len(line.letters) for line in lines]
    return [sum(lengths[:place]) for place in range(len(lengths))]


def _with_parentheses(text: str, gaps: Sequence[GapPattern]) -> str:
    """Parentheses around what stands between a slot's own words and is a gap, or a bare number."""
    if not gaps:
        return text
    plain = "".join(char for char in text if not char.isspace())
    folded = _folded(plain)
    places: list[tuple[int, int]] = []
    for gap in gaps:
        places += [match.span(2) for match in gap.pattern.finditer(folded)]
    lined = any(gap.lined for gap in gaps)
    if not places:
        return LINED.sub(r"(\1)", _without_lines(text) if lined else text)
    for start, stop in sorted(set(places), reverse=True):
        plain = f"{plain[:start]}({plain[start:stop].strip('_')}){plain[stop:]}"
    return LINED.sub(r"(\1)", _without_lines(plain) if lined else plain)


def _without_lines(text: str) -> str:
    """Parentheses around the numbers on lines, and for lines on which nothing stands."""
    return LINED_BLANK.sub("()", LINED_NUMBER.sub(r"(\1)", text))


def _folded(text: str) -> str:
    """Text as an alphabet has it, character for character."""
    return "".join(
        one if len(one := fold(char)) == 1 else char for char in unicodedata.normalize("NFKC", text) if char.strip()
    )
