"""The office's count: every change of what totals are made of has a number of its own, for times may be set back."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from pipeline.store.engine import Store, read
from pipeline.store.review_tables import office
from pipeline.store.states import OPEN_STATES
from pipeline.store.tables import files
from schemas.office import FileState


def next_turn(connection: Connection) -> int:
    """Count a change, within its transaction."""
    counted = update(office).values(turn=office.c.turn + 1).returning(office.c.turn)
    return int(connection.execute(counted).scalar_one())


def fingerprint(store: Store) -> str:
    """Changes when anything has changed that totals or the ledger are made of: returns, what people said, files.

    Files that have been read are not counted, for whatever brings one to that state, or to another one, is counted itself.
    """
    wanted = (*OPEN_STATES, FileState.FAILED)
    by_state = select(files.c.state, func.count()).where(files.c.state.in_(wanted)).group_by(files.c.state)

    def work(connection: Connection) -> str:
        turn = connection.execute(select(office.c.turn)).scalar_one()
        last = connection.execute(select(func.max(files.c.id))).scalar()
        states = connection.execute(by_state.order_by(files.c.state))
        return ".".join([str(turn), str(last or 0), *(f"{state}{count}" for state, count in states)])

    return read(store, work)
