"""The night's tables of a form with every kind of slot: each figure is the sum that anybody makes of what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.collection.publish import make_exports
from schemas.form import Slot, SlotKind
from schemas.office import StoredReturn
from schemas.paths import form_path
from schemas.values import Value, is_number
from tests.mixed import FORM, invent
from tests.office import collection_of, corrected, reading_of, stored

UNITS = tuple(f"第{number}工会" for number in range(1, 13))

AS_OF = date(2027, 7, 3)

SLOTS = {slot.path: slot for slot in FORM.slots}

Sheets = dict[str, dict[str, Value]]
"""What each unit has written, by path."""


@pytest.fixture(scope="module")
def sheets() -> Sheets:
    """Twelve units, the last of which has returned nothing."""
    rng = np.random.default_rng(20270603)
    return {unit: invent(rng) for unit in UNITS[:-1]}


@pytest.fixture(scope="module")
def files(sheets: Sheets) -> dict[str, bytes]:
    """Their exports: every third slot was misread, and corrected by a person."""
    returns: list[StoredReturn] = []
    for order, (unit, values) in enumerate(sheets.items(), 1):
        fixes = [corrected(path, value) for path, value in list(values.items())[::3]]
        misread = {fix.path: _other(values[fix.path], SLOTS[form_path(fix.path)]) for fix in fixes}
        reading = reading_of({**values, **misread}, unit=unit, flagged=list(misread), form=FORM)
        returns.append(stored(order, reading, unit=unit, corrections=fixes))
    made, _ = make_exports(collection_of(*UNITS, form=FORM), returns, [], FORM, AS_OF)
    return made


@pytest.fixture(scope="module")
def book(files: dict[str, bytes]) -> Workbook:
    return load_workbook(BytesIO(files["汇总.xlsx"]))


def _other(value: Value, slot: Slot) -> Value:
    """Another value of the same kind."""
    if slot.kind is SlotKind.TICK:
        return None
    return value + 1 if is_number(value) else f"{value}？"


def exact(value: object) -> Decimal:
    """A number of a spreadsheet as it was written: the shortest that names its float."""
    assert isinstance(value, int | float)
    return Decimal(repr(value))


def summed(sheets: Sheets, path: str) -> Decimal:
    """What anybody adds up: every row of every unit, amounts as decimals."""
    return sum((Decimal(value) for values in sheets.values() for value in _of(values, path) if is_number(value)), Decimal(0))


def _of(values: Mapping[str, Value], path: str) -> Iterator[Value]:
    item, _, name = path.partition(".")
    for each, value in values.items():
        head, _, last = each.partition(".")
        if head.partition("[")[0] == item and last == name:
            yield value


def cells_of(sheet: Worksheet) -> dict[str, object]:
    return {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None}


def test_totals_stand_in_the_forms_own_tables(book: Workbook, sheets: Sheets) -> None:
    """Sentences hold sums with their decimals; cells are numbers, exact, that show the decimals that were written."""
    first, second = book["汇总表"], book["汇总表2"]
    words = [value for value in cells_of(first).values() if isinstance(value, str)]
    assert f"宣讲＿{summed(sheets, 'lectures.talks'):,}＿场，" in words
    assert f"参与（{summed(sheets, 'lectures.people'):,}）人次；" in words
    assert f"□线上（{summed(sheets, 'lectures.online')} 个单位） " in words
    days = sum("lectures.day" in values for values in sheets.values())
    assert f"首场时间（共 {days} 项，见“来源”），" in words
    assert [first.cell(5, column).value for column in range(1, 6)] == list(FORM.columns)
    for row, path in ((6, "lectures.cost"), (11, "checkups.cost")):
        assert exact(first.cell(row, 4).value) == summed(sheets, path)
        assert first.cell(row, 4).number_format == "#,##0.00"
    for row, item in ((6, "places"), (7, "sum")):
        for column, name in ((2, "area"), (3, "people")):
            assert exact(second.cell(row, column).value) == summed(sheets, f"{item}.{name}")
    assert second.cell(6, 4).value == summed(sheets, "places.signed")
    assert second.cell(6, 4).number_format == '#,##0"处"'
    assert second["A7"].value == "合计"


def test_every_figure_has_its_line_and_its_sources(book: Workbook, sheets: Sheets) -> None:
    """合计明细 says the same, and the rows below each total's heading in 来源 add up to it."""
    figures, sources = book["合计明细"], book["来源"]
    for row, slot in enumerate(FORM.slots, 3):
        value = figures.cell(row, 4).value
        link = figures.cell(row, 4).hyperlink
        assert link is not None
        start = int(str(link.location).rpartition("A")[2])
        count = sum(len(list(_of(values, slot.path))) for values in sheets.values())
        rows = range(start + 1, start + 1 + sources.max_row)
        own = []
        for at in rows:
            if sources.cell(at, 2).value in (None, "合计"):
                break
            own.append(sources.cell(at, 4).value)
        written = [value for value in own if value is not None]
        assert len(written) == count
        if slot.kind.summed:
            assert exact(value) == summed(sheets, slot.path)
            assert sum((exact(one) for one in written), Decimal(0)) == summed(sheets, slot.path)
        else:
            assert value == "—"


def test_units_have_columns_and_lists_have_rows(book: Workbook, sheets: Sheets) -> None:
    """A unit's row holds the sum of its list; the list itself stands row by row on a sheet of its own, a tick as a tick."""
    units, rows = book["各单位"], book["明细"]
    paths = [slot.path for slot in FORM.slots]
    for row, unit in enumerate(UNITS, 6):
        assert units.cell(row, 2).value == unit
        values = sheets.get(unit, {})
        for column, path in enumerate(paths, 4):
            own = [value for value in _of(values, path) if value is not None]
            found = units.cell(row, column).value
            if not own:
                assert found is None
            elif SLOTS[path].kind.summed:
                assert exact(found) == sum((Decimal(value) for value in own if is_number(value)), Decimal(0))
            else:
                assert found == (f"{len(own)} 行" if path.startswith("places") else own[0])
    said = [[cell.value for cell in line[:6]] for line in rows.iter_rows(min_row=4)]
    expected: list[list[object]] = []
    for unit, values in sheets.items():
        for turn in range(1, 6):
            head = "places" if turn == 1 else f"places[{turn}]"
            cells: list[Value] = [values.get(f"{head}.{name}") for name in ("name", "area", "people", "signed")]
            if any(value is not None for value in cells):
                expected.append([unit, turn, *(float(one) if isinstance(one, Decimal) else one for one in cells)])
    assert said == expected
    assert rows.cell(3, 1).value == f"合计（{len(expected)} 行）"
    assert exact(rows.cell(3, 4).value) == summed(sheets, "places.area")


def test_the_next_days_export_tells_what_changed() -> None:
    """Amounts come back from what an export leaves behind as they were: only what somebody changed is a change."""
    values: dict[str, Value] = {
        "lectures.cost": Decimal("999999999.999999"),
        "places.area": Decimal("12.5"),
        "lectures.online": 1,
    }
    known = collection_of(*UNITS, form=FORM)

    def returns(area: str) -> list[StoredReturn]:
        own = {**values, "places.area": Decimal(area)}
        return [stored(order, reading_of(own, unit=unit, form=FORM), unit=unit) for order, unit in enumerate(UNITS[:3], 1)]

    _, first = make_exports(known, returns("12.5"), [], FORM, AS_OF)
    left = first.model_dump_json().encode()
    same, _ = make_exports(known, returns("12.50"), [], FORM, AS_OF + timedelta(days=1), before=left)
    assert same["changes.txt"].decode("utf-8-sig").strip().endswith("没有变化。")
    other, _ = make_exports(known, returns("12.25"), [], FORM, AS_OF + timedelta(days=1), before=left)
    told = other["changes.txt"].decode("utf-8-sig")
    assert "数值变化 3 项，涉及 3 个单位" in told
    assert "3.2 面积（平方米）：37.5 → 36.75" in told


def test_tables_hold_amounts_to_the_last_decimal(files: dict[str, bytes], sheets: Sheets) -> None:
    """A row a unit and a row a slot, with every value as it was written; a formula is no formula."""
    table = pd.read_csv(StringIO(files["slots.csv"].decode("utf-8-sig")), dtype=str, keep_default_na=False)
    found = {(row.单位, row.项目): row.数值 for row in table.itertuples()}
    for unit, values in sheets.items():
        for path, value in values.items():
            text = f"'{value}" if isinstance(value, str) and value[0] in "=+" else str(value)
            assert found[unit, path] == text
    wide = pd.read_csv(StringIO(files["returns.csv"].decode("utf-8-sig")), dtype=str, keep_default_na=False)
    assert list(wide.columns[9:12]) == [field.label for field in FORM.header]
    assert "3.2 面积（平方米）（第2行）" in wide.columns
    assert list(wide["报送单位（公章）"]) == list(sheets)
