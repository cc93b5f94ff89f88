"""`python -m tests.kills`: kill -9 at random moments over batches of returns; prints kills, and what was lost.

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
from functools import partial
from pathlib import Path

from pipeline.archive import archive_of
from pipeline.store import counts, open_store, receipts, stored_returns
from schemas.office import FileState
from tests.fakes import Desk, drain, fill, left_in

FILES = 50

MEMORY = Path("/dev/shm")
"""What a killed process has written stays; only a power cut asks more of a disk, and flushing takes most of the time."""

READ_SECONDS = 0.004
"""A fake read: long enough to be hit."""

SHARE_OF_WORK = 1 / 15
"""What a worker can get done at most before it is killed, as a share of the batch, by the pace of an undisturbed one."""

EARLY = 0.1
"""Share of workers that may be killed while they start, before they have the store open."""

FINAL = {FileState.REVIEW, FileState.ACCEPTED, FileState.FAILED, FileState.DUPLICATE}

Outcome = tuple[Counter[tuple[str, str]], Counter[str]]


def main() -> None:
    """Kill until so many workers have died at work; exits with 1 where anything was lost or repeated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--together", type=int, default=1, help="workers on one inbox at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="URL with {} for the number of the batch")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    kills, batches, done, faults = 0, 0, 0, []
    begun = time.monotonic()
    while kills < options.kills:
        batches += 1
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            url = options.database.format(batches)
            desk = Desk(Path(folder) / "收件", Path(folder) / "home", url, READ_SECONDS)
            desk.inbox.mkdir()
            put = fill(desk.inbox, options.files, f"batch {batches}")
            calm = Desk(
                Path(folder) / "calm", Path(folder) / "calm-home", options.database.format(f"{batches}_calm"), READ_SECONDS
            )
            calm.inbox.mkdir()
            fill(calm.inbox, options.files, f"batch {batches}")
            # In this process: the first batch warms up what all others are forked from.
            work, idle = _seconds(calm), _seconds(calm)
            life = 2 * idle + SHARE_OF_WORK * work
            kills += _kill_until_done(desk, rng, options.kills - kills, options.together, life)
            done += _read_so_far(desk)
            _wait(_fork(partial(drain, desk)))
            faults += check(desk, put)
            if outcome(desk) != outcome(calm):
                faults.append("the outcome differs from an undisturbed run's")
    seconds = time.monotonic() - begun
    print(f"kills {kills}, files {batches * options.files} ({done} read by those killed), {seconds:.0f} s")
    if options.kills > options.files and not done:
        faults.append("the killed did too little for this to show anything")
    print(f"lost or repeated: {len(faults)}")
    for fault in faults:
        print(" ", fault)
    sys.exit(bool(faults))


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
