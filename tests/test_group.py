"""Tables to returns, whatever the order of the pages; and a printed file through the whole flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.glyphs import FLOOR
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.group import gather, tables_to_returns
from pipeline.reading.read import Readers, read
from schemas.errors import UnknownForm
from schemas.flow import Evidence, GlyphLine, Image, Line, SecondReading, State, TableFind
from schemas.form import SlotKind
from schemas.reading import Problem, Reading, Reason
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.conftest import ALPHABET, HEADER, PrintedReturn, filled_sentence, table_find, underscored

ITEMS = SAFETY_MONTH.items

NAME = "消防演讲比赛"


def cell(number: int, base: int) -> str:
    """Item `number` with values that count up from `base`."""
    slots = ITEMS[number - 1].slots
    return filled_sentence(
        ITEMS[number - 1],
        [NAME if slot.kind is SlotKind.TEXT else str(base + place) for place, slot in enumerate(slots)],
    )


def table(page: int, items: Sequence[int], *, base: int = 100, header: bool = False) -> TableFind:
    """A page's table that holds these items, values counting up from `base` in each."""
    return table_find(page, [cell(number, base) for number in items], header=HEADER if header else "")


@cache
def whole() -> TableFind:
    """All seven items on one page."""
    return table(1, range(1, 8), header=True)


def grouped(tables: Sequence[TableFind], *, roster: Sequence[str] = ()) -> tuple[Reading, ...]:
    return tables_to_returns(Path("return.pdf"), tables, SAFETY_MONTH, ALPHABET, ErrorBudget(), roster=roster)


def counts(reading: Reading) -> list[Value]:
    return [slot.value for slot in reading.slots if slot.path != "item7.name"]


def expected(base: int) -> list[int]:
    return [base + place for item in ITEMS for place, slot in enumerate(item.slots) if slot.kind is SlotKind.COUNT]


@given(order=st.permutations(range(1, 8)))
@settings(deadline=None, max_examples=8)
def test_rows_in_any_order(order: list[int]) -> None:
    """Whatever the order of a table's rows, slots come out in printed order with their own values."""
    (reading,) = grouped([table(1, order, header=True)])
    assert [slot.path for slot in reading.slots] == [slot.path for slot in SAFETY_MONTH.slots]
    assert counts(reading) == expected(100)
    assert (reading.pages, reading.first_page, reading.problems) == (1, 1, ())


@pytest.mark.parametrize("first", [True, False], ids=["in order", "out of order"])
def test_two_pages_are_one_return(first: bool) -> None:
    """Items 1 to 3 under the header and 4 to 7 without one are one return, whichever page is scanned first."""
    front, back = table(1, [1, 2, 3], header=True), table(2, [4, 5, 6, 7])
    pages = [front, back] if first else [replace(back, page=1), replace(front, page=2)]
    (reading,) = grouped(pages)
    assert counts(reading) == expected(100)
    assert (reading.pages, reading.problems) == (2, ())
    assert reading.header["unit"].value == "青禾县总工会"


@pytest.mark.parametrize("returns", [2, 3])
@pytest.mark.parametrize("with_header", [True, False])
def test_returns_in_one_file(returns: int, with_header: bool) -> None:
    """Several returns in one file, two pages each, are told apart by their headers, or by items that come again."""
    tables = []
    for number in range(returns):
        tables.append(table(2 * number + 1, [1, 2, 3], base=100 * (number + 1), header=with_header))
        tables.append(table(2 * number + 2, [4, 5, 6, 7], base=100 * (number + 1)))
    readings = grouped(tables)
    assert [counts(reading) for reading in readings] == [expected(100 * (number + 1)) for number in range(returns)]
    assert [reading.first_page for reading in readings] == [2 * number + 1 for number in range(returns)]
    assert [reading.problems for reading in readings] == [() if with_header else (Problem.NO_HEADER,)] * returns


def test_underlined_returns_in_one_file() -> None:
    """Slots without parentheses are no halves of one: two underlined returns in one file stay two."""
    tables = []
    for number in (1, 2):
        values = [[str(100 * number + place) for place in range(len(item.slots))] for item in ITEMS]
        cells = [underscored(item, own) for item, own in zip(ITEMS, values, strict=True)]
        tables.append(table_find(number, cells))
    readings = grouped(tables)
    assert [counts(reading)[0] for reading in readings] == [100, 200]


@pytest.mark.parametrize(
    ("behind", "review"),
    [("", False), ("另有____家", True)],
    ids=["all explained", "a gap to spare"],
)
def test_underlined_activities_may_have_shifted(behind: str, review: bool) -> None:
    """Several underlined activities stand for themselves, unless a line beneath a gap is left that belongs to none."""
    activities = "".join(underscored(ITEMS[6], [f"{NAME}{turn}", str(turn), str(10 * turn)]) for turn in (1, 2))
    found = table_find(1, [activities + behind])
    items = tuple(
        (item, tuple(replace(piece, placement=replace(piece.placement, certain=False)) for piece in evidence))
        for item, evidence in found.items
    )
    (reading,) = grouped([replace(found, items=items)])
    own = [slot for slot in reading.slots if slot.path.startswith("item7")]
    assert [slot.value for slot in own[1::3]] == [1, 2]
    assert all((Reason.PLACE_UNSURE in slot.reasons) is review for slot in own)


def test_a_second_header_begins_a_return() -> None:
    """A page with its own header is another return, even where its items would fill the first one's gaps."""
    readings = grouped([table(1, [1, 2, 3], header=True), table(2, [4, 5, 6, 7], header=True)])
    assert [reading.pages for reading in readings] == [1, 1]
    assert all(Problem.ITEMS_MISSING in reading.problems for reading in readings)


@pytest.mark.parametrize("items", [[1, 2, 3], [4, 5, 6, 7], [7]])
def test_what_is_on_no_page_is_told(items: list[int]) -> None:
    """All 39 slots come out though pages are missing; those of missing items are unreadable, not blank."""
    (reading,) = grouped([table(1, items, header=True)])
    assert len(reading.slots) == 39
    assert reading.review
    assert Problem.ITEMS_MISSING in reading.problems
    for slot in reading.slots:
        there = int(slot.path[4]) in items
        assert (slot.state is State.VALUE) is there
        assert (Reason.SLOT_MISSING in slot.reasons) is not there


def halved(whole: TableFind, item: str, kept: range) -> tuple[str, tuple[Evidence, ...]]:
    """An item of a table as a cell shows it that holds only some of its slots: the others are on no line."""
    evidence = dict(whole.items)[item]
    return item, tuple(
        piece
        if place in kept and piece.placement.line is not None
        else replace(piece, placement=replace(piece.placement, line=None))
        for place, piece in enumerate(evidence)
    )


@pytest.mark.parametrize("cut", range(1, 10))
def test_an_item_cut_by_the_page_end_is_one(cut: int) -> None:
    """A row on two pages is put together: each slot comes from the page on which it stands."""
    first, second = table(1, [1, 2, 3], header=True), table(2, [3, 4, 5, 6, 7])
    front = replace(first, items=(*first.items[:2], halved(first, "item3", range(cut))))
    back = replace(second, items=(halved(second, "item3", range(cut, 10)), *second.items[1:]))
    (reading,) = grouped([front, back])
    assert counts(reading) == expected(100)
    assert [slot.page for slot in reading.slots if slot.path.startswith("item3.")] == [1] * cut + [2] * (10 - cut)


@given(number=st.integers(1, 7), where=st.floats(0.01, 0.99))
@settings(deadline=None, max_examples=25)
def test_a_row_cut_anywhere_makes_no_wrong_value(number: int, where: float) -> None:
    """Wherever the page end cuts a row, in a word or in a number, no slot has a wrong value that nobody looks at."""
    text = cell(number, 100)
    cut = 1 + int(where * (len(text) - 1))
    front, back = (
        table_find(page, [part], header=HEADER if page == 1 else "") for page, part in ((1, text[:cut]), (2, text[cut:]))
    )
    others = dict(whole().items)
    before = tuple((f"item{other}", others[f"item{other}"]) for other in range(1, number))
    behind = tuple((f"item{other}", others[f"item{other}"]) for other in range(number + 1, 8))
    truth = {slot.path: slot.value for slot in grouped([whole()])[0].slots}
    readings = grouped([replace(front, items=before + front.items), replace(back, items=back.items + behind)])
    accepted = [slot for reading in readings for slot in reading.slots if not slot.review]
    assert {slot.path: slot.value for slot in accepted if slot.value != truth[slot.path]} == {}


def test_tables_without_items_make_no_return() -> None:
    """No tables are no returns."""
    assert gather([], SAFETY_MONTH) == []


@pytest.mark.parametrize(
    ("roster", "unit", "problems", "review"),
    [
        ((), "青禾县总工会", (), False),
        (("青禾县总工会", "白石区总工会"), "青禾县总工会", (), False),
        (("白石区总工会", "云川市电力工会"), "青禾县总工会", (Problem.UNIT_UNKNOWN,), True),
    ],
)
def test_unit_is_looked_up(roster: tuple[str, ...], unit: str, problems: tuple[Problem, ...], review: bool) -> None:
    """A unit that is not in the roster stays as it was read, and a person is told."""
    (reading,) = grouped([table(1, range(1, 8), header=True)], roster=roster)
    assert reading.header["unit"].value == unit
    assert (reading.problems, reading.header["unit"].review) == (problems, review)


def test_a_return_without_header_says_so() -> None:
    """Without fields above the table nobody knows whose return it is: it is for review."""
    (reading,) = grouped([table(1, range(1, 8))], roster=("青禾县总工会",))
    assert reading.problems == (Problem.NO_HEADER,)
    assert reading.review
    assert {field.value for field in reading.header.values()} == {None}


def test_further_activities_stand_behind_the_first() -> None:
    """A return with three activities has six slots more, at the end and in order."""
    activities = "".join(filled_sentence(ITEMS[6], [f"{NAME}{turn}", str(turn), str(10 * turn)]) for turn in (1, 2, 3))
    (reading,) = grouped([table_find(1, [*(cell(number, 100) for number in range(1, 7)), activities], header=HEADER)])
    assert [slot.path for slot in reading.slots[36:]] == [
        f"{key}.{name}" for key in ("item7", "item7[2]", "item7[3]") for name in ("name", "sessions", "attendance")
    ]
    assert [slot.value for slot in reading.slots[37::3]] == [1, 2, 3]


@pytest.mark.parametrize(("second", "review"), [(NAME, True), (f"{NAME}决赛", False)])
def test_activities_of_one_name_are_shown(second: str, review: bool) -> None:
    """A line that was cut twice from a page looks like a second activity: nothing but its name gives it away."""
    activities = "".join(filled_sentence(ITEMS[6], [name, "3", "30"]) for name in (NAME, second))
    found = table_find(1, [activities], header=HEADER)
    scanned = tuple(
        replace(piece, placement=replace(piece.placement, certain=False)) for piece in dict(found.items)["item7"]
    )
    (reading,) = grouped([replace(found, items=(("item7", scanned),))])
    own = [slot for slot in reading.slots if slot.path.startswith("item7")]
    assert len(own) == 6
    assert all((Reason.PLACE_UNSURE in slot.reasons) is review for slot in own)


@pytest.mark.parametrize("lost", [None, 0, 3])
def test_where_a_slot_is_lost_its_neighbours_are_shown(lost: int | None) -> None:
    """A scan's item of which one slot was not found may hold its value in a neighbour; other items are not doubted."""
    found = whole()
    items = {
        key: tuple(replace(piece, placement=replace(piece.placement, certain=False)) for piece in evidence)
        for key, evidence in found.items
    }
    if lost is not None:
        gone = items["item5"][lost]
        bare = replace(gone, placement=replace(gone.placement, line=None, stretches=()))
        items["item5"] = (*items["item5"][:lost], bare, *items["item5"][lost + 1 :])
    (reading,) = grouped([replace(found, items=tuple(items.items()))])
    own = [slot for slot in reading.slots if slot.path.startswith("item5") and Reason.SLOT_MISSING not in slot.reasons]
    assert len(own) == len(ITEMS[4].slots) - (lost is not None)
    assert all((Reason.PLACE_UNSURE in slot.reasons) is (lost is not None) for slot in own)
    assert not any(Reason.PLACE_UNSURE in slot.reasons for slot in reading.slots if not slot.path.startswith("item5"))


def test_printed_returns_read_back(printed_returns: tuple[PrintedReturn, ...], readers: Readers) -> None:
    """A typed PDF comes back as it was filled in: each slot's state, value, page and place, and the unit."""
    for made in printed_returns:
        (reading,) = read(made.printed.path, form=SAFETY_MONTH, readers=readers).readings
        assert reading.header["unit"].value == made.filled.header.unit
        assert reading.pages == made.printed.pages
        truth = [(slot.path, slot.state, slot.value) for slot in made.filled.slots]
        assert [(slot.path, slot.state, slot.value) for slot in reading.slots] == truth
        for slot, printed in zip(reading.slots, made.printed.slots, strict=True):
            assert slot.page == printed.page
            assert slot.box is not None
            left, top, right, bottom = printed.box
            middle = (slot.box[0] + slot.box[2]) / 2, (slot.box[1] + slot.box[3]) / 2
            assert left - 0.01 < middle[0] < right + 0.01, slot.path
            assert top - 0.01 < middle[1] < bottom + 0.01, slot.path


def blank_glyphs(lines: Sequence[Line]) -> list[GlyphLine]:
    """A recogniser that sees nothing on any line."""
    seen = []
    for line in lines:
        steps = line.bgr.shape[1] // 8
        log_probs = np.full((steps, ALPHABET.size), np.log(FLOOR), np.float32)
        log_probs[:, 0] = 0.0
        edges = np.column_stack([np.arange(steps) * 8.0, np.arange(1, steps + 1) * 8.0]).astype(np.float32)
        seen.append(GlyphLine(line, log_probs, ("",) * steps, np.ones(steps, np.float32), edges))
    return seen


def crash_glyphs(lines: Sequence[Line]) -> list[GlyphLine]:
    """A recogniser that fails."""
    raise RuntimeError("crash")


def blank_slots(crops: Sequence[Image]) -> list[SecondReading]:
    """A second reader that sees nothing."""
    return [SecondReading("", 0.0) for _ in crops]


def always_upside_down(lines: Sequence[Line]) -> float:
    """A direction classifier that is sure of the wrong thing."""
    return 1.0


@pytest.fixture(scope="module")
def scan(printed_returns: tuple[PrintedReturn, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first page of the blank form's own layout, items 1 to 3, as a picture without a text layer."""
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(printed_returns[0].printed.path)
    path = tmp_path_factory.mktemp("scan") / "scan.png"
    document[0].render(scale=2.5).to_pil().save(path)
    document.close()
    return path


def test_a_recogniser_that_sees_nothing_knows_no_form(scan: Path, readers: Readers) -> None:
    """A table in which nothing can be read is not of this form: told as such, not as 39 blanks."""
    with pytest.raises(UnknownForm):
        read(scan, form=SAFETY_MONTH, readers=replace(readers, scout=None, glyphs=blank_glyphs))


def test_a_crash_is_not_hidden(scan: Path, readers: Readers) -> None:
    """A recogniser that fails is a defect to be seen, not an empty reading."""
    with pytest.raises(RuntimeError, match="crash"):
        read(scan, form=SAFETY_MONTH, readers=replace(readers, scout=None, glyphs=crash_glyphs))


@pytest.mark.parametrize("fault", ["blank second reader", "no second reader", "wrong about upside down"])
def test_values_survive_a_faulty_helper(
    scan: Path, readers: Readers, printed_returns: tuple[PrintedReturn, ...], fault: str
) -> None:
    """Whatever is wrong with second reader or direction classifier, no value of a clean scan is wrong unflagged."""
    faulty = {
        "blank second reader": replace(readers, second=blank_slots),
        "no second reader": replace(readers, second=None),
        "wrong about upside down": replace(readers, is_upside_down=always_upside_down),
    }[fault]
    (reading,) = read(scan, form=SAFETY_MONTH, readers=faulty).readings
    truth = {slot.path: (slot.state, slot.value) for slot in printed_returns[0].filled.slots}
    here = [slot for slot in reading.slots if slot.page == 1]
    assert [slot.path for slot in here] == [slot.path for item in ITEMS[:3] for slot in item.slots]
    assert {slot.path for slot in here if (slot.state, slot.value) != truth[slot.path] and not slot.review} == set()
    assert sum((slot.state, slot.value) == truth[slot.path] for slot in here) > len(here) // 2
    assert (Problem.NO_SECOND_READER in reading.problems) is (fault == "no second reader")
