"""Pages that are hard to lay out: without a grid, broken off, upside down."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors.pages import open_pages
from pipeline.reading.page import broken_off, find_tables
from pipeline.reading.read import read
from pipeline.reading.readers import Readers
from samples.maker import Recipe, make_file
from schemas.reading import Reason
from schemas.safety_month import SAFETY_MONTH
from tests.bench.score import is_right
from tests.conftest import filled_sentence, table_find, underscored


@pytest.fixture(scope="module")
def no_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scanned return whose table has no lines."""
    folder = tmp_path_factory.mktemp("no-rules")
    recipe = Recipe("flatbed", pages=1, suffix=".png", turn=0, seal=False, retyped=False, hard=("no-rules",))
    return folder / make_file([recipe], 6100, folder / "return").file


def test_a_page_without_a_grid_is_read_all_the_same(no_rules: Path, readers: Readers) -> None:
    """Without rules most slots are still read right, and every one of them goes to a person, who is told why."""
    from samples.truth import read_truth, truth_path

    (truth,) = read_truth(truth_path(no_rules)).returns
    (reading,) = read(no_rules, form=SAFETY_MONTH, readers=readers).readings
    slots = {slot.path: slot for slot in reading.slots}
    right = sum(is_right(slot, slots[slot.path]) for slot in truth.slots if slot.path in slots)
    assert right > 0.8 * len(truth.slots)
    assert all(slot.review for slot in reading.slots)
    assert any(Reason.NO_GRID in slot.reasons for slot in reading.slots)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_page_is_read_whichever_way_it_lies(turned: int, readers: Readers, tmp_path: Path) -> None:
    """A page on its side or its head gives the same values as one that stands."""
    from samples.truth import read_truth, truth_path

    recipe = Recipe("camscanner", pages=1, suffix=".jpg", turn=turned, retyped=False)
    path = tmp_path / make_file([recipe], 6200, tmp_path / "return").file
    (truth,) = read_truth(truth_path(path)).returns
    (reading,) = read(path, form=SAFETY_MONTH, readers=readers).readings
    slots = {slot.path: slot for slot in reading.slots}
    assert [slot.path for slot in truth.slots if not is_right(slot, slots[slot.path])] == []


def test_what_a_page_breaks_off() -> None:
    """The item that a page ends with goes on, unless its last slot has been seen."""
    item = SAFETY_MONTH.items[4]
    text = filled_sentence(item, [str(place) for place in range(len(item.slots))])
    assert broken_off([table_find(1, [text])]) is None
    assert broken_off([table_find(1, [text[: text.rindex("（")]])]) == item.key
    assert broken_off([]) is None


def test_an_underlined_slot_ends_an_item() -> None:
    """A line beneath a page's last slot says as well as parentheses that nothing is broken off."""
    item = SAFETY_MONTH.items[4]
    text = underscored(item, [str(place) for place in range(len(item.slots))])
    assert broken_off([table_find(1, [text])]) is None


def test_a_page_of_something_else_has_no_items(readers: Readers, tmp_path: Path) -> None:
    """A page with neither grid nor sentences of the form gives no table with items."""
    import cv2
    import numpy as np

    picture = np.full((1200, 850, 3), 255, np.uint8)
    for row in range(12):
        cv2.putText(picture, "minutes of a meeting, 2026", (60, 100 + 60 * row), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    path = tmp_path / "letter.png"
    cv2.imwrite(str(path), picture)
    (page,) = open_pages(path)
    assert [table for table in find_tables(page, SAFETY_MONTH, readers) if table.items] == []
