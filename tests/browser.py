"""A real server in a process of its own, and Debian's Chromium to look at it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

MISSING = "no Chromium: sudo apt-get install chromium"

LAPTOP, DESKTOP, TABLET = {"width": 1366, "height": 768}, {"width": 1920, "height": 1080}, {"width": 1024, "height": 768}

START_SECONDS = 120.0
"""How long a server may take to answer for the first time on a busy machine."""

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Served:
    """A server: its address, its home and its process."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]


def find_chromium() -> str | None:
    """Debian's browser, where it is installed."""
    return shutil.which("chromium")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; in CI it must be there."""
    path = find_chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with open_chromium(path) as browser:
        yield browser


@contextmanager
def open_chromium(path: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that containers do not give; what it shows here is ours.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(
    home: Path, *, inbox: Path | None = None, port: int = 0, options: Sequence[str] = ("--no-watch",)
) -> Iterator[Served]:
    """`kuohao serve` in a process of its own, until it answers; ended as systemd would end it."""
    port = port or free_port()
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--home", str(home), "--port", str(port), *options]
    if inbox is not None:
        command += ["--inbox", str(inbox)]
    environment = {**os.environ, "LANG": "C.UTF-8"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _until_it_answers(url, process)
        yield Served(url, home, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def _until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(url)
