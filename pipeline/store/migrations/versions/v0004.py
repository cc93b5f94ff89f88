"""Returns and their slots as they count have tables of their own; people, tokens, second entries, audits.

`readings` holds from now on what the machine read and nothing else. The new tables are filled from the readings' JSON and
from what people said, some returns at a time: a store may hold hundreds of thousands.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"

BATCH = 200
"""Readings that are held at once: some megabytes of JSON."""

SLOTS = sa.table(
    "slots",
    *map(
        sa.column,
        ("source", "number", "path", "place", "form_path", "state", "value", "text", "confidence", "flagged", "open",
         "by_hand", "version", "checked", "lot"),
    ),
)  # fmt: skip

RETURNS = sa.table(
    "returns",
    *map(
        sa.column,
        ("source", "number", "reading", "file", "name", "arrived", "title", "by_hand", "unit", "superseded_by", "flagged",
         "open", "problems", "waiting", "dismissed", "parts", "shelf"),
    ),
)  # fmt: skip

Row = Mapping[str, Any]


def upgrade() -> None:
    """From v0003."""
    _say_in_order()
    _make_tables()
    connection = op.get_bind()
    after = (0, 0)
    while found := _readings(connection, after):
        after = (found[-1]["source"], found[-1]["number"])
        _fill(connection, found)
    _make_indices()
    _close_what_is_done(connection)
    op.drop_index("ix_readings_unit", "readings")
    op.drop_column("readings", "unit")
    op.drop_column("readings", "superseded_by")


def _say_in_order() -> None:
    """What people said gets an order of its own, over both tables: until now there were only times."""
    nothing = sa.text("0")
    op.add_column("corrections", sa.Column("reading", sa.Integer(), server_default=nothing, nullable=False))
    for table in ("corrections", "decisions"):
        op.add_column(table, sa.Column("turn", sa.Integer(), server_default=nothing, nullable=False))
        op.add_column(table, sa.Column("undoes", sa.Integer(), nullable=True))
    op.add_column("decisions", sa.Column("before", sa.Text(), server_default="", nullable=False))
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE corrections SET reading = number"))
    said = [
        (row.when, table, row.id)
        for table in ("corrections", "decisions")
        for row in connection.execute(sa.text(f'SELECT id, "when" FROM {table}'))
    ]
    for turn, (_, table, number) in enumerate(sorted(said, key=lambda one: (str(one[0]), one[1], one[2])), 1):
        connection.execute(sa.text(f"UPDATE {table} SET turn = :turn WHERE id = :id"), {"turn": turn, "id": number})
    before: dict[tuple[int, int, str], str] = {}
    for row in connection.execute(sa.text("SELECT id, source, number, kind, value FROM decisions ORDER BY id")).all():
        key = (row.source, row.number, row.kind)
        was = {"before": before.get(key, ""), "id": row.id}
        connection.execute(sa.text("UPDATE decisions SET before = :before WHERE id = :id"), was)
        before[key] = row.value
    for table in ("corrections", "decisions"):
        op.create_index(f"ix_{table}_turn", table, ["turn"])
        op.create_index(f"ix_{table}_who_turn", table, ["who", "turn"])
        op.create_index(f"ix_{table}_undoes", table, ["undoes"])
    op.create_table(
        "office",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("second_share", sa.Double(), nullable=False),
        sa.Column("said_by", sa.Text(), server_default="", nullable=False),
        sa.Column("said", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_office"),
    )
    connection.execute(sa.text("INSERT INTO office (id, turn, second_share) VALUES (1, :turn, 0)"), {"turn": len(said)})


def _make_tables() -> None:
    op.create_table(
        "returns",
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("first_page", sa.Integer(), nullable=True),
        sa.Column("end_page", sa.Integer(), nullable=True),
        sa.Column("file", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("arrived", sa.DateTime(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("dismissed", sa.String(length=16), nullable=False),
        sa.Column("main_file", sa.Integer(), nullable=True),
        sa.Column("main_number", sa.Integer(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("shelf", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="fk_returns_source"),
        sa.ForeignKeyConstraint(["file"], ["files.id"], name="fk_returns_file"),
        sa.PrimaryKeyConstraint("source", "number", name="pk_returns"),
    )
    op.create_table(
        "slots",
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("form_path", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="fk_slots_source"),
        sa.PrimaryKeyConstraint("source", "number", "path", name="pk_slots"),
        sqlite_with_rowid=False,
    )
    for table, own in (
        ("seconds", (sa.Column("version", sa.Integer(), nullable=False), sa.Column("entered", sa.Text(), nullable=False),
                     sa.Column("agrees", sa.Boolean(), nullable=False))),
        ("audits", (sa.Column("reading", sa.Integer(), nullable=False), sa.Column("read", sa.Text(), nullable=False),
                    sa.Column("entered", sa.Text(), nullable=False), sa.Column("is_right", sa.Boolean(), nullable=False),
                    sa.Column("version", sa.Integer(), nullable=True))),
    ):  # fmt: skip
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
            sa.Column("key", sa.String(length=32), nullable=False),
            sa.Column("source", sa.Integer(), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("path", sa.Text(), nullable=False),
            sa.Column("who", sa.Text(), nullable=False),
            sa.Column("when", sa.DateTime(), nullable=False),
            *own,
            sa.ForeignKeyConstraint(["source"], ["sources.id"], name=f"fk_{table}_source"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint("key", name=f"uq_{table}_key"),
            sqlite_autoincrement=True,
        )
        op.create_index(f"ix_{table}_source_number", table, ["source", "number"])
    op.create_index("ix_seconds_version", "seconds", ["version"])
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.Column("revoked", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_tokens_person"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("sha256", name="uq_tokens_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_person", "tokens", ["person"])
    op.create_table(
        "logins",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("when", sa.DateTime(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_logins"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_logins_name_when", "logins", ["name", "when"])
    op.create_index("ix_logins_address_when", "logins", ["address", "when"])


def _make_indices() -> None:
    """After the rows: so they are made at one go."""
    op.create_index("ix_returns_file_number", "returns", ["file", "number"])
    op.create_index("ix_returns_shelf_file_number", "returns", ["shelf", "file", "number"])
    op.create_index("ix_returns_unit", "returns", ["unit"])
    op.create_index("ix_returns_main_file", "returns", ["main_file"])
    op.create_index("ix_slots_form_path", "slots", ["form_path", "source", "number", "place"])
    for name, columns, only in (
        ("ix_slots_open", ["form_path", "source", "number", "place"], sa.text("open")),
        ("ix_slots_open_in_order", ["source", "number", "place"], sa.text("open")),
        ("ix_slots_flagged", ["source", "number", "place"], sa.text("flagged")),
        ("ix_slots_once", ["lot"], sa.text("by_hand AND NOT checked")),
    ):
        op.create_index(name, "slots", columns, sqlite_where=only, postgresql_where=only)


def _readings(connection: sa.Connection, after: tuple[int, int]) -> list[Row]:
    """The next readings in force, each with the file that it goes by."""
    query = """
        SELECT r.source, r.number, r.unit, r.superseded_by, r.reading, f.id AS file, f.name, f.arrived
        FROM readings r JOIN sources s ON s.id = r.source
        JOIN files f ON f.id = (SELECT max(m.file) FROM source_files m WHERE m.source = r.source)
        WHERE s.replaced_by IS NULL AND (r.source > :source OR (r.source = :source AND r.number > :number))
        ORDER BY r.source, r.number LIMIT :batch"""
    asked = {"source": after[0], "number": after[1], "batch": BATCH}
    return [dict(row) for row in connection.execute(sa.text(query), asked).mappings()]


def _fill(connection: sa.Connection, found: Sequence[Row]) -> None:
    some = {"first": found[0]["source"], "last": found[-1]["source"]}
    corrected: dict[tuple[int, int], dict[str, Row]] = defaultdict(dict)
    decided: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    between = "WHERE source BETWEEN :first AND :last ORDER BY id"
    for row in connection.execute(sa.text(f"SELECT id, source, number, path, after FROM corrections {between}"), some):
        corrected[row.source, row.number][row.path] = {"version": row.id, "worth": json.loads(row.after)}
    for row in connection.execute(sa.text(f"SELECT source, number, kind, value FROM decisions {between}"), some):
        decided[row.source, row.number][row.kind] = row.value
    made: list[Row] = []
    for reading in found:
        key = (reading["source"], reading["number"])
        slots, whole = _rows(reading, corrected[key], {kind: value for kind, value in decided[key].items() if value})
        made += slots
        connection.execute(sa.insert(RETURNS), whole)
    connection.execute(sa.insert(SLOTS), made)


def _rows(row: Row, corrected: Mapping[str, Row], decided: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The slots of a return as they count, and its line in the queue."""
    read = json.loads(row["reading"])
    closed = "settled" in decided or "dismissed" in decided or not read["review"]
    fields = {f"header.{key}": field for key, field in read["header"].items()}
    known = {**fields, **{slot["path"]: slot for slot in read["slots"]}}
    forms = {slot["path"] for slot in read["slots"]}
    added: dict[str, Row] = {path: {} for path in sorted(corrected) if path not in known and _form_path(path) in forms}
    places = count()
    made = []
    for path, slot in (*known.items(), *added.items()):
        fixed = corrected.get(path)
        state, value = (slot.get("state", "blank"), slot.get("value")) if fixed is None else fixed["worth"]
        if path not in fields and state != "value":
            value = None
        by_hand = fixed is not None or (path == "header.unit" and "unit" in decided)
        if path == "header.unit" and "unit" in decided:
            state, value = "value", decided["unit"]
        whole = isinstance(value, int) and abs(value) < 2**63
        flagged = bool(slot.get("review", False))
        made.append(
            {
                "source": row["source"],
                "number": row["number"],
                "path": path,
                "place": next(places),
                "form_path": _form_path(path),
                "state": state,
                "value": value if whole else None,
                "text": None if whole or value is None else str(value),
                "confidence": float(slot.get("confidence", 0.0)),
                "flagged": flagged,
                "open": flagged and not by_hand and not closed,
                "by_hand": by_hand,
                "version": 0 if fixed is None else fixed["version"],
                "checked": False,
                "lot": int.from_bytes(hashlib.sha256(f"{row['file']}-{row['number']}/{path}".encode()).digest()[:4]) >> 1,
            }
        )
    unit = (read["header"].get("unit") or {}).get("value")
    named = "unit" in decided or "header.unit" in corrected
    if named:
        unit = decided["unit"] if "unit" in decided else corrected["header.unit"]["worth"][1]
    opened = {slot["path"] for slot in made if slot["open"]}
    lost = {slot["path"] for slot in read["slots"] if "slot_missing" in slot["reasons"]}
    problems = [] if closed else [problem for problem in read["problems"] if not _solved(problem, named, lost, opened)]
    waiting = bool(opened or problems)
    aside = "dismissed" in decided or row["superseded_by"] is not None
    return made, {
        "source": row["source"],
        "number": row["number"],
        "reading": row["number"],
        "file": row["file"],
        "name": row["name"],
        "arrived": row["arrived"],
        "title": "" if unit is None else str(unit),
        "by_hand": named,
        "unit": row["unit"],
        "superseded_by": row["superseded_by"],
        "flagged": sum(slot["flagged"] for slot in made),
        "open": len(opened),
        "problems": len(problems),
        "waiting": waiting,
        "dismissed": decided.get("dismissed", ""),
        "parts": 0,
        "shelf": "aside" if aside else "open" if waiting else "accepted",
    }


def _solved(problem: str, named: bool, lost: set[str], opened: set[str]) -> bool:
    """A problem that a person has solved by saying whose return it is, or what stands in every slot that is missing."""
    if problem in {"no_header", "unit_not_in_roster"}:
        return named
    return problem == "items_missing" and bool(lost) and not lost & opened


def _form_path(path: str) -> str:
    item, _, name = path.partition(".")
    return f"{item.partition('[')[0]}.{name}"


def _close_what_is_done(connection: sa.Connection) -> None:
    """Files in which nothing is open any more are accepted."""
    done = "state = 'review' AND id NOT IN (SELECT source FROM returns WHERE waiting) AND replaced_by IS NULL"
    told = "state = 'accepted', code = '', reason = '', advice = ''"
    members = f"SELECT file FROM source_files WHERE source IN (SELECT id FROM sources WHERE {done})"
    connection.execute(sa.text(f"UPDATE files SET {told} WHERE state = 'review' AND id IN ({members})"))
    connection.execute(sa.text(f"UPDATE sources SET state = 'accepted' WHERE {done}"))
