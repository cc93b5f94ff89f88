"""Commands of an office with several collections: what they change, what they show, where their tables go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.collection.publish import RETURNS, WORKBOOK
from pipeline.office.exporting import export_by_night, folder_of
from pipeline.settings import Settings
from pipeline.store import collections, open_store
from samples.forms import sample_forms
from schemas.errors import ConfigError, FormInUse
from schemas.form_file import form_to_toml
from schemas.office import Collection
from schemas.safety_month import SAFETY_MONTH
from tests.filled import fill
from tests.office import reading_of, stored
from tests.test_cli import rows

ROOMS = sample_forms()["rooms-2027"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office's home, not there yet."""
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "办公室"


def say(home: Path, *words: str | Path) -> str:
    """What a command prints; its error is raised."""
    done = CliRunner().invoke(app, [*map(str, words), "--home", str(home)], catch_exceptions=False)
    return done.stdout


def names(home: Path) -> list[tuple[str, str, bool]]:
    """Every collection's name and form, and whether it is open."""
    store = open_store(Settings(home=home).database_url)
    found = [(one.name, one.form, one.is_open) for one in collections(store)]
    store.close()
    return found


def roster(folder: Path, *units: str) -> Path:
    """A roster as a file."""
    path = folder / f"{units[0]}.csv"
    path.write_text("\n".join(["名称", *units]), "utf-8")
    return path


def test_collections_are_opened_changed_listed_and_closed(home: Path, tmp_path: Path) -> None:
    """The first is the only one until a form opens another; then a name tells which is meant, or a part of it."""
    form = tmp_path / "表样.toml"
    form.write_text(form_to_toml(ROOMS), "utf-8")
    assert "2026年" in say(home, "collection", "--name", "2026年安全生产月", "--roster", roster(tmp_path, "甲工会"))
    said = say(home, "collection", "--form", form, "--name", "关爱设施", "--deadline", "2027-05-01")
    assert "关爱设施" in said
    assert "2027-05-01 23:59" in said
    say(home, "collection", "--collection", "设施", "--roster", roster(tmp_path, "乙工会", "丙工会"))
    say(home, "collection", "--form", SAFETY_MONTH.id, "--name", "2027年安全生产月", "--title", "二〇二七年")
    assert [name for name, _, _ in names(home)] == ["2026年安全生产月", "关爱设施", "2027年安全生产月"]
    listed = say(home, "collection", "--list").splitlines()[1:]
    assert [line.split()[0] for line in listed] == ["2026年安全生产月", "关爱设施", "2027年安全生产月"]
    assert listed[1].split()[1:] == [ROOMS.title, "2", "0", "2027-05-01", "23:59", "open"]
    say(home, "collection", "--close", "2026年安全生产月")
    assert names(home)[0] == ("2026年安全生产月", SAFETY_MONTH.id, False)
    say(home, "collection", "--reopen", "2026")
    assert all(is_open for _, _, is_open in names(home))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["collection", "--name", "新名称"], ConfigError),
        (["collection", "--collection", "安全生产月", "--deadline", "none"], ConfigError),
        (["collection", "--form", "no-such-form"], ConfigError),
        (
            ["collection", "--form", SAFETY_MONTH.id, "--name", "2027年安全生产月", "--deadline", "none", "--title", "x"],
            ConfigError,
        ),
        (["ledger", "--collection", "2029"], ConfigError),
        (["export", "--collection", "2029"], ConfigError),
        (["status", "--collection", "2029"], ConfigError),
    ],
)
def test_what_is_meant_must_be_said(home: Path, words: Sequence[str], error: type[Exception]) -> None:
    """Where several are open, a change without a name, or a name that two have, is refused and changes nothing."""
    for year in (2026, 2027):
        say(home, "collection", "--form", SAFETY_MONTH.id, "--name", f"{year}年安全生产月")
    before = names(home)
    with pytest.raises(error):
        say(home, *words)
    assert names(home) == before


def test_form_of_a_file_that_says_something_else_is_refused(home: Path, tmp_path: Path) -> None:
    """The built-in form's id is its own."""
    form = tmp_path / "表样.toml"
    form.write_text(form_to_toml(replace(SAFETY_MONTH, items=SAFETY_MONTH.items[1:])), "utf-8")
    with pytest.raises(FormInUse):
        say(home, "collection", "--form", form)


def test_tables_of_several_collections_lie_in_folders_of_their_own(home: Path, tmp_path: Path) -> None:
    """One collection's lie in 汇总 itself; of several each has a folder; a named one may be written anywhere."""
    say(home, "collection", "--name", "2026年", "--roster", roster(tmp_path, "甲工会"))
    store = open_store(Settings(home=home).database_url)
    fill(store, home, [stored(1, reading_of({"item1.lectures": 5}, unit="甲工会"), name="甲.pdf")], originals=False)
    assert str(home / "汇总" / WORKBOOK) in say(home, "export")
    say(home, "collection", "--form", SAFETY_MONTH.id, "--name", "2027/年", "--roster", roster(tmp_path, "甲工会"))
    said = say(home, "export")
    assert str(home / "汇总" / "2026年" / WORKBOOK) in said
    assert str(home / "汇总" / "2027_年" / WORKBOOK) in said
    assert len(rows(home / "汇总" / "2026年" / RETURNS)) == 1
    assert len(rows(home / "汇总" / "2027_年" / RETURNS)) == 0
    assert "as last time" in say(home, "export", "--collection", "2026", "--output", tmp_path / "别处")
    assert len(rows(tmp_path / "别处" / RETURNS)) == 1
    lines = [json.loads(line) for line in say(home, "ledger", "--json").splitlines()]
    assert [(line["collection"], line["unit"], line["state"]) for line in lines] == [
        ("2026年", "甲工会", "returned"),
        ("2027/年", "甲工会", "missing"),
    ]
    assert [json.loads(line)["name"] for line in say(home, "status", "--json", "--collection", "2026年").splitlines()] == [
        "甲.pdf"
    ]
    assert say(home, "status", "--json", "--collection", "2027/年") == ""
    say(home, "collection", "--close", "2026年")
    export_by_night(store, tmp_path / "夜")
    assert [path.name for path in (tmp_path / "夜").iterdir()] == ["2027_年"]
    store.close()


def test_folders_are_told_apart() -> None:
    """Names that a share's filesystem cannot take, or cannot tell apart, are made such."""
    called = ("a:b", "a?b", "..", "正常")
    every = [Collection(name, SAFETY_MONTH.id, (), id=id) for id, name in enumerate(called, 1)]
    assert [folder_of(Path(), one, every).name for one in every] == ["a_b-1", "a_b-2", "-3", "正常"]
