"""The audit trail: everything that people said, the newest first, with what they took back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, literal, select, union_all

from pipeline.collection.corrections import Worth
from pipeline.store.engine import Store, read
from pipeline.store.files import AnyRow
from pipeline.store.queue import Listing
from pipeline.store.review_tables import corrections, decisions, returns
from pipeline.store.rows import to_worth
from pipeline.store.tables import files, source_files
from schemas.office import DecisionKind

TABLES = (corrections, decisions)


@dataclass(frozen=True)
class Event:
    """A correction (`kind` None) or a decision (`path` ""): who, when, about what, what counted before and after.

    `turn` numbers events. `undone` has been taken back later; `undoes` is itself the taking back of the event of
    that turn. `collection` is its return's, 0 of one that has been replaced.
    """

    turn: int
    when: datetime
    who: str
    order: int
    number: int
    name: str
    path: str
    kind: DecisionKind | None
    before: Worth | str
    after: Worth | str
    why: str
    undone: bool
    undoes: int | None
    collection: int = 0


def history(
    store: Store,
    *,
    order: int | None = None,
    number: int | None = None,
    who: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Listing[Event]:
    """What people said: all of it, or about one file or return, or by one person."""
    parts = [
        _wanted(select(literal(place).label("place"), table.c.turn, table.c.id), table, order, number, who)
        for place, table in enumerate(TABLES)
    ]
    every = union_all(*parts).subquery()
    page = select(every).order_by(every.c.turn.desc(), every.c.place, every.c.id.desc()).offset(offset).limit(limit)

    def work(connection: Connection) -> Listing[Event]:
        total = connection.execute(select(func.count()).select_from(every)).scalar_one()
        keys = [(row.place, row.id) for row in connection.execute(page)]
        events: dict[tuple[int, int], Event] = {}
        for place, table in enumerate(TABLES):
            some = [each for at, each in keys if at == place]
            events |= {(place, each): event for each, event in _events(connection, table, some).items()}
        return Listing(tuple(events[key] for key in keys), total)

    return read(store, work)


def _wanted(query: Select[Any], table: Any, order: int | None, number: int | None, who: str | None) -> Select[Any]:
    if order is not None:
        query = query.where(table.c.source.in_(select(source_files.c.source).where(source_files.c.file == order)))
    if number is not None:
        query = query.where(table.c.number == number)
    return query if who is None else query.where(table.c.who == who)


def _events(connection: Connection, table: Any, some: Sequence[int]) -> dict[int, Event]:
    rows = connection.execute(select(table).where(table.c.id.in_(some))).all()
    back = set(connection.execute(select(table.c.undoes).where(table.c.undoes.in_(some))).scalars())
    taken = [row.undoes for row in rows if row.undoes is not None]
    turns = {row.id: row.turn for row in connection.execute(select(table.c.id, table.c.turn).where(table.c.id.in_(taken)))}
    last = select(source_files.c.source, func.max(source_files.c.file).label("file"))
    last = last.where(source_files.c.source.in_({row.source for row in rows})).group_by(source_files.c.source)
    whole = last.subquery()
    goes_by = select(whole.c.source, files.c.id, files.c.name).join(files, files.c.id == whole.c.file)
    named = {row.source: (row.id, row.name) for row in connection.execute(goes_by)}
    here = select(returns.c.source, returns.c.number, returns.c.collection).where(returns.c.source.in_(named))
    of = {(row.source, row.number): row.collection for row in connection.execute(here)}
    return {
        row.id: replace(
            _event(table, row, *named[row.source], row.id in back, turns.get(row.undoes)),
            # A return that has been replaced is none any more.
            collection=of.get((row.source, row.number)) or 0,
        )
        for row in rows
    }


def _event(table: Any, row: AnyRow, order: int, name: str, undone: bool, undoes: int | None) -> Event:
    fixed = table is corrections
    return Event(
        turn=row.turn,
        when=row.when,
        who=row.who,
        order=order,
        number=row.number,
        name=name,
        path=row.path if fixed else "",
        kind=None if fixed else DecisionKind(row.kind),
        before=to_worth(row.before) if fixed else row.before,
        after=to_worth(row.after) if fixed else row.value,
        why=row.why,
        undone=undone,
        undoes=undoes,
    )
