"""States: of a source and its files together; and files that say that their returns are superseded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from pipeline.store.tables import files, source_files, sources
from schemas.office import FileState

OPEN_STATES = (FileState.WAITING, FileState.READING)

SHOWN = (FileState.REVIEW, FileState.ACCEPTED, FileState.SUPERSEDED)
"""States of files that have been read."""

IN_REVIEW = {"code": "review", "reason": "有内容待审核", "advice": "请在审核页面核对"}
"""What a file tells in which something is open."""


def set_states(connection: Connection, source: int, now: datetime, state: FileState, **told: object) -> None:
    """Bring the files of a source, and itself, to a state, within a transaction."""
    set_file_states(connection, source, now, state, **told)
    connection.execute(update(sources).where(sources.c.id == source).values(state=state, changed=now))


def set_file_states(connection: Connection, source: int, now: datetime, state: FileState, **told: object) -> None:
    """The files of a source alone."""
    values = {"state": state, "changed": now, "code": "", "reason": "", "advice": "", "of": None, **told}
    connection.execute(update(files).where(files.c.id.in_(_members(source))).values(**values))


def replace_source(connection: Connection, old: int, new: int, now: datetime) -> None:
    """Let a source take another one's place: those of its files that the new one has not are superseded."""
    fresh = select(source_files.c.file).where(source_files.c.source == new)
    stale = select(source_files.c.file).where(source_files.c.source == old, source_files.c.file.not_in(fresh))
    by = connection.execute(select(func.max(source_files.c.file)).where(source_files.c.source == new)).scalar()
    connection.execute(update(files).where(files.c.id.in_(stale)).values(**_superseded(by, now)))
    done = {"state": FileState.SUPERSEDED, "changed": now, "token": None, "until": None, "replaced_by": new}
    connection.execute(update(sources).where(sources.c.id == old).values(**done))


def supersede_files(connection: Connection, source: int, now: datetime, by: int) -> None:
    """Let the files of a source that has been read say that all its returns are superseded."""
    values = _superseded(by, now)
    fresh = or_(files.c.state.in_((FileState.REVIEW, FileState.ACCEPTED)), files.c.of != by)
    here = update(files).where(files.c.id.in_(_members(source)), files.c.state.in_(SHOWN), fresh)
    connection.execute(here.values(**values))


def says_superseded(source: int) -> ColumnElement[bool]:
    """Whether a file of a source says that its returns are superseded."""
    return select(files.c.id).where(files.c.id.in_(_members(source)), files.c.state == FileState.SUPERSEDED).exists()


def unsupersede_files(connection: Connection, source: int, now: datetime, state: FileState) -> None:
    """Take that back: some return of theirs counts, or may."""
    told: dict[str, str] = IN_REVIEW if state is FileState.REVIEW else {"code": "", "reason": "", "advice": ""}
    here = update(files).where(files.c.id.in_(_members(source)), files.c.state == FileState.SUPERSEDED)
    connection.execute(here.values(state=state, changed=now, of=None, **told))


def _members(source: int) -> Any:
    return select(source_files.c.file).where(source_files.c.source == source)


def _superseded(by: int | None, now: datetime) -> dict[str, object]:
    reason = f"已由收件号 {by} 替换"
    return {"state": FileState.SUPERSEDED, "changed": now, "code": "", "reason": reason, "advice": "", "of": by}
