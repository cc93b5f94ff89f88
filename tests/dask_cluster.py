"""A real Dask scheduler and real workers, each a process, and tasks for them that workers can import."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]

START_SECONDS = 60
"""Within which a scheduler says where it is, on a machine that does other things as well."""


@contextmanager
def running_cluster(folder: Path, workers: int, *, threads: int = 1) -> Iterator[str]:
    """The scheduler's address. Its workers come by and by; a nanny starts a new one for each that dies."""
    with ExitStack() as stack:
        file = folder / "scheduler.json"
        stack.enter_context(
            _running("dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file))
        )
        address = _address(file)
        for _ in range(workers):
            stack.enter_context(
                _running("dask_worker", address, "--nthreads", str(threads), "--no-dashboard", "--memory-limit", "0",
                         "--local-directory", str(folder))
            )  # fmt: skip
        yield address


def square(number: int) -> int:
    """A number's square; a negative one kills the worker that it comes to."""
    if number < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@contextmanager
def _running(program: str, *words: str) -> Iterator[None]:
    # What kills a worker is seen the first time.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{program}", *words],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
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
