"""What is odd about a form: a person who has made or changed its file is told before returns are read with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from pipeline.forms.spelling import without_spaces
from pipeline.forms.units import EVENT_UNITS, MONEY_UNITS, PEOPLE_UNITS
from schemas.form import FieldKind, Form, FormItem, Mark, Slot, SlotKind

# Fewer printed characters than these beside all slots of an item hardly tell it from another one.
FEW_WORDS = 6


class Odd(StrEnum):
    """What may be wrong with a form; `chinese` and `english` say it."""

    NO_UNIT_FIELD = "no_unit_field"
    FEW_WORDS = "few_words"
    NO_WORDS = "no_words"
    SAME_LABEL = "same_label"
    NO_EVENTS = "no_events"
    NO_PEOPLE = "no_people"
    LONE_CHOICE = "lone_choice"
    NO_MONEY = "no_money"
    NO_COLUMN = "no_column"
    NO_ROWS = "no_rows"
    PLAIN_UNKNOWN = "plain_unknown"
    NOT_FOUND = "not_found"

    @property
    def chinese(self) -> str:
        """For the person who made the form."""
        return _TOLD[self][0]

    @property
    def english(self) -> str:
        """The same for those who do not read Chinese."""
        return _TOLD[self][1]


class Oddity(NamedTuple):
    """One odd thing: what, and the words concerned."""

    odd: Odd
    words: str = ""

    def told(self, *, chinese: bool) -> str:
        """One line for a person."""
        what = self.odd.chinese if chinese else self.odd.english
        return what if not self.words else f"{what}：{self.words}" if chinese else f"{what}: {self.words}"


def check_form(form: Form) -> tuple[Oddity, ...]:
    """What is odd about a form, in the order in which it is printed; none where nothing is."""
    return tuple(_oddities(form))


def _oddities(form: Form) -> Iterator[Oddity]:
    if not any(field.kind is FieldKind.UNIT for field in form.header):
        yield Oddity(Odd.NO_UNIT_FIELD)
    for item in form.items:
        yield from _of_item(item, form)
    printed = without_spaces(
        "".join((*(item.heading + item.sentence for item in form.items), *form.columns, *(one.label for one in form.header)))
    )
    for plain in form.plain:
        if without_spaces(plain.words) not in printed:
            yield Oddity(Odd.PLAIN_UNKNOWN, plain.words)


def _of_item(item: FormItem, form: Form) -> Iterator[Oddity]:
    if not item.in_cells and len(without_spaces(item.sentence)) - len(item.slots) < FEW_WORDS:
        yield Oddity(Odd.FEW_WORDS, item.heading)
    if item.in_cells and not item.repeats and not item.heading:
        yield Oddity(Odd.NO_WORDS, item.key)
    # 支出（）万元 may stand behind one amount and the next; twice running it is a slip.
    yield from (Oddity(Odd.SAME_LABEL, one.label) for one, other in pairwise(item.slots) if one.label == other.label)
    choices = Counter(slot.choice for slot in item.slots if slot.choice)
    yield from (Oddity(Odd.LONE_CHOICE, choice) for choice, times in choices.items() if times < 2)
    by_path = {slot.path: slot for slot in item.slots}
    for slot in item.slots:
        yield from _of_slot(slot, by_path.get(slot.events or ""), form)
    if any(slot.sums for slot in item.slots):
        summed = {path.partition(".")[0] for slot in item.slots for path in slot.sums}
        if len(summed) == 1 and not any(other.key in summed and other.repeats for other in form.items):
            yield Oddity(Odd.NO_ROWS, item.heading)


def _of_slot(slot: Slot, events: Slot | None, form: Form) -> Iterator[Oddity]:
    if slot.mark is not Mark.CELL and not without_spaces(slot.before + slot.after):
        yield Oddity(Odd.NO_WORDS, slot.path)
    if events is not None:
        if events.kind is not SlotKind.COUNT or (events.unit and events.unit not in {*EVENT_UNITS, "个", "家"}):
            yield Oddity(Odd.NO_EVENTS, f"{slot.label} → {events.label}")
        elif slot.kind is not SlotKind.COUNT or (slot.unit and slot.unit not in {*PEOPLE_UNITS, "家"}):
            yield Oddity(Odd.NO_PEOPLE, slot.label)
    if slot.unit in MONEY_UNITS and slot.kind is not SlotKind.MONEY:
        yield Oddity(Odd.NO_MONEY, slot.label)
    if slot.mark is Mark.CELL and slot.column not in form.columns:
        yield Oddity(Odd.NO_COLUMN, f"{slot.label}（{slot.column}）")


_TOLD = {
    Odd.NO_UNIT_FIELD: ('表头没有填报单位（kind = "unit"），收到的表无法知道是谁报的', "no header field for the unit"),
    Odd.FEW_WORDS: ("这一项印刷文字太少，可能认不出是哪一项", "too few printed words to tell this item"),
    Odd.NO_WORDS: ("填写处前后没有文字，无法确定位置", "no words beside the slot"),
    Odd.SAME_LABEL: ("相邻两个填写处文字相同", "the same words twice running"),
    Odd.NO_EVENTS: ("events 所指的不是场次", "events names no events"),
    Odd.NO_PEOPLE: ("写了 events 的不是人次", "a slot with events counts no people"),
    Odd.LONE_CHOICE: ("choice 只有一个选项", "a choice of one"),
    Odd.NO_MONEY: ('单位是元的应为金额（kind = "money"），否则不能有小数', "an amount whose kind is not money"),
    Odd.NO_COLUMN: ("columns 中没有这一列", "its column is not among the form's"),
    Odd.NO_ROWS: ("合计行所指的不是可填多行的项（repeats）", "sums names no rows that repeat"),
    Odd.PLAIN_UNKNOWN: ("not_slots 中的文字表上没有", "not_slots has words that are not printed"),
    Odd.NOT_FOUND: ("空白表上没有找到", "not found on the blank"),
}
