"""What became of every file: its receipt, for whoever asks, and what of that the clerk has been told in the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, or_, select, update

from pipeline.store.engine import Store, read, write
from pipeline.store.files import AnyRow
from pipeline.store.review_tables import returns
from pipeline.store.tables import UNTOLD, files, source_files
from schemas.office import FileState, Receipt

_NAMES = ("id", "name", "sha256", "size", "arrived", "changed", "state", "reason", "advice", "of", "code")

OF_RECEIPT = [files.c[name] for name in _NAMES]
"""What a receipt is made of, in its order: ten thousand are read at once."""


@dataclass(frozen=True)
class ToTell:
    """All receipts of files of one name, of which some have not been told yet; `kept` is where each original lies."""

    path: bytes
    receipts: tuple[Receipt, ...]
    kept: tuple[str, ...]
    told: tuple[str, ...]


def to_tell(store: Store, inbox: str, *, every: bool = False, limit: int = 200) -> list[ToTell]:
    """What the inbox's receipts do not say yet, by name; all that it ever held with `every`."""
    news = and_(files.c.inbox == inbox, UNTOLD)

    def work(connection: Connection) -> list[ToTell]:
        names = select(files.c.path).where(files.c.inbox == inbox if every else news).distinct().order_by(files.c.path)
        paths = connection.execute(names if every else names.limit(limit)).scalars().all()
        by_path: dict[bytes, list[AnyRow]] = {path: [] for path in paths}
        for first in range(0, len(paths), limit):
            some = files.c.inbox == inbox, files.c.path.in_(paths[first : first + limit])
            for row in connection.execute(
                select(*OF_RECEIPT, files.c.path, files.c.kept, files.c.told).where(*some).order_by(files.c.id)
            ):
                by_path[row.path].append(row)
        return [_of_name(path, rows) for path, rows in by_path.items()]

    return read(store, work)


def mark_told(store: Store, told: Sequence[ToTell]) -> None:
    """Note what receipts in the inbox say now; a file that has changed since is told again."""

    here = update(files).where(files.c.id == bindparam("order"), files.c.told != bindparam("says"))
    rows = [{"order": receipt.order, "says": telling(receipt)} for name in told for receipt in name.receipts]
    if rows:
        write(store, lambda connection: connection.execute(here.values(told=bindparam("says")), rows))


def telling(receipt: Receipt) -> str:
    """What a receipt in the inbox tells, in short; that a file is being read right now is not told."""
    state = FileState.WAITING if receipt.state is FileState.READING else receipt.state
    return f"{state}/{receipt.code}/{receipt.of or 0}"


def receipts(
    store: Store, *, states: Sequence[FileState] = (), inbox: str | None = None, collection: int | None = None
) -> list[Receipt]:
    """Every file ever seen, in the order of arrival; only those in some states, or of one inbox, where asked for.

    Without files all of whose returns belong to others than a `collection`.
    """
    return read(store, lambda connection: load_receipts(connection, states=states, inbox=inbox, collection=collection))


def load_receipts(
    connection: Connection,
    *,
    states: Sequence[FileState] = (),
    inbox: str | None = None,
    collection: int | None = None,
) -> list[Receipt]:
    """The same within a transaction; without files all of whose returns belong to others than a `collection`."""
    wanted: list[ColumnElement[bool]] = [files.c.state.in_(states)] if states else []
    wanted += [files.c.inbox == inbox] if inbox is not None else []
    parts: list[Sequence[ColumnElement[bool]]] = [()] if collection is None else _told_in(collection)
    rows = [row for part in parts for row in connection.execute(select(*OF_RECEIPT).where(*wanted, *part))]
    return [_receipt(row) for row in sorted(rows, key=itemgetter(0))]


def counts(store: Store) -> dict[FileState, int]:
    """How many files are in each state."""
    query = select(files.c.state, func.count()).group_by(files.c.state)
    found = dict(read(store, lambda connection: [(FileState(row[0]), int(row[1])) for row in connection.execute(query)]))
    return {state: found.get(state, 0) for state in FileState}


def _told_in(collection: int) -> list[Sequence[ColumnElement[bool]]]:
    """What picks a collection's files: those with a return in it, and those that have none anywhere.

    Two questions, of files that have been read and of all others: of most files an index of one collection's returns is all
    that is looked at, however many belong to others.
    """
    members = select(source_files.c.file).join(returns, returns.c.source == source_files.c.source)
    here = members.where(returns.c.collection == collection)
    told_of = case((files.c.state == FileState.DUPLICATE, files.c.of), else_=files.c.id)
    has_return = members.where(source_files.c.file == told_of).correlate(files).exists()
    settled = (FileState.REVIEW, FileState.ACCEPTED)
    others = [state for state in FileState if state not in settled]
    return [
        (files.c.state.in_(settled), files.c.id.in_(here)),
        (files.c.state.in_(others), or_(told_of.in_(here), ~has_return)),
    ]


def _of_name(path: bytes, rows: Sequence[AnyRow]) -> ToTell:
    return ToTell(path, tuple(map(_receipt, rows)), tuple(row.kept for row in rows), tuple(row.told for row in rows))


def _receipt(row: AnyRow) -> Receipt:
    order, name, sha256, size, arrived, changed, state, reason, advice, of, code, *_ = row
    return Receipt(order, name, sha256, size, arrived, changed, FileState(state), reason, advice, of, code)
