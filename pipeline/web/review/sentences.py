"""A return as its form prints it: tables with each item's sentence and cells, with a place for a field at each slot."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.collection.form_layout import Head, LaidRow, Place, is_listed, lay_out, words_around
from schemas.form import Form, FormItem, Mark, Slot
from schemas.paths import form_path, path_in_turn, turn_of


@dataclass(frozen=True)
class Segment:
    """A stretch of a printed sentence: the words before a slot, what encloses it, the slot, and the words behind.

    `number` is how people find it on the paper: item and place in it, "7.2". Around a cell there are no words.
    """

    before: str
    opening: str
    path: str
    closing: str
    after: str
    number: str
    mark: Mark


@dataclass(frozen=True)
class Cell:
    """A cell of a printed table: words, or a sentence once for each activity that was filled in, or slots of their own."""

    span: int
    words: str
    is_heading: bool
    activities: tuple[tuple[Segment, ...], ...]
    in_cell: bool


@dataclass(frozen=True)
class Row:
    """A row of a printed table: its item's key, its cells, and whether more of its kind may be filled in below it.

    `more` is "" or says what: "activity", "row".
    """

    key: str
    cells: tuple[Cell, ...]
    more: str = ""


@dataclass(frozen=True)
class Sheet:
    """A printed table: the rows of its head, and its rows."""

    columns: int
    heads: tuple[tuple[Head, ...], ...]
    rows: tuple[Row, ...]


def sheets_of(form: Form, paths: Sequence[str], *, more: str = "") -> tuple[Sheet, ...]:
    """The printed tables over these slots' paths; of the item `more` there is one activity, or row, beyond them."""
    turns: dict[str, set[int]] = {}
    for path in paths:
        turns.setdefault(form_path(path).partition(".")[0], set()).add(turn_of(path))
    numbers = {
        slot.path: f"{number}.{place}"
        for number, item in enumerate(form.items, 1)
        for place, slot in enumerate(item.slots, 1)
    }
    return tuple(
        Sheet(
            len(table.columns),
            table.heads,
            tuple(
                row
                for laid in table.rows
                for row in _rows(laid, _turns(laid.item, turns.get(laid.item.key, ()), extra=laid.item.key == more), numbers)
            ),
        )
        for table in lay_out(form)
    )


def _turns(item: FormItem, seen: Collection[int], *, extra: bool) -> list[int]:
    """The activities to be shown. A list shows the rows that it has: the first ones may stand on another return's page."""
    last = max(seen, default=1)
    shown = sorted(seen) or [1] if is_listed(item) else list(range(1, last + 1))
    return [*shown, last + 1] if extra else shown


def _rows(laid: LaidRow, turns: Sequence[int], numbers: dict[str, str]) -> list[Row]:
    if not is_listed(laid.item):
        return [_row(laid, turns, numbers, "activity" if laid.item.repeats else "")]
    return [_row(laid, [turn], numbers, "row" if turn == turns[-1] else "") for turn in turns]


def _row(laid: LaidRow, turns: Sequence[int], numbers: dict[str, str], more: str) -> Row:
    cells = []
    for place, each in enumerate(laid.places):
        is_heading = place == laid.heading
        words = str(turns[0]) if is_heading and is_listed(laid.item) else each.words
        cells.append(Cell(each.span, words, is_heading, _activities(each, turns, numbers), bool(each.cells)))
    return Row(laid.item.key, tuple(cells), more)


def _activities(place: Place, turns: Sequence[int], numbers: dict[str, str]) -> tuple[tuple[Segment, ...], ...]:
    if not place.slots:
        return ()
    # A cell beside a repeated sentence is there once.
    shown = turns if place.sentence else turns[:1]
    return tuple(tuple(_segment(slot, turn, numbers[slot.path]) for slot in place.slots) for turn in shown)


def _segment(slot: Slot, turn: int, number: str) -> Segment:
    words = words_around(slot)
    return Segment(words.before, words.opening, path_in_turn(slot.path, turn), words.closing, words.after, number, slot.mark)
