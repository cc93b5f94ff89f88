"""Tables as a spreadsheet opens them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from pipeline.collection.export import UNREADABLE_MARK, ReadFile, write_failed, write_returns, write_review, write_slots
from pipeline.judging.judge import missing_slot
from schemas.flow import State
from schemas.reading import HeaderReading, Problem, Reading, Reason, SlotReading
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import sorted_files

BOM = b"\xef\xbb\xbf"

VALUES: dict[str, int | str | None] = {
    "item1.lectures": 12,
    "item1.lecture_attendance": 0,
    "item1.articles": None,
    "item7.name": "消防演讲比赛",
}


def slot_of(path: str, value: int | str | None, *, raw: str | None = None, review: bool = False) -> SlotReading:
    """A slot's reading: blank for None."""
    slot = next(slot for slot in SAFETY_MONTH.slots if slot.path == path.replace("[2]", ""))
    return SlotReading(
        path=path,
        label=slot.label,
        state=State.BLANK if value is None else State.VALUE,
        value=value,
        raw=raw if raw is not None else ("" if value is None else str(value)),
        confidence=0.9999,
        review=review,
        reasons=(Reason.PEN,) if review else (),
        page=1,
        box=(0.125, 0.25, 0.5, 0.75),
    )


def reading_of(
    *,
    unit: str | None = "青禾县总工会",
    values: dict[str, int | str | None] | None = None,
    unreadable: str = "item2.quiz_people",
    more: tuple[SlotReading, ...] = (),
) -> Reading:
    """A return: these values, one slot unreadable, the others blank."""
    written = VALUES if values is None else values
    slots = tuple(
        missing_slot(slot.path, slot) if slot.path == unreadable else slot_of(slot.path, written.get(slot.path))
        for slot in SAFETY_MONTH.slots
    )
    header = {field.key: HeaderReading(confidence=0.0) for field in SAFETY_MONTH.header}
    header["unit"] = HeaderReading(value=unit, confidence=0.9999, review=unit is None)
    return Reading(
        source="x.pdf",
        form=SAFETY_MONTH.id,
        pages=2,
        review=True,
        problems=(Problem.ITEMS_MISSING,),
        header=header,
        slots=(*slots, *more),
    )


def file_of(*readings: Reading, name: str = "县区/青禾县.pdf", crops: dict[str, Path] | None = None) -> ReadFile:
    return ReadFile(name, readings, crops or {})


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table as a spreadsheet reads them."""
    with path.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def write_all(folder: Path, files: list[ReadFile]) -> None:
    write_returns(folder / "returns.csv", files, SAFETY_MONTH)
    write_slots(folder / "slots.csv", files, SAFETY_MONTH)
    write_review(folder / "review.csv", files, SAFETY_MONTH)
    write_failed(folder / "failed.csv", {"坏.pdf": "文件打不开"})


TABLES = ("returns.csv", "slots.csv", "review.csv", "failed.csv")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("empty", [True, False], ids=["nothing read", "a return"])
def test_tables_open_in_excel(tmp_path: Path, table: str, empty: bool) -> None:
    """Each table has a byte order mark, Chinese headings and the line ends of Windows, and leaves no draft behind."""
    write_all(tmp_path, [] if empty else [file_of(reading_of())])
    data = (tmp_path / table).read_bytes()
    assert data.startswith(BOM)
    assert data.count(BOM) == 1
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    heading = data.removeprefix(BOM).decode("utf-8").splitlines()[0].split(",")
    assert heading[0] == "文件"
    assert len(heading) == len(set(heading))
    assert [path.name for path in sorted_files(tmp_path)] == sorted(TABLES)


def test_returns_have_a_column_a_slot(tmp_path: Path) -> None:
    """A row a return: all fields above the table and all 39 slots by their headings, in printed order."""
    write_returns(tmp_path / "returns.csv", [file_of(reading_of())], SAFETY_MONTH)
    (row,) = rows(tmp_path / "returns.csv")
    headings = list(SAFETY_MONTH.headings.values())
    assert list(row)[-39:] == headings
    assert list(row)[-43:-39] == [field.label for field in SAFETY_MONTH.header]
    assert (row["文件"], row["填报单位（盖章）"], row["待审核"]) == ("县区/青禾县.pdf", "青禾县总工会", "是")
    assert (row["待审核项数"], row["问题"]) == ("1", Problem.ITEMS_MISSING.chinese)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("item1.lectures", "12"),
        ("item1.lecture_attendance", "0"),
        ("item1.articles", ""),
        ("item2.quiz_people", UNREADABLE_MARK),
        ("item7.name", "消防演讲比赛"),
    ],
)
def test_states_stay_apart_in_the_table(tmp_path: Path, path: str, shown: str) -> None:
    """A value is its number, nought is 0, blank is empty, and what nobody could read is ？ and never a number."""
    write_all(tmp_path, [file_of(reading_of())])
    (row,) = rows(tmp_path / "returns.csv")
    assert row[SAFETY_MONTH.headings[path]] == shown
    slot = next(row for row in rows(tmp_path / "slots.csv") if row["项目"] == path)
    assert slot["状态"] == {"": "空白", UNREADABLE_MARK: "无法辨认"}.get(shown, "有值")
    assert slot["数值"] == ("" if shown == UNREADABLE_MARK else shown)


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    """A column of numbers with blanks in it has no 12.0: neither values nor pages nor counts of slots."""
    files = [file_of(reading_of(values={"item1.lectures": value})) for value in (12, None, 1_280_000)]
    write_all(tmp_path, files)
    column = SAFETY_MONTH.headings["item1.lectures"]
    assert [row[column] for row in rows(tmp_path / "returns.csv")] == ["12", "", "1280000"]
    slots = rows(tmp_path / "slots.csv")
    assert {row["页"] for row in slots} == {"", "1"}
    assert not [value for row in slots for key, value in row.items() if key != "可信度" and value.endswith(".0")]


@pytest.mark.parametrize("text", ["=1+1", "+86 990", "-5", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"])
def test_formulas_are_defused(tmp_path: Path, text: str) -> None:
    """Text that a spreadsheet would run gets an apostrophe before it, wherever it was written."""
    reading = reading_of(unit=text, values={"item7.name": text})
    write_all(tmp_path, [file_of(reading, name=text)])
    write_failed(tmp_path / "failed.csv", {text: text})
    (row,) = rows(tmp_path / "returns.csv")
    assert (row["文件"], row["填报单位（盖章）"], row[SAFETY_MONTH.headings["item7.name"]]) == (f"'{text}",) * 3
    name = next(row for row in rows(tmp_path / "slots.csv") if row["项目"] == "item7.name")
    assert (name["数值"], name["原文"], name["填报单位"]) == (f"'{text}",) * 3
    assert rows(tmp_path / "failed.csv") == [{"文件": f"'{text}", "原因": f"'{text}"}]


@pytest.mark.parametrize("text", ['消防,"演讲"', "一行\n两行", "２０，３０"])
def test_any_text_comes_back(tmp_path: Path, text: str) -> None:
    """Commas, quotes and line breaks in what was written break no row."""
    write_all(tmp_path, [file_of(reading_of(values={"item7.name": text}))])
    (row,) = rows(tmp_path / "returns.csv")
    assert row[SAFETY_MONTH.headings["item7.name"]] == text


def test_further_activities_have_columns_of_their_own(tmp_path: Path) -> None:
    """Where one return has a second activity, its columns stand behind the form's and are empty for the others."""
    more = (slot_of("item7[2].name", "征文"), slot_of("item7[2].sessions", 3), slot_of("item7[2].attendance", 0))
    files = [file_of(reading_of(), name="a.pdf"), file_of(reading_of(more=more), name="b.pdf")]
    write_returns(tmp_path / "returns.csv", files, SAFETY_MONTH)
    first, second = rows(tmp_path / "returns.csv")
    added = list(first)[-3:]
    assert added == [
        f"7.{n} {label}（第2项活动）" for n, label in enumerate(("活动名称（）", "组织（）场/次", "参与（）人次"), 1)
    ]
    assert [first[column] for column in added] == ["", "", ""]
    assert [second[column] for column in added] == ["征文", "3", "0"]


def test_review_lists_flagged_slots_with_their_crops(tmp_path: Path) -> None:
    """A row for each slot that needs a person and for no other, with its picture relative to the table."""
    flagged = slot_of("item7[2].sessions", 3, review=True)
    crop = tmp_path / "crops" / "a.pdf" / "1-item7[2].sessions.png"
    file = file_of(reading_of(more=(flagged,)), crops={"1-item7[2].sessions": crop})
    write_review(tmp_path / "review.csv", [file], SAFETY_MONTH)
    missing, pen = rows(tmp_path / "review.csv")
    assert (missing["项目"], missing["图片"], missing["原因"]) == ("item2.quiz_people", "", Reason.SLOT_MISSING.chinese)
    assert (pen["项目"], pen["图片"]) == ("item7[2].sessions", "crops/a.pdf/1-item7[2].sessions.png")
    assert pen["原因"] == Reason.PEN.chinese


def test_same_input_gives_same_bytes(tmp_path: Path) -> None:
    """Writing the same readings again, over old tables or elsewhere, gives identical files."""
    files = [file_of(reading_of(), name="a.pdf"), file_of(reading_of(unit=None), reading_of(), name="b.pdf")]
    for folder in ("one", "two", "one"):
        write_all(tmp_path / folder, files)
    for table in TABLES:
        assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()


def test_a_failed_write_leaves_the_old_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the new table is whole, the old one stands."""
    path = tmp_path / "failed.csv"
    write_failed(path, {"a.pdf": "旧"})
    before = path.read_bytes()

    def refuse(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="No space"):
            write_failed(path, {"a.pdf": "新", "b.pdf": "新"})
    assert path.read_bytes() == before
