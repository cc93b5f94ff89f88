"""The way back: totals in the form itself, in its blank's own file or afresh, read back by the reader of returns."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import docx
import pypdfium2 as pdfium
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.collection.form_layout import is_listed
from pipeline.collection.ledger import make_ledger
from pipeline.collection.totals import make_totals
from pipeline.forms.figures import PROVISIONAL, Filling, totals_to_filling
from pipeline.forms.fill_pdf import fill_pdf
from pipeline.forms.fill_word import fill_word
from pipeline.forms.filling import Ending, filled_bytes, header_values
from pipeline.forms.fresh_pdf import write_pdf
from pipeline.forms.fresh_word import write_word
from pipeline.forms.shelf import put_blank
from pipeline.reading.read import read
from pipeline.reading.work import readers_of
from pipeline.settings import Settings
from pipeline.store import open_store
from samples.electronic import make_electronic
from samples.forms import sample_forms
from schemas.errors import ConfigError, StillOpen
from schemas.form import FieldKind, Form, Slot, SlotKind
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.filled import fill_office
from tests.office import made_office
from tests.web import Visitor, opened_web

BLANK = Path(__file__).parent.parent / "samples" / "blank.pdf"

HEADER = {"unit": "云川市总工会", "contact": "王文", "phone": "5500001", "date": "2027年7月1日"}

FORMS = {SAFETY_MONTH.id: SAFETY_MONTH, **sample_forms()}


def number(slot: Slot, place: int) -> str:
    """Something to write into a slot, another one for each place."""
    return {
        SlotKind.COUNT: str(place), SlotKind.TICK: str(place), SlotKind.MONEY: f"{place}.5",
        SlotKind.TEXT: f"名称{place}", SlotKind.DATE: "2027年6月3日",
    }[slot.kind]  # fmt: skip


def filling_of(form: Form, rows: int = 4) -> Filling:
    """Something for every slot, and so many rows for every list."""
    lists = [item for item in form.items if is_listed(item)]
    single = [slot for item in form.items if item not in lists for slot in item.slots]
    texts = {slot.path: number(slot, place) for place, slot in enumerate(single, 101)}
    made = {
        item.key: tuple(
            {slot.path: number(slot, 100 * row + place) for place, slot in enumerate(item.slots)}
            for row in range(1, rows + 1)
        )
        for item in lists
    }
    return Filling(texts, made, 0)


def read_back(data: bytes, form: Form, folder: Path) -> Reading:
    """What the reader of returns makes of a filled Word file."""
    path = folder / "filled.docx"
    path.write_bytes(data)
    (reading,) = read(path, form=form, readers=readers_of(form, 0)).readings
    return reading


def wrong(reading: Reading, form: Form, filling: Filling) -> list[tuple[str, str, object]]:
    """The counts that were read otherwise than they were written."""
    got = {slot.path: slot.value for slot in reading.slots}
    counts = [slot for slot in form.slots if slot.kind is SlotKind.COUNT and slot.path in filling.texts]
    return [
        (slot.path, filling.texts[slot.path], got.get(slot.path))
        for slot in counts
        if str(got.get(slot.path)) != filling.texts[slot.path]
    ]


@pytest.mark.parametrize(
    ("form_id", "layout"),
    [
        ("safety-month-2023", "nested"),
        ("safety-month-2023", "cut"),
        ("self-check-2027", "plain"),
        ("summer-2027", "plain"),
        ("skills-2027", "split"),
        ("units-2027", "header-cells"),
        ("innovation-2027", "plain"),
    ],
)
def test_a_blank_s_own_word_file_is_filled(tmp_path: Path, form_id: str, layout: str) -> None:
    """Every number stands in its slot, read back by the same alignment as returns; so do the fields; rows are added."""
    form = FORMS[form_id]
    made = make_electronic(tmp_path / "blank", "docx", layout, 5, form=form, blank=True)
    filling = filling_of(form, rows=12)
    data, left = fill_word((tmp_path / made.file).read_bytes(), form, filling, HEADER)
    assert left == []
    reading = read_back(data, form, tmp_path)
    assert wrong(reading, form, filling) == []
    assert [reading.header[key].value for key in ("unit", "contact", "phone", "date")] == list(HEADER.values())
    for key, rows in filling.rows.items():
        names = [slot.value for slot in reading.slots if slot.path.startswith(key) and slot.path.endswith(".name")]
        assert names == [row[f"{key}.name"] for row in rows]


def test_counts_of_ticks_stand_behind_their_boxes(tmp_path: Path) -> None:
    """□是（101） □否（102）, the boxes left as they are."""
    form = FORMS["self-check-2027"]
    made = make_electronic(tmp_path / "blank", "docx", "plain", 5, form=form, blank=True)
    data, _ = fill_word((tmp_path / made.file).read_bytes(), form, filling_of(form), {})
    text = "".join(cell.text for cell in docx.Document(BytesIO(data)).tables[0]._cells)
    assert "是（101）" in text
    assert "否（102）" in text


@pytest.mark.parametrize("form_id", ["safety-month-2023", "units-2027", "skills-2027", "reading-2027"])
def test_a_form_without_a_blank_is_made_afresh(tmp_path: Path, form_id: str) -> None:
    """As a Word file that reads back, and as a PDF that holds every number."""
    form, filling = FORMS[form_id], filling_of(FORMS[form_id])
    reading = read_back(write_word(form, filling, HEADER), form, tmp_path)
    assert wrong(reading, form, filling) == []
    text = "".join(pdf_text(write_pdf(form, filling, HEADER)).split())
    assert all("".join(number.split()) in text for number in filling.texts.values())
    assert HEADER["unit"] in text


def pdf_text(data: bytes) -> str:
    """The text layer of a PDF."""
    document = pdfium.PdfDocument(data)
    try:
        return "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_a_blank_pdf_keeps_its_pages(tmp_path: Path) -> None:
    """The totals lie on both pages of the blank, the fields behind their labels."""
    filling = filling_of(SAFETY_MONTH)
    data = fill_pdf(BLANK, SAFETY_MONTH, filling, HEADER)
    assert data is not None
    document = pdfium.PdfDocument(data)
    assert len(document) == 2
    document.close()
    text = pdf_text(data)
    assert all(f"({filling.texts[slot.path]})" in text for slot in SAFETY_MONTH.slots if slot.kind is SlotKind.COUNT)
    assert all(value in text for value in HEADER.values())
    assert text.count("开展") == pdf_text(BLANK.read_bytes()).count("开展")


def test_what_has_no_room_on_the_blank_is_made_afresh(tmp_path: Path) -> None:
    """Words longer than their parentheses, or more rows than are printed, are not squeezed in."""
    filling = filling_of(SAFETY_MONTH)
    long = replace(filling, texts={**filling.texts, "item7.name": "一个名字很长很长很长很长很长很长很长的活动"})
    assert fill_pdf(BLANK, SAFETY_MONTH, long, {}) is None
    put_blank(tmp_path, SAFETY_MONTH.id, BLANK)
    data = filled_bytes(tmp_path, SAFETY_MONTH, long, {}, Ending.PDF)
    assert "一个名字很长" in "".join(pdf_text(data).split())


def test_the_figures_are_those_of_the_workbook() -> None:
    """Sums as they stand in 汇总, nothing where nobody has answered, and a mark on what review may change."""
    totals = make_totals(make_ledger(*made_office(seed=7, units=12), SAFETY_MONTH), SAFETY_MONTH)
    filling = totals_to_filling(SAFETY_MONTH, totals)
    assert filling.open == sum(total.open for total in totals) > 0
    for total in totals:
        text = filling.texts.get(total.slot.path, "")
        assert text.endswith(PROVISIONAL) is total.provisional or not text
        if total.slot.kind.summed and total.given + total.zero:
            assert text.removesuffix(PROVISIONAL) == total.in_words(total.value)
        if not total.given + total.zero + total.open:
            assert text == ""


def test_fields_are_said_by_their_kind() -> None:
    """The day is today where nobody says another; other fields stay empty."""
    from datetime import date

    values = header_values(SAFETY_MONTH, {FieldKind.UNIT: "云川市总工会", FieldKind.NAME: ""}, date(2027, 7, 1))
    assert values == {"unit": "云川市总工会", "date": "2027年7月1日"}


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office in the middle of its work: its home."""
    store = open_store(Settings(home=tmp_path / "办公室").database_url)
    fill_office(store, tmp_path / "办公室", units=4, originals=False)
    store.close()
    return tmp_path / "办公室"


def test_the_command_fills_the_form_of_the_collection(office: Path, tmp_path: Path) -> None:
    """Open slots are refused, or marked where that is asked for; the file lies where it is told to, or with the tables."""
    runner = CliRunner()
    out = tmp_path / "上报.docx"
    words = ["form", "fill", "--home", str(office), "--output", str(out), "--unit", "云川市总工会"]
    assert isinstance(runner.invoke(app, words).exception, StillOpen)
    assert not out.exists()
    done = runner.invoke(app, [*words, "--provisional"])
    assert done.exit_code == 0, done.output
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(out)).paragraphs)
    assert "云川市总工会" in text
    assert "本表为暂定数" in text
    done = runner.invoke(app, ["form", "fill", "--home", str(office), "--provisional"])
    assert done.exit_code == 0
    assert (office / "汇总" / "上报表.docx").is_file()


@pytest.mark.parametrize("words", [("--output", "a.xlsx"), ("--form", "no-such-form")])
def test_what_cannot_be_filled_is_told(office: Path, words: tuple[str, ...]) -> None:
    """Another ending, and a form that nothing collects."""
    done = CliRunner().invoke(app, ["form", "fill", "--home", str(office), "--provisional", *words])
    assert isinstance(done.exception, ConfigError)


def test_the_filled_form_is_among_the_downloads(tmp_path: Path) -> None:
    """As a Word file and as a PDF, with the numbers of that moment."""
    store = open_store(Settings(home=tmp_path / "办公室").database_url)
    fill_office(store, tmp_path / "办公室", units=4, originals=False)
    with opened_web(tmp_path, store=store) as web:
        visitor = Visitor(web)
        assert "上报表.pdf" in visitor.get("/exports").text
        word = visitor.get("/exports/上报表.docx")
        assert docx.Document(BytesIO(word.content)).tables
        assert visitor.get("/exports/上报表.pdf").content.startswith(b"%PDF-")
    store.close()
