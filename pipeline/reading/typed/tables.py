"""Typed text to tables with the slots found in them: by the same alignment as pages, from characters that are certain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractors.glyphs import Alphabet
from pipeline.reading.group import join_halves
from pipeline.reading.page import broken_off
from pipeline.reading.typed.columns import Columns
from pipeline.reading.typed.doubts import cell_to_evidence
from pipeline.reading.typed.grid import Found, find_grid, go_on
from pipeline.reading.typed.header import add_fields, has_unit, place_typed_header
from pipeline.reading.typed.lines import form_to_gaps, mend_gaps
from pipeline.reading.typed.names import Named, Row, has_lone_numbers, is_whole, name_rows, read_row
from schemas.flow import Evidence, Placement, TableFind
from schemas.form import Form
from schemas.typed import TypedFile, TypedRow

# Between the parts of a table that was cut in two stands no more than this, in characters: （续表）, or nothing.
LONGEST_BREAK = 12

Items = dict[str, tuple[Evidence, ...]]


@dataclass(frozen=True, eq=False)
class _Find:
    """One return's items in one block, from row to row, counted over the whole file."""

    first: int
    last: int
    items: Items


def find_typed_tables(file: TypedFile, form: Form, alphabet: Alphabet) -> list[TableFind]:
    """The tables of a file with the slots found in them; a table that no sentence names has no items.

    Tables stand in the file's order. Of a table that holds several returns one below the other each is a table here.
    """
    sentences = replace(form, items=tuple(item for item in form.items if not item.in_cells))
    gaps = form_to_gaps(form)
    columns: Columns | None = None
    rows: list[Row] = []
    finds: list[_Find] = []
    spare: list[Row] = []
    others = 0
    for block in file.blocks:
        grid, columns = find_grid(form, block, alphabet, columns, overlaid=file.overlaid)
        taken = {row for one in grid for row in range(one.first, one.last + 1)}
        own = [
            read_row(form, row, alphabet, gaps) if place not in taken else Row(row, (), None)
            for place, row in enumerate(mend_gaps(block.rows, gaps))
        ]
        if not block.ruled and sum(len(row.joined.letters) for row in own if row.joined) <= LONGEST_BREAK:
            rows += own
            continue
        here = [*(spare if block.ruled else []), *own]
        goes_on = broken_off([TableFind(0, (), (), tuple(find.items.items())) for find in finds[-1:]])
        named = name_rows(sentences, here, alphabet, None, ruled=block.ruled)
        if goes_on is not None:
            if any(one.cell.item == goes_on and is_whole(one) for one in named):
                # Its rows of the table before stand here as well: what was found of it there is found again.
                finds[-1:] = _without(finds[-1], goes_on)
            else:
                here = own
                named = name_rows(sentences, here, alphabet, goes_on, ruled=block.ruled)
        said = _said(form, here, named, overlaid=file.overlaid)
        before = len(here) - len(own)
        cells = [_moved(one, before) for one in grid]
        found = list(_part(form, sorted((*said, *cells), key=lambda one: one.first), len(rows) - before))
        others += block.ruled and not found
        spare = _spare(here, named) if named and block.ruled and not grid else []
        rows += own
        for find in found:
            joined = _go_on(form, finds[-1], find, rows) if finds else None
            finds[-1:] = [joined] if joined else [*finds[-1:], find]
    headers = _headers(form, finds, [row.cells for row in rows], alphabet)
    nothing = TableFind(0, (), (), ())
    tables = [TableFind(0, (), header, tuple(find.items.items())) for header, find in zip(headers, finds, strict=True)]
    return [*tables, *([nothing] * others)]


def _spare(rows: Sequence[Row], named: Sequence[Named]) -> list[Row]:
    """The rows at a table's end that may go on in the next one: those of an item that breaks off, and unexplained ones."""
    last = named[-1]
    start = last.last + 1 if is_whole(last) else last.first
    return list(rows[start:])


def _without(find: _Find, item: str) -> list[_Find]:
    """A find without an item, none where it has no other."""
    items = {key: evidence for key, evidence in find.items.items() if key != item}
    return [_Find(find.first, find.last, items)] if items else []


def _said(form: Form, rows: Sequence[Row], named: Sequence[Named], *, overlaid: bool) -> list[Found]:
    """The items whose sentences were found, with their evidence."""
    beside = has_lone_numbers(rows, named)
    return [
        Found(
            one.first, one.last, one.cell.item, cell_to_evidence(form, one.cell, one.lines, overlaid=overlaid, beside=beside)
        )
        for one in named
    ]


def _part(form: Form, found: Sequence[Found], first: int) -> Iterator[_Find]:
    """A block's items, parted into returns; its rows are counted on from `first`.

    A further activity in a row of its own goes on with the return before it, and what follows does not go on with that.
    """
    several = {item.key for item in form.items if item.repeats and not item.in_cells}
    items: Items = {}
    further = False
    start = last = 0
    for one in found:
        halves = join_halves(items[one.item], one.evidence) if one.item in items else None
        again = one.item in items and halves is None
        if again or (further and one.item not in items):
            yield _Find(first + start, first + last, items)
            items, further = {}, again and one.item in several
        start = start if items else one.first if one.top is None else one.top
        items[one.item] = halves or one.evidence
        last = max(one.last, last)
    if items:
        yield _Find(first + start, first + last, items)


def _moved(found: Found, rows: int) -> Found:
    """The same item so many rows further down."""
    top = None if found.top is None else found.top + rows
    return replace(found, first=found.first + rows, last=found.last + rows, top=top)


def _go_on(form: Form, before: _Find, find: _Find, rows: Sequence[Row]) -> _Find | None:
    """A table's find joined to the one before: rows of units that go on below a break. None where it is another return's."""
    between = sum(len(row.joined.letters) for row in rows[before.last + 1 : find.first] if row.joined)
    several = {item.key for item in form.items if item.repeats and item.in_cells}
    both = before.items.keys() & find.items.keys()
    ended = any(item.in_cells and item.key not in several for item in form.items if item.key in before.items)
    if between > LONGEST_BREAK or not both or not both <= several or ended:
        return None
    joined = {key: go_on(before.items[key], find.items[key]) for key in both}
    return _Find(before.first, find.last, {**before.items, **find.items, **joined})


def _headers(
    form: Form, finds: Sequence[_Find], rows: Sequence[TypedRow], alphabet: Alphabet
) -> list[tuple[Placement, ...]]:
    """The fields of each table: above it; where a file has them below its tables, below it.

    Fields that are missing above the last table, or above the next one's title, may stand below it: who filled it in, when.
    """
    if not finds:
        return []
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
