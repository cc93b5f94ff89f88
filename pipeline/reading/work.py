"""Files read on all cores: engines loaded once in each worker, nothing but paths and results between them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from pipeline.executors import Pool, one_by_one, processes, run_all
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.overlay import draw_file
from pipeline.reading.read import FileRead, Readers, load_readers, read
from pipeline.settings import Settings, load_settings
from pipeline.stages import Spent, Stage, measuring, stage
from schemas.errors import DocumentError, KuohaoError, UnreadableFile
from schemas.form import Form
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH

KEPT_READERS = 32
"""Forms, each with a roster, whose readers a process keeps: an office's collections, and their rosters of some days."""

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
    """What became of a file: its readings, or the error that kept it from being read; and where the time went."""

    path: Path
    read: FileRead | None
    error: KuohaoError | None
    spent: Spent = field(default_factory=Spent)


def read_job(job: Job) -> Outcome:
    """Read one file; whatever goes wrong with it is its own outcome and nobody else's."""
    with measuring() as clock:
        try:
            readers = readers_of(job.form, job.threads, job.roster)
            found = read(job.path, form=job.form, readers=readers, budget=job.budget, roster=job.roster)
            return Outcome(job.path, found, None, clock.spent())
        except KuohaoError as error:
            return Outcome(job.path, None, error, clock.spent(failed=True))
        except Exception as error:  # a defect of ours must cost this file alone, and be seen
            log.exception("defect while reading a file")
            return Outcome(job.path, None, DocumentError(type(error).__name__), clock.spent(failed=True))


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


@lru_cache(maxsize=KEPT_READERS)
@stage(Stage.LOAD)
def readers_of(form: Form, threads: int, roster: tuple[str, ...] = ()) -> Readers:
    """The engines of this process for a form and a roster, loaded at first use."""
    return load_readers(form, threads=threads, roster=roster)


def read_all(jobs: Sequence[Job], *, workers: int = 0, pool: Pool | None = None) -> Iterator[Outcome]:
    """Read files, outcomes as they come: in `pool`, else on the cluster that KUOHAO_DASK names, else in processes.

    `workers` 0 takes a process a core. Raises ConfigError where the cluster cannot be worked with.

    A file that kills its worker (a crash in native code, memory) is tried once more alone, then fails by itself.
    """
    pool = pool or cluster_of(load_settings()) or _pool_for(len(jobs), workers)
    for job, outcome in run_all(read_job, (replace(job, threads=pool.threads) for job in jobs), pool):
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


def cluster_of(settings: Settings) -> Pool | None:
    """The cluster's workers, where the settings name one. Raises ConfigError where it cannot be worked with."""
    if not settings.dask:
        return None
    # Loaded where there is one: an office on one machine need not have the library.
    from pipeline.cluster import cluster

    return cluster(settings.dask)


def draw_all(drawings: Sequence[Drawing], *, workers: int = 0) -> Iterator[tuple[Path, dict[str, Path]]]:
    """Draw files on all cores; their crops as they come."""
    for drawing, crops in run_all(draw_job, drawings, _pool_for(len(drawings), workers)):
        yield drawing.path, crops or {}


def _pool_for(tasks: int, workers: int) -> Pool:
    """Processes for so many tasks; this one where no second one would have anything to do."""
    workers = min(workers or os.cpu_count() or 1, tasks)
    return processes(workers) if workers > 1 else one_by_one()


def _named(reading: Reading, names: Sequence[str]) -> Reading:
    files = tuple(file.model_copy(update={"name": name}) for file, name in zip(reading.files, names, strict=False))
    return reading.model_copy(update={"source": names[0], "files": files})
