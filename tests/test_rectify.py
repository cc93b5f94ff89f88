"""A page to an upright one, and the way back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.rectify import find_segments, rectify, segments_to_homography, turn
from schemas.flow import Image, Matrix, Page, Upright

ASPECT = (0.7, 1.0)


def page_of(gray: Image) -> Page:
    return Page(Path("page.png"), 1, np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), dtype=np.uint8))


def patterned(width: int = 60, height: int = 90) -> Upright:
    """An upright page no two quarters of which are alike, and which lies askew on its source."""
    gray = np.random.default_rng(7).integers(0, 256, (height, width), dtype=np.uint8)
    back = np.array([[2.0, 0.1, 30.0], [-0.1, 2.0, 50.0], [1e-4, 0.0, 1.0]])
    return Upright(page_of(gray), gray, back)


def to_source(upright: Upright, points: Matrix) -> Matrix:
    mapped = cv2.perspectiveTransform(points.astype(np.float64).reshape(-1, 1, 2), upright.to_source)
    return np.asarray(mapped, dtype=np.float64).reshape(-1, 2)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, 4, 5, -1])
def test_turning_keeps_the_way_back(quarters: int) -> None:
    """However a page is turned, each of its pixels still knows where it came from."""
    upright = patterned()
    turned = turn(upright, quarters)
    inverse = np.linalg.inv(upright.to_source)
    height, width = turned.gray.shape
    ys, xs = (axis.ravel() for axis in np.mgrid[0:height, 0:width])
    sources = to_source(turned, np.column_stack([xs, ys]))
    before = cv2.perspectiveTransform(sources.reshape(-1, 1, 2), inverse).reshape(-1, 2)
    columns, rows = np.rint(before).astype(int).T
    assert np.abs(before - np.rint(before)).max() < 1e-6
    assert np.array_equal(turned.gray[ys, xs], upright.gray[rows, columns])


@pytest.mark.parametrize(
    ("quarters", "corner"), [(0, "top left"), (1, "bottom left"), (2, "bottom right"), (3, "top right")]
)
def test_turning_is_clockwise(quarters: int, corner: str) -> None:
    """After a clockwise quarter what was bottom left is top left."""
    upright = patterned()
    height, width = upright.gray.shape
    corners = {
        "top left": (0, 0),
        "top right": (width - 1, 0),
        "bottom right": (width - 1, height - 1),
        "bottom left": (0, height - 1),
    }
    turned = turn(upright, quarters)
    assert to_source(turned, np.array([[0, 0]])) == pytest.approx(to_source(upright, np.array([corners[corner]])))
    assert turned.gray.shape == ((height, width) if quarters % 2 == 0 else (width, height))


@given(quarters=st.lists(st.integers(0, 3), min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_turns_add_up(quarters: list[int]) -> None:
    """Turning several times is turning once by the sum; four quarters are none."""
    upright = patterned(20, 30)
    step = upright
    for one in quarters:
        step = turn(step, one)
    once = turn(upright, sum(quarters))
    assert np.array_equal(step.gray, once.gray)
    assert step.to_source == pytest.approx(once.to_source)


def ruled(count: int = 9) -> Matrix:
    """Segments of a ruled page in units of its size, level and plumb."""
    places = np.linspace(-0.9, 0.9, count)
    level = [(-0.6, y, 0.6, y) for y in places]
    plumb = [(0.65 * x, -0.9, 0.65 * x, 0.9) for x in places]
    return np.array(level + plumb)


def moved(segments: Matrix, by: Matrix) -> Matrix:
    ends = cv2.perspectiveTransform(segments.reshape(-1, 1, 2), by)
    return np.asarray(ends, dtype=np.float64).reshape(-1, 4)


def off_level(segments: Matrix) -> float:
    """The greatest angle in degrees by which a segment is neither level nor plumb."""
    angles = np.degrees(np.arctan2(segments[:, 3] - segments[:, 1], segments[:, 2] - segments[:, 0]))
    return float(np.abs((angles + 45) % 90 - 45).max())


def rotation(degrees: float) -> Matrix:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


@given(degrees=st.floats(-40, 40), lean=st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)))
@settings(deadline=None, max_examples=60)
def test_known_skew_is_undone(degrees: float, lean: tuple[float, float]) -> None:
    """A ruled page turned by up to 40 degrees and tilted away from the camera is level and plumb again."""
    tilt = np.array([[1.0, 0, 0], [0, 1, 0], [lean[0], lean[1], 1]])
    seen = moved(ruled(), tilt @ rotation(degrees))
    straightened = moved(seen, segments_to_homography(seen, aspect=ASPECT))
    assert off_level(straightened) < 0.1


@given(degrees=st.floats(-40, 40))
@settings(deadline=None, max_examples=30)
def test_skew_alone_is_undone_by_turning_alone(degrees: float) -> None:
    """Without perspective nothing is stretched: what is undone is the rotation."""
    seen = moved(ruled(), rotation(degrees))
    assert segments_to_homography(seen, aspect=ASPECT) == pytest.approx(rotation(-degrees), abs=1e-3)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_segments_change_nothing(count: int) -> None:
    """A page with hardly a line on it stays as it is."""
    assert segments_to_homography(ruled()[:count], aspect=ASPECT) == pytest.approx(np.eye(3))


def test_lines_in_one_direction_undo_skew_only() -> None:
    """Text lines without a table still level the page."""
    seen = moved(ruled()[:9], rotation(7.0))
    assert segments_to_homography(seen, aspect=ASPECT) == pytest.approx(rotation(-7.0), abs=1e-3)


def test_a_hopeless_perspective_is_left_alone() -> None:
    """Where the directions would stretch the page beyond reason, it is turned and no more."""
    tilt = np.array([[1.0, 0, 0], [0, 1, 0], [0.45, 0.3, 1]])
    homography = segments_to_homography(moved(ruled(), tilt), aspect=ASPECT)
    assert homography[2] == pytest.approx([0, 0, 1])


@pytest.mark.parametrize(("width", "height"), [(1131, 1600), (1600, 1131), (2480, 3508), (300, 420), (3000, 400)])
def test_the_whole_page_is_in_the_picture(width: int, height: int) -> None:
    """Pages of any size and shape are drawn at the working scale, their corners mapping to the page's own corners."""
    page = page_of(np.full((height, width), 255, np.uint8))
    upright = rectify(page)
    assert max(upright.gray.shape) == 1600
    tall, wide = upright.gray.shape
    corners = to_source(upright, np.array([[0, 0], [wide, tall]]))
    assert corners == pytest.approx(np.array([[0, 0], [width, height]]), abs=1 + max(width, height) / 1600)


def test_pages_smaller_than_a_line_are_no_trouble() -> None:
    """A page of a few pixels is upright, whatever is on it."""
    assert rectify(page_of(np.zeros((3, 2), np.uint8))).gray.size > 0


def test_segments_are_longer_than_a_character() -> None:
    """A rule is a segment, a character's stroke is none."""
    gray = np.full((1000, 700), 255, np.uint8)
    assert len(find_segments(gray)) == 0
    cv2.line(gray, (300, 300), (320, 300), 0, 2)
    assert len(find_segments(gray)) == 0
    cv2.line(gray, (100, 500), (600, 500), 0, 2)
    found = find_segments(gray)
    assert len(found) >= 1
    assert np.abs(found[:, [1, 3]] - 500).max() < 4


@pytest.mark.parametrize("degrees", [-5.0, 3.0])
def test_seals_pale_and_rules_stay(degrees: float) -> None:
    """In the upright picture red paste is nearly paper while a thin rule is still dark."""
    pixels = np.full((1600, 1131, 3), 255, np.uint8)
    cv2.circle(pixels, (560, 500), 120, (60, 60, 230), 12)
    for y in (300, 800, 1300):
        cv2.line(pixels, (150, y), (980, y), (0, 0, 0), 2)
    turned = cv2.warpAffine(
        pixels, cv2.getRotationMatrix2D((565, 800), degrees, 1), (1131, 1600), borderValue=(255.0, 255.0, 255.0)
    )
    upright = rectify(Page(Path("seal.png"), 1, np.asarray(turned, dtype=np.uint8)))
    rows = (upright.gray < 128).sum(axis=1)
    assert sum(rows > 600) <= 3 * 4
    assert (rows > 600).any()
    seal = cv2.perspectiveTransform(
        np.array([[[440.0, 500.0]]]),
        np.linalg.inv(upright.to_source) @ np.vstack([cv2.getRotationMatrix2D((565, 800), degrees, 1), [0, 0, 1]]),
    )[0, 0]
    x, y = np.rint(seal).astype(int)
    assert upright.gray[y, x] > 180
