"""Several collections in one office, and forms beside the built-in one.

What was collected until then is the first collection; every return, and every export, is its.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0004"

# What was collected where nobody had said so.
FORM, TITLE = "safety-month-2023", "“安全生产月”活动进展情况统计表"


def upgrade() -> None:
    """From the version before."""
    op.create_table(
        "forms",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("when", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forms"),
    )
    op.create_table(
        "collections",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("form", sa.String(length=60), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("deadline", sa.DateTime(), nullable=True),
        sa.Column("notice", sa.Text(), server_default="", nullable=False),
        sa.Column("opened", sa.DateTime(), nullable=True),
        sa.Column("closed", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
        sa.UniqueConstraint("name", name="uq_collections_name"),
        sqlite_autoincrement=True,
    )
    first = _move_first()
    for table in ("readings", "returns", "exports"):
        # In SQL of both databases: Alembic adds no column with a key to SQLite's tables, though SQLite does.
        key = f"CONSTRAINT fk_{table}_collection REFERENCES collections (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN collection INTEGER {key}")
        if first is not None:
            op.get_bind().execute(sa.text(f"UPDATE {table} SET collection = :first"), {"first": first})
    columns = ["collection", "shelf", "file", "number"]
    op.create_index("ix_returns_collection_shelf_file_number", "returns", columns)
    op.drop_table("collection")


def _move_first() -> int | None:
    """Put what was collected on record as the first collection; None where nothing was, and nothing has come."""
    connection = op.get_bind()
    same = "name, form, units, deadline"
    connection.execute(sa.text(f"INSERT INTO collections ({same}) SELECT {same} FROM collection"))
    read = connection.execute(sa.text("SELECT count(*) FROM readings")).scalar_one()
    first = connection.execute(sa.text("SELECT max(id) FROM collections")).scalar()
    if first is None and read:
        given = {"name": TITLE, "form": FORM, "units": "[]"}
        connection.execute(sa.text("INSERT INTO collections (name, form, units) VALUES (:name, :form, :units)"), given)
        first = connection.execute(sa.text("SELECT max(id) FROM collections")).scalar_one()
    return first
