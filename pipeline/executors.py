"""Where work runs: in this process, in processes of its own, or on a cluster. All are `concurrent.futures.Executor`s.

What is run is a function of a module and values that travel: paths, not pages. A task that kills its worker (a crash in
native code, memory) is seen as `BrokenExecutor`, wherever it ran.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass
from itertools import islice
from threading import Thread
from typing import Generic, ParamSpec, TypeVar

from schemas.errors import ClusterUnavailable

Task = TypeVar("Task")
Result = TypeVar("Result")
Params = ParamSpec("Params")

AHEAD = 2
"""Tasks handed over for each worker: one that it works on, and one so that it need not wait for the next."""

LOOK_SECONDS = 1.0
"""Between two looks whether there are workers, while nothing comes from them."""

PATIENCE = 300.0
"""Seconds for which workers, or a scheduler that is started anew, are waited for: a machine is up again by then."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pool:
    """How an executor is made, and how many workers it has, which may change while it runs.

    `ahead` is how many tasks are handed over for each worker, `threads` how many threads a task may take, 0 for all: where
    cores are kept busy by different tasks, threads within one would only fight over them.
    """

    make: Callable[[], Executor]
    workers: Callable[[Executor], int]
    ahead: int = AHEAD
    threads: int = 1


def one_by_one() -> Pool:
    """Everything in this process, while the caller waits."""
    return Pool(AtOnce, lambda _: 1, ahead=1, threads=0)


def processes(workers: int = 0) -> Pool:
    """Processes on this machine; 0 takes one a core."""
    count = workers or os.cpu_count() or 1
    return Pool(lambda: process_pool(count), lambda _: count, threads=1 if count > 1 else 0)


def process_pool(workers: int) -> ProcessPoolExecutor:
    """Processes that outlive many tasks; they end with the one that made them, even where that is killed."""
    # A forked process inherits locks of engines' threads; a spawned one starts clean, on every system.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker)


def run_all(
    work: Callable[[Task], Result], tasks: Iterable[Task], pool: Pool
) -> Generator[tuple[Task, Result | None], None, None]:
    """Each task with its result as it comes, or None for one that has killed two workers, the second time by itself.

    No more tasks are under way than the workers have room for: memory stays flat however many there are. Where there are
    no workers they are waited for; what is lost with a scheduler is begun anew. Raises ClusterUnavailable at last.
    """
    runner = _Runner(work, pool)
    waiting = iter(tasks)
    lost: list[Task] = []
    suspects: list[Task] = []
    try:
        while True:
            for task in islice(_lost_first(lost, waiting), runner.room()):
                runner.begin(task)
            if not len(runner):
                break
            for task, future in runner.done():
                try:
                    yield task, future.result()
                except BrokenExecutor:
                    suspects.append(task)
                except CancelledError:
                    lost.append(task)
        for task in suspects:
            yield task, runner.alone(task)
    finally:
        runner.close()


class AtOnce(Executor):
    """Runs what it is given before it answers."""

    def submit(self, fn: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs) -> Future[Result]:
        """Run it now; the future is done."""
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class _Runner(Generic[Task, Result]):
    """An executor with what is under way in it. It changes in place, as what it stands for does."""

    def __init__(self, work: Callable[[Task], Result], pool: Pool) -> None:
        self._work = work
        self._pool = pool
        self._executor = pool.make()
        self._under_way: dict[Future[Result], Task] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def room(self) -> int:
        """How many more tasks may be begun; where nothing is under way, one at least."""
        return max(0, self._pool.ahead * self._workers() - len(self))

    def begin(self, task: Task) -> None:
        """Hand a task over, to a new executor where the last one has broken."""
        while True:
            try:
                self._under_way[self._executor.submit(self._work, task)] = task
                return
            except BrokenExecutor:
                self._executor.shutdown(wait=False)
                self._executor = self._pool.make()
            except ClusterUnavailable:
                self._workers()

    def done(self) -> list[tuple[Task, Future[Result]]]:
        """What is done, as soon as anything is."""
        while True:
            done, _ = wait(self._under_way, LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if done:
                return [(self._under_way.pop(future), future) for future in done]
            # What was handed to a cluster that has no workers any more would be waited for without an end.
            self._workers()

    def alone(self, task: Task) -> Result | None:
        """A task's result, with nothing else under way; None where it kills its worker."""
        while True:
            self.begin(task)
            [(_, future)] = self.done()
            try:
                return future.result()
            except BrokenExecutor:
                return None
            except CancelledError:
                continue

    def _workers(self) -> int:
        """How many workers there are; waits until there is one. Raises ClusterUnavailable."""
        until = time.monotonic() + PATIENCE
        told = False
        while True:
            try:
                if workers := self._pool.workers(self._executor):
                    return workers
                error = ClusterUnavailable()
            except ClusterUnavailable as unavailable:
                error = unavailable
            if time.monotonic() > until:
                raise error
            if not told:
                log.warning("%s: waiting for %.0f s", error.code, PATIENCE)
                told = True
            time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """End the executor; what has not begun is dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _lost_first(lost: list[Task], waiting: Iterator[Task]) -> Iterator[Task]:
    while lost:
        yield lost.pop()
    for task in waiting:  # noqa: UP028 - `yield from` would end what is waiting together with this
        yield task


def _start_worker() -> None:
    # Ctrl+C in a terminal reaches every process; the one that holds the store ends the others when they are done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()
