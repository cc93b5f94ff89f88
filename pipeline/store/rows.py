"""Rows to values, within a transaction: the collection, returns in force, what people corrected and decided."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, func, select

from pipeline.corrections import HEADER
from pipeline.store.files import AnyRow
from pipeline.store.tables import collection, corrections, decisions, files, readings, source_files, sources
from pipeline.units import names_by_spelling, unit_field, unit_key, unit_named, unit_of_return
from schemas.flow import State
from schemas.forms import FORMS
from schemas.office import Collection, Correction, DecisionKind, FileState, StoredReturn, Unit
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH

Key = tuple[int, int]
"""A return: its source, and its number within it."""


def load_collection(connection: Connection) -> Collection:
    """What is collected; before anybody has said so, the form under its own title, from nobody."""
    row = connection.execute(select(collection)).first()
    if row is None:
        return Collection(SAFETY_MONTH.title, SAFETY_MONTH.id, ())
    return Collection(row.name, row.form, parse_units(row.units), row.deadline)


@lru_cache(maxsize=4)
def parse_units(text: str) -> tuple[Unit, ...]:
    """A roster as it is kept; parsed once, for it is needed with each reading."""
    return tuple(Unit(name, tuple(aliases), parent) for name, aliases, parent in json.loads(text))


def load_returns(connection: Connection, some: Some[int] | None = None) -> Iterator[tuple[Key, StoredReturn]]:
    """Returns that nothing has replaced, by order of arrival: all, or those of some sources."""
    corrected = load_corrections(connection, some)
    decided = load_decisions(connection, some)
    for row in connection.execute(_in_force(some)):
        key = (row.source, row.number)
        choices = {kind: each.value for kind, each in decided.get(key, {}).items()}
        reading = Reading.model_validate_json(row.reading)
        fixes = corrected.get(key, {})
        if choices.get(DecisionKind.UNIT):
            fixes = {**fixes, **_unit_as_correction(reading, decided[key][DecisionKind.UNIT])}
        yield (
            key,
            StoredReturn(
                order=row.order,
                number=row.number,
                name=row.name,
                sha256=row.sha256,
                arrived=row.arrived,
                reading=reading,
                unit=row.unit,
                corrections=fixes,
                preferred=bool(choices.get(DecisionKind.PREFERRED)),
                dismissed=bool(choices.get(DecisionKind.DISMISSED)),
                accepted=row.state == FileState.ACCEPTED,
            ),
        )


def unit_that_counts(stored: StoredReturn, known: Collection) -> str | None:
    """The unit that a return counts for: as a person has said, else as its header says."""
    form = FORMS.get(stored.reading.form)
    if form is None:
        return None
    names = _names(known.units)
    said = stored.corrections.get(HEADER + unit_key(form))
    if said is not None:
        # A unit that is on no roster yet is kept: it counts when it is put there.
        text = None if said.after[1] is None else str(said.after[1])
        return unit_named(text, names) or text
    return unit_of_return(stored.reading, form, names)


def names_of(known: Collection) -> Mapping[str, str]:
    """The roster's names by their spellings."""
    return _names(known.units)


def load_corrections(connection: Connection, some: Some[int] | None = None) -> dict[Key, dict[str, Correction]]:
    """The corrections that count, by return and path."""
    found: dict[Key, dict[str, Correction]] = defaultdict(dict)
    for row in connection.execute(_of(select(corrections), corrections, some)):
        found[row.source, row.number][row.path] = _correction(row)
    return found


def load_decisions(connection: Connection, some: Some[int] | None = None) -> dict[Key, dict[str, AnyRow]]:
    """The decisions that count, by return and kind."""
    found: dict[Key, dict[str, AnyRow]] = defaultdict(dict)
    for row in connection.execute(_of(select(decisions), decisions, some)):
        found[row.source, row.number][row.kind] = row
    return found


@lru_cache(maxsize=4)
def _names(units: tuple[Unit, ...]) -> Mapping[str, str]:
    return names_by_spelling(units)


def _of(query: Select[Any], table: Any, some: Some[int] | None) -> Select[Any]:
    return (query if some is None else query.where(table.c.source.in_(some))).order_by(table.c.id)


def _in_force(some: Some[int] | None) -> Select[Any]:
    """A source of several files goes by the one that came last, which made it whole."""
    last = select(source_files.c.source, func.max(source_files.c.file).label("file")).group_by(source_files.c.source)
    query = select(
        readings.c.source,
        readings.c.number,
        readings.c.unit,
        readings.c.reading,
        sources.c.state,
        files.c.id.label("order"),
        files.c.name,
        files.c.sha256,
        files.c.arrived,
    ).where(sources.c.replaced_by.is_(None))
    if some is not None:
        last, query = last.where(source_files.c.source.in_(some)), query.where(readings.c.source.in_(some))
    whole = last.subquery()
    query = query.join(sources, sources.c.id == readings.c.source)
    query = query.join(whole, whole.c.source == readings.c.source).join(files, files.c.id == whole.c.file)
    return query.order_by(files.c.id, readings.c.number)


def _correction(row: AnyRow) -> Correction:
    (before, was), (after, is_now) = json.loads(row.before), json.loads(row.after)
    return Correction(row.path, row.who, row.when, (State(before), was), (State(after), is_now), row.why)


def _unit_as_correction(reading: Reading, decided: AnyRow) -> dict[str, Correction]:
    """A unit that a person has chosen is a correction of what stands on the paper."""
    form = FORMS.get(reading.form)
    if form is None:
        return {}
    path, read = HEADER + unit_key(form), unit_field(reading, form)
    before, after = (read.state, read.value), (State.VALUE, decided.value)
    return {path: Correction(path, decided.who, decided.when, before, after, decided.why)}
