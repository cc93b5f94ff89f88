"""The real command at a real inbox: files go in, readings come out, and the inbox and `kuohao status` tell of each."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from pipeline.store import open_store, stored_returns
from schemas.office import StoredReturn
from tests.conftest import PrintedReturn, sorted_files
from tests.test_cli import kuohao

ROOT = Path(__file__).parent.parent

PATIENCE = 240
"""Seconds until something must have been read: loading the engines takes half a minute on a busy machine."""


@dataclass(frozen=True)
class Worked:
    """An office that was at work until it was killed: what it held, and what was sent as which return."""

    inbox: Path
    home: Path
    sent: dict[str, PrintedReturn]
    orphans: bool

    @property
    def returns(self) -> list[StoredReturn]:
        """What the store holds."""
        store = open_store(f"sqlite:///{self.home / 'kuohao.db'}")
        found = stored_returns(store)
        store.close()
        return found


@pytest.fixture(scope="module")
def worked(printed_returns: tuple[PrintedReturn, ...], tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """`kuohao run --watch` over a PDF, its copy, a bad file, and, later, a return as pictures of its pages; then kill -9."""
    folder = tmp_path_factory.mktemp("office")
    inbox, home = folder / "收件", folder / "home"
    inbox.mkdir()
    pages = next(made for made in printed_returns if made.printed.pages > 1)
    whole = next(made for made in printed_returns if made is not pages)
    shutil.copy(whole.printed.path, inbox / "甲.pdf")
    shutil.copy(whole.printed.path, inbox / "甲副本.pdf")
    (inbox / "坏.pdf").write_bytes(b"%PDF-1.7\nno more")
    settings = {"KUOHAO_STILL_SECONDS": "0.5", "KUOHAO_RESCAN_SECONDS": "3600", "KUOHAO_HOME": str(home)}
    command = [sys.executable, "-m", "pipeline.cli", "run", "--watch", "--inbox", str(inbox), "--workers", "2"]
    with (folder / "log").open("w") as log:
        office = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stderr=log)
        try:
            wait_until(lambda: ended(home) == 3, office)
            draw_pages(pages.printed.path, inbox / "乙")
            wait_until(lambda: ended(home) == 3 + pages.printed.pages, office)
            readers = children(office.pid)
        finally:
            office.send_signal(signal.SIGKILL)
            office.wait()
    assert readers
    until = time.monotonic() + 30
    while any(map(alive, readers)) and time.monotonic() < until:
        time.sleep(0.1)
    return Worked(inbox, home, {"甲.pdf": whole, "乙": pages}, any(map(alive, readers)))


def draw_pages(path: Path, folder: Path) -> None:
    """A PDF's pages as photographs in a folder, the last one first."""
    folder.mkdir()
    document = pdfium.PdfDocument(path)
    for number in reversed(range(len(document))):
        picture = document[number].render(scale=2.5).to_pil().convert("RGB")
        picture.save(folder / f"IMG_{len(document) - number:04}.jpg")
    document.close()


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for what a process does."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.2)


def ended(home: Path) -> int:
    """How many files have come to their end."""
    return sum(receipt["state"] not in {"waiting", "reading"} for receipt in status(home))


def status(home: Path) -> list[dict[str, object]]:
    """What `kuohao status --json` says, without a process for each question."""
    from pipeline.commands.desk import receipt_to_json
    from pipeline.store import receipts

    if not (home / "kuohao.db").exists():
        return []
    store = open_store(f"sqlite:///{home / 'kuohao.db'}")
    found = [receipt_to_json(receipt) for receipt in receipts(store)]
    store.close()
    return found


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def alive(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_return_is_read_from_the_archive(worked: Worked) -> None:
    """Every value of a typed return is in the store, under the name that the file came with."""
    stored = next(each for each in worked.returns if each.name in {"甲.pdf", "甲副本.pdf"})
    truth = [slot.value for slot in worked.sent["甲.pdf"].filled.slots]
    assert [slot.value for slot in stored.reading.slots] == truth
    assert stored.reading.source == stored.name
    assert stored.reading.files == ()


def test_pictures_of_pages_are_one_return(worked: Worked) -> None:
    """Pictures in a folder, in the wrong order: one return with every slot, whose pages go on over the files."""
    found = [each for each in worked.returns if each.name.startswith("乙/")]
    assert len(found) == 1
    reading = found[0].reading
    assert [slot.value for slot in reading.slots] == [slot.value for slot in worked.sent["乙"].filled.slots]
    assert [(file.name, file.first_page) for file in reading.files] == [("乙/IMG_0001.jpg", 1), ("乙/IMG_0002.jpg", 2)]
    assert {slot.page for slot in reading.slots} == {1, 2}


def test_inbox_tells_the_clerk(worked: Worked) -> None:
    """The inbox holds receipts and nothing else; the bad file lies beside its explanation."""
    found = [path.relative_to(worked.inbox) for path in sorted_files(worked.inbox)]
    assert {path.parts[0] for path in found} == {"已收", "重复", "无法读取"}
    assert (worked.inbox / "无法读取" / "坏.pdf").read_bytes() == b"%PDF-1.7\nno more"
    assert "处理办法" in (worked.inbox / "无法读取" / "坏.pdf.说明.txt").read_text("utf-8-sig")


def test_status_shows_every_file(worked: Worked) -> None:
    """A line of JSON a file; for people a table, Chinese or English, with reason and advice."""
    done = kuohao("status", "--home", worked.home, "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found == status(worked.home)
    assert {receipt["code"] for receipt in found if receipt["state"] == "failed"} == {"unreadable"}
    assert sum(receipt["state"] == "duplicate" for receipt in found) == 1
    chinese = kuohao("status", "--home", worked.home, language="zh_CN.UTF-8").stdout
    assert "无法读取" in chinese
    assert "请重新扫描" in chinese.replace("\n", "").replace(" ", "")
    assert "duplicate" in kuohao("status", "--home", worked.home).stdout


def test_readers_end_with_the_run_that_started_them(worked: Worked) -> None:
    """kill -9 of the command leaves no process behind."""
    assert not worked.orphans


def test_home_inside_the_inbox_is_refused(tmp_path: Path) -> None:
    """A wrong setting ends with 2 before anything is taken."""
    (tmp_path / "a.pdf").write_bytes(b"x")
    done = kuohao("run", "--once", "--inbox", tmp_path, "--home", tmp_path / "home")
    assert done.returncode == 2
    assert [path.name for path in sorted_files(tmp_path)] == ["a.pdf"]


def test_status_of_no_office_makes_none(tmp_path: Path) -> None:
    """Asking leaves no trace."""
    assert kuohao("status", "--home", tmp_path / "home", "--json").stdout == ""
    assert not (tmp_path / "home").exists()
