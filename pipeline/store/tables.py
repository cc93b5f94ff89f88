"""The tables of files, of what is read, and of what is collected. `docs/store.md` tells what each row means.

Those of what people said and of the review are in `review_tables`; a change in either needs a migration beside it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from pipeline.store.metadata import UtcTime, metadata
from schemas.office import FileState

_IS_STATE = f"state IN ({', '.join(repr(state.value) for state in FileState)})"

UNTOLD = text(
    "told <> CASE WHEN state IN ('waiting', 'reading') THEN 'waiting' ELSE state END"
    " || '/' || code || '/' || CAST(coalesce(of, 0) AS VARCHAR)"
)
"""Files whose receipt in the inbox says something else than `store.telling` does. The text is the index's own, for only then
is it used: most files have been told of, and are not looked at again."""

files = Table(
    "files",
    metadata,
    # The order of arrivals: never given twice, even after the last row is gone.
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("inbox", Text, nullable=False),
    # A name's own bytes: it need not be UTF-8. `name` is what people see of it.
    Column("path", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    # Empty for a file that could not be opened yet.
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    # Inode and change time of the inbox's copy, by which it is known again.
    Column("mark", String(64), nullable=False),
    # Where the original lies, relative to the archive.
    Column("kept", Text, nullable=False),
    Column("arrived", UtcTime, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(32), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("advice", Text, nullable=False, server_default=""),
    Column("of", Integer, ForeignKey("files.id")),
    # Whether the inbox's own copy is gone, and the state that its receipt there tells.
    Column("cleared", Boolean, nullable=False, server_default=false()),
    Column("told", String(64), nullable=False, server_default=""),
    Index(None, "sha256"),
    Index(None, "inbox", "path"),
    Index(None, "cleared"),
    Index(None, "state"),
    Index("ix_files_untold", "inbox", "path", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
    CheckConstraint(_IS_STATE, name="state"),
    sqlite_autoincrement=True,
)

OPEN_SOURCE = text("state IN ('waiting', 'reading')")
"""Sources that are not read yet, in the index's own words: few, however many have been read."""

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("inbox", Text, nullable=False),
    # What its pages' names have in common; empty for a file that stands alone.
    Column("pages_of", Text, nullable=False, server_default=""),
    Column("changed", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("token", String(32)),
    # While read, the end of the lease; while waiting, the end of a pause.
    Column("until", UtcTime),
    # Times that it was begun, that its reader died, and that it had to be put off.
    Column("begun", Integer, nullable=False, server_default="0"),
    Column("died", Integer, nullable=False, server_default="0"),
    Column("put_off", Integer, nullable=False, server_default="0"),
    Column("replaces", Integer, ForeignKey("sources.id")),
    Column("replaced_by", Integer, ForeignKey("sources.id")),
    Index(None, "state"),
    Index("ix_sources_next", "begun", "id", sqlite_where=OPEN_SOURCE, postgresql_where=OPEN_SOURCE),
    CheckConstraint(_IS_STATE, name="state"),
    Index(None, "inbox", "pages_of"),
    sqlite_autoincrement=True,
)

source_files = Table(
    "source_files",
    metadata,
    Column("source", Integer, ForeignKey("sources.id"), primary_key=True),
    Column("file", Integer, ForeignKey("files.id"), primary_key=True),
    Index(None, "file"),
)

readings = Table(
    "readings",
    metadata,
    Column("source", Integer, ForeignKey("sources.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("review", Boolean, nullable=False),
    # The contract's JSON as text, so that what comes out is what went in.
    Column("reading", Text, nullable=False),
    # The collection that it was found to belong to.
    Column("collection", Integer, ForeignKey("collections.id")),
)

# Form files; the built-in forms are not among them.
forms = Table(
    "forms",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("toml", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("when", UtcTime, nullable=False),
)

collections = Table(
    "collections",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    # What its returns' titles say that those of others of this form do not; empty for what its name says.
    Column("title", Text, nullable=False, server_default=""),
    Column("form", String(60), nullable=False),
    # JSON: [[name, [alias, …], parent], …] in the roster's order.
    Column("units", Text, nullable=False),
    # Another one with each change: a roster of ten thousand units is fetched and parsed once a process.
    Column("edition", String(32), nullable=False, server_default=""),
    Column("deadline", UtcTime),
    # The notice that asks for it, in words.
    Column("notice", Text, nullable=False, server_default=""),
    Column("opened", UtcTime),
    Column("closed", UtcTime),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
)

exports = Table(
    "exports",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("collection", Integer, ForeignKey("collections.id")),
    Index(None, "name"),
    sqlite_autoincrement=True,
)
