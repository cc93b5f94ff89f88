"""Lines beneath gaps are found and wiped out; feet of characters, rules and what is written on a line stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.underline import LONG, SHORT, underscores_to_paper, wipe_underlines
from schemas.flow import Image, Line, Underline
from tests.conftest import ALPHABET, CHAR, blank_line, glyph_line

WIDTH = 20 * CHAR

# Where the feet of digits stand on a line, and an underline beneath them.
FEET, BENEATH = 34, 39


def drawn(*draw: Callable[[Image], object]) -> Line:
    """A white line with black drawings on it."""
    line = blank_line(WIDTH // CHAR)
    for one in draw:
        one(line.bgr)
    return line


def bar(left: int, right: int, top: int = BENEATH, thickness: int = 2) -> Callable[[Image], object]:
    return lambda bgr: cv2.rectangle(bgr, (left, top), (right - 1, top + thickness - 1), (0, 0, 0), -1)


def digit(text: str, left: int, feet: int = FEET) -> Callable[[Image], object]:
    return lambda bgr: cv2.putText(bgr, text, (left, feet), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)


@given(left=st.integers(30, 200), width=st.integers(2 * LONG, 200), thickness=st.integers(1, 4))
@settings(deadline=None, max_examples=30)
def test_a_line_beneath_a_value_is_wiped_out(left: int, width: int, thickness: int) -> None:
    """The line goes, is told of by its ends, and the value on it keeps every pixel."""
    value = digit("57", left + width // 2 - 20)
    wiped = wipe_underlines(drawn(value, bar(left, left + width, thickness=thickness)))
    (beneath,) = wiped.underlines
    assert (beneath.left, beneath.right) == pytest.approx((left, left + width), abs=2)
    assert beneath.clear
    assert np.array_equal(wiped.bgr, drawn(value).bgr)


@pytest.mark.parametrize("length", [SHORT + 4, 30, 60, 150])
def test_an_empty_gap_is_left_white(length: int) -> None:
    """A line of any length with nothing on it, one underscore or ten, leaves paper."""
    wiped = wipe_underlines(drawn(bar(100, 100 + length)))
    assert wiped.bgr.min() == 255
    assert len(wiped.underlines) == 1


def test_underscores_beside_a_value_are_two() -> None:
    """Typed underscores stop at the value: one run on either side."""
    wiped = wipe_underlines(drawn(bar(60, 85), digit("57", 100), bar(145, 170)))
    assert [one.left for one in wiped.underlines] == pytest.approx([60, 145], abs=2)


@pytest.mark.parametrize(
    "drawing",
    [
        [],
        [digit("12350", 100)],
        [bar(100, 150, top=20)],
        [bar(100, 132, top=36), bar(114, 118, top=10, thickness=28)],
        [bar(100, 130, top=36), bar(104, 126, top=18)],
        [bar(100, 260, top=30, thickness=14)],
        [bar(100, 108)],
    ],
    ids=["paper", "digits", "a stroke at half height", "a foot", "a foot by itself", "a block", "a dot"],
)
def test_other_ink_is_left_alone(drawing: list[Callable[[Image], object]]) -> None:
    """Where there is no underline, the line itself comes back."""
    line = drawn(*drawing)
    assert wipe_underlines(line) is line


def test_what_crosses_the_line_keeps_its_foot() -> None:
    """A pen's digit that runs through the line is not cut off, and the line says that it is not clear of it."""
    seven = bar(150, 154, top=12, thickness=33)
    wiped = wipe_underlines(drawn(seven, bar(80, 240)))
    assert wiped.bgr[BENEATH : BENEATH + 6, 151:153].max() == 0
    assert wiped.bgr[BENEATH, 90:130].min() == 255
    assert not any(one.clear for one in wiped.underlines)


def test_a_skewed_line_is_one() -> None:
    """A line that climbs by a pixel or two, as on a bent page, is found as a whole."""
    wiped = wipe_underlines(drawn(bar(80, 140), bar(140, 200, top=BENEATH - 1), bar(200, 260, top=BENEATH - 2)))
    (beneath,) = wiped.underlines
    assert (beneath.left, beneath.right) == pytest.approx((80, 260), abs=2)
    assert wiped.bgr.min() == 255


def test_underlines_move_with_a_part_of_the_line() -> None:
    """A part of a line knows the lines beneath gaps on it, in its own columns."""
    line = replace(blank_line(10), underlines=(Underline(10, 40, True), Underline(100, 150, False)))
    assert line.part(90, 200).underlines == (Underline(10, 60, False),)


def test_spelled_underscores_are_paper() -> None:
    """What a recogniser spells as an underscore is a blank step with a line beneath it; all else stays as it was."""
    seen = underscores_to_paper(glyph_line("讲__520＿场"), ALPHABET)
    assert seen.text == "讲520场"
    assert seen.log_probs[[2, 4, 12]].argmax(axis=1).tolist() == [0, 0, 0]
    assert [(one.left, one.right) for one in seen.line.underlines] == [(CHAR, 3 * CHAR), (6 * CHAR, 7 * CHAR)]


def test_a_line_without_underscores_is_itself() -> None:
    """Nothing is copied where nothing changes."""
    glyphs = glyph_line("讲（5）场")
    assert underscores_to_paper(glyphs, ALPHABET) is glyphs
