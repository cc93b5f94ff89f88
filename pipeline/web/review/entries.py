"""What a reviewer has typed into a slot, turned into what is kept; or why it cannot be."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import Field

from pipeline.collection.corrections import HEADER, Worth
from pipeline.judging.counts import TICKED, UNTICKED, Certainty, Written, WrittenAmount, read_amount, read_number
from pipeline.judging.dates import read_date
from schemas.flow import State
from schemas.form import FieldKind, Form, SlotKind
from schemas.paths import form_path
from schemas.values import MOST, Number, Value, is_number

Typed: TypeAlias = int | float | Annotated[str, Field(max_length=1000)] | None
"""What a script sends: mostly text, as it was typed. A number is read like text, by the shortest one that names it."""

LONGEST_TEXT = 200
"""Characters: the longest name of an activity that was seen has 41."""

LONGEST_FIELD = 100
"""Characters of a unit, a name, a phone number or a date."""

MANY_TIMES = 10
"""A number so many times what the machine took it for at most is asked about once more: a digit typed twice."""

MANY_DIGITS = 10_000_000
"""No unit has so many people; eight digits are asked about once more."""

SAYS_BLANK = frozenset({"-", "—", "–", "b"})
"""What means that nobody wrote, where an input method kept the key from meaning it."""

SAYS_UNREADABLE = frozenset({"*", "x", "×"})

MOST_DIGITS = len(str(MOST))

MOST_DIGITS_OF_ROWS = 3
"""Of the number of a row: no unit fills in a thousand by hand."""


class Refused(ValueError):
    """What was typed is no value of that slot. `text` says why, a Chinese text with an English one on record."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def kind_of(path: str, form: Form) -> SlotKind | FieldKind:
    """What a slot or a field above the table (`header.…`) holds. Raises Refused where the form has no such one."""
    if path.startswith(HEADER):
        kinds: dict[str, SlotKind | FieldKind] = {HEADER + field.key: field.kind for field in form.header}
    else:
        kinds = {slot.path: slot.kind for slot in form.slots}
        path = form_path(path) if _is_path_of(path, form) else path
    if path not in kinds:
        raise Refused("表样中没有这一项")
    return kinds[path]


def understand_at(path: str, form: Form, state: State, value: Typed) -> Worth:
    """What is kept of an entry in a slot or a field above the table. Raises Refused."""
    measures = {slot.path: slot.unit for slot in form.slots}
    return understand(kind_of(path, form), state, value, measures.get(form_path(path), ""))


def understand(kind: SlotKind | FieldKind, state: State, value: Typed, unit: str = "") -> Worth:
    """What is kept of an entry: a count as a whole number, an amount to its last decimal, a day as 2027-06-03, a tick as 1,
    words without spaces around them. `unit` is the measure of the slot. Raises Refused."""
    if state is not State.VALUE:
        return (state, None)
    typed = f"{Decimal(repr(value)):f}" if isinstance(value, float) else "" if value is None else str(value)
    text = unicodedata.normalize("NFKC", typed).strip()
    if isinstance(kind, SlotKind) and kind is not SlotKind.TEXT:
        return _marked(kind, text, unit)
    if not text:
        raise Refused("请先输入看到的内容；没有填写请按“空”，看不清请按“看不清”")
    if any(unicodedata.category(char).startswith("C") for char in text):
        raise Refused("内容里有不能显示的字符")
    if len(text) > (LONGEST_TEXT if kind is SlotKind.TEXT else LONGEST_FIELD):
        raise Refused("内容过长")
    # Full-width marks are the form's own; only what stands around the words is dropped.
    return (State.VALUE, typed.strip())


def doubtful_from(read: Value, candidates: tuple[str, ...]) -> int:
    """The least number that is asked about once more in a count slot, for it is unlike what the machine saw there."""
    seen: list[Number] = [read] if is_number(read) else []
    seen += [number for text in candidates if (number := read_amount(text).value) is not None]
    return min(int(max(*seen, 1) * MANY_TIMES), MANY_DIGITS) if seen else MANY_DIGITS


def _marked(kind: SlotKind, text: str, unit: str) -> Worth:
    """An entry that is no free words."""
    if not text:
        raise Refused("请先输入数字；没有填写请按“空”，看不清请按“看不清”")
    # An input method has kept the keys from meaning it.
    if text.lower() in SAYS_BLANK:
        return (State.BLANK, None)
    if text.lower() in SAYS_UNREADABLE:
        return (State.UNREADABLE, None)
    if kind is SlotKind.MONEY:
        return _amount(text, unit)
    if kind is SlotKind.DATE:
        return _day(text)
    return _tick(text) if kind is SlotKind.TICK else _count(text)


def _count(text: str) -> Worth:
    written = read_number(text)
    return _number(written, "这不是一个整数，请输入看到的数字", "请输入一个确定的整数，不要带“约”“余”等字，也不要以 0 开头")


def _amount(text: str, unit: str) -> Worth:
    written = read_amount(text, unit)
    unsure = "请按本栏的单位输入一个确定的数，不要带“约”“万”等字，也不要以 0 开头"
    return _number(written, "这不是一个数，请输入看到的数字，小数最多六位", unsure)


def _number(written: Written | WrittenAmount, no_number: str, unsure: str) -> Worth:
    if written.state is State.BLANK:
        return (State.BLANK, None)
    if written.value is None:
        raise Refused("数字过大，最多九位" if len(written.digits) > MOST_DIGITS else no_number)
    if written.certainty is Certainty.VAGUE:
        raise Refused(unsure)
    return (State.VALUE, written.value)


def _day(text: str) -> Worth:
    written = read_date(text)
    if written.state is State.UNREADABLE:
        raise Refused("请输入完整的日期，如 2027-6-3")
    return (written.state, written.value)


def _tick(text: str) -> Worth:
    if text.lower() in TICKED:
        return (State.VALUE, 1)
    if text.lower() in UNTICKED:
        return (State.BLANK, None)
    raise Refused("打勾请按 1，没有打勾请按“空”")


def _is_path_of(path: str, form: Form) -> bool:
    """Whether a path is one of a further activity, item7[2].name, written in the one way that is kept."""
    head, _, _ = path.partition(".")
    key, bracket, rest = head.partition("[")
    if not bracket:
        return True
    number = rest.removesuffix("]")
    repeats = any(item.key == key and item.repeats for item in form.items)
    canonical = number.isascii() and number.isdecimal() and not number.startswith("0") and len(number) <= MOST_DIGITS_OF_ROWS
    return repeats and rest.endswith("]") and canonical and int(number) > 1
