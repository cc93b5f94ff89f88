"""The column of text beside headings, on pages that nobody ruled."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.columns import find_column
from extractors.lines import region_to_lines
from samples.fonts import picture_font
from schemas.flow import Image
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import filled_sentence
from tests.test_lines import upright_of

# Each item's own words, long enough for three lines.
SENTENCES = tuple(3 * filled_sentence(item, ["12"] * len(item.slots)) for item in SAFETY_MONTH.items)

GUTTER = 420


def form(*, rows: int = 4, headed: bool = True, headings: bool = True, apart: int = 190) -> Image:
    """A form without rules: a title, the columns' names, and rows of a heading and three lines, `apart` pixels apart."""
    picture = Pillow.new("L", (1131, 1600), 255)
    pen, font = ImageDraw.Draw(picture), picture_font("song", 24)
    if headed:
        pen.text((330, 120), "安全生产月活动进展情况统计表", font=font, fill=10)
        pen.text((160, 230), "活动项目", font=font, fill=10)
        pen.text((640, 230), "活动进展情况", font=font, fill=10)
    for row in range(rows):
        top = 300 + apart * row
        if headings:
            pen.text((130, top + 20), f"{row + 1}.开展习近平总", font=font, fill=10)
            pen.text((130, top + 58), "书关于安全", font=font, fill=10)
        for line in range(3):
            pen.text((GUTTER, top + 38 * line), SENTENCES[row][24 * line :][: 23 - 2 * line], font=font, fill=10)
    return np.asarray(picture, dtype=np.uint8)


def turned(picture: Image, degrees: float) -> Image:
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), borderValue=255.0), dtype=np.uint8)


@given(rows=st.integers(2, 6), apart=st.integers(120, 200), degrees=st.floats(-1.5, 1.5))
@settings(deadline=None, max_examples=12)
def test_a_column_holds_its_lines_and_no_heading(rows: int, apart: int, degrees: float) -> None:
    """However far rows are apart, and on a page that leans a little, the column has three lines a row and none more."""
    upright = upright_of(turned(form(rows=rows, apart=apart), degrees))
    column = find_column(upright)
    assert column is not None
    assert len(region_to_lines(upright, column.cell)) == 3 * rows
    assert (column.cell.column, column.cell.bounded) == (1, False)


def test_title_and_names_of_columns_stand_above() -> None:
    """What is above the column's first line is one region; the column's own name is no line of it."""
    upright = upright_of(form())
    column = find_column(upright)
    assert column is not None
    assert column.above is not None
    assert len(region_to_lines(upright, column.above)) == 2
    assert column.above.corners[:, 1].max() <= column.cell.corners[:, 1].min()


def test_above_a_column_may_be_nothing() -> None:
    """A page that goes on with a form has no region above its column."""
    column = find_column(upright_of(form(headed=False)))
    assert column is not None
    assert column.above is None


@pytest.mark.parametrize(
    "picture",
    [form(headings=False), form(rows=0), np.full((1600, 1131), 255, np.uint8)],
    ids=["no headings", "a title", "white"],
)
def test_without_headings_there_is_no_column_beside_them(picture: Image) -> None:
    """Text alone, a title alone and white paper have no gutter."""
    assert find_column(upright_of(picture)) is None
