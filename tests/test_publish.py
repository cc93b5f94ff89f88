"""A night's export: whole or not at all, the same for the same, with real processes where something breaks."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pytest

from pipeline.collection.publish import LOCK, MEMORY, write_exports
from schemas.errors import TransientError
from schemas.office import Collection, Receipt, StoredReturn
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import sorted_files
from tests.office import made_office

ROOT = Path(__file__).parent.parent

FIRST, SECOND = date(2026, 7, 1), date(2026, 7, 2)

FILES = {"汇总.xlsx", "returns.csv", "slots.csv", "missing.csv", "changes.csv", "changes.txt"}

# Moments at which an export is killed.
KILLS = 8

Office = tuple[Collection, list[StoredReturn], list[Receipt]]

# What a child process runs: exports by turns of two offices into a folder, until it is killed or something fails.
CHILD = """
import resource, sys
from datetime import date
from pathlib import Path
from pipeline.collection.publish import write_exports
from schemas.errors import KuohaoError
from schemas.safety_month import SAFETY_MONTH
from tests.office import made_office
offices = [made_office(units=6, seed=seed) for seed in (1, 2)]
folder, limit, turns = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print("ready", flush=True)
for turn in range(turns):
    try:
        write_exports(folder, *offices[(turn + 1) % 2], SAFETY_MONTH, date(2026, 7, 1))
    except KuohaoError as error:
        print(error.told(chinese=True))
        sys.exit(error.exit_code)
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted_files(folder)}


def fill(ballast: Path) -> None:
    """Take all the room that a disk has."""
    with ballast.open("wb", buffering=0) as opened, suppress(OSError):
        while opened.write(bytes(4096)):
            pass


@pytest.fixture(scope="module")
def offices() -> tuple[Office, Office]:
    return made_office(units=6, seed=1), made_office(units=6, seed=2)


@contextmanager
def child(folder: Path, *, limit: int = 0, turns: int = 1) -> Iterator[subprocess.Popen[str]]:
    """A process that exports into a folder; it has begun when this enters, and is gone when it leaves."""
    command = [sys.executable, "-c", CHILD, str(folder), str(limit), str(turns)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def test_an_export_says_what_it_wrote(tmp_path: Path, offices: tuple[Office, Office]) -> None:
    """Every file is named with its hash and size, and nothing else stays but the memory and the lock."""
    written = write_exports(tmp_path, *offices[0], SAFETY_MONTH, FIRST)
    assert {one.name for one in written} == FILES
    for one in written:
        data = (tmp_path / one.name).read_bytes()
        assert (one.sha256, one.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert set(contents(tmp_path)) == FILES | {MEMORY, LOCK}


def test_same_values_give_the_same_bytes(tmp_path: Path, offices: tuple[Office, Office]) -> None:
    """In whatever order values come, and however often a day, every file is the same to the byte."""
    collection, returns, receipts = offices[0]
    for folder in ("one", "two", "two"):
        write_exports(tmp_path / folder, collection, returns, receipts, SAFETY_MONTH, FIRST)
        returns, receipts = returns[::-1], receipts[::-1]
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_changes_are_told_against_the_day_before(tmp_path: Path, offices: tuple[Office, Office]) -> None:
    """The first export has nothing to be compared with; the next day's tells what is new, again and again that day."""
    write_exports(tmp_path, *offices[0], SAFETY_MONTH, FIRST)
    assert (tmp_path / "changes.txt").read_text(encoding="utf-8-sig").startswith("首次汇总")
    told = []
    for _ in range(2):
        write_exports(tmp_path, *offices[1], SAFETY_MONTH, SECOND)
        told.append((tmp_path / "changes.txt").read_text(encoding="utf-8-sig"))
    assert told[0] == told[1]
    assert told[0].startswith("与2026年7月1日的汇总相比：\n数值变化") or "新报" in told[0]


def test_a_spoilt_memory_is_said(tmp_path: Path, offices: tuple[Office, Office]) -> None:
    """An export goes on where somebody has spoilt what the last one left behind, and says so."""
    (tmp_path / MEMORY).write_text("{", encoding="utf-8")
    write_exports(tmp_path, *offices[0], SAFETY_MONTH, FIRST)
    assert "无法读取" in (tmp_path / "changes.txt").read_text(encoding="utf-8-sig")


def test_two_exports_do_not_meet(tmp_path: Path, offices: tuple[Office, Office]) -> None:
    """While one export is at work, another ends at once and is to be tried again; a dead one's lock is gone."""
    with (tmp_path / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TransientError, match="另一次导出"):
            write_exports(tmp_path, *offices[0], SAFETY_MONTH, FIRST)
    write_exports(tmp_path, *offices[0], SAFETY_MONTH, FIRST)


def test_a_share_without_locks_is_written_to(
    tmp_path: Path, offices: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the folder's system knows no locks, the export goes on without one."""

    def refuse(opened: int, how: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert {one.name for one in write_exports(tmp_path, *offices[0], SAFETY_MONTH, FIRST)} == FILES


@pytest.mark.parametrize("limit", [1, 3_000, 20_000])
def test_a_file_that_may_not_grow_leaves_the_old_export(tmp_path: Path, offices: tuple[Office, Office], limit: int) -> None:
    """Where the system lets no file grow beyond a limit, the old files stand to the byte and no draft is left."""
    write_exports(tmp_path, *offices[0], SAFETY_MONTH, FIRST)
    before = contents(tmp_path)
    with child(tmp_path, limit=limit) as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == TransientError.exit_code
    assert "稍后重试" in output
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.parametrize("spare", [0, 30_000])
def test_a_full_disk_leaves_the_old_export(tmp_path: Path, offices: tuple[Office, Office], spare: int) -> None:
    """On a disk that is full, or fills up half-way, the old files stand to the byte; with room again, the export works."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        write_exports(disk, *offices[0], SAFETY_MONTH, FIRST)
        before = contents(disk)
        ballast = disk / "ballast"
        fill(ballast)
        os.truncate(ballast, max(0, ballast.stat().st_size - spare))
        with pytest.raises(TransientError, match="No space"):
            write_exports(disk, *offices[1], SAFETY_MONTH, FIRST)
        assert {name: data for name, data in contents(disk).items() if name != "ballast"} == before
        ballast.unlink()
        write_exports(disk, *offices[1], SAFETY_MONTH, FIRST)
        assert contents(disk) != before
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_killed_export_leaves_whole_files(tmp_path: Path, offices: tuple[Office, Office]) -> None:
    """Killed at any moment, every file is the old or the new one; the next export is as if nothing had happened."""
    expected = []
    for number, office in enumerate(offices):
        write_exports(tmp_path / str(number), *office, SAFETY_MONTH, FIRST)
        expected.append(contents(tmp_path / str(number)))
    folder = tmp_path / "killed"
    write_exports(folder, *offices[0], SAFETY_MONTH, FIRST)
    moments = random.Random(20260701)
    for _ in range(KILLS):
        with child(folder, turns=1000) as process:
            time.sleep(moments.uniform(0.0, 0.7))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
        for name in FILES | {MEMORY}:
            assert (folder / name).read_bytes() in [files[name] for files in expected]
    write_exports(folder, *offices[0], SAFETY_MONTH, FIRST)
    assert contents(folder) == expected[0]
