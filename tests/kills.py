"""`python -m tests.kills`: kill -9 at random moments over batches of returns; prints kills, and what was lost.

A batch comes in two waves, so that returns of the second supersede some of the first. What comes out must be that of an
undisturbed run: states, readings, and the exported tables byte for byte. Left out of the comparison is what rightly differs:
when a file arrived, and which of two files with the same bytes, or of a return's pages, came first and gives its name.

This process imports everything once and forks each worker: a start takes milliseconds, and has no thread to inherit.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pipeline.collection.publish import MISSING, RETURNS, SLOTS, make_exports
from pipeline.office.archive import archive_of
from pipeline.office.names import shown_name
from pipeline.store import collected, counts, open_store, receipts, set_collection, stored_returns
from schemas.forms import FORMS
from schemas.office import Collection, FileState, StoredReturn, Unit
from schemas.safety_month import SAFETY_MONTH
from tests.fakes import Desk, drain, fill, left_in

FILES = 50

MEMORY = Path("/dev/shm")
"""What a killed process has written stays; only a power cut asks more of a disk, and flushing takes most of the time."""

READ = 0.004
"""A fake read: long enough to be hit."""

SHARE_OF_WORK = 1 / 15
"""What a worker can get done at most before it is killed, as a share of the batch, by the pace of an undisturbed one."""

EARLY = 0.1
"""Share of workers that may be killed while they start, before they have the store open."""

FINAL = {FileState.REVIEW, FileState.ACCEPTED, FileState.FAILED, FileState.DUPLICATE, FileState.SUPERSEDED}

AGAIN = 5
"""One file in so many is a unit's first return, and another one its second."""

TABLES = (RETURNS, SLOTS, MISSING)

SOME_DAY = datetime(2026, 6, 20, tzinfo=UTC)
"""When everything arrived, as far as tables are compared."""

Outcome = tuple[Counter[tuple[str, str]], Counter[str]]


def main() -> None:
    """Kill until so many workers have died at work; exits with 1 where anything was lost or repeated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--together", type=int, default=1, help="workers on one inbox at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="URL with {} for the batch: 1, 1_calm, 2, …")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    batches: list[Batch] = []
    begun = time.monotonic()
    while (kills := sum(batch.kills for batch in batches)) < options.kills:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            number, most = len(batches) + 1, options.kills - kills
            desk, calm = (
                Desk(
                    Path(folder) / f"in{name}",
                    Path(folder) / f"home{name}",
                    options.database.format(f"{number}{name}"),
                    READ,
                )
                for name in ("", "_calm")
            )
            batches.append(kill_batch(desk, calm, rng, options.files, most, options.together, f"batch {number}"))
    seconds = time.monotonic() - begun
    faults = [fault for batch in batches for fault in batch.faults]
    done, superseded, compared = (
        sum(getattr(batch, name) for batch in batches) for name in ("done", "superseded", "compared")
    )
    print(f"kills {kills}, files {len(batches) * options.files} ({done} read by those killed), {seconds:.0f} s")
    print(f"superseded {superseded}; exported tables compared: {compared} bytes")
    if not superseded or (options.kills > options.files and not done):
        faults.append("too little was done for this to show anything")
    print(f"lost or repeated: {len(faults)}")
    for fault in faults:
        print(" ", fault)
    sys.exit(bool(faults))


@dataclass(frozen=True)
class Batch:
    """What a batch came to: kills, files that the killed had read, files superseded, bytes of tables compared, faults."""

    kills: int
    done: int
    superseded: int
    compared: int
    faults: tuple[str, ...]


def kill_batch(desk: Desk, calm: Desk, rng: random.Random, count: int, most: int, together: int, seed: str) -> Batch:
    """One batch, read by workers that are killed, and undisturbed."""
    for each in (desk, calm):
        each.inbox.mkdir()
    put = first_wave(desk.inbox, count, seed)
    first_wave(calm.inbox, count, seed)
    # In this process: the first batch warms up what all others are forked from.
    work, idle = _seconds(calm), _seconds(calm)
    life = 2 * idle + SHARE_OF_WORK * work
    second_wave(calm.inbox, count, seed)
    drain(calm)
    # Returns of the killed are weighed one by one as they come; those of the undisturbed run all at once, here.
    roster = _roster(calm)
    for each in (desk, calm):
        _collect(each, roster)
    # Half of the kills that are left may fall on the second wave.
    kills = _kill_until_done(desk, rng, (most + 1) // 2, together, life)
    _wait(_fork(partial(drain, desk)))
    put |= second_wave(desk.inbox, count, seed)
    kills += _kill_until_done(desk, rng, most - kills, together, life)
    done = _read_so_far(desk)
    _wait(_fork(partial(drain, desk)))
    faults = check(desk, put)
    states, read = outcome(desk)
    if (states, read) != outcome(calm):
        faults.append("the outcome differs from an undisturbed run's")
    tables, expected = exported(desk, put), exported(calm, put)
    faults += [f"{name} differs from an undisturbed run's" for name in tables if tables[name] != expected[name]]
    superseded = sum(number for (_, state), number in states.items() if state == FileState.SUPERSEDED)
    return Batch(kills, done, superseded, sum(map(len, tables.values())), tuple(faults))


def first_wave(inbox: Path, count: int, seed: str) -> dict[str, bytes]:
    """Returns of every kind, and those of units that will send another one."""
    return fill(inbox, count - 2 * (count // AGAIN), seed) | _of_units(inbox, "第一次", count // AGAIN, seed)


def second_wave(inbox: Path, count: int, seed: str) -> dict[str, bytes]:
    """What those units send later."""
    return _of_units(inbox, "第二次", count // AGAIN, seed)


def exported(desk: Desk, put: dict[str, bytes]) -> dict[str, bytes]:
    """The tables of what was read; a file is called by the first of the names under which its bytes, or its pages, came."""
    store = open_store(desk.settings.database_url)
    known, returns, found = collected(store)
    store.close()
    names: dict[bytes, str] = {}
    shown = {shown_name(os.fsencode(name)): content for name, content in put.items()}
    for name, content in sorted(shown.items()):
        names.setdefault(content, name)

    def called(stored: StoredReturn) -> str:
        return names[shown[stored.reading.source]]

    same = [replace(stored, name=called(stored), arrived=SOME_DAY) for stored in returns]
    files, _ = make_exports(known, same, found, FORMS[known.form], SOME_DAY.date())
    return {name: files[name] for name in TABLES}


def check(desk: Desk, put: dict[str, bytes]) -> list[str]:
    """What is wrong after everything has been read: by file, one line."""
    faults = []
    store = open_store(desk.settings.database_url)
    found = receipts(store)
    sent = Counter(hashlib.sha256(content).hexdigest() for content in put.values())
    if Counter(receipt.sha256 for receipt in found) != sent:
        faults.append(f"{len(found)} files on record, {sum(sent.values())} sent")
    faults += [f"{receipt.order} is {receipt.state}" for receipt in found if receipt.state not in FINAL]
    for sha256, content in {hashlib.sha256(content).hexdigest(): content for content in put.values()}.items():
        kept = list((archive_of(desk.home) / sha256[:2] / sha256).iterdir())
        if [path.read_bytes() for path in kept] != [content]:
            faults.append(f"{sha256[:8]} is kept {len(kept)} times, or not as it came")
    read = [(each.order, each.number) for each in stored_returns(store)]
    if len(read) != len(set(read)):
        faults.append("a return was stored twice")
    faults += [f"left in the inbox: {name!r}" for name in left_in(desk.inbox)]
    faults += [f"left half copied: {path.name}" for path in (archive_of(desk.home) / ".incoming").iterdir()]
    told = "".join(path.read_text("utf-8-sig") for path in desk.inbox.rglob("*.txt"))
    faults += [f"{receipt.order} is not told" for receipt in found if f"收件号：{receipt.order}\n" not in told]
    store.close()
    return faults


def outcome(desk: Desk) -> Outcome:
    """What came out, in so far as it does not depend on the order of arrival: states by bytes, and readings."""
    store = open_store(desk.settings.database_url)
    states = Counter((receipt.sha256, receipt.state.value) for receipt in receipts(store))
    read = Counter(each.reading.model_copy(update={"source": ""}).model_dump_json() for each in stored_returns(store))
    store.close()
    return states, read


def _of_units(inbox: Path, folder: str, count: int, seed: str) -> dict[str, bytes]:
    made = {f"{folder}/{turn:03}.pdf": f"UNIT:乡镇{turn}\n{folder} {seed}".encode() for turn in range(count)}
    for name, content in made.items():
        path = inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return made


def _roster(desk: Desk) -> tuple[Unit, ...]:
    """Every unit that has returned, and one that has not."""
    store = open_store(desk.settings.database_url)
    names = {str(stored.reading.header["unit"].value) for stored in stored_returns(store)}
    store.close()
    return tuple(Unit(name) for name in sorted({*names, "未报工会"}))


def _collect(desk: Desk, roster: tuple[Unit, ...]) -> None:
    store = open_store(desk.settings.database_url)
    set_collection(store, Collection("收集", SAFETY_MONTH.id, roster, SOME_DAY))
    store.close()


def _kill_until_done(desk: Desk, rng: random.Random, most: int, together: int, life: float) -> int:
    """Start workers and kill them, until one has come to the end; how many died at work."""
    kills = 0
    while kills < most:
        workers = [_fork_worker(desk, early=rng.random() < EARLY) for _ in range(together)]
        time.sleep(rng.uniform(0, life))
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        ends = [os.waitpid(worker, 0)[1] for worker in workers]
        if any(os.WIFEXITED(end) and os.WEXITSTATUS(end) for end in ends):
            raise SystemExit("a worker failed")
        kills += sum(os.WIFSIGNALED(end) for end in ends)
        if any(os.WIFEXITED(end) for end in ends):
            break
    return kills


def _seconds(desk: Desk) -> float:
    """How long a run takes, here and now."""
    start = time.monotonic()
    drain(desk)
    return time.monotonic() - start


def _read_so_far(desk: Desk) -> int:
    """How many files the killed have brought to their end."""
    store = open_store(desk.settings.database_url)
    totals = counts(store)
    store.close()
    return sum(totals[state] for state in FINAL)


def _fork_worker(desk: Desk, *, early: bool) -> int:
    """A worker; it is about to begin with the inbox when this returns, unless it may be killed earlier."""
    heard, said = os.pipe()
    worker = _fork(lambda: drain(desk, ready=lambda: os.close(said)))
    os.close(said)
    if not early:
        # Ends when the worker has closed its end, by saying so or by dying.
        os.read(heard, 1)
    os.close(heard)
    return worker


def _fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _wait(child: int) -> None:
    if os.waitpid(child, 0)[1]:
        raise SystemExit("a worker failed")


if __name__ == "__main__":
    main()
