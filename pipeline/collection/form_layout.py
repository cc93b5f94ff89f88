"""A form's tables as they are printed: which words and slots stand in which column of each row.

Totals, review pages and the workbook all show the form in this order. A sentence has a column to itself, and so has a slot
that is a cell; before them stand a row's heading and, where there is a column for it, its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import NamedTuple

from schemas.form import EMPTY_PARENTHESES, Form, FormItem, Mark, Slot

# Columns that hold the row's number, and those that a sentence never stands in.
NUMBERED = frozenset({"序号", "编号", "No.", "NO."})
REMARKS = frozenset({"备注", "说明"})

# What parts the words of a column's heading from those of the heading above it, which spans several.
BETWEEN_PARTS = "·"

# Headings of rows without a number.
TOTALS = frozenset({"合计", "总计", "小计", "总 计", "合 计"})


@dataclass(frozen=True)
class Place:
    """What stands in a row over `span` columns: printed words, a sentence's slots, or slots that are cells; or nothing."""

    span: int
    words: str = ""
    sentence: tuple[Slot, ...] = ()
    cells: tuple[Slot, ...] = ()

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Whatever is to be filled in here."""
        return self.sentence or self.cells


class Words(NamedTuple):
    """The printed words around a value, and what encloses it."""

    before: str
    opening: str
    closing: str
    after: str


class Head(NamedTuple):
    """A column's heading, or a part of it, and how many columns and rows it spans."""

    words: str
    columns: int
    rows: int


@dataclass(frozen=True)
class LaidRow:
    """An item with its places from left to right; together they span all columns. `heading` is the place of its words."""

    item: FormItem
    places: tuple[Place, ...]
    heading: int | None


@dataclass(frozen=True)
class TableLayout:
    """A printed table: its columns' headings, and a row for each item."""

    columns: tuple[str, ...]
    rows: tuple[LaidRow, ...]

    @property
    def heads(self) -> tuple[tuple[Head, ...], ...]:
        """The rows of its head."""
        return head_rows(self.columns)

    @property
    def in_cells(self) -> bool:
        """Whether no row holds a sentence: numbers alone in a grid."""
        return all(row.item.in_cells for row in self.rows)


def lay_out(form: Form) -> tuple[TableLayout, ...]:
    """The tables of a form, mostly one: rows with cells in other columns than the form's own stand in a table of their own.

    Where columns have no room for headings or sentences there is one more at the left.
    """
    numbers = {item.key: number for number, item in enumerate(form.items, 1)}
    tables = []
    for is_own, group in groupby(form.items, key=lambda item: _columns(item) <= set(form.columns)):
        items = list(group)
        own = dict.fromkeys(slot.column for item in items for slot in item.slots if slot.mark is Mark.CELL)
        columns = list(form.columns if is_own else own)
        if any(_needs(item) > len(_free(item, columns)) for item in items):
            columns.insert(0, "")
        tables.append(TableLayout(tuple(columns), tuple(_row(item, numbers[item.key], columns) for item in items)))
    return tuple(tables)


def words_around(slot: Slot) -> Words:
    """What is printed around a slot where it stands: a box has nothing around it, nor has a cell."""
    if slot.mark is Mark.CELL:
        return Words("", "", "", "")
    opening, closing = ("", "") if slot.mark is Mark.BOX else (slot.mark.value[0], slot.mark.value[1])
    return Words(slot.before, opening, closing, slot.after)


def words_alone(slot: Slot) -> Words:
    """The same of a slot shown by itself: of a cell its row and column."""
    return Words(slot.label, "：", "", "") if slot.mark is Mark.CELL else words_around(slot)


def words_of_total(slot: Slot) -> Words:
    """The same around a total: a number of ticks stands behind the box and the words that name it."""
    if slot.mark is not Mark.BOX:
        return words_around(slot)
    words = slot.after.rstrip("，；。、 ")
    opening, closing = EMPTY_PARENTHESES[0], EMPTY_PARENTHESES[1]
    return Words(f"{slot.before}{slot.mark.value}{words}", opening, closing, slot.after[len(words) :])


def head_rows(columns: Sequence[str]) -> tuple[tuple[Head, ...], ...]:
    """The rows of a table's head: two where columns have parts (培训·期数)."""
    if not any(BETWEEN_PARTS in column for column in columns):
        return (tuple(Head(column, 1, 1) for column in columns),)
    above: list[Head] = []
    below: list[Head] = []
    for whole, group in groupby(columns, key=lambda column: column.partition(BETWEEN_PARTS)[0]):
        own = list(group)
        if all(BETWEEN_PARTS in column for column in own):
            above.append(Head(whole, len(own), 1))
            below += [Head(column.partition(BETWEEN_PARTS)[2], 1, 1) for column in own]
        else:
            above += [Head(column, 1, 2) for column in own]
    return (tuple(above), tuple(below))


def is_listed(item: FormItem) -> bool:
    """Whether units fill in as many rows of it as they need, a list, which is too long to stand in one row of a table."""
    return item.repeats and item.in_cells


def _columns(item: FormItem) -> set[str]:
    return {slot.column for slot in item.slots if slot.mark is Mark.CELL}


def _needs(item: FormItem) -> int:
    """Columns that an item needs besides those of its cells."""
    return int(bool(item.heading) and not is_listed(item)) + int(not item.in_cells)


def _free(item: FormItem, columns: Sequence[str]) -> list[int]:
    """Columns in which none of an item's cells stands."""
    taken = _columns(item)
    return [place for place, column in enumerate(columns) if column not in taken]


def _row(item: FormItem, number: int, columns: Sequence[str]) -> LaidRow:
    free = _free(item, columns)
    sentence = tuple(slot for slot in item.slots if slot.mark is not Mark.CELL)
    said = next((place for place in reversed(free) if columns[place] not in REMARKS), free[-1]) if sentence else None
    # The free columns at the very left, before any slot.
    leading = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] != said, enumerate(free)))
    is_total = item.heading in TOTALS or any(slot.sums for slot in item.slots)
    numbered = leading > 1 and columns[0] in NUMBERED and not is_total and not is_listed(item)
    start = int(numbered) if leading else next((place for place in free if place != said), None)
    places: list[Place] = []
    heading = None
    at = 0
    while at < len(columns):
        place = Place(1)
        if at == said:
            place = Place(1, sentence=sentence)
        elif at == start:
            heading = len(places)
            place = Place(max(leading - at, 1), "" if is_listed(item) else item.heading)
        elif numbered and at == 0:
            place = Place(1, str(number))
        elif at not in free:
            place = Place(
                1, cells=tuple(slot for slot in item.slots if slot.mark is Mark.CELL and slot.column == columns[at])
            )
        places.append(place)
        at += place.span
    return LaidRow(item, tuple(places), heading)
