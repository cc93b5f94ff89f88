"""Claims: who reads what. One holder at a time, by a lease, and only the holder's result counts: nothing is read twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, or_, select, tuple_, update

from pipeline.store.engine import Store, lock_standings, read, write
from pipeline.store.known import collections_to_fill, place_readings
from pipeline.store.standings import reassess
from pipeline.store.states import replace_source, set_file_states, set_states
from pipeline.store.tables import OPEN_SOURCE, files, readings, source_files, sources
from pipeline.store.turns import next_turn
from schemas.errors import KuohaoError, TransientError
from schemas.office import FileState
from schemas.reading import Reading

MOST_DEATHS = 2
"""A file whose reader has died so often fails: the second time it was read alone, so it was the file's own doing."""

MOST_PUT_OFF = 8
"""Tries of a file that fails for passing reasons; with growing pauses, some minutes."""

ADVICE = "请重新扫描或重新发送；仍不行请联系管理员"
"""For failures that say nothing of their own."""


@dataclass(frozen=True)
class ClaimedFile:
    """A file of a claim: its order, its first name, and where its original lies in the archive."""

    order: int
    name: str
    kept: str


@dataclass(frozen=True)
class Claim:
    """The right to read a source until the lease ends; `died` tells how often its reader did."""

    source: int
    token: str
    files: tuple[ClaimedFile, ...]
    died: int = 0
    put_off: int = 0
    label: str = field(default="")


def claim(store: Store, *, suspects: bool = True) -> Claim | None:
    """Take the next source to read, or None. Sources whose reader died before are left out without `suspects`."""

    def work(connection: Connection) -> Claim | None:
        now = store.clock()
        # An end further away than a lease is long was written before the clock was set back.
        due = or_(sources.c.until.is_(None), sources.c.until <= now, sources.c.until > now + store.lease)
        query = select(sources).where(OPEN_SOURCE, due)
        if not suspects:
            query = query.where(sources.c.died == 0)
        # What was begun before and never ended comes last: it may be what ended the machine.
        query = query.order_by(sources.c.begun, sources.c.id).limit(1).with_for_update(skip_locked=True)
        row = connection.execute(query).first()
        if row is None:
            return None
        token = uuid4().hex
        held = {"token": token, "until": now + store.lease, "begun": row.begun + 1}
        reading = {"state": FileState.READING, "changed": now}
        connection.execute(update(sources).where(sources.c.id == row.id).values(**held, **reading))
        set_file_states(connection, row.id, now, FileState.READING)
        members = select(files.c.id, files.c.name, files.c.kept).join(source_files, source_files.c.file == files.c.id)
        found = connection.execute(members.where(source_files.c.source == row.id).order_by(files.c.id))
        return Claim(row.id, token, tuple(ClaimedFile(*file) for file in found), row.died, row.put_off, row.pages_of)

    return write(store, work)


def extend(store: Store, claims: Sequence[Claim]) -> None:
    """Say that one is still reading: the leases run anew."""
    if claims:
        # Found by its key, for tokens have no index.
        held = tuple_(sources.c.id, sources.c.token).in_([(one.source, one.token) for one in claims])
        longer = update(sources).where(sources.c.id.in_([one.source for one in claims]), held)
        write(store, lambda connection: connection.execute(longer.values(until=store.clock() + store.lease)))


def finish(store: Store, held: Claim, found: Sequence[Reading]) -> bool:
    """Store what was read; False, and nothing stored, where the claim has gone to somebody else."""

    def work(connection: Connection, replaced: int | None) -> None:
        known = collections_to_fill(connection)
        placed = place_readings(known, found)
        review = any(reading.review for reading, _ in placed)
        state = FileState.REVIEW if review else FileState.ACCEPTED
        points = _open_points([reading for reading, _ in placed])
        told = {"code": "review", "reason": points, "advice": "请在审核页面核对"} if review else {}
        rows = [
            {
                "source": held.source,
                "number": number,
                "review": reading.review,
                "reading": reading.model_dump_json(),
                "collection": collection,
            }
            for number, (reading, collection) in enumerate(placed, 1)
        ]
        connection.execute(insert(readings), rows)
        set_states(connection, held.source, store.clock(), state, **told)
        if replaced is not None:
            replace_source(connection, replaced, held.source, store.clock())
        some = [held.source] if replaced is None else [held.source, replaced]
        reassess(connection, store.clock(), some, known, turn=next_turn(connection))

    return _as_holder(store, held, work)


def fail(store: Store, held: Claim, error: KuohaoError) -> bool:
    """Note that a source cannot be read; files that an earlier reading holds too go back to it."""
    reason, advice = reason_and_advice(error)
    return _as_holder(store, held, lambda connection, old: _fail(connection, store, held, old, error.code, reason, advice))


def put_off(store: Store, held: Claim, error: TransientError) -> bool:
    """Give a claim back that failed for a passing reason, to be tried after a pause that grows.

    At last it fails, unless the reason is not the file's own: a full disk, an archive that is away.
    """
    if held.put_off + 1 >= MOST_PUT_OFF and not error.everyones:
        return fail(store, held, error)
    pause = min(timedelta(seconds=2 ** min(held.put_off, MOST_PUT_OFF)), store.lease)

    def work(connection: Connection, _replaced: int | None) -> None:
        reason, advice = reason_and_advice(error)
        set_states(connection, held.source, store.clock(), FileState.WAITING, code=error.code, reason=reason, advice=advice)
        waits = {"put_off": held.put_off + 1, "until": store.clock() + pause}
        connection.execute(update(sources).where(sources.c.id == held.source).values(**waits))

    return _as_holder(store, held, work)


def give_back(store: Store, held: Claim, *, died: bool = False) -> bool:
    """Give a claim back unread; `died` where its reader did, which a file is granted once."""

    def work(connection: Connection, replaced: int | None) -> None:
        if died and held.died + 1 >= MOST_DEATHS:
            _fail(connection, store, held, replaced, "reader_died", f"读取程序两次异常退出（共 {held.died + 1} 次）", ADVICE)
            return
        set_states(connection, held.source, store.clock(), FileState.WAITING)
        if died:
            connection.execute(update(sources).where(sources.c.id == held.source).values(died=held.died + 1))

    return _as_holder(store, held, work)


def is_done(store: Store) -> bool:
    """Whether nothing waits to be read and nobody reads."""
    query = select(sources.c.id).where(OPEN_SOURCE).limit(1)
    return read(store, lambda connection: connection.execute(query).first() is None)


def reason_and_advice(error: KuohaoError) -> tuple[str, str]:
    """An error's line in its two parts: what happened, and what to do."""
    reason, please, advice = error.zh.partition("，请")
    reason = f"{reason}（{error.detail}）" if error.detail else reason
    return reason, f"请{advice}" if please else ADVICE


def _as_holder(store: Store, held: Claim, work: Callable[[Connection, int | None], Any]) -> bool:
    """Do something and end the claim, in one transaction; only while the claim holds.

    `work` is told the source that this one is to replace.
    """

    def once(connection: Connection) -> bool:
        lock_standings(connection)
        mine = update(sources).where(sources.c.id == held.source, sources.c.token == held.token)
        ended = connection.execute(mine.values(token=None, until=None).returning(sources.c.replaces)).first()
        if ended is None:
            return False
        work(connection, ended.replaces)
        return True

    return write(store, once)


def _fail(connection: Connection, store: Store, held: Claim, old: int | None, code: str, reason: str, advice: str) -> None:
    now = store.clock()
    set_states(connection, held.source, now, FileState.FAILED, code=code, reason=reason, advice=advice)
    before = connection.execute(select(sources).where(sources.c.id == old)).first() if old is not None else None
    if before is None or before.state != FileState.REVIEW:
        return
    # The earlier reading stands, and with it the pages that it was read from.
    told = {"code": "review", "reason": _open_points(_stored(connection, before.id)), "advice": "请在审核页面核对"}
    set_states(connection, before.id, now, FileState.REVIEW, **told)
    reassess(connection, now, [before.id], turn=next_turn(connection))


def _stored(connection: Connection, source: int) -> list[Reading]:
    query = select(readings.c.reading).where(readings.c.source == source).order_by(readings.c.number)
    return [Reading.model_validate_json(text) for text in connection.execute(query).scalars()]


def _open_points(found: Sequence[Reading]) -> str:
    """Why a person must look, in one line."""
    slots = sum(slot.review for reading in found for slot in reading.slots)
    problems = dict.fromkeys(problem.chinese for reading in found for problem in reading.problems)
    fields = sum(field.review for reading in found for field in reading.header.values())
    points = [f"{slots} 个括号待审核"] if slots else []
    points += [f"表头 {fields} 项待审核"] if fields else []
    return "；".join([*points, *problems])
