"""A real Dask scheduler and real workers, each a process, and tasks for them that workers can import."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.cluster import cluster
from pipeline.executors import Pool
from schemas.errors import ConfigError
from schemas.reading import Reading
from tests.fakes import fake_reader

ROOT = Path(__file__).parents[1]

START_SECONDS = 60
"""Within which a scheduler says where it is, on a machine that does other things as well."""

NO_LIMIT = "0"
"""Workers may take what memory they need."""

SEGFAULT, GREEDY = b"SEGFAULT", b"GREEDY"
"""How the bytes of a return begin that makes its reader's native code crash, or its memory run out."""


@contextmanager
def running_cluster(folder: Path, workers: int, *, threads: int = 1, memory: str = NO_LIMIT) -> Iterator[str]:
    """The scheduler's address. Its workers come by and by; a nanny starts a new one for each that dies.

    Each worker works in a folder of its own, as on a machine of its own: folder/worker1, folder/worker2, …
    """
    with running_scheduler(folder) as address, ExitStack() as stack:
        for number in range(1, workers + 1):
            stack.enter_context(running_worker(address, folder / f"worker{number}", threads=threads, memory=memory))
        try:
            yield address
        finally:
            leave_cluster(address)


@contextmanager
def running_scheduler(folder: Path, port: int = 0) -> Iterator[str]:
    """The address of a scheduler without workers; `port` 0 takes any free one."""
    file = folder.absolute() / "scheduler.json"
    file.unlink(missing_ok=True)
    words = ("--port", str(port), "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file))
    with _running("dask_scheduler", folder, *words):
        yield _address(file)


@contextmanager
def running_worker(
    address: str, folder: Path, *, threads: int = 1, memory: str = NO_LIMIT, nanny: bool = True
) -> Iterator[None]:
    """A worker, and its nanny, which ends it where it takes more memory than it may, and starts a new one then."""
    folder.mkdir(exist_ok=True)
    local = str(folder.absolute())
    words = ("--nthreads", str(threads), "--no-dashboard", "--memory-limit", memory, "--local-directory", local)
    # One without a scheduler looks for it before it ends; a nanny must have time to end its worker.
    with _running("dask_worker", folder, address, *words, "--nanny" if nanny else "--no-nanny", patience=20 if nanny else 1):
        yield


def joined(address: str) -> Pool:
    """A cluster as soon as a worker has joined it."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return cluster(address)
        except ConfigError as error:
            if "no workers" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.2)


def leave_cluster(address: str) -> None:
    """Close this process's clients of a scheduler that ends, for they would look for it in threads of their own."""
    from distributed import Client

    for client in list(Client._instances):
        if client._start_arg == address:
            client.close()  # type: ignore[no-untyped-call]  # the library has no types


def square(number: int) -> int:
    """A number's square; a negative one kills the worker that it comes to."""
    if number < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def unreadable(number: int) -> Unreadable:
    """What can be sent, and not be read where it arrives."""
    return Unreadable()


class Unreadable:
    """Falls over when it is unpickled."""

    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        return int, ("no number",)


def deadly_reader(paths: tuple[Path, ...], names: tuple[str, ...]) -> tuple[Reading, ...]:
    """Readings made of the bytes alone, but for returns that crash native code or take all memory."""
    start = paths[0].read_bytes()[:8]
    if start.startswith(SEGFAULT):
        ctypes.string_at(0)
    taken = []
    while start.startswith(GREEDY):
        # Written to, for memory that nobody touches is not taken; at a pace at which the nanny sees it in time.
        taken.append(bytearray(os.urandom(1 << 20) * 32))
        time.sleep(0.01)
    return fake_reader(paths, names)


def held_reader(paths: tuple[Path, ...], names: tuple[str, ...]) -> tuple[Reading, ...]:
    """Readings made of the bytes alone, as soon as there is HOME/go; HOME/begun tells that it is waited for."""
    home = paths[0].parents[3]
    (home / "begun").touch()
    while not (home / "go").exists():
        time.sleep(0.05)
    return fake_reader(paths, names)


@contextmanager
def _running(program: str, folder: Path, *words: str, patience: float = 20) -> Iterator[None]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_CONFIG": str(ROOT / "deploy" / "dask.yaml")}
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{program}", *words],
        env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(file: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            return str(json.loads(file.read_text())["address"])
        except (FileNotFoundError, ValueError):
            time.sleep(0.1)
    raise TimeoutError("the scheduler does not start")
