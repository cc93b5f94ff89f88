"""From files in an inbox to the tables of a collection: real processes, a fast fake reader; and once with the real one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pytest

from pipeline.collection.publish import CHANGES, CHANGES_TEXT, MISSING, RETURNS, SLOTS, WORKBOOK
from pipeline.commands.collecting import parse_deadline
from pipeline.commands.desk import Nights, by_night, parse_time
from pipeline.store import Store, collected, last_export, open_store, set_collection
from pipeline.times import CHINA
from schemas.errors import ConfigError
from schemas.office import Collection, Unit
from schemas.safety_month import SAFETY_MONTH
from tests.fakes import BAD, PAGE, Desk, drain
from tests.test_cli import kuohao, rows

ROOT = Path(__file__).parent.parent

SAMPLES = ROOT / "samples"

UNITS = ("青禾县总工会", "白塘县总工会", "南塘县总工会", "云桥县总工会")

FILES = {WORKBOOK, RETURNS, SLOTS, MISSING, CHANGES, CHANGES_TEXT}


@dataclass(frozen=True)
class Place:
    """An office whose commands are run as processes."""

    desk: Desk
    roster: Path
    tables: Path

    def put(self, name: str, content: bytes, unit: str = "") -> None:
        """A clerk drops a file."""
        named = b"UNIT:%s\n" % unit.encode() if unit else b""
        kind = next((kind for kind in (BAD, PAGE) if content.startswith(kind)), b"")
        (self.desk.inbox / name).write_bytes(kind + named + content[len(kind) :])

    def run_once(self) -> None:
        """`run --once` with the fake reader."""
        places = [str(self.desk.inbox), str(self.desk.home), "--database", self.desk.database]
        subprocess.run([sys.executable, "-m", "tests.fakes", *places, "--once"], cwd=ROOT, check=True, timeout=120)

    def say(self, *words: str | Path, language: str = "C.UTF-8") -> str:
        """What a command prints."""
        done = kuohao(*words, "--home", self.desk.home, language=language)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def states(self) -> dict[str, str]:
        """Each unit's state, as `kuohao ledger` says."""
        lines = [json.loads(line) for line in self.say("ledger", "--json").splitlines()]
        return {line["unit"]: line["state"] for line in lines}

    def files(self) -> dict[str, tuple[str, int | None]]:
        """Each file's state, as `kuohao status` says."""
        lines = [json.loads(line) for line in self.say("status", "--json").splitlines()]
        return {line["name"]: (line["state"], line["of"]) for line in lines}


@pytest.fixture
def place(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An office with a roster and an empty inbox."""
    monkeypatch.setenv("KUOHAO_DATABASE", database)
    desk = Desk(tmp_path / "收件", tmp_path / "home", database)
    desk.inbox.mkdir()
    roster = tmp_path / "名单.csv"
    roster.write_text("名称,别名,上级\n" + "".join(f"{unit},{unit[:3]},云川市\n" for unit in UNITS), "utf-8")
    return Place(desk, roster, tmp_path / "汇总")


def test_files_become_a_ledger_and_tables_and_a_later_return_supersedes(place: Place) -> None:
    """The clerk's files, the ledger, two exports: what came late, in part, again, not at all, and what that changed."""
    said = place.say("collection", "--name", "2026年", "--roster", place.roster, "--deadline", "2099-12-01T18:00")
    assert "2026年" in said
    assert "2099-12-01 18:00" in said
    place.put("青禾县.pdf", b"first", UNITS[0])
    place.put("云桥县.jpg", PAGE + b"page", UNITS[3])
    place.put("坏.pdf", BAD)
    place.run_once()
    assert place.states() == dict(zip(UNITS, ("returned", "missing", "missing", "partial"), strict=True))
    assert UNITS[0] not in place.say("ledger", "--missing")
    said = place.say("export", "--output", place.tables, "--day", "2026-07-01", language="zh_CN.UTF-8")
    assert {path.name for path in place.tables.iterdir()} >= FILES
    assert "首次汇总" in said
    assert [row["单位"] for row in rows(place.tables / RETURNS)] == [UNITS[0], UNITS[3]]
    assert [row["单位"] for row in rows(place.tables / MISSING)] == [UNITS[1], UNITS[2], UNITS[3]]
    first = rows(place.tables / SLOTS)[0]["数值"]

    place.say("collection", "--deadline", datetime.now(UTC).isoformat(timespec="seconds"))
    time.sleep(1)
    place.put("白塘县.pdf", b"late", UNITS[1])
    place.put("青禾县（更正）.pdf", b"second", UNITS[0])
    place.put("又发.pdf", b"first", UNITS[0])
    place.run_once()
    assert place.states() == dict(zip(UNITS, ("returned", "late", "missing", "partial"), strict=True))
    found = place.files()
    orders = {name: number for number, name in enumerate(found, 1)}
    assert found["青禾县.pdf"] == ("superseded", orders["青禾县（更正）.pdf"])
    assert found["又发.pdf"] == ("duplicate", orders["青禾县.pdf"])
    assert {found[name][0] for name in ("青禾县（更正）.pdf", "白塘县.pdf")} == {"accepted"}
    place.say("export", "--output", place.tables, "--day", "2026-07-02")
    changed = [tuple(row.values()) for row in rows(place.tables / CHANGES)]
    second = rows(place.tables / SLOTS)[0]["数值"]
    assert any({UNITS[0], f"{int(first):,}", f"{int(second):,}"} <= set(row) for row in changed)
    assert any({"新报", UNITS[1]} <= set(row) for row in changed)

    said = place.say("export", "--output", place.tables, "--day", "2026-07-02")
    assert said.count("as last time") == len(FILES)
    store = place.desk.open()
    assert all(last_export(store, name) for name in FILES)
    store.close()


def test_real_reader_fills_the_tables(tmp_path: Path) -> None:
    """Sample returns through `run --once` and `export`: what is accepted is what was written, and every unit is known."""
    inbox, home, tables = tmp_path / "收件", tmp_path / "home", tmp_path / "汇总"
    inbox.mkdir()
    sent = {}
    for name in ("青禾县.pdf", "白石区.pdf"):
        shutil.copy(SAMPLES / "returns" / name, inbox / name)
        truth = json.loads((SAMPLES / "returns" / name).with_suffix(".truth.json").read_text("utf-8"))
        sent[name] = truth["returns"][0]
    done = kuohao("run", "--once", "--inbox", inbox, "--home", home, "--roster", SAMPLES / "roster.csv")
    assert done.returncode == 0, done.stderr
    assert kuohao("export", "--home", home, "--output", tables).returncode == 0
    units = {each["header"]["unit"] for each in sent.values()}
    assert {row["单位"] for row in rows(tables / RETURNS)} == units
    assert units.isdisjoint(row["单位"] for row in rows(tables / MISSING))
    found = rows(tables / SLOTS)
    for name, each in sent.items():
        own = [row for row in found if row["文件"] == name]
        assert len(own) == len(each["slots"])
        for row, slot in zip(own, each["slots"], strict=True):
            if row["待审核"] == "否":
                assert row["数值"] == ("" if slot["value"] is None else str(slot["value"]))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A small collection's store, with one return."""
    desk = Desk(tmp_path / "收件", tmp_path / "home")
    desk.inbox.mkdir()
    opened = desk.open()
    set_collection(opened, Collection("收集", SAFETY_MONTH.id, (Unit(UNITS[0]), Unit(UNITS[1]))))
    (desk.inbox / "青禾县.pdf").write_bytes(b"UNIT:%s\n" % UNITS[0].encode())
    drain(desk)
    return opened


def test_tables_are_written_by_night_while_the_inbox_is_watched(store: Store, tmp_path: Path) -> None:
    """The schedule of a run that watches exports from its own store."""
    folder = tmp_path / "夜"
    soon = (datetime.now(CHINA) + timedelta(seconds=2)).time().replace(microsecond=0)
    with by_night(store, Desk(tmp_path, tmp_path / "home").settings, Nights(soon, folder)):
        until = time.monotonic() + 60
        while last_export(store, CHANGES_TEXT) is None:
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.1)
    assert [row["单位"] for row in rows(folder / RETURNS)] == [UNITS[0]]
    store.close()


def test_collection_without_an_office_or_with_a_wrong_word_is_refused(tmp_path: Path) -> None:
    """Exit 2, and nothing is made; a name that means two units is refused too."""
    for words in (("ledger",), ("export",), ("collection",), ("collection", "--deadline", "soon")):
        assert kuohao(*words, "--home", tmp_path / "home").returncode == ConfigError.exit_code
    assert not (tmp_path / "home").exists()
    twice = tmp_path / "名单.csv"
    twice.write_text("名称,别名\n甲工会,甲\n乙工会,甲\n", "utf-8")
    assert kuohao("collection", "--home", tmp_path / "home", "--roster", twice).returncode == ConfigError.exit_code


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01T18:00", datetime(2026, 12, 1, 10, 0, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC)),
        ("2026-12-01T18:00+00:00", datetime(2026, 12, 1, 18, 0, tzinfo=UTC)),
        ("none", None),
    ],
)
def test_deadlines_are_chinas(text: str, moment: datetime | None) -> None:
    """A moment of China's clock; a day lasts to its end."""
    assert parse_deadline(text) == moment


@pytest.mark.parametrize("text", ["25:00", "noon", "02:00+01:00"])
def test_wrong_times_are_refused(text: str) -> None:
    """What is no time of day."""
    with pytest.raises(ConfigError):
        parse_time(text)
    assert parse_time("02:00") == time_of_day(2, 0)


def test_what_is_collected_is_remembered(tmp_path: Path) -> None:
    """Another process finds the collection as it was set."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    known = Collection("收集", SAFETY_MONTH.id, (Unit("甲工会", ("甲",), "市"),), datetime(2026, 7, 1, tzinfo=UTC))
    for units in (known.units, known.units):
        opened = open_store(url)
        set_collection(opened, Collection(known.name, known.form, units, known.deadline))
        assert collected(opened)[0] == known
        opened.close()
