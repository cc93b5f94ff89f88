"""Reading in processes of their own: many files at once for accuracy, one at a time beside rivals for time and memory.

Every process is spawned: it starts clean, and what it holds is its own and not the maker's or a rival's.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2

from pipeline.reading.read import Readers, load_readers, read
from samples.truth import Truth
from schemas.errors import DocumentError
from schemas.flow import Matrix
from schemas.form import Form
from schemas.reading import Reading, SlotReading
from schemas.safety_month import SAFETY_MONTH
from tests.bench.clock import OTHER, StageClock, clock_engines, clock_functions
from tests.bench.rivals import read_by_rapidocr, read_by_tesseract, read_whole_pages, touch_pages

# Born digital pages are read from their text layer: their time says nothing of reading pixels.
DIGITAL = "digital"


@dataclass(frozen=True)
class Task:
    """A file to read, on how many threads, with which error budget (None: the pipeline's own), and as which form."""

    path: Path
    threads: int
    budget: Fraction | None = None
    form: Form = SAFETY_MONTH


@dataclass(frozen=True)
class Timing:
    """What one file took: by the clock on the wall, on all cores together, and by stage. `peak` is MiB so far."""

    wall: float
    cpu: float
    peak: float | None
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a file: its readings, the outlines of cells by page, why it failed, and what it took."""

    readings: tuple[Reading, ...]
    outlines: tuple[tuple[int, Matrix], ...]
    failure: str
    timing: Timing


@dataclass(frozen=True, eq=False)
class Beside:
    """One file read one after the other by all: ours, the floor, and rivals where they were asked."""

    ours: Outcome
    floor: Timing
    rivals: Mapping[str, tuple[dict[str, SlotReading], Timing]]


def read_many(tasks: Mapping[str, Task], workers: int) -> Iterator[tuple[str, Outcome]]:
    """Read files in any order, one thread each, with as many processes as asked for."""
    if not tasks:
        return
    with _pool(min(workers, len(tasks))) as pool:
        futures = {pool.submit(_read, replace(task, threads=1)): file for file, task in tasks.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()


def read_beside(tasks: Mapping[str, Task], asked: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Beside]]:
    """Read files one by one, each by ours, the floor and the rivals that are `asked` for it, before the next.

    What slows the machine for a while so slows them all. Start-up and compilation are no reading: each reads a file of
    every kind that matters before its clock starts.
    """
    if not tasks:
        return
    with _pool(1) as ours, _pool(1) as theirs:
        first = _first_uses(tasks)
        for task in first:
            ours.submit(_read_clocked, task).result()
            theirs.submit(_touch, task).result()
        if any("RapidOCR" in names for names in asked.values()):
            theirs.submit(_read_by_rapidocr, first[-1]).result()
        for file, task in tasks.items():
            read = ours.submit(_read_clocked, task).result()
            floor = theirs.submit(_touch, task).result()
            found = {name: theirs.submit(RIVALS[name], task).result() for name in asked.get(file, ())}
            yield file, Beside(read, floor, found)


def spread(truths: Sequence[Truth]) -> list[Truth]:
    """The same returns in another order: the first of every kind of capture and filling, then the second of each.

    However few are taken from its beginning, they are of as many kinds as there can be.
    """
    seen: dict[tuple[str, str], int] = {}
    rounds = []
    for truth in truths:
        kind = (truth.capture, truth.filling)
        seen[kind] = seen.get(kind, -1) + 1
        rounds.append(seen[kind])
    return [truth for _, truth in sorted(zip(rounds, truths, strict=True), key=lambda pair: pair[0])]


def scans_first(truths: Sequence[Truth]) -> list[Truth]:
    """The same returns, those born digital behind all others: one that is slow should spend its time on scans."""
    return sorted(truths, key=lambda truth: truth.capture == DIGITAL)


def peak_memory() -> float | None:
    """The most memory that this process has held, MiB; None where the system does not tell.

    `ru_maxrss` would not do: on Linux a process takes over the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _first_uses(tasks: Mapping[str, Task]) -> list[Task]:
    """A PDF and a picture: between them they load and compile whatever reading needs."""
    kinds = {task.path.suffix == ".pdf": task for task in reversed(list(tasks.values()))}
    return [kinds[pdf] for pdf in (True, False) if pdf in kinds]


def _read(task: Task) -> Outcome:
    return _read_with(task, _readers(task.threads, task.form), None)


def _read_clocked(task: Task) -> Outcome:
    clock, readers = _clocked_readers(task.threads)
    clock.seconds.clear()
    return _read_with(task, readers, clock)


# Engines of one form alone: those of a dozen would not fit into the memory.
@lru_cache(maxsize=1)
def _readers(threads: int, form: Form) -> Readers:
    return load_readers(form, threads=threads)


@cache
def _clocked_readers(threads: int) -> tuple[StageClock, Readers]:
    clock = StageClock()
    clock_functions(clock)
    return clock, clock_engines(clock, _readers(threads, SAFETY_MONTH))


def _read_with(task: Task, readers: Readers, clock: StageClock | None) -> Outcome:
    options = {} if task.budget is None else {"budget": _budget(task.budget)}
    failure = ""
    readings: tuple[Reading, ...] = ()
    outlines: tuple[tuple[int, Matrix], ...] = ()
    start, cpu = time.perf_counter(), _cpu_seconds()
    try:
        with (clock or StageClock()).stage(OTHER):
            found = read(task.path, form=task.form, readers=readers, **options)
        readings, outlines = found.readings, found.outlines
    except DocumentError as error:
        failure = type(error).__name__
    except Exception as error:  # a defect of ours is a figure too, and must not cost the other files theirs
        failure = f"defect: {type(error).__name__}: {error}"
    wall, spent = time.perf_counter() - start, _cpu_seconds() - cpu
    timing = Timing(wall, spent, peak_memory(), dict(clock.seconds) if clock else {})
    return Outcome(readings, outlines, failure, timing)


def _budget(share: Fraction) -> Any:
    from pipeline.judging.judge import ErrorBudget

    return ErrorBudget(share)


def _read_by_rapidocr(task: Task) -> tuple[dict[str, SlotReading], Timing]:
    reader = read_by_rapidocr(task.threads)
    return _timed(lambda: read_whole_pages(task.path, SAFETY_MONTH, reader))


def _read_by_tesseract(task: Task) -> tuple[dict[str, SlotReading], Timing]:
    reader = read_by_tesseract(task.threads)
    return _timed(lambda: read_whole_pages(task.path, SAFETY_MONTH, reader))


def _touch(task: Task) -> Timing:
    cv2.setNumThreads(task.threads)
    return _timed(lambda: touch_pages(task.path))[1]


def _timed(work: Callable[[], Any]) -> tuple[Any, Timing]:
    start, cpu = time.perf_counter(), _cpu_seconds()
    result = work()
    return result, Timing(time.perf_counter() - start, _cpu_seconds() - cpu, peak_memory())


def _cpu_seconds() -> float:
    """Seconds of all cores so far, those of ended child processes (Tesseract) included."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


RIVALS: Mapping[str, Callable[[Task], tuple[dict[str, SlotReading], Timing]]] = {
    "RapidOCR": _read_by_rapidocr,
    "Tesseract": _read_by_tesseract,
}
"""Rivals by name, to be called in the rivals' process."""
