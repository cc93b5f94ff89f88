"""Made returns: the same seed makes the same bytes, and the truth tells what stands on the paper, and where."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from extractors.pages import open_pages
from samples import fonts, maker
from samples.capture import CAPTURES
from samples.committed import FILES, HERE, SEED
from samples.fonts import FontMissing
from samples.hard import KINDS, capture_for
from samples.layout import plain_layout
from samples.make import main, make_set, recipe_in_turn
from samples.maker import Recipe, make_file
from samples.spellings import SPELLINGS, chinese, counter, spell
from samples.truth import Truth, TruthCell, read_truth, truth_path
from schemas.flow import Image, State
from schemas.safety_month import SAFETY_MONTH

PATHS = tuple(slot.path for slot in SAFETY_MONTH.slots)

SPELLED: tuple[tuple[str, str, int | None, str], ...] = (
    ("full-width", "３２０", 320, ""),
    ("comma", "1,280", 1280, ""),
    ("wide-comma", "1，280", 1280, ""),
    ("ten-thousands", "1.2万", 12_000, ""),
    ("ten-thousands", "2万", 20_000, ""),
    ("chinese", "三十", 30, ""),
    ("chinese", "三百二十", 320, ""),
    ("chinese", "一千二百八十", 1280, ""),
    ("two", "两", 2, ""),
    ("nought", "零", 0, ""),
    ("ring", "〇", 0, ""),
    ("none", "无", 0, ""),
    ("slash", "/", None, ""),
    ("dash", "—", None, ""),
    ("about", "约300", 300, ""),
    ("over", "300余", 300, ""),
    ("nearly", "近300", 300, ""),
    ("more", "300多", 300, ""),
    ("unit", "5场", 5, "场"),
    ("unit", "320人次", 320, "人次"),
    ("spaces", " 5 ", 5, ""),
    ("apart", "3 2 0", 320, ""),
)


@pytest.fixture(scope="module")
def hard_set(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    """One return of every hard kind by its kind, and the folder they lie in; digital where the kind can be."""
    folder = tmp_path_factory.mktemp("hard")
    truths = make_set(folder, seed=5, count=len(KINDS), captures=("digital",), hard=tuple(KINDS))
    return folder, dict(zip(KINDS, truths, strict=True))


@pytest.fixture(scope="module", params=["digital", "camscanner", "photo"])
def plain_return(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Image], Truth]:
    """A return in the blank form's own layout, its pages in grey, and its truth."""
    folder = tmp_path_factory.mktemp("plain")
    recipe = Recipe(request.param, seal=False, seal_values=False, retyped=False, turn=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maker, "draw_layout", lambda *_, **__: plain_layout())
        truth = make_file([recipe], 3, folder / "return").returns[0]
    return _gray_pages(folder / truth.file), truth


def test_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    """The same seed makes the same bytes in one process and in two."""
    made = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        make_set(folder, seed=8, count=3, captures=("digital", "fax"), hard=("none", "row-cut"), workers=workers)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]


def test_no_kind_is_as_without(tmp_path: Path) -> None:
    """The kind `none` makes the bytes that are made without kinds."""
    made = []
    for name, hard in (("without", ()), ("none", ("none",))):
        make_set(tmp_path / name, seed=8, count=2, captures=("digital", "fax"), hard=hard)
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert made[0] == made[1]


def test_kinds_change_nothing_else(tmp_path: Path) -> None:
    """A kind that is all in the rules leaves the contents as they are without it."""
    without, ruled = (
        make_set(tmp_path / str(place), seed=8, count=1, captures=("digital",), hard=hard)[0]
        for place, hard in enumerate(((), ("rules-double",)))
    )
    assert (without.slots, without.cells, without.header) == (ruled.slots, ruled.cells, ruled.header)


def test_other_seed_other_values(tmp_path: Path) -> None:
    """Another seed fills in other values."""
    one, other = (make_set(tmp_path / str(seed), seed=seed, count=1, captures=("digital",))[0] for seed in (8, 9))
    assert [slot.value for slot in one.slots] != [slot.value for slot in other.slots]


def test_boxes_end_in_parentheses(plain_return: tuple[list[Image], Truth]) -> None:
    """A slot's box begins with an opening parenthesis and ends with a closing one, in a page as in a photograph of it."""
    pages, truth = plain_return
    wrong = []
    for slot in truth.slots:
        gray = pages[slot.page - 1]
        height, width = gray.shape
        left, top, right, bottom = np.array(slot.box) * (width, height, width, height)
        # A full-width parenthesis has its ink in the inner half of its em, and nothing in the outer third.
        em = (bottom - top) / 1.02
        middle = gray[round(top + em / 4) : round(bottom - em / 4)]
        for outer, inner in ((left, 1), (right, -1)):
            edges = [round(outer + inner * em * part) for part in (0.02, 0.32, 0.95)]
            empty, inked = (middle[:, min(pair) : max(pair)] for pair in (edges[:2], edges[1:]))
            if _has_ink(empty) or not _has_ink(inked):
                wrong.append(slot.path)
    assert wrong == []


def test_corners_lie_on_rules(plain_return: tuple[list[Image], Truth]) -> None:
    """Straight lines between a cell's corners run along rules, in a page as in a photograph of it."""
    pages, truth = plain_return
    assert min(_ruled_share(pages[cell.page - 1], cell) for cell in truth.cells) > 0.95


def test_no_rules_draws_none(hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """A table without rules has no ink between its cells' corners."""
    folder, truths = hard_set
    truth = truths["no-rules"]
    pages = _gray_pages(folder / truth.file)
    assert max(_ruled_share(pages[cell.page - 1], cell) for cell in truth.cells) < 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_opens_with_every_slot(kind: str, hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """A file of any hard kind opens, its truth names the kind, and holds every slot of the form, in its order."""
    folder, truths = hard_set
    truth = truths[kind]
    pages = list(open_pages(folder / truth.file))
    assert kind in truth.modifiers
    assert tuple(slot.path for slot in truth.slots if "[" not in slot.path) == PATHS
    assert {slot.page for slot in truth.slots} <= {page.number for page in pages}
    assert all(0 <= edge <= 1 for slot in truth.slots for edge in slot.box)


def test_row_cut_stands_on_two_pages(hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """A cut row has cells on two pages."""
    cells = hard_set[1]["row-cut"].cells
    assert any(one.row == other.row and one.page < other.page for one in cells for other in cells)


def test_reordered_keeps_cells_with_their_items(hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """Items in another order keep their numbers in the truth: each slot lies within the cell of its own item."""
    truth = hard_set[1]["reordered"]
    rows = [cell.row for cell in sorted(truth.cells, key=lambda cell: (cell.page, cell.corners[0][1])) if cell.column]
    assert rows != sorted(rows)
    for slot in truth.slots:
        number = int(slot.path.removeprefix("item")[0])
        cells = [cell for cell in truth.cells if (cell.row, cell.column, cell.page) == (number, 1, slot.page)]
        assert any(cell.corners[0][1] <= slot.box[1] and slot.box[3] <= cell.corners[2][1] for cell in cells), slot.path


def test_activities_are_several(hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """A return of several activities has two to five."""
    names = [slot for slot in hard_set[1]["activities"].slots if slot.path.endswith(".name")]
    assert 2 <= len(names) <= 5


def test_underlined_slots_have_no_parentheses(hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """Some slots of an underlined return have no parentheses in the text layer."""
    folder, truths = hard_set
    truth = truths["underlined"]
    opened = sum(char.text == "(" for page in open_pages(folder / truth.file) for char in page.chars)
    # The form prints two pairs more: 填报单位（盖章） and （含危险作业罪）.
    assert opened < len(truth.slots) + 2


def test_low_res_is_small(hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """A picture of few pixels has 600 to 900 on its long side."""
    folder, truths = hard_set
    pages = open_pages(folder / truths["low-res"].file)
    assert all(truths["low-res"].file.endswith(".jpg") and 600 <= max(page.pixels.shape) <= 900 for page in pages)


@pytest.mark.parametrize(("style", "raw", "value", "unit"), SPELLED)
def test_spellings(style: str, raw: str, value: int | None, unit: str) -> None:
    """What is written, and what it means: nothing for what is struck through, nought for 无."""
    written = spell(value, style, unit=unit)
    assert written is not None
    assert (written.raw, written.value) == (raw, value)
    assert written.state is (State.BLANK if value is None else State.VALUE)


def test_every_spelling_has_an_example() -> None:
    """No style is left out of the table."""
    assert {style for style, *_ in SPELLED} == {*SPELLINGS}


@pytest.mark.parametrize(
    ("value", "text"), [(0, "零"), (10, "十"), (15, "十五"), (105, "一百零五"), (1005, "一千零五"), (10_200, "一万零二百"),
                        (20_000, "二万"), (30_030, "三万零三十")],
)  # fmt: skip
def test_chinese_numerals(value: int, text: str) -> None:
    """Noughts between digits are written once."""
    assert chinese(value) == text


@pytest.mark.parametrize(("after", "unit"), [("人次；", "人次"), ("场/次，", "场"), ("人观看。", "人"), ("，", "")])
def test_counters(after: str, unit: str) -> None:
    """The counter is what the printed words behind a slot begin with."""
    assert counter(after) == unit


def test_odd_numbers_keep_slots_apart(hard_set: tuple[Path, dict[str, Truth]]) -> None:
    """Blank slots have no value, whatever stands in them; the others have one."""
    slots = hard_set[1]["odd-numbers"].slots
    assert all((slot.state is State.BLANK) == (slot.value is None) for slot in slots)
    assert sum(slot.raw is not None and not slot.raw.isdigit() for slot in slots) > 5


@pytest.mark.parametrize("captures", [("digital", "photo"), ("digital", "photo", "fax"), ("photo",)])
def test_kinds_meet_captures(captures: tuple[str, ...]) -> None:
    """In turns, every kind comes with every capture and every filling."""
    kinds, fillings = ("words", "none", "dates"), ("typed", "font")
    recipes = [recipe_in_turn(index, captures=captures, fillings=fillings, hard=kinds) for index in range(18)]
    assert {(recipe.hard, recipe.capture) for recipe in recipes} == {
        (hard, capture) for hard in (("words",), (), ("dates",)) for capture in captures
    }
    assert {recipe.filling for recipe in recipes} == {*fillings}


@pytest.mark.parametrize("kind", KINDS)
def test_captures_of_kinds(kind: str) -> None:
    """Whatever capture is asked for, a kind gets one that is known, and keeps it."""
    for capture in CAPTURES:
        given = capture_for(kind, capture)
        assert given in CAPTURES
        assert capture_for(kind, given) == given


def test_unknown_kind(tmp_path: Path) -> None:
    """An unknown kind is refused, and the message names those there are."""
    with pytest.raises(ValueError, match=r"smudged.*none.*rules-broken.*strong-skew"):
        make_set(tmp_path, seed=1, count=1, hard=("words", "smudged"))


def test_unknown_kind_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The command refuses an unknown kind as a wrong option."""
    with pytest.raises(SystemExit, match="2"):
        main(["--hard", "smudged"])
    assert "smudged" in capsys.readouterr().err


def test_missing_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A font that is not installed is told with its Debian package."""
    monkeypatch.setattr(fonts, "_ROOT", tmp_path)
    with pytest.raises(FontMissing, match="fonts-arphic-gbsn00lp"):
        # A size that nothing else draws in, for fonts are loaded once.
        fonts.picture_font("song", 1234)


def test_committed_samples_have_truth() -> None:
    """Every committed sample return has its truth beside it, and every truth its file."""
    files = {path for path in (HERE / "returns").iterdir() if not path.name.endswith(".truth.json")}
    truths = {truth_path(file): read_truth(truth_path(file)) for file in files}
    assert {path for path in (HERE / "returns").iterdir() if path.name.endswith(".truth.json")} == {*truths}
    assert {truth.file for truth in truths.values()} == {file.name for file in files}
    for truth in truths.values():
        assert all({slot.path for slot in one.slots} >= {*PATHS} for one in truth.returns)


def test_committed_samples_can_be_made_anew(tmp_path: Path) -> None:
    """A committed return's recipe and seed still make what was committed."""
    name, recipes = FILES[2]
    made = make_file(recipes, SEED + 2, tmp_path / name)
    assert made == read_truth(HERE / "returns" / f"{name}.truth.json")


def _gray_pages(file: Path) -> list[Image]:
    return [np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_BGR2GRAY), np.uint8) for page in open_pages(file)]


def _has_ink(gray: Image) -> bool:
    """Whether something dark stands in a piece of a page, as dark as print is in a photograph of it."""
    return bool(int(gray.min()) < 0.72 * float(np.median(gray)))


def _ruled_share(gray: Image, cell: TruthCell) -> float:
    """The share of points between a cell's corners with ink within a millimetre."""
    height, width = gray.shape
    reach = round(max(height, width) / 297)
    corners = np.array(cell.corners) * (width, height)
    hits = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        for part in np.linspace(0.02, 0.98, 25):
            x, y = (start + (end - start) * part).round().astype(int)
            hits.append(_has_ink(gray[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]))
    return float(np.mean(hits))
