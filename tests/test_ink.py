"""Inks multiplied onto print, and taken apart again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.ink import colour_shares, dark_pixels, fade_seal, paper_colour, pen_share, seal_share
from extractors.redseals import fade_seals, find_seals
from extractors.seals import RoundSeal, find_gray_seals, find_rings, is_gray, seal_covers
from schemas.flow import Image, Page, Upright

RED, DARK_RED, BLUE, BLACK = (50, 40, 220), (45, 30, 150), (170, 70, 40), (30, 30, 30)
WHITE, WARM, COLD = (250, 250, 250), (170, 205, 235), (235, 225, 215)

PAPERS = {"white": WHITE, "warm": WARM, "cold": COLD}


def sheet(height: int, width: int) -> Image:
    return np.full((height, width, 3), 255, np.uint8)


def multiply(under: Image, over: Image) -> Image:
    """What two sheets show when one is printed on the other."""
    return (under.astype(np.float32) * over.astype(np.float32) / 255).astype(np.uint8)


def on_paper(ink: Image, paper: tuple[int, int, int]) -> Image:
    return multiply(ink, np.full_like(ink, paper))


def words(height: int = 48, width: int = 640) -> Image:
    """A line of black print."""
    picture = sheet(height, width)
    cv2.putText(picture, "(1280) people, (17) times", (20, 35), cv2.FONT_HERSHEY_SIMPLEX, 0.9, BLACK, 2, cv2.LINE_AA)
    return picture


def seal(height: int, width: int, centre: tuple[int, int], radius: int, colour: tuple[int, int, int]) -> Image:
    """A ring with a spot in it, on white."""
    picture = sheet(height, width)
    cv2.circle(picture, centre, radius, colour, max(2, radius // 18), cv2.LINE_AA)
    cv2.circle(picture, centre, radius // 3, colour, -1, cv2.LINE_AA)
    return picture


def jpeg(picture: Image, quality: int) -> Image:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def text_page(seed: int = 5) -> Image:
    """A grey page at the working scale, full of print between rules."""
    rng = np.random.default_rng(seed)
    page = np.full((1600, 1130), 255, np.uint8)
    for row in range(60, 1560, 34):
        text = "".join(rng.choice(list("ABEHKMNRSXZ0358()")) for _ in range(60))
        cv2.putText(page, text, (60, row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2, cv2.LINE_AA)
    for y in range(100, 1600, 300):
        cv2.line(page, (40, y), (1090, y), 0, 2)
    return page


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
@pytest.mark.parametrize("colour", [RED, DARK_RED], ids=["bright paste", "dark paste"])
def test_divided_paste_leaves_the_print(paper: tuple[int, int, int], colour: tuple[int, int, int]) -> None:
    """Under a seal print comes back as it is beside one, on paper of any usual colour, and bare paste becomes paper."""
    print_alone = words()
    stamped = on_paper(multiply(print_alone, seal(48, 640, (300, 10), 110, colour)), paper)
    error = np.abs(fade_seal(stamped).astype(int) - on_paper(print_alone, paper)[:, :, 2].astype(int))
    assert np.percentile(error, 99) <= 12


@given(
    x=st.integers(120, 520),
    y=st.integers(-60, 100),
    red=st.integers(130, 240),
    others=st.integers(15, 90),
    level=st.floats(0.5, 1.0),
)
@settings(max_examples=40, deadline=None)
def test_a_multiplied_seal_is_divided_out(x: int, y: int, red: int, others: int, level: float) -> None:
    """Wherever a seal lies on a line, of whatever red and in whatever light, the print comes back."""
    print_alone = words()
    paper = (int(250 * level), int(250 * level), int(250 * level))
    stamped = on_paper(multiply(print_alone, seal(48, 640, (x, y), 110, (others, others, red))), paper)
    error = np.abs(fade_seal(stamped).astype(int) - on_paper(print_alone, paper)[:, :, 2].astype(int))
    assert error.mean() <= 6


@pytest.mark.parametrize("quality", [90, 70, 50])
def test_jpeg_leaves_no_holes_in_print(quality: int) -> None:
    """Chroma at half the resolution takes no strokes away: what is dark without the seal is dark with it."""
    print_alone = words()
    stamped = jpeg(multiply(print_alone, seal(48, 640, (300, 10), 110, DARK_RED)), quality)
    strokes = print_alone[:, :, 2] < 80
    assert (fade_seal(stamped)[strokes] < 150).mean() > 0.97


def test_a_page_without_red_is_its_red_channel() -> None:
    """Where there is no red ink nothing is computed, and nothing changed."""
    page = on_paper(cv2.resize(words(), (1280, 960)).astype(np.uint8), WARM)
    assert np.array_equal(fade_seals(page), page[:, :, 2])


def test_a_seal_on_a_page_is_divided_out() -> None:
    """On a whole page dark paste leaves no ink for rules and lines to be found in."""
    page = on_paper(seal(2400, 1700, (800, 1200), 160, DARK_RED), WHITE)
    assert dark_pixels(np.asarray(page[:, :, 2])).any()
    assert np.count_nonzero(dark_pixels(fade_seals(page))) < 50


def test_red_writing_stays() -> None:
    """A value typed in red within a line is dark to the reader; it is no seal."""
    line = sheet(48, 640)
    cv2.putText(line, "(      )", (20, 35), cv2.FONT_HERSHEY_SIMPLEX, 0.9, BLACK, 2, cv2.LINE_AA)
    cv2.putText(line, "320", (50, 35), cv2.FONT_HERSHEY_SIMPLEX, 0.8, RED, 2, cv2.LINE_AA)
    strokes = (line[:, :, 2] > 200) & (line[:, :, 1] < 60)
    assert (fade_seal(line)[strokes] < 140).all()


def test_red_writing_larger_than_its_line_stays_where_no_seal_lies() -> None:
    """Digits that leave the line look like a seal's parts; where the page has no seal they are dark to the reader."""
    line = sheet(48, 640)
    cv2.putText(line, "320", (50, 50), cv2.FONT_HERSHEY_SIMPLEX, 2.2, RED, 3, cv2.LINE_AA)
    strokes = (line[:, :, 2] > 200) & (line[:, :, 1] < 60)
    assert (fade_seal(line)[strokes] > 200).all()
    assert (fade_seal(line, under=np.zeros((48, 640), bool))[strokes] < 140).all()


def test_seals_are_found_where_they_lie_and_writing_is_none() -> None:
    """A page's seal has its box; red digits, however large, have none."""
    page = seal(2400, 1700, (800, 1200), 160, DARK_RED)
    cv2.putText(page, "320", (300, 500), cv2.FONT_HERSHEY_SIMPLEX, 3.0, RED, 6, cv2.LINE_AA)
    (found,) = find_seals(page)
    assert found.box == pytest.approx((640, 1040, 960, 1360), abs=45)


TURNS = {"upright": 0, "turned": 1}


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
def test_red_writing_that_touches_a_seal_is_none_of_it(turns: int) -> None:
    """Digits of a red pen beside a seal, from its very edge, stay as dark as those far away from it."""
    page = seal(2400, 1700, (800, 1200), 160, DARK_RED)
    for row in range(1000, 1500, 90):
        cv2.putText(page, "5903", (975, row), cv2.FONT_HERSHEY_SIMPLEX, 2.2, RED, 6, cv2.LINE_AA)
        cv2.putText(page, "5903", (380, row + 300), cv2.FONT_HERSHEY_SIMPLEX, 2.2, RED, 6, cv2.LINE_AA)
    strokes = np.all(page == RED, axis=2)
    strokes[:, :968] &= np.hypot(*np.mgrid[-1200:1200, -800:168]) > 180
    assert (np.rot90(fade_seals(np.ascontiguousarray(np.rot90(page, turns))), -turns)[strokes] < 140).mean() > 0.98


@pytest.mark.parametrize("squeeze", [0.9, 1.0, 1.1])
def test_a_seal_drawn_out_is_outlined(squeeze: float) -> None:
    """A ring that a camera shows as an ellipse has an outline of its own, within a hundredth of the page."""
    page = cv2.resize(seal(2400, 1700, (800, 1200), 160, DARK_RED), None, fx=1.0, fy=squeeze).astype(np.uint8)
    cv2.putText(page, "5903", (930, int(1180 * squeeze)), cv2.FONT_HERSHEY_SIMPLEX, 2.2, RED, 6, cv2.LINE_AA)
    (found,) = find_seals(page)
    ring = (640, 1040 * squeeze, 960, 1360 * squeeze)
    assert found.box == pytest.approx(ring, abs=24)


def test_red_writing_beside_a_seal_stays() -> None:
    """A seal on the same line does not take red writing along that lies outside of it."""
    line = multiply(words(), seal(48, 640, (500, 10), 80, RED))
    cv2.putText(line, "7", (300, 35), cv2.FONT_HERSHEY_SIMPLEX, 0.9, RED, 2, cv2.LINE_AA)
    strokes = np.zeros(line.shape[:2], bool)
    strokes[14:36, 300:318] = line[14:36, 300:318, 1] < 60
    assert strokes.any()
    assert (fade_seal(line)[strokes] < 160).mean() > 0.9


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_paper_colour_is_that_of_blank_paper(paper: tuple[int, int, int]) -> None:
    """Print and a seal do not change what paper looks like."""
    picture = on_paper(multiply(words(), seal(48, 640, (300, 20), 90, RED)), paper)
    assert np.abs(paper_colour(picture) - paper).max() <= 2


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_print_is_neither_seal_nor_pen(paper: tuple[int, int, int]) -> None:
    """Black print has no colour, whatever the light and however coarse the JPEG."""
    picture = jpeg(on_paper(words(), paper), 50)
    assert max(colour_shares(picture, dark_pixels(picture[:, :, 2]))) < 0.02


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
@pytest.mark.parametrize("ink", [BLUE, RED], ids=["blue", "red"])
def test_a_coloured_pen_shows(paper: tuple[int, int, int], ink: tuple[int, int, int]) -> None:
    """Most of a coloured pen's ink is told from print, after JPEG and under coloured light."""
    drawn = sheet(48, 160)
    cv2.putText(drawn, "356", (30, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.1, ink, 3, cv2.LINE_AA)
    picture = jpeg(on_paper(drawn, paper), 70)
    assert pen_share(picture, dark_pixels(picture[:, :, 1])) > 0.5


def test_a_seal_that_fills_a_crop_needs_the_paper() -> None:
    """Where no paper is left in a crop its colour must be given."""
    crop = np.full((48, 60, 3), RED, np.uint8)
    assert seal_share(crop, np.array(WHITE, np.float32)) == 1.0


def test_an_empty_crop_has_no_colour() -> None:
    """No pixels, no seal."""
    assert seal_share(np.zeros((48, 0, 3), np.uint8)) == 0.0


@pytest.mark.parametrize("radius", [92, 101, 112])
def test_a_ring_among_print_is_found(radius: int) -> None:
    """A black ring of a seal's size is found within 4 pixels on a page full of print."""
    page = text_page()
    cv2.circle(page, (700, 520), radius, 0, 9)
    (found,) = find_rings(page)
    assert abs(found.x - 700) < 4
    assert abs(found.y - 520) < 4
    assert abs(found.radius - radius) < 4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_print_is_no_ring(seed: int) -> None:
    """Nothing is found among print and rules."""
    assert find_rings(text_page(seed)) == ()


def test_a_page_with_colour_is_not_searched() -> None:
    """Colour tells a seal where there is colour."""
    gray = text_page()
    cv2.circle(gray, (700, 520), 100, 0, 9)
    plain = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR).astype(np.uint8)
    coloured = plain.copy()
    coloured[50:200, 50:200] = RED
    pages = [Upright(Page(Path("x"), 1, pixels), gray, np.eye(3)) for pixels in (plain, coloured)]
    assert [len(find_gray_seals(upright)) for upright in pages] == [1, 0]
    assert [is_gray(pixels) for pixels in (plain, coloured)] == [True, False]


COVERED = {
    "inside": (((90, 90), (110, 110)), True),
    "across the ring": (((140, 95), (190, 110)), True),
    "around": (((0, 0), (300, 300)), True),
    "beside": (((155, 95), (190, 110)), False),
    "off the corner": (((138, 138), (160, 160)), False),
}


@pytest.mark.parametrize(("box", "covered"), COVERED.values(), ids=COVERED)
def test_a_seal_covers_what_its_disc_touches(box: tuple[tuple[int, int], tuple[int, int]], covered: bool) -> None:
    """A slot is under a seal when the disc, not the box around it, touches the slot."""
    (left, top), (right, bottom) = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    assert seal_covers((RoundSeal(100, 100, 50, 1.0),), corners) is covered
