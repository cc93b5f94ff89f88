"""Form files are checked: odd things are told, and every slot is sought on the blank, where it gets its number."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from extractors.pages import open_pages
from pipeline.cli import app
from pipeline.forms.checking import Odd, check_form
from pipeline.forms.places import INK, draw_numbers, find_places
from samples.electronic import make_electronic
from samples.forms import sample_forms
from schemas.errors import ConfigError, FormFileError
from schemas.form import Form
from schemas.form_file import form_to_toml, toml_to_form
from schemas.safety_month import SAFETY_MONTH

BLANK = Path(__file__).parent.parent / "samples" / "blank.pdf"

HEAD = 'id = "f"\ntitle = "统计表"\ncolumns = ["项目", "数据"]\n'
UNIT = 'header = [{key = "unit", label = "填报单位", kind = "unit"}]\n'


def item(slots: str, *, head: str = UNIT, more: str = "") -> str:
    """A form file of one item."""
    return f'{HEAD}{head}{more}[[items]]\nkey = "a"\nheading = "一"\nslots = [{slots}]\n'


def odd(text: str) -> set[Odd]:
    """What is odd about a form file."""
    return {one.odd for one in check_form(toml_to_form(text))}


@pytest.mark.parametrize("form", [SAFETY_MONTH, *sample_forms().values()], ids=lambda form: form.id)
def test_good_forms_are_not_odd(form: Form) -> None:
    """Neither the built-in form nor any of the samples is complained about."""
    assert check_form(form) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (item('{printed = "组织安全宣讲（）场，", key = "s"}', head=""), Odd.NO_UNIT_FIELD),
        (item('{printed = "参与（）人", key = "s"}'), Odd.FEW_WORDS),
        (item('{printed = "（）", key = "s"}, {printed = "组织安全宣讲（）场", key = "t"}'), Odd.NO_WORDS),
        (item('{printed = "组织宣讲（）场", key = "s"}, {printed = "组织宣讲（）场", key = "t"}'), Odd.SAME_LABEL),
        (
            item(
                '{printed = "发宣传资料（）份", key = "s", unit = "份"}, {printed = "参与（）人次", key = "t", events = "s"}'
            ),
            Odd.NO_EVENTS,
        ),
        (
            item('{printed = "组织宣讲（）场", key = "s"}, {printed = "发（）份", key = "t", events = "s", unit = "份"}'),
            Odd.NO_PEOPLE,
        ),
        (item('{printed = "是否成立小组：□是", key = "s", choice = "c"}'), Odd.LONE_CHOICE),
        (item('{printed = "投入专项资金（）万元", key = "s", unit = "万元"}'), Odd.NO_MONEY),
        (item('{column = "人数", key = "s"}'), Odd.NO_COLUMN),
        (
            item('{printed = "组织安全宣讲（）场，", key = "s"}', more='not_slots = [{words = "（没有）"}]\n'),
            Odd.PLAIN_UNKNOWN,
        ),
    ],
)
def test_odd_things_are_told(text: str, expected: Odd) -> None:
    """Each is told by itself, and nothing else is found odd."""
    assert odd(text) == {expected}


def test_every_odd_thing_has_words_for_people() -> None:
    """In both languages."""
    assert all(one.chinese and one.english for one in Odd)


def test_the_slots_of_the_blank_are_found_where_they_stand() -> None:
    """Every slot of the built-in form is found on its blank, and lies on one of its two pages."""
    found = find_places(SAFETY_MONTH, BLANK)
    assert found.missing(SAFETY_MONTH) == []
    places = [place for place in found.found.values() if place is not None]
    assert len(places) == len(SAFETY_MONTH.slots)
    assert {page for page, _ in places} == {1, 2}


def test_a_word_blank_has_its_slots_though_no_pages(tmp_path: Path) -> None:
    """A Word file's slots are found in its text."""
    form = sample_forms()["rooms-2027"]
    made = make_electronic(tmp_path / "blank", "docx", "plain", 3, form=form, blank=True)
    found = find_places(form, tmp_path / made.file)
    assert found.missing(form) == []
    assert set(found.found.values()) == {None}


def test_numbers_are_drawn_in_their_boxes() -> None:
    """A page with a number in a slot has changed there and nowhere else."""
    page = next(iter(open_pages(BLANK)))
    picture = draw_numbers(page.pixels, {12: (0.4, 0.4, 0.5, 0.42)})
    plain = draw_numbers(page.pixels, {})
    changed = np.argwhere((picture != plain).any(axis=2)) / picture.shape[:2]
    assert ((changed[:, 0] > 0.38) & (changed[:, 0] < 0.44)).all()
    assert ((changed[:, 1] > 0.39) & (changed[:, 1] < 0.51)).all()
    assert (picture == INK).all(axis=2).any()


def test_check_shows_the_slots_and_what_was_found(tmp_path: Path) -> None:
    """`form check` lists every slot with its number; with a blank it draws them and says that all are there."""
    path, picture = tmp_path / "f.toml", tmp_path / "f.png"
    path.write_text(form_to_toml(SAFETY_MONTH), encoding="utf-8")
    words = ["form", "check", str(path), "--against", str(BLANK), "--picture", str(picture)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("✓") == len(SAFETY_MONTH.slots)
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape[0] > 2000
    told = json.loads(CliRunner().invoke(app, ["form", "check", str(path), "--json"]).stdout)
    assert (told["slots"], told["odd"]) == (39, [])


def test_a_blank_of_another_form_ends_with_3(tmp_path: Path) -> None:
    """Slots that are not on the blank are named, and the exit code says so."""
    path = tmp_path / "f.toml"
    path.write_text(form_to_toml(sample_forms()["rooms-2027"]), encoding="utf-8")
    done = CliRunner().invoke(app, ["form", "check", str(path), "--against", str(BLANK), "--json"])
    assert done.exit_code == 3
    assert len(json.loads(done.stdout)["missing"]) == 8


@pytest.mark.parametrize(
    ("content", "more", "error"),
    [('id = "x"', (), FormFileError), (form_to_toml(SAFETY_MONTH), ("--picture", "a.png"), ConfigError)],
)
def test_what_cannot_be_checked_is_told(tmp_path: Path, content: str, more: tuple[str, ...], error: type[Exception]) -> None:
    """A file that is no form, and a picture of no blank."""
    path = tmp_path / "f.toml"
    path.write_text(content, encoding="utf-8")
    assert isinstance(CliRunner().invoke(app, ["form", "check", str(path), *more]).exception, error)
