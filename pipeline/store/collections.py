"""The collections of an office: what is collected, from whom, until when; several may be open at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, select, update

from pipeline.reading.units import names_by_spelling
from pipeline.store.engine import Store, lock_standings, read, write
from pipeline.store.forms import load_forms
from pipeline.store.known import Known, insert_collection, load_collections, main_collection, to_columns
from pipeline.store.review_tables import returns
from pipeline.store.standings import reassess_all
from pipeline.store.tables import collections as table
from pipeline.store.turns import next_turn
from schemas.errors import ConfigError
from schemas.form import Form
from schemas.office import Collection


def collections(store: Store) -> tuple[Collection, ...]:
    """Every collection, the oldest first; before anybody has made one, the built-in form's, whose id is 0."""
    return tuple(known.collection for known in read(store, load_collections).values())


def the_collection(store: Store, id: int | None = None) -> tuple[Collection, Form]:
    """A collection and its form; without an id the only open one, or the newest of several.

    Raises ConfigError for an id that there is not.
    """
    known = read(store, load_collections)
    if id is not None and id not in known:
        raise ConfigError(f"collection {id}")
    one = main_collection(known) if id is None else known[id]
    return one.collection, one.form


def known_collections(store: Store) -> dict[int, Known]:
    """Every collection with its form and its units' names, by id."""
    return read(store, load_collections)


def set_collection(store: Store, wanted: Collection) -> int:
    """Say what is collected by the collection of an id, or by the only one there is, which is made at need; its id.

    Every return of it is looked up on the new roster. Raises ConfigError for a name of two units or of two collections, for
    a form that there is not, and for another form than that of its returns.
    """
    names_by_spelling(wanted.units)

    def work(connection: Connection) -> int:
        lock_standings(connection)
        known = {id: one.collection for id, one in load_collections(connection).items()}
        before = known.get(wanted.id or max(known))
        if before is None or (not wanted.id and len(known) > 1):
            raise ConfigError(f"collection {wanted.id or wanted.name}")
        _check(connection, wanted, known, before)
        if before.id == 0:
            made = _insert(connection, store, wanted)
        else:
            made = before.id
            connection.execute(update(table).where(table.c.id == made).values(**to_columns(wanted)))
        reassess_all(connection, store.clock(), made, turn=next_turn(connection))
        return made

    return write(store, work)


def add_collection(store: Store, wanted: Collection) -> int:
    """Open another collection beside those there are; its id. Raises ConfigError as `set_collection` does."""
    names_by_spelling(wanted.units)

    def work(connection: Connection) -> int:
        lock_standings(connection)
        known = {id: one.collection for id, one in load_collections(connection).items() if id}
        same = next((one for one in known.values() if one == wanted), None)
        if same is not None:
            # Tried again after a lost answer, it is there already.
            return same.id
        _check(connection, wanted, known, None)
        next_turn(connection)
        return _insert(connection, store, wanted)

    return write(store, work)


def _check(connection: Connection, wanted: Collection, known: Mapping[int, Collection], before: Collection | None) -> None:
    if any(one.name == wanted.name and one is not before for one in known.values()):
        raise ConfigError(f"“{wanted.name}”")
    if wanted.form not in load_forms(connection):
        raise ConfigError(f"form {wanted.form}")
    if before is not None and before.id and before.form != wanted.form:
        used = select(returns.c.source).where(returns.c.collection == before.id).limit(1)
        if connection.execute(used).first() is not None:
            raise ConfigError(f"form {wanted.form}: “{before.name}” {before.form}")


def _insert(connection: Connection, store: Store, wanted: Collection) -> int:
    return insert_collection(connection, replace(wanted, opened=store.clock()))
