"""The scout's weights fit the form, and it makes out print that it has not been shown."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.glyphs import form_to_alphabet
from extractors.scout import MODEL, lines_to_tensor, load_scout
from samples.fonts import PRINT_FONTS, picture_font
from schemas.flow import LINE_HEIGHT, Image, Line
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET, blank_line, filled_sentence

# Largest file of weights that belongs in a repository, in bytes.
MOST_BYTES = 3_000_000


def printed_line(text: str, font: str) -> Line:
    """A text line as it is cut from a clean scan."""
    face = picture_font(font, 36)
    picture = Pillow.new("L", (int(face.getlength(text)) + 24, LINE_HEIGHT), 255)
    ImageDraw.Draw(picture).text((12, LINE_HEIGHT / 2), text, font=face, fill=20, anchor="lm")
    bgr = np.asarray(cv2.cvtColor(np.asarray(picture, np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)
    return replace(blank_line(1), bgr=bgr)


@pytest.mark.parametrize("font", PRINT_FONTS)
def test_print_is_made_out(font: str) -> None:
    """Of a filled sentence in any print font, the scout makes out nineteen characters in twenty."""
    scout = load_scout(SAFETY_MONTH, ALPHABET, threads=1)
    assert scout is not None
    item = SAFETY_MONTH.items[3]
    text = filled_sentence(item, [str(31 * place + 7) for place in range(len(item.slots))])
    pieces = [text[start : start + 20] for start in range(0, len(text), 20)]
    seen = "".join(line.text for line in scout([printed_line(piece, font) for piece in pieces]))
    truth = "".join(ALPHABET.name(ALPHABET.index(char)) for char in text)
    assert sum(char in seen for char in truth) >= 0.95 * len(truth)
    assert abs(len(seen) - len(truth)) <= 0.05 * len(truth)


def test_another_form_gets_no_scout() -> None:
    """A form with characters that the scout was never shown is left to the recogniser."""
    first = SAFETY_MONTH.items[0]
    slots = tuple(replace(slot, before="鹤壁濮阳漯河驻马店" + slot.before) for slot in first.slots)
    other = replace(SAFETY_MONTH, items=(replace(first, slots=slots),))
    assert load_scout(other, form_to_alphabet(other), threads=1) is None


def test_weights_have_their_card() -> None:
    """The weights are small, and the card beside them tells of the same file, how it was made and how well it reads."""
    card = json.loads(MODEL.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["bytes"] == MODEL.stat().st_size < MOST_BYTES
    assert card["lines"].startswith("python -m training.lines --seed ")
    assert 0.9 < card["steps"] <= 1


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (180, 40), (120, 60)])
def test_light_does_not_matter(paper: int, ink: int) -> None:
    """Paper is 0 and ink about 1 to the scout, in whatever light the line was taken."""
    gray: Image = np.full((LINE_HEIGHT, 160), paper, np.uint8)
    gray[12:36, 40:48] = ink
    tensor = lines_to_tensor([gray])
    assert tensor.shape == (1, 1, LINE_HEIGHT // 2, 80)
    assert tensor[0, 0, 12, 5] == pytest.approx(0, abs=0.05)
    assert tensor[0, 0, 12, 22] == pytest.approx(1, abs=0.05)
