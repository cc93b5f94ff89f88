"""The queue: returns as lines, from columns alone, and which comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, tuple_

from pipeline.store.derived import ACCEPTED, ASIDE, OPEN
from pipeline.store.engine import Store, read
from pipeline.store.files import AnyRow
from pipeline.store.remaking import parse_address
from pipeline.store.review_tables import returns
from schemas.office import FileState

Item = TypeVar("Item")


class View(StrEnum):
    """What part of the queue is shown; aside are returns that are dismissed or superseded."""

    OPEN = OPEN
    ACCEPTED = ACCEPTED
    SET_ASIDE = ASIDE
    ALL = "all"


class Sort(StrEnum):
    """How it is sorted: the oldest first, those with most that is open, or by the name of the unit."""

    RECEIVED = "received"
    OPEN = "open"
    UNIT = "unit"


@dataclass(frozen=True)
class Listing(Generic[Item]):
    """A page of a list, and how many there are in all."""

    rows: tuple[Item, ...]
    total: int


@dataclass(frozen=True)
class ReturnRow:
    """A line of the queue.

    `title` is the unit as the header was read or corrected, `unit` the roster's that it counts for. `flagged` counts slots
    and fields that the machine flagged, `open` those of them nobody has decided about, `problems` what is wrong with the
    return as a whole and not solved. `state` is the return's own: for review, accepted, superseded. `dismissed` is "" or a
    reason's code, `parts` counts returns whose pages belong to it; `part_of` is the return to which its own do.
    """

    order: int
    number: int
    name: str
    unit: str | None
    title: str
    received: datetime
    state: FileState
    flagged: int
    open: int
    problems: int
    dismissed: str
    superseded_by: int | None
    parts: int
    part_of: tuple[int, int] | None = None
    collection: int = 0


def list_returns(
    store: Store,
    *,
    view: View = View.OPEN,
    search: str = "",
    sort: Sort = Sort.RECEIVED,
    offset: int = 0,
    limit: int = 50,
    collection: int | None = None,
) -> Listing[ReturnRow]:
    """A page of the queue, of a collection where one is given.

    `search` is looked for in names and units; "12" and "12-1" are a file's and a return's number.
    """
    wanted = and_(True, *in_collection(collection), *_shown(view), *_found(search))

    def work(connection: Connection) -> Listing[ReturnRow]:
        total = connection.execute(select(func.count()).select_from(returns).where(wanted)).scalar_one()
        query = select(returns).where(wanted).order_by(*_order(sort)).offset(offset).limit(limit)
        return Listing(tuple(to_row(row) for row in connection.execute(query)), total)

    return read(store, work)


def view_counts(store: Store, *, collection: int | None = None) -> dict[View, int]:
    """How many returns each view shows."""
    query = select(returns.c.shelf, func.count().label("total")).where(*in_collection(collection)).group_by(returns.c.shelf)
    counts = {row.shelf: row.total for row in read(store, lambda connection: connection.execute(query).all())}
    return {view: sum(counts.values()) if view is View.ALL else counts.get(view.value, 0) for view in View}


def next_open(
    store: Store,
    after: tuple[int, int] | None,
    *,
    search: str = "",
    sort: Sort = Sort.RECEIVED,
    collection: int | None = None,
) -> tuple[int, int] | None:
    """The open return behind another one in a list's order, from its end to its beginning again; None where none is open."""
    wanted = and_(True, *in_collection(collection), *_shown(View.OPEN), *_found(search))
    first = select(returns.c.file, returns.c.number).where(wanted).order_by(*_order(sort)).limit(1)

    def work(connection: Connection) -> tuple[int, int] | None:
        row = None
        if after is not None:
            key = _order(sort)
            own = select(*key).where(returns.c.file == after[0], returns.c.number == after[1])
            if (place := connection.execute(own).first()) is not None:
                row = connection.execute(first.where(tuple_(*key) > tuple_(*place))).first()
        row = row or connection.execute(first).first()
        return None if row is None else (row.file, row.number)

    return read(store, work)


def to_row(row: AnyRow) -> ReturnRow:
    """A row of `returns` as a line of the queue."""
    state = FileState.REVIEW if row.waiting else FileState.ACCEPTED
    return ReturnRow(
        order=row.file,
        number=row.number,
        name=row.name,
        unit=row.unit,
        title=row.title,
        received=row.arrived,
        state=state if row.superseded_by is None else FileState.SUPERSEDED,
        flagged=row.flagged,
        open=row.open,
        problems=row.problems,
        dismissed=row.dismissed,
        superseded_by=row.superseded_by,
        parts=row.parts,
        part_of=None if row.main_file is None else (row.main_file, row.main_number),
        collection=row.collection,
    )


def in_collection(collection: int | None) -> Sequence[ColumnElement[bool]]:
    """What picks a collection's returns; all of them without one."""
    return () if collection is None else (returns.c.collection == collection,)


def _shown(view: View) -> Sequence[ColumnElement[bool]]:
    return () if view is View.ALL else (returns.c.shelf == view.value,)


def _found(search: str) -> Sequence[ColumnElement[bool]]:
    words = search.split()
    return [or_(*_named(word)) for word in words]


def _named(word: str) -> list[ColumnElement[bool]]:
    found = [column.icontains(word, autoescape=True) for column in (returns.c.name, returns.c.unit, returns.c.title)]
    address = parse_address(word)
    if address is not None:
        found.append(and_(returns.c.file == address[0], returns.c.number == address[1]))
    elif word.isascii() and word.isdecimal() and len(word) < 10:
        found.append(returns.c.file == int(word))
    return found


def _order(sort: Sort) -> list[ColumnElement[Any]]:
    """What a list is sorted by, all of it ascending; arrival tells the order of those that are equal."""
    arrival: list[ColumnElement[Any]] = [returns.c.file, returns.c.number]
    if sort is Sort.OPEN:
        return [-returns.c.open, *arrival]
    if sort is Sort.UNIT:
        # Units on no roster stand behind the others.
        return [case((returns.c.unit.is_(None), 1), else_=0), func.coalesce(returns.c.unit, returns.c.title), *arrival]
    return arrival
