"""Notices on record, and what people said about them. What counts of both, `pipeline.notice.record` tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select, update

from pipeline.store.engine import Store, read, write
from pipeline.store.files import AnyRow
from pipeline.store.notice_tables import notice_corrections, notices
from schemas.errors import NoSuchNotice, NoticeChanged
from schemas.notice import Notice, NoticeCorrection


@dataclass(frozen=True)
class StoredNotice:
    """A notice as it was read, and what people have said about it since, in order."""

    id: int
    sha256: str
    name: str
    kept: str
    who: str
    added: datetime
    read: Notice
    corrections: tuple[NoticeCorrection, ...]


def add_notice(store: Store, notice: Notice, *, sha256: str, name: str, kept: str, who: str) -> int:
    """Put a notice on record; its id. A file that is there already is read anew where nobody has corrected it."""

    def work(connection: Connection) -> int:
        known = connection.execute(select(notices.c.id).where(notices.c.sha256 == sha256)).scalar()
        if known is None:
            row = {"sha256": sha256, "name": name, "kept": kept, "notice": notice.model_dump_json()}
            added = connection.execute(insert(notices).values(**row, who=who, added=store.clock())).inserted_primary_key
            assert added is not None
            return int(added[0])
        said = connection.execute(select(notice_corrections.c.id).where(notice_corrections.c.notice == known)).first()
        if said is None:
            connection.execute(update(notices).where(notices.c.id == known).values(notice=notice.model_dump_json()))
        return int(known)

    return write(store, work)


def stored_notice(store: Store, id: int) -> StoredNotice:
    """One notice. Raises NoSuchNotice."""
    found = read(store, lambda connection: _stored(connection, [id]))
    if not found:
        raise NoSuchNotice(str(id))
    return found[0]


def stored_notices(store: Store, *, limit: int = 200) -> tuple[StoredNotice, ...]:
    """The newest notices, the newest first."""

    def work(connection: Connection) -> tuple[StoredNotice, ...]:
        ids = connection.execute(select(notices.c.id).order_by(notices.c.id.desc()).limit(limit)).scalars().all()
        return _stored(connection, ids)

    return read(store, work)


def correct_notice(store: Store, id: int, path: str, *, before: str | None, after: str | None, seen: int, who: str) -> None:
    """Record what a person says of a field: `seen` is the last correction of it that they knew, 0 for none.

    Raises NoSuchNotice, NoticeChanged where there is a later one.
    """
    key = uuid4().hex

    def work(connection: Connection) -> None:
        if connection.execute(select(notice_corrections.c.id).where(notice_corrections.c.key == key)).first():
            return
        # Whoever corrects this notice at the same moment waits here.
        held = connection.execute(select(notices.c.id).where(notices.c.id == id).with_for_update()).first()
        if held is None:
            raise NoSuchNotice(str(id))
        own = (notice_corrections.c.notice == id) & (notice_corrections.c.path == path)
        last = connection.execute(select(func.max(notice_corrections.c.id)).where(own)).scalar() or 0
        if last != seen:
            raise NoticeChanged
        row = {"key": key, "notice": id, "path": path, "who": who, "when": store.clock(), "before": before, "after": after}
        connection.execute(insert(notice_corrections).values(**row))

    write(store, work)


def _stored(connection: Connection, ids: Sequence[int]) -> tuple[StoredNotice, ...]:
    rows = connection.execute(select(notices).where(notices.c.id.in_(ids)).order_by(notices.c.id.desc())).all()
    query = select(notice_corrections).where(notice_corrections.c.notice.in_(ids)).order_by(notice_corrections.c.id)
    said: dict[int, list[NoticeCorrection]] = {}
    for row in connection.execute(query):
        said.setdefault(row.notice, []).append(_correction(row))
    return tuple(
        StoredNotice(
            row.id, row.sha256, row.name, row.kept, row.who, row.added, Notice.model_validate_json(row.notice),
            tuple(said.get(row.id, ())),
        )
        for row in rows
    )  # fmt: skip


def _correction(row: AnyRow) -> NoticeCorrection:
    return NoticeCorrection(id=row.id, path=row.path, who=row.who, when=row.when, before=row.before, after=row.after)
