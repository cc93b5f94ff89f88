"""What is written into the form that is reported upwards: its totals, as in the workbook, and the rows of its lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.collection.form_layout import is_listed
from pipeline.collection.totals import Contribution, Total
from pipeline.times import day_text
from schemas.flow import State
from schemas.form import Form, FormItem, Slot, SlotKind
from schemas.paths import turn_of
from schemas.values import Value, is_number, number_text

# What marks a number that may still change, as in the workbook.
PROVISIONAL = "※"

# Words of several units stand in a slot together where they are no longer than this, in characters.
LONGEST_WORDS = 40


@dataclass(frozen=True)
class Filling:
    """What to write, by slot path; nothing where nobody has answered. `rows` are those of each list, by its item's key.

    `open` counts the slots that a person has still to look at: the numbers they are part of are marked.
    """

    texts: Mapping[str, str]
    rows: Mapping[str, tuple[Mapping[str, str], ...]]
    open: int


def told_provisional(filling: Filling) -> str:
    """What a form says of numbers that may still change; "" where none may."""
    if not filling.open:
        return ""
    return f"本表为暂定数：尚有 {filling.open} 项待审核，带{PROVISIONAL}的数审核后可能变动。"


def totals_to_filling(form: Form, totals: Sequence[Total]) -> Filling:
    """The totals as they stand in the form."""
    by_path = {total.slot.path: total for total in totals}
    lists = {item.key: _rows(item, by_path) for item in form.items if is_listed(item)}
    listed = {slot.path for item in form.items if item.key in lists for slot in item.slots}
    texts = {path: text for path, total in by_path.items() if path not in listed and (text := _text(total))}
    return Filling(texts, lists, sum(total.open for total in totals))


def _text(total: Total) -> str:
    mark = PROVISIONAL if total.provisional else ""
    if not total.slot.kind.summed:
        words = _words(total.slot, total.contributions)
        return f"{words}{mark}" if words else ""
    if total.rows is not None:
        # The rows stand above it: it is what they come to.
        return f"{total.in_words(total.rows)}{mark}"
    return f"{total.in_words(total.value)}{mark}" if total.given + total.zero or mark else ""


def _words(slot: Slot, contributions: Iterable[Contribution]) -> str:
    """Words of several units side by side, or how many there are; days from the first to the last."""
    values = [one.slot.value for one in contributions if one.slot.state is State.VALUE and one.slot.value is not None]
    found = list(dict.fromkeys(_printable(str(value)) for value in values))
    if slot.kind is SlotKind.DATE and found:
        first, last = _day(min(found)), _day(max(found))
        return first if first == last else f"{first}至{last}"
    joined = "、".join(found)
    return joined if len(joined) <= LONGEST_WORDS else f"共 {len(values)} 项"


def _rows(item: FormItem, totals: Mapping[str, Total]) -> tuple[Mapping[str, str], ...]:
    """The rows that units have filled in of a list, unit by unit, in the order of the roster."""
    rows: dict[tuple[str, int, int, int], dict[str, str]] = defaultdict(dict)
    for slot in item.slots:
        total = totals[slot.path]
        for one in total.contributions:
            text = _value(slot, one.slot.value, total.decimals)
            if one.slot.state is State.VALUE and text:
                key = (one.unit, one.filed.stored.order, one.filed.stored.number, turn_of(one.slot.path))
                rows[key][slot.path] = text + (PROVISIONAL if one.slot.open else "")
    units = list(dict.fromkeys(one.unit for slot in item.slots for one in totals[slot.path].contributions))
    order = {unit: place for place, unit in enumerate(units)}
    return tuple(rows[key] for key in sorted(rows, key=lambda key: (order[key[0]], *key[1:])))


def _value(slot: Slot, value: Value, decimals: int) -> str:
    if is_number(value):
        return number_text(value, decimals)
    text = _printable(str(value or ""))
    return _day(text) if slot.kind is SlotKind.DATE else text


def _printable(text: str) -> str:
    """Words without characters that no file may hold: they come from other people's files."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _day(text: str) -> str:
    """A day as it is written in Chinese; other words as they are."""
    try:
        return day_text(date.fromisoformat(text))
    except ValueError:
        return text
