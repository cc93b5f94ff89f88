"""`python -m tests.cluster_kills`: returns through an office on a cluster whose workers and database die on the way.

The office is `kuohao run --once` with a real Dask scheduler and workers, each in a folder of its own, PostgreSQL, and
originals at an address that all share. Workers hang with a return in hand and are killed (kill -9); the database is stopped
as by a power cut, and started again. What comes out must be that of undisturbed runs on this machine alone, in processes and
within one: states, readings, and exported tables byte for byte, but for when files arrived.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import distributed
from sqlalchemy import func, select

from pipeline.commands.desk import make_office
from pipeline.executors import one_by_one, process_pool
from pipeline.judging.judge import ErrorBudget
from pipeline.office.watch import watch
from pipeline.reading.units import read_units
from pipeline.store import counts, open_store
from pipeline.store.engine import read
from pipeline.store.tables import sources
from schemas.errors import DocumentError
from schemas.office import FileState
from tests.batch import make_batch
from tests.bucket import running_bucket
from tests.dask_cluster import ROOT, running_cluster
from tests.fakes import Desk
from tests.kills import FINAL, check, exported, outcome
from tests.postgres import BINARIES, MISSING, Server, running_server

LEASE_SECONDS = 20
"""What a lost answer of the database leaves claimed is taken up again after that."""

AWAY_SECONDS = 1.0
"""For which the database stays away."""

LOOK_SECONDS = 0.5
"""Between two looks: each costs the database what a return does."""

PATIENCE = 600
"""Seconds in which something must have happened, whatever else the machine does."""


@dataclass(frozen=True)
class Plan:
    """What is sent, and what happens on the way: files, scans among them; workers, and how many of them are killed."""

    files: int = 300
    scans: int = 6
    workers: int = 2
    kills: int = 2
    seed: int = 1


@dataclass(frozen=True)
class Report:
    """What became of a batch: files by state, returns whose worker died, bytes compared, seconds, and what is wrong."""

    states: Mapping[FileState, int]
    died: int
    compared: int
    seconds: float
    faults: tuple[str, ...]


def main() -> None:
    """Exits with 1 where anything was lost, repeated or read otherwise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=Plan.files, help="all that are sent")
    parser.add_argument(
        "--scans", type=int, default=Plan.scans, help="scans among them, half at most; most others are Word and Excel files"
    )
    parser.add_argument("--workers", type=int, default=Plan.workers)
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--s3", action="store_true", help="originals in an object store instead of a folder")
    options = parser.parse_args()
    if options.scans > options.files // 2:
        parser.error("at most half of the files may be scans: others are damaged, sent twice, or superseded")
    if not BINARIES:
        raise SystemExit(MISSING)
    plan = Plan(options.files, options.scans, options.workers, options.kills, options.seed)
    with tempfile.TemporaryDirectory() as folder, running_server() as server, ExitStack() as stack:
        originals = stack.enter_context(running_bucket("kuohao")) if options.s3 else ""
        report = prove(Path(folder), server, plan, originals)
    print(f"files {plan.files}, scans {plan.scans}, workers {plan.workers}, killed {plan.kills}, {report.seconds:.0f} s")
    print("  ".join(f"{state.value} {number}" for state, number in report.states.items() if number))
    print(f"returns whose worker died {report.died}; exported tables compared: {report.compared} bytes")
    print(f"lost, repeated or different: {len(report.faults)}")
    for fault in report.faults:
        print(" ", fault)
    sys.exit(bool(report.faults))


def prove(folder: Path, server: Server, plan: Plan, originals: str = "") -> Report:
    """Send a batch through an office on a cluster that is disturbed, and through two that are not; `folder` is empty."""
    batch, units = make_batch(folder / "made", plan.files, plan.scans, plan.seed)
    roster = folder / "roster.csv"
    with roster.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name"], *([unit] for unit in units)])
    places = {"cluster": server.database(), "processes": "", "at once": ""}
    far, there, here = (
        Desk(folder / name / "inbox", folder / name / "home", url, lease=LEASE_SECONDS) for name, url in places.items()
    )
    for desk in (far, there, here):
        _put(desk.inbox, batch)
    originals = originals or f"file://{folder / 'originals'}"
    with process_pool(2) as calm, running_cluster(folder, plan.workers) as address:
        # Undisturbed, and meanwhile: what one core waits for, another one may do.
        done = [calm.submit(read_calmly, desk, roster, here_alone=desk is here) for desk in (there, here)]
        begun = time.monotonic()
        faults = _disturb(far, roster, server, address, plan, originals)
        seconds = time.monotonic() - begun
        for future in done:
            future.result()
    faults += [*check(far, batch), *_check_originals(originals, batch), *_check_workers(folder, far, plan)]
    states, died = _end(far)
    if died < plan.kills:
        faults.append(f"{plan.kills} workers were killed, and {died} returns with them: too few to show anything")
    ended, tables = outcome(far), exported(far, batch)
    compared = 0
    for name, desk in (("processes", there), ("this process", here)):
        faults += [f"{name}: {fault}" for fault in check(desk, batch)]
        if outcome(desk) != ended:
            faults.append(f"states or readings differ from those in {name}")
        expected = exported(desk, batch)
        faults += [f"{table} differs from the one in {name}" for table in tables if tables[table] != expected[table]]
        compared += sum(map(len, expected.values()))
    return Report(states, died, compared, seconds, tuple(faults))


def read_calmly(desk: Desk, roster: Path, *, here_alone: bool) -> None:
    """An office undisturbed, in processes or within this one."""
    with closing(desk.open()) as store:
        office = make_office(desk.inbox, desk.settings, store, budget=ErrorBudget(), units=read_units(roster))
        watch(replace(office, pool=one_by_one()) if here_alone else office, once=True)


def _put(inbox: Path, batch: Mapping[str, bytes]) -> None:
    for name, content in batch.items():
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _disturb(desk: Desk, roster: Path, server: Server, address: str, plan: Plan, originals: str) -> list[str]:
    """Read a batch on a cluster, and let happen what the plan says; what is wrong with how the office ended."""
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "KUOHAO_DATABASE": desk.database, "KUOHAO_DASK": address,
        "KUOHAO_ORIGINALS": originals, "KUOHAO_STILL_SECONDS": "0", "KUOHAO_LEASE_SECONDS": str(LEASE_SECONDS),
    }  # fmt: skip
    # The home folder by a name that is another folder to each worker, as on machines of their own.
    words = ("--inbox", str(desk.inbox), "--home", desk.home.name, "--roster", str(roster), "--once")
    events = _events(plan.kills)
    with ExitStack() as stack:
        client: Any = stack.enter_context(distributed.Client(address, set_as_default=False))  # type: ignore[no-untyped-call]
        _wait_until(lambda: len(client.nthreads()) == plan.workers)
        log = stack.enter_context((desk.home.parent / "log").open("w+b"))
        office = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "run", *words],
            env=environment, cwd=desk.home.parent, stdout=log, stderr=log,
        )  # fmt: skip
        stack.callback(office.kill)
        for turn, event in enumerate(events, 1):
            share = plan.files * turn // (len(events) + 1)
            _wait_until(lambda share=share: office.poll() is not None or _done(desk) >= share)  # type: ignore[misc]
            if office.poll() is not None:
                break
            _restart(server) if event == "database" else _hang_and_kill(client)
        code = office.wait(PATIENCE)
        log.seek(0)
        told = log.read().decode(errors="replace")
    # Some files of a batch are damaged.
    return [] if code == DocumentError.exit_code and "Traceback" not in told else [f"ended with {code}: {told[-2000:]}"]


def _events(kills: int) -> Sequence[str]:
    """The database is away in the middle of the kills."""
    return [*["kill"] * (kills // 2), "database", *["kill"] * (kills - kills // 2)]


def _hang_and_kill(client: Any) -> None:
    """A worker stops answering, is handed a return all the same, and dies with it."""
    address, pid = sorted(client.run(os.getpid).items())[0]
    os.kill(pid, signal.SIGSTOP)
    _wait_until(lambda: bool(client.processing().get(address)))
    os.kill(pid, signal.SIGKILL)


def _restart(server: Server) -> None:
    server.stop()
    time.sleep(AWAY_SECONDS)
    server.start()


def _done(desk: Desk) -> int:
    """How many files have come to their end."""
    with closing(open_store(desk.settings.database_url)) as store:
        totals = counts(store)
    return sum(totals[state] for state in FINAL)


def _end(desk: Desk) -> tuple[Mapping[FileState, int], int]:
    """Files by state, and returns whose reader has died."""
    with closing(open_store(desk.settings.database_url)) as store:
        died = select(func.count()).select_from(sources).where(sources.c.died > 0)
        return counts(store), read(store, lambda connection: connection.execute(died).scalar_one())


def _check_originals(address: str, batch: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the originals that all machines share."""
    from fsspec.core import url_to_fs

    store, root = url_to_fs(address)
    found = Counter(hashlib.sha256(store.cat_file(path)).hexdigest() for path in store.find(root))
    sent = {hashlib.sha256(content).hexdigest(): 1 for content in batch.values()}
    return (
        []
        if found == Counter(sent)
        else [f"{sum(found.values())} originals are shared, {len(sent)} different ones were sent"]
    )


def _check_workers(folder: Path, desk: Desk, plan: Plan) -> list[str]:
    """What is wrong with what workers have kept: nothing but what one that was killed had in hand."""
    homes = [folder / f"worker{number}" / desk.home.name for number in range(1, plan.workers + 1)]
    kept = [path for home in homes for path in home.rglob("*") if path.is_file()]
    return [] if len(kept) <= plan.kills else [f"workers have kept {len(kept)} originals"]


def _wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
