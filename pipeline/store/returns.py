"""Returns: readings with what people corrected and decided, what is collected, and the exports made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select

from pipeline.corrections import HEADER
from pipeline.store.engine import Store, lock_standings, read, write
from pipeline.store.files import load_receipts
from pipeline.store.rows import load_collection, load_corrections, load_decisions, load_returns
from pipeline.store.standings import reassess, reassess_all
from pipeline.store.states import IN_REVIEW, set_states
from pipeline.store.tables import collection, corrections, decisions, exports, readings, source_files, sources
from pipeline.units import names_by_spelling, unit_key
from schemas.errors import ConfigError
from schemas.forms import FORMS
from schemas.office import Collection, Correction, DecisionKind, FileState, Receipt, StoredReturn
from schemas.reading import Reading


@dataclass(frozen=True)
class Export:
    """An output that was written: its name, when, and its sha256."""

    name: str
    made: datetime
    sha256: str


def stored_returns(store: Store) -> list[StoredReturn]:
    """Every return that is in force, by order of arrival; corrections are those that count."""
    return read(store, lambda connection: [stored for _, stored in load_returns(connection)])


def collected(store: Store) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
    """What is collected, every return that is in force and every receipt, as they stood at one moment."""

    def work(connection: Connection) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
        returns = [stored for _, stored in load_returns(connection)]
        return load_collection(connection), returns, load_receipts(connection)

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
        reassess_all(connection, store.clock())

    write(store, work)


def correct(store: Store, order: int, number: int, correction: Correction) -> None:
    """Append a correction of a slot of the return `number` of the file `order`.

    Raises ConfigError where there is no such return.
    """
    values = {
        "key": uuid4().hex,
        "path": correction.path,
        "who": correction.who,
        "when": correction.when,
        "before": json.dumps(correction.before, ensure_ascii=False),
        "after": json.dumps(correction.after, ensure_ascii=False),
        "why": correction.why,
    }
    write(store, lambda connection: _append(connection, store, corrections, order, number, values))


def decide(store: Store, order: int, number: int, kind: DecisionKind, value: str, *, who: str, why: str = "") -> None:
    """Append a decision about the return `number` of the file `order`. Raises ConfigError where there is no such return."""
    values = {"key": uuid4().hex, "kind": kind, "value": value, "who": who, "when": store.clock(), "why": why}
    write(store, lambda connection: _append(connection, store, decisions, order, number, values))


def record_export(store: Store, export: Export) -> None:
    """Note what was exported."""
    values = {"name": export.name, "made": export.made, "sha256": export.sha256}
    write(store, lambda connection: connection.execute(insert(exports).values(**values)))


def last_export(store: Store, name: str) -> Export | None:
    """The newest export of a name."""
    query = select(exports.c.name, exports.c.made, exports.c.sha256).where(exports.c.name == name)
    row = read(store, lambda connection: connection.execute(query.order_by(exports.c.id.desc()).limit(1)).first())
    return None if row is None else Export(*row)


def _append(connection: Connection, store: Store, table: Any, order: int, number: int, values: Mapping[str, object]) -> None:
    lock_standings(connection)
    source = connection.execute(
        select(readings.c.source)
        .join(sources, sources.c.id == readings.c.source)
        .join(source_files, source_files.c.source == readings.c.source)
        .where(source_files.c.file == order, readings.c.number == number, sources.c.replaced_by.is_(None))
    ).scalar()
    if source is None:
        raise ConfigError(f"{order}-{number}")
    # Tried again after a lost answer, it may be there already.
    if connection.execute(select(table.c.id).where(table.c.key == values["key"])).first() is None:
        connection.execute(insert(table).values(source=source, number=number, **values))
    _settle(connection, store, source)
    reassess(connection, store.clock(), [source])


def _settle(connection: Connection, store: Store, source: int) -> None:
    """Accepted when nothing in any of a source's returns is open; for review when something is, again."""
    corrected, decided = load_corrections(connection, [source]), load_decisions(connection, [source])
    query = select(readings.c.number, readings.c.reading).where(readings.c.source == source)
    open_ones = [
        number
        for number, text in connection.execute(query)
        if _is_open(
            Reading.model_validate_json(text),
            corrected.get((source, number), {}),
            {kind for kind, row in decided.get((source, number), {}).items() if row.value},
        )
    ]
    state = connection.execute(select(sources.c.state).where(sources.c.id == source)).scalar()
    if open_ones and state == FileState.ACCEPTED:
        set_states(connection, source, store.clock(), FileState.REVIEW, **IN_REVIEW)
    elif not open_ones and state == FileState.REVIEW:
        set_states(connection, source, store.clock(), FileState.ACCEPTED)


def _is_open(reading: Reading, corrected: Mapping[str, Correction], decided: Set[str]) -> bool:
    """Slots and header fields are closed by corrections one by one; problems by a decision about the return."""
    if DecisionKind.SETTLED in decided or DecisionKind.DISMISSED in decided or not reading.review:
        return False
    form = FORMS.get(reading.form)
    closed = {key for key in reading.header if HEADER + key in corrected}
    if form is not None and DecisionKind.UNIT in decided:
        closed.add(unit_key(form))
    fields = any(field.review and key not in closed for key, field in reading.header.items())
    slots = any(slot.review and slot.path not in corrected for slot in reading.slots)
    return slots or fields or bool(reading.problems)
