"""The first tables. What a migration says is what was so on its day: it takes nothing from `tables`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision: str | None = None

STATES = "state IN ('waiting', 'reading', 'review', 'accepted', 'duplicate', 'superseded', 'failed')"


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "files",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("inbox", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("arrived", sa.DateTime(), nullable=False),
        sa.Column("changed", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=32), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("advice", sa.Text(), server_default="", nullable=False),
        sa.Column("of", sa.Integer(), nullable=True),
        sa.Column("cleared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("told", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["of"], ["files.id"], name="fk_files_of"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.CheckConstraint(STATES, name="ck_files_state"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_files_cleared", "files", ["cleared"], unique=False)
    op.create_index("ix_files_inbox_path", "files", ["inbox", "path"], unique=False)
    op.create_index("ix_files_sha256", "files", ["sha256"], unique=False)
    op.create_index("ix_files_state", "files", ["state"], unique=False)
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("inbox", sa.Text(), nullable=False),
        sa.Column("pages_of", sa.Text(), server_default="", nullable=False),
        sa.Column("changed", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.Column("begun", sa.Integer(), server_default="0", nullable=False),
        sa.Column("died", sa.Integer(), server_default="0", nullable=False),
        sa.Column("put_off", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["replaced_by"], ["sources.id"], name="fk_sources_replaced_by"),
        sa.ForeignKeyConstraint(["replaces"], ["sources.id"], name="fk_sources_replaces"),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.CheckConstraint(STATES, name="ck_sources_state"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sources_inbox_pages_of", "sources", ["inbox", "pages_of"], unique=False)
    op.create_index("ix_sources_state", "sources", ["state"], unique=False)
    op.create_table(
        "source_files",
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("file", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file"], ["files.id"], name="fk_source_files_file"),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="fk_source_files_source"),
        sa.PrimaryKeyConstraint("source", "file", name="pk_source_files"),
    )
    op.create_index("ix_source_files_file", "source_files", ["file"], unique=False)
    op.create_table(
        "readings",
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("review", sa.Boolean(), nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="fk_readings_source"),
        sa.PrimaryKeyConstraint("source", "number", name="pk_readings"),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("when", sa.DateTime(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="fk_corrections_source"),
        sa.UniqueConstraint("key", name="uq_corrections_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corrections_source_number", "corrections", ["source", "number"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("when", sa.DateTime(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="fk_decisions_source"),
        sa.UniqueConstraint("key", name="uq_decisions_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_source_number", "decisions", ["source", "number"], unique=False)
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exports_name", "exports", ["name"], unique=False)
