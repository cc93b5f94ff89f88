"""A province's day, faster: returns arrive as on a working day, workers are killed on the way, and all must be read, once.

Inbox, store, claims, scheduler and workers are real and see so many times a day's rate; only reading is not: it is a wait of
the time that a return takes, made shorter by the same factor, and its files are small.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate
from pathlib import Path
from threading import Event, Thread

import numpy as np
import psutil  # type: ignore[import-untyped]  # the library has no types
from distributed import Client
from sqlalchemy import text

from pipeline.cluster import cluster
from pipeline.office.watch import Office, prepare, watch
from pipeline.settings import Settings
from pipeline.store import Store, counts, is_done, open_store, set_collection
from schemas.office import Collection, FileState, Unit
from schemas.safety_month import SAFETY_MONTH
from tests.bench.scale.busy import busy_seconds, difference, processes_of
from tests.bench.scale.stored import SERVER
from tests.dask_cluster import START_SECONDS, running_cluster
from tests.fakes import fake_reader
from tests.postgres import running_server

HOURS = (0.10, 0.16, 0.12, 0.07, 0.03, 0.05, 0.08, 0.09, 0.12, 0.18)
"""The share of a day's returns that comes in each hour from eight to six: the morning's post, and the last hour's rush."""

DONE = (FileState.REVIEW, FileState.ACCEPTED)

UNFINISHED_SECONDS = 3600.0
"""After the last arrival, when what is not read by then is given up."""

LEASE_SECONDS = 10.0
"""What a killed holder had would come free after so long; workers that are killed are seen at once."""


@dataclass(frozen=True)
class Day:
    """What came of a day: files put into the inbox, read, read more than once, lost; kills of workers, and files that were
    under way in one. `span` is how long arrivals took, `seconds` until all was read (both by the clock, as replayed);
    `longest_wait` and `usual_wait` from a file's arrival to its reading's storage. `store` seconds were spent storing.
    """

    returns: int
    speed: float
    service: float
    workers: int
    done: int
    twice: int
    lost: int
    kills: int
    died: int
    span: float
    seconds: float
    per_second: float
    busiest_per_second: float
    longest_wait: float
    usual_wait: float
    store: float
    busy: dict[str, float]
    load: float


def arrival_times(count: int, span: float) -> list[float]:
    """When each return comes, in seconds from the start of a day that takes `span`: in order, by the hours' shares."""
    ends = [0.0, *accumulate(HOURS)]
    shares = [(place + 0.5) / count for place in range(count)]
    hours = np.interp(shares, ends, range(len(ends)))
    return [float(hour) * span / len(HOURS) for hour in hours]


def replay_day(
    count: int, *, speed: float, service: float, workers: int, kill_every: float, folder: Path, say: Callable[[str], None]
) -> Day:
    """Let `count` returns come in the time of ten hours divided by `speed`; each takes `service` seconds, divided too.

    A worker is killed every `kill_every` seconds, 0 for never.
    """
    span = len(HOURS) * 3600 / speed
    with (
        running_server(folder, SERVER) as server,
        tempfile.TemporaryDirectory(prefix="kuohao-day-", dir=folder) as place,
        running_cluster(Path(place), workers) as address,
    ):
        home, inbox = Path(place) / "home", Path(place) / "inbox"
        inbox.mkdir()
        settings = Settings(home=home, database=server.database(), still_seconds=0.0, lease_seconds=LEASE_SECONDS)
        with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]  # the library has no types
            client.wait_for_workers(workers, timeout=START_SECONDS)
        store = open_store(settings.database_url)
        set_collection(store, Collection("收集", SAFETY_MONTH.id, tuple(Unit(_unit(turn)) for turn in range(count))))
        prepare(inbox, home)
        reader = partial(fake_reader, seconds=service / speed)
        office = Office(inbox, store, settings, lambda: reader, cluster(address))
        put: dict[str, float] = {}
        ended, kills = Event(), [0]
        threads = [
            Thread(target=_feed, args=(inbox, Path(place), arrival_times(count, span), put, office, ended)),
            Thread(target=_kill, args=(kill_every, server.folder, ended, kills)),
            Thread(target=_say_how_far, args=(store, put, count, ended, say)),
        ]
        before, load, begun = busy_seconds(server.folder), os.getloadavg()[0], time.time()
        for thread in threads:
            thread.start()
        try:
            watch(office)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        busy = difference(busy_seconds(server.folder), before)
        stored = office.meters.registry.get_sample_value("kuohao_stage_seconds_sum", {"stage": "store"}) or 0.0
        rows = _what_became(store)
        store.close()
    waits = {name: moment - put[name] for name, state, moment, _, _ in rows if state in DONE and name in put}
    last = max((moment for _, _, moment, _, _ in rows), default=begun)
    return Day(
        returns=count,
        speed=speed,
        service=service,
        workers=workers,
        done=len(waits),
        twice=sum(readings > 1 for *_, readings, _ in rows) + len(rows) - len({name for name, *_ in rows}),
        lost=len(put.keys() - waits.keys()),
        kills=kills[0],
        died=sum(died for *_, died in rows),
        span=span,
        seconds=last - begun,
        per_second=len(waits) / max(last - begun, 0.001),
        busiest_per_second=max(HOURS) * count * len(HOURS) / span,
        longest_wait=max(waits.values(), default=0.0),
        usual_wait=statistics.median(waits.values()) if waits else 0.0,
        store=stored,
        busy=busy,
        load=load,
    )


def _unit(turn: int) -> str:
    return f"第{turn:06}号单位工会"


def _feed(inbox: Path, beside: Path, times: Sequence[float], put: dict[str, float], office: Office, ended: Event) -> None:
    """Put each file into the inbox at its time, whole at once; when all are read, or never will be, end the office."""
    begun = time.monotonic()
    for turn, moment in enumerate(times):
        if ended.wait(max(0.0, begun + moment - time.monotonic())):
            return
        name = f"{turn:06}.pdf"
        fresh = beside / name
        fresh.write_bytes(f"UNIT:{_unit(turn)}\n".encode())
        put[name] = time.time()
        fresh.rename(inbox / name)
    end = time.monotonic() + UNFINISHED_SECONDS
    while not ended.wait(1.0) and time.monotonic() < end:
        with suppress(Exception):
            if is_done(office.store) and not any(inbox.glob("*.pdf")):
                break
    office.stop.set()
    office.wake.set()


def _kill(every: float, postgres: Path, ended: Event, kills: list[int]) -> None:
    """Kill a worker as the system does when memory is short; its nanny starts another one."""
    rng = random.Random(1)
    while every and not ended.wait(every):
        # A nanny's child is the worker; beside it multiprocessing keeps one that only counts resources.
        found = [process for process in processes_of(postgres)["workers"] if _is_worker(process)]
        if found:
            with suppress(psutil.Error):
                rng.choice(found).send_signal(signal.SIGKILL)
                kills[0] += 1


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "spawn_main" in " ".join(process.cmdline())
    return False


def _say_how_far(store: Store, put: dict[str, float], count: int, ended: Event, say: Callable[[str], None]) -> None:
    while not ended.wait(30.0):
        with suppress(Exception):
            totals = counts(store)
            say(f"{len(put)} of {count} have come, {sum(totals[state] for state in DONE)} are read")


def _what_became(store: Store) -> list[tuple[str, str, float, int, int]]:
    """Each file's name and state, when it came to that, how many readings it has, how often its reader died."""
    query = text(
        "SELECT f.name, f.state, f.changed, count(r.number) AS readings, max(s.died) AS died FROM files f"
        " LEFT JOIN source_files m ON m.file = f.id LEFT JOIN sources s ON s.id = m.source"
        " LEFT JOIN readings r ON r.source = m.source GROUP BY f.id, f.name, f.state, f.changed"
    )
    with store.engine.connect() as connection:
        return list(_plain(connection.execute(query).all()))


def _plain(rows: Sequence[tuple[str, str, datetime, int, int]]) -> Iterator[tuple[str, str, float, int, int]]:
    for name, state, changed, readings, died in rows:
        yield name, state, changed.replace(tzinfo=UTC).timestamp(), readings, died or 0
