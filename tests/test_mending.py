"""Broken rules carried on, and what must stop them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.joining import Rule
from extractors.mending import WHITE, mend_rules
from schemas.flow import Image

LEFT, RIGHT, TOP, BOTTOM = 60, 700, 100, 320

SIZE = (420, 800)


def level(start: int, end: int, across: int) -> Rule:
    return Rule(start, np.full(end - start + 1, float(across)), depth=80.0)


def mended(end: int, ink: Image | None = None, *, corner: bool = True) -> Rule:
    """A box's top rule that has been found up to `end`, mended; `ink` is what else stands on the page.

    Unless there is a `corner`, the box's right side runs on above the rule.
    """
    horizontal = [level(LEFT, end, TOP), level(LEFT, RIGHT, BOTTOM)]
    vertical = [level(TOP, BOTTOM, LEFT), level(TOP if corner else TOP - 80, BOTTOM, RIGHT)]
    picture = np.zeros(SIZE, np.uint8) if ink is None else ink.copy()
    for rule in horizontal:
        cv2.line(picture, (rule.start, int(rule.across[0])), (rule.end, int(rule.across[0])), 255, 2)
    for rule in vertical:
        cv2.line(picture, (int(rule.across[0]), rule.start), (int(rule.across[0]), rule.end), 255, 2)
    found, _ = mend_rules(horizontal, vertical, picture, np.asarray(cv2.transpose(picture), dtype=np.uint8))
    return found[0]


def writing() -> Image:
    """Upright strokes over the height of a line where the rule would run."""
    picture = np.zeros(SIZE, np.uint8)
    for x in range(590, 690, 10):
        cv2.line(picture, (x, TOP - 12), (x, TOP + 12), 255, 3)
    return picture


def remnants() -> Image:
    """Short pieces of the rule itself with white between them."""
    picture = np.zeros(SIZE, np.uint8)
    for x in (430, 560, 640):
        cv2.line(picture, (x, TOP), (x + 15, TOP), 255, 2)
    return picture


@given(white=st.integers(15, WHITE - 10))
@settings(deadline=None, max_examples=20)
def test_a_broken_end_is_carried_on_over_white(white: int) -> None:
    """However long the gap is up to WHITE, the rule reaches the one that it should meet, on its own level."""
    rule = mended(RIGHT - white)
    assert rule.end == pytest.approx(RIGHT, abs=2)
    assert np.abs(rule.across - TOP).max() <= 4


@pytest.mark.parametrize(
    ("end", "ink", "corner", "whole"),
    [
        (RIGHT - WHITE - 80, None, False, False),
        (RIGHT - WHITE - 80, None, True, True),
        (580, writing(), True, False),
        (360, remnants(), False, True),
    ],
    ids=["too far", "too far, to a corner", "writing", "what is left of it"],
)
def test_what_carries_a_rule_on_and_what_bars_it(end: int, ink: Image | None, corner: bool, whole: bool) -> None:
    """A long white stretch ends a rule but for the table's own corner, writing any; pieces of its own lead it on."""
    assert (mended(end, ink, corner=corner).end > RIGHT - 5) is whole


def test_whole_rules_stay_as_they_are() -> None:
    """A box without a break is not touched."""
    rule = mended(RIGHT)
    assert (rule.start, rule.end) == (LEFT, RIGHT)


def test_a_short_stroke_is_not_carried_on() -> None:
    """Strokes of writing that happen to be level with a gap are no rule's end."""
    stroke = level(600, 640, 200)
    box = [level(LEFT, RIGHT, TOP), level(LEFT, RIGHT, BOTTOM)]
    sides = [level(TOP, BOTTOM, LEFT), level(TOP, BOTTOM, RIGHT)]
    nothing = np.zeros(SIZE, np.uint8)
    found, _ = mend_rules([*box, stroke], sides, nothing, np.zeros(SIZE[::-1], np.uint8))
    assert (found[2].start, found[2].end) == (stroke.start, stroke.end)
