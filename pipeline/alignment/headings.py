"""A ruled table's words to what its cells are for: columns by the form's column headings, rows by its items' headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from extractors.glyphs import fold_words
from schemas.flow import Cell
from schemas.form import Form, FormItem, Mark

# A heading is a form's when it is this much like it, 0 to 100; what is less like it must be told by its place.
LIKE = 62.0

# A form's heading of two levels, 培训·期数, stands on paper in two cells, one above the other.
LEVEL = "·"

# Rows that column headings may take.
MOST_LEVELS = 3

# What may stand before a heading or instead of it: the row's number.
NUMBERED = re.compile(r"^[0-9一二三四五六七八九十(]{1,3}[.、,)]?(?=.)")

# Sentences are twins when they are this much alike, 0 to 100.
TWINS = 80

# Characters of headings that must be recognised for a table to be the form's.
LEAST_SEEN = 6


@dataclass(frozen=True)
class Columns:
    """Which column of the form each column of a grid is, by place ("" for none), how well its heading was seen, 0 to 1, and
    the first row below the headings."""

    names: tuple[str, ...]
    seen: tuple[float, ...]
    first_row: int

    @property
    def characters(self) -> float:
        """How many characters of headings were seen."""
        return sum(len(name) * seen for name, seen in zip(self.names, self.seen, strict=True))


def find_columns(form: Form, cells: Sequence[Cell], texts: Mapping[int, str], known: Sequence[str]) -> Columns | None:
    """The columns of a table whose cells hold these words, by each cell's place; None where they are not the form's.

    `known` are the columns of the table before, which this one goes on with where it has no headings of its own.
    """
    count = max((cell.column + cell.column_span for cell in cells), default=0)
    rows = sorted({cell.row for cell in cells})
    found = [
        _match_columns(form, _stacked(cells, texts, count, below), below)
        for below in rows[1 : MOST_LEVELS + 1]
    ]  # fmt: skip
    best = max(found, key=lambda columns: columns.characters, default=None)
    wanted = {slot.column for slot in form.slots if slot.mark is Mark.CELL}
    if best is not None and 2 * len(wanted.intersection(best.names)) >= len(wanted):
        return best
    if len(known) == count:
        return Columns(tuple(known), (1.0,) * count, 0)
    return None


def find_rows(items: Sequence[FormItem], headings: Sequence[Sequence[str]]) -> dict[int, tuple[int, float]]:
    """Which row each item is, and how well its heading was seen, 0 to 1, by the item's place; `headings` are the words that
    stand in the cells before each row's slots.

    Likest pairs are found first. What lies between two of them, as many rows as items, goes by its place.
    """
    likes = {
        (item, row): _likeness(items[item].heading, words)
        for item in range(len(items))
        for row, words in enumerate(headings)
    }
    found: dict[int, tuple[int, float]] = {}
    for (item, row), like in sorted(likes.items(), key=lambda pair: -pair[1]):
        if like >= LIKE and item not in found and row not in {row for row, _ in found.values()}:
            found[item] = row, like / 100
    ends = [(-1, -1), *((item, row) for item, (row, _) in sorted(found.items())), (len(items), len(headings))]
    for (item, row), (next_item, next_row) in pairwise(ends):
        if next_item - item == next_row - row > 1:
            for step in range(1, next_item - item):
                found[item + step] = row + step, likes[item + step, row + step] / 100
    return found


@lru_cache(maxsize=16)
def twin_sentences(form: Form) -> Mapping[str, frozenset[str]]:
    """By item the others whose sentences are so like its own that they may be taken for each other; only items that have
    any."""
    said = [item for item in form.items if item.sentence]
    printed = {item.key: folded("".join(slot.before + slot.after for slot in item.slots)) for item in said}
    twins = {
        key: frozenset(other for other, words in printed.items() if other != key and fuzz.ratio(own, words) >= TWINS)
        for key, own in printed.items()
    }
    return {key: others for key, others in twins.items() if others}


def heading_likeness(form: Form, words: Sequence[str]) -> dict[str, float]:
    """How much the words before a sentence are like the headings of items that have twins, 0 to 1; those unlike left out."""
    likes = {item.key: _likeness(item.heading, words) for item in form.items if item.key in twin_sentences(form)}
    return {key: like / 100 for key, like in likes.items() if like >= LIKE}


def folded(text: str) -> str:
    """Words as they are compared: look-alikes made one, no spaces, no level sign."""
    return fold_words(text.replace(LEVEL, ""))


def _match_columns(form: Form, stacked: Sequence[str], below: int) -> Columns:
    """Grid columns against the form's, in order: the pairs that are most alike together."""
    wanted = [folded(column) for column in form.columns]
    likes = [[fuzz.ratio(words, column) if words else 0.0 for column in wanted] for words in stacked]
    # best[i][j]: the greatest likeness of the first i grid columns to the first j of the form.
    best = [[0.0] * (len(wanted) + 1) for _ in range(len(stacked) + 1)]
    for i, row in enumerate(likes, 1):
        for j, like in enumerate(row, 1):
            paired = best[i - 1][j - 1] + like if like >= LIKE else 0.0
            best[i][j] = max(best[i - 1][j], best[i][j - 1], paired)
    names, seen = [""] * len(stacked), [0.0] * len(stacked)
    i, j = len(stacked), len(wanted)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            names[i], seen[i] = form.columns[j], likes[i][j] / 100
    in_place = [name in {"", column} for name, column in zip(names, form.columns, strict=False)]
    if len(stacked) == len(wanted) and all(in_place) and 2 * sum(map(bool, names)) >= len(wanted):
        # As many columns as the form has, half of them in their places: the others are where they belong.
        seen = [likes[place][place] / 100 for place in range(len(wanted))]
        names = list(form.columns)
    return Columns(tuple(names), tuple(seen), below)


def _stacked(cells: Sequence[Cell], texts: Mapping[int, str], count: int, below: int) -> list[str]:
    """The words above each column in the rows ahead of one, from top to bottom."""
    return [
        folded(
            "".join(
                texts.get(place, "")
                for place, cell in enumerate(cells)
                if cell.row + cell.row_span <= below and cell.column <= column < cell.column + cell.column_span
            )
        )
        for column in range(count)
    ]


def _likeness(heading: str, words: Sequence[str]) -> float:
    """How much a row's heading is like an item's, 0 to 100: in one cell or over several, with its number or without."""
    wanted = {folded(heading), NUMBERED.sub("", folded(heading))}
    seen = {one for text in (*words, "".join(words)) for one in (folded(text), NUMBERED.sub("", folded(text)))} - {""}
    return max((fuzz.ratio(one, other) for one in wanted for other in seen), default=0.0)
