"""A PostgreSQL server of the tests' own: in a folder that goes with it, reached by a socket alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

# Where Debian puts it, the newest first.
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))

UNFLUSHED = "-c fsync=off"
"""What is flushed is no matter in tests, and a busy machine's disk would make them slow."""

MISSING = "no PostgreSQL server: sudo apt-get install --no-install-recommends postgresql"


@dataclass(frozen=True)
class Server:
    """A running server; as root it runs as nobody, for it refuses root."""

    folder: Path
    user: str | None
    options: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c max_connections=40 {self.options}"
        self._control("start", "--options", options, "--log", str(self.folder / "log"))

    def stop(self) -> None:
        """Stop it as a power cut would: connections break off."""
        self._control("stop", "--mode", "immediate")

    def database(self, name: str = "") -> str:
        """The URL of a new database."""
        name = name or f"made{next(self.numbers)}"
        with psycopg.connect(host=str(self.folder), user="tests", dbname="postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def url(self, name: str) -> str:
        """The URL of a database."""
        return f"postgresql+psycopg://tests@/{name}?host={self.folder}"

    def _control(self, *words: str) -> None:
        self.run("pg_ctl", "--pgdata", str(self.folder / "data"), "--wait", "--silent", *words)

    def run(self, program: str, *words: str) -> None:
        """Run one of the server's programs."""
        # Without output of its own, for the server would hold a pipe open.
        subprocess.run(
            [BINARIES[0] / program, *words],
            user=self.user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=True,
        )


@contextmanager
def running_server(parent: Path = Path("/tmp"), options: str = UNFLUSHED) -> Iterator[Server]:
    """A server while this lasts, in a folder of its own below `parent`; `options` are the server's own, `-c name=value`."""
    # A socket's path may have 107 bytes: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="kuohao-pg-", dir=parent))
    user = "nobody" if os.getuid() == 0 else None
    server = Server(folder, user, options)
    try:
        if user:
            shutil.chown(folder, user)
        server.run("initdb", "--pgdata", str(folder / "data"), "--username", "tests", "--auth", "trust", "--no-sync",
                   "--encoding", "UTF8", "--locale", "C")  # fmt: skip
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
