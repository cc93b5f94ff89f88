"""A printed form, declared once as Pydantic models whose fields carry their printed words.

An item is a class whose docstring is the left column of the paper and whose fields are its slots, in printed order:

    class CaseExposure(Item):
        \"\"\"4.发挥工会安全生产群众监督三级网络作用\"\"\"

        hotline_signs: Count = slot("推动设置“12350安全举报公示牌”（）个；")

An empty pair of parentheses （） is the slot; a pair with words in it is print. `form_of(Model)` turns a whole return
model into a `Form`, from which alignment, headings, JSON schema and the blank form are made.
"""

from __future__ import annotations

import inspect
import typing
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

EMPTY_PARENTHESES = "（）"
EMPTY_BOX = "□"
EMPTY_LINE = "＿＿"

Count = Annotated[int, Field(ge=0)] | None
"""A whole number of at least nought; None where nobody wrote."""

Text = str | None
"""Free words; None where nobody wrote."""


class Item(BaseModel):
    """One numbered activity item of a form: a row of its table."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReturnModel(BaseModel):
    """A whole return: header fields, then items. Subclasses name the form by `form_id` and `title`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form_id: ClassVar[str]
    title: ClassVar[str]
    columns: ClassVar[tuple[str, str]]


class SlotKind(StrEnum):
    """What a slot accepts.

    COUNT holds a whole number, MONEY one that may have decimals, TEXT words, DATE a day as 2027-06-03, TICK the number 1
    where its box is ticked and nothing where it is not.
    """

    COUNT = "count"
    TEXT = "text"
    MONEY = "money"
    DATE = "date"
    TICK = "tick"

    @property
    def numeric(self) -> bool:
        """Whether a number is written there, with or without decimals."""
        return self in {SlotKind.COUNT, SlotKind.MONEY}

    @property
    def summed(self) -> bool:
        """Whether a total makes sense: of ticks it is how many were made."""
        return self in {SlotKind.COUNT, SlotKind.MONEY, SlotKind.TICK}


class Mark(StrEnum):
    """What is printed where people write: its value is how the form's sentence spells it."""

    PARENTHESES = EMPTY_PARENTHESES
    BOX = EMPTY_BOX
    LINE = EMPTY_LINE
    CELL = ""


@dataclass(frozen=True)
class Slot:
    """One place to fill: a pair of parentheses, a box, a line, or a cell of its own.

    `before` and `after` are the printed words around it; `label` is what people call the slot. Where it is a cell, `column`
    is the heading of its column, `before` its row's. `events` is the path of the slot that counts the events this slot's
    people attended, where there is one. `repeats` tells that its row may hold it several times, for one activity after the
    other. `unit` is the word of measure printed behind it or in its heading (场, 人次, 万元). Of slots with the same
    `choice` in an item no more than one is filled. `sums` are the paths of the slots whose values this one adds up: a
    totals row's.
    """

    path: str
    kind: SlotKind
    before: str
    after: str
    events: str | None = None
    repeats: bool = False
    mark: Mark = Mark.PARENTHESES
    column: str = ""
    unit: str = ""
    choice: str = ""
    sums: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The slot's sentence without the punctuation that only joins it to its neighbours; row and column of a cell."""
        if self.mark is Mark.CELL:
            return f"{self.before} {self.column}".strip()
        return f"{self.before}{self.mark.value}{self.after}".strip("，；。、 ")


@dataclass(frozen=True)
class FormItem:
    """One row of the printed table: its heading (left column) and its slots (right column).

    A row of the table whose slots are cells is an item, too. Where such an item `repeats`, people write as many rows as they
    need, and its heading is printed nowhere.
    """

    key: str
    heading: str
    slots: tuple[Slot, ...]
    repeats: bool = False

    @property
    def in_cells(self) -> bool:
        """Whether every slot is a cell of its own, so that no sentence tells where it is."""
        return all(slot.mark is Mark.CELL for slot in self.slots)

    @property
    def sentence(self) -> str:
        """The right-hand cell as printed, slots empty; nothing where slots are cells."""
        return "".join(f"{slot.before}{slot.mark.value}{slot.after}" for slot in self.slots if slot.mark is not Mark.CELL)


class FieldKind(StrEnum):
    """What a field above the table holds."""

    UNIT = "unit"
    NAME = "name"
    PHONE = "phone"
    DATE = "date"
    TEXT = "text"


@dataclass(frozen=True)
class HeaderField:
    """A field above the table: its name, the words printed before it, what it holds, and what units print instead."""

    key: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    also: tuple[str, ...] = ()


class PlainWords(NamedTuple):
    """Printed words that look like a slot and are none, and why."""

    words: str
    why: str


@dataclass(frozen=True)
class Form:
    """What a printed form says, independent of how a return of it was laid out.

    `columns` are the headings of the table's columns. `plain` are what a person, or the program that made the form from a
    blank one, has decided to be no slot.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    header: tuple[HeaderField, ...]
    items: tuple[FormItem, ...]
    plain: tuple[PlainWords, ...] = ()

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot, in printed order."""
        return tuple(slot for item in self.items for slot in item.slots)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The slots' paths."""
        return tuple(slot.path for slot in self.slots)

    @property
    def unit(self) -> HeaderField | None:
        """The field that names who returns the form; None where there is none."""
        return next((field for field in self.header if field.kind is FieldKind.UNIT), None)

    @property
    def headings(self) -> dict[str, str]:
        """A table heading for every slot path: number within the form and label, unique and in printed order."""
        return {
            slot.path: f"{number}.{place} {slot.label}"
            for number, item in enumerate(self.items, 1)
            for place, slot in enumerate(item.slots, 1)
        }


def slot(printed: str, *, events: str | None = None) -> Any:
    """Declare a slot by its printed sentence, which holds exactly one empty pair of parentheses.

    `events` names the sibling field counting the events that this field's people attended.

    Raises ValueError when the sentence has no slot or several.
    """
    if printed.count(EMPTY_PARENTHESES) != 1:
        raise ValueError(f"a slot's sentence has exactly one {EMPTY_PARENTHESES}: {printed!r}")
    return Field(default=None, title=printed, json_schema_extra={"printed": printed, "events": events})


def header(label: str, *, kind: FieldKind = FieldKind.TEXT, also: tuple[str, ...] = ()) -> Any:
    """Declare a header field by the words printed before it; `also` are words that units print instead."""
    return Field(default=None, title=label, json_schema_extra={"header": label, "kind": kind, "also": list(also)})


def form_of(model: type[ReturnModel]) -> Form:
    """The printed form that a return model declares."""
    headers = []
    items = []
    for key, info in model.model_fields.items():
        label = _extra(info).get("header")
        if label is not None:
            extra = _extra(info)
            headers.append(HeaderField(key, str(label), FieldKind(extra["kind"]), tuple(extra["also"])))
        else:
            items.append(_item_of(key, info))
    return Form(model.form_id, model.title, model.columns, tuple(headers), tuple(items))


def _item_of(key: str, info: FieldInfo) -> FormItem:
    """The printed row of an item field: `Item`, or `tuple[Item, ...]` for a row that may hold several."""
    repeats = typing.get_origin(info.annotation) is tuple
    item = typing.get_args(info.annotation)[0] if repeats else info.annotation
    if not (inspect.isclass(item) and issubclass(item, Item)):
        raise TypeError(f"{key}: a return's fields are header fields and items, not {info.annotation!r}")
    slots = tuple(_slot_of(key, name, field) for name, field in item.model_fields.items())
    own = tuple(replace(slot, repeats=repeats) for slot in slots)
    return FormItem(key, inspect.cleandoc(item.__doc__ or ""), own, repeats)


def _slot_of(key: str, name: str, info: FieldInfo) -> Slot:
    extra = _extra(info)
    before, after = str(extra["printed"]).split(EMPTY_PARENTHESES)
    kind = SlotKind.TEXT if str in typing.get_args(info.annotation) else SlotKind.COUNT
    events = f"{key}.{extra['events']}" if extra["events"] else None
    return Slot(f"{key}.{name}", kind, before, after, events)


def _extra(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
