"""Undoing: the last word of a person is taken back by another row, and what counted before it counts again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select

from pipeline.collection.corrections import HEADER, Worth
from pipeline.store.engine import Store, lock_standings, write
from pipeline.store.files import AnyRow
from pipeline.store.review_tables import corrections, decisions, returns
from pipeline.store.rows import in_effect, to_correction, to_worth
from pipeline.store.standings import reassess
from pipeline.store.tables import source_files, sources
from pipeline.store.turns import next_turn
from schemas.errors import Conflict
from schemas.flow import State
from schemas.office import Correction, DecisionKind


@dataclass(frozen=True)
class Undone:
    """What was taken back: a correction at `path`, or a decision of a `kind`, whose path is "". `after` counts again."""

    order: int
    number: int
    path: str
    kind: DecisionKind | None
    before: Worth | str
    after: Worth | str


def undo_last(store: Store, who: str, *, since: datetime | None = None) -> Undone | None:
    """Take back a person's last correction or decision that is not taken back yet, of those made `since`; None for none.

    Raises Conflict where somebody else has decided the same since.
    """
    key = uuid4().hex

    def work(connection: Connection) -> Undone | None:
        lock_standings(connection)
        for table in (corrections, decisions):
            # Tried again after a lost answer, it is there already.
            done = connection.execute(select(table.c.undoes).where(table.c.key == key)).scalar()
            if done is not None:
                return _undone(connection, table, connection.execute(select(table).where(table.c.id == done)).one())
        last = [(table, row) for table in (corrections, decisions) if (row := _last(connection, table, who, since))]
        if not last:
            return None
        table, row = max(last, key=_turn)
        _check_counts(connection, table, row)
        turn = next_turn(connection)
        words = {"key": key, "who": who, "when": store.clock(), "undoes": row.id, "turn": turn, "why": ""}
        same = {name: row._mapping[name] for name in ("source", "number")}
        if table is corrections:
            same |= {"reading": row.reading, "path": row.path, "before": row.after, "after": row.before}
        else:
            same |= {"kind": row.kind, "before": row.value, "value": row.before}
        connection.execute(insert(table).values(**words, **same))
        reassess(connection, store.clock(), [row.source], turn=turn)
        return _undone(connection, table, row)

    return write(store, work)


def _turn(one: tuple[Any, AnyRow]) -> int:
    return int(one[1].turn)


def _last(connection: Connection, table: Any, who: str, since: datetime | None) -> AnyRow | None:
    """The last row of a person's that counts, or that another one has covered; not of what has been replaced."""
    again = table.alias()
    taken_back = select(again.c.id).where(again.c.undoes == table.c.id).exists()
    query = select(table).join(sources, sources.c.id == table.c.source)
    query = query.where(table.c.who == who, table.c.undoes.is_(None), ~taken_back, sources.c.replaced_by.is_(None))
    if since is not None:
        query = query.where(table.c.when >= since)
    return connection.execute(query.order_by(table.c.turn.desc()).limit(1)).first()


def _check_counts(connection: Connection, table: Any, row: AnyRow) -> None:
    """Raise Conflict where a later word about the same counts."""
    if table is decisions:
        same = select(table).where(table.c.source == row.source, table.c.number == row.number, table.c.kind == row.kind)
    else:
        same = select(table).where(table.c.source == row.source, table.c.reading == row.reading, table.c.path == row.path)
        if row.path.startswith(HEADER):
            same = same.where(table.c.number == row.number)
    counting = in_effect(connection.execute(same.order_by(table.c.id)).all())[-1]
    if counting.id != row.id:
        raise Conflict(to_correction(counting) if table is corrections else _as_correction(counting), counting.id)


def _as_correction(row: AnyRow) -> Correction:
    return Correction("", row.who, row.when, (State.VALUE, row.before), (State.VALUE, row.value), row.why)


def _undone(connection: Connection, table: Any, row: AnyRow) -> Undone:
    file = connection.execute(select(returns.c.file).where(returns.c.source == row.source).limit(1)).scalar()
    if file is None:
        members = select(func.max(source_files.c.file)).where(source_files.c.source == row.source)
        file = connection.execute(members).scalar_one()
    if table is corrections:
        return Undone(file, row.number, row.path, None, to_worth(row.after), to_worth(row.before))
    return Undone(file, row.number, "", DecisionKind(row.kind), row.value, row.before)
