"""The whole of it: every return as it counts, what is collected, and the exports made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pipeline.store.engine import Store, read, write
from pipeline.store.known import load_collections, main_collection
from pipeline.store.receipts import load_receipts
from pipeline.store.rows import load_returns
from pipeline.store.tables import exports
from schemas.errors import ConfigError
from schemas.office import Collection, Receipt, StoredReturn


@dataclass(frozen=True)
class Export:
    """An output that was written: its name, when, its sha256, and the collection that it tells of (None for any)."""

    name: str
    made: datetime
    sha256: str
    collection: int | None = None


def stored_returns(store: Store) -> list[StoredReturn]:
    """Every return that is in force, by order of arrival; corrections are those that count."""
    return read(store, lambda connection: list(load_returns(connection)))


def collected(store: Store, collection: int | None = None) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
    """A collection, each of its returns that is in force and every receipt, as they stood at one moment.

    Without an id it is the only open one, or the newest of several. Receipts of files all of whose returns belong to other
    collections are left out. Raises ConfigError for an id that there is not.
    """

    def work(connection: Connection) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
        known = load_collections(connection)
        if collection is not None and collection not in known:
            raise ConfigError(f"collection {collection}")
        one = (main_collection(known) if collection is None else known[collection]).collection
        only = one.id if len(known) > 1 else None
        return one, list(load_returns(connection, collection=only)), load_receipts(connection, collection=only)

    return read(store, work)


def record_export(store: Store, export: Export) -> None:
    """Note what was exported."""
    values = {"name": export.name, "made": export.made, "sha256": export.sha256, "collection": export.collection}
    write(store, lambda connection: connection.execute(insert(exports).values(**values)))


def last_export(store: Store, name: str, collection: int | None = None) -> Export | None:
    """The newest export of a name; of a collection, where one is given."""
    query = select(exports.c.name, exports.c.made, exports.c.sha256, exports.c.collection).where(exports.c.name == name)
    if collection is not None:
        query = query.where(exports.c.collection == collection)
    row = read(store, lambda connection: connection.execute(query.order_by(exports.c.id.desc()).limit(1)).first())
    return None if row is None else Export(*row)
