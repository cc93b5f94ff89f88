"""Which side of a page is up, and what turning does to its cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.cells import find_cells, turn_cells
from extractors.orient import load_direction_classifier, orient
from extractors.rectify import rectify, turn
from extractors.warp import project
from samples.fonts import picture_font
from schemas.flow import Image, Line, Page, Upright

WORDS = "组织开展宣讲（5）场，参与（120）人次；发表评论文章或心得体会（3）篇；推动设置安全举报公示牌（6）个。"

TITLES = ("活动项目", "1.开展宣讲", "2.知识竞赛", "3.隐患排查")


def form(*, rows: int = 3, curl: float = 0.0) -> Image:
    """A page of two columns with text in every cell, bent downwards by a share of its height."""
    picture = Pillow.new("L", (1131, 1600), 255)
    pen, font = ImageDraw.Draw(picture), picture_font("song", 24)
    for row in range(rows):
        top = 240 + 150 * row
        for left, right in ((130, 380), (380, 1000)):
            pen.rectangle((left, top, right, top + 150), outline=0, width=2)
        pen.text((140, top + 20), TITLES[row], font=font, fill=10)
        for line in range(3):
            pen.text((392, top + 16 + 42 * line), WORDS[8 * line :][:24], font=font, fill=10)
    height, width = 1600, 1131
    xs = np.arange(width, dtype=np.float32)
    ys = np.arange(height, dtype=np.float32)[:, None] - np.float32(curl * height) * np.sin(np.pi * xs / width)[None]
    columns = np.ascontiguousarray(np.broadcast_to(xs, (height, width)))
    flat = np.asarray(picture, dtype=np.uint8)
    bent = cv2.remap(flat, columns, ys.astype(np.float32), cv2.INTER_LINEAR, borderValue=255.0)
    return np.asarray(bent, dtype=np.uint8)


def page_of(gray: Image) -> Page:
    return Page(Path("form.png"), 1, np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), dtype=np.uint8))


def heading(upright: Upright) -> float:
    """Where an upright page's x axis points on the page as it came in, in degrees clockwise from the page's own."""
    (x0, y0), (x1, y1) = project(np.array([[500.0, 500.0], [600.0, 500.0]]), upright.to_source)
    return float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))


@pytest.mark.parametrize("curl", [0.0, 0.035])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_is_turned_until_it_reads(quarters: int, curl: float) -> None:
    """However a flat or a bent page lies, it is turned back, and its cells are counted from its own top left."""
    lying = np.ascontiguousarray(np.rot90(form(curl=curl), -quarters))
    upright, cells = orient(rectify(page_of(lying)), load_direction_classifier())
    assert (heading(upright) - 90 * quarters + 180) % 360 - 180 == pytest.approx(0, abs=8)
    assert [(cell.row, cell.column) for cell in cells] == [(row, column) for row in range(3) for column in range(2)]


def test_the_end_of_a_row_knows_which_way_it_lies() -> None:
    """A page that holds nothing but two cells is told by their shape where their few words do not tell."""

    def upright_lines(lines: Sequence[Line]) -> float:
        return 0.0

    for quarters in (0, 1):
        lying = np.ascontiguousarray(np.rot90(form(rows=1), -quarters))
        _, cells = orient(rectify(page_of(lying)), upright_lines)
        assert all(np.ptp(cell.corners[:, 0]) > np.ptp(cell.corners[:, 1]) for cell in cells)
        assert len(cells) == 2


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, -1])
def test_turning_cells_is_finding_them_on_the_turned_page(quarters: int) -> None:
    """Cells turned with their page are the cells that would be found on the turned page, sides and all."""
    upright = rectify(page_of(form(curl=0.02)))
    height, width = upright.gray.shape
    turned = turn_cells(find_cells(upright), quarters, width, height)
    found = find_cells(turn(upright, quarters))
    assert len(turned) == len(found) == 6
    for one, other in zip(turned, found, strict=True):
        assert (one.table, one.row, one.column, one.row_span, one.column_span) == (
            other.table, other.row, other.column, other.row_span, other.column_span,
        )  # fmt: skip
        assert np.abs(one.corners - other.corners).max() < 3
        ends = zip(one.sides, other.sides, strict=True)
        assert all(np.abs(a[[0, -1]] - b[[0, -1]]).max() < 3 for a, b in ends)


def test_a_page_without_cells_is_left_as_it_is() -> None:
    """White paper has no cells and no top."""
    upright, cells = orient(rectify(page_of(np.full((1600, 1131), 255, np.uint8))), load_direction_classifier())
    assert cells == ()
    assert heading(upright) == pytest.approx(0, abs=1)
