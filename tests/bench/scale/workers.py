"""An office read through, inbox to PostgreSQL, by Dask workers: how much faster with more of them, and who was busy."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.commands.desk import make_office
from pipeline.judging.judge import ErrorBudget
from pipeline.office.watch import prepare, watch
from pipeline.reading.recognise import Wanted, read_wanted
from pipeline.settings import Settings
from pipeline.store import counts, open_store, set_collection
from samples.names import unit_names
from schemas.office import Collection, FileState, Unit
from schemas.safety_month import SAFETY_MONTH
from tests.bench.scale.busy import busy_seconds, difference, most_memory
from tests.bench.scale.stored import SERVER
from tests.dask_cluster import START_SECONDS, running_cluster
from tests.postgres import Server, running_server

READ = (FileState.REVIEW, FileState.ACCEPTED, FileState.SUPERSEDED)
"""States of files that have been read; made units are few, and one may return twice."""


@dataclass(frozen=True)
class Run:
    """A stack read once: seconds by the clock, processor seconds by part, MiB of the largest worker, the machine's load."""

    workers: int
    returns: int
    seconds: float
    busy: dict[str, float]
    memory: float
    load: float


@dataclass(frozen=True)
class Pace:
    """The runs with so many workers: medians. `gain` is against one worker, `efficiency` the share of what could be had
    from as many cores as there are; `busy` processor seconds a return, by part; `least` and `most` returns an hour."""

    workers: int
    runs: int
    per_hour: float
    least: float
    most: float
    gain: float
    efficiency: float
    busy: dict[str, float]
    memory: float


def measure_workers(
    originals: Sequence[Path], workers: Sequence[int], *, repeats: int, roster: int, folder: Path, say: Callable[[str], None]
) -> list[Run]:
    """Read the same files with each number of workers in turn, and again; every time in a new office.

    `roster` is how many units are asked: a reader compares the unit's name with each of them.
    """
    names = (*unit_names(), *(f"{name}第{place}分会" for place, name in enumerate(unit_names() * (roster // 60))))[:roster]
    runs = []
    with running_server(folder, SERVER) as server:
        for turn in range(repeats):
            for count in workers:
                runs.append(run := read_office(originals, count, server, names))
                say(f"{count} workers, run {turn + 1}: {run.seconds:.1f} s, {3600 * run.returns / run.seconds:.0f} an hour")
    return runs


def read_office(originals: Sequence[Path], workers: int, server: Server, names: Sequence[str]) -> Run:
    """One office from a full inbox to the last receipt, on a warmed-up cluster of its own."""
    with tempfile.TemporaryDirectory(prefix="kuohao-scale-") as place:
        folder = Path(place)
        inbox, home = folder / "inbox", folder / "home"
        inbox.mkdir()
        for path in originals:
            shutil.copy(path, inbox)
        with running_cluster(folder, workers) as address:
            settings = Settings(home=home, database=server.database(), dask=address, still_seconds=0.0)
            store = open_store(settings.database_url)
            try:
                set_collection(store, Collection("收集", SAFETY_MONTH.id, tuple(map(Unit, names))))
                prepare(inbox, home)
                _warm(address, workers, originals[:3], names)
                office = make_office(inbox, settings, store, budget=ErrorBudget())
                before, load, begun = busy_seconds(server.folder), os.getloadavg()[0], time.perf_counter()
                watch(office, once=True)
                seconds = time.perf_counter() - begun
                busy, memory = difference(busy_seconds(server.folder), before), most_memory(server.folder)
                totals = counts(store)
            finally:
                store.close()
            assert sum(totals[state] for state in READ) == len(originals), totals
            return Run(workers, len(originals), seconds, busy, memory, load)


def paces(runs: Sequence[Run], cores: int) -> list[Pace]:
    """The medians of runs, by number of workers."""
    found: list[Pace] = []
    one = 0.0
    for workers in sorted({run.workers for run in runs}):
        own = [run for run in runs if run.workers == workers]
        hourly = [3600 * run.returns / run.seconds for run in own]
        middle = statistics.median(hourly)
        one = one or middle / workers
        busy = {part: statistics.median(run.busy[part] / run.returns for run in own) for part in own[0].busy}
        gain = middle / one
        found.append(
            Pace(
                workers,
                len(own),
                middle,
                min(hourly),
                max(hourly),
                gain,
                gain / min(workers, cores),
                busy,
                max(run.memory for run in own),
            )
        )
    return found


def _warm(address: str, workers: int, paths: Sequence[Path], names: Sequence[str]) -> None:
    """Wait for all workers, and let each load its engines, compile what is compiled, and read a file of each kind."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]  # the library has no types
        client.wait_for_workers(workers, timeout=START_SECONDS)
        client.run(partial(_read_some, tuple(paths), tuple(names)))


def _read_some(paths: tuple[Path, ...], names: tuple[str, ...]) -> None:
    for path in paths:
        read_wanted([path], [path.name], wanted=[Wanted(SAFETY_MONTH, names)], budget=ErrorBudget(), threads=1)
