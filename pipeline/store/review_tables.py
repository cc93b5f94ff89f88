"""The tables of the review: what people said, and what follows from it. `docs/store.md` tells what each row means.

`corrections`, `decisions`, `seconds` and `audits` are only ever added to. `returns` and `slots` follow from those and from
the readings (`pipeline.store.standings`): they are kept so that lists are made without a look at the readings' JSON.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from pipeline.store.metadata import UtcTime, metadata

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # Given by the writer: a write that is tried again is not made twice.
    Column("key", String(32), nullable=False),
    Column("source", Integer, ForeignKey("sources.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("when", UtcTime, nullable=False),
    # JSON: [state, value].
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    # The reading that the return is made of: a slot that a split takes to another return takes its corrections along.
    Column("reading", Integer, nullable=False, server_default="0"),
    # The office's count of what has been said, over corrections and decisions: a clock may be set back.
    Column("turn", Integer, nullable=False, server_default="0"),
    # The row that this one takes back: neither of the two counts.
    Column("undoes", Integer),
    UniqueConstraint("key"),
    Index(None, "source", "number"),
    Index(None, "turn"),
    Index(None, "who", "turn"),
    Index(None, "undoes"),
    sqlite_autoincrement=True,
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False),
    Column("source", Integer, ForeignKey("sources.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("when", UtcTime, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    # The value that counted until then.
    Column("before", Text, nullable=False, server_default=""),
    Column("turn", Integer, nullable=False, server_default="0"),
    Column("undoes", Integer),
    UniqueConstraint("key"),
    Index(None, "source", "number"),
    Index(None, "turn"),
    Index(None, "who", "turn"),
    Index(None, "undoes"),
    sqlite_autoincrement=True,
)

OPEN_RETURN = text("open > 0")
"""Returns in which anything is open, in the index's own words: few, however many there have been."""

returns = Table(
    "returns",
    metadata,
    Column("source", Integer, ForeignKey("sources.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    # The reading that it is made of: its own, or another one's from `first_page` on or before `end_page`, where a person
    # has split that.
    Column("reading", Integer, nullable=False),
    Column("first_page", Integer),
    Column("end_page", Integer),
    # The file that it goes by, with its name and time: of several pages the one that came last.
    Column("file", Integer, ForeignKey("files.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("arrived", UtcTime, nullable=False),
    # The unit as the header names it, or as a person does; the roster's unit that it counts for; the file of the return
    # that supersedes it there.
    Column("title", Text, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("unit", Text),
    Column("superseded_by", Integer),
    # The collection that it counts in: as it was found to, as a person says, or that of the return whose part it is.
    Column("collection", Integer, ForeignKey("collections.id")),
    # Slots and fields that the machine flagged, those nobody has decided about, and problems that stand.
    Column("flagged", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("problems", Integer, nullable=False),
    # Whether a person must look at it: anything open, any problem.
    Column("waiting", Boolean, nullable=False),
    Column("dismissed", String(16), nullable=False),
    # The return whose part it is, by file and number, and how many are parts of this one.
    Column("main_file", Integer),
    Column("main_number", Integer),
    Column("parts", Integer, nullable=False),
    # Where the queue shows it: open, accepted, aside.
    Column("shelf", String(8), nullable=False),
    # The office's count when anything was last said of it: whoever holds it as it was before that fetches it anew.
    Column("turn", Integer, nullable=False, server_default="0"),
    Index(None, "file", "number"),
    Index(None, "shelf", "file", "number"),
    Index(None, "collection", "shelf", "file", "number"),
    Index(None, "unit", "collection"),
    Index("ix_returns_open", "collection", "source", "number", sqlite_where=OPEN_RETURN, postgresql_where=OPEN_RETURN),
    Index(None, "main_file"),
)

OPEN_SLOT, FLAGGED_SLOT = text("open"), text("flagged")

ONCE_ENTERED = text("by_hand AND NOT checked")

slots = Table(
    "slots",
    metadata,
    Column("source", Integer, ForeignKey("sources.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    # "header." and its key for a field above the table.
    Column("path", Text, primary_key=True),
    # Fields above the table first, then slots in printed order.
    Column("place", Integer, nullable=False),
    Column("form_path", Text, nullable=False),
    # As it counts now; `value` of whole numbers, `text` of words, of amounts with decimals and of numbers beyond 63 bits.
    Column("state", String(10), nullable=False),
    Column("value", BigInteger),
    Column("text", Text),
    Column("confidence", Double, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("open", Boolean, nullable=False),
    # Whether a person has decided about it; the correction that counts, 0 for none; whether it has been entered twice.
    Column("by_hand", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("checked", Boolean, nullable=False),
    # A number made of file, number and path, evenly spread over 31 bits: a share of all is those below that share of 2^31.
    Column("lot", Integer, nullable=False),
    Index("ix_slots_form_path", "form_path", "source", "number", "place"),
    Index("ix_slots_open", "form_path", "source", "number", "place", sqlite_where=OPEN_SLOT, postgresql_where=OPEN_SLOT),
    Index("ix_slots_open_in_order", "source", "number", "place", sqlite_where=OPEN_SLOT, postgresql_where=OPEN_SLOT),
    Index("ix_slots_flagged", "source", "number", "place", sqlite_where=FLAGGED_SLOT, postgresql_where=FLAGGED_SLOT),
    Index("ix_slots_once", "lot", sqlite_where=ONCE_ENTERED, postgresql_where=ONCE_ENTERED),
    sqlite_with_rowid=False,
)

# What people entered a second time, blind, and what they found in slots that the machine had accepted.
seconds = Table(
    "seconds",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False),
    Column("source", Integer, ForeignKey("sources.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("when", UtcTime, nullable=False),
    # The correction that it was compared with: wherever that counts, so does this. JSON: [state, value].
    Column("version", Integer, nullable=False),
    Column("entered", Text, nullable=False),
    Column("agrees", Boolean, nullable=False),
    UniqueConstraint("key"),
    Index(None, "source", "number"),
    Index(None, "version"),
    sqlite_autoincrement=True,
)

audits = Table(
    "audits",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False),
    Column("source", Integer, ForeignKey("sources.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("reading", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("when", UtcTime, nullable=False),
    # JSON: [state, value], as the machine had it and as the person.
    Column("read", Text, nullable=False),
    Column("entered", Text, nullable=False),
    Column("is_right", Boolean, nullable=False),
    # The correction that came of it.
    Column("version", Integer),
    UniqueConstraint("key"),
    Index(None, "source", "number"),
    sqlite_autoincrement=True,
)

# One row.
office = Table(
    "office",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Counts whatever changes what totals are made of.
    Column("turn", Integer, nullable=False),
    # The share of corrected slots that is entered twice, and who said so.
    Column("second_share", Double, nullable=False),
    Column("said_by", Text, nullable=False, server_default=""),
    Column("said", UtcTime),
)
