"""When anything was last said of a return, so that a picture of thousands is advanced by what has changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0009"
down_revision = "v0008"


def upgrade() -> None:
    """From v0008."""
    op.add_column("returns", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
