"""A blank table to a form: title, fields, columns, items with their slots, and what a person should look at."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.forms.blank import BlankTable
from pipeline.forms.doubts import Doubt, Why
from pipeline.forms.fields import field_rows, find_title, name_fields, read_fields
from pipeline.forms.rows import FoundItem, read_rows
from pipeline.forms.sentence import Draft, lone_parentheses
from pipeline.forms.spelling import without_spaces
from schemas.form import FieldKind, Form, FormItem, HeaderField, Mark, PlainWords, Slot, SlotKind

# Lines above a table that may hold its title and fields; a notice's last sentences stand farther up.
LINES_ABOVE = 10

UNTITLED = "统计表"

# Something to fill in, in a line that is no line of fields: the table's first or last rows may have been missed.
_OUTSIDE = re.compile(r"（\s*）|□")

# A row for whatever else a unit has done, by its name.
_OTHERS = re.compile(r"其他|其它|另外|自选")


@dataclass(frozen=True)
class FoundForm:
    """A form made from a blank, and what in it a person should look at."""

    form: Form
    doubts: tuple[Doubt, ...]


def blank_to_form(table: BlankTable, form_id: str = "") -> FoundForm | None:
    """The form of a blank table; None where nothing in it is to be filled in. `form_id` "" makes one from its words."""
    in_rows, rows = field_rows(table)
    found = read_rows(table, rows)
    if not found.items:
        return None
    above, below = [line.text for line in table.above][-LINES_ABOVE:], [line.text for line in table.below][:LINES_ABOVE]
    title = find_title(above) or found.title
    title_at = max((place for place, text in enumerate(above) if title.endswith(without_spaces(text)[-6:])), default=-1)
    fields = read_fields(above[title_at + 1 :])
    labels = [field.label for field in fields] + in_rows
    if not any(field.kind is FieldKind.UNIT for field in name_fields(labels)) or not labels:
        labels += [field.label for field in read_fields(below)]
    else:
        labels += [field.label for field in read_fields(below) if field.key[:5] != "field"]
    header = name_fields(labels)
    columns = list(dict.fromkeys(draft.column for item in found.items if _in_cells(item) for draft in item.slots))
    items = tuple(_item(item, f"item{number}", columns) for number, item in enumerate(found.items, 1))
    items = _with_sums(items, found.items)
    plain = tuple(dict.fromkeys((*_plain_labels(header), *found.plain)))
    form = Form(form_id or _make_id(title, items), title or UNTITLED, found.columns, header, items, plain)
    return FoundForm(form, _doubts(form, found.doubts, table, titled=bool(title)))


def _item(item: FoundItem, key: str, columns: Sequence[str]) -> FormItem:
    """An item with its slots' paths, which tell cells of one column by the same key.

    One that asks for an activity's name may be filled in several times.
    """
    named = bool(item.slots) and item.slots[0].kind is SlotKind.TEXT and len(item.slots) > 1
    if named and _OTHERS.search(item.heading) and all(slot.mark is not Mark.CELL for slot in item.slots):
        item = replace(item, repeats=True)
    numbers: Sequence[int] = range(1, len(item.slots) + 1)
    if _in_cells(item) and len({draft.column for draft in item.slots}) == len(item.slots):
        numbers = [columns.index(draft.column) + 1 for draft in item.slots]
    slots = tuple(_slot(draft, key, number, item) for number, draft in zip(numbers, item.slots, strict=True))
    return FormItem(key, item.heading, slots, item.repeats)


def _slot(draft: Draft, key: str, number: int, item: FoundItem) -> Slot:
    cell = draft.mark is Mark.CELL
    before = (item.heading if not item.repeats else "") if cell else draft.before
    return Slot(
        f"{key}.s{number}",
        draft.kind,
        before,
        draft.after,
        f"{key}.s{number - 1}" if draft.events else None,
        item.repeats,
        draft.mark,
        draft.column,
        draft.unit,
        draft.choice,
    )


def _in_cells(item: FoundItem) -> bool:
    return all(draft.mark is Mark.CELL for draft in item.slots)


def _with_sums(items: Sequence[FormItem], found: Sequence[FoundItem]) -> tuple[FormItem, ...]:
    """Totals rows with the slots that they add up: those of the same column, and so of the same key."""
    summed: list[FormItem] = []
    for item, own in zip(items, found, strict=True):
        parts = {slot.path: slot.column for place in own.sums for slot in items[place].slots if slot.kind.summed}
        slots = tuple(
            replace(slot, sums=tuple(path for path, column in parts.items() if column == slot.column and slot.kind.summed))
            for slot in item.slots
        )
        summed.append(replace(item, slots=slots))
    return tuple(summed)


def _plain_labels(header: Sequence[HeaderField]) -> list[PlainWords]:
    return [PlainWords(field.label, "盖章或签字处") for field in header if "（" in field.label]


def _doubts(form: Form, doubts: Sequence[Doubt], table: BlankTable, *, titled: bool) -> tuple[Doubt, ...]:
    found = list(doubts)
    if not titled:
        found.append(Doubt(Why.NO_TITLE, form.title))
    if not any(field.kind is FieldKind.UNIT for field in form.header):
        found.append(Doubt(Why.NO_UNIT_FIELD, "填报单位"))
    unsure = [words for cell in table.cells for line in cell.lines for words in line.unsure]
    unsure += [words for line in (*table.above[-LINES_ABOVE:], *table.below[:LINES_ABOVE]) for words in line.unsure]
    found += [Doubt(Why.UNSURE, words) for words in dict.fromkeys(unsure)]
    found += [Doubt(Why.UNCLOSED, cell.text) for cell in table.cells if lone_parentheses(cell.text)]
    around = (*table.above[-LINES_ABOVE:], *table.below[:LINES_ABOVE])
    found += [Doubt(Why.OUTSIDE, line.text) for line in around if _OUTSIDE.search(line.text)]
    return tuple(dict.fromkeys(found))


def _make_id(title: str, items: Sequence[FormItem]) -> str:
    """A name that the same words get again: the year, where the title has one, and a few digits of their hash."""
    words = "".join((title, *(item.heading + item.sentence for item in items), *(s.column for i in items for s in i.slots)))
    year = re.search(r"20[0-9]{2}", title)
    digest = hashlib.sha256(words.encode()).hexdigest()[:8]
    return f"form-{year[0]}-{digest}" if year else f"form-{digest}"
