"""Files: recorded when they arrive, each once; what the inbox still holds of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, insert, or_, select, update

from pipeline.store.engine import Store, lock_arrivals, read, write
from pipeline.store.review_tables import corrections, decisions
from pipeline.store.states import OPEN_STATES, replace_source, set_states
from pipeline.store.tables import files, readings, source_files, sources
from schemas.office import FileState
from schemas.reading import Problem

CANNOT_OPEN = "cannot_open"
"""Code of a file that lies in the inbox and does not open."""

WORTH_ANOTHER_TRY = ("reader_died", "transient", "document", "unknown_form")
"""Codes of failures that were not the file's own (passing ones, defects of ours, a form that was not collected then): sent
again, it is read again."""

AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Arrival:
    """A file whose bytes are in the archive: where it lay, what it is, and what its page belongs to ("" for nothing)."""

    inbox: str
    path: bytes
    name: str
    sha256: str
    size: int
    mark: str
    kept: str
    pages_of: str = ""


@dataclass(frozen=True)
class InInbox:
    """A file on record whose copy may still lie in the inbox."""

    order: int
    path: bytes
    sha256: str
    mark: str


def record_arrivals(store: Store, arrivals: Sequence[tuple[Arrival, Callable[[], bool]]]) -> list[int | None]:
    """Put files on record, in one transaction: the order of each, or None where it is no longer there, as its call tells.

    A file that is on record already and still in the inbox (a process died between the two, or another one was faster) is
    that one. A file with the same bytes as an earlier one is its duplicate. A page joins the pages that it belongs to.
    """

    def work(connection: Connection) -> list[int | None]:
        lock_arrivals(connection)
        return [_record(connection, store.clock(), arrival, is_there) for arrival, is_there in arrivals]

    return write(store, work) if arrivals else []


def record_arrival(store: Store, arrival: Arrival) -> int:
    """The same with one file that is still there."""
    [order] = record_arrivals(store, [(arrival, lambda: True)])
    assert order is not None
    return order


def record_blocked(store: Store, arrival: Arrival, reason: str, advice: str) -> int:
    """Put a file on record that cannot be opened yet, so that people see why it waits. `arrival` has no sha256."""

    def work(connection: Connection) -> int:
        lock_arrivals(connection)
        known = connection.execute(_at(arrival).where(~files.c.cleared)).scalar()
        if known is not None:
            return int(known)
        told = {"code": CANNOT_OPEN, "reason": reason, "advice": advice}
        return _insert_file(connection, store.clock(), arrival, FileState.WAITING, **told)

    return write(store, work)


def in_inbox(store: Store, inbox: str) -> list[InInbox]:
    """Files on record whose copy in the inbox has not been removed, as far as is known."""
    query = select(files.c.id, files.c.path, files.c.sha256, files.c.mark).where(files.c.inbox == inbox, ~files.c.cleared)
    return read(store, lambda connection: [InInbox(*row) for row in connection.execute(query.order_by(files.c.id))])


def mark_cleared(store: Store, orders: Sequence[int]) -> None:
    """Note that the inbox's copies of these files are gone. One that had never been opened is lost with it, and says so."""
    lost = {
        "state": FileState.FAILED,
        "changed": store.clock(),
        "code": "gone",
        "reason": "还没有读取，文件就被移走了",
        "advice": "请重新放入收件箱",
    }

    def work(connection: Connection) -> None:
        these = files.c.id.in_(orders)
        connection.execute(update(files).where(these, files.c.sha256 == "").values(**lost))
        connection.execute(update(files).where(these).values(cleared=True))

    if orders:
        write(store, work)


def _record(connection: Connection, now: datetime, arrival: Arrival, still_there: Callable[[], bool]) -> int | None:
    same = _at(arrival).where(files.c.sha256 == arrival.sha256, or_(~files.c.cleared, files.c.mark == arrival.mark))
    if (known := connection.execute(same).first()) is not None:
        # The mark is renewed: it may have come back from a backup.
        connection.execute(update(files).where(files.c.id == known.id).values(mark=arrival.mark))
        return int(known.id)
    if not still_there():
        return None
    # What lay here under this name before, has been written over.
    here = files.c.inbox == arrival.inbox, files.c.path == arrival.path, files.c.sha256 != ""
    connection.execute(update(files).where(*here).values(cleared=True))
    first = connection.execute(
        select(files.c.id, files.c.state, files.c.code, files.c.kept)
        .where(files.c.sha256 == arrival.sha256, files.c.state != FileState.DUPLICATE)
        .order_by(files.c.id)
    ).first()
    if first is not None:
        again = first.state == FileState.FAILED and first.code in WORTH_ANOTHER_TRY
        if again:
            _read_again(connection, first.id, now)
        unreadable = "，该文件无法读取" if first.state == FileState.FAILED and not again else ""
        told = {
            "reason": f"与收件号 {first.id} 内容完全相同{unreadable}",
            "advice": "已重新读取该文件" if again else "不必处理；如果本意是发送新的报表，请核对文件后重新放入",
            "code": "duplicate",
            "of": first.id,
            "kept": first.kept,
        }
        return _insert_file(connection, now, arrival, FileState.DUPLICATE, **told)
    order = _insert_file(connection, now, arrival, FileState.WAITING)
    _insert_source(connection, now, arrival, order)
    return order


def _read_again(connection: Connection, order: int, now: datetime) -> None:
    """Let a failed file wait as if it had just come: it was sent again, and the failure was not its own."""
    source = connection.execute(
        select(source_files.c.source).where(source_files.c.file == order).order_by(source_files.c.source.desc())
    ).scalar()
    if source is not None:
        fresh = {"token": None, "until": None, "died": 0, "put_off": 0}
        connection.execute(update(sources).where(sources.c.id == source).values(**fresh))
        set_states(connection, source, now, FileState.WAITING)


def _at(arrival: Arrival) -> Any:
    return select(files.c.id).where(files.c.inbox == arrival.inbox, files.c.path == arrival.path)


def _insert_file(connection: Connection, now: datetime, arrival: Arrival, state: FileState, **told: object) -> int:
    """A new row; or that of a file that could not be opened until now."""
    values: dict[str, object] = {
        "inbox": arrival.inbox,
        "path": arrival.path,
        "name": arrival.name,
        "sha256": arrival.sha256,
        "size": arrival.size,
        "mark": arrival.mark,
        "kept": arrival.kept,
        "changed": now,
        "state": state,
        "code": "",
        "reason": "",
        "advice": "",
        **told,
    }
    blocked = _at(arrival).where(files.c.sha256 == "", ~files.c.cleared)
    if (known := connection.execute(blocked).scalar()) is not None:
        connection.execute(update(files).where(files.c.id == known).values(**values))
        return int(known)
    result = connection.execute(insert(files).values(arrived=now, **values))
    return _new_id(result)


def _new_id(result: CursorResult[*tuple[Any, ...]]) -> int:
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def _insert_source(connection: Connection, now: datetime, arrival: Arrival, order: int) -> None:
    """What is to be read: the file alone, or with the pages that came before it."""
    old = _open_source(connection, arrival) if arrival.pages_of else None
    values = {"inbox": arrival.inbox, "pages_of": arrival.pages_of, "changed": now, "state": FileState.WAITING}
    result = connection.execute(insert(sources).values(**values, replaces=old.id if old else None))
    source = _new_id(result)
    pages = [order]
    if old is not None:
        # A page that came again under its own name takes its place.
        kept = select(files.c.id).join(source_files, source_files.c.file == files.c.id)
        pages += connection.execute(kept.where(source_files.c.source == old.id, files.c.path != arrival.path)).scalars()
    connection.execute(insert(source_files), [{"source": source, "file": page} for page in pages])
    if old is not None and old.state in OPEN_STATES:
        # Nobody has read it yet, or nobody will be asked for what he reads.
        replace_source(connection, old.id, source, now)
    if len(pages) > 1:
        # They wait again, with the page that has come.
        set_states(connection, source, now, FileState.WAITING)


def _open_source(connection: Connection, arrival: Arrival) -> AnyRow | None:
    """The source that a page may still join: not yet read, or read and lacking items, and no person has begun on it."""
    last = connection.execute(
        select(sources.c.id, sources.c.state)
        .where(sources.c.inbox == arrival.inbox, sources.c.pages_of == arrival.pages_of, sources.c.replaced_by.is_(None))
        .order_by(sources.c.id.desc())
        .limit(1)
        .with_for_update()
    ).first()
    if last is None or last.state in OPEN_STATES:
        return last
    if last.state != FileState.REVIEW:
        return None
    for table in (corrections, decisions):
        if connection.execute(select(table.c.id).where(table.c.source == last.id).limit(1)).first():
            return None
    lacking = f'"{Problem.ITEMS_MISSING}"'
    found = connection.execute(select(readings.c.reading).where(readings.c.source == last.id)).scalars()
    return last if any(lacking in reading for reading in found) else None
