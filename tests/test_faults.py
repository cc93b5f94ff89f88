"""What an office survives: real processes, real kill -9, full disks, a database that goes away, files that do not open."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from threading import Timer

import pytest

from pipeline.executors import Pool
from pipeline.office.archive import Archive
from pipeline.office.watch import watch
from pipeline.store import counts, open_store, receipts, stored_returns
from pipeline.store.claims import MOST_PUT_OFF
from schemas.errors import ArchiveUnavailable, DiskFull, StoreUnavailable
from schemas.office import FileState
from schemas.reading import Reading
from tests.fakes import CRASHING, PASSING, Desk, drain, fake_reader, fill, left_in, office
from tests.kills import check
from tests.postgres import Server

ROOT = Path(__file__).parent.parent

PATIENCE = 120
"""Seconds until a process must have done what is waited for: on a busy machine starting one takes ten."""

NOBODY = 65534


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An office with an empty inbox."""
    made = Desk(tmp_path / "收件", tmp_path / "home")
    made.inbox.mkdir()
    return made


def command(desk: Desk, *words: str) -> list[str]:
    """An office as a process."""
    times = [
        "--seconds",
        str(desk.seconds),
        "--lease",
        str(desk.lease),
        "--still",
        str(desk.still),
        "--rescan",
        str(desk.rescan),
    ]
    places = [str(desk.inbox), str(desk.home), "--database", desk.database]
    return [sys.executable, "-W", "error", "-m", "tests.fakes", *places, *times, *words]


@contextmanager
def working(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """An office at work; SIGTERM ends it, cleanly."""
    process = subprocess.Popen(command(desk), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def read_so_far(desk: Desk) -> int:
    """How many files have come to their end."""
    store = open_store(desk.settings.database_url)
    totals = counts(store)
    store.close()
    return sum(totals.values()) - totals[FileState.WAITING] - totals[FileState.READING]


def states(desk: Desk) -> dict[str, str]:
    """State by name."""
    store = open_store(desk.settings.database_url)
    found = {receipt.name: receipt.state.value for receipt in receipts(store)}
    store.close()
    return found


def kill(*words: str) -> None:
    """Run the killer to its end, and show what it counted."""
    killer = [sys.executable, "-W", "error", "-m", "tests.kills", *words]
    done = subprocess.run(killer, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost or repeated: 0" in done.stdout


def test_200_kills_lose_and_repeat_nothing() -> None:
    """kill -9 at 200 random moments: one state a file, originals bit for bit, nothing read twice, a calm run's results."""
    kill("--kills", "200")


def test_kills_of_two_at_work_on_one_inbox_lose_and_repeat_nothing() -> None:
    """The same with two processes that work on one inbox at once, and die together."""
    kill("--kills", "60", "--together", "2", "--seed", "2")


def test_kills_on_postgresql_lose_and_repeat_nothing(postgres: Server) -> None:
    """The same with a server that outlives its clients."""
    for batch in range(1, 5):
        postgres.database(f"kill{batch}")
        postgres.database(f"kill{batch}_calm")
    kill("--kills", "40", "--together", "2", "--seed", "3", "--database", postgres.url("kill{}"))


def test_two_runs_on_one_inbox_share_the_work(desk: Desk) -> None:
    """Two processes at once: every file is taken, read and told once."""
    desk = replace(desk, seconds=0.02)
    put = fill(desk.inbox, 30)
    both = [subprocess.Popen(command(desk, "--once"), cwd=ROOT) for _ in range(2)]
    assert [process.wait(PATIENCE) for process in both] == [0, 0]
    assert check(desk, put) == []


def test_file_being_written_is_taken_when_it_is_whole(desk: Desk) -> None:
    """A file that grows for longer than the stillness is taken once, with all its bytes; SIGTERM ends the run cleanly."""
    desk = replace(desk, still=1.0)
    with working(desk):
        wait_until((desk.home / "kuohao.db").exists)
        with (desk.inbox / "慢.pdf").open("wb") as slow:
            for turn in range(12):
                slow.write(b"%d " % turn)
                slow.flush()
                time.sleep(0.2)
        wait_until(lambda: read_so_far(desk) == 1)
    assert check(desk, {"慢.pdf": b"".join(b"%d " % turn for turn in range(12))}) == []


@pytest.mark.parametrize("polling", ["auto", "always"])
def test_arrival_is_noticed_long_before_the_rescan(desk: Desk, monkeypatch: pytest.MonkeyPatch, polling: str) -> None:
    """A file that comes later is taken at once, told of by the system or found by polling; so is one in a new folder."""
    monkeypatch.setenv("KUOHAO_POLLING", polling)
    desk = replace(desk, rescan=3600)
    (desk.inbox / "早.pdf").write_bytes(b"early")
    with working(desk):
        wait_until(lambda: (desk.home / "kuohao.db").exists() and read_so_far(desk) == 1)
        (desk.inbox / "县区").mkdir()
        time.sleep(1)
        (desk.inbox / "县区" / "后.pdf").write_bytes(b"late")
        wait_until(lambda: read_so_far(desk) == 2)
    assert check(desk, {"早.pdf": b"early", "县区/后.pdf": b"late"}) == []


def test_inbox_that_goes_away_is_waited_for(desk: Desk) -> None:
    """A share that is unmounted and comes back with more in it: the run goes on, and nothing is told to be gone."""
    put = {"早.pdf": b"early", "后.pdf": b"late"}
    (desk.inbox / "早.pdf").write_bytes(put["早.pdf"])
    with working(desk) as process:
        wait_until(lambda: (desk.home / "kuohao.db").exists() and read_so_far(desk) == 1)
        away = desk.inbox.rename(desk.inbox.with_name("away"))
        assert process.stderr is not None
        assert process.stderr.readline()
        (away / "后.pdf").write_bytes(put["后.pdf"])
        away.rename(desk.inbox)
        wait_until(lambda: read_so_far(desk) == 2)
    assert check(desk, put) == []


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk takes root")
@pytest.mark.parametrize("what", ["archive", "store"])
def test_full_disk_is_waited_out(desk: Desk, what: str) -> None:
    """A disk that fills up while originals, or the store, are written: nothing is lost, and with room all is read."""
    put = fill(desk.inbox, 40)
    for name in list(put) if what == "archive" else ():
        put[name] += bytes(30_000)
        (desk.inbox / name).write_bytes(put[name])
    with small_disk("600k" if what == "archive" else "400k") as disk:
        full = replace(desk, home=disk) if what == "archive" else replace(desk, database=f"sqlite:///{disk}/kuohao.db")
        with working(full) as process:
            assert process.stderr is not None
            assert "disk_full" in process.stderr.readline()
            assert left_in(desk.inbox) or read_so_far_of_full(full) < len(put)
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            wait_until(lambda: read_so_far(full) == len(put))
        assert check(full, put) == []


def read_so_far_of_full(desk: Desk) -> int:
    """The same, of a store on a full disk."""
    store = open_store(desk.settings.database_url, pauses=())
    try:
        return sum(counts(store)[state] for state in FileState if state not in (FileState.WAITING, FileState.READING))
    finally:
        store.close()


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """A disk that is soon full."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def test_original_that_does_not_fit_stays_in_the_inbox(desk: Desk) -> None:
    """A limit on what may be written ends a single run with the reason; the file is still there, and read when it fits."""
    (desk.inbox / "大.pdf").write_bytes(bytes(2_000_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(DiskFull):
            drain(desk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left_in(desk.inbox) == ["大.pdf"]
    drain(desk)
    assert check(desk, {"大.pdf": bytes(2_000_000)}) == []


def test_database_that_goes_away_is_waited_for(desk: Desk, postgres: Server) -> None:
    """The server is stopped in the middle, files go on arriving, it comes back: everything is read, once."""
    desk = replace(desk, database=postgres.database(), seconds=0.05)
    put = fill(desk.inbox, 20)
    with working(desk):
        wait_until(lambda: read_so_far(desk) >= 3)
        postgres.stop()
        late = {"后来.pdf": b"late"}
        (desk.inbox / "后来.pdf").write_bytes(b"late")
        time.sleep(1)
        postgres.start()
        wait_until(lambda: read_so_far(desk) == len(put | late))
    assert check(desk, put | late) == []


def test_single_run_waits_for_its_database(desk: Desk, postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is to end waits for what is away, for a while; then it says what is, and the next one finishes."""
    desk = replace(desk, database=postgres.database())
    put = fill(desk.inbox, 12)
    store = replace(desk.open(), pauses=())
    postgres.stop()
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.office.watch.ONCE_PATIENCE", 0.5)
        with pytest.raises(StoreUnavailable):
            watch(office(desk, store), once=True)
    assert len(left_in(desk.inbox)) == len(put)
    Timer(1.5, postgres.start).start()
    watch(office(desk, store), once=True)
    store.close()
    assert check(desk, put) == []


def test_file_without_permission_waits_and_says_so(desk: Desk) -> None:
    """A file that cannot be opened keeps nothing from being read; its receipt says why, until it can be."""
    put = fill(desk.inbox, 12)
    closed = desk.inbox / "没有权限.pdf"
    closed.write_bytes(b"closed")
    closed.chmod(0)
    with as_nobody(desk):
        drain(desk)
    waiting = states(desk)
    assert waiting.pop(closed.name) == "waiting"
    assert "waiting" not in waiting.values()
    note = desk.inbox / "无法读取" / "没有权限.pdf.说明.txt"
    assert "没有读取权限" in note.read_text("utf-8-sig")
    assert closed.exists()
    closed.chmod(0o644)
    with as_nobody(desk):
        drain(desk)
    assert not note.exists()
    assert check(desk, put | {closed.name: b"closed"}) == []


@contextmanager
def as_nobody(desk: Desk) -> Iterator[None]:
    """Without root's right to read everything."""
    if os.getuid() != 0:
        yield
        return
    # What is imported later lies where root alone may read.
    spare = replace(desk, inbox=desk.inbox.parent / "spare", home=desk.inbox.parent / "spare home")
    spare.inbox.mkdir(exist_ok=True)
    fill(spare.inbox, 12)
    drain(spare)
    for folder in desk.inbox.parents:
        if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
            folder.chmod(0o755)
    for path in (desk.inbox.parent, *desk.inbox.parent.rglob("*")):
        if path.stat().st_mode & 0o777:
            os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_file_that_kills_its_reader_costs_nobody_else(desk: Desk) -> None:
    """Two tries, the second one alone; then it has failed with the reason, and all others are read."""
    put = {"a.pdf": b"a", "b.pdf": CRASHING, "c.pdf": b"c", "d.pdf": b"d"}
    for name, content in put.items():
        (desk.inbox / name).write_bytes(content)
    store = desk.open()
    watch(replace(office(desk, store, workers=2), pool=Pool(processes, lambda _: 2)), once=True)
    store.close()
    assert states(desk) == {"a.pdf": "accepted", "b.pdf": "failed", "c.pdf": "accepted", "d.pdf": "accepted"}
    assert "两次异常退出" in (desk.inbox / "无法读取" / "b.pdf.说明.txt").read_text("utf-8-sig")


def processes() -> Executor:
    """Readers whose death is theirs alone."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def test_passing_failure_is_tried_again_and_ends(desk: Desk) -> None:
    """A reader that is short of memory is asked again with pauses; the file fails in the end, and says why."""
    desk = replace(desk, lease=0.05)
    (desk.inbox / "a.pdf").write_bytes(PASSING)
    drain(desk)
    assert states(desk) == {"a.pdf": "failed"}


def test_originals_out_of_reach_fail_no_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that is away for longer than any file is tried is nobody's fault: all is read when it is back."""
    monkeypatch.setattr("pipeline.office.watch.LONGEST_TROUBLE", 0.01)
    put = {name: name.encode() for name in ("a.pdf", "b.pdf")}
    for name, content in put.items():
        (desk.inbox / name).write_bytes(content)
    tries = count()

    def reader(paths: tuple[Path, ...], names: tuple[str, ...]) -> tuple[Reading, ...]:
        if next(tries) < 2 * (MOST_PUT_OFF + 1):
            raise ArchiveUnavailable
        return fake_reader(paths, names)

    desk = replace(desk, lease=0.02)
    store = desk.open()
    watch(replace(office(desk, store), reader=lambda: reader), once=True)
    store.close()
    assert set(states(desk).values()) == {"accepted"}


def test_read_only_inbox_is_read_and_nothing_is_repeated(desk: Desk) -> None:
    """Files that cannot be removed from the inbox are taken once, and not copied again by later runs."""
    put = fill(desk.inbox, 3)
    with as_nobody(desk):
        desk.inbox.chmod(0o555)
        drain(desk)
        before = states(desk)
        drain(desk)
    assert states(desk) == before
    assert len(left_in(desk.inbox)) == len(put)
    desk.inbox.chmod(0o755)
    drain(desk)
    assert check(desk, put) == []


def test_clerk_finds_what_became_of_each_file(desk: Desk) -> None:
    """已收, 重复 and 无法读取 hold a text each for what belongs there, and a failed file lies beside its text as it came."""
    put = {"好.pdf": b"good", "同.pdf": b"good", "县区/坏.pdf": b"BAD 1"}
    for name, content in put.items():
        (desk.inbox / name).parent.mkdir(exist_ok=True)
        (desk.inbox / name).write_bytes(content)
    drain(desk)
    # Sent again under its name with other bytes, as bad as the first.
    (desk.inbox / "县区/坏.pdf").write_bytes(b"BAD 2")
    drain(desk)
    found = sorted(path.relative_to(desk.inbox).as_posix() for path in desk.inbox.rglob("*") if path.is_file())
    assert found == sorted(
        [
            "已收/同.pdf.txt",
            "重复/好.pdf.txt",
            "无法读取/县区/坏.pdf",
            "无法读取/县区/坏-4.pdf",
            "无法读取/县区/坏.pdf.说明.txt",
        ]
    )
    assert (desk.inbox / "无法读取/县区/坏.pdf").read_bytes() == b"BAD 1"
    assert (desk.inbox / "无法读取/县区/坏-4.pdf").read_bytes() == b"BAD 2"
    text = (desk.inbox / "无法读取/县区/坏.pdf.说明.txt").read_text("utf-8-sig")
    assert text.index("收件号：4") < text.index("收件号：1")
    assert text.count("处理办法：请确认扫描的是统计表并且页面完整") == 2


def test_receipts_can_be_written_again(desk: Desk) -> None:
    """A clerk's cleaning is not undone; asked for, all receipts come back from the store as they were."""
    from pipeline.office.taking import tell_clerk

    fill(desk.inbox, 12)
    drain(desk)
    texts = {path: path.read_bytes() for path in desk.inbox.rglob("*.txt")}
    for path in texts:
        path.unlink()
    drain(desk)
    assert not list(desk.inbox.rglob("*.txt"))
    store = desk.open()
    assert tell_clerk(store, desk.inbox, Archive(desk.home), every=True)
    store.close()
    assert {path: path.read_bytes() for path in desk.inbox.rglob("*.txt")} == texts


def test_several_inboxes_share_a_store(desk: Desk) -> None:
    """A second inbox's copy of a file is a duplicate, and each clerk is told of their own files only."""
    other = replace(desk, inbox=desk.inbox.parent / "另一个")
    other.inbox.mkdir()
    for one in (desk, other):
        (one.inbox / "a.pdf").write_bytes(b"a")
        drain(one)
    assert (desk.inbox / "已收/a.pdf.txt").exists()
    assert not (desk.inbox / "重复").exists()
    assert (other.inbox / "重复/a.pdf.txt").exists()
    store = desk.open()
    assert len(stored_returns(store)) == 1
    store.close()
