"""Invented forms and returns of them: what is printed stands where the truth says, whatever the form's shape."""

from __future__ import annotations

import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from extractors.pages import open_pages
from extractors.typed import open_typed
from samples.electronic import form_layouts, make_electronic
from samples.forms import FOLDER, sample_forms
from samples.grid import Role, column_edges, column_roles, heading_cells
from samples.make import make_set
from samples.maker import Recipe, make_file
from samples.returns import blank_return, invent_return, total_parts
from schemas.flow import Page, State
from schemas.form import Form, Mark, Slot, SlotKind
from schemas.form_file import form_to_toml, toml_to_form
from schemas.safety_month import SAFETY_MONTH
from schemas.typed import UNKNOWN
from schemas.values import is_number

FORMS = sample_forms()


def test_twelve_forms() -> None:
    """There are twelve, of every kind of slot, every mark, rows for units and totals rows."""
    slots = [slot for form in FORMS.values() for slot in form.slots]
    assert len(FORMS) == 12
    assert {slot.kind for slot in slots} == {*SlotKind}
    assert {slot.mark for slot in slots} == {*Mark}
    assert any(slot.repeats and slot.mark is Mark.CELL for slot in slots)
    assert any(slot.sums for slot in slots)
    assert all(form.plain for form in FORMS.values())


@pytest.mark.parametrize("name", FORMS)
def test_form_files_are_as_written_by_program(name: str) -> None:
    """A form file is what the program would write of its form, and its name is the form's id."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert form_to_toml(toml_to_form(text)) == text
    assert FORMS[name].id == name


@pytest.mark.parametrize("form", [*FORMS.values(), SAFETY_MONTH], ids=lambda form: form.id)
def test_invented_values_are_of_their_kind(form: Form) -> None:
    """Values are of their slot's kind; no choice has two ticks; totals rows mostly add up."""
    wrong = summed = 0
    for seed in range(20):
        filled = invent_return(form, np.random.default_rng(seed), filling="typed")
        assert all(_is_of_kind(one.slot, one.value) for one in filled.slots)
        assert all((one.state is State.BLANK) == (one.raw is None) == (one.value is None) for one in filled.slots)
        choices = Counter(
            (one.path.partition(".")[0], one.slot.choice) for one in filled.slots if one.slot.choice and one.value
        )
        assert set(choices.values()) <= {1}
        for one in filled.slots:
            parts = total_parts(form).get(one.path, ())
            values = [Decimal(part.value) for part in filled.slots if part.slot.path in parts and is_number(part.value)]
            summed += bool(values)
            wrong += bool(values) and one.value != sum(values)
    assert wrong <= 0.15 * summed


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_values_stand_in_their_boxes(form: Form, tmp_path: Path) -> None:
    """In a digital return the characters within a value's box are those written, and lie within the slot's own box."""
    recipe = Recipe("digital", retyped=False, radicals=False)
    truth = make_file([recipe], 11, tmp_path / "return", form=form).returns[0]
    pages = {page.number: page for page in open_pages(tmp_path / truth.file)}
    found = {slot.path: _text_in(pages[slot.page], slot.value_box) for slot in truth.slots if slot.value_box}
    split = {slot.path for slot in truth.slots if slot.raw is not None and found[slot.path] != _plain(slot.raw)}
    # Words that go on in the next line have the box of their first one.
    kinds = {slot.path: slot.kind for slot in form.slots}
    assert {path for path in split if kinds.get(path) is not SlotKind.TEXT} == set()
    assert {slot.path for slot in truth.slots if slot.raw is not None} == {*found}
    assert all(_within(slot.value_box, slot.box) for slot in truth.slots if slot.value_box)


@pytest.mark.parametrize("name", ["self-check-2027", "units-2027"])
def test_blank_forms(name: str, tmp_path: Path) -> None:
    """A blank form has a truth of every slot, each blank and somewhere on its page."""
    form = FORMS[name]
    truth = make_set(tmp_path, seed=4, count=1, captures=("flatbed",), form=form, blank=True)[0]
    assert [slot.path for slot in truth.slots] == [slot.path for slot in form.slots]
    assert all(slot.state is State.BLANK and slot.value is None and slot.value_box is None for slot in truth.slots)
    assert all(0 <= edge <= 1 and slot.box[0] < slot.box[2] for slot in truth.slots for edge in slot.box)


@pytest.mark.parametrize("filling", ["font"])
def test_pens_write_in_cells_and_boxes(filling: str, tmp_path: Path) -> None:
    """What a pen writes into a cell or a box lies at least partly in it."""
    for name in ("units-2027", "self-check-2027"):
        recipe = Recipe("flatbed", filling, suffix=".png", turn=0, retyped=False, pages=1)
        truth = make_file([recipe], 5, tmp_path / name, form=FORMS[name]).returns[0]
        written = [slot for slot in truth.slots if slot.raw is not None]
        assert written
        assert all(slot.value_box and _meets(slot.value_box, slot.box) for slot in written)


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
@pytest.mark.parametrize("place", range(4))
def test_office_files_hold_what_is_told(place: int, kind: str, tmp_path: Path) -> None:
    """A Word or Excel file of any form, in one layout or another, holds the words that its truth tells."""
    for number, form in enumerate(FORMS.values()):
        if number % 4 == place:
            layout = form_layouts(form, kind)[number % len(form_layouts(form, kind))]
            truth = make_electronic(tmp_path / f"{form.id}-{layout}", kind, layout, number, form=form)
            blocks = open_typed(tmp_path / truth.file).blocks
            text = "".join(_plain(line) for block in blocks for row in block.rows for cell in row for line in cell)
            texts = {slot.path for slot in form.slots if slot.kind is SlotKind.TEXT}
            words = [slot.raw or "" for one in truth.returns for slot in one.slots if slot.path in texts]
            assert [raw for raw in words if _plain(raw) not in text] == []


def test_blank_office_files(tmp_path: Path) -> None:
    """A blank Word file has rows for units and no value."""
    truth = make_electronic(tmp_path / "blank", "docx", "plain", 3, form=FORMS["units-2027"], blank=True)
    rows = [row for block in open_typed(tmp_path / truth.file).blocks if block.ruled for row in block.rows]
    assert len(rows) == 1 + 8 + 1
    assert all(slot.value is None for slot in truth.returns[0].slots)


def test_formulas_have_values(tmp_path: Path) -> None:
    """A formula that a spreadsheet program saved with its value is read as that."""
    truth = make_electronic(tmp_path / "sums", "xlsx", "formulas", 3, form=FORMS["units-2027"])
    with zipfile.ZipFile(tmp_path / truth.file) as package:
        assert b"<f>" in package.read("xl/worksheets/sheet1.xml")
    lines = [
        line for block in open_typed(tmp_path / truth.file).blocks for row in block.rows for cell in row for line in cell
    ]
    assert UNKNOWN not in "".join(lines)


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("units-2027", [Role.NUMBER, *[Role.CELLS] * 6]),
        ("skills-2027", [Role.HEADING, *[Role.CELLS] * 5]),
        ("legal-2027", [Role.NUMBER, Role.HEADING, Role.SENTENCE]),
        ("innovation-2027", [Role.HEADING, Role.CELLS]),
        ("rooms-2027", [Role.HEADING, Role.SENTENCE]),
    ],
)
def test_columns(name: str, roles: list[Role]) -> None:
    """What a form's columns hold."""
    assert list(column_roles(FORMS[name])) == roles


def test_headings_in_two_storeys() -> None:
    """A group of columns has its own heading above theirs; other headings are as high as both."""
    form = FORMS["skills-2027"]
    cells = dict(heading_cells(form, column_edges(form, 0.3)))
    assert [name for name in ("工种", "培训", "竞赛", "期数", "场次", "取得证书（人）") if name not in cells] == []
    assert (cells["培训"].box[1], cells["培训"].box[3]) == (0.0, 0.5)
    assert (cells["期数"].box[1], cells["期数"].box[3]) == (0.5, 1.0)
    assert (cells["工种"].box[1], cells["工种"].box[3]) == (0.0, 1.0)


def test_blank_return_has_every_slot() -> None:
    """A return that nobody wrote on has each slot once."""
    for form in FORMS.values():
        assert [one.path for one in blank_return(form).slots] == [slot.path for slot in form.slots]


def _is_of_kind(slot: Slot, value: object) -> bool:
    if value is None:
        return True
    if slot.kind is SlotKind.DATE:
        return isinstance(value, str) and len(value) == 10
    if slot.kind is SlotKind.TEXT:
        return isinstance(value, str)
    return value == 1 if slot.kind is SlotKind.TICK else is_number(value)


def _text_in(page: Page, box: tuple[float, float, float, float] | None) -> str:
    """The characters whose middles lie in a box, from left to right and top to bottom."""
    assert box is not None
    height, width = page.pixels.shape[:2]
    left, top, right, bottom = (edge * size for edge, size in zip(box, (width, height, width, height), strict=True))
    inside = [
        char
        for char in page.chars
        if left <= (char.box[0] + char.box[2]) / 2 <= right and top <= (char.box[1] + char.box[3]) / 2 <= bottom
    ]
    return _plain("".join(char.text for char in sorted(inside, key=lambda char: (round(char.box[3] / 9), char.box[0]))))


def _plain(text: str) -> str:
    return "".join(chr(ord(char) - 0xFEE0) if 0xFF01 <= ord(char) <= 0xFF5E else char for char in text if char.strip())


def _within(inner: tuple[float, ...], outer: tuple[float, ...]) -> bool:
    near = 0.002
    return inner[0] >= outer[0] - near and inner[2] <= outer[2] + near and inner[1] >= outer[1] - near * 4


def _meets(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
