"""A collection from its notice to the filled total sheet, beside another one of another form."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import pypdfium2
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.collection.corrections import HEADER
from pipeline.collection.ledger import UnitState, make_ledger
from pipeline.collection.publish import RETURNS, WORKBOOK
from pipeline.collection.totals import make_totals
from pipeline.reading.read import read
from pipeline.reading.work import readers_of
from pipeline.settings import Settings
from pipeline.store import Store, collected, collections, correct, forms, list_returns, load_return, open_store
from pipeline.store.queue import View
from samples.forms import sample_forms
from samples.maker import Recipe, make_file
from samples.notices import make_notice
from samples.truth import Truth, read_truth
from schemas.flow import State
from schemas.form import Form
from schemas.office import Correction
from schemas.paths import form_path
from schemas.values import Number, Value, is_number, json_to_value
from tests.test_cli import kuohao, rows

SAMPLES = Path(__file__).parent.parent / "samples"

ROOMS = sample_forms()["rooms-2027"]

NOTICE, SAFETY = "2027年女职工维权行动月活动", "2027年安全生产月"
"""The collection that the notice asks for, and the other one."""

NOTICE_SEED = 40
"""A notice of the former, whose addressees are 各县（市、区）总工会 and their like."""

SENT = ("青禾县.pdf",)
"""What is returned of the other one."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office that collects the built-in form already."""
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "300")
    made = tmp_path / "办公室"
    say(made, "collection", "--name", SAFETY, "--roster", SAMPLES / "roster.csv")
    return made


def say(home: Path, *words: str | Path) -> str:
    """What a command prints; its error is raised."""
    done = CliRunner().invoke(app, [*map(str, words), "--home", str(home)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_notice_becomes_a_filled_total_sheet(home: Path, tmp_path: Path) -> None:
    """Notice, returns of two forms in one inbox, review by the truth, export: the totals are those of what was written."""
    notice = notice_with_blank(tmp_path)
    roster = tmp_path / "名单.csv"
    roster.write_text("名称\n甲县总工会\n乙县总工会\n丙县总工会\n丁县总工会\n", "utf-8")
    said = say(home, "collection", "--notice", notice, "--roster", roster)
    for words in (NOTICE, "2027-06-30 23:59", "8 处填写", "示范区工会、市属各基层工会"):
        assert words in said
    inbox, sent = tmp_path / "收件", {}
    inbox.mkdir()
    for turn, (capture, unit) in enumerate((("digital", "甲县"), ("digital", "乙县"), ("flatbed", "丙县"))):
        recipe = Recipe(capture, unit=f"{unit}总工会", suffix=".pdf")
        made = make_file([recipe], 60 + turn, inbox / unit, form=ROOMS)
        sent[made.file] = made.returns[0]
    for name in SENT:
        shutil.copy(SAMPLES / "returns" / name, inbox / name)
        sent[name] = read_truth(SAMPLES / "returns" / f"{Path(name).stem}.truth.json").returns[0]
    for path in inbox.glob("*.truth.json"):
        path.unlink()
    done = kuohao("run", "--once", "--inbox", inbox, "--home", home)
    assert done.returncode == 0, done.stderr
    store = open_store(Settings(home=home).database_url)
    safety, rooms = collections(store)
    assert {row.name for row in list_returns(store, view=View.ALL, collection=safety.id).rows} == set(SENT)
    review(store, sent)
    assert not list_returns(store).rows

    for one in (safety, rooms):
        known, returns, receipts = collected(store, one.id)
        form = forms(store)[known.form]
        ledger = make_ledger(known, returns, receipts, form)
        of_form = [truth for name, truth in sent.items() if (name in SENT) is (one.id == safety.id)]
        assert sum(line.state is UnitState.RETURNED for line in ledger.lines) == len(of_form)
        assert [total.value for total in make_totals(ledger, form)] == written(form, of_form)
    said = say(home, "export")
    for name in (NOTICE, SAFETY):
        assert str(home / "汇总" / name / WORKBOOK) in said
    filled = tmp_path / "上报表.docx"
    say(home, "form", "fill", "--collection", NOTICE, "--output", filled, "--unit", "禾丰市总工会")
    assert read_back(filled, form) == written(form, of_form)
    assert [row["单位"] for row in rows(home / "汇总" / NOTICE / RETURNS)] == ["甲县总工会", "乙县总工会", "丙县总工会"]
    store.close()


def notice_with_blank(folder: Path) -> Path:
    """A notice, and behind it the blank of a form that no office knows."""
    make_notice("digital", NOTICE_SEED, folder / "正文")
    make_file([Recipe("digital", blank=True)], NOTICE_SEED, folder / "空白表", form=ROOMS)
    whole, path = pypdfium2.PdfDocument.new(), folder / "通知.pdf"
    for part in ("正文.pdf", "空白表.pdf"):
        document = pypdfium2.PdfDocument(folder / part)
        whole.import_pages(document)
        document.close()
    whole.save(path)
    whole.close()
    return path


def read_back(path: Path, form: Form) -> list[Number]:
    """What the reader of returns sees in a filled form; nought for a blank."""
    (reading,) = read(path, form=form, readers=readers_of(form, 0)).readings
    values = {slot.path: json_to_value(slot.value) for slot in reading.slots}
    return [value if is_number(value := values[slot.path]) else 0 for slot in form.slots]


def review(store: Store, sent: dict[str, Truth]) -> None:
    """Every slot and field that is open, as it was written."""
    for row in list_returns(store, limit=50).rows:
        held = load_return(store, row.order, row.number)
        assert held.form is not None
        truth = by_place(held.form, sent[row.name])
        for path in sorted(held.open):
            if path.startswith(HEADER):
                value: Value = getattr(sent[row.name].header, path.removeprefix(HEADER))
            else:
                value = truth[path]
            after = (State.BLANK if value is None else State.VALUE, value)
            correct(store, row.order, row.number, Correction(path, "审核员", store.clock(), after, after))


def by_place(form: Form, truth: Truth) -> dict[str, Value]:
    """What was written in each slot, by the paths of a form that was made from the blank."""
    paths = [slot.path for slot in form.slots]
    own = {slot.path: json_to_value(slot.value) for slot in truth.slots}
    return own if set(paths) <= set(own) else dict(zip(paths, own.values(), strict=True))


def written(form: Form, truths: list[Truth]) -> list[Number]:
    """The sum of each slot over returns; of words, and of what nobody wrote, nought."""
    sums: dict[str, Number] = defaultdict(int)
    for truth in truths:
        for path, value in by_place(form, truth).items():
            sums[form_path(path)] += value if is_number(value) else 0
    return [sums[slot.path] for slot in form.slots]
