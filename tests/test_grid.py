"""Values in cells of their own: named by their row's and their column's heading, over pages and rows for units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from extractors.cellcut import cell_to_lines
from extractors.cells import corners_of
from extractors.glyphs import form_to_alphabet
from extractors.regrid import join_parted, without_false_columns, without_false_top
from pipeline.alignment.headings import find_columns, find_rows
from pipeline.judging.judge import ErrorBudget, judge_slot
from pipeline.reading.grid import GridFind, find_grid
from pipeline.reading.group import gather, tables_to_returns
from pipeline.reading.read import read
from pipeline.reading.readers import Readers, load_readers
from samples.forms import sample_forms
from samples.maker import Recipe, make_file
from samples.truth import read_truth, truth_path
from schemas.flow import Cell, Evidence, Page, PageChar, Placement, TableFind, Upright
from schemas.form import Form, FormItem, Mark, Slot, SlotKind
from schemas.reading import Reason
from tests.bench.score import is_right
from tests.conftest import blank_line

WIDTH, HEIGHT, CHAR = 160.0, 40.0, 12.0


def cell_slot(key: str, column: str, kind: SlotKind = SlotKind.COUNT, **more: object) -> Slot:
    slot = Slot(key, kind, "", "", mark=Mark.CELL, column=column)
    return replace(slot, **more)  # type: ignore[arg-type]  # whatever a test wants of it


UNITS = Form(
    "units",
    "汇总表",
    ("序号", "单位名称", "参赛班组（个）", "创造效益（万元）"),
    (),
    (
        FormItem(
            "units",
            "",
            (
                cell_slot("units.name", "单位名称", SlotKind.TEXT, repeats=True),
                cell_slot("units.teams", "参赛班组（个）", repeats=True),
                cell_slot("units.benefit", "创造效益（万元）", SlotKind.MONEY, repeats=True),
            ),
            True,
        ),
        FormItem(
            "total",
            "合计",
            (
                cell_slot("total.teams", "参赛班组（个）", sums=("units.teams",)),
                cell_slot("total.benefit", "创造效益（万元）", SlotKind.MONEY, sums=("units.benefit",)),
            ),
        ),
    ),
)

TRADES = Form(
    "trades",
    "培训表",
    ("工种", "培训·期数", "培训·人次", "竞赛·场次"),
    (),
    tuple(
        FormItem(
            key,
            heading,
            tuple(
                cell_slot(f"{key}.{column}", column, before=heading) for column in ("培训·期数", "培训·人次", "竞赛·场次")
            ),
        )
        for key, heading in (("a", "焊工"), ("b", "电工"), ("c", "叉车司机（特种设备）"))
    ),
)


def table(rows: Sequence[Sequence[str]], *, merged: Sequence[tuple[int, int, int]] = ()) -> tuple[Upright, list[Cell]]:
    """A page with a text layer and a ruled table of these words; `merged` are (row, column, columns) of wide cells."""
    wide = {(row, column): span for row, column, span in merged}
    covered = {(row, column + more) for row, column, span in merged for more in range(1, span)}
    cells, chars = [], []
    for row, words in enumerate(rows):
        for column, text in enumerate(words):
            if (row, column) in covered:
                continue
            span = wide.get((row, column), 1)
            left, top = 40 + column * WIDTH, 100 + row * HEIGHT
            cells.append(Cell(0, row, column, 1, span, corners_of((left, top, left + span * WIDTH, top + HEIGHT))))
            for place, char in enumerate(text):
                x = left + 8 + place * CHAR
                chars.append(PageChar(char, (x, top + 10, x + CHAR, top + 10 + CHAR)))
    pixels = np.full((1000, 800, 3), 255, np.uint8)
    page = Page(Path("made.pdf"), 1, pixels, tuple(chars))
    return Upright(page, pixels[:, :, 0], np.eye(3)), cells


def grid(
    form: Form, rows: Sequence[Sequence[str]], *, merged: Sequence[tuple[int, int, int]] = (), known: Sequence[str] = ()
) -> GridFind:
    upright, cells = table(rows, merged=merged)
    readers = Readers(form_to_alphabet(form), None, lambda lines: [], lambda *_: False, None)
    return find_grid(upright, cells, form, readers, known)


def spelled(found: GridFind) -> dict[str, str]:
    return {one.path: "".join(one.spelling) for item in found.items for one in item.placements if one.line is not None}


HEADS = ["序号", "单位名称", "参赛班组（个）", "创造效益（万元）"]


def test_rows_for_units_are_numbered_and_the_total_is_no_unit() -> None:
    """Each row that holds anything is a unit's; blank ones are left out, and the total has its own heading."""
    rows = [HEADS, ["1", "甲厂", "12", "0.8"], ["2", "", "", ""], ["3", "乙厂", "", "12.50"], ["合计", "", "12", "13.3"]]
    found = grid(UNITS, rows, merged=[(4, 0, 2)])
    assert spelled(found) == {
        "units.name": "甲厂",
        "units.teams": "12",
        "units.benefit": "0.8",
        "units[2].name": "乙厂",
        "units[2].teams": "",
        "units[2].benefit": "12.50",
        "total.teams": "12",
        "total.benefit": "13.3",
    }
    assert found.columns == UNITS.columns


def test_a_total_may_be_named_where_units_are() -> None:
    """The heading of a totals row stands in the column of numbers, over both, or in that of names."""
    rows = [HEADS, ["1", "甲厂", "12", "0.8"], ["", "合计", "12", "0.8"]]
    assert spelled(grid(UNITS, rows))["total.benefit"] == "0.8"


def test_a_row_that_sums_up_or_names_nobody_is_doubted() -> None:
    """Where a unit adds a row of its own that sums up, or leaves out a name, a person must tell what it is."""
    rows = [HEADS, ["1", "甲厂", "12", "0.8"], ["2", "小计", "12", "0.8"], ["3", "", "5", "1"], ["合计", "", "17", "1.8"]]
    found = grid(UNITS, rows)
    alphabet = form_to_alphabet(UNITS)
    told = {
        one.path: Reason.PLACE_UNSURE in judge_slot(Evidence(one, 0, 0.0, 0.0, None), ErrorBudget(), alphabet).reasons
        for item in found.items
        for one in item.placements
        if one.slot.kind is SlotKind.COUNT
    }
    assert told == {"units.teams": False, "units[2].teams": True, "units[3].teams": True, "total.teams": False}


def test_a_table_goes_on_without_headings() -> None:
    """A page that begins in the middle of a table has the columns of the one before."""
    rows = [["7", "丙厂", "3", "4.5"], ["合计", "", "15", "17.8"]]
    assert grid(UNITS, rows).items == ()
    assert spelled(grid(UNITS, rows, known=UNITS.columns))["units.name"] == "丙厂"


def test_headings_of_two_levels_name_their_columns() -> None:
    """A heading above several columns and theirs below it are one heading; rows go by their own."""
    rows = [
        ["工种", "培训", "", "竞赛"],
        ["", "期数", "人次", "场次"],
        ["电工", "1", "2", "3"],
        ["焊工", "4", "", "6"],
        ["叉车司机（特种设备）", "7", "8", "9"],
    ]
    found = spelled(grid(TRADES, rows, merged=[(0, 1, 2)]))
    assert found["b.培训·人次"] == "2"
    assert found["a.竞赛·场次"] == "6"
    assert found["c.培训·期数"] == "7"


def test_a_slot_without_a_cell_is_missing() -> None:
    """What stands in a cell over several columns is nobody's: the slot is there, and says that it was not found."""
    rows = [["工种", "培训期数", "培训人次", "竞赛场次"], ["焊工", "12", "", "3"], ["电工", "4", "5", "6"]]
    found = grid(TRADES, rows, merged=[(1, 1, 2)])
    (welder,) = (item for item in found.items if item.item == "a")
    assert [one.line is None for one in welder.placements] == [True, True, False]


MIXED = replace(
    UNITS,
    id="mixed",
    columns=("项目", "完成情况", "金额（万元）"),
    items=(
        FormItem(
            "a",
            "一、走访慰问困难职工",
            (
                Slot("a.homes", SlotKind.COUNT, "走访困难职工家庭", "户，"),
                Slot("a.people", SlotKind.COUNT, "慰问一线职工", "人次。"),
                cell_slot("a.money", "金额（万元）", SlotKind.MONEY),
            ),
        ),
    ),
)


def test_a_part_of_an_item_that_is_lost_is_told() -> None:
    """Of an item with a sentence and a cell, what no page holds is there as missing."""
    money = MIXED.items[0].slots[2]
    empty = np.zeros((0, 5), np.float32)
    nothing, sure = (0.0, 0.0), (1.0, 1.0)
    seen = Placement(money.path, money, blank_line(2), empty, (), empty[:, 0], nothing, nothing, nothing, sure, True)
    table = TableFind(1, (), (), (("a", (Evidence(seen, 0, 0.0, 0.0, None),)),))
    alphabet = form_to_alphabet(MIXED)
    (reading,) = tables_to_returns(Path("x.pdf"), [table], MIXED, alphabet, ErrorBudget())
    assert [slot.path for slot in reading.slots] == ["a.homes", "a.people", "a.money"]
    assert [Reason.SLOT_MISSING in slot.reasons for slot in reading.slots] == [True, True, False]


def test_another_table_is_not_the_form_s() -> None:
    """A table with other headings has none of the form's items."""
    assert grid(UNITS, [["姓名", "职务", "电话", "备注"], ["张三", "主席", "5500001", ""]]).items == ()


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        ([["焊工"], ["电工"], ["叉车司机"]], {0: 0, 1: 1}),
        ([["电工"], ["焊工"], ["叉车司机（特种设备）"]], {0: 1, 1: 0, 2: 2}),
        ([["1.焊工"], ["2.电工"], ["3.叉车司机(特种设备)"]], {0: 0, 1: 1, 2: 2}),
        ([["焊工"], ["□"], ["叉车司机（特种设备）"]], {0: 0, 1: 1, 2: 2}),
        ([["1", "焊工"], ["2", "电工"]], {0: 0, 1: 1}),
    ],
)
def test_rows_go_by_likeness_then_by_place(headings: list[list[str]], rows: dict[int, int]) -> None:
    """A row is the item whose heading it is most like; one between two that are known, by its place."""
    found = {item: row for item, (row, _) in find_rows(TRADES.items, headings).items()}
    assert {item: row for item, row in found.items() if item in rows} == rows


def test_misread_headings_keep_their_places() -> None:
    """Where half of as many headings as the form has are read, the others are where they belong, and not vouched for."""
    _, cells = table([["", "", "", ""], ["", "", "", ""]])
    texts = dict(enumerate(["工种", "培训期数", "瑶洲", "竞赛场次"]))
    found = find_columns(TRADES, cells, texts, ())
    assert found is not None
    assert found.names == TRADES.columns
    assert found.seen[2] == 0.0


def boxes(*spans: tuple[int, int, int]) -> list[Cell]:
    """Cells by (row, column, columns)."""
    corners = corners_of((0, 0, 1, 1))
    return [Cell(0, row, column, 1, span, corners) for row, column, span in spans]


def test_a_column_in_one_row_is_none() -> None:
    """A false rule through one heading parts no column of the table."""
    body = [(row, column, 1 if column == 0 else 2) for row in range(1, 5) for column in (0, 1)]
    cells = without_false_columns(boxes((0, 0, 1), (0, 1, 1), (0, 2, 1), *body))
    assert [(cell.column, cell.column_span) for cell in cells[:3]] == [(0, 1), (1, 1), (1, 1)]
    assert {(cell.column, cell.column_span) for cell in cells[3:]} == {(0, 1), (1, 1)}


@pytest.mark.parametrize("false", [[(0, 1, 1)], [(1, 0, 2)]])
def test_lines_above_a_table_are_no_row_of_it(false: list[tuple[int, int, int]]) -> None:
    """What does not go from side to side above a table, or lies over cells of its first row, is none of its cells."""
    true = [(row, column, 1) for row in (1, 2) for column in range(3)]
    kept = without_false_top(boxes(*false, *true))
    assert [(cell.row, cell.column, cell.column_span) for cell in kept] == true


def test_a_sentence_that_false_rules_part_is_one_cell() -> None:
    """Parentheses one above the other look like rules; a row of the table's first column holds one sentence all the same."""
    corners = corners_of((0, 0, 1, 1))
    heads = [Cell(0, row, 0, span, 1, corners) for row, span in ((0, 1), (1, 2), (3, 1), (4, 1))]
    words = [Cell(0, row, 1, span, 1, corners) for row, span in ((0, 1), (1, 2), (3, 1), (4, 1))]
    parted = [Cell(0, 1, 2, 2, 1, corners), Cell(0, 1, 3, 1, 1, corners), Cell(0, 2, 3, 1, 1, corners)]
    whole = [Cell(0, row, 2, 1, 4, corners) for row in (0, 3, 4)]
    inner = [*words, *parted, Cell(0, 1, 4, 2, 2, corners), *whole]
    found = join_parted([*heads, *inner], inner)
    assert [(cell.row, cell.column, cell.column_span) for cell in found] == [
        (row, *place) for row in (0, 1, 3, 4) for place in ((1, 1), (2, 4))
    ]


def test_a_row_of_cells_that_are_all_lower_keeps_them() -> None:
    """A false rule from side to side parts every cell of a row but the first column's: nothing is joined, nothing lost."""
    corners = corners_of((0, 0, 1, 1))
    heads = [Cell(0, row, 0, span, 1, corners) for row, span in ((0, 1), (1, 2))]
    inner = [Cell(0, row, column, 1, 1, corners) for row in range(3) for column in (1, 2)]
    assert join_parted([*heads, *inner], inner) == inner


def test_a_narrow_table_keeps_its_first_row() -> None:
    """Of a table of two columns nothing is taken away."""
    cells = boxes((0, 0, 1), (1, 0, 1), (1, 1, 1))
    assert without_false_top(cells) == cells


@pytest.mark.parametrize("text", ["0", "128", ""])
def test_a_cell_s_line_is_as_high_as_print(text: str) -> None:
    """Digits alone are cut with the room of a line of words; of an empty cell there is a line without ink."""
    gray = np.full((120, 240), 240, np.uint8)
    cv2.rectangle(gray, (10, 20), (200, 80), 30, 2)
    cv2.putText(gray, text, (90, 58), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 20, 2)
    pixels = np.repeat(np.asarray(gray, dtype=np.uint8)[:, :, None], 3, axis=2)
    upright = Upright(Page(Path("x"), 1, pixels), pixels[:, :, 0], np.eye(3))
    (line,) = cell_to_lines(upright, Cell(0, 0, 0, 1, 1, corners_of((10, 20, 200, 80))), 20.0)
    assert (line.ink is None) is (text == "")
    if line.ink is not None:
        dark = np.flatnonzero((line.line.bgr[8:-8].min(axis=2) < 120).any(axis=0))
        assert line.ink[0] <= dark[0] < dark[-1] <= line.ink[1]
        rows = np.flatnonzero((line.line.bgr.min(axis=2) < 120)[:, int(line.ink[0]) : int(line.ink[1])].any(axis=1))
        assert len(rows) < 0.75 * 48


def find_of(page: int, values: dict[str, str], columns: Sequence[str] = UNITS.columns) -> TableFind:
    """A table of a page with these slots."""
    slots = {slot.path: slot for slot in UNITS.slots}
    items: dict[str, list[Evidence]] = {}
    empty = np.zeros((0, 5), np.float32)
    nothing, sure = (0.0, 0.0), (1.0, 1.0)
    for path, text in values.items():
        key, _, name = path.partition(".")
        slot = slots[f"{key.partition('[')[0]}.{name}"]
        seen = Placement(
            path,
            slot,
            blank_line(2, page=page),
            empty,
            tuple(text),
            empty[:, 0],
            nothing,
            nothing,
            nothing,
            sure,
            True,
        )
        items.setdefault(key.partition("[")[0], []).append(Evidence(seen, 0, 0.0, 0.0, None))
    return TableFind(page, (), (), tuple((key, tuple(found)) for key, found in items.items()), tuple(columns))


def test_rows_of_the_next_page_are_counted_on() -> None:
    """Units on a second page follow those on the first, with the total that only it holds."""
    first = find_of(1, {"units.name": "甲厂", "units[2].name": "乙厂"})
    second = find_of(2, {"units.name": "丙厂", "total.teams": "9"})
    (found,) = gather([first, second], UNITS)
    assert [one.placement.path for one in found.items["units"]] == ["units.name", "units[2].name", "units[3].name"]
    assert "total" in found.items
    assert found.pages == (1, 2)


@pytest.mark.parametrize(("name", "seed"), [("units-2027", 3000901), ("self-check-2027", 3000902)])
def test_a_scan_of_another_form_is_read(name: str, seed: int, tmp_path: Path) -> None:
    """A scanned return of a form with cells, and of one with boxes, is read right, and nothing wrong is accepted."""
    form = sample_forms()[name]
    recipe = Recipe("flatbed", pages=1, suffix=".png", turn=0, retyped=False, seal=False)
    path = tmp_path / make_file([recipe], seed, tmp_path / "return", form=form).file
    (truth,) = read_truth(truth_path(path)).returns
    (reading,) = read(path, form=form, readers=load_readers(form)).readings
    slots = {slot.path: slot for slot in reading.slots}
    wrong = [slot.path for slot in truth.slots if not is_right(slot, slots[slot.path])]
    assert len(wrong) <= 0.05 * len(truth.slots)
    assert all(slots[path].review for path in wrong)
