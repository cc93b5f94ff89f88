"""Where the words and slots of a form's tables stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.collection.form_layout import TableLayout, head_rows, lay_out
from schemas.form import Form
from schemas.form_file import toml_to_form
from schemas.safety_month import SAFETY_MONTH
from tests.mixed import FORM

FORMS = tuple(toml_to_form(path.read_text("utf-8")) for path in sorted(Path("samples/forms").glob("*.toml")))


def told(table: TableLayout) -> list[list[str]]:
    """Each row's places in words: printed ones, "slots" for a sentence, a cell's path, with the columns that they span."""
    return [
        [
            f"{place.words or ('slots' if place.sentence else ' '.join(slot.path for slot in place.cells))}|{place.span}"
            for place in row.places
        ]
        for row in table.rows
    ]


@pytest.mark.parametrize("form", [SAFETY_MONTH, FORM, *FORMS], ids=lambda form: form.id)
def test_every_slot_stands_once(form: Form) -> None:
    """In printed order of the items, in rows that are as wide as their table, each heading but a list's once."""
    tables = lay_out(form)
    rows = [row for table in tables for row in table.rows]
    assert [row.item for row in rows] == list(form.items)
    for table in tables:
        for row in table.rows:
            assert sum(place.span for place in row.places) == len(table.columns)
            assert {slot.path for place in row.places for slot in place.slots} == {slot.path for slot in row.item.slots}
            words = [place.words for place in row.places]
            assert words.count(row.item.heading) == (0 if row.item.repeats and row.item.in_cells else 1)


def test_two_columns_are_heading_and_sentence() -> None:
    """The built-in form, as it always was."""
    (table,) = lay_out(SAFETY_MONTH)
    assert table.columns == SAFETY_MONTH.columns
    assert told(table)[0] == [f"{SAFETY_MONTH.items[0].heading}|1", "slots|1"]


def test_numbers_headings_cells_and_sentences_have_their_columns() -> None:
    """A sentence stands beside cells of its own row; a list with other columns is a table; a total has no number."""
    first, second = lay_out(FORM)
    assert first.columns == FORM.columns
    assert told(first) == [
        ["1|1", "政策宣讲|1", "slots|1", "lectures.cost|1", "lectures.note|1"],
        ["2|1", "健康体检|1", "slots|1", "checkups.cost|1", "|1"],
    ]
    assert second.columns == ("阵地名称", "面积（平方米）", "服务人次", "已挂牌")
    assert told(second) == [
        ["places.name|1", "places.area|1", "places.people|1", "places.signed|1"],
        ["合计|1", "sum.area|1", "sum.people|1", "|1"],
    ]


def test_headings_in_two_parts_make_two_rows() -> None:
    """Columns with the same first part stand under it; one without parts is as high as both rows."""
    assert head_rows(("工种", "培训·期数", "培训·人次", "备注")) == (
        (("工种", 1, 2), ("培训", 2, 1), ("备注", 1, 2)),
        (("期数", 1, 1), ("人次", 1, 1)),
    )
    assert head_rows(("甲", "乙")) == ((("甲", 1, 1), ("乙", 1, 1)),)
