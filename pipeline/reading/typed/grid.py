"""Typed tables whose values stand alone in cells: rows by their headings, columns by theirs, a row for each unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractors.glyphs import DIGITS, Alphabet
from pipeline.judging.counts import read_number
from pipeline.reading.typed.columns import Columns, find_columns, find_item, plain
from pipeline.reading.typed.lines import text_to_line
from schemas.flow import Evidence, Placement, State
from schemas.form import Form, FormItem, Slot, SlotKind
from schemas.reading import Reason
from schemas.typed import STRUCK, UNKNOWN, TypedBlock, TypedCell

# An empty cell is a slot all the same: it has a line, on which nothing stands.
SOME_CHARACTER = "-"

# A cell has its heading and its row's; what has no parentheses misses none.
SEEN = (1.0, 1.0)

APART = re.compile(rf"[{DIGITS}]\s+[{DIGITS}]")

# How notes below a table begin.
NOTE = re.compile(r"[(]?(注|备注|说明|填表说明)[:0-9)]")


@dataclass(frozen=True, eq=False)
class Found:
    """An item found in a block, the evidence on its slots, and its rows from `first` to `last`.

    `top` is where its table's headings begin, of the first item below them.
    """

    first: int
    last: int
    item: str
    evidence: tuple[Evidence, ...]
    top: int | None = None


@dataclass(frozen=True)
class _Table:
    """What is known of a table while its rows are read."""

    form: Form
    block: TypedBlock
    alphabet: Alphabet
    columns: Columns
    overlaid: bool


def find_grid(
    form: Form, block: TypedBlock, alphabet: Alphabet, known: Columns | None, *, overlaid: bool
) -> tuple[list[Found], Columns | None]:
    """The items of cells in a table, from top to bottom, and its columns as they stand at its end.

    `known` are the columns of the table before, with which this one goes on where it has no headings of its own. A row in
    which anything stands is one for a unit, if no item's heading stands there, until a totals row or other headings.
    """
    if not block.ruled or not any(item.in_cells for item in form.items):
        return [], known
    headings = _find_headings(form, block)
    if not headings and known is not None:
        width = max(right for row in range(len(block.rows)) for _, right in block.spans_of(row))
        headings = [(0, replace(known, stop=0, sure=width == known.width))] if width <= known.width else []
    if not headings:
        return [], known
    ends = [*(row for row, _ in headings[1:]), len(block.rows)]
    found: list[Found] = []
    for (row, columns), end in zip(headings, ends, strict=True):
        here = _read_rows(_Table(form, block, alphabet, columns, overlaid), end)
        found += [replace(one, top=row) if place == 0 and columns.stop else one for place, one in enumerate(here)]
    return found, headings[-1][1]


def go_on(before: Sequence[Evidence], more: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Rows of units and those that follow in the next table, numbered on."""
    turns = len({piece.placement.path.partition(".")[0] for piece in before})
    renumbered = []
    for piece in more:
        item, _, slot = piece.placement.path.partition(".")
        key, _, number = item.partition("[")
        turn = int(number.rstrip("]") or 1) + turns
        renumbered.append(replace(piece, placement=replace(piece.placement, path=f"{key}[{turn}].{slot}")))
    return (*before, *renumbered)


def _find_headings(form: Form, block: TypedBlock) -> list[tuple[int, Columns]]:
    """The rows where headings begin. Of rows that share headings those with the most of the form's own are meant: above
    them a title or a field may stand over some columns."""
    found: list[tuple[int, Columns]] = []
    for row in range(len(block.rows)):
        columns = find_columns(form, block, row)
        if columns is None or (found and row < found[-1][1].stop and len(columns.exact) <= len(found[-1][1].exact)):
            continue
        if found and row < found[-1][1].stop:
            found.pop()
        found.append((row, columns))
    return found


def _read_rows(table: _Table, end: int) -> list[Found]:
    """The items in the rows below the headings."""
    left = [item for item in table.form.items if item.in_cells and not item.repeats]
    several = next((item for item in table.form.items if item.in_cells and item.repeats), None)
    units: list[int] = []
    spare: list[int] = []
    found: list[Found] = []
    ended = False
    for row in range(table.columns.stop, end):
        words = _words_of(table, row)
        named = find_item(left, words)
        if named is not None:
            item, exact = named
            left.remove(item)
            found.append(Found(row, row, item.key, _evidence(table, item, row, 1, exact=exact)))
        elif _is_aside(table, row, words):
            ended = True
        elif several is not None and not found:
            (units if _holds(table, several, row) else spare).append(row)
        elif found and not ended and _holds_numbers(table, row):
            # A row that the form does not have: what stands there is lost unless somebody looks.
            found[-1] = _doubted(found[-1])
    if several is not None and (units or spare):
        # Of a table in which nobody wrote the first row tells that it is blank.
        rows = units or spare[:1]
        evidence = [piece for turn, row in enumerate(rows, 1) for piece in _evidence(table, several, row, turn, exact=True)]
        found.insert(0, Found(rows[0], rows[-1], several.key, tuple(evidence)))
    return found


def _words_of(table: _Table, row: int) -> list[str]:
    """What stands in a row left of its first number: an item's heading, if it is that item's."""
    kinds = {slot.column: slot.kind for slot in table.form.slots if slot.column}
    numbers = [left for name, (left, _) in table.columns.spans.items() if name in kinds and kinds[name].numeric]
    first = min(numbers, default=1)
    cells = zip(table.block.rows[row], table.block.spans_of(row), strict=True)
    return ["".join(cell) for cell, (left, right) in cells if left < first and left < right]


def _is_aside(table: _Table, row: int, words: Sequence[str]) -> bool:
    """Whether a row is a note, or holds fields that belong to the whole return."""
    said = plain("".join(words))
    labels = [plain(label) for one in table.form.header for label in (one.label, *one.also)]
    written = [span for cell, span in zip(table.block.rows[row], table.block.spans_of(row), strict=True) if cell]
    across = len(written) == 1 and 2 * (written[0][1] - written[0][0]) > len(table.columns.spans)
    return across or NOTE.match(said) is not None or any(said.startswith(label) for label in labels)


def _holds_numbers(table: _Table, row: int) -> bool:
    """Whether numbers stand in a row below the headings of numbers."""
    slots = {slot.column: slot for slot in table.form.slots if slot.column and slot.kind.numeric}.values()
    lines = (line for slot in slots for cell, _ in _cells_of(table, slot, row) for line in cell)
    return any(read_number(line).state is State.VALUE for line in lines)


def _doubted(found: Found) -> Found:
    unsure = (Reason.PLACE_UNSURE,)
    return replace(found, evidence=tuple(replace(one, exact=False, doubts=(*one.doubts, *unsure)) for one in found.evidence))


def _holds(table: _Table, item: FormItem, row: int) -> bool:
    return any(any(cell) for slot in item.slots for cell, _ in _cells_of(table, slot, row))


def _cells_of(table: _Table, slot: Slot, row: int) -> list[tuple[TypedCell, bool]]:
    """The cells of a row that stand below a slot's heading, and whether each stands below no other one."""
    start, stop = table.columns.spans.get(slot.column, (0, 0))
    cells = zip(table.block.rows[row], table.block.spans_of(row), strict=True)
    return [(cell, start <= left and right <= stop) for cell, (left, right) in cells if left < stop and start < right]


def _evidence(table: _Table, item: FormItem, row: int, turn: int, *, exact: bool) -> tuple[Evidence, ...]:
    """The evidence on an item's slots in a row; `exact` says that the row's heading is the form's own."""
    seen = table.columns.exact if exact else frozenset()
    return tuple(_slot_evidence(table, slot, row, turn, exact=slot.column in seen) for slot in item.slots)


def _slot_evidence(table: _Table, slot: Slot, row: int, turn: int, *, exact: bool) -> Evidence:
    key, _, name = slot.path.partition(".")
    path = slot.path if turn == 1 else f"{key}[{turn}].{name}"
    cells = _cells_of(table, slot, row)
    lines = [line for cell, _ in cells for line in cell]
    text = " ".join(lines) if slot.kind.numeric else "".join(lines)
    placement = _placement(path, slot, text, table.alphabet)
    if slot.column not in table.columns.spans:
        return Evidence(replace(placement, line=None), 0, 0.0, 0.0, None)
    doubts = [Reason.STRUCK] if STRUCK in text else []
    merged = not cells or not all(own for _, own in cells)
    if merged or not table.columns.sure or (len(lines) > 1 and slot.kind is not SlotKind.TEXT):
        # A merged cell is of several rows or columns, and nobody knows of which.
        doubts.append(Reason.PLACE_UNSURE)
    if not text and table.overlaid:
        doubts.append(Reason.INK_IN_BLANK)
    if slot.kind.numeric and APART.search(text):
        doubts.append(Reason.UNUSUAL_NUMBER)
    if UNKNOWN in text:
        doubts.append(Reason.ONE_READER)
    return Evidence(placement, 0, 0.0, 0.0, None, exact=exact and not doubts, doubts=tuple(doubts))


def _placement(path: str, slot: Slot, text: str, alphabet: Alphabet) -> Placement:
    """A slot that is a cell, with what is typed in it."""
    line = text_to_line(text.replace(STRUCK, ""), alphabet)
    empty = line is None
    if line is None:
        line = text_to_line(SOME_CHARACTER, alphabet)
    assert line is not None
    glyphs, steps = line.glyphs, slice(0, 0 if empty else None)
    width = 0.0, 0.0 if empty else float(glyphs.line.bgr.shape[1])
    return Placement(
        path,
        slot,
        glyphs.line,
        glyphs.log_probs[steps],
        glyphs.spelling[steps],
        glyphs.sureness[steps],
        width,
        width,
        SEEN,
        SEEN,
        True,
        ((glyphs.line, width),),
    )
