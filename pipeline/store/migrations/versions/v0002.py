"""What is collected, from whom; and which return of a unit supersedes which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"


def upgrade() -> None:
    """From v0001. Units were kept as read until then: they are looked up anew when the collection is set."""
    op.create_table(
        "collection",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("deadline", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_collection"),
    )
    op.add_column("readings", sa.Column("superseded_by", sa.Integer(), nullable=True))
    op.create_index("ix_readings_unit", "readings", ["unit"], unique=False)
