"""Pictures for reviewers: pages upright, crops that show the slot, and files that kill what opens them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.office.archive import Archive
from pipeline.store import ReturnInHand, ReturnRow
from pipeline.web.images import Pictures
from pipeline.web.turns import TURNS, page_turn, turn_box
from schemas.flow import Box, Image, State
from schemas.office import FileState, StoredReturn
from schemas.reading import Reading, SlotReading
from schemas.safety_month import SAFETY_MONTH
from tests.office import START, reading_of

PAPER, INK = 235, 20

WIDE, HIGH = 1240, 1754
"""A page of A4 at 150 dpi."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Where originals lie."""
    made = Archive(tmp_path_factory.mktemp("home"))
    made.folder.mkdir()
    return made


@pytest.fixture(scope="module")
def pictures(archive: Archive) -> Iterator[Pictures]:
    """Pictures of all tests' originals: the process that draws takes seconds to start."""
    made = Pictures(archive, archive.home / "cache")
    yield made
    made.close()


@pytest.fixture
def original(archive: Archive) -> Path:
    """Where a test may put an original of its own."""
    return archive.folder / f"{uuid4().hex}.png"


@given(turn=st.sampled_from(TURNS), lines=st.lists(st.integers(2, 4), min_size=2, max_size=12))
def test_page_is_turned_upright_whichever_way_it_came(turn: int, lines: list[int]) -> None:
    upright = _boxes(lines)
    came = [turn_box(box, turn) for box in upright]
    assert page_turn(_reading(came), 1) == (360 - turn) % 360


@given(turn=st.sampled_from(TURNS), box=st.tuples(*[st.floats(0, 1)] * 4))
def test_turning_back_gives_the_box(turn: int, box: Box) -> None:
    assert turn_box(turn_box(box, turn), (360 - turn) % 360) == pytest.approx(box)


def test_page_of_one_slot_stays_as_it_came() -> None:
    assert page_turn(_reading([(0.1, 0.2, 0.2, 0.9)]), 1) == 0


@pytest.mark.parametrize("turn", TURNS)
def test_crop_shows_the_ink_of_its_slot_upright(original: Path, pictures: Pictures, turn: int) -> None:
    boxes = _boxes([2] * 19 + [1])
    page = _page(boxes)
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    came = page if turn == 0 else cv2.rotate(page, codes[turn])
    cv2.imwrite(str(original), came)
    held = _held(_reading([turn_box(box, turn) for box in boxes]), (original.name,))
    crop = pictures.slot(held, SAFETY_MONTH.slots[7].path)
    assert crop is not None
    shown = cv2.imread(str(crop), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    dark = np.argwhere(shown < 90)
    # The mark is a horizontal stroke in the middle of its slot, which stands in the middle of the crop.
    (high, wide), (y, x) = np.ptp(dark, axis=0), dark.mean(axis=0)
    assert wide > 3 * high
    assert y == pytest.approx(shown.shape[0] / 2, rel=0.1)
    assert x == pytest.approx(shown.shape[1] / 2, rel=0.1)


def test_page_is_drawn_once_and_kept(original: Path, pictures: Pictures) -> None:
    cv2.imwrite(str(original), _page([]))
    held = _held(_reading(_boxes([2, 2])), (original.name,))
    first = pictures.page(held, 1)
    assert first is not None
    drawn = first.stat().st_mtime_ns
    assert pictures.page(held, 1) == first
    assert first.stat().st_mtime_ns == drawn


def test_clean_view_has_no_seal(original: Path, pictures: Pictures) -> None:
    page = cv2.cvtColor(_page(_boxes([2] * 4)), cv2.COLOR_GRAY2BGR)
    cv2.circle(page, (620, 1200), 120, (60, 60, 220), 12)
    cv2.imwrite(str(original), page)
    held = _held(_reading(_boxes([2] * 4)), (original.name,))
    seen, clean = pictures.page(held, 1), pictures.page(held, 1, clean=True)
    assert seen is not None
    assert clean is not None
    before, after = (cv2.imread(str(path), cv2.IMREAD_COLOR) for path in (seen, clean))
    assert before is not None
    assert after is not None
    redness = [int((part[:, :, 2].astype(int) - part[:, :, 1]).max()) for part in (before, after)]
    assert redness[0] > 100
    assert redness[1] < 40


def test_second_page_comes_from_the_second_file(archive: Archive, pictures: Pictures) -> None:
    for place, level in enumerate((80, 200)):
        cv2.imwrite(str(archive.folder / f"{place}.png"), np.full((400, 300), level, np.uint8))
    files = [{"name": "0.png", "first_page": 1}, {"name": "1.png", "first_page": 2}]
    reading = Reading.model_validate({**_reading(_boxes([2])).model_dump(), "pages": 2, "files": files})
    shown = pictures.page(_held(reading, ("0.png", "1.png")), 2)
    assert shown is not None
    picture = cv2.imread(str(shown), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert abs(float(picture.mean()) - 200) < 2


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 nothing", b"\xff\xd8\xff\xe0 no picture"])
def test_original_that_opens_no_more_has_no_picture(original: Path, pictures: Pictures, content: bytes) -> None:
    original.write_bytes(content)
    held = _held(_reading(_boxes([2])), (original.name,))
    assert pictures.page(held, 1) is None
    assert pictures.slot(held, SAFETY_MONTH.slots[0].path) is None


def test_slot_on_no_page_has_no_crop(original: Path, pictures: Pictures) -> None:
    assert pictures.slot(_held(_reading([]), (original.name,)), "item1.lectures") is None
    assert pictures.slot(_held(_reading([]), (original.name,)), "../../etc/passwd") is None


def test_killed_painter_is_followed_by_another(original: Path, pictures: Pictures) -> None:
    cv2.imwrite(str(original), _page([]))
    first, second = (_held(_reading(_boxes([count])), (original.name,)) for count in (2, 3))
    assert pictures.page(first, 1) is not None
    pool = pictures._pool
    assert pool is not None
    for process in list(pool._processes.values()):
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    pictures.page(second, 1)
    assert pictures.page(second, 1) is not None


def _boxes(lines: list[int]) -> list[Box]:
    """Slots in printed order: so many in each line, lines down an A4 page."""
    made: list[Box] = []
    for line, count in enumerate(lines):
        top = 0.05 + 0.045 * line
        made += [(0.1 + 0.2 * place, top, 0.16 + 0.2 * place, top + 0.015) for place in range(count)]
    return made


def _page(boxes: list[Box]) -> Image:
    """A page, grey, with a stroke in the middle of each slot."""
    page = np.full((HIGH, WIDE), PAPER, np.uint8)
    for left, top, right, bottom in boxes:
        x, y = (left + right) / 2 * WIDE, (top + bottom) / 2 * HIGH
        cv2.rectangle(page, (round(x - 18), round(y - 2)), (round(x + 18), round(y + 2)), INK, -1)
    return page


def _reading(boxes: list[Box]) -> Reading:
    """A return of one page whose first slots stand in these boxes; the others stand on no page."""
    empty = reading_of({})
    slots: list[SlotReading] = []
    for place, slot in enumerate(empty.slots):
        here = {"page": 1, "box": boxes[place]} if place < len(boxes) else {"page": None, "box": None}
        slots.append(slot.model_copy(update={**here, "state": State.BLANK}))
    more = [
        slots[0].model_copy(update={"path": f"item7[{turn}].name", "page": 1, "box": box})
        for turn, box in enumerate(boxes[len(slots) :], 2)
    ]
    return empty.model_copy(update={"slots": (*slots, *more), "pages": 1})


def _held(reading: Reading, kept: tuple[str, ...]) -> ReturnInHand:
    stored = StoredReturn(1, 1, kept[0], "0" * 64, START, reading)
    row = ReturnRow(1, 1, kept[0], None, "", START, FileState.REVIEW, 0, 0, 0, "", None, 0)
    return ReturnInHand(stored, SAFETY_MONTH, row, {}, {}, frozenset(), tuple((name, name) for name in kept))
