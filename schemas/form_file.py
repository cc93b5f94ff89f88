"""A form as a file that a person may read and correct: TOML that says what the paper says, slot by slot.

    [[items]]
    key = "item1"
    heading = "1.组织安全培训"
    slots = [
        { printed = "组织开展培训（）场，", key = "trainings", unit = "场" },
        { printed = "参与（）人次；", key = "attendance", unit = "人次", events = "trainings" },
    ]

A slot's `printed` words hold its mark, once: （） or, where the form has a box or a line, □ or ＿＿. A slot that is a cell
of its own has the heading of its `column` instead. `docs/forms.md` tells what each word means.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tomlkit.items import Array, Table

from schemas.errors import FormFileError
from schemas.form import FieldKind, Form, FormItem, HeaderField, Mark, PlainWords, Slot, SlotKind

Key = Annotated[str, Field(pattern=r"\A[a-z][a-z0-9_]{0,39}\z")]
Words = Annotated[str, Field(min_length=1, max_length=400)]

# More slots than any form has that one person fills in; a file from elsewhere must not fill the memory.
MOST_SLOTS = 1000

ABOUT = """\
表样文件：表上印了什么、哪些地方要填。可以直接修改，改完用 kuohao form check 检查。
printed 里的（）、□ 或 ＿＿ 是填写处，每处写一次；column 是单独一格的列标题。
kind：count 整数，money 金额（可有小数），text 文字，date 日期，tick 打勾；不写即为 count，□ 即为 tick。
events：与人次对应的场次；choice：几个 □ 只选一个；sums：合计行，写它所合计的那一行（或几行）的 key；repeats：可填多行。"""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Slot(_File):
    key: Key
    printed: str = Field(default="", max_length=400)
    column: str = Field(default="", max_length=100)
    kind: SlotKind | None = None
    unit: str = Field(default="", max_length=20)
    events: Key | None = None
    choice: str = Field(default="", max_length=40)


class _Item(_File):
    key: Key
    heading: str = Field(max_length=400)
    slots: tuple[_Slot, ...] = Field(min_length=1, max_length=MOST_SLOTS)
    repeats: bool = False
    sums: Key | tuple[Key, ...] = ()

    @property
    def summed(self) -> tuple[str, ...]:
        """The keys of the rows that this one adds up."""
        return (self.sums,) if isinstance(self.sums, str) else self.sums


class _Field(_File):
    key: Key
    label: Words
    kind: FieldKind = FieldKind.TEXT
    also: tuple[Words, ...] = Field(default=(), max_length=20)


class _Plain(_File):
    words: Words
    why: str = Field(default="", max_length=200)


class _Form(_File):
    id: Annotated[str, Field(pattern=r"\A[a-z0-9][a-z0-9-]{0,59}\z")]
    title: Words
    columns: tuple[Annotated[str, Field(max_length=100)], ...] = Field(min_length=1, max_length=60)
    header: tuple[_Field, ...] = Field(default=(), max_length=40)
    items: tuple[_Item, ...] = Field(min_length=1, max_length=200)
    not_slots: tuple[_Plain, ...] = Field(default=(), max_length=MOST_SLOTS)


def toml_to_form(text: str) -> Form:
    """The form that a form file declares. Raises FormFileError: its detail names the line or entry and what is wrong."""
    try:
        found = _Form.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise FormFileError(str(error)) from None
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise FormFileError(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
    except RecursionError:
        raise FormFileError("nested too deep") from None
    _check_keys(found)
    items = tuple(_to_item(item, found) for item in found.items)
    fields = tuple(HeaderField(one.key, one.label, one.kind, one.also) for one in found.header)
    plain = tuple(PlainWords(one.words, one.why) for one in found.not_slots)
    return Form(found.id, found.title, found.columns, fields, items, plain)


def form_to_toml(form: Form) -> str:
    """The form file of a form; read again it is the same form."""
    file = tomlkit.document()
    for line in ABOUT.splitlines():
        file.add(tomlkit.comment(line))
    file.add(tomlkit.nl())
    file["id"], file["title"], file["columns"] = form.id, form.title, list(form.columns)
    if form.header:
        file["header"] = _lines(
            {"key": one.key, "label": one.label, "kind": one.kind.value, "also": list(one.also)} for one in form.header
        )
    if form.plain:
        file["not_slots"] = _lines({"words": one.words, "why": one.why} for one in form.plain)
    items = tomlkit.aot()
    for item in form.items:
        items.append(_from_item(item))
    file["items"] = items
    return tomlkit.dumps(file)


def _check_keys(form: _Form) -> None:
    """Keys are said once, and what refers to another entry finds it."""
    _once("items", [item.key for item in form.items])
    _once("header", [field.key for field in form.header])
    if sum(len(item.slots) for item in form.items) > MOST_SLOTS:
        raise FormFileError(f"items: more than {MOST_SLOTS} slots")
    rows = {item.key: {one.key for one in item.slots} for item in form.items}
    for item in form.items:
        _once(f"{item.key}.slots", [one.key for one in item.slots])
        lost = next((key for key in item.summed if key not in rows or key == item.key), None)
        if lost is not None:
            raise FormFileError(f"{item.key}.sums: no other item {lost}")
        for one in item.slots:
            if one.events is not None and one.events not in rows[item.key] - {one.key}:
                raise FormFileError(f"{item.key}.{one.key}.events: no other slot {one.events} in this item")


def _once(where: str, keys: list[str]) -> None:
    twice = [key for key, times in Counter(keys).items() if times > 1]
    if twice:
        raise FormFileError(f"{where}: {twice[0]} is there twice")


def _to_item(item: _Item, form: _Form) -> FormItem:
    summed = {f"{one.key}.{slot.key}" for one in form.items if one.key in item.summed for slot in one.slots}
    slots = tuple(_to_slot(item, one, summed) for one in item.slots)
    return FormItem(item.key, item.heading, slots, item.repeats)


def _to_slot(item: _Item, slot: _Slot, summed: set[str]) -> Slot:
    where = f"{item.key}.{slot.key}"
    mark, before, after = _split(slot, where)
    kind = slot.kind or (SlotKind.TICK if mark is Mark.BOX else SlotKind.COUNT)
    if (kind is SlotKind.TICK) < (mark is Mark.BOX):
        raise FormFileError(f"{where}: {Mark.BOX.value} is ticked, so its kind is tick")
    return Slot(
        where,
        kind,
        item.heading if mark is Mark.CELL and not item.repeats else before,
        after,
        f"{item.key}.{slot.events}" if slot.events else None,
        item.repeats,
        mark,
        slot.column,
        slot.unit,
        slot.choice,
        tuple(path for key in item.summed if (path := f"{key}.{slot.key}") in summed) if kind.summed else (),
    )


def _split(slot: _Slot, where: str) -> tuple[Mark, str, str]:
    """A slot's mark, and the words before and behind it."""
    if not slot.printed:
        if not slot.column:
            raise FormFileError(f"{where}: neither printed words nor a column")
        return Mark.CELL, "", ""
    marks = [mark for mark in Mark if mark.value and mark.value in slot.printed]
    if slot.column or len(marks) != 1 or slot.printed.count(marks[0].value) != 1:
        raise FormFileError(f"{where}: printed words hold one of {' '.join(filter(None, Mark))}, once")
    before, after = slot.printed.split(marks[0].value)
    return marks[0], before, after


def _from_item(item: FormItem) -> Table:
    table = tomlkit.table()
    table["key"], table["heading"] = item.key, item.heading
    if item.repeats:
        table["repeats"] = True
    sums = list(dict.fromkeys(path.partition(".")[0] for slot in item.slots for path in slot.sums))
    if sums:
        table["sums"] = sums if len(sums) > 1 else sums[0]
    table["slots"] = _lines(_from_slot(slot) for slot in item.slots)
    return table


def _from_slot(slot: Slot) -> dict[str, object]:
    cell = slot.mark is Mark.CELL
    implied = SlotKind.TICK if slot.mark is Mark.BOX else SlotKind.COUNT
    found = {
        "printed": "" if cell else f"{slot.before}{slot.mark.value}{slot.after}",
        "column": slot.column,
        "key": slot.path.rpartition(".")[2],
        "kind": "" if slot.kind is implied else slot.kind.value,
        "unit": slot.unit,
        "events": (slot.events or "").rpartition(".")[2],
        "choice": slot.choice,
    }
    return {key: value for key, value in found.items() if value}


def _lines(entries: Iterable[Mapping[str, object]]) -> Array:
    """One entry a line, as a person reads a form."""
    array = tomlkit.array()
    for entry in entries:
        table = tomlkit.inline_table()
        table.update({key: value for key, value in entry.items() if value not in ("", [])})
        array.append(table)
    return array.multiline(True)
