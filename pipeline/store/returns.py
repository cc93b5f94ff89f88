"""Returns: readings with what people corrected and decided, and the exports made of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select, update

from pipeline.store.engine import Store, read, write
from pipeline.store.files import AnyRow, set_states
from pipeline.store.tables import corrections, decisions, exports, files, readings, source_files, sources
from schemas.errors import ConfigError
from schemas.flow import State
from schemas.office import Correction, FileState, StoredReturn
from schemas.reading import Reading

READ = (FileState.REVIEW, FileState.ACCEPTED)
"""States of files whose readings count."""


class DecisionKind(StrEnum):
    """What a person can decide about a whole return: the last decision of a kind counts."""

    UNIT = "unit"
    """The unit it counts for; "" takes that back."""
    PREFERRED = "preferred"
    DISMISSED = "dismissed"
    SETTLED = "settled"
    """Looked at, and nothing is open. Like the two above "1" or, taken back, ""."""


@dataclass(frozen=True)
class Export:
    """An output that was written: its name, when, and its sha256."""

    name: str
    made: datetime
    sha256: str


def stored_returns(store: Store) -> list[StoredReturn]:
    """Every return that is in force, by order of arrival; corrections are those that count."""
    return read(store, lambda connection: list(_returns(connection)))


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


def supersede(store: Store, order: int, by: int) -> None:
    """Note that a file's returns have all been replaced by those of a later one; both are kept."""
    told = {"state": FileState.SUPERSEDED, "of": by, "code": "", "reason": f"已由收件号 {by} 替换", "advice": ""}
    here = update(files).where(files.c.id == order, files.c.state.in_(READ))
    write(store, lambda connection: connection.execute(here.values(changed=store.clock(), **told)))


def record_export(store: Store, export: Export) -> None:
    """Note what was exported."""
    values = {"name": export.name, "made": export.made, "sha256": export.sha256}
    write(store, lambda connection: connection.execute(insert(exports).values(**values)))


def last_export(store: Store, name: str) -> Export | None:
    """The newest export of a name."""
    query = select(exports.c.name, exports.c.made, exports.c.sha256).where(exports.c.name == name)
    row = read(store, lambda connection: connection.execute(query.order_by(exports.c.id.desc()).limit(1)).first())
    return None if row is None else Export(*row)


def _returns(connection: Connection) -> Iterator[StoredReturn]:
    corrected = _corrections(connection)
    decided = _decisions(connection)
    for row in connection.execute(_in_force()):
        key = (row.source, row.number)
        choices = decided.get(key, {})
        yield StoredReturn(
            order=row.order,
            number=row.number,
            name=row.name,
            sha256=row.sha256,
            arrived=row.arrived,
            reading=Reading.model_validate_json(row.reading),
            unit=choices.get(DecisionKind.UNIT) or row.unit,
            corrections=corrected.get(key, {}),
            preferred=bool(choices.get(DecisionKind.PREFERRED)),
            dismissed=bool(choices.get(DecisionKind.DISMISSED)),
        )


def _in_force() -> Any:
    """Readings that nothing has replaced. A source of several files goes by the one that came last, which made it whole."""
    last = (
        select(source_files.c.source, func.max(source_files.c.file).label("file")).group_by(source_files.c.source).subquery()
    )
    return (
        select(
            readings.c.source,
            readings.c.number,
            readings.c.unit,
            readings.c.review,
            readings.c.reading,
            files.c.id.label("order"),
            files.c.name,
            files.c.sha256,
            files.c.arrived,
        )
        .join(sources, sources.c.id == readings.c.source)
        .join(last, last.c.source == readings.c.source)
        .join(files, files.c.id == last.c.file)
        .where(sources.c.replaced_by.is_(None))
        .order_by(files.c.id, readings.c.number)
    )


def _corrections(connection: Connection) -> dict[tuple[int, int], dict[str, Correction]]:
    found: dict[tuple[int, int], dict[str, Correction]] = defaultdict(dict)
    for row in connection.execute(select(corrections).order_by(corrections.c.id)):
        found[row.source, row.number][row.path] = _correction(row)
    return found


def _correction(row: AnyRow) -> Correction:
    (before, was), (after, is_now) = json.loads(row.before), json.loads(row.after)
    return Correction(row.path, row.who, row.when, (State(before), was), (State(after), is_now), row.why)


def _decisions(connection: Connection) -> dict[tuple[int, int], dict[str, str]]:
    found: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for row in connection.execute(select(decisions).order_by(decisions.c.id)):
        found[row.source, row.number][row.kind] = row.value
    return found


def _append(connection: Connection, store: Store, table: Any, order: int, number: int, values: Mapping[str, object]) -> None:
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


def _settle(connection: Connection, store: Store, source: int) -> None:
    """Accepted when nothing in any of a source's returns is open; for review when something is, again."""
    corrected, decided = _corrections(connection), _decisions(connection)
    query = select(readings.c.number, readings.c.reading).where(readings.c.source == source)
    open_ones = [
        number
        for number, text in connection.execute(query)
        if _is_open(
            Reading.model_validate_json(text), corrected.get((source, number), {}), decided.get((source, number), {})
        )
    ]
    state = connection.execute(select(sources.c.state).where(sources.c.id == source)).scalar()
    if open_ones and state == FileState.ACCEPTED:
        told = {"code": "review", "reason": "有内容待审核", "advice": "请在审核页面核对"}
        set_states(connection, source, store.clock(), FileState.REVIEW, **told)
    elif not open_ones and state == FileState.REVIEW:
        set_states(connection, source, store.clock(), FileState.ACCEPTED)


def _is_open(reading: Reading, corrected: Mapping[str, Correction], decided: Mapping[str, str]) -> bool:
    """Slots are closed by corrections one by one; problems and header fields by a decision about the return."""
    if decided.get(DecisionKind.SETTLED) or decided.get(DecisionKind.DISMISSED) or not reading.review:
        return False
    fields = any(
        field.review for key, field in reading.header.items() if key != "unit" or not decided.get(DecisionKind.UNIT)
    )
    slots = any(slot.review and slot.path not in corrected for slot in reading.slots)
    return slots or fields or bool(reading.problems)
