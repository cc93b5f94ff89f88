"""Slots across returns: the same question for many units side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, TextClause, func, select, text

from pipeline.collection.corrections import HEADER
from pipeline.store.derived import ASIDE
from pipeline.store.engine import Store, read
from pipeline.store.files import AnyRow
from pipeline.store.queue import Listing, in_collection
from pipeline.store.review_tables import returns, slots
from pipeline.store.rows import Loaded, load
from pipeline.store.saying import worth_of
from schemas.flow import Box, State
from schemas.form import Form
from schemas.paths import form_path
from schemas.reading import Reason, SlotReading
from schemas.values import Value

OF_RETURN = (slots.c.source == returns.c.source) & (slots.c.number == returns.c.number)

IS_OPEN, IS_FLAGGED, HAS_OPEN = "slots.open", "slots.flagged", "returns.open > 0"
"""In the indices' own words: only then are these used."""


@dataclass(frozen=True)
class SlotRow:
    """A slot or a field above the table ("header." and its key) as it counts, and what the machine saw of it.

    `state` and `value` count now, by the correction `version`, 0 for the machine's reading; `raw`, `confidence`, `reasons`,
    `candidates`, `page` and `box` are the machine's.
    """

    order: int
    number: int
    name: str
    unit: str | None
    title: str
    path: str
    label: str
    state: State
    value: Value
    raw: str
    confidence: float
    flagged: bool
    open: bool
    version: int
    reasons: tuple[Reason, ...]
    candidates: tuple[str, ...]
    page: int | None
    box: Box | None


def list_slots(
    store: Store,
    *,
    open: bool | None = None,
    flagged: bool | None = None,
    form_path: str | None = None,
    unit: str | None = None,
    collection: int | None = None,
    offset: int = 0,
    limit: int = 50,
) -> Listing[SlotRow]:
    """Slots of returns that count or may count, by arrival and printed order. Fields above the table where asked for."""
    wanted: list[ColumnElement[bool] | TextClause] = [
        returns.c.shelf != ASIDE,
        *(_open_in(store, collection) if open else slots_in(collection)),
        *_is(IS_OPEN, open),
        *_is(IS_FLAGGED, flagged),
    ]
    wanted.append(_no_field() if form_path is None else slots.c.form_path == form_path)
    if unit is not None:
        wanted.append(returns.c.unit == unit)
    order = slots.c.source, slots.c.number, slots.c.place

    def work(connection: Connection) -> Listing[SlotRow]:
        found = select(slots).join(returns, OF_RETURN).where(*wanted)
        total = connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
        rows = connection.execute(found.order_by(*order).offset(offset).limit(limit)).all()
        return Listing(to_slot_rows(connection, rows), total)

    return read(store, work)


def open_by_slot(store: Store, *, collection: int | None = None) -> dict[str, int]:
    """How many of each slot of the form are open in returns that count or may count; slots of which none is are left out."""
    query = select(slots.c.form_path, func.count().label("total")).join(returns, OF_RETURN)
    query = query.where(text(IS_OPEN), returns.c.shelf != ASIDE, *_open_in(store, collection), _no_field())
    query = query.group_by(slots.c.form_path)
    return {row.form_path: row.total for row in read(store, lambda connection: connection.execute(query).all())}


def slots_in(collection: int | None) -> Sequence[ColumnElement[bool]]:
    """What picks the slots of a collection's returns; all of them without one.

    Open slots are few and found by their own indices: a sum, which no index holds, keeps databases from going through all of
    a collection's returns instead.
    """
    return () if collection is None else (returns.c.collection + 0 == collection,)


def _open_in(store: Store, collection: int | None) -> Sequence[ColumnElement[bool] | TextClause]:
    """What picks the returns that open slots stand in: these have an index, too, in which the others are not.

    PostgreSQL knows how many of them a collection has; SQLite does not, and begins with the open slots.
    """
    picked = slots_in(collection) if store.engine.dialect.name == "sqlite" else in_collection(collection)
    return (text(HAS_OPEN), *picked)


def to_slot_rows(connection: Connection, rows: Sequence[AnyRow]) -> tuple[SlotRow, ...]:
    """Rows of `slots` with what their returns' readings say of them."""
    loaded = load(connection, {row.source for row in rows})
    return tuple(_to_slot_row(row, loaded[row.source, row.number]) for row in rows)


def _to_slot_row(row: AnyRow, loaded: Loaded) -> SlotRow:
    stored = loaded.stored
    read_as = _reading(loaded, row.path)
    state, value = worth_of(stored, row.path) or (State.BLANK, None)
    disputed = stored.disputes.get(row.path)
    return SlotRow(
        order=stored.order,
        number=stored.number,
        name=stored.name,
        unit=loaded.row.unit,
        title=loaded.row.title,
        path=row.path,
        label=read_as.label,
        state=state,
        value=value,
        raw=read_as.raw,
        confidence=read_as.confidence,
        flagged=row.flagged,
        open=row.open,
        version=row.version,
        reasons=read_as.reasons if disputed is None else (*read_as.reasons, Reason.DISPUTED),
        candidates=read_as.candidates,
        page=read_as.page,
        box=read_as.box,
    )


def _reading(loaded: Loaded, path: str) -> SlotReading:
    """What the machine read in a slot; a field above the table as if it were one."""
    reading = loaded.stored.reading
    label = _label(loaded.form, path)
    if path.startswith(HEADER):
        field = reading.header.get(path.removeprefix(HEADER))
        if field is not None:
            return SlotReading(
                path=path,
                label=label,
                state=field.state,
                value=field.value,
                raw=field.value or "",
                confidence=field.confidence,
                review=field.review,
            )
    found = next((slot for slot in reading.slots if slot.path == path), None)
    unseen = SlotReading(path=path, label=label, state=State.BLANK, value=None, raw="", confidence=0.0, review=False)
    return unseen if found is None else found


def _label(form: Form | None, path: str) -> str:
    if form is None:
        return path
    fields = {HEADER + field.key: field.label for field in form.header}
    labels = fields | {slot.path: slot.label for slot in form.slots}
    return labels.get(form_path(path), path)


def _is(column: str, wanted: bool | None) -> list[TextClause]:
    return [] if wanted is None else [text(column if wanted else f"NOT {column}")]


def _no_field() -> ColumnElement[bool]:
    return slots.c.form_path.not_like(HEADER + "%")
