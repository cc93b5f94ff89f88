"""How an office stands, in numbers for a monitor: counted from what is open or recent, not from all that it ever did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from pipeline.store.derived import OPEN
from pipeline.store.engine import Store, read
from pipeline.store.review_tables import returns
from pipeline.store.states import OPEN_STATES
from pipeline.store.tables import collections, files
from schemas.office import FileState

_counted: WeakKeyDictionary[Engine, tuple[int, int]] = WeakKeyDictionary()
"""By database a file's number, and how many files there are up to it. Files stay, and come by one at a time in the order of
their numbers (`engine.lock_arrivals`): what has been counted once needs no look again."""


@dataclass(frozen=True)
class Gauges:
    """Files by state; of collections that are open returns by shelf of the queue, and slots that the machine flagged and
    those that nobody has decided about.

    `unread_seconds` is how long the oldest file waits to be read, `review_seconds` the oldest return for a person; 0 where
    none does.
    """

    files: Mapping[FileState, int]
    returns: Mapping[str, int]
    flagged: int
    open: int
    unread_seconds: float
    review_seconds: float


def gauges(store: Store) -> Gauges:
    """How the office stands now. Raises StoreUnavailable."""

    def work(connection: Connection) -> Gauges:
        others = [state for state in FileState if state is not FileState.ACCEPTED]
        by_state = select(files.c.state, func.count()).where(files.c.state.in_(others)).group_by(files.c.state)
        states = {row[0]: int(row[1]) for row in connection.execute(by_state)}
        # Nearly all files have been accepted: they are what is left.
        states[FileState.ACCEPTED] = _count_files(connection, store.engine) - sum(states.values())
        sums = select(returns.c.shelf, func.count(), func.sum(returns.c.flagged), func.sum(returns.c.open))
        opened = sums.join(collections, collections.c.id == returns.c.collection).where(collections.c.closed.is_(None))
        shelves = connection.execute(opened.group_by(returns.c.shelf)).all()
        unread = connection.execute(select(func.min(files.c.arrived)).where(files.c.state.in_(OPEN_STATES))).scalar()
        first = select(returns.c.arrived).where(returns.c.shelf == OPEN).order_by(returns.c.file, returns.c.number).limit(1)
        waiting = connection.execute(first).scalar()
        now = store.clock()
        return Gauges(
            {state: states.get(state, 0) for state in FileState},
            {str(row[0]): int(row[1]) for row in shelves},
            sum(int(row[2]) for row in shelves),
            sum(int(row[3]) for row in shelves),
            _age(unread, now),
            _age(waiting, now),
        )

    return read(store, work)


def _count_files(connection: Connection, engine: Engine) -> int:
    last, known = _counted.get(engine, (0, 0))
    fresh, newest = connection.execute(select(func.count(), func.max(files.c.id)).where(files.c.id > last)).one()
    if fresh:
        _counted[engine] = (newest, known + fresh)
    return int(known + fresh)


def _age(moment: datetime | None, now: datetime) -> float:
    # A clock that was set back makes nothing younger than new.
    return max(0.0, (now - moment).total_seconds()) if moment is not None else 0.0
