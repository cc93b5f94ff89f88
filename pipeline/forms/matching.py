"""A form's slots on the blank table it was made from: in which cell each stands, and which mark of that cell it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.forms.blank import BlankTable
from pipeline.forms.fields import field_rows
from pipeline.forms.rows import FoundItem, read_rows
from pipeline.forms.sentence import Draft
from pipeline.forms.spelling import without_spaces
from schemas.form import Form, FormItem, Mark, Slot

# Items, and slots within them, are the same when their words are this much alike, 0 to 1: a person may have mended a few.
ALIKE = 0.5


@dataclass(frozen=True)
class At:
    """A slot's cell, by its number, and its place among the marks in it; of a cell to be filled as a whole, 0."""

    cell: int
    nth: int


@dataclass(frozen=True)
class Matched:
    """Where slots stand, by path; and of each list, by its item's key, the cells of its slots in each of its rows."""

    slots: Mapping[str, At]
    rows: Mapping[str, tuple[Mapping[str, int], ...]]


def match_slots(form: Form, tables: Sequence[BlankTable]) -> Matched:
    """Where a form's slots stand in a file's tables: in the one that has most of them; none where no table is the form's."""
    found = [_match(form, read_rows(table, field_rows(table)[1]).items) for table in tables]
    return max(found, key=lambda one: len(one.slots) + len(one.rows), default=Matched({}, {}))


def _match(form: Form, found: Sequence[FoundItem]) -> Matched:
    slots: dict[str, At] = {}
    rows: dict[str, tuple[Mapping[str, int], ...]] = {}
    left = list(range(len(found)))
    for item in form.items:
        best = max(left, key=lambda place: _alike(_words(item), _found_words(found[place])), default=None)
        if best is None or _alike(_words(item), _found_words(found[best])) < ALIKE:
            continue
        left.remove(best)
        pairs = _pairs(item.slots, found[best].slots)
        slots |= {slot.path: At(draft.cell, draft.nth) for slot, draft in pairs}
        if found[best].repeats and item.in_cells:
            places = {id(draft): place for place, draft in enumerate(found[best].slots)}
            rows[item.key] = tuple(
                {slot.path: row[places[id(draft)]] for slot, draft in pairs if row[places[id(draft)]] >= 0}
                for row in found[best].rows
            )
    return Matched(slots, rows)


def _pairs(slots: Sequence[Slot], drafts: Sequence[Draft]) -> list[tuple[Slot, Draft]]:
    """Slots with the drafts that they are, in order, by the words beside them."""
    words = [_slot_words(slot.mark, slot.before, slot.after, slot.column) for slot in slots]
    found = [_slot_words(draft.mark, draft.before, draft.after, draft.column) for draft in drafts]
    pairs = []
    for tag, start, stop, first, last in SequenceMatcher(None, words, found, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and stop - start == last - first):
            pairs += [
                (slot, draft)
                for slot, draft in zip(slots[start:stop], drafts[first:last], strict=True)
                if tag == "equal" or slot.mark is draft.mark
            ]
    return pairs


def _slot_words(mark: Mark, before: str, after: str, column: str) -> str:
    return without_spaces(column if mark is Mark.CELL else f"{before}{mark.value}{after}")


def _words(item: FormItem) -> str:
    # A list's heading is printed nowhere.
    heading = "" if item.repeats and item.in_cells else item.heading
    return without_spaces(heading + item.sentence + "".join(dict.fromkeys(slot.column for slot in item.slots)))


def _found_words(item: FoundItem) -> str:
    heading = "" if item.repeats else item.heading
    sentence = "".join(f"{one.before}{one.mark.value}{one.after}" for one in item.slots if one.mark is not Mark.CELL)
    return without_spaces(heading + sentence + "".join(dict.fromkeys(one.column for one in item.slots)))


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
