"""The collections of an office with their forms and their units' names, within a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from pipeline.collection.belonging import Candidate, find_collection
from pipeline.reading.units import names_by_spelling
from pipeline.store.files import AnyRow
from pipeline.store.forms import load_forms
from pipeline.store.tables import collections
from schemas.form import Form
from schemas.office import Collection, Unit
from schemas.reading import Problem, Reading
from schemas.safety_month import SAFETY_MONTH

Roster = tuple[tuple[Unit, ...], Mapping[str, str]]
"""A collection's units, and their names by spelling."""

KEPT_ROSTERS = 512
"""Rosters that a process keeps; more collections than that would be fetched and parsed with each reading."""

KEPT_UNITS = 65536

_rosters: dict[str, Roster] = {}


@dataclass(frozen=True)
class Known:
    """A collection, its form, and its units' names by their spellings."""

    collection: Collection
    form: Form
    names: Mapping[str, str]


def load_collections(connection: Connection, forms: Mapping[str, Form] | None = None) -> dict[int, Known]:
    """What is collected, by id; before anybody has said so, the built-in form under its own title, from nobody, as 0.

    `forms` are those of this transaction, where they have been loaded.
    """
    forms = load_forms(connection) if forms is None else forms
    light = [column for column in collections.c if column is not collections.c.units]
    rows = connection.execute(select(*light).order_by(collections.c.id)).all()
    if not rows:
        return {0: Known(Collection(SAFETY_MONTH.title, SAFETY_MONTH.id, ()), SAFETY_MONTH, {})}
    rosters = _load_rosters(connection, {row.id: row.edition for row in rows})
    return {row.id: _known(row, forms[row.form], rosters[row.id]) for row in rows}


def main_collection(known: Mapping[int, Known]) -> Known:
    """The collection that is meant where none is named: the only open one, the newest of several, else the last closed."""
    return max(known.values(), key=lambda one: (one.collection.is_open, one.collection.id))


def collections_to_fill(connection: Connection) -> dict[int, Known]:
    """What is collected, by id; the built-in form is put on record where nobody has said what is."""
    known = load_collections(connection)
    if 0 in known:
        insert_collection(connection, known[0].collection)
        known = load_collections(connection)
    return known


def place_readings(known: Mapping[int, Known], found: Sequence[Reading]) -> list[tuple[Reading, int]]:
    """Readings with the collections that they belong to. One that may belong to another as well says so, for review."""
    return [_placed(reading, known) for reading in found]


def insert_collection(connection: Connection, known: Collection) -> int:
    """Put a collection on record; its id."""
    key = connection.execute(insert(collections).values(**to_columns(known), opened=known.opened)).inserted_primary_key
    assert key is not None
    return int(key[0])


def to_columns(known: Collection) -> dict[str, Any]:
    """A collection as its row holds it, with an edition of its own, without its id and when it was opened."""
    units = json.dumps([[unit.name, unit.aliases, unit.parent] for unit in known.units], ensure_ascii=False)
    same = {name: getattr(known, name) for name in ("name", "title", "form", "deadline", "notice", "closed")}
    return {**same, "units": units, "edition": uuid4().hex}


def _placed(reading: Reading, known: Mapping[int, Known]) -> tuple[Reading, int]:
    of_form = [one for one in known.values() if one.form.id == reading.form]
    if not of_form:
        return reading, main_collection(known).collection.id
    candidates = [Candidate(one.collection, one.names) for one in of_form]
    collection, sure = find_collection(reading, of_form[0].form, candidates)
    if not sure:
        problems = (*reading.problems, Problem.COLLECTION_UNSURE)
        reading = reading.model_copy(update={"problems": problems, "review": True})
    return reading, collection.id


def _known(row: AnyRow, form: Form, roster: Roster) -> Known:
    units, names = roster
    said = {"deadline": row.deadline, "title": row.title, "notice": row.notice, "closed": row.closed, "opened": row.opened}
    return Known(Collection(row.name, row.form, units, **said, id=row.id), form, names)


def _load_rosters(connection: Connection, editions: Mapping[int, str]) -> dict[int, Roster]:
    """Rosters by their collections' ids; only those whose edition this process has not seen are fetched."""
    found = {id: roster for id, edition in editions.items() if (roster := _rosters.get(edition)) is not None}
    lacking = editions.keys() - found.keys()
    if not lacking:
        return found
    texts = select(collections.c.id, collections.c.edition, collections.c.units).where(collections.c.id.in_(lacking))
    for row in connection.execute(texts):
        found[row.id] = _roster(row.units)
        if len(_rosters) >= KEPT_ROSTERS:
            _rosters.clear()
        if row.edition:
            _rosters[row.edition] = found[row.id]
    return found


def _roster(text: str) -> Roster:
    """A roster as it is kept, and its names by spelling; made once, for they are needed with each reading."""
    units = tuple(_unit(name, tuple(aliases), parent) for name, aliases, parent in json.loads(text))
    return units, names_by_spelling(units)


@lru_cache(maxsize=KEPT_UNITS)
def _unit(name: str, aliases: tuple[str, ...], parent: str) -> Unit:
    """A unit; the same one for the rosters of all years, which would else take hundreds of megabytes."""
    return Unit(name, aliases, parent)
