"""Who is busy: processor seconds and memory of the processes that read a stack together, by what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the library has no types

PARTS = ("workers", "holder", "scheduler", "PostgreSQL")
"""Who reads, who holds the store and hands out, who passes on, who remembers."""


def processes_of(postgres: Path) -> dict[str, list[psutil.Process]]:
    """The processes that run now, by part; `postgres` is the server's folder, and this process the holder."""
    own = psutil.Process()
    found: dict[str, list[psutil.Process]] = {part: [] for part in PARTS}
    found["holder"] = [own]
    for process in own.children(recursive=True):
        with suppress(psutil.Error):
            words = " ".join(process.cmdline())
            above = " ".join(word for parent in process.parents() for word in parent.cmdline())
            part = "scheduler" if "dask_scheduler" in words else "workers" if "dask_worker" in words + above else None
            if part:
                found[part].append(process)
    with suppress(OSError, ValueError, psutil.Error):
        server = psutil.Process(int((postgres / "data" / "postmaster.pid").read_text().split()[0]))
        found["PostgreSQL"] = [server, *server.children(recursive=True)]
    return found


def busy_seconds(postgres: Path) -> dict[str, float]:
    """Processor seconds, user's and system's, that each part has used so far, those of its ended children with it."""
    return {part: sum(_seconds(process, part) for process in several) for part, several in processes_of(postgres).items()}


def most_memory(postgres: Path) -> float:
    """MiB that the largest worker holds now; 0 where there is none."""
    return max(_memories(processes_of(postgres)), default=0.0)


def difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """What was used in between, by part."""
    return {part: after[part] - before[part] for part in PARTS}


def _seconds(process: psutil.Process, part: str) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        # Children of the holder are the other parts, and counted there.
        own = times.user + times.system
        return float(own if part == "holder" else own + times.children_user + times.children_system)
    return 0.0


def _memories(found: Mapping[str, list[psutil.Process]]) -> Iterator[float]:
    for process in found["workers"]:
        with suppress(psutil.Error):
            yield process.memory_info().rss / 2**20
