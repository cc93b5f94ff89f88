"""For offices of many collections and a million returns: editions of rosters, and indices that stay small."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "v0008"
down_revision = "v0007"

OPEN_SOURCE = sa.text("state IN ('waiting', 'reading')")


def upgrade() -> None:
    """From v0007."""
    op.add_column("collections", sa.Column("edition", sa.String(length=32), server_default="", nullable=False))
    connection = op.get_bind()
    for id in connection.execute(sa.text("SELECT id FROM collections")).scalars().all():
        given = {"edition": uuid4().hex, "id": id}
        connection.execute(sa.text("UPDATE collections SET edition = :edition WHERE id = :id"), given)
    op.create_index("ix_sources_next", "sources", ["begun", "id"], sqlite_where=OPEN_SOURCE, postgresql_where=OPEN_SOURCE)
    op.drop_index("ix_returns_unit", "returns")
    op.create_index("ix_returns_unit_collection", "returns", ["unit", "collection"])
