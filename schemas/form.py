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
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

EMPTY_PARENTHESES = "（）"

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
    """What a slot accepts."""

    COUNT = "count"
    TEXT = "text"


@dataclass(frozen=True)
class Slot:
    """One pair of parentheses to fill.

    `before` and `after` are the printed words around the parentheses; `label` is what people call the slot.
    `events` is the path of the slot that counts the events this slot's people attended, where there is one. `repeats` tells
    that its row may hold it several times, for one activity after the other.
    """

    path: str
    kind: SlotKind
    before: str
    after: str
    events: str | None = None
    repeats: bool = False

    @property
    def label(self) -> str:
        """The slot's sentence without the punctuation that only joins it to its neighbours."""
        return f"{self.before}{EMPTY_PARENTHESES}{self.after}".strip("，；。、 ")


@dataclass(frozen=True)
class FormItem:
    """One row of the printed table: its heading (left column) and its slots (right column)."""

    key: str
    heading: str
    slots: tuple[Slot, ...]
    repeats: bool = False

    @property
    def sentence(self) -> str:
        """The right-hand cell as printed, slots empty."""
        return "".join(f"{slot.before}{EMPTY_PARENTHESES}{slot.after}" for slot in self.slots)


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


@dataclass(frozen=True)
class Form:
    """What a printed form says, independent of how a return of it was laid out."""

    id: str
    title: str
    columns: tuple[str, str]
    header: tuple[HeaderField, ...]
    items: tuple[FormItem, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot, in printed order."""
        return tuple(slot for item in self.items for slot in item.slots)

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
