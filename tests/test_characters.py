"""Characters as boxes: how many, how large, and which way their lines run."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.characters import find_characters, lines_run_down
from samples.fonts import picture_font
from schemas.flow import Image

# Characters whose strokes all touch, so that each is one box.
WORDS = "中甲串田由申中甲串田由申"


def typed(*, size: int = 24, lines: int = 6, pitch: float = 1.6, spaced: float = 1.0) -> Image:
    """So many lines of WORDS, characters `spaced` sizes apart and lines `pitch` sizes."""
    picture = Pillow.new("L", (800, 600), 255)
    pen, font = ImageDraw.Draw(picture), picture_font("song", size)
    for line in range(lines):
        for place, char in enumerate(WORDS):
            pen.text((40 + place * size * spaced, 40 + line * size * pitch), char, font=font, fill=10)
    return np.asarray(picture, dtype=np.uint8)


@pytest.mark.parametrize("size", [18, 24, 30])
def test_each_character_is_one_box_of_its_size(size: int) -> None:
    """Characters that hang together are as many as were typed, and the usual height is nearly their own."""
    chars = find_characters(typed(size=size))
    assert len(chars.left) == 6 * len(WORDS)
    assert 0.75 * size <= chars.size <= size


def test_specks_rules_and_pale_grain_are_no_characters() -> None:
    """Dots of a rule, the rule itself and what is much paler than the print leave the characters as they are."""
    picture = typed().copy()
    picture[480, 40:700:6] = 10
    picture[500:503, 40:700] = 10
    picture[530:545, 100:112] = 215
    assert len(find_characters(picture).left) == 6 * len(WORDS)


def test_white_paper_has_no_characters() -> None:
    """Nothing is found where nothing is written, and its lines run nowhere."""
    chars = find_characters(np.full((600, 800), 255, np.uint8))
    assert len(chars.left) == 0
    assert not lines_run_down(chars)


@pytest.mark.parametrize("pitch", [1.3, 1.6, 2.4])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_lines_run_down_on_a_page_on_its_side(quarters: int, pitch: float) -> None:
    """Turned by a quarter or three, lines run down, whatever their leading; upright or on its head they do not."""
    lying = np.ascontiguousarray(np.rot90(typed(pitch=pitch), quarters))
    assert lines_run_down(find_characters(lying)) is (quarters % 2 == 1)
