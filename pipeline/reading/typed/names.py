"""The items in a typed block: cells, rows or all of its text are laid against the sentences, whichever explains the most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractors.glyphs import Alphabet, fold_words
from pipeline.alignment.align import LEAST_CUT_GAIN, LEAST_GAIN, Expected, name_items
from pipeline.alignment.headings import heading_likeness, twin_sentences
from pipeline.judging.counts import read_number
from pipeline.reading.typed.columns import LEVEL
from pipeline.reading.typed.lines import GapPattern, TypedLine, text_to_line
from schemas.flow import NamedCell, Placement, State
from schemas.form import Form
from schemas.typed import TypedRow

# A whole table is searched as one text where its cells do not explain it, if it is no longer than this, in characters: the
# search takes as long as text and sentences are long, and a table of one return has 1,500.
LONGEST_TABLE = 20_000

# A cell that holds nothing but a number.
LONE_NUMBER = re.compile(r"[0-9][0-9,]*")

# A parenthesis of certain text is there or not.
SEEN = 0.5


@dataclass(frozen=True, eq=False)
class Row:
    """A row of a block: its cells, the lines of each, and all of its text on one line. Column headings have no lines."""

    cells: TypedRow
    lines: tuple[tuple[TypedLine, ...], ...]
    joined: TypedLine | None


@dataclass(frozen=True, eq=False)
class Named:
    """An item found in some lines; its slots stand in the rows from `first` to `last` of its block."""

    first: int
    last: int
    cell: NamedCell
    lines: tuple[TypedLine, ...]


def read_row(form: Form, row: TypedRow, alphabet: Alphabet, gaps: Sequence[GapPattern]) -> Row:
    """A row's text as lines. A sentence may be parted over cells: a number in one of its own is a slot's all the same."""
    columns = {fold_words(column) for name in form.columns for column in (name, *name.split(LEVEL))}
    if {fold_words("".join(cell)) for cell in row} - {""} <= columns:
        return Row(row, (), None)
    read = ([text_to_line(text, alphabet, gaps) for text in cell] for cell in row)
    lines = tuple(tuple(line for line in lines if line is not None) for lines in read)
    return Row(row, lines, text_to_line(" ".join(text for cell in row for text in cell), alphabet, gaps))


def name_rows(form: Form, rows: Sequence[Row], alphabet: Alphabet, goes_on: str | None, *, ruled: bool) -> list[Named]:
    """The items in a block's rows, from top to bottom: by cell, else by row, else in the text as a whole.

    A unit may part a sentence over several cells, or a table over several rows; the sentence tells, not the grid. `goes_on`
    is the item that the table before broke off; `ruled` blocks may cut one in two at their ends.
    """
    best: list[Named] = []
    for pieces in (_cells(rows), _rows(rows), _all(rows)):
        found = list(_name_pieces(form, pieces, rows, alphabet, goes_on, ruled=ruled))
        if _whole_slots(found) > _whole_slots(best):
            best = found
        if _whole_slots(best) >= len(form.slots) and _whole_slots(best) == sum(len(one.cell.placements) for one in best):
            break
    return sorted(best, key=lambda one: one.first)


def is_whole(named: Named) -> bool:
    """Whether every slot of an item was found with both its ends."""
    return all(map(_has_both_ends, named.cell.placements))


def has_lone_numbers(rows: Sequence[Row], named: Sequence[Named]) -> bool:
    """Whether rows with slots have numbers in cells of their own that no slot holds; a column of row numbers has none."""
    if not named:
        return False
    rows = rows[min(one.first for one in named) : max(one.last for one in named) + 1]
    serial = [text for row in rows if row.lines and (text := _lone_number(row.lines[0]))]
    counted = serial == [str(number) for number in range(1, len(serial) + 1)]
    held = {id(line.glyphs.line) for one in named for line in one.lines}
    for row in rows:
        lone = Counter(filter(None, map(_lone_number, row.lines[1:] if counted else row.lines)))
        if row.joined is not None and id(row.joined.glyphs.line) in held:
            lone -= Counter(_written_on(row.joined, named))
        if any(read_number(text).state is State.VALUE for text in lone):
            return True
    return False


_Piece = tuple[int, tuple[TypedLine, ...]]
"""Lines to be explained together, and the row in which they begin."""


def _cells(rows: Sequence[Row]) -> Iterator[_Piece]:
    yield from ((place, lines) for place, row in enumerate(rows) for lines in row.lines if lines)


def _rows(rows: Sequence[Row]) -> Iterator[_Piece]:
    yield from ((place, (row.joined,)) for place, row in enumerate(rows) if row.joined)


def _all(rows: Sequence[Row]) -> Iterator[_Piece]:
    lines = tuple(row.joined for row in rows if row.joined)
    if 0 < sum(len(line.letters) for line in lines) <= LONGEST_TABLE:
        yield 0, lines


def _name_pieces(
    form: Form, pieces: Iterator[_Piece], rows: Sequence[Row], alphabet: Alphabet, goes_on: str | None, *, ruled: bool
) -> Iterator[Named]:
    places = {
        id(line.glyphs.line): place
        for place, row in enumerate(rows)
        for line in (*(line for lines in row.lines for line in lines), *([row.joined] if row.joined else []))
    }
    for row, lines in pieces:
        at_edge = ruled and row in {0, 1, len(rows) - 1}
        beside = ["".join(cell) for cell in rows[row].cells] if twin_sentences(form) else []
        least = LEAST_CUT_GAIN if at_edge else LEAST_GAIN
        expected = Expected(least, goes_on if row <= 1 else None, heading_likeness(form, beside))
        for cell in name_items(form, [line.glyphs for line in lines], alphabet, expected=expected):
            on = [places[id(line)] for placement in cell.placements for line, _ in placement.stretches]
            yield Named(min(on, default=row), max(on, default=row), cell, lines)


def _whole_slots(named: Sequence[Named]) -> int:
    """How many slots were found with both their ends."""
    return sum(_has_both_ends(placement) for one in named for placement in one.cell.placements)


def _has_both_ends(placement: Placement) -> bool:
    return placement.underlined or min(placement.parentheses) >= SEEN


def _lone_number(lines: Sequence[TypedLine]) -> str:
    return lines[0].letters if len(lines) == 1 and LONE_NUMBER.fullmatch(lines[0].letters) else ""


def _written_on(line: TypedLine, named: Sequence[Named]) -> Iterator[str]:
    """What stands in the slots that begin or end on a line."""
    for one in named:
        for placement in one.cell.placements:
            if any(part is line.glyphs.line for part, _ in placement.stretches):
                yield fold_words("".join(placement.spelling))
