"""What the API answers: fields are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.collection.corrections import Worth
from pipeline.store import ReturnInHand, ReturnRow, SlotRow
from schemas.flow import Box, State
from schemas.office import Collection, Correction, FileState, Receipt
from schemas.reading import Reading, Reason
from schemas.values import JsonValue

T = TypeVar("T")


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Paged(_Answer, Generic[T]):
    """A page of a list: `total` counts the whole list; the next page begins at offset + the number of items here."""

    total: int
    offset: int
    items: list[T]


class Problem(_Answer):
    """Why a request was refused, in Chinese or English by Accept-Language."""

    detail: str


class ReturnItem(_Answer):
    """A return in a list. `id` is what its address is made of; `open` counts slots and fields that nobody has decided."""

    id: str
    file: str
    unit: str | None = Field(description="The roster's unit that it counts for; null where that is not known.")
    title: str = Field(description="The unit as it was read, or as a person has put it.")
    received: datetime
    state: FileState
    flagged: int
    open: int
    dismissed: str
    superseded_by: int | None
    collection: int = Field(description="The id of the collection that it belongs to.")


class SlotDecision(_Answer):
    """What a person decided about a slot or a field above the table; it counts instead of the machine's reading."""

    path: str
    state: State
    value: JsonValue
    who: str
    when: datetime
    why: str


class ReturnWhole(_Answer):
    """A return: what the machine read (the contract's JSON), and what people decided."""

    summary: ReturnItem
    reading: Reading
    decided: list[SlotDecision]


class SlotItem(_Answer):
    """A slot of a return as it counts; `version` changes with every decision about it, 0 is the machine's reading."""

    return_id: str
    unit: str | None
    path: str
    label: str
    state: State
    value: JsonValue
    raw: str
    confidence: float
    flagged: bool
    open: bool
    version: int
    reasons: list[Reason]
    page: int | None
    box: Box | None


class Upload(_Answer):
    """A file that has arrived, by whichever way, and what became of it."""

    order: int
    name: str
    sha256: str
    size: int
    arrived: datetime
    state: FileState
    code: str
    reason: str
    advice: str
    of: int | None


class Uploaded(_Answer):
    """What became of a file sent just now: it lies in the inbox, or was refused with a reason."""

    name: str
    taken: bool
    reason: str = ""


class ExportItem(_Answer):
    """A table that can be had, made from what is on record at that moment."""

    name: str
    href: str


class CollectionItem(_Answer):
    """What is collected: a form, from so many units, until a moment; closed ones take no more returns."""

    id: int
    name: str
    form: str
    units: int
    deadline: datetime | None
    notice: str
    open: bool


def collection_item(known: Collection) -> CollectionItem:
    """A collection as the API tells it."""
    return CollectionItem(
        id=known.id,
        name=known.name,
        form=known.form,
        units=len(known.units),
        deadline=known.deadline,
        notice=known.notice,
        open=known.is_open,
    )


def return_item(row: ReturnRow) -> ReturnItem:
    """A line of the queue as the API tells it."""
    return ReturnItem(
        id=f"{row.order}-{row.number}",
        file=row.name,
        unit=row.unit,
        title=row.title,
        received=row.received,
        state=row.state,
        flagged=row.flagged,
        open=row.open,
        dismissed=row.dismissed,
        superseded_by=row.superseded_by,
        collection=row.collection,
    )


def return_whole(held: ReturnInHand) -> ReturnWhole:
    """A return as the API tells it."""
    decided = [slot_decision(path, fix) for path, fix in sorted(held.stored.corrections.items())]
    return ReturnWhole(summary=return_item(held.row), reading=held.stored.reading, decided=decided)


def slot_decision(path: str, fix: Correction) -> SlotDecision:
    """A correction as the API tells it."""
    after: Worth = fix.after
    return SlotDecision(path=path, state=after[0], value=after[1], who=fix.who, when=fix.when, why=fix.why)


def slot_item(row: SlotRow) -> SlotItem:
    """A slot as the API tells it."""
    return SlotItem(
        return_id=f"{row.order}-{row.number}",
        unit=row.unit,
        path=row.path,
        label=row.label,
        state=row.state,
        value=row.value,
        raw=row.raw,
        confidence=row.confidence,
        flagged=row.flagged,
        open=row.open,
        version=row.version,
        reasons=list(row.reasons),
        page=row.page,
        box=row.box,
    )


def upload_item(receipt: Receipt) -> Upload:
    """A receipt as the API tells it."""
    return Upload(
        order=receipt.order,
        name=receipt.name,
        sha256=receipt.sha256,
        size=receipt.size,
        arrived=receipt.arrived,
        state=receipt.state,
        code=receipt.code,
        reason=receipt.reason,
        advice=receipt.advice,
        of=receipt.of,
    )
