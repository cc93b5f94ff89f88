"""`kuohao serve` as a process: it says where it is, ends in order, and refuses what would not be safe."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from pipeline.office.names import UPLOADED
from pipeline.settings import Settings
from pipeline.store import open_store, receipts
from schemas.office import FileState, Receipt
from tests.web import TOKEN, add_people

ROOT = Path(__file__).parent.parent

ADDRESS = re.compile(r"http://\S+/")

SECONDS = 120.0
"""The longest that anything may take on a busy machine."""


def command(home: Path, *options: str) -> list[str]:
    """A server's command."""
    return [sys.executable, "-m", "pipeline.cli", "serve", "--home", str(home), "--port", "0", *options]


def environment() -> dict[str, str]:
    """Messages in English, files taken at once."""
    return {**os.environ, "LANG": "C.UTF-8", "KUOHAO_STILL_SECONDS": "0.2"}


@contextmanager
def started(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server and its address, as it says it itself."""
    process = subprocess.Popen(
        command(home, *options), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = ADDRESS.search(process.stdout.readline())
        assert said is not None, process.communicate(timeout=SECONDS)
        yield process, said[0].rstrip("/")
    finally:
        process.kill()
        process.communicate()


def refused(home: Path, *options: str) -> str:
    """Start a server that must not start; what it says."""
    done = subprocess.run(
        command(home, *options), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    """By systemd or by Ctrl+C, with nothing to say; nobody's search is in its log."""
    with started(tmp_path, "--no-watch") as (process, address):
        assert httpx.get(f"{address}/health", timeout=SECONDS).json()["status"] == "ok"
        assert httpx.get(f"{address}/queue?search=王芳", timeout=SECONDS).status_code == 200
        process.send_signal(number)
        said, logged = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert said == ""
    assert "Traceback" not in logged
    assert "queue" not in logged


def test_what_is_uploaded_is_read_and_what_is_under_way_is_kept(tmp_path: Path) -> None:
    """One process takes the file from the browser, reads it and tells what became of it; then it is stopped."""
    with started(tmp_path, "--workers", "1") as (process, address):
        with httpx.Client(base_url=address, timeout=SECONDS, headers={"Accept": "text/html"}) as browser:
            token = TOKEN.search(browser.get("/people").text)
            assert token is not None
            files = [("files", ("修武县.pdf", b"%PDF-1.7 damaged")), ("files", ("山阳区.txt", b"no picture"))]
            told = browser.post("/uploads", files=files, headers={"X-CSRF-Token": token[1]}).json()["files"]
        assert [one["taken"] for one in told] == [True, False]
        (receipt,) = until_read(tmp_path)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert (receipt.name, receipt.state, receipt.code) == (f"{UPLOADED}/修武县.pdf", FileState.FAILED, "unreadable")
    assert not list((tmp_path / "收件" / UPLOADED).iterdir())


def until_read(home: Path) -> list[Receipt]:
    """Receipts, when nothing is waiting or being read any more."""
    store = open_store(Settings(home=home).database_url)
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = receipts(store)
            if found and all(one.state not in {FileState.WAITING, FileState.READING} for one in found):
                return found
            time.sleep(0.2)
        raise TimeoutError
    finally:
        store.close()


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """One line, and exit code 2."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert f"--port {port}: the port is in use" in refused(tmp_path, "--port", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_users_other_hosts_are_refused(tmp_path: Path, host: str) -> None:
    """And the way to users is told."""
    assert "kuohao users add" in refused(tmp_path, "--host", host)


def test_with_users_other_hosts_are_served(tmp_path: Path) -> None:
    """Whoever comes has to sign in."""
    store = open_store(Settings(home=tmp_path).database_url)
    add_people(store, "管理员")
    store.close()
    with started(tmp_path, "--no-watch", "--host", "0.0.0.0") as (_, address):
        here = address.replace("0.0.0.0", "127.0.0.1")
        answer = httpx.get(f"{here}/", headers={"Host": "office.example"}, timeout=SECONDS)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 300, "192.0.2.1"])
def test_hosts_that_are_not_this_computers_are_refused(tmp_path: Path, host: str) -> None:
    """Before anything is touched."""
    assert "--host" in refused(tmp_path, "--host", host)
    assert not (tmp_path / "kuohao.db").exists()


def test_a_home_in_the_inbox_is_refused(tmp_path: Path) -> None:
    """It would take its own archive for returns."""
    assert "--inbox" in refused(tmp_path / "收件" / "办公室", "--inbox", str(tmp_path))


def test_an_upload_cut_short_by_the_end_leaves_nothing_half_done(tmp_path: Path) -> None:
    """The server is stopped while a file is on its way: what lies in the inbox is whole, or is not there."""
    with started(tmp_path, "--no-watch") as (process, address):
        with httpx.Client(base_url=address, timeout=SECONDS, headers={"Accept": "text/html"}) as browser:
            token = TOKEN.search(browser.get("/people").text)
            assert token is not None
            cookies = dict(browser.cookies)
        under_way = threading.Event()
        statuses: list[int] = []

        def slowly() -> Iterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n%PDF-'
            for _ in range(600):
                yield bytes(1 << 16)
                under_way.set()
                time.sleep(0.05)

        def send() -> None:
            headers = {"X-CSRF-Token": token[1], "Content-Type": "multipart/form-data; boundary=b"}
            with suppress(httpx.TransportError):
                answer = httpx.post(
                    f"{address}/uploads", content=slowly(), headers=headers, cookies=cookies, timeout=SECONDS
                )
                statuses.append(answer.status_code)

        sender = threading.Thread(target=send)
        sender.start()
        under_way.wait(SECONDS)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
        sender.join(SECONDS)
    assert process.returncode == 0
    assert 200 not in statuses
    assert [path for path in (tmp_path / "收件").rglob("*") if path.is_file()] == []
