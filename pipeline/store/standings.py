"""Which return of a unit supersedes which: kept up with each reading and each word of a reviewer, in its transaction.

It follows from what is on record by `pipeline.filing`, and is kept only so that a receipt can say it: a file all of whose
returns are superseded is superseded, and no longer so when a reviewer chooses otherwise.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from datetime import datetime

from sqlalchemy import Connection, select, update

from pipeline.filing import superseding
from pipeline.store.rows import load_collection, load_returns, names_of, unit_that_counts
from pipeline.store.states import supersede_files, unsupersede_files
from pipeline.store.tables import readings, sources
from schemas.forms import FORMS
from schemas.office import Collection, FileState

READ = (FileState.REVIEW, FileState.ACCEPTED)
"""States of sources whose readings count."""


def reassess(connection: Connection, now: datetime, some: Some[int]) -> None:
    """Find the units of some sources' returns, and weigh every return of those units and of those they had before."""
    known = load_collection(connection)
    units = _units_of(connection, some)
    for (source, number), stored in load_returns(connection, some):
        unit = unit_that_counts(stored, known)
        if unit != stored.unit:
            here = update(readings).where(readings.c.source == source, readings.c.number == number)
            connection.execute(here.values(unit=unit, superseded_by=None))
        units.add(unit)
    touched = set(some)
    for unit in sorted(unit for unit in units if unit is not None):
        touched |= _weigh(connection, unit, known)
    for source in sorted(touched):
        _tell(connection, now, source)


def reassess_all(connection: Connection, now: datetime) -> None:
    """The same for every return there is: the roster has changed."""
    in_force = select(sources.c.id).where(sources.c.replaced_by.is_(None), sources.c.state.in_(READ))
    reassess(connection, now, connection.execute(in_force).scalars().all())


def _units_of(connection: Connection, some: Some[int]) -> set[str | None]:
    return set(connection.execute(select(readings.c.unit).where(readings.c.source.in_(some))).scalars())


def _weigh(connection: Connection, unit: str, known: Collection) -> set[int]:
    """Note which of a unit's returns are superseded; the sources for which that has changed."""
    some = connection.execute(select(readings.c.source).where(readings.c.unit == unit).distinct()).scalars().all()
    returns = {key: stored for key, stored in load_returns(connection, some) if stored.unit == unit}
    over = superseding(list(returns.values()), FORMS[known.form], names_of(known))
    before = {
        (row.source, row.number): row.superseded_by
        for row in connection.execute(select(readings).where(readings.c.source.in_(some), readings.c.unit == unit))
    }
    changed = set()
    for (source, number), stored in returns.items():
        by = over.get((stored.order, stored.number))
        if by != before[source, number]:
            here = update(readings).where(readings.c.source == source, readings.c.number == number)
            connection.execute(here.values(superseded_by=by))
            changed.add(source)
    return changed


def _tell(connection: Connection, now: datetime, source: int) -> None:
    """Let the files of a source say whether its returns are superseded, all of them."""
    row = connection.execute(select(sources.c.state, sources.c.replaced_by).where(sources.c.id == source)).first()
    if row is None or row.replaced_by is not None or row.state not in READ:
        return
    found = connection.execute(select(readings.c.superseded_by).where(readings.c.source == source)).scalars().all()
    by = [order for order in found if order is not None]
    if by and len(by) == len(found):
        supersede_files(connection, source, now, max(by))
    else:
        unsupersede_files(connection, source, now, FileState(row.state))
