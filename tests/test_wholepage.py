"""Whole pages as lines: where they stand, what is left out, which side is up; the recogniser sees what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from extractors.wholepage import TextReader, page_to_text
from schemas.flow import Image, Line, Matrix, Page

SHEET = (1600, 1131)
"""Height and width: the size that a page is read at, so that places are the same."""

WORDS = "各县总工会要提高认识加强领导确保任务落到实处报送材料按时完成全部工作内容及各项要求落实落细"


def upright_page(sheet: Image) -> Page:
    """A page as it came in."""
    return Page(Path("通知.jpg"), 1, sheet)


def ruled_sheet() -> Image:
    """A white sheet with lines like text, so that its directions are plain."""
    sheet = np.full((*SHEET, 3), 255, np.uint8)
    for row in range(200, 1400, 60):
        for column in range(150, 980, 30):
            cv2.rectangle(sheet, (column, row), (column + 18, row + 24), (0, 0, 0), 2)
    return sheet


def seeing(lines: Sequence[tuple[str, tuple[int, int], float]]) -> TextReader:
    """A recogniser that sees these words from these points on, characters 20 pixels wide and 24 high."""

    def read(bgr: Image) -> list[tuple[Matrix, str, tuple[float, ...], tuple[Matrix, ...]]]:
        assert bgr.shape[:2] == SHEET
        return [(corners(x, y, len(text)), text, (sure,) * len(text), chars(text, x, y)) for text, (x, y), sure in lines]

    def chars(text: str, x: int, y: int) -> tuple[Matrix, ...]:
        return tuple(corners(x + 20 * place, y, 1) for place in range(len(text)))

    return read


def corners(x: int, y: int, count: int) -> Matrix:
    """The corners of so many characters, clockwise from the top left."""
    right = x + 20 * count
    return np.array([[x, y], [right, y], [right, y + 24], [x, y + 24]], np.float64)


def never(lines: Sequence[Line]) -> float:
    """No page stands on its head."""
    return 0.0


@pytest.mark.parametrize("footer", ["扫描全能王 创建", "创建 扫描全能王", "扫描全能壬 创建", "由夸克扫描王扫描"])
def test_scanner_apps_footer_is_left_out(footer: str) -> None:
    """At the foot of the page, also misread; the same words elsewhere are text."""
    reader = seeing([(WORDS, (100, 300), 1.0), ("请用扫描全能王上传", (100, 400), 1.0), (footer, (800, 1560), 0.9)])
    found = page_to_text(upright_page(ruled_sheet()), reader, never)
    assert [line.text for line in found.lines] == [WORDS, "请用扫描全能王上传"]


def test_every_character_knows_its_place_on_the_page() -> None:
    """As a fraction of the page as it came in."""
    found = page_to_text(upright_page(ruled_sheet()), seeing([(WORDS, (100, 300), 1.0)]), never)
    (line,) = found.lines
    height, width = SHEET
    left, top, right, bottom = line.boxes[3]
    assert np.allclose([left * width, top * height, right * width, bottom * height], [160, 300, 180, 324], atol=12)
    assert found.turn == 0


def test_words_on_red_ink_are_red() -> None:
    """A letterhead is told from the words below it."""
    sheet = ruled_sheet()
    sheet[90:130] = 255
    cv2.putText(sheet, "HHHHHHHH", (100, 124), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 220), 6)
    reader = seeing([("云川市总工会", (100, 98), 1.0), (WORDS, (150, 200), 1.0)])
    assert [line.red for line in page_to_text(upright_page(sheet), reader, never).lines] == [True, False]


def test_sideways_words_make_the_page_turn() -> None:
    """Where hardly anything is read as the page lies, the side is taken on which most is."""
    asked: list[tuple[int, ...]] = []

    def read(bgr: Image) -> list[tuple[Matrix, str, tuple[float, ...], tuple[Matrix, ...]]]:
        asked.append(bgr.shape[:2])
        if len(asked) < 3:
            return []
        text = WORDS[:8]
        return [(corners(100, 300, 8), text, (1.0,) * 8, tuple(corners(100 + 20 * n, 300, 1) for n in range(8)))]

    found = page_to_text(upright_page(ruled_sheet()), read, never)
    assert len(asked) == 4
    assert (found.lines[0].text, found.turn) == (WORDS[:8], 2)
