"""The tables of notices: what was read of them, and what people said; `notice_corrections` is only ever added to."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from pipeline.store.metadata import UtcTime, metadata

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # One row for each file, however often it is read.
    Column("sha256", String(64), nullable=False),
    Column("name", Text, nullable=False),
    # Where the original lies, relative to the archive.
    Column("kept", Text, nullable=False),
    # The contract's JSON as text.
    Column("notice", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("added", UtcTime, nullable=False),
    UniqueConstraint("sha256"),
    sqlite_autoincrement=True,
)

notice_corrections = Table(
    "notice_corrections",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # Given by the writer: a write that is tried again is not made twice.
    Column("key", String(32), nullable=False),
    Column("notice", Integer, ForeignKey("notices.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("when", UtcTime, nullable=False),
    # NULL for nothing.
    Column("before", Text),
    Column("after", Text),
    UniqueConstraint("key"),
    Index(None, "notice"),
    sqlite_autoincrement=True,
)
