"""The real command, in a process of its own: what it prints, what it writes and how it ends."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from schemas.errors import EncryptedFile, KuohaoError, NoTable, UnreadableFile
from schemas.flow import State
from schemas.reading import CONTRACT_VERSION, Reading
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import PrintedReturn, sorted_files

ROOT = Path(__file__).parent.parent

COMMANDS = ("read", "run", "mail", "notice", "status", "collection", "ledger", "export", "cells", "serve", "calibrate")

FAILING: dict[str, type[KuohaoError]] = {
    "坏.pdf": UnreadableFile,
    "有密码.pdf": EncryptedFile,
    "照片.jpg": NoTable,
}

NOT_RETURNS = ("说明.txt", "下载中.pdf.part")


def kuohao(*words: str | Path, language: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LC_")}
    environment |= {"LANG": language, "LC_ALL": language, "COLUMNS": "100", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "pipeline.cli", *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )


def encrypted(path: Path) -> None:
    canvas = Canvas(str(path), encrypt=StandardEncryption("secret", "owner", strength=128))
    canvas.drawString(100, 700, "locked")
    canvas.save()


def photograph(path: Path) -> None:
    """A picture on which there is no table."""
    picture = Pillow.new("RGB", (800, 600), (90, 140, 200))
    ImageDraw.Draw(picture).ellipse((200, 150, 600, 450), fill=(240, 200, 60))
    picture.save(path)


def digests(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted_files(folder)}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


@dataclass(frozen=True)
class Ran:
    """A run over a small inbox: what it printed and wrote, and the inbox's digests before it."""

    done: subprocess.CompletedProcess[str]
    inbox: Path
    output: Path
    before: dict[str, str]


@pytest.fixture(scope="module")
def ran(printed_returns: tuple[PrintedReturn, ...], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Two returns, one in a sub-folder, three files that cannot be read, and two that are no returns."""
    folder = tmp_path_factory.mktemp("run")
    inbox, output = folder / "收件 箱", folder / "结果"
    (inbox / "县区").mkdir(parents=True)
    shutil.copy(printed_returns[0].printed.path, inbox / "a.pdf")
    shutil.copy(printed_returns[1].printed.path, inbox / "县区" / "b.pdf")
    (inbox / "坏.pdf").write_bytes(b"%PDF-1.7\nno more")
    encrypted(inbox / "有密码.pdf")
    photograph(inbox / "照片.jpg")
    for name in NOT_RETURNS:
        (inbox / name).write_text("x", encoding="utf-8")
    before = digests(inbox)
    done = kuohao("run", "--inbox", inbox, "--output", output, language="zh_CN.UTF-8")
    return Ran(done, inbox, output, before)


def test_run_goes_on_past_bad_files(ran: Ran, printed_returns: tuple[PrintedReturn, ...]) -> None:
    """Bad files end the run with 3, and all the others are read: every slot of both returns is in the table."""
    assert ran.done.returncode == 3
    assert "Traceback" not in ran.done.stderr
    returns = rows(ran.output / "returns.csv")
    assert [row["文件"] for row in returns] == ["a.pdf", "县区/b.pdf"]
    slots = rows(ran.output / "slots.csv")
    truth = [str(slot.value) if slot.value is not None else "" for made in printed_returns[:2] for slot in made.filled.slots]
    assert [row["数值"] for row in slots] == truth


def test_run_names_each_failure(ran: Ran) -> None:
    """Every file that could not be read is in failed.csv with what to do, in Chinese, as on the terminal."""
    failed = {row["文件"]: row["原因"] for row in rows(ran.output / "failed.csv")}
    assert list(failed) == sorted(FAILING)
    for name, error in FAILING.items():
        assert failed[name].startswith(error.zh)
        assert f"{name}: {failed[name]}" in ran.done.stdout


def test_run_leaves_other_files_alone(ran: Ran) -> None:
    """Texts and unfinished downloads are counted and neither read nor failed."""
    assert f"{len(NOT_RETURNS)} 个文件不是报表" in ran.done.stdout
    told = (ran.output / "failed.csv").read_text(encoding="utf-8-sig")
    assert not any(name in told for name in NOT_RETURNS)


def test_originals_are_unchanged(ran: Ran) -> None:
    """After a run the inbox holds the same files with the same bytes."""
    assert digests(ran.inbox) == ran.before


def test_run_draws_every_page_that_was_read(ran: Ran, printed_returns: tuple[PrintedReturn, ...]) -> None:
    """There is an overlay for each page of each return, and nothing half written lies about."""
    for name, made in zip(("a.pdf", "县区/b.pdf"), printed_returns, strict=False):
        drawn = sorted(path.name for path in (ran.output / "overlays" / name).iterdir())
        assert drawn == [f"{page}.jpg" for page in range(1, made.printed.pages + 1)]
    assert not [path for path in sorted_files(ran.output) if path.name.startswith(".")]


def test_every_flagged_slot_has_its_crop(ran: Ran) -> None:
    """review.csv lists the flagged slots of slots.csv, and a picture that it names is there."""
    flagged = [(row["文件"], row["项目"]) for row in rows(ran.output / "slots.csv") if row["待审核"] == "是"]
    review = rows(ran.output / "review.csv")
    assert [(row["文件"], row["项目"]) for row in review] == flagged
    assert all((ran.output / row["图片"]).is_file() for row in review if row["图片"])


@pytest.fixture(scope="module")
def read_json(printed_returns: tuple[PrintedReturn, ...], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What `read --json` prints for a return and a file that is none."""
    bad = tmp_path_factory.mktemp("read") / "坏.pdf"
    bad.write_bytes(b"")
    done = kuohao("read", printed_returns[0].printed.path, bad, "--json", "--workers", "1")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


READING_KEYS = {"version", "source", "form", "pages", "first_page", "files", "title", "review", "problems"}
READING_KEYS |= {"header", "slots"}

SLOT_KEYS = {"path", "label", "state", "value", "raw", "confidence", "review", "reasons", "page", "box", "candidates"}
SLOT_KEYS |= {"claim", "pen"}


def test_json_keeps_its_contract(read_json: list[str], printed_returns: tuple[PrintedReturn, ...]) -> None:
    """A line a return, with these keys and no others; every slot in printed order; it parses as a Reading."""
    line = read_json[0]
    told = json.loads(line)
    assert set(told) == READING_KEYS
    assert (told["version"], told["form"], told["source"]) == (CONTRACT_VERSION, "safety-month-2023", "1.pdf")
    assert list(told["header"]) == ["unit", "contact", "phone", "date"]
    assert all(set(field) == {"value", "confidence", "review", "state", "iso"} for field in told["header"].values())
    assert all(set(slot) == SLOT_KEYS for slot in told["slots"])
    assert [slot["path"] for slot in told["slots"]][:39] == [slot.path for slot in SAFETY_MONTH.slots]
    reading = Reading.model_validate_json(line)
    assert json.loads(reading.model_dump_json()) == told
    truth = [(slot.state, slot.value) for slot in printed_returns[0].filled.slots]
    assert [(slot.state, slot.value) for slot in reading.slots] == truth
    assert {State.VALUE, State.BLANK} <= {slot.state for slot in reading.slots}
    for slot in reading.slots:
        assert slot.page in (1, 2)
        assert slot.box is not None
        assert 0 <= slot.box[0] < slot.box[2] <= 1
        assert 0 <= slot.box[1] < slot.box[3] <= 1


def test_json_tells_failures(read_json: list[str]) -> None:
    """A file that could not be read is a line too: which, a code for programs and a message for people."""
    assert len(read_json) == 2
    told = json.loads(read_json[1])
    assert set(told) == {"version", "source", "error"}
    assert (told["source"], told["error"]["code"]) == ("坏.pdf", "unreadable")
    assert told["error"]["message"].startswith(UnreadableFile.en)


@pytest.mark.parametrize("budget", ["0", "2", "-1/1000", "1/0", "many", "nan", "", "51%"])
def test_a_bad_error_budget_ends_at_once(budget: str, tmp_path: Path) -> None:
    """Anything but a share above nought and up to a half ends with 2 and one line, before anything is written."""
    inbox, output = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    done = kuohao("run", "--inbox", inbox, "--output", output, f"--max-error={budget}")
    assert_refused(done, "--max-error")
    assert not output.exists()


def assert_refused(done: subprocess.CompletedProcess[str], word: str) -> None:
    """Exit 2, nothing on standard output, one line on standard error that names what is wrong."""
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = (line for line in done.stderr.splitlines() if line.strip())
    assert line.startswith("kuohao: ")
    assert word in line


def test_a_missing_inbox_ends_at_once(tmp_path: Path) -> None:
    """An inbox that is not there, or is a file, ends with 2 and one line; nothing is made."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for inbox in ("nowhere", "file"):
        assert_refused(kuohao("run", "--inbox", tmp_path / inbox, "--output", tmp_path / "out"), "--inbox")
    assert not (tmp_path / "out").exists()


def test_an_output_that_would_be_read_is_refused(tmp_path: Path) -> None:
    """Results inside the inbox would be taken for returns next time: refused in words, before anything is made."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    for output in (inbox, inbox / "out", tmp_path / "x" / ".." / "in" / "out"):
        assert_refused(kuohao("run", "--inbox", inbox, "--output", output), "--output")
    assert list(inbox.iterdir()) == []


def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Where the output is a file, the run ends with 2 before anything is read."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    assert_refused(kuohao("run", "--inbox", tmp_path / "in", "--output", tmp_path / "out"), "--output")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_a_missing_roster_ends_at_once(tmp_path: Path) -> None:
    """A roster that cannot be read ends with 2 and one line, in the person's language."""
    (tmp_path / "in").mkdir()
    words = ("run", "--inbox", tmp_path / "in", "--output", tmp_path / "out", "--roster", tmp_path / "名单.csv")
    done = kuohao(*words, language="zh_CN.UTF-8")
    assert_refused(done, "--roster")
    assert "设置有误" in done.stderr


def test_an_empty_inbox_gives_empty_tables(tmp_path: Path) -> None:
    """A night without returns is no failure: the tables are there, with headings and without rows."""
    (tmp_path / "in").mkdir()
    done = kuohao("run", "--inbox", tmp_path / "in", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for name in ("returns.csv", "slots.csv", "review.csv", "failed.csv"):
        assert rows(tmp_path / "out" / name) == []


def test_cells_of_any_table(printed_returns: tuple[PrintedReturn, ...], tmp_path: Path) -> None:
    """`cells --json` prints a line a page: its tables' cells where they were printed, with rows and columns."""
    made = printed_returns[0].printed
    photo = tmp_path / "照片.jpg"
    photograph(photo)
    done = kuohao("cells", made.path, photo, "--json")
    assert done.returncode == 3
    *pages, empty, failure = [json.loads(line) for line in done.stdout.splitlines()]
    assert [page["page"] for page in pages] == list(range(1, made.pages + 1))
    for page in pages:
        truth = [cell for cell in made.cells if cell.page == page["page"]]
        (table,) = page["tables"]
        assert [(cell["row"] - table[0]["row"], cell["column"]) for cell in table] == [
            (cell.row - truth[0].row, cell.column) for cell in truth
        ]
        assert {(cell["row_span"], cell["column_span"]) for cell in table} == {(1, 1)}
        boxes = np.array([cell["box"] for cell in table])
        assert np.abs(boxes - np.array([cell.box for cell in truth])).max() < 0.005
    assert empty["tables"] == []
    assert failure["error"]["code"] == NoTable.code


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(command: str) -> None:
    """--help tells what a command does and shows a line to copy."""
    done = kuohao(command, "--help")
    assert done.returncode == 0
    assert f"Example: kuohao {command} " in " ".join(done.stdout.split())


def test_all_commands_are_tested() -> None:
    """The list of commands here is the program's own."""
    from pipeline.cli import app

    groups = [app, *(group.typer_instance for group in app.registered_groups)]
    found = [command.name for group in groups if group is not None for command in group.registered_commands]
    assert sorted(map(str, found)) == sorted(COMMANDS)


@pytest.mark.parametrize("words", [("read",), ("no-such-command",), ("run", "--inbox"), ("read", "x", "--workers", "-1")])
def test_wrong_words_end_with_2(words: tuple[str, ...]) -> None:
    """A command line that means nothing ends with 2 and says so without a traceback."""
    done = kuohao(*words)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr
