"""What stands between a slot's parentheses, in pixels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.slots import INK_OF_A_STROKE, slot_box, slot_to_crop
from schemas.flow import LINE_HEIGHT, Image, Line, Mesh, Placement
from schemas.form import Slot
from schemas.safety_month import SAFETY_MONTH

SLOT: Slot = SAFETY_MONTH.items[0].slots[0]

WIDTH, OPENING, CLOSING = 400, 150, 230


def line_of(picture: Image, *, scale: float = 1.0) -> Line:
    """A line cut from a page whose pixels are `scale` of the line's."""
    corners = np.array([[[x * scale, y * scale] for x in (0, WIDTH)] for y in (0, WIDTH)])
    return Line(1, (1000, 1000), picture, Mesh((0, 0), WIDTH, corners))


def printed(value: str = "", *, opening: int = OPENING, closing: int = CLOSING, gray: int = 20) -> Image:
    """Words, two parentheses and what somebody wrote between them; black on white."""
    picture = np.full((LINE_HEIGHT, WIDTH, 3), 255, np.uint8)
    for x in (20, 60, 100, 270, 310, 350):
        cv2.rectangle(picture, (x, 12), (x + 24, 36), (gray,) * 3, 3)
    for x, turn in ((opening, 180), (closing, 0)):
        shift = 8 if turn else -8
        cv2.ellipse(picture, (x + shift, 24), (9, 17), turn, -60, 60, (gray,) * 3, 2, cv2.LINE_AA)
    cv2.putText(picture, value, (opening + 14, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.75, (gray,) * 3, 2, cv2.LINE_AA)
    return picture


def placed(picture: Image, *, opening: int = OPENING, closing: int = CLOSING, scale: float = 1.0) -> Placement:
    """The slot on a line, as the recogniser places it: to a step of 8 pixels."""
    return Placement(
        "item1.lectures",
        SLOT,
        line_of(picture, scale=scale),
        np.zeros((0, 3), np.float32),
        (),
        np.zeros(0, np.float32),
        (opening - 6.0, closing + 6.0),
        (opening + 4.0, closing - 4.0),
        (1.0, 1.0),
        (1.0, 1.0),
        False,
    )


WRITTEN = {
    "a thin one": "1",
    "nought": "0",
    "two digits": "17",
    "three digits": "320",
    "a word": "no",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("gray", [20, 120], ids=["black", "faint"])
def test_what_is_written_counts(text: str, gray: int) -> None:
    """Anything between the parentheses is ink above the limit, at least one stroke, and as dark as the print."""
    crop = slot_to_crop(placed(printed(text, gray=gray)))
    assert crop is not None
    assert crop.ink > INK_OF_A_STROKE
    assert crop.strokes >= 1
    assert crop.contrast > 0.6


@pytest.mark.parametrize("gray", [20, 120], ids=["black", "faint"])
def test_nothing_written_is_no_ink(gray: int) -> None:
    """The parentheses themselves do not count, however faint the print."""
    crop = slot_to_crop(placed(printed(gray=gray)))
    assert crop is not None
    assert (crop.ink, crop.strokes, crop.tallest, crop.contrast, crop.touching) == (0, 0, 0, 0.0, False)
    assert crop.gray.min() > 200


@given(shift=st.integers(-8, 8), noise=st.floats(0, 6), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_blank_stays_blank_a_step_away_and_in_noise(shift: int, noise: float, seed: int) -> None:
    """A placement that is a step off, on a noisy scan, makes no ink of parentheses or dust."""
    picture = printed()
    dirt = np.random.default_rng(seed).normal(0, noise, picture.shape[:2])[:, :, None]
    noisy = np.clip(picture - 20 + dirt, 0, 255).astype(np.uint8)
    placement = placed(noisy)
    moved = replace(
        placement,
        outer=(placement.outer[0] + shift, placement.outer[1] + shift),
        inner=(placement.inner[0] + shift, placement.inner[1] + shift),
    )
    crop = slot_to_crop(moved)
    assert crop is not None
    assert crop.ink <= INK_OF_A_STROKE


def test_parentheses_that_run_together_are_a_blank() -> None:
    """() printed so tightly that both are one piece holds nothing."""
    picture = printed(opening=OPENING, closing=OPENING + 14)
    cv2.line(picture, (OPENING + 2, 9), (OPENING + 12, 9), (20, 20, 20), 2)
    crop = slot_to_crop(placed(picture, closing=OPENING + 14))
    assert crop is not None
    assert (crop.ink <= INK_OF_A_STROKE, crop.touching) == (True, False)


def test_a_digit_that_runs_into_both_parentheses_is_ink() -> None:
    """A value that joins the two parentheses into one piece is not taken for an empty pair."""
    picture = printed(opening=OPENING, closing=OPENING + 24)
    cv2.line(picture, (OPENING + 12, 12), (OPENING + 12, 36), (20, 20, 20), 2)
    cv2.line(picture, (OPENING, 12), (OPENING + 24, 12), (20, 20, 20), 2)
    crop = slot_to_crop(placed(picture, closing=OPENING + 24))
    assert crop is not None
    assert crop.ink > INK_OF_A_STROKE
    assert crop.touching


def test_a_seal_over_a_blank_is_no_ink() -> None:
    """Paste is divided out before ink is counted, and its share is told."""
    picture = printed()
    paste = np.full_like(picture, 255)
    cv2.circle(paste, (190, 70), 60, (50, 40, 150), 8)
    crop = slot_to_crop(placed((picture.astype(np.float32) * paste / 255).astype(np.uint8)))
    assert crop is not None
    assert crop.ink <= INK_OF_A_STROKE
    assert crop.seal > 0.04


def test_a_value_in_red_is_ink_in_pen() -> None:
    """Red writing within a slot counts as ink and as pen, and is dark in the crop."""
    picture = printed()
    cv2.putText(picture, "32", (OPENING + 14, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.75, (50, 40, 220), 2, cv2.LINE_AA)
    crop = slot_to_crop(placed(picture))
    assert crop is not None
    assert crop.ink > INK_OF_A_STROKE
    assert crop.pen > 0.35
    assert crop.gray.min() < 140


def test_ink_on_the_other_line_of_a_broken_slot_counts() -> None:
    """A slot that a line break parts is not blank when the value stands on the line that was not cropped."""
    above, below = printed(), printed()
    cv2.putText(below, "12", (8, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.75, (20, 20, 20), 2, cv2.LINE_AA)
    placement = placed(above)
    assert placement.line is not None
    stretches = ((placement.line, (144.0, 176.0)), (line_of(below), (0.0, 60.0)))
    broken = replace(placement, outer=(144.0, 176.0), inner=(154.0, 176.0), stretches=stretches)
    crop = slot_to_crop(broken)
    assert crop is not None
    assert crop.ink > INK_OF_A_STROKE


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.5])
def test_sharpness_is_the_pages_pixels_to_a_pixel_of_the_line(scale: float) -> None:
    """A line enlarged from few pixels says so."""
    crop = slot_to_crop(placed(printed("5"), scale=scale))
    assert crop is not None
    assert crop.sharpness == pytest.approx(scale)


def test_a_slot_that_was_not_found_has_no_pixels() -> None:
    """No line, no crop, no box."""
    lost = replace(placed(printed()), line=None)
    assert slot_to_crop(lost) is None
    assert slot_box(lost) is None
