"""Tables whose values stand in cells of their own: each is named by its row's heading and its column's.

What stands in a cell becomes a Placement as what stands between parentheses does, so that everything behind works alike:
the rules around it are its parentheses, the headings its printed words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from extractors.cellcut import CellLine, cell_to_lines, usual_height
from extractors.cells import join_cells
from extractors.glyphs import FLOOR, Alphabet, chars_to_glyphs
from extractors.lines import chars_to_lines, region_to_lines, region_to_source
from extractors.regrid import without_false_columns
from pipeline.alignment.headings import LEAST_SEEN, MOST_LEVELS, Columns, find_columns, find_rows, folded
from pipeline.reading.readers import Readers
from schemas.flow import LINE_HEIGHT, Cell, GlyphLine, Line, NamedCell, Placement, Upright
from schemas.form import Form, FormItem, Mark, Slot, SlotKind

# Beyond a number and its room the recogniser sees so much of a cell, in line pixels. Words need no more than their room: in
# much paper before them it sees boxes.
REACH = 0.5 * LINE_HEIGHT

# How a row is named that sums up others.
SUMS = ("合计", "总计", "小计", "共计")


@dataclass(frozen=True, eq=False)
class GridFind:
    """What a table's headings tell: its items with their slots, the cells that these are, and the form's columns."""

    items: tuple[NamedCell, ...] = ()
    used: tuple[Cell, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Place:
    """A slot of a form and its cell, in several where a false rule parts it and none where there is none, and how well its
    row's and its column's heading were seen."""

    path: str
    slot: Slot
    cells: tuple[Cell, ...]
    anchors: tuple[float, float]


def find_grid(upright: Upright, cells: Sequence[Cell], form: Form, readers: Readers, known: Sequence[str]) -> GridFind:
    """The items of a form whose slots are cells, in a table with these cells; nothing where headings are not the form's.

    `known` are the columns of the table before, for one that goes on without headings.
    """
    if len(cells) < 2 or not any(slot.mark is Mark.CELL for slot in form.slots):
        return GridFind()
    given, cells = cells, without_false_columns(cells)
    texts = _read_headings(upright, cells, form, readers)
    columns = find_columns(form, cells, texts, known)
    if columns is None:
        return GridFind()
    rows = _rows(cells, columns)
    fixed = [item for item in form.items if not (item.repeats and item.in_cells)]
    headings = [_heading_words(form, row, columns, cells, texts) for row in rows]
    found = find_rows(fixed, headings)
    seen = columns.characters + sum(len(fixed[item].heading) * like for item, (_, like) in found.items())
    if seen < LEAST_SEEN:
        return GridFind()
    places = {item.key: [_fixed_places(item, rows[row], columns, like)] for item, (row, like) in _by_item(fixed, found)}
    taken = {row for row, _ in found.values()}
    free = [row for place, row in enumerate(rows) if place not in taken]
    usual = usual_height(upright, [cell for place, cell in enumerate(cells) if texts.get(place)])
    for item in form.items:
        if item.repeats and item.in_cells:
            places[item.key] = [_fixed_places(item, row, columns, 1.0) for row in free]
    read = {
        key: _read_rows(upright, places[key], usual, readers)
        for key in (item.key for item in form.items) if any(places.get(key, ()))
    }  # fmt: skip
    items = tuple(
        NamedCell(key, seen, placed) for key, rows_read in read.items() if (placed := tuple(_in_turn(key, rows_read)))
    )
    originals = dict(zip(map(id, cells), given, strict=True))
    used = tuple(originals[id(cell)] for key in read for row in places[key] for place in row for cell in place.cells)
    return GridFind(items, used, columns.names)


def _read_headings(upright: Upright, cells: Sequence[Cell], form: Form, readers: Readers) -> dict[int, str]:
    """The words of cells that may be headings, by place: in the first rows, and before the first column of values."""
    own = _value_columns(form)
    first = next((place for place, column in enumerate(form.columns) if column in own), 1)
    top = sorted({cell.row for cell in cells})[:MOST_LEVELS]
    places = [place for place, cell in enumerate(cells) if cell.row in top or cell.column < max(first, 1)]
    return dict(zip(places, read_words(upright, [cells[place] for place in places], readers), strict=True))


def _value_columns(form: Form) -> set[str]:
    """The columns of cells that hold no words: where a unit's name stands, a total's heading may."""
    return {slot.column for slot in form.slots if slot.mark is Mark.CELL and slot.kind is not SlotKind.TEXT}


def read_words(upright: Upright, cells: Sequence[Cell], readers: Readers) -> list[str]:
    """The words in cells, as the recogniser spells them or the text layer has them."""
    if upright.page.chars:
        found = [chars_to_lines(upright.page, region_to_source(upright, cell)) for cell in cells]
        return ["".join(char.text for _, row, _ in rows for char in row) for rows in found]
    lines = [region_to_lines(upright, cell, bounded=cell.bounded) for cell in cells]
    read = iter(readers.glyphs(list(chain.from_iterable(lines))))
    return ["".join(next(read).text for _ in own) for own in lines]


def _rows(cells: Sequence[Cell], columns: Columns) -> list[list[Cell]]:
    """The rows below the headings, from top to bottom, each with the cells that cover it."""
    rows = sorted({cell.row for cell in cells if cell.row >= columns.first_row})
    return [[cell for cell in cells if cell.row <= row < cell.row + cell.row_span] for row in rows]


def _heading_words(
    form: Form, row: Sequence[Cell], columns: Columns, cells: Sequence[Cell], texts: Mapping[int, str]
) -> list[str]:
    """The words that stand in a row before its first value, cell by cell."""
    own = _value_columns(form)
    first = next((place for place, name in enumerate(columns.names) if name in own), len(columns.names))
    place_of = {id(cell): place for place, cell in enumerate(cells)}
    ahead = [cell for cell in row if cell.column < max(first, 1)]
    return [texts.get(place_of[id(cell)], "") for cell in ahead]


def _by_item(fixed: Sequence[FormItem], found: Mapping[int, tuple[int, float]]) -> list[tuple[FormItem, tuple[int, float]]]:
    """The items with cells of their own that have a row."""
    return [
        (item, found[place])
        for place, item in enumerate(fixed)
        if place in found and any(slot.mark is Mark.CELL for slot in item.slots)
    ]


def _fixed_places(item: FormItem, row: Sequence[Cell], columns: Columns, like: float) -> list[_Place]:
    """The cells of an item that has a row of its own; a cell that covers other rows or columns of the form is nobody's."""
    found = []
    for slot in item.slots:
        if slot.mark is not Mark.CELL:
            continue
        place = columns.names.index(slot.column) if slot.column in columns.names else -1
        own = [cell for cell in row if cell.column <= place < cell.column + cell.column_span]
        names = {name for cell in own for name in columns.names[cell.column : cell.column + cell.column_span]}
        alone = bool(own) and names - {""} == {slot.column} and all(cell.row_span == 1 for cell in own)
        anchors = (like, columns.seen[place] if place >= 0 else 0.0)
        found.append(_Place(slot.path, slot, tuple(own) if alone else (), anchors))
    return found


def _in_turn(key: str, rows: Sequence[Sequence[Placement]]) -> Iterator[Placement]:
    """The rows that people fill in, as many as they need, numbered: those that hold anything, or the first one."""
    filled = [row for row in rows if any(_is_filled(placement) for placement in row)] or list(rows[:1])
    for turn, row in enumerate(filled, 1):
        # A row that sums up others is no unit, nor one without a name: a person must tell what it is.
        names = [folded("".join(placement.spelling)) for placement in row if placement.slot.kind is SlotKind.TEXT]
        odd = len(rows) > 1 and bool(names) and (not any(names) or any(name.startswith(SUMS) for name in names))
        for placement in row:
            path = placement.path if turn == 1 else placement.path.replace(key, f"{key}[{turn}]", 1)
            yield replace(placement, path=path, anchors=(0.0, 0.0) if odd else placement.anchors)


def _is_filled(placement: Placement) -> bool:
    return len(placement.spelling) > 1


def _read_rows(upright: Upright, rows: Sequence[Sequence[_Place]], usual: float, readers: Readers) -> list[list[Placement]]:
    """What the recogniser, or the text layer, sees in rows of cells."""
    placed = iter(_read_cells(upright, [place for row in rows for place in row], usual, readers))
    return [[next(placed) for _ in row] for row in rows]


def _read_cells(upright: Upright, places: Sequence[_Place], usual: float, readers: Readers) -> list[Placement]:
    lines = [cell_to_lines(upright, join_cells(place.cells), usual) if place.cells else [] for place in places]
    if upright.page.chars:
        return [_certain_placement(upright, place, own, readers.alphabet) for place, own in zip(places, lines, strict=True)]
    windows = [
        [(line.line, *_window(line, place.slot.kind)) for line in own if line.ink is not None]
        for place, own in zip(places, lines, strict=True)
    ]
    seen = iter(readers.glyphs([line.part(left, right) for own in windows for line, left, right in own]))
    return [
        _placement(place, own, [next(seen) for _ in parts], readers.alphabet)
        for place, own, parts in zip(places, lines, windows, strict=True)
    ]


def _window(line: CellLine, kind: SlotKind) -> tuple[int, int]:
    """What the recogniser is shown of a line: its ink, and paper on both sides."""
    assert line.ink is not None
    reach = 0.0 if kind is SlotKind.TEXT else REACH
    return max(int(line.ink[0] - reach), 0), min(int(line.ink[1] + reach), line.line.bgr.shape[1])


def _placement(place: _Place, lines: Sequence[CellLine], seen: Sequence[GlyphLine], alphabet: Alphabet) -> Placement:
    """A slot that is a cell: its lines from side to side, and where on them something stands."""
    if not lines:
        return _missing(place, alphabet)
    first = next((line for line in lines if line.ink is not None), lines[0])
    width = float(first.line.bgr.shape[1])
    inked = [(line.line, line.ink) for line in lines if line.ink is not None]
    # A number has one line; more of them is more than a number.
    several = len(inked) > 1 and place.slot.kind is not SlotKind.TEXT
    anchors = (0.0, 0.0) if several else place.anchors
    stretches = tuple(inked) or ((first.line, (0.0, width)),)
    return _cell_placement(place, first.line, seen, alphabet, stretches, anchors, certain=False)


def _certain_placement(upright: Upright, place: _Place, lines: Sequence[CellLine], alphabet: Alphabet) -> Placement:
    """The same of a text layer."""
    if not place.cells:
        return _missing(place, alphabet)
    chars = chars_to_lines(upright.page, region_to_source(upright, join_cells(place.cells)))
    seen = [chars_to_glyphs(line, own, edges, alphabet) for line, own, edges in chars]
    if not seen:
        line = lines[0].line
        stretch = (line, (0.0, float(line.bgr.shape[1])))
        return _cell_placement(place, line, [], alphabet, (stretch,), place.anchors, certain=True)
    stretches = tuple((glyphs.line, (0.0, float(glyphs.line.bgr.shape[1]))) for glyphs in seen)
    return _cell_placement(place, seen[0].line, seen, alphabet, stretches, place.anchors, certain=True)


def _cell_placement(
    place: _Place,
    line: Line,
    seen: Sequence[GlyphLine],
    alphabet: Alphabet,
    stretches: tuple[tuple[Line, tuple[float, float]], ...],
    anchors: tuple[float, float],
    *,
    certain: bool,
) -> Placement:
    gap = np.full((1, alphabet.size), np.log(FLOOR), np.float32)
    gap[0, 0] = 0.0
    spelling = tuple(char for part in seen for char in (*part.spelling, ""))
    return Placement(
        place.path,
        place.slot,
        line,
        np.concatenate([gap, *(piece for part in seen for piece in (part.log_probs, gap))]),
        ("", *spelling),
        np.concatenate([[np.float32(1.0)], *(np.append(part.sureness, np.float32(1.0)) for part in seen)]),
        (0.0, float(line.bgr.shape[1])),
        stretches[0][1],
        (0.0, 0.0),
        anchors,
        certain,
        stretches,
    )


def _missing(place: _Place, alphabet: Alphabet) -> Placement:
    """A slot whose cell was not found."""
    nothing = (0.0, 0.0)
    empty = np.zeros((0, alphabet.size), np.float32)
    return Placement(place.path, place.slot, None, empty, (), empty[:, 0], nothing, nothing, nothing, nothing, False)
