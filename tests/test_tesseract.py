"""The second reader, with the real Tesseract."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.tesseract import load_slot_reader, read_crops
from samples.fonts import picture_font
from schemas.flow import LINE_HEIGHT, Image

INSTALLED = shutil.which("tesseract") is not None


@pytest.fixture(autouse=True)
def _installed() -> None:
    """Without Tesseract there is nothing to test, except where everything must be there."""
    if not INSTALLED:
        told = "Tesseract is missing: install the Debian package tesseract-ocr"
        pytest.fail(told) if os.environ.get("CI") == "true" else pytest.skip(told)


def crop(text: str, *, font: str = "song", height: int = LINE_HEIGHT) -> Image:
    """Printed digits between white margins, as a slot's crop has them without its parentheses."""
    letters = picture_font(font, 34)
    width = int(letters.getlength(text)) + 36
    picture = Pillow.new("L", (width, height), 255)
    ImageDraw.Draw(picture).text((18, height // 2), text, font=letters, fill=20, anchor="lm")
    return np.asarray(picture, dtype=np.uint8)


NUMBERS = ["12", "57", "120", "305", "1280", "8839", "20260"]


@pytest.mark.parametrize("font", ["song", "zenhei", "wenkai"])
def test_printed_numbers_are_read_back(font: str) -> None:
    """Printed numbers come back in their order, digit for digit, each with a confidence."""
    readings = read_crops([crop(number, font=font) for number in NUMBERS])
    assert [reading.text for reading in readings] == NUMBERS
    assert all(0 < reading.confidence <= 1 for reading in readings)


def test_a_blank_crop_says_nothing() -> None:
    """White crops, alone or among numbers, have no text and no confidence, and move no other reading."""
    blank = np.full((LINE_HEIGHT, 60), 255, np.uint8)
    readings = read_crops([blank, crop("305"), blank, blank, crop("57"), blank])
    assert [reading.text for reading in readings] == ["", "305", "", "", "57", ""]
    assert {reading.confidence for reading in readings if not reading.text} == {0.0}
    assert [reading.text for reading in read_crops([blank])] == [""]


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_one_reading_for_each_crop(count: int) -> None:
    """As many readings come back as crops went in, none for none; long sheets keep their order."""
    numbers = [str(100 + 7 * place) for place in range(count)]
    readings = read_crops([crop(number) for number in numbers])
    assert len(readings) == count
    agreeing = sum(reading.text == number for reading, number in zip(readings, numbers, strict=True))
    assert agreeing >= 0.9 * count


@pytest.mark.parametrize("size", [(1, 1), (LINE_HEIGHT, 1), (2, 60)])
def test_slivers_do_no_harm(size: tuple[int, int]) -> None:
    """A crop of a pixel or two is read as something or nothing, and its neighbour as it is."""
    readings = read_crops([np.full(size, 0, np.uint8), crop("120")])
    assert len(readings) == 2
    assert readings[1].text == "120"


def test_a_failing_call_reads_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where Tesseract fails, every crop has an empty reading and the failure is logged; the page goes on."""
    monkeypatch.setattr("extractors.tesseract.LANGUAGE", "no-such-language")
    assert [reading.text for reading in read_crops([crop("12"), crop("57")])] == ["", ""]
    assert "second reader failed" in caplog.text


def test_loading_tells_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a reader where Tesseract is installed, and None where it is not."""
    assert load_slot_reader() is read_crops
    monkeypatch.setattr("pytesseract.pytesseract.tesseract_cmd", "tesseract-that-is-not-there")
    assert load_slot_reader() is None
