"""`python -m tests.bench.queue`: what the review's questions cost in a store of many returns; the reader is a fake one.

Prints, for each question, the median and the worst of some tries in milliseconds by the clock, and the median by the
processor, which says more where others work on the machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import numpy as np

from pipeline.store import (
    Arrival,
    DecisionKind,
    Sort,
    Store,
    View,
    claim,
    correct,
    decide,
    fingerprint,
    finish,
    history,
    list_returns,
    list_slots,
    load_return,
    next_open,
    open_by_slot,
    open_store,
    record_arrival,
    set_collection,
    undo_last,
    utc_now,
    view_counts,
)
from schemas.flow import State
from schemas.office import Collection, Correction, Unit
from schemas.safety_month import SAFETY_MONTH
from tests.office import invent_values, reading_of

TRIES = 15

PATHS = tuple(slot.path for slot in SAFETY_MONTH.slots)


def main() -> None:
    """Fill a store, then ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--flagged", type=int, default=3, help="flagged slots of every second return")
    parser.add_argument("--folder", type=Path, help="where to work: /dev/shm leaves the disk's flushing out")
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder))
        store = open_store(options.database or f"sqlite:///{folder}/x.db", lease=timedelta(hours=1))
        stack.callback(store.close)
        clock = time.perf_counter()
        fill(store, options.count, options.flagged)
        each = 1000 * (time.perf_counter() - clock) / options.count
        print(f"{options.count} returns, {each:.1f} ms each to record and store")
        ask(store, options.count)


def fill(store: Store, count: int, flagged: int) -> None:
    """So many returns of as many units; every twentieth is of the unit before."""
    names = [f"{turn:05}号县总工会" for turn in range(count)]
    set_collection(store, Collection("收集", SAFETY_MONTH.id, tuple(Unit(name) for name in names)))
    rng = np.random.default_rng(1)
    for turn, name in enumerate(names):
        unit = names[turn - 1] if turn % 20 == 19 else name
        doubtful = list(rng.choice(PATHS, flagged, replace=False)) if turn % 2 else []
        made = reading_of(invent_values(rng), unit=unit, flagged=doubtful)
        path = f"{name}.pdf"
        record_arrival(store, Arrival("/收", path.encode(), path, f"{turn:064}", 1, str(turn), f"00/{path}"))
        held = claim(store)
        assert held is not None
        assert finish(store, held, [made])


def ask(store: Store, count: int) -> None:
    """Each question some times, at other places each time."""
    rng = np.random.default_rng(2)

    def somewhere() -> int:
        return int(rng.integers(1, count + 1))

    def enter() -> None:
        worth = (State.VALUE, somewhere())
        correct(store, somewhere(), 1, Correction(str(rng.choice(PATHS)), "甲", utc_now(), worth, worth))

    questions: dict[str, Callable[[], object]] = {
        "list_returns": lambda: list_returns(store),
        "list_returns, all, at the end": lambda: list_returns(store, view=View.ALL, offset=count - 50),
        "list_returns, search": lambda: list_returns(store, view=View.ALL, search=str(somewhere())),
        "list_returns, by unit": lambda: list_returns(store, sort=Sort.UNIT),
        "list_returns, by what is open": lambda: list_returns(store, sort=Sort.OPEN),
        "view_counts": lambda: view_counts(store),
        "next_open": lambda: next_open(store, (somewhere(), 1)),
        "next_open, by unit": lambda: next_open(store, (somewhere(), 1), sort=Sort.UNIT),
        "load_return": lambda: load_return(store, somewhere(), 1),
        "list_slots, open": lambda: list_slots(store, open=True),
        "list_slots, open, of one slot": lambda: list_slots(store, open=True, form_path=PATHS[3]),
        "list_slots, of one slot": lambda: list_slots(store, form_path=PATHS[3], offset=count // 2),
        "open_by_slot": lambda: open_by_slot(store),
        "correct": enter,
        "undo_last": lambda: undo_last(store, "甲"),
        "decide": lambda: decide(store, somewhere(), 1, DecisionKind.SETTLED, "1", who="甲"),
        "history": lambda: history(store),
        "fingerprint": lambda: fingerprint(store),
    }
    for name, question in questions.items():
        measure(name, question)


def measure(name: str, question: Callable[[], object], tries: int = TRIES) -> None:
    """Ask some times, and say how long that took."""
    question()
    took, busy = [], []
    for _ in range(tries):
        clock, processor = time.perf_counter(), time.process_time()
        question()
        took.append(1000 * (time.perf_counter() - clock))
        busy.append(1000 * (time.process_time() - processor))
    by_the_clock = f"{statistics.median(took):7.1f} ms  worst {max(took):7.1f} ms"
    print(f"{name:32} {by_the_clock}  {statistics.median(busy):7.1f} ms of processor", flush=True)


if __name__ == "__main__":
    main()
