"""What stands in Word and Excel files is read as it was typed, however a unit lays it out; what is open goes to a person."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Font

from extractors.legacy import find_office
from extractors.typed import open_typed
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.group import tables_to_returns
from pipeline.reading.read import Readers, read
from pipeline.reading.typed.tables import find_typed_tables
from samples.committed import ELECTRONIC, FILES, HERE, SEED
from samples.electronic import LAYOUTS, make_electronic
from samples.truth import read_truth, truth_path
from schemas.errors import NoTable, UnknownForm
from schemas.flow import State
from schemas.form import FormItem, SlotKind
from schemas.reading import Problem, Reading, Reason, SlotReading
from schemas.safety_month import SAFETY_MONTH
from tests.bench.score import score_file
from tests.conftest import ALPHABET, sorted_files
from tests.office_files import FIELDS, VALUES, paragraph, run, sentence, whole_form, with_part, word_file
from tests.test_cli import kuohao

ITEMS = SAFETY_MONTH.items
FIRST = ITEMS[0]

SLOT = "item1.articles"
"""The slot that most tests fill: it counts neither events nor people at one."""

_SENTENCE = sentence(FIRST)
_BEFORE = _SENTENCE[: _SENTENCE.index("心得体会（") + 5]
_BEHIND = _SENTENCE[len(_BEFORE) :].partition("）")[2]

EVERY_LAYOUT = [(kind, layout) for kind, layouts in LAYOUTS.items() for layout in layouts]


def readings_of(path: Path, *, roster: Sequence[str] = ()) -> tuple[Reading, ...]:
    """A file's returns, without engines."""
    finds = find_typed_tables(open_typed(path), SAFETY_MONTH, ALPHABET)
    items = [find for find in finds if find.items]
    return tables_to_returns(path, items, SAFETY_MONTH, ALPHABET, ErrorBudget(), roster=roster)


def read_word(folder: Path, body: str, *, part: str = "word/document.xml") -> Reading:
    """The one return in a Word file with this body."""
    path = folder / "报表.docx"
    path.write_bytes(word_file(body, part=part))
    (reading,) = readings_of(path)
    return reading


def slot_of(reading: Reading, path: str) -> SlotReading:
    return next(slot for slot in reading.slots if slot.path == path)


def slot_in(folder: Path, xml: str) -> SlotReading:
    """The slot that these tests are about, in a form whose item 1 is this paragraph."""
    return slot_of(read_word(folder, whole_form(paragraph(xml))), SLOT)


def test_a_form_as_it_is_printed_is_certain(tmp_path: Path) -> None:
    """Words to the letter: every slot has confidence 1, stands on no page, and nothing needs a person."""
    reading = read_word(tmp_path, whole_form())
    assert not reading.review
    assert {slot.confidence for slot in reading.slots} == {1.0}
    assert {(slot.page, slot.box) for slot in reading.slots} == {(None, None)}
    assert (reading.pages, reading.first_page, reading.problems) == (0, 1, ())
    assert [slot.raw for slot in reading.slots] == [value for item in ITEMS for value in VALUES[item.key]]
    assert [field.value for field in reading.header.values()] == ["青禾县总工会", "王文", "0990-5500001", "2026年6月20日"]


@pytest.mark.parametrize(("kind", "layout"), EVERY_LAYOUT)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_layout_is_read_right(tmp_path: Path, kind: str, layout: str, seed: int) -> None:
    """Slots and fields of made returns come out as filled in, in each layout that units use."""
    made = make_electronic(tmp_path / "made", kind, layout, 7000 + seed)
    readings = readings_of(tmp_path / made.file)
    score = score_file(made.returns, readings)
    assert len(readings) == len(made.returns)
    assert [row.path for row in score.slots if not row.right] == []
    assert [row.field for row in score.headers if not row.right] == []


numbers = st.one_of(st.just(""), st.integers(0, 999_999_999).map(str))
words = st.text("安全应急隐患消防演练竞赛“”0123456789AB ", max_size=12).map(lambda text: " ".join(text.split()))


@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_any_values_are_read_from_any_layout(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever seed, kind and layout: what was typed is read, in every slot and field."""
    kind, layout = data.draw(st.sampled_from(EVERY_LAYOUT))
    folder = tmp_path_factory.mktemp("any")
    made = make_electronic(folder / "made", kind, layout, data.draw(st.integers(0, 2**31)))
    score = score_file(made.returns, readings_of(folder / made.file))
    assert [(row.path, row.truth, row.read) for row in score.slots if not row.right] == []
    assert [row for row in score.headers if not row.right] == []


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
@given(data=st.data())
@settings(deadline=None, max_examples=15)
def test_any_values_in_a_cell(tmp_path_factory: pytest.TempPathFactory, item: FormItem, data: st.DataObject) -> None:
    """Any numbers and words in an item's slots, blanks too, come out as they are."""
    written = [data.draw(words if slot.kind is SlotKind.TEXT else numbers) for slot in item.slots]
    body = whole_form().replace(sentence(item), sentence(item, **{f"_{place}": text for place, text in enumerate(written)}))
    reading = read_word(tmp_path_factory.mktemp("values"), body)
    for slot, text in zip(item.slots, written, strict=True):
        meant = text if slot.kind is SlotKind.TEXT else int(text or 0)
        assert slot_of(reading, slot.path).value == (meant if text else None)


MARKS: dict[str, tuple[str, int | None]] = {
    "bold": (run("12", "<w:b/>"), 12),
    "in two runs": (run("1") + run("2"), 12),
    "put in": (f"<w:ins w:id='1'>{run('12')}</w:ins>", 12),
    "deleted": (f"<w:del w:id='1'>{run('12')}</w:del>", None),
    "deleted and put in": (f"<w:del w:id='1'>{run('99')}</w:del><w:ins w:id='2'>{run('12')}</w:ins>", 12),
    "moved away": (f"<w:moveFrom w:id='1'>{run('12')}</w:moveFrom>", None),
    "moved here": (f"<w:moveTo w:id='1'>{run('12')}</w:moveTo>", 12),
    "hidden": (run("12", "<w:vanish/>"), None),
    "not hidden": (run("12", "<w:vanish w:val='0'/>"), 12),
    "control": (f"<w:sdt><w:sdtPr/><w:sdtContent>{run('12')}</w:sdtContent></w:sdt>", 12),
    "prompt": (f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run('12')}</w:sdtContent></w:sdt>", None),
    "link": (f"<w:hyperlink>{run('12')}</w:hyperlink>", 12),
    "field": ("<w:fldSimple w:instr='= 3 * 4'>" + run("12") + "</w:fldSimple>", 12),
    "field's command": ("<w:r><w:instrText> 99 </w:instrText></w:r>" + run("12"), 12),
    "full width": (run("１２"), 12),
    "spaces around": (run("\u3000 12 "), 12),
    "zero width": (run("1\u200b2"), 12),
    "older and newer": (
        f"<mc:AlternateContent><mc:Choice>{run('12')}</mc:Choice><mc:Fallback>{run('12')}</mc:Fallback>"
        "</mc:AlternateContent>", 12,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("xml", "value"), MARKS.values(), ids=MARKS.keys())
def test_what_the_page_shows_counts(tmp_path: Path, xml: str, value: int | None) -> None:
    """What Word would print is read, and nothing else."""
    slot = slot_in(tmp_path, run(_BEFORE) + xml + run("）" + _BEHIND))
    assert (slot.value, slot.review) == (value, False)


DOUBTFUL: dict[str, tuple[str, Reason]] = {
    "struck": (run(_BEFORE) + run("5", "<w:strike/>") + run("8）" + _BEHIND), Reason.STRUCK),
    "struck and nothing else": (run(_BEFORE) + run("5", "<w:dstrike/>") + run("）" + _BEHIND), Reason.STRUCK),
    "two numbers": (run(f"{_BEFORE}1 2）{_BEHIND}"), Reason.UNUSUAL_NUMBER),
    "about": (run(f"{_BEFORE}约300）{_BEHIND}"), Reason.UNUSUAL_NUMBER),
    "words": (run(f"{_BEFORE}若干）{_BEHIND}"), Reason.NOT_A_NUMBER),
    "symbol": (
        run(_BEFORE) + "<w:r><w:sym w:font='Wingdings' w:char='F08C'/></w:r>" + run("）" + _BEHIND),
        Reason.NOT_A_NUMBER,
    ),
    "outside": (run(f"{_BEFORE}）5{_BEHIND}"), Reason.PLACE_UNSURE),
    "two pairs": (run(f"{_BEFORE}5）（20）{_BEHIND}"), Reason.PLACE_UNSURE),
    "missing": (run(_SENTENCE.partition("发表")[0]), Reason.SLOT_MISSING),
}


@pytest.mark.parametrize(("xml", "reason"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_what_is_open_goes_to_a_person(tmp_path: Path, xml: str, reason: Reason) -> None:
    """Nothing that may be meant in two ways is accepted."""
    reading = read_word(tmp_path, whole_form(paragraph(xml)))
    flagged = [slot for slot in reading.slots if slot.path.startswith("item1.") and reason in slot.reasons]
    assert flagged
    assert all(slot.review and slot.confidence < 1 for slot in flagged)


GAPS = {
    "underscores": "心得体会__5__篇",
    "full-width underscores": "心得体会＿＿5＿＿篇",
    "nothing around": "心得体会5篇",
    "half width": "心得体会(5)篇",
    "brackets": "心得体会【5】篇",
    "underscores inside": "心得体会（_5_）篇",
}


@pytest.mark.parametrize("text", GAPS.values(), ids=GAPS.keys())
def test_a_gap_is_a_slot(tmp_path: Path, text: str) -> None:
    """Whatever a unit types in place of parentheses, between the form's own words it is the slot."""
    slot = slot_in(tmp_path, run(_SENTENCE.replace(_BEFORE[-5:] + "14003）篇", text)))
    assert (slot.value, slot.review, slot.confidence) == (5, False, 1.0)


@pytest.mark.parametrize("value", ["5", ""])
def test_an_underlined_gap_is_a_slot(tmp_path: Path, value: str) -> None:
    """Spaces with a line beneath stand for parentheses."""
    line = '<w:u w:val="single"/>'
    xml = run(_BEFORE[:-1]) + run("  ", line) + run(value, line) + run("  ", line) + run(_BEHIND)
    slot = slot_in(tmp_path, xml)
    assert (slot.value, slot.review) == (int(value) if value else None, False)


BOX = f"<w:r><w:pict><w:txbxContent>{paragraph(run('12'))}</w:txbxContent></w:pict></w:r>"


@pytest.mark.parametrize("over", ["<w:r><w14:contentPart/></w:r>", BOX], ids=["ink", "box"])
def test_writing_over_the_text_may_belong_anywhere(tmp_path: Path, over: str) -> None:
    """Ink, or a box with a number, lies over the page: a blank slot beneath may be none."""
    slot = slot_in(tmp_path, run(f"{_BEFORE}）{_BEHIND}") + over)
    assert (slot.state, slot.review, slot.reasons) == (State.BLANK, True, (Reason.INK_IN_BLANK,))


def test_another_main_part(tmp_path: Path) -> None:
    """Some programs number the main part."""
    assert not read_word(tmp_path, whole_form(), part="word/document2.xml").review


def test_fields_of_a_notice_are_not_the_forms(tmp_path: Path) -> None:
    """A unit sends the whole notice back: its contact person is not the unit's."""
    notice = paragraph(run("联系人：李通知 电话：0990-5509999"))
    reading = read_word(tmp_path, notice + whole_form())
    assert reading.header["contact"].value == "王文"


@pytest.mark.parametrize("date", ["2026年6月20日（单位：场、人次）", "六月底"])
def test_an_odd_field_is_shown(tmp_path: Path, date: str) -> None:
    """What is no date is kept as it is, and shown."""
    field = read_word(tmp_path, whole_form(fields=FIELDS.replace("2026年6月20日", date))).header["date"]
    assert field.review
    assert field.iso is None


def test_the_roster_is_the_same(tmp_path: Path) -> None:
    """A unit by its roster's name; another one is a problem."""
    path = tmp_path / "报表.docx"
    path.write_bytes(word_file(whole_form()))
    assert not readings_of(path, roster=("青禾县总工会", "白石区总工会"))[0].review
    assert Problem.UNIT_UNKNOWN in readings_of(path, roster=("白石区总工会",))[0].problems


def test_rules_across_fields_are_the_same(tmp_path: Path) -> None:
    """Attendance without an event is shown, however it came."""
    body = whole_form().replace(_SENTENCE, sentence(FIRST, _0="", _1="12"))
    assert Reason.NO_EVENT in slot_of(read_word(tmp_path, body), "item1.lecture_attendance").reasons


def test_a_form_below_a_missing_item_is_incomplete(tmp_path: Path) -> None:
    """A return without an item says so."""
    body = whole_form().replace(sentence(ITEMS[3]), "")
    reading = read_word(tmp_path, body)
    assert Problem.ITEMS_MISSING in reading.problems
    assert {slot.reasons for slot in reading.slots if slot.path.startswith("item4.")} == {(Reason.SLOT_MISSING,)}


def _sheet(folder: Path, fill: Callable[[Workbook], None] | None = None, *, data: bytes | None = None) -> Reading:
    path = folder / "报表.xlsx"
    path.write_bytes(data or _sheet_bytes(fill))
    (reading,) = readings_of(path)
    return reading


def _sheet_bytes(fill: Callable[[Workbook], None] | None) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([SAFETY_MONTH.title])
    sheet.append([FIELDS])
    for item in ITEMS:
        sheet.append([item.heading, sentence(item)])
    if fill is not None:
        fill(book)
    memory = BytesIO()
    book.save(memory)
    return memory.getvalue()


def test_a_sheet_as_it_is_printed_is_certain(tmp_path: Path) -> None:
    """The same for Excel."""
    reading = _sheet(tmp_path)
    assert not reading.review
    assert {slot.confidence for slot in reading.slots} == {1.0}


def _hide_row(book: Workbook) -> None:
    sheet = book.worksheets[0]
    sheet.insert_rows(3)
    sheet.cell(3, 2, sentence(FIRST, _0="99"))
    sheet.row_dimensions[3].hidden = True


def _hide_column(book: Workbook) -> None:
    sheet = book.worksheets[0]
    sheet.cell(3, 5, sentence(FIRST, _0="99"))
    sheet.column_dimensions["E"].hidden = True


def _hide_sheet(book: Workbook) -> None:
    other = book.create_sheet("去年", 0)
    other.append([sentence(FIRST, _0="99")])
    other.sheet_state = "hidden"


@pytest.mark.parametrize("hide", [_hide_row, _hide_column, _hide_sheet])
def test_what_is_hidden_does_not_count(tmp_path: Path, hide: Callable[[Workbook], None]) -> None:
    """A template's leftovers that nobody sees are no values."""
    assert slot_of(_sheet(tmp_path, hide), "item1.lectures").value == 3


def _lone_number(book: Workbook) -> None:
    sheet = book.worksheets[0]
    sheet.cell(3, 2, sentence(FIRST, _2=""))
    sheet.cell(3, 3, 12)


def test_a_number_beside_the_sentence_may_belong_into_a_blank(tmp_path: Path) -> None:
    """A unit wrote it into the next cell: the blank slot goes to a person."""
    slot = slot_of(_sheet(tmp_path, _lone_number), SLOT)
    assert (slot.state, slot.review) == (State.BLANK, True)


def _row_numbers(book: Workbook) -> None:
    sheet = book.worksheets[0]
    sheet.cell(3, 2, sentence(FIRST, _2=""))
    sheet.insert_cols(1)
    for number in range(1, 8):
        sheet.cell(number + 2, 1, number)


def test_a_column_of_row_numbers_says_nothing(tmp_path: Path) -> None:
    """1 to 7 beside the items are no values."""
    assert not _sheet(tmp_path, _row_numbers).review


def _parted(value: int | float | str) -> Callable[[Workbook], None]:
    def fill(book: Workbook) -> None:
        sheet = book.worksheets[0]
        for place, part in enumerate((_BEFORE, value, "）" + _BEHIND), 2):
            sheet.cell(3, place, part)

    return fill


@pytest.mark.parametrize(("value", "read_as"), [(12, 12), (12.0, 12), ("12", 12), ("1,280", 1280), (12.5, None)])
def test_a_number_in_a_cell_of_its_own(tmp_path: Path, value: int | float | str, read_as: int | None) -> None:
    """Numbers are read as Excel shows them; half an event is no count."""
    slot = slot_of(_sheet(tmp_path, _parted(value)), SLOT)
    assert slot.value == read_as
    assert slot.review is (read_as is None)


def test_a_formula_counts_by_the_value_that_was_saved(tmp_path: Path) -> None:
    """Excel saves it with the formula; where nobody did, there is something in the slot that nobody knows."""
    unsaved = _sheet_bytes(_parted("=6*2"))
    slot = slot_of(_sheet(tmp_path, data=unsaved), SLOT)
    assert (slot.state, slot.review) == (State.UNREADABLE, True)
    with zipfile.ZipFile(BytesIO(unsaved)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    xml = re.sub(rb"</f><v ?/>|</f><v></v>", b"</f><v>12</v>", xml)
    saved = with_part(unsaved, "xl/worksheets/sheet1.xml", xml)
    slot = slot_of(_sheet(tmp_path, data=saved), SLOT)
    assert (slot.value, slot.review) == (12, False)


def _struck(book: Workbook) -> None:
    _parted(12)(book)
    book.worksheets[0].cell(3, 3).font = Font(strike=True)


def test_a_struck_cell_goes_to_a_person(tmp_path: Path) -> None:
    """A number struck through is not the value, and somebody looks."""
    slot = slot_of(_sheet(tmp_path, _struck), SLOT)
    assert (slot.value, slot.review, Reason.STRUCK in slot.reasons) == (None, True, True)


def test_dates_are_read_as_days(tmp_path: Path) -> None:
    """A date that Excel knows as one."""

    def fill(book: Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.cell(2, 1, FIELDS.partition("填报日期")[0])
        sheet.insert_rows(3)
        sheet.cell(3, 1, "填报日期")
        sheet.cell(3, 2, datetime(2026, 6, 20))

    assert _sheet(tmp_path, fill).header["date"].iso == "2026-06-20"


def test_text_without_the_form(tmp_path: Path, readers: Readers) -> None:
    """A table of something else is another form; paragraphs alone are no table."""
    path = tmp_path / "a.docx"
    table = "<w:tbl><w:tr><w:tc>" + paragraph(run("姓名")) + "</w:tc></w:tr></w:tbl>"
    for body, error in ((paragraph(run("你好")), NoTable), (table, UnknownForm)):
        path.write_bytes(word_file(body))
        with pytest.raises(error):
            read(path, form=SAFETY_MONTH, readers=readers)


def test_read_takes_it_like_any_other_file(tmp_path: Path, readers: Readers) -> None:
    """By content, through the same door, whatever it is called."""
    path = tmp_path / "报表.pdf"
    path.write_bytes(word_file(whole_form()))
    found = read(path, form=SAFETY_MONTH, readers=readers)
    assert [reading.review for reading in found.readings] == [False]
    assert found.outlines == ()


def test_run_makes_tables_without_pictures(tmp_path: Path) -> None:
    """Rows in every table, file and page columns empty, no overlays."""
    inbox, output = tmp_path / "收件", tmp_path / "output"
    inbox.mkdir()
    made = make_electronic(inbox / "青禾县", "docx", "plain", 5)
    make_electronic(inbox / "白石区", "xlsx", "plain", 6)
    done = kuohao("run", "--inbox", inbox, "--output", output)
    assert done.returncode == 0, done.stderr
    lines = (output / "returns.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [["白石区.xlsx", "", ""], [made.file, "", ""]]
    assert not any(path.suffix in {".jpg", ".png"} for path in sorted_files(output))
    shown = kuohao("read", inbox / made.file, "--json")
    assert json.loads(shown.stdout)["pages"] == 0


@pytest.mark.skipif(find_office() is None, reason="no LibreOffice: sudo apt-get install libreoffice-nogui")
@pytest.mark.parametrize(("kind", "old"), [("docx", "doc:MS Word 97"), ("xlsx", "xls:MS Excel 97")])
def test_old_files_are_read_through_libreoffice(tmp_path: Path, kind: str, old: str) -> None:
    """DOC and XLS, as WPS Office writes them under its own names too, come out as they were filled in."""
    made = make_electronic(tmp_path / "made", kind, "plain", 8)
    office = find_office()
    assert office is not None
    ending = old.partition(":")[0]
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to", old,
         "--outdir", tmp_path / "old", tmp_path / made.file],
        capture_output=True, timeout=180, check=True,
    )  # fmt: skip
    path = tmp_path / "报表.wps"
    shutil.copy(tmp_path / "old" / f"made.{ending}", path)
    score = score_file(made.returns, readings_of(path))
    assert all(row.right for row in score.slots)
    assert all(row.right for row in score.headers)


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    """A made file can be made again."""
    for kind in LAYOUTS:
        made = [make_electronic(tmp_path / name, kind, "plain", 9) for name in ("a", "b")]
        first, second = ((tmp_path / one.file).read_bytes() for one in made)
        assert first == second


@pytest.mark.parametrize(("place", "name", "kind", "layout"), [(place, *one) for place, one in enumerate(ELECTRONIC)])
def test_committed_files(tmp_path: Path, place: int, name: str, kind: str, layout: str) -> None:
    """The project's own Word and Excel returns are read right, and can be made anew to the byte."""
    file = HERE / "returns" / f"{name}.{kind}"
    made = make_electronic(tmp_path / name, kind, layout, SEED + len(FILES) + place)
    assert (tmp_path / made.file).read_bytes() == file.read_bytes()
    assert made == read_truth(truth_path(file))
    score = score_file(made.returns, readings_of(file))
    assert all(row.right for row in score.slots)
    assert all(row.right for row in score.headers)
