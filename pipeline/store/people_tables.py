"""The tables of people: who may sign in, with what, and who tried."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from pipeline.store.metadata import UtcTime, metadata

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    # Made by argon2: the password itself is nowhere.
    Column("hash", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    # Raised by whatever must end a person's sessions.
    Column("generation", Integer, nullable=False),
    Column("added", UtcTime, nullable=False),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("person", Integer, ForeignKey("people.id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("added", UtcTime, nullable=False),
    Column("revoked", UtcTime),
    UniqueConstraint("sha256"),
    Index(None, "person"),
    sqlite_autoincrement=True,
)

logins = Table(
    "logins",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("when", UtcTime, nullable=False),
    Column("ok", Boolean, nullable=False),
    Index(None, "name", "when"),
    Index(None, "address", "when"),
    sqlite_autoincrement=True,
)
