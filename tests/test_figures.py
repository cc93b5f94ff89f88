"""What the digit reader's strings say, and what becomes of slots that it cannot look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from extractors.digits import CLASSES, PEN_LOOK, PRINT_LOOK, DigitReader, DigitSteps, Look, SlotPicture
from pipeline.judging.figures import (
    FURTHER_VIEWS,
    VIEWS,
    is_number,
    likeliest_number,
    read_closely,
    read_digits,
    read_over,
    split_struck,
)
from schemas.flow import DigitReading, Page, Placement
from schemas.form import Slot
from tests.test_judge import COUNT, TEXT, evidence

PAGE = Page(Path("x.png"), 1, np.full((200, 900, 3), 255, np.uint8))


def certainly(text: str) -> DigitSteps:
    """The steps of a reader that is certain of a string, printed."""
    steps = np.full((2 * len(text) + 1, 1 + len(CLASSES)), np.log(1e-6), np.float32)
    steps[::2, 0] = 0.0
    for place, char in enumerate(text):
        steps[2 * place + 1, 1 + CLASSES.index(char)] = 0.0
    return DigitSteps(steps, 0.1)


def reader_of(text: str, seen: list[int], look: Look = PRINT_LOOK) -> DigitReader:
    """A reader that is certain of the same string in every picture, and counts these."""

    def read(pictures: Sequence[SlotPicture]) -> list[DigitSteps]:
        seen.append(len(pictures))
        assert all(picture.planes.shape[:2] == (look.planes, look.height) for picture in pictures)
        return [certainly(text) for _ in pictures]

    return read


@pytest.mark.parametrize(
    ("text", "parts"),
    [("12~15", ("12", "15")), ("12~", ("12", "")), ("?~46", ("", "46")), ("3^5", ("", "35")), ("12~3^5", ("12", "35"))],
)
def test_a_struck_string_is_parted(text: str, parts: tuple[str, str]) -> None:
    """What is struck out stands before the sign, what was written instead behind it; illegible is nothing."""
    assert split_struck(text) == parts


@pytest.mark.parametrize(("text", "number"), [("", True), ("1,280", True), ("?", False), ("12~", False), ("3^5", False)])
def test_numbers_hold_digits_and_commas_alone(text: str, number: bool) -> None:
    """Signs make a string no number; nothing at all is a blank."""
    assert is_number(text) is number


def test_the_likeliest_number_has_no_commas() -> None:
    """A correction is told in digits, and not at all where something else is likelier."""
    assert likeliest_number(DigitReading({"1,280": 0.9, "?": 0.1}, 0.9)) == "1280"
    assert likeliest_number(DigitReading({"1,280": 0.1, "?": 0.9}, 0.9)) == ""
    assert likeliest_number(None) == ""


def placed(slot: Slot, parts: int) -> Placement:
    """A slot on so many lines."""
    placement = evidence("5", slot=slot).placement
    assert placement.line is not None
    return replace(placement, stretches=((placement.line, (40.0, 140.0)),) * parts)


def test_only_counts_that_were_found_are_read() -> None:
    """Words and slots that stand on no page have no digit reading; the others go in one batch."""
    seen: list[int] = []
    missing = replace(placed(COUNT, 1), line=None)
    read = read_digits(PAGE, [placed(COUNT, 1), placed(TEXT, 1), missing, placed(COUNT, 1)], reader_of("57", seen))
    assert [one is not None for one in read] == [True, False, False, True]
    assert seen == [2]


def test_a_slot_over_two_lines_is_one_string() -> None:
    """What a line break parts is read part by part and told as one string."""
    (read,) = read_digits(PAGE, [placed(COUNT, 2)], reader_of("57", []))
    assert read is not None
    assert max(read.strings, key=lambda text: read.strings[text]) == "5757"


def read_by_pen(texts: Sequence[str], *, parts: int = 1) -> DigitReading:
    """What becomes of a slot that a first glance takes for 7, where the pens' reader sees a text in each view in turn."""
    first = replace(placed(COUNT, parts), digits=DigitReading({"7": 1.0}, 0.97))
    first_views, further = texts[: len(VIEWS)], texts[len(VIEWS) :]
    views = iter([text for batch in (first_views, further) for _ in range(parts) for text in batch])
    (found,) = read_closely(PAGE, [first], lambda pictures: [certainly(next(views)) for _ in pictures])
    assert found.digits is not None
    return found.digits


def test_where_windows_agree_no_more_are_looked_through() -> None:
    """What each of the first windows shows is certain; the first glance is kept."""
    digits = read_by_pen(["57"] * len(VIEWS))
    assert digits.strings["57"] == pytest.approx(1.0, abs=0.01)
    assert (digits.pen, digits.glance) == (0.97, {"7": 1.0})
    assert len(digits.views) == len(VIEWS)


def test_a_doubt_is_settled_through_further_windows() -> None:
    """Where the first windows show different strings more are looked through, and each counts as much."""
    windows = len(VIEWS) + len(FURTHER_VIEWS)
    digits = read_by_pen(["57", *["51"] * (windows - 1)])
    assert max(digits.strings, key=lambda text: digits.strings[text]) == "51"
    assert digits.strings["57"] == pytest.approx(1 / windows, abs=0.01)
    assert len(digits.views) == windows


def test_each_view_of_a_parted_slot_is_one_string() -> None:
    """Of a slot on two lines each window shows both parts."""
    digits = read_by_pen(["57"] * len(VIEWS), parts=2)
    assert max(digits.strings, key=lambda text: digits.strings[text]) == "5757"


def test_pens_are_looked_at_closely() -> None:
    """The pens' reader gets pictures of its own look, over a slot too; slots without a first reading stay as they are."""
    seen: list[int] = []
    pens = reader_of("57", seen, PEN_LOOK)
    assert read_closely(PAGE, [replace(placed(TEXT, 1), digits=None)], pens)[0].digits is None
    read_closely(PAGE, [placed(COUNT, 1)], pens)
    read_over(PAGE, [placed(COUNT, 1)], pens, PEN_LOOK)
    assert seen == [len(VIEWS), 1]
