"""How an office stands, in numbers for a monitor: counted from columns and indices alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from pipeline.store.engine import Store, read
from pipeline.store.review_tables import returns
from pipeline.store.states import OPEN_STATES
from pipeline.store.tables import files
from schemas.office import FileState


@dataclass(frozen=True)
class Gauges:
    """Files by state, returns by shelf of the queue, slots that the machine flagged and that nobody has decided about.

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
        by_state = select(files.c.state, func.count()).group_by(files.c.state)
        states = {row[0]: int(row[1]) for row in connection.execute(by_state)}
        shelves = connection.execute(select(returns.c.shelf, func.count()).group_by(returns.c.shelf)).all()
        sums = select(func.coalesce(func.sum(returns.c.flagged), 0), func.coalesce(func.sum(returns.c.open), 0))
        flagged, undecided = connection.execute(sums).one()
        unread = connection.execute(select(func.min(files.c.arrived)).where(files.c.state.in_(OPEN_STATES))).scalar()
        waiting = connection.execute(select(func.min(returns.c.arrived)).where(returns.c.waiting)).scalar()
        now = store.clock()
        return Gauges(
            {state: states.get(state, 0) for state in FileState},
            {str(row[0]): int(row[1]) for row in shelves},
            int(flagged),
            int(undecided),
            _age(unread, now),
            _age(waiting, now),
        )

    return read(store, work)


def _age(moment: datetime | None, now: datetime) -> float:
    # A clock that was set back makes nothing younger than new.
    return max(0.0, (now - moment).total_seconds()) if moment is not None else 0.0
