"""Alembic's way in: the connection, and the transaction that it is in, are `pipeline.store.engine`'s."""

from __future__ import annotations

from alembic import context

from pipeline.store import people_tables, review_tables, tables  # noqa: F401  (they fill the metadata)
from pipeline.store.metadata import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
