"""A typed table's columns and rows by their headings: which column of the form each is, which item stands in which row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz import fuzz

from extractors.glyphs import fold
from schemas.form import Form, FormItem, Mark
from schemas.typed import Span, TypedBlock

# Parts a heading in two storeys: 培训·期数 stands in two cells, one above the other.
LEVEL = "·"

# Rows that column headings may take.
MOST_LEVELS = 3

# Typed headings are the form's own or, where a unit has typed them anew, this much like them, 0 to 100: 参与人数 and
# 参赛人数 are 75 alike.
LIKE = 80.0

# A number before a heading, which units add and leave out.
NUMBERED = re.compile(r"^\(?[0-9一二三四五六七八九十]{1,3}[.,、)]+")

# Units and remarks, which units of their own accord leave out.
PARENTHESES = re.compile(r"[（(][^（()）]*[)）]")

POINTS = re.compile(r"""[,;:.()"'-]""")


@dataclass(frozen=True)
class Columns:
    """Where the form's columns stand in a table, and those whose headings are the form's own to the letter.

    `stop` is the row below the headings, `width` how many columns these take. Of a table without headings that goes on with
    another one's it is `sure` which column is which where it is as wide.
    """

    spans: Mapping[str, Span]
    exact: frozenset[str]
    stop: int
    width: int
    sure: bool = True


def find_columns(form: Form, block: TypedBlock, row: int) -> Columns | None:
    """The form's columns by the headings that begin in a row; None where there are none.

    Every column of cells is there, or more than half of them are to the letter.
    """
    wanted = {slot.column for slot in form.slots if slot.mark is Mark.CELL}
    stops = range(row + 1, min(row + MOST_LEVELS, len(block.rows)) + 1)
    best = max((_match(form, block, row, stop) for stop in stops), key=lambda found: (len(found.exact), len(found.spans)))
    return best if wanted <= best.spans.keys() or 2 * len(best.exact & wanted) > len(wanted) else None


def find_item(items: Sequence[FormItem], words: Sequence[str]) -> tuple[FormItem, bool] | None:
    """The item whose heading stands in a row's cells, one of them or all together, and whether it does to the letter."""
    said = {one for one in (*words, "".join(words)) if plain(one)}
    for item in items:
        if plain(item.heading) in map(plain, said):
            return item, True
    likes = {item.key: max((_likeness(item.heading, one) for one in said), default=0.0) for item in items}
    best = max(likes.values(), default=0.0)
    like = [item for item in items if likes[item.key] == best]
    return (like[0], False) if best >= LIKE and len(like) == 1 else None


def plain(text: str) -> str:
    """A heading as it is compared: look-alikes made one, without spaces, points and the number before it."""
    folded = "".join(fold(char) for char in text if char.strip() and char != LEVEL)
    return POINTS.sub("", NUMBERED.sub("", folded))


def _likeness(heading: str, words: str) -> float:
    """How much words are like a heading, 0 to 100; the same but for what stands in parentheses is the same."""
    first, second = plain(heading), plain(words)
    if (bare := plain(PARENTHESES.sub("", heading))) and bare == plain(PARENTHESES.sub("", words)):
        return 100.0
    return float(fuzz.ratio(first, second))


def _match(form: Form, block: TypedBlock, first: int, stop: int) -> Columns:
    """The columns whose headings stand in some rows, one above the other: first those to the letter."""
    every = list(_stacked(block, first, stop))
    stacked = list(every)
    found: dict[str, Span] = {}
    exact = set()
    for name in form.columns:
        place = next((place for place, (_, words) in enumerate(stacked) if plain(words) == plain(name)), None)
        if place is not None:
            found[name] = stacked.pop(place)[0]
            exact.add(name)
    for name in form.columns:
        likes = [_likeness(name, words) for _, words in stacked]
        if name not in found and max(likes, default=0.0) >= LIKE:
            found[name] = stacked.pop(likes.index(max(likes)))[0]
    return Columns(found, frozenset(exact), stop, max((right for (_, right), _ in every), default=0))


def _stacked(block: TypedBlock, first: int, stop: int) -> Iterator[tuple[Span, str]]:
    """The headings in some rows: where each stands, and its words from top to bottom."""
    cells = [
        (span, "".join(cell), (row, place))
        for row in range(first, stop)
        for place, (cell, span) in enumerate(zip(block.rows[row], block.spans_of(row), strict=True))
    ]
    above: list[tuple[int, tuple[tuple[int, int], ...], str]] = []
    for column in range(max((right for (_, right), _, _ in cells), default=0)):
        here = [(key, words) for (left, right), words, key in cells if left <= column < right]
        above.append((column, tuple(key for key, _ in here), "".join(words for _, words in here)))
    for (_, words), group in groupby(above, key=lambda one: one[1:]):
        columns = [column for column, _, _ in group]
        if plain(words):
            yield (columns[0], columns[-1] + 1), words
