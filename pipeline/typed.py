"""Typed text to tables with the slots found in them: by the same alignment as pages, from characters that are certain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractors.glyphs import Alphabet, fold
from pipeline.align import LEAST_CUT_GAIN, LEAST_GAIN, Expected, name_items
from pipeline.counts import read_number
from pipeline.group import join_halves
from pipeline.page import broken_off
from pipeline.typed_doubts import cell_to_evidence
from pipeline.typed_header import add_fields, has_unit, place_typed_header
from pipeline.typed_lines import GapPattern, TypedLine, form_to_gaps, text_to_line
from schemas.flow import Evidence, NamedCell, Placement, State, TableFind
from schemas.form import Form
from schemas.typed import TypedBlock, TypedFile, TypedRow

# A whole table is searched as one text where its cells do not explain it, if it is no longer than this, in characters: the
# search takes as long as text and sentences are long, and a table of one return has 1,500.
LONGEST_TABLE = 20_000

# A cell that holds nothing but a number.
LONE_NUMBER = re.compile(r"[0-9][0-9,]*")


@dataclass(frozen=True, eq=False)
class _Row:
    """A row of a block: its cells, the lines of each that hold anything, and all of its text on one line."""

    cells: TypedRow
    lines: tuple[tuple[TypedLine, ...], ...]
    joined: TypedLine | None


@dataclass(frozen=True, eq=False)
class _Named:
    """An item found in some lines, which begin in this row."""

    row: int
    cell: NamedCell
    lines: tuple[TypedLine, ...]


@dataclass(frozen=True, eq=False)
class _Find:
    """One return's items in one block, from row to row, counted over the whole file."""

    first: int
    last: int
    items: tuple[tuple[str, tuple[Evidence, ...]], ...]


def find_typed_tables(file: TypedFile, form: Form, alphabet: Alphabet) -> list[TableFind]:
    """The tables of a file with the slots found in them; a table that no sentence names has no items.

    Tables stand in the file's order. Of a table that holds several returns one below the other each is a table here.
    """
    gaps = form_to_gaps(form)
    rows: list[_Row] = []
    finds: list[_Find] = []
    others = 0
    for block in file.blocks:
        own = [_read_row(row, alphabet, gaps) for row in block.rows]
        found = _find_in_block(form, block, own, len(rows), alphabet, finds, overlaid=file.overlaid)
        others += block.ruled and not found
        finds += found
        rows += own
    headers = _headers(form, finds, [row.cells for row in rows], alphabet)
    nothing = TableFind(0, (), (), ())
    return [
        *(TableFind(0, (), header, find.items) for header, find in zip(headers, finds, strict=True)),
        *([nothing] * others),
    ]


def _read_row(row: TypedRow, alphabet: Alphabet, gaps: Sequence[GapPattern]) -> _Row:
    read = ([text_to_line(text, alphabet, gaps) for text in cell] for cell in row)
    lines = tuple(tuple(line for line in lines if line is not None) for lines in read)
    # A sentence may be parted over cells: a number in one of its own is a slot's, between the parentheses beside it.
    joined = text_to_line(" ".join(text for cell in row for text in cell), alphabet, gaps)
    return _Row(row, lines, joined)


def _find_in_block(
    form: Form,
    block: TypedBlock,
    rows: Sequence[_Row],
    first: int,
    alphabet: Alphabet,
    before: Sequence[_Find],
    *,
    overlaid: bool,
) -> list[_Find]:
    """The returns, or parts of such, that a block holds; its rows are counted on from `first`."""
    goes_on = broken_off([TableFind(0, (), (), find.items) for find in before[-1:]])
    named = _name_block(form, block, rows, alphabet, goes_on)
    beside = _lone_numbers(rows, named)
    finds: list[_Find] = []
    items: dict[str, tuple[Evidence, ...]] = {}
    start = last = 0
    several = {item.key for item in form.items if item.repeats}
    further = ""
    for one in sorted(named, key=lambda one: one.row):
        evidence = cell_to_evidence(form, one.cell, one.lines, overlaid=overlaid, beside=beside)
        key = one.cell.item
        halves = join_halves(items[key], evidence) if key in items else None
        # A further activity in a row of its own goes on with the return before it, and what follows does not go on with that.
        if (key in items and halves is None) or (further and set(items) == {further} != {key}):
            further = key if key in items and key in several else ""
            finds.append(_Find(first + start, first + last, tuple(items.items())))
            items = {}
        if not items:
            start = one.row
        items[key] = halves or evidence
        last = one.row
    return [*finds, _Find(first + start, first + last, tuple(items.items()))] if items else finds


def _name_block(
    form: Form, block: TypedBlock, rows: Sequence[_Row], alphabet: Alphabet, goes_on: str | None
) -> list[_Named]:
    """The items in a block: by cell, else by row, else in the block's text as a whole, whichever finds the most slots.

    A unit may part a sentence over several cells, or a table over several rows; the sentence tells, not the grid.
    """
    best: list[_Named] = []
    for pieces in (_cells(rows), _rows(rows), _all(rows)):
        found = list(_name_pieces(form, pieces, block, len(rows), alphabet, goes_on))
        if _slots_in(found) > _slots_in(best):
            best = found
        if _slots_in(best) >= len(form.slots) and _slots_in(best) == sum(len(one.cell.placements) for one in best):
            break
    return best


_Piece = tuple[int, tuple[TypedLine, ...]]
"""Lines to be explained together, and the row in which they begin."""


def _cells(rows: Sequence[_Row]) -> Iterator[_Piece]:
    yield from ((place, lines) for place, row in enumerate(rows) for lines in row.lines if lines)


def _rows(rows: Sequence[_Row]) -> Iterator[_Piece]:
    yield from ((place, (row.joined,)) for place, row in enumerate(rows) if row.joined)


def _all(rows: Sequence[_Row]) -> Iterator[_Piece]:
    lines = tuple(row.joined for row in rows if row.joined)
    if 0 < sum(len(line.letters) for line in lines) <= LONGEST_TABLE:
        yield 0, lines


def _name_pieces(
    form: Form, pieces: Iterator[_Piece], block: TypedBlock, count: int, alphabet: Alphabet, goes_on: str | None
) -> Iterator[_Named]:
    for row, lines in pieces:
        at_edge = block.ruled and row in {0, 1, count - 1}
        expected = Expected(LEAST_CUT_GAIN if at_edge else LEAST_GAIN, goes_on if row <= 1 else None)
        for cell in name_items(form, [line.glyphs for line in lines], alphabet, expected=expected):
            yield _Named(row, cell, lines)


def _slots_in(named: Sequence[_Named]) -> int:
    """How many slots were found with both their ends."""
    placements = [placement for one in named for placement in one.cell.placements]
    return sum(placement.line is not None and placement.whole for placement in placements)


def _lone_numbers(rows: Sequence[_Row], named: Sequence[_Named]) -> bool:
    """Whether a table has numbers in cells of their own that no slot of the row holds; a column of row numbers has none."""
    serial = [text for row in rows if row.lines and (text := _lone_number(row.lines[0]))]
    counted = serial == [str(number) for number in range(1, len(serial) + 1)]
    held = {id(line.glyphs.line) for one in named for line in one.lines}
    for row in _with_slots(rows, named):
        lone = Counter(filter(None, map(_lone_number, row.lines[1:] if counted else row.lines)))
        if row.joined is not None and id(row.joined.glyphs.line) in held:
            lone -= Counter(_written_on(row.joined, named))
        if any(read_number(text).state is State.VALUE for text in lone):
            return True
    return False


def _with_slots(rows: Sequence[_Row], named: Sequence[_Named]) -> Sequence[_Row]:
    """The rows from the first with a slot to the last: those above may hold a telephone number."""
    on = {id(line) for one in named for placement in one.cell.placements for line, _ in placement.stretches}
    places = [
        place
        for place, row in enumerate(rows)
        if any(id(line.glyphs.line) in on for lines in row.lines for line in lines)
        or (row.joined is not None and id(row.joined.glyphs.line) in on)
    ]
    return rows[min(places) : max(places) + 1] if places else ()


def _lone_number(lines: Sequence[TypedLine]) -> str:
    return lines[0].letters if len(lines) == 1 and LONE_NUMBER.fullmatch(lines[0].letters) else ""


def _written_on(line: TypedLine, named: Sequence[_Named]) -> Iterator[str]:
    """What stands in the slots that begin or end on a line."""
    for one in named:
        for placement in one.cell.placements:
            if any(part is line.glyphs.line for part, _ in placement.stretches):
                yield "".join(fold(char) for char in placement.spelling if char.strip())


def _headers(
    form: Form, finds: Sequence[_Find], rows: Sequence[TypedRow], alphabet: Alphabet
) -> list[tuple[Placement, ...]]:
    """The fields of each table: above it; where a file has them below its tables, below it.

    Fields that are missing above the last table, or above the next one's title, may stand below it: who filled it in, when.
    """
    starts = [find.first for find in finds]
    ends = [find.last + 1 for find in finds]
    above = [
        place_typed_header(form, rows[end:start], alphabet) for end, start in zip([0, *ends[:-1]], starts, strict=True)
    ] if finds else []  # fmt: skip
    below = [
        place_typed_header(form, rows[end:start], alphabet)
        for end, start in zip(ends, [*starts[1:], len(rows)], strict=True)
    ]
    if finds and not has_unit(above[0]) and any(map(has_unit, below)):
        return below
    headers = []
    for place, header in enumerate(above):
        last = place == len(above) - 1
        spare = below[place] if last or not has_unit(below[place]) else ()
        headers.append(add_fields(header, spare) if header else header if not last else tuple(spare))
    return headers
