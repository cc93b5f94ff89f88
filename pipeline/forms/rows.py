"""The rows of a blank table to items: sentences with slots in them, cells of their own, rows to repeat, totals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.forms.blank import BlankCell, BlankTable
from pipeline.forms.doubts import Doubt, Why
from pipeline.forms.sentence import Draft, closed, has_marks, join_halves, read_sentence
from pipeline.forms.spelling import without_spaces
from pipeline.forms.units import UNITS, column_kind, heading_unit, plain_unit, unit_in
from schemas.form import Mark, PlainWords, SlotKind

# The two levels of a column's heading are joined by this.
LEVELS = "·"

# A row of headings within a table has no longer words than these, in characters.
LONGEST_HEADING = 16

# What rows that people fill in one after the other are called, for nothing is printed there.
ROWS = "明细"

_NUMBER = re.compile(r"[（(]?[0-9一二三四五六七八九十]+[）)]?[.、．]?|…+|\.{2,}|⋮|[·.]+")
_TOTALS = re.compile(r"(?:合|总|共|小)\s*计|总数|合计（.*）")
_NUMBERS = re.compile(r"序\s*号|编\s*号|No\.?")
_MEASURES = re.compile(r"(?:计量)?单位")
_STRUCK_OUT = re.compile(r"[/／\\—－\-×✕]+")


@dataclass(frozen=True)
class FoundItem:
    """An item as found: `sums` are the places among the items of the rows that a totals row adds up.

    `rows` are, of one that repeats, the numbers of its slots' cells in each of its rows.
    """

    heading: str
    slots: tuple[Draft, ...]
    repeats: bool = False
    sums: tuple[int, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class FoundRows:
    """What a table's rows hold; `title` where a first row over the whole width is one."""

    items: tuple[FoundItem, ...]
    columns: tuple[str, ...]
    title: str
    plain: tuple[PlainWords, ...]
    doubts: tuple[Doubt, ...]


@dataclass
class _Reading:
    """What is known while rows are read from top to bottom."""

    table: BlankTable
    columns: tuple[str, ...]
    items: list[FoundItem] = field(default_factory=list)
    plain: list[PlainWords] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    skip: set[int] = field(default_factory=set)


def read_rows(table: BlankTable, others: set[int]) -> FoundRows:
    """The items of a table; rows of `others` are no items."""
    numbers = [number for number in range(table.rows) if number not in others]
    title, numbers = _title_rows(table, numbers)
    columns, numbers = _heading_rows(table, numbers)
    reading = _Reading(table, columns)
    for place, number in enumerate(numbers):
        if number not in reading.skip:
            _read_row(reading, number, numbers[place + 1 :])
    printed = [PlainWords(match, "计量单位") for heading in columns if (match := unit_in(heading)[1])]
    return FoundRows(tuple(reading.items), columns or ("",), title, (*printed, *reading.plain), tuple(reading.doubts))


def _title_rows(table: BlankTable, numbers: list[int]) -> tuple[str, list[int]]:
    """Rows at the top that are one cell over the whole width, with nothing to fill in.

    An empty one is what the lines under the fields above a table make with its top rule.
    """
    title = ""
    while numbers and table.columns > 1:
        cells = table.row(numbers[0])
        if len(cells) != 1 or has_marks(cells[0].text):
            break
        title = title or without_spaces(cells[0].text)
        numbers = numbers[1:]
    return title, numbers


def _heading_rows(table: BlankTable, numbers: list[int]) -> tuple[tuple[str, ...], list[int]]:
    """The heading of every column, and the rows below the headings."""
    if not numbers or not _is_headings(table.row(numbers[0]), corner=True):
        return (), numbers
    levels = 1
    first = table.row(numbers[0])
    tall = max(cell.row_span for cell in first)
    wide = any(cell.column_span > 1 for cell in first)
    if len(numbers) > 1 and (tall > 1 or wide):
        below = [cell for cell in table.row(numbers[1]) if cell.row == numbers[1]]
        if (
            below
            and all(cell.text and not has_marks(cell.text) for cell in below)
            and len(below) < len(table.row(numbers[1]))
        ):
            levels = 2
    if len(numbers) > levels + 1 and levels == 2 and tall > 2:
        levels = min(tall, len(numbers) - 1)
    return tuple(_columns(table, numbers[:levels])), numbers[levels:]


def _columns(table: BlankTable, rows: Sequence[int]) -> list[str]:
    """Each column's heading; levels above each other joined, and one that stands over several rows said once."""
    found = []
    for column in range(table.columns):
        words: list[str] = []
        seen: list[BlankCell] = []
        for row in rows:
            cell = next((one for one in table.row(row) if one.column <= column < one.column + one.column_span), None)
            if cell is not None and cell not in seen:
                seen.append(cell)
                words.append(without_spaces(closed(cell.text)))
        found.append(LEVELS.join(word for word in words if word))
    # A heading over several columns that no second level parts is one column's.
    return found


def _is_headings(cells: Sequence[BlankCell], *, corner: bool = False) -> bool:
    """Whether a row is one of headings: words in every cell (but the corner), nothing to fill in."""
    rest = cells[1:] if corner and len(cells) > 2 else cells
    if not rest or any(has_marks(cell.text) for cell in cells) or any(_TOTALS.fullmatch(cell.text) for cell in cells[:1]):
        return False
    return all(cell.text and not _NUMBER.fullmatch(cell.text) for cell in rest)


def _read_row(reading: _Reading, number: int, rest: Sequence[int]) -> None:
    cells = reading.table.row(number)
    if any(has_marks(cell.text) for cell in cells if cell.row == number):
        _read_sentences(reading, [cell for cell in cells if cell.row == number or not has_marks(cell.text)])
        return
    own = [cell for cell in cells if not cell.text and cell.row == number]
    if not own:
        _read_words(reading, cells, number, rest)
    elif _is_open(reading, cells):
        _read_repeats(reading, cells, rest)
    else:
        _read_cells(reading, cells)


def _read_sentences(reading: _Reading, cells: Sequence[BlankCell]) -> None:
    """A row with sentences: what stands left of the first is its heading."""
    first = next(place for place, cell in enumerate(cells) if has_marks(cell.text))
    heading = _heading(reading, cells[:first])
    slots: list[Draft] = []
    for cell in cells[first:]:
        found = read_sentence(cell.text, heading)
        reading.plain += found.plain
        reading.doubts += found.doubts
        slots += [replace(slot, cell=cell.number, nth=nth) for nth, slot in enumerate(found.slots)]
        if not cell.text and cell.row == cells[first].row:
            slots += _cell_slot(reading, cell, heading)
    reading.plain += read_sentence(heading).plain if heading and not has_marks(heading) else ()
    above = reading.items[-1] if reading.items else None
    if not heading and first and above is not None and above.slots and above.slots[-1].mark is not Mark.CELL:
        # The heading stands on the page before, with the sentence's beginning.
        reading.items[-1] = replace(above, slots=join_halves(above.slots, slots))
        return
    reading.items.append(FoundItem(heading, tuple(slots)))


def _read_words(reading: _Reading, cells: Sequence[BlankCell], number: int, rest: Sequence[int]) -> None:
    """A row without anything to fill in: headings of what follows, or words."""
    short = all(len(cell.text) <= LONGEST_HEADING for cell in cells)
    follows = [cell for row in rest[:1] for cell in reading.table.row(row)]
    if len(cells) > 1 and short and any(not cell.text for cell in follows) and _is_headings(cells, corner=True):
        reading.columns = tuple(_columns(reading.table, [number]))
        return
    words = " ".join(without_spaces(cell.text) for cell in cells if cell.row == number)
    if words:
        reading.doubts.append(Doubt(Why.NOTE if len(cells) == 1 else Why.NO_SLOTS, words))


def _read_cells(reading: _Reading, cells: Sequence[BlankCell]) -> None:
    """A row of its own heading, whose empty cells are slots; a totals row adds up the rows above that repeat."""
    while not cells[0].text and _NUMBERS.fullmatch(_column(reading, cells[0])) and len(cells) > 1:
        cells = cells[1:]
    empty = [cell for cell in cells if not cell.text]
    if not empty:
        return
    first = cells.index(empty[0])
    heading = _heading(reading, cells[:first])
    totals = _TOTALS.fullmatch(heading) is not None
    summed = _summed(reading.items) if totals else ()
    slots = [
        slot for cell in empty for slot in _cell_slot(reading, cell, "" if totals else heading, _measure(reading, cells))
    ]
    if summed:
        slots = [slot for slot in slots if slot.kind.summed]
    if totals and any(item.sums for item in reading.items):
        reading.doubts.append(Doubt(Why.TOTAL, heading))
    for cell in cells[first:]:
        if cell.text and not _STRUCK_OUT.fullmatch(cell.text) and cell.text not in UNITS:
            reading.doubts.append(Doubt(Why.FILLED, f"{heading} {without_spaces(cell.text)}"))
    reading.plain += read_sentence(heading).plain
    if slots:
        reading.items.append(FoundItem(heading, tuple(_with_events(slots)), sums=summed))


def _summed(items: Sequence[FoundItem]) -> tuple[int, ...]:
    """The rows that a totals row adds up: the rows to repeat above it, else all of cells since the totals row before it."""
    repeated = [place for place, item in enumerate(items) if item.repeats]
    if repeated:
        return (repeated[-1],)
    since = max((place for place, item in enumerate(items) if item.sums), default=-1) + 1
    rows = range(since, len(items))
    return tuple(place for place in rows if all(slot.mark is Mark.CELL for slot in items[place].slots))


def _read_repeats(reading: _Reading, cells: Sequence[BlankCell], rest: Sequence[int]) -> None:
    """Rows that are empty but for their numbers: as many of them as a unit needs."""
    slots = [slot for cell in cells if not cell.text for slot in _cell_slot(reading, cell, "")]
    rows = [tuple(slot.cell for slot in slots)]
    for row in rest:
        more = reading.table.row(row)
        if not _is_open(reading, more):
            break
        reading.skip.add(row)
        own = {_column(reading, cell): cell.number for cell in more if not cell.text}
        rows.append(tuple(own.get(slot.column, -1) for slot in slots))
    if slots:
        reading.items.append(FoundItem(ROWS, tuple(_with_events(slots)), repeats=True, rows=tuple(rows)))


def _is_open(reading: _Reading, cells: Sequence[BlankCell]) -> bool:
    """Whether nothing but a number is printed in a row, which headings stand over."""
    printed = [cell.text for cell in cells if cell.text]
    if not any(reading.columns) or len(printed) == len(cells) or len(cells) < 2:
        return False
    return all(_NUMBER.fullmatch(text) for text in printed)


def _cell_slot(reading: _Reading, cell: BlankCell, heading: str, measure: str = "") -> list[Draft]:
    """An empty cell as a slot; none in a column of numbers."""
    column = _column(reading, cell)
    if _NUMBERS.fullmatch(column):
        return []
    unit = measure or plain_unit(heading_unit(column) or heading_unit(heading))
    last = column.rpartition(LEVELS)[2]
    telling = last if not heading or unit else heading
    kind, clear = column_kind(last, unit)
    if not clear or (heading and not unit and kind is SlotKind.TEXT):
        # 备注 says in the row's heading what 开展情况 does not say in the column's.
        by_row, sure = column_kind(heading, unit)
        kind, clear = (by_row, sure) if sure else (kind, clear)
    if not clear:
        # A cell alone under a heading without a word of measure holds a number more often than words.
        kind = SlotKind.COUNT
        reading.doubts.append(Doubt(Why.NO_UNIT, f"{heading} {column}".strip() or telling))
    return [Draft("", Mark.CELL, "", kind, unit, "", column or heading, cell=cell.number)]


def _column(reading: _Reading, cell: BlankCell) -> str:
    """The heading over a cell; of several columns that it spans the first with words."""
    own = reading.columns[cell.column : cell.column + cell.column_span]
    return next((words for words in own if words), "")


def _measure(reading: _Reading, cells: Sequence[BlankCell]) -> str:
    """A row's word of measure where it has a cell of its own."""
    found = [cell.text for cell in cells if cell.text in UNITS and _MEASURES.search(_column(reading, cell))]
    return plain_unit(found[0]) if found else ""


def _heading(reading: _Reading, cells: Sequence[BlankCell]) -> str:
    """The words left of the first slot: the nearest, numbers and words of measure left out."""
    words = [
        without_spaces(closed(cell.text))
        for cell in cells
        if cell.text
        and not (_NUMBER.fullmatch(cell.text) and (len(cells) > 1 or _NUMBERS.fullmatch(_column(reading, cell))))
        and not (cell.text in UNITS and _MEASURES.search(_column(reading, cell)))
    ]
    return LEVELS.join(words) if words else without_spaces(cells[-1].text) if cells else ""


def _with_events(slots: Sequence[Draft]) -> list[Draft]:
    """People's columns right behind the column of events under the same heading."""
    found = []
    for place, slot in enumerate(slots):
        before = slots[place - 1] if place else None
        together = before is not None and before.column.rpartition(LEVELS)[0] == slot.column.rpartition(LEVELS)[0]
        taking = together and before is not None and before.unit in {"场", "次", "期", "班"} and slot.unit in {"人次", "人"}
        plain = slot.column.rpartition(LEVELS)[2] in {"人次", "人数"} or slot.unit == "人次"
        found.append(replace(slot, events=bool(taking and plain)))
    return found
