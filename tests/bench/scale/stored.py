"""What the store takes for a return, and for what people wait for, by how many returns it holds already."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path

import numpy as np
from sqlalchemy import text

from pipeline.store import (
    Claim,
    Store,
    claim,
    correct,
    fingerprint,
    finish,
    gauges,
    list_returns,
    list_slots,
    load_return,
    mark_cleared,
    mark_told,
    next_open,
    open_by_slot,
    open_store,
    record_arrival,
    to_tell,
    utc_now,
    view_counts,
)
from pipeline.web.dashboard.snapshot import Snapshot, take_snapshot
from schemas.flow import State
from schemas.office import Correction
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.bench.scale.busy import busy_seconds, difference
from tests.bench.scale.rows import INBOX, Filled, arrival_of, fill, made_reading
from tests.postgres import running_server

LEASE = timedelta(hours=1)

SERVER = "-c shared_buffers=1GB -c max_wal_size=4GB -c work_mem=32MB"
"""What anybody sets on a machine with 16 GB or more; commits are flushed to the disk, as they must be."""

WARM = 3
"""Times that each is done before it is timed."""

PICTURES = 5
"""Returns after each of which the picture of the collection is brought up to date."""

DAY_WAITING = 20_000
"""Files that wait at once when a province's last hour comes faster than it is read."""


@dataclass(frozen=True)
class Took:
    """Milliseconds by the clock, the median and what nine tries of ten stay below; `busy` those of processor, ours and
    PostgreSQL's together, which say more where others use the machine."""

    what: str
    median: float
    p90: float
    busy: float
    tries: int


@dataclass(frozen=True)
class Stored:
    """One size of store: how it was filled, bytes a return, and what everything took."""

    returns: int
    collections: int
    largest: int
    fill_seconds: float
    bytes: dict[str, int]
    bytes_each: float
    took: list[Took]


def measure_sizes(
    sizes: list[int], largest: int, *, folder: Path, tries: int, say: Callable[[str], None]
) -> Iterator[Stored]:
    """Fill a new store with each number of returns, ask it everything, and throw it away."""
    for size in sizes:
        with running_server(folder, SERVER) as server:
            store = open_store(server.database(), lease=LEASE)
            try:
                say(f"filling {size} returns")
                filled = fill(store, size, largest, say=say)
                say(f"filled in {filled.seconds:.0f} s, {filled.bytes_each:.0f} bytes a return")
                took = ask(store, server.folder, filled, tries)
                yield Stored(
                    filled.returns, filled.collections, filled.largest, filled.seconds, filled.bytes, filled.bytes_each, took
                )
            finally:
                store.close()


def ask(store: Store, server: Path, filled: Filled, tries: int) -> list[Took]:
    """What it takes to store a return, and each question that people or programs put, as often as asked for."""
    rng = np.random.default_rng(2)
    took = _store_returns(store, server, filled, tries, rng)
    here = filled.open_collection
    orders = [row.order for row in list_returns(store, collection=here, limit=1000).rows]

    def somewhere() -> int:
        return int(rng.choice(orders))

    def enter() -> None:
        path = SAFETY_MONTH.slots[int(rng.integers(len(SAFETY_MONTH.slots) - 1))].path
        worth = (State.VALUE, int(rng.integers(1000)))
        correct(store, somewhere(), 1, Correction(path, "甲", utc_now(), worth, worth))

    questions: dict[str, Callable[[], object]] = {
        "decide about a slot": enter,
        "next return": lambda: next_open(store, (somewhere(), 1), collection=here),
        "open a return": lambda: load_return(store, somewhere(), 1),
        "queue": lambda: list_returns(store, collection=here),
        "queue, last page": lambda: list_returns(store, collection=here, offset=len(filled.units) // 2),
        "queue, search": lambda: list_returns(store, collection=here, search=str(rng.integers(1000, 9999))),
        "numbers of views": lambda: view_counts(store, collection=here),
        "open slots": lambda: list_slots(store, open=True, collection=here),
        "open slots by slot": lambda: open_by_slot(store, collection=here),
        "has anything changed": lambda: fingerprint(store),
        "metrics": lambda: gauges(store),
    }
    took += [_measure(server, name, question, tries) for name, question in questions.items()]
    # The collection's whole picture, from which dashboard, totals and ledger are drawn; the first is made of JSON, the next
    # ones of that and of what has changed.
    kept: list[Snapshot] = []

    def picture() -> None:
        kept[:] = [take_snapshot(store, kept[0] if kept else None, collection=here)]

    def another() -> None:
        _read_one(store, f"{store.clock():%H%M%S%f}.pdf", made_reading(rng, str(rng.choice(filled.units))))

    took.append(_measure(server, "dashboard, totals and ledger, first", picture, 1, warm=0))
    later = []
    for _ in range(PICTURES):
        another()
        later.append(_measure(server, "dashboard, totals and ledger, a return later", picture, 1, warm=0))
    took.append(sorted(later, key=lambda one: one.busy)[PICTURES // 2])
    with many_waiting(store, DAY_WAITING):
        took.append(_measure(server, f"claim with {DAY_WAITING} waiting", lambda: claim(store), tries))
    return took


def _store_returns(store: Store, server: Path, filled: Filled, tries: int, rng: np.random.Generator) -> list[Took]:
    """A return's way through the store, step by step, and all of it; each is its unit's second, and supersedes its first."""
    made = [made_reading(rng, str(rng.choice(filled.units))) for _ in range(WARM + tries)]
    names = [f"{turn}-{filled.returns}.pdf" for turn in range(WARM + tries)]
    orders: list[int] = []
    held: list[Claim] = []

    def record() -> None:
        order = record_arrival(store, arrival_of(names[len(orders)]))
        assert order is not None
        mark_cleared(store, [order])
        orders.append(order)

    def take() -> None:
        one = claim(store)
        assert one is not None
        held.append(one)

    def save() -> None:
        assert finish(store, held.pop(0), [made.pop()])

    steps = [
        _measure(server, "record a file", record, tries),
        _measure(server, "claim", take, tries),
        _measure(server, "save and finish", save, tries),
        _measure(server, "tell the clerk", lambda: mark_told(store, to_tell(store, INBOX, limit=1)), tries),
    ]
    median, p90, busy = (sum(getattr(step, name) for step in steps) for name in ("median", "p90", "busy"))
    return [*steps, Took("a return, all four", median, p90, busy, tries)]


@contextmanager
def many_waiting(store: Store, count: int) -> Iterator[None]:
    """So many sources that wait to be read, while this lasts."""
    with store.engine.connect() as connection, connection.begin():
        first = connection.execute(text("SELECT coalesce(max(id), 0) FROM sources")).scalar_one()
        connection.execute(text(
            "INSERT INTO sources (inbox, changed, state) SELECT :inbox, now(), 'waiting' FROM generate_series(1, :count)"
        ), {"inbox": INBOX, "count": count})  # fmt: skip
    try:
        yield
    finally:
        with store.engine.connect() as connection, connection.begin():
            # Not deleted: each row that goes is looked for in all that may refer to it.
            connection.execute(text("UPDATE sources SET state = 'failed' WHERE id > :first"), {"first": first})


def _read_one(store: Store, name: str, found: Reading) -> None:
    order = record_arrival(store, arrival_of(name))
    held = claim(store)
    assert order is not None
    assert held is not None
    mark_cleared(store, [order])
    assert finish(store, held, [found])


def _measure(server: Path, name: str, question: Callable[[], object], tries: int, *, warm: int = WARM) -> Took:
    for _ in range(warm):
        question()
    times = []
    before = busy_seconds(server)
    for _ in range(tries):
        begun = time.perf_counter()
        question()
        times.append(1000 * (time.perf_counter() - begun))
    used = difference(busy_seconds(server), before)
    busy = 1000 * (used["holder"] + used["PostgreSQL"]) / tries
    return Took(name, statistics.median(times), sorted(times)[ceil(0.9 * tries) - 1], busy, tries)
