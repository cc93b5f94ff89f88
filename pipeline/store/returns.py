"""The whole of it: every return as it counts, what is collected, and the exports made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from pipeline.store.engine import Store, lock_standings, read, write
from pipeline.store.files import load_receipts
from pipeline.store.rows import load_known, load_returns
from pipeline.store.standings import reassess_all
from pipeline.store.tables import collection, exports
from pipeline.store.turns import next_turn
from pipeline.units import names_by_spelling
from schemas.office import Collection, Receipt, StoredReturn


@dataclass(frozen=True)
class Export:
    """An output that was written: its name, when, and its sha256."""

    name: str
    made: datetime
    sha256: str


def stored_returns(store: Store) -> list[StoredReturn]:
    """Every return that is in force, by order of arrival; corrections are those that count."""
    return read(store, lambda connection: list(load_returns(connection)))


def collected(store: Store) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
    """What is collected, every return that is in force and every receipt, as they stood at one moment."""

    def work(connection: Connection) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
        returns = list(load_returns(connection))
        return load_known(connection).collection, returns, load_receipts(connection)

    return read(store, work)


def set_collection(store: Store, known: Collection) -> None:
    """Say what is collected: every return is looked up on the new roster. Raises ConfigError for a name of two units."""
    names_by_spelling(known.units)
    units = json.dumps([[unit.name, unit.aliases, unit.parent] for unit in known.units], ensure_ascii=False)
    values = {"id": 1, "name": known.name, "form": known.form, "units": units, "deadline": known.deadline}

    def work(connection: Connection) -> None:
        lock_standings(connection)
        connection.execute(delete(collection))
        connection.execute(insert(collection).values(**values))
        next_turn(connection)
        reassess_all(connection, store.clock())

    write(store, work)


def record_export(store: Store, export: Export) -> None:
    """Note what was exported."""
    values = {"name": export.name, "made": export.made, "sha256": export.sha256}
    write(store, lambda connection: connection.execute(insert(exports).values(**values)))


def last_export(store: Store, name: str) -> Export | None:
    """The newest export of a name."""
    query = select(exports.c.name, exports.c.made, exports.c.sha256).where(exports.c.name == name)
    row = read(store, lambda connection: connection.execute(query.order_by(exports.c.id.desc()).limit(1)).first())
    return None if row is None else Export(*row)
