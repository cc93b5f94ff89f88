"""Typed tables with values in cells of their own: rows and columns by their headings, a row for each unit, totals rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import docx
import pytest

from extractors.glyphs import form_to_alphabet
from extractors.typed import open_typed
from pipeline.judging.counts import Certainty, read_amount
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.group import tables_to_returns
from pipeline.reading.typed.columns import find_columns, find_item, plain
from pipeline.reading.typed.tables import find_typed_tables
from samples.electronic import form_layouts, make_electronic
from samples.forms import sample_forms
from schemas.flow import State
from schemas.form import Form
from schemas.reading import Reading, Reason, SlotReading
from schemas.typed import STRUCK, UNKNOWN, Span, TypedBlock, TypedFile, TypedRow
from tests.bench.score import is_right

FORMS = sample_forms()
UNITS = FORMS["units-2027"]
SKILLS = FORMS["skills-2027"]

HEADINGS = UNITS.columns
ROWS = (
    ("1", "青禾县总工会", "3", "120", "15", "4", "12.5"),
    ("2", "白石区总工会", "5", "1,280", "", "0", "0.80"),
    ("合计", "", "8", "1400", "15", "4", "13.3"),
)
FIELDS = ("汇总单位（盖章）：云川市总工会", "汇总人：王文", "联系电话：0990-5512345", "汇总日期：2027-06-23")


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_read(name: str, kind: str, tmp_path: Path) -> None:
    """A Word or Excel return of any form, in whatever layout, is read right; what is not is shown."""
    form = FORMS[name]
    layouts = form_layouts(form, kind)
    for seed in (1, 2):
        layout = layouts[(sum(map(ord, name)) + 5 * seed) % len(layouts)]
        truth = make_electronic(tmp_path / f"{layout}-{seed}", kind, layout, seed, form=form)
        readings = _read(open_typed(tmp_path / truth.file), form)
        assert len(readings) == len(truth.returns)
        for one, reading in zip(truth.returns, readings, strict=True):
            slots = {slot.path: slot for slot in reading.slots}
            wrong = [slot.path for slot in one.slots if not is_right(slot, slots[slot.path])]
            assert [path for path in wrong if not slots[path].review] == []
            assert len(wrong) <= 1


def test_rows_and_columns() -> None:
    """Values stand where their row and column have the form's headings; all is sure."""
    slots = _slots(UNITS, _table(HEADINGS, *ROWS))
    assert [slots[f"units.{name}"].value for name in ("name", "teams", "people")] == ["青禾县总工会", 3, 120]
    assert slots["units[2].people"].value == 1280
    assert slots["units[2].ideas"].state is State.BLANK
    assert slots["units[2].benefit"].value == Decimal("0.8")
    assert slots["total.benefit"].value == Decimal("13.3")
    assert all(slot.confidence == 1 and not slot.review for slot in slots.values())


def test_columns_in_another_order() -> None:
    """Columns go by their headings, not by their places."""
    order = [0, 1, 3, 2, 6, 5, 4]
    slots = _slots(UNITS, _table(*(tuple(row[place] for place in order) for row in (HEADINGS, *ROWS))))
    assert (slots["units.teams"].value, slots["units.people"].value) == (3, 120)
    assert slots["total.benefit"].value == Decimal("13.3")


def test_retyped_headings_are_not_quite_sure() -> None:
    """A heading that is not the form's to the letter leaves a doubt as small as that of retyped words."""
    headings = tuple(name.replace("提出合理化建议（条）", "提合理化建议（条）") for name in HEADINGS)
    slots = _slots(UNITS, _table(headings, *ROWS))
    assert slots["units.ideas"].confidence == 0.9999
    assert slots["units.adopted"].confidence == 1


@pytest.mark.parametrize(
    ("words", "key", "exact"),
    [
        (("叉车司机（特种设备）",), "driver", True),
        (("4.叉车司机(特种设备)",), "driver", True),
        (("叉车司机",), "driver", False),
        (("计算机程序员",), "coder", False),
        (("装卸工",), None, False),
        ((), None, False),
    ],
)
def test_items_by_headings(words: tuple[str, ...], key: str | None, exact: bool) -> None:
    """A row is an item's whose heading stands there to the letter, or nearly; its remark in parentheses may be missing."""
    found = find_item(SKILLS.items, words)
    assert (found and (found[0].key, found[1])) == (key and (key, exact))


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("1 20", 120, Reason.UNUSUAL_NUMBER),
        (f"{STRUCK}120", 120, Reason.STRUCK),
        (UNKNOWN, None, Reason.NOT_A_NUMBER),
        ("未统计", None, Reason.NOT_A_NUMBER),
        ("约120", 120, Reason.UNUSUAL_NUMBER),
    ],
)
def test_doubtful_cells(text: str, value: int | None, reason: Reason) -> None:
    """What nobody can know for sure is shown."""
    slots = _slots(UNITS, _table(HEADINGS, ("1", "青禾县总工会", "3", text, "15", "4", "12.5")))
    assert slots["units.people"].value == value
    assert slots["units.people"].review
    assert reason in slots["units.people"].reasons


def test_merged_cells_are_shown() -> None:
    """A number in a cell that stands below two headings may be either's."""
    row: TypedRow = (("1",), ("青禾县总工会",), ("3",), ("15",), ("4",), ("12.5",))
    spans: tuple[Span, ...] = ((0, 1), (1, 2), (2, 4), (4, 5), (5, 6), (6, 7))
    plain_spans = tuple((place, place + 1) for place in range(7))
    block = TypedBlock((_cells(HEADINGS), row), ruled=True, spans=(plain_spans, spans))
    slots = _slots(UNITS, block)
    assert Reason.PLACE_UNSURE in slots["units.teams"].reasons
    assert slots["units.people"].review
    assert not slots["units.ideas"].review


@pytest.mark.parametrize("headed", [True, False])
def test_table_goes_on_in_the_next_one(headed: bool) -> None:
    """Rows of units below a break are numbered on, whether the headings are printed again or not."""
    upper = _table(HEADINGS, ROWS[0])
    lower = _table(HEADINGS, *ROWS[1:]) if headed else _table(*ROWS[1:])
    readings = _read(_file(_loose("（续表）"), upper, _loose("（续表）"), lower), UNITS)
    assert len(readings) == 1
    slots = {slot.path: slot for slot in readings[0].slots}
    assert (slots["units[2].name"].value, slots["total.teams"].value) == ("白石区总工会", 8)


@pytest.mark.parametrize(
    ("spans", "value", "review"),
    [
        # All columns there; the last one empty and left out; another table altogether.
        (((0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7)), 8, False),
        (((0, 2), (2, 3), (3, 4), (4, 5), (5, 6)), 8, True),
        (((0, 1), (1, 2), (2, 3), (3, 4), (4, 8)), None, True),
    ],
)
def test_columns_of_a_table_that_goes_on(spans: tuple[Span, ...], value: int | None, review: bool) -> None:
    """Below a break columns are those of the table before where there are as many; else a person looks."""
    lower = TypedBlock((tuple((text,) for text in ("合计", "8", "1400", "15", "4", "13.3")[: len(spans)]),), True, (spans,))
    (reading,) = _read(_file(_table(HEADINGS, *ROWS[:2]), lower), UNITS)
    total = {slot.path: slot for slot in reading.slots}["total.teams"]
    assert (total.value, total.review) == (value, review)


def test_two_returns_in_two_tables() -> None:
    """A table behind fields of its own is another return."""
    readings = _read(_file(*[block for _ in range(2) for block in (_loose(*FIELDS), _table(HEADINGS, *ROWS))]), UNITS)
    assert len(readings) == 2
    assert all(reading.header["unit"].value == "云川市总工会" for reading in readings)


def test_notes_and_empty_rows_are_no_units() -> None:
    """Rows in which only a number is printed, and notes below the table, are no unit's."""
    rows = (HEADINGS, ROWS[0], ("2", "", "", "", "", "", ""), ROWS[2], ("注：本表由汇总单位填写", "", "", "", "", "", ""))
    slots = _slots(UNITS, _table(*rows))
    assert not any("[" in path for path in slots)


def test_rows_that_the_form_does_not_have_are_told() -> None:
    """A row that a unit has put in, or said twice, leaves the one above it for a person to look at."""
    first, second = (item.heading for item in SKILLS.items[:2])
    for more in ("装卸工", first):
        slots = _slots(SKILLS, _skills((first, "1"), (more, "2"), (second, "3")))
        assert slots["welder.sessions"].review
        assert not slots["electrician.sessions"].review
        assert (slots["welder.sessions"].value, slots["electrician.sessions"].value) == (1, 3)


def test_blank_table_has_one_blank_row() -> None:
    """Of a table in which nobody wrote the slots are blank, not missing."""
    rows = (HEADINGS, ("1", "", "", "", "", "", ""), ("2", "", "", "", "", "", ""), ("合计", "", "", "", "", "", ""))
    slots = _slots(UNITS, _table(*rows))
    assert [slot.path for slot in UNITS.slots] == list(slots)
    assert all(slot.state is State.BLANK for slot in slots.values())


def test_sentences_between_headings_and_cells() -> None:
    """A sentence that stands above the first cell to fill is read as well, whether or not headings stand above it."""
    form = FORMS["innovation-2027"]
    said, cell = form.items[2], form.items[3]
    text = said.sentence.replace("（）", "（7）")
    for heading in ((form.columns,), ()):
        slots = _slots(form, _table(form.columns, *heading, (said.heading, text), (cell.heading, "12.5")))
        assert [slots[slot.path].value for slot in (*said.slots, *cell.slots)] == [7, 7, 7, 7, Decimal("12.5")]


def test_headings_in_two_storeys() -> None:
    """A column's heading may stand below that of its group, which stands over several."""
    upper: TypedRow = (("工种",), ("培训",), ("竞赛",), ("取得证书（人）",))
    lower: TypedRow = (("期数",), ("人次",), ("场次",), ("人次",))
    spans: tuple[tuple[Span, ...], ...] = (((0, 1), (1, 3), (3, 5), (5, 6)), ((1, 2), (2, 3), (3, 4), (4, 5)))
    columns = find_columns(SKILLS, TypedBlock((upper, lower), ruled=True, spans=spans), 0)
    assert columns is not None
    assert columns.exact == {*SKILLS.columns}
    assert columns.spans["竞赛·人次"] == (4, 5)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("一、生活救助", "生活救助"),
        ("1．合 计", "合计"),
        ("（二）焊工", "焊工"),
        ("培训·期数", "培训期数"),
        ("参赛职工(人)", "参赛职工（人）"),
    ],
)
def test_headings_alike(text: str, same: str) -> None:
    """Numbers before headings, spaces and points make no difference."""
    assert plain(text) == plain(same)


def test_signs_of_wingdings_are_boxes(tmp_path: Path) -> None:
    """Boxes that Word draws with a font of signs are read; any other sign may be anything."""
    document = docx.Document()
    for font, char in (("Wingdings", "F0FE"), ("Wingdings 2", "F0A3"), ("Wingdings", "F04A")):
        paragraph = document.add_paragraph("是")
        sign = paragraph.add_run()._r.makeelement(docx.oxml.ns.qn("w:sym"), {})
        sign.set(docx.oxml.ns.qn("w:font"), font)
        sign.set(docx.oxml.ns.qn("w:char"), char)
        paragraph.add_run()._r.append(sign)
    document.save(str(tmp_path / "signs.docx"))
    lines = [
        line for block in open_typed(tmp_path / "signs.docx").blocks for row in block.rows for cell in row for line in cell
    ]
    assert lines == ["是☑", "是□", f"是{UNKNOWN}"]


@pytest.mark.parametrize(
    ("text", "unit", "value", "certainty"),
    [
        ("152.9平方米", "平方米", Decimal("152.9"), Certainty.CONVERTED),
        ("152.9", "平方米", Decimal("152.9"), Certainty.PLAIN),
        ("约15平方米", "平方米", 15, Certainty.VAGUE),
        ("平方米", "平方米", None, Certainty.VAGUE),
    ],
)
def test_measure_said_again(text: str, unit: str, value: Decimal | int | None, certainty: Certainty) -> None:
    """A slot's own measure may stand behind an amount."""
    written = read_amount(text, unit)
    assert (written.value, written.certainty) == (value, certainty)


@pytest.mark.parametrize("cut", range(1, 6))
def test_lines_cut_in_two(cut: int) -> None:
    """A line to write on that goes on in the next cell is one, wherever it is cut."""
    form = FORMS["summer-2027"]
    item = form.items[3]
    parts = item.sentence.split("＿＿")
    typed = "__12__".join(parts)
    at = typed.index("__12__") + cut
    slots = _slots(form, TypedBlock((((item.heading,), (typed[:at],)), ((), (typed[at:],))), ruled=True))
    assert [slots[slot.path].value for slot in item.slots] == [12] * len(item.slots)


def test_box_cut_from_its_tick() -> None:
    """A tick that stands beside its box, but in the next cell, ticks that box."""
    form = FORMS["self-check-2027"]
    item = form.items[2]
    typed = item.sentence.replace("□互查", "□√互查")
    at = typed.index("√")
    slots = _slots(form, TypedBlock((((item.heading,), (typed[:at],)), ((), (typed[at:],))), ruled=True))
    assert [slots[slot.path].value for slot in item.slots[:4]] == [None, 1, None, None]


def test_day_without_year() -> None:
    """A day without its year is put into the one that the form's title names, and shown."""
    form = FORMS["training-2027"]
    item = form.items[2]
    text = item.sentence.replace("举办时间（）", "举办时间（6月3日）")
    slots = _slots(form, TypedBlock((((item.heading,), (text,)),), ruled=True))
    day = slots[item.slots[0].path]
    assert (day.value, day.state, day.review) == ("2027-06-03", State.VALUE, True)


def _read(file: TypedFile, form: Form) -> tuple[Reading, ...]:
    alphabet = form_to_alphabet(form)
    finds = [find for find in find_typed_tables(file, form, alphabet) if find.items]
    return tables_to_returns(file.source, finds, form, alphabet, ErrorBudget())


def _slots(form: Form, block: TypedBlock) -> dict[str, SlotReading]:
    (reading,) = _read(_file(block), form)
    return {slot.path: slot for slot in reading.slots}


def _file(*blocks: TypedBlock) -> TypedFile:
    return TypedFile(Path("青禾县.docx"), blocks)


def _table(*rows: tuple[str, ...]) -> TypedBlock:
    return TypedBlock(tuple(map(_cells, rows)), ruled=True)


def _skills(*rows: tuple[str, str]) -> TypedBlock:
    """A table of the form with headings in one storey; of each row its heading and its first number."""
    return _table(tuple(name.replace("·", "") for name in SKILLS.columns), *((*row, "", "", "", "") for row in rows))


def _loose(*lines: str) -> TypedBlock:
    return TypedBlock(tuple(((line,),) for line in lines), ruled=False)


def _cells(texts: tuple[str, ...]) -> TypedRow:
    return tuple((text,) if text else () for text in texts)
