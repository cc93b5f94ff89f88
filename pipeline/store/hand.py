"""A return in a reviewer's hand: all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from pipeline.store.engine import Store, read
from pipeline.store.queue import ReturnRow, to_row
from pipeline.store.review_tables import slots
from pipeline.store.rows import load
from pipeline.store.saying import find_return
from pipeline.store.tables import files, source_files
from schemas.form import Form
from schemas.office import DecisionKind, StoredReturn


@dataclass(frozen=True)
class ReturnInHand:
    """A return with its line of the queue.

    `versions` are the corrections that count by path; a path that is not there is the machine's, version 0. `decisions` are
    those that count by kind. `open` are the paths of slots and fields that nobody has decided about, as the queue counts
    them. `files` are the originals in the order of their pages: name, and where it is kept, relative to the archive. `form`
    is None where the store does not have it.
    """

    stored: StoredReturn
    form: Form | None
    row: ReturnRow
    versions: Mapping[str, int]
    decisions: Mapping[DecisionKind, str]
    open: frozenset[str]
    files: tuple[tuple[str, str], ...]


def load_return(store: Store, order: int, number: int) -> ReturnInHand:
    """A return by its file, or any file of its source, and its number. Raises NoSuchReturn."""

    def work(connection: Connection) -> ReturnInHand:
        row = find_return(connection, order, number)
        loaded = load(connection, [row.source])[row.source, row.number]
        pages = select(files.c.name, files.c.kept).join(source_files, source_files.c.file == files.c.id)
        found = connection.execute(pages.where(source_files.c.source == row.source).order_by(files.c.id))
        decisions = {DecisionKind(kind): each.value for kind, each in loaded.decided.items() if each.value}
        here = slots.c.source == row.source, slots.c.number == row.number
        opened = connection.execute(select(slots.c.path).where(*here, slots.c.open)).scalars()
        originals = tuple((name, kept) for name, kept in found)
        return ReturnInHand(
            loaded.stored, loaded.form, to_row(row), loaded.versions, decisions, frozenset(opened), originals
        )

    return read(store, work)
