"""What a reviewer has typed into a slot, turned into what is kept; or why it cannot be."""

from __future__ import annotations

import unicodedata

from pipeline.corrections import HEADER, Worth, form_path
from pipeline.counts import MOST, Certainty, read_number
from schemas.flow import State
from schemas.form import FieldKind, Form, SlotKind
from schemas.values import Value

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


def understand(kind: SlotKind | FieldKind, state: State, value: Value) -> Worth:
    """What is kept of an entry: a count as a whole number, words without spaces around them. Raises Refused."""
    if state is not State.VALUE:
        return (state, None)
    text = "" if value is None else unicodedata.normalize("NFKC", str(value)).strip()
    if kind is SlotKind.COUNT:
        return _count(text)
    if not text:
        raise Refused("请先输入看到的内容；没有填写请按“空”，看不清请按“看不清”")
    if any(unicodedata.category(char).startswith("C") for char in text):
        raise Refused("内容里有不能显示的字符")
    if len(text) > (LONGEST_TEXT if kind is SlotKind.TEXT else LONGEST_FIELD):
        raise Refused("内容过长")
    # Full-width marks are the form's own; only what stands around the words is dropped.
    return (State.VALUE, str(value).strip())


def doubtful_from(read: Value, candidates: tuple[str, ...]) -> int:
    """The least number that is asked about once more in a count slot, for it is unlike what the machine saw there."""
    seen = [read] if isinstance(read, int) else []
    seen += [number for text in candidates if (number := read_number(text).value) is not None]
    return min(max(*seen, 1) * MANY_TIMES, MANY_DIGITS) if seen else MANY_DIGITS


def _count(text: str) -> Worth:
    if not text:
        raise Refused("请先输入数字；没有填写请按“空”，看不清请按“看不清”")
    if text.lower() in SAYS_BLANK:
        return (State.BLANK, None)
    if text.lower() in SAYS_UNREADABLE:
        return (State.UNREADABLE, None)
    written = read_number(text)
    if written.state is State.BLANK:
        return (State.BLANK, None)
    if written.value is None:
        too_many = len(written.digits) > len(str(MOST))
        raise Refused("数字过大，最多九位" if too_many else "这不是一个整数，请输入看到的数字")
    if written.certainty is Certainty.VAGUE:
        raise Refused("请输入一个确定的整数，不要带“约”“余”等字，也不要以 0 开头")
    return (State.VALUE, written.value)


def _is_path_of(path: str, form: Form) -> bool:
    """Whether a path is one of a further activity, item7[2].name, written in the one way that is kept."""
    head, _, _ = path.partition(".")
    key, bracket, rest = head.partition("[")
    if not bracket:
        return True
    number = rest.removesuffix("]")
    repeats = any(item.key == key and item.repeats for item in form.items)
    canonical = number.isascii() and number.isdecimal() and not number.startswith("0") and len(number) <= 2
    return repeats and rest.endswith("]") and canonical and int(number) > 1
