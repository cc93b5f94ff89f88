"""Regions to text lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.cells import corners_of
from extractors.lines import chars_to_lines, ink_to_bands, region_to_lines, region_to_source, regions_to_lines
from samples.fonts import picture_font
from schemas.flow import LINE_HEIGHT, Image, Line, Page, PageChar, Upright
from schemas.seal import Seal

TEXT = "组织开展宣讲（5）场，参与（120）人次"

MARGIN = 40


def written(count: int, *, size: int, pitch: float, font: str = "song", boxed: bool = False) -> Image:
    """So many printed lines, `pitch` sizes apart, white around them; line n is n characters shorter than the first."""
    height, width = int(count * pitch * size) + 2 * MARGIN, int(len(TEXT) * size) + 2 * MARGIN
    picture = Pillow.new("L", (width, height), 255)
    pen = ImageDraw.Draw(picture)
    for line in range(count):
        text = TEXT[: len(TEXT) - line]
        pen.text((MARGIN, MARGIN + int(line * pitch * size)), text, font=picture_font(font, size), fill=10)
    if boxed:
        pen.rectangle((0, 0, width - 1, height - 1), outline=0, width=3)
    return np.asarray(picture, dtype=np.uint8)


def upright_of(gray: Image) -> Upright:
    """A page that needs no rectifying."""
    page = Page(Path("lines.png"), 1, np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), dtype=np.uint8))
    return Upright(page, gray, np.eye(3))


def whole(gray: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    height, width = gray.shape
    return corners_of((0, 0, width - 1, height - 1))


def middle(line: Line) -> float:
    """Where the middle of a line lies on the page, from the top."""
    point = np.array([[line.bgr.shape[1] / 2, LINE_HEIGHT / 2]])
    return float(line.to_page(point)[0, 1])


def test_a_seal_marks_the_lines_that_it_touches_and_their_neighbours() -> None:
    """Red on any other line of the page is writing."""
    gray = written(12, size=24, pitch=1.5, font="song", boxed=True)
    bare = upright_of(gray)
    lines = region_to_lines(bare, whole(gray))
    level = middle(lines[5])
    sealed = region_to_lines(replace(bare, seals=(Seal(150.0, level, np.full(36, 2.0)),)), whole(gray))
    assert [number for number, line in enumerate(sealed) if line.seals] == [4, 5, 6]
    assert not any(line.seals for line in lines)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("font", ["song", "zenhei", "wenkai"])
def test_printed_lines_are_found_in_order(count: int, font: str) -> None:
    """k printed lines are k lines from top to bottom, each where it was printed and as long as it was."""
    gray = written(count, size=24, pitch=1.5, font=font, boxed=True)
    lines = region_to_lines(upright_of(gray), whole(gray))
    assert len(lines) == count
    for place, line in enumerate(lines):
        assert line.bgr.shape[0] == LINE_HEIGHT
        assert middle(line) == pytest.approx(MARGIN + place * 36 + 14, abs=6)
    widths = [line.bgr.shape[1] for line in lines]
    assert widths == sorted(widths, reverse=True)


@given(count=st.integers(1, 8), size=st.integers(18, 34), pitch=st.floats(1.35, 2.2))
@settings(deadline=None, max_examples=30)
def test_any_size_and_leading(count: int, size: int, pitch: float) -> None:
    """From 9 to 17 points at the working scale, set tight or loose, each line is found once."""
    gray = written(count, size=size, pitch=pitch)
    assert len(region_to_lines(upright_of(gray), whole(gray), bounded=False)) == count


@pytest.mark.parametrize("thick", [1, 3, 6])
def test_rules_of_the_cell_are_no_lines(thick: int) -> None:
    """A cell's rules, thin or thick, are neither lines of their own nor part of one."""
    gray = written(3, size=24, pitch=1.5)
    height, width = gray.shape
    ruled = cv2.rectangle(gray.copy(), (0, 0), (width - 1, height - 1), 0, thick)
    lines = region_to_lines(upright_of(np.asarray(ruled, dtype=np.uint8)), whole(gray))
    assert len(lines) == 3
    for line in lines:
        assert line.bgr[:, :6].min() > 128, "a rule's end is in the line"


def test_a_last_line_in_pieces_parts_no_full_line() -> None:
    """A character or two below a full line, fallen apart into flat bands, do not tell how high lines are."""
    ink = np.zeros((140, 740), np.uint8)
    ink[36:62, 14:690:3] = 255
    ink[86:93, 14:40] = ink[96:105, 14:40] = 255
    full, rest = ink_to_bands(ink)
    assert [full[1], full[3]] == pytest.approx([36, 62], abs=2)
    assert rest[1] > 80


def test_digits_that_join_two_lines_make_no_one_of_them() -> None:
    """In a cell of two lines that tall digits hang together the page's other cells tell how high a line is."""
    gray = np.vstack([written(5, size=20, pitch=1.3), written(2, size=20, pitch=1.3)])
    last = gray.shape[0] - 2 * MARGIN - int(2 * 1.3 * 20)
    for x in range(60, 400, 26):
        cv2.line(gray, (x, last + MARGIN - 4), (x + 8, last + MARGIN + 40), 0, 8)
    upright = upright_of(gray)
    full, joined = (
        corners_of((0, top, gray.shape[1] - 1, bottom)) for top, bottom in ((0, last - 1), (last, gray.shape[0] - 1))
    )
    assert len(region_to_lines(upright, joined, bounded=False)) == 1
    assert [len(lines) for lines in regions_to_lines(upright, [full, joined], bounded=False)] == [5, 2]


def test_an_empty_cell_has_no_lines() -> None:
    """White paper, single specks and cells too small for writing hold no lines."""
    gray = np.full((200, 400), 255, np.uint8)
    assert region_to_lines(upright_of(gray), whole(gray)) == []
    gray[100, 200] = 0
    assert region_to_lines(upright_of(gray), whole(gray)) == []
    assert region_to_lines(upright_of(gray), corners_of((10, 10, 60, 14))) == []
    assert ink_to_bands(np.zeros((0, 0), np.uint8)) == []


def test_lines_are_cut_from_the_page_s_own_pixels() -> None:
    """Where the upright picture is half the page's size, a line has the page's sharpness and place."""
    gray = written(2, size=48, pitch=1.6)
    page = upright_of(gray).page
    half = np.asarray(cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    upright = Upright(page, half, np.diag([2.0, 2.0, 1.0]))
    first, second = region_to_lines(upright, whole(half), bounded=False)
    assert middle(second) - middle(first) == pytest.approx(48 * 1.6, abs=4)
    assert first.page_size == (gray.shape[1], gray.shape[0])
    assert region_to_source(upright, corners_of((1, 2, 3, 4))).tolist() == [[2, 4], [6, 4], [6, 8], [2, 8]]


def layer(*rows: str, size: float = 20.0) -> tuple[PageChar, ...]:
    """A text layer of some rows, in the order in which a file might hold them: last row first."""
    chars = [
        PageChar(char, (100 + place * size, 100 + row * 2 * size, 100 + (place + 1) * size, 100 + row * 2 * size + size))
        for row, text in enumerate(rows)
        for place, char in enumerate(text)
    ]
    return tuple(reversed(chars))


@pytest.mark.parametrize("rows", [("组织",), ("组织开展", "宣讲(5)场"), ("一", "二", "三", "四", "五")])
def test_a_text_layer_s_rows_are_its_lines(rows: tuple[str, ...]) -> None:
    """Characters come out line by line and from left to right, each with its edges on its line."""
    page = Page(Path("typed.pdf"), 1, np.full((600, 600, 3), 255, np.uint8), layer(*rows))
    found = chars_to_lines(page, corners_of((0, 0, 600, 600)))
    assert ["".join(char.text for char in chars) for _, chars, _ in found] == list(rows)
    for line, chars, edges in found:
        for char, (left, right) in zip(chars, edges, strict=True):
            ends = np.array([[left, 0.0], [right, 0.0]], dtype=np.float64)
            xs = line.to_page(ends)[:, 0]
            assert xs == pytest.approx([char.box[0], char.box[2]], abs=0.01)


def test_a_text_layer_outside_the_region_is_left_out() -> None:
    """Only characters whose middle lies within the four corners belong to a region."""
    page = Page(Path("typed.pdf"), 1, np.full((600, 600, 3), 255, np.uint8), layer("组织开展", "宣讲活动"))
    (found,) = chars_to_lines(page, corners_of((95, 95, 145, 125)))
    assert "".join(char.text for char in found[1]) == "组织"
    assert chars_to_lines(page, corners_of((300, 300, 500, 500))) == []
