"""A store filled with generated rows: some returns are stored through the program's own doors, and the database copies them.

What is copied has all that the program writes of a return: file, source, reading as JSON, its line in the queue, a row for
each slot, and, in collections that are closed, the correction of each slot that was open. Each copy is of a unit of its own.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from sqlalchemy import Connection, Engine, text

from pipeline.collection.corrections import HEADER
from pipeline.store import (
    Arrival,
    Store,
    add_collection,
    claim,
    correct,
    finish,
    list_slots,
    mark_cleared,
    mark_told,
    record_arrival,
    set_collection,
    to_tell,
    utc_now,
)
from pipeline.store.files import AnyRow
from samples.names import unit_names
from schemas.flow import State
from schemas.office import Collection, Correction, Unit
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.office import invent_values, reading_of

TEMPLATES = 100
"""Returns of either kind, open and decided, that all others are copies of."""

FLAGGED_SLOTS, FLAGGED_FIELDS, FLAGGED_UNITS = 0.015, 0.3, 0.1
"""Shares of typed returns' slots and header fields that a person must look at, as measured (README)."""

AT_ONCE = 100
"""Copies of every template in one statement: 10,000 returns, some hundred megabytes."""

INBOX = "/收件"

TABLES = ("files", "sources", "source_files", "readings", "returns", "slots", "corrections")

NAMING = {
    "files": ("name", "kept"),
    "readings": ("reading",),
    "returns": ("name", "title", "unit"),
    "slots": ("text",),
    "corrections": ("before", "after"),
}
"""Columns in which a return's unit is named."""


@dataclass(frozen=True)
class Filled:
    """A filled store: the collection that is open, its units, how long filling took (seconds), and bytes by table."""

    returns: int
    collections: int
    largest: int
    open_collection: int
    units: tuple[str, ...]
    seconds: float
    bytes: dict[str, int]

    @property
    def bytes_each(self) -> float:
        """Bytes of the database a return."""
        return sum(self.bytes.values()) / self.returns


def fill(store: Store, count: int, largest: int, *, seed: int = 1, say: Callable[[str], None] = print) -> Filled:
    """Fill an empty store on PostgreSQL with at least `count` returns, in collections of at most `largest` each.

    All collections but the newest are closed, and everything in them is decided.
    """
    begun = time.perf_counter()
    rng = np.random.default_rng(seed)
    largest = max(TEMPLATES, min(largest, count) // TEMPLATES * TEMPLATES)
    several = max(1, round(count / largest))
    _store_templates(store, rng)
    names = [_unit(number) for number in range(2 * TEMPLATES + 1, 2 * TEMPLATES + largest + 1)]
    ids = [_open_collection(store, turn, names, closed=turn < several) for turn in range(1, several + 1)]
    turns = largest // TEMPLATES
    corrections = _count(store, "corrections")
    with _without_indices(store.engine, say):
        for place, id in enumerate(ids):
            for first in range(0, turns, AT_ONCE):
                copies = range(first, min(first + AT_ONCE, turns))
                _copy(store.engine, id, place * turns, copies, decided=id != ids[-1], corrections=corrections)
            if (place + 1) % 10 == 0:
                say(f"{(place + 1) * largest} returns after {time.perf_counter() - begun:.0f} s")
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    seconds = time.perf_counter() - begun
    total = len(ids) * largest + 2 * TEMPLATES
    return Filled(total, several, largest, ids[-1], tuple(names), seconds, sizes(store))


def made_reading(rng: np.random.Generator, unit: str) -> Reading:
    """A typed return as the reader tells of it: as long as a real one's JSON, and as often flagged."""
    values = invent_values(rng)
    flagged = [path for path in values if rng.random() < FLAGGED_SLOTS]
    made = reading_of(values, unit=unit, flagged=flagged, unit_doubtful=bool(rng.random() < FLAGGED_UNITS))
    slots = [slot.model_copy(update={"box": _box(rng), "claim": rng.random(), "pen": False}) for slot in made.slots]
    told = {"confidence": 0.995, "state": State.VALUE}
    header = {
        key: field if field.value == unit else field.model_copy(
            update={**told, "value": f"{rng.integers(10**10)}", "review": bool(rng.random() < FLAGGED_FIELDS)}
        )
        for key, field in made.header.items()
    }  # fmt: skip
    review = any(slot.review for slot in slots) or any(field.review for field in header.values())
    return made.model_copy(update={"slots": tuple(slots), "header": header, "review": review})


def arrival_of(name: str) -> Arrival:
    """A file that has come, by a name that no other one has."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return Arrival(INBOX, name.encode(), name, sha256, 800_000, name, f"{sha256[:2]}/{sha256}/{name}")


def sizes(store: Store) -> dict[str, int]:
    """Bytes of each large table, with its indices and what is kept beside it."""
    with store.engine.connect() as connection:
        return {
            table: int(connection.execute(text(f"SELECT pg_total_relation_size('{table}')")).scalar_one())
            for table in TABLES
        }


def _unit(number: int) -> str:
    """A unit's name: the number in it has one width, so that a copy's takes its place; all else is as in its template's."""
    names = unit_names()
    return f"{names[(number - 1) % TEMPLATES % len(names)]}第{number:06}分会"


def _box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    left, top = rng.random(2) * 0.9
    return (float(left), float(top), float(left + 0.03), float(top + 0.015))


def _open_collection(store: Store, turn: int, names: Sequence[str], *, closed: bool) -> int:
    # Rosters differ a little from year to year.
    units = tuple(Unit(name, (f"第{turn}次又名",) if not place else ()) for place, name in enumerate(names))
    now = utc_now()
    made = Collection(f"第{turn}次收集", SAFETY_MONTH.id, units, now + timedelta(days=30), closed=now if closed else None)
    return add_collection(store, made)


def _store_templates(store: Store, rng: np.random.Generator) -> None:
    """Returns 1 to TEMPLATES as the machine left them, the next ones with all decided; each is the file of its number."""
    names = [_unit(number) for number in range(1, 2 * TEMPLATES + 1)]
    first = Collection("样本", SAFETY_MONTH.id, tuple(map(Unit, names)))
    id = set_collection(store, first)
    for number, name in enumerate(names, 1):
        record_arrival(store, arrival_of(f"{name}.pdf"))
        held = claim(store)
        assert held is not None
        assert held.source == number
        assert finish(store, held, [made_reading(rng, name)])
    while rows := [row for row in _open_slots(store) if row.order > TEMPLATES]:
        for row in rows:
            worth = (State.VALUE, row.value if row.value is not None else "1")
            correct(store, row.order, 1, Correction(row.path, "王芳", utc_now(), (row.state, row.value), worth))
    # The clerk has been told, and the inbox is empty.
    mark_cleared(store, range(1, 2 * TEMPLATES + 1))
    mark_told(store, to_tell(store, INBOX, limit=2 * TEMPLATES))
    set_collection(store, replace(first, id=id, closed=utc_now()))


def _open_slots(store: Store) -> list[AnyRow]:
    fields = [HEADER + field.key for field in SAFETY_MONTH.header]
    found = [row for path in fields for row in list_slots(store, open=True, form_path=path, limit=10_000).rows]
    return [*list_slots(store, open=True, limit=10_000).rows, *found]  # type: ignore[list-item]


def _count(store: Store, table: str) -> int:
    with store.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@contextmanager
def _without_indices(engine: Engine, say: Callable[[str], None]) -> Iterator[None]:
    """Indices and references away, and nothing journalled, while rows are filled in: made at once they are made faster."""
    with engine.connect() as connection, connection.begin():
        found = connection.execute(
            text("SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:tables)"),
            {"tables": list(TABLES)},
        ).all()
        constraints = connection.execute(
            text(
                "SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition, contype"
                " FROM pg_constraint WHERE conrelid::regclass::text = ANY(:tables) AND contype IN ('f', 'p', 'u')"
                " OR confrelid::regclass::text = ANY(:tables) ORDER BY contype = 'f' DESC"
            ),
            {"tables": list(TABLES)},
        ).all()
        own = {row.name for row in constraints}
        for row in constraints:
            connection.execute(text(f'ALTER TABLE "{row.table}" DROP CONSTRAINT "{row.name}"'))
        for row in found:
            if row.indexname not in own:
                connection.execute(text(f'DROP INDEX "{row.indexname}"'))
    yield
    begun = time.perf_counter()
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        for row in reversed(constraints):
            connection.execute(text(f'ALTER TABLE "{row.table}" ADD CONSTRAINT "{row.name}" {row.definition}'))
        for row in found:
            if row.indexname not in own:
                connection.execute(text(row.indexdef))
    say(f"indices made in {time.perf_counter() - begun:.0f} s")


def _copy(engine: Engine, collection: int, before: int, copies: range, *, decided: bool, corrections: int) -> None:
    """Copy every template so many times into a collection; `before` are the copies made for earlier ones."""
    given = {
        "k": TEMPLATES,
        "collection": collection,
        "before": before,
        "first": copies.start,
        "last": copies.stop - 1,
        # Open templates are the first ones, decided ones the second.
        "skip": TEMPLATES if decided else 0,
        "corrections": corrections,
    }
    with engine.connect() as connection, connection.begin():
        for table in TABLES:
            _copy_table(connection, table, given)


def _copy_table(connection: Connection, table: str, given: dict[str, int]) -> None:
    columns = [row[0] for row in connection.execute(text(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :name ORDER BY ordinal_position"
    ), {"name": table})]  # fmt: skip
    own = {"files": "t.id", "sources": "t.id"}.get(table, "t.source")
    values = ", ".join(_value(table, column) for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(text(
        f"INSERT INTO {table} ({names}) SELECT {values}"
        f" FROM generate_series(CAST(:first AS integer), :last) r, {table} t"
        f" WHERE {own} > :skip AND {own} <= :skip + :k ORDER BY r, {own}"
    ), given)  # fmt: skip
    if "id" in columns:
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))


def _value(table: str, column: str) -> str:
    """What a copy has in a column: its own number, unit and collection; else what the template has."""
    # The copy's number; templates of both kinds are numbered from 1 to twice so many.
    own, names = f't."{column}"', NAMING.get(table, ())
    moved = "(2 * :k + (:before + r) * :k - :skip)"
    unit = "'第' || lpad(({0})::text, 6, '0') || '分会'"
    source = "t.id" if table in ("files", "sources") else "t.source"
    renamed = f"replace({{0}}, {unit.format(source)}, {unit.format(f'2 * :k + r * :k + {source} - :skip')})"
    value = own
    if (table, column) in (("corrections", "id"), ("slots", "version")):
        # Only decided templates have corrections, and all copies of these come first.
        value = f"{own} + CASE WHEN {own} = 0 THEN 0 ELSE :corrections * (:before + r + 1) END"
    elif column in ("source", "file") or (column == "id" and table in ("files", "sources")):
        value = f"{own} + {moved}"
    elif column in ("sha256", "key", "mark"):
        value = f"md5({own} || :before || '/' || r)" + (" || md5(r::text)" if column == "sha256" else "")
    elif column == "lot":
        value = "(random() * 2147483647)::integer"
    elif column == "collection":
        value = ":collection"
    elif (table, column) == ("files", "path"):
        value = f"convert_to({renamed.format('t.name')}, 'UTF8')"
    elif column in names:
        value = renamed.format(own)
    return value
