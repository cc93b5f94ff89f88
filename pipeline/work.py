"""Files read on all cores: one process a core, engines loaded once in each, nothing but paths and results between them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TypeVar

from pipeline.judge import ErrorBudget
from pipeline.overlay import draw_file
from pipeline.read import FileRead, Readers, load_readers, read
from schemas.errors import DocumentError, KuohaoError, UnreadableFile
from schemas.form import Form
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH

Task = TypeVar("Task")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A file to read, and how."""

    path: Path
    form: Form = SAFETY_MONTH
    budget: ErrorBudget = field(default_factory=ErrorBudget)
    roster: tuple[str, ...] = ()
    threads: int = 0


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a file: its readings, or the error that kept it from being read."""

    path: Path
    read: FileRead | None
    error: KuohaoError | None


def read_job(job: Job) -> Outcome:
    """Read one file; whatever goes wrong with it is its own outcome and nobody else's."""
    try:
        readers = readers_of(job.form, job.threads, job.roster)
        found = read(job.path, form=job.form, readers=readers, budget=job.budget, roster=job.roster)
        return Outcome(job.path, found, None)
    except KuohaoError as error:
        return Outcome(job.path, None, error)
    except Exception as error:  # a defect of ours must cost this file alone, and be seen
        log.exception("defect while reading a file")
        return Outcome(job.path, None, DocumentError(type(error).__name__))


def read_source(
    paths: Sequence[Path], names: Sequence[str], *, form: Form, budget: ErrorBudget, roster: Sequence[str], threads: int
) -> tuple[Reading, ...]:
    """Read the originals of one source, as its readings with the names that they came with.

    Raises a KuohaoError; what is a defect of ours is seen in the log, and costs this source alone.
    """
    try:
        readers = readers_of(form, threads, tuple(roster))
        found = read(*paths, form=form, readers=readers, budget=budget, roster=roster)
    except KuohaoError:
        raise
    except Exception as error:
        log.exception("defect while reading a file")
        raise DocumentError(type(error).__name__) from None
    return tuple(_named(reading, names) for reading in found.readings)


def office_pool(workers: int) -> ProcessPoolExecutor:
    """Processes that outlive many files; they end with the one that made them, even where that is killed."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)


@cache
def readers_of(form: Form, threads: int, roster: tuple[str, ...] = ()) -> Readers:
    """The engines of this process for a form and a roster, loaded at first use."""
    return load_readers(form, threads=threads, roster=roster)


def read_all(jobs: Sequence[Job], *, workers: int = 0) -> Iterator[Outcome]:
    """Read files on all cores, outcomes as they come. `workers` 0 takes a process a core.

    A file that kills its process (a crash in native code, memory) is tried once more alone, then fails by itself.
    """
    workers = min(workers or os.cpu_count() or 1, len(jobs))
    if workers <= 1:
        yield from map(read_job, jobs)
        return
    # Cores are kept busy by different files; threads within one would only fight over them.
    alone = [replace(job, threads=1) for job in jobs]
    suspects: list[Job] = []
    for job, outcome in _run(read_job, alone, workers):
        if outcome is None:
            suspects.append(job)
        else:
            yield outcome
    for job in suspects:
        for _, outcome in _run(read_job, [job], 1):
            yield outcome or Outcome(job.path, None, UnreadableFile("crash"))


@dataclass(frozen=True)
class Drawing:
    """A read file to draw: where its overlays and crops go."""

    path: Path
    read: FileRead
    overlays: Path
    crops: Path


def draw_job(drawing: Drawing) -> dict[str, Path]:
    """Draw one file; its crops by "RETURN-SLOT"."""
    try:
        return draw_file(drawing.path, drawing.read, drawing.overlays, drawing.crops)
    except DocumentError:
        # The file was cut short: what came before the cut is drawn.
        return {path.stem: path for path in drawing.crops.glob("*.png")}


def draw_all(drawings: Sequence[Drawing], *, workers: int = 0) -> Iterator[tuple[Path, dict[str, Path]]]:
    """Draw files on all cores; their crops as they come."""
    workers = min(workers or os.cpu_count() or 1, len(drawings))
    if workers <= 1:
        yield from ((drawing.path, draw_job(drawing)) for drawing in drawings)
        return
    for drawing, crops in _run(draw_job, drawings, workers):
        yield drawing.path, crops or {}


def _named(reading: Reading, names: Sequence[str]) -> Reading:
    files = tuple(file.model_copy(update={"name": name}) for file, name in zip(reading.files, names, strict=False))
    return reading.model_copy(update={"source": names[0], "files": files})


def _start_worker() -> None:
    # Ctrl+C in a terminal reaches every process; the one that holds the store ends the others when they are done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()


def _run(work: Callable[[Task], Result], tasks: Sequence[Task], workers: int) -> Iterator[tuple[Task, Result | None]]:
    """Each task with its result, or None where its process died."""
    # A forked process inherits locks of engines' threads; a spawned one starts clean, on every system.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures: dict[Future[Result], Task] = {pool.submit(work, task): task for task in tasks}
        for future in as_completed(futures):
            task = futures.pop(future)
            try:
                yield task, future.result()
            except BrokenProcessPool:
                yield task, None
