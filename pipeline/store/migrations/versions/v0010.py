"""Returns in which anything is open by an index of their own: lists of open slots cost with these alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0010"
down_revision = "v0009"

OPEN_RETURN = sa.text("open > 0")


def upgrade() -> None:
    """From v0009."""
    columns = ["collection", "source", "number"]
    op.create_index("ix_returns_open", "returns", columns, sqlite_where=OPEN_RETURN, postgresql_where=OPEN_RETURN)
