"""Files of which the inbox has not been told yet are found without a look at all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"

UNTOLD = sa.text(
    "told <> CASE WHEN state IN ('waiting', 'reading') THEN 'waiting' ELSE state END"
    " || '/' || code || '/' || CAST(coalesce(of, 0) AS VARCHAR)"
)


def upgrade() -> None:
    """From v0002."""
    op.create_index("ix_files_untold", "files", ["inbox", "path"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)
