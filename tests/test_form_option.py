"""Which form a command reads: a file, a known id, or the built-in one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.collection.export import ReadFile, write_slots
from pipeline.commands.form_option import find_form
from pipeline.judging.judge import missing_slot
from schemas.errors import ConfigError, FormFileError
from schemas.form import FieldKind, HeaderField
from schemas.form_file import form_to_toml
from schemas.reading import HeaderReading, Reading
from schemas.safety_month import SAFETY_MONTH


def test_no_name_and_the_id_are_the_built_in_form() -> None:
    """Without --form, and by its id, the built-in form is read."""
    assert find_form(None) is SAFETY_MONTH
    assert find_form(SAFETY_MONTH.id) is SAFETY_MONTH


def test_a_form_file_is_its_form(tmp_path: Path) -> None:
    """A form file is the form that it declares."""
    path = tmp_path / "表样.toml"
    path.write_text(form_to_toml(SAFETY_MONTH), encoding="utf-8")
    assert find_form(str(path)) == SAFETY_MONTH


@pytest.mark.parametrize(
    ("content", "error"), [(None, ConfigError), (b"id = 1", FormFileError), ("id = '表'".encode("gbk"), FormFileError)]
)
def test_what_is_no_form_is_told(tmp_path: Path, content: bytes | None, error: type[Exception]) -> None:
    """A file that is not there, declares no form, or is no UTF-8 is told by name, and never a traceback."""
    path = tmp_path / "f.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error):
        find_form(str(path))


@pytest.mark.parametrize(("kind", "expected"), [(FieldKind.UNIT, "青禾县总工会"), (FieldKind.TEXT, "")])
def test_the_unit_of_a_table_s_row_is_the_form_s(tmp_path: Path, kind: FieldKind, expected: str) -> None:
    """The column of units holds the field that the form has for them, whatever its key; nothing where it has none."""
    form = replace(SAFETY_MONTH, header=(HeaderField("company", "单位名称", kind),))
    slot = missing_slot("item1.lectures", SAFETY_MONTH.slots[0])
    header = {"company": HeaderReading(value="青禾县总工会")}
    reading = Reading(source="a.pdf", form=form.id, pages=1, review=True, header=header, slots=(slot,))
    write_slots(tmp_path / "slots.csv", [ReadFile("a.pdf", (reading,), {})], form)
    with (tmp_path / "slots.csv").open(encoding="utf-8-sig", newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert row["填报单位"] == expected
