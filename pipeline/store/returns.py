"""The whole of it: every return as it counts, what is collected, and the exports made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pipeline.store.engine import Store, read, write
from pipeline.store.known import load_collections, main_collection
from pipeline.store.receipts import load_receipts
from pipeline.store.review_tables import office, returns
from pipeline.store.rows import Key, load, load_returns
from pipeline.store.tables import exports
from schemas.errors import ConfigError
from schemas.form import Form
from schemas.office import Collection, Receipt, StoredReturn


@dataclass(frozen=True)
class Export:
    """An output that was written: its name, when, its sha256, and the collection that it tells of (None for any)."""

    name: str
    made: datetime
    sha256: str
    collection: int | None = None


MOST_AT_ONCE = 500
"""Sources that are asked for by their ids; where more have changed, all of a collection are fetched."""


@dataclass(frozen=True)
class Gathered:
    """A collection, its form, its returns in force by source and number, in the order of arrival, and the receipts, as they
    stood at one moment: when the office's count was `turn`."""

    turn: int
    collection: Collection
    form: Form
    returns: Mapping[Key, StoredReturn]
    receipts: tuple[Receipt, ...]


def stored_returns(store: Store) -> list[StoredReturn]:
    """Every return that is in force, by order of arrival; corrections are those that count."""
    return read(store, lambda connection: list(load_returns(connection)))


def collected(store: Store, collection: int | None = None) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
    """A collection, each of its returns that is in force and every receipt, as they stood at one moment.

    Without an id it is the only open one, or the newest of several. Receipts of files all of whose returns belong to other
    collections are left out. Raises ConfigError for an id that there is not.
    """
    found = gather(store, collection)
    return found.collection, list(found.returns.values()), list(found.receipts)


def gather(store: Store, collection: int | None = None, before: Gathered | None = None) -> Gathered:
    """The same by source and number. Of what was gathered `before`, returns of which nothing was said since are kept."""

    def work(connection: Connection) -> Gathered:
        known = load_collections(connection)
        if collection is not None and collection not in known:
            raise ConfigError(f"collection {collection}")
        one = main_collection(known) if collection is None else known[collection]
        only = one.collection.id if len(known) > 1 else None
        turn = connection.execute(select(office.c.turn)).scalar_one()
        same = before is not None and (before.collection.id, before.form) == (one.collection.id, one.form)
        found = _advance(connection, before, only) if before is not None and same else _returns(connection, only)
        return Gathered(turn, one.collection, one.form, found, tuple(load_receipts(connection, collection=only)))

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


def _returns(connection: Connection, collection: int | None) -> Mapping[Key, StoredReturn]:
    return {key: loaded.stored for key, loaded in load(connection, collection=collection).items()}


def _advance(connection: Connection, before: Gathered, collection: int | None) -> Mapping[Key, StoredReturn]:
    """The returns as they are now: those whose row says that something was said since are fetched, the others are as before.

    Whoever writes holds the office's count until he is done: what has a number up to one that is seen, is seen too.
    """
    query = select(returns.c.source, returns.c.number, returns.c.turn)
    if collection is not None:
        query = query.where(returns.c.collection == collection)
    turns = {(row[0], row[1]): row[2] for row in connection.execute(query.order_by(returns.c.file, returns.c.number))}
    fresh = {key for key, turn in turns.items() if turn > before.turn or key not in before.returns}
    if not fresh and len(turns) == len(before.returns):
        return before.returns
    if len(fresh) > MOST_AT_ONCE:
        return _returns(connection, collection)
    loaded = load(connection, {source for source, _ in fresh}, collection=collection)
    return {key: loaded[key].stored if key in fresh else before.returns[key] for key in turns}
