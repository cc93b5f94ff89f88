"""Slots' crops to a second reading: one Tesseract call for all crops of a page (pytesseract)."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pytesseract

from schemas.flow import Image, SecondReading

SlotReader: TypeAlias = Callable[[Sequence[Image]], list[SecondReading]]
"""The seam for second readers: grey crops in, one SecondReading for each, in the same order."""

# Rows of the sheet that crops are laid on, in pixels: a crop's own height (48) and white between rows, so that page
# segmentation keeps every crop a line of its own.
ROW = 72
MARGIN = 24

# Uniform block of text; digits alone, for the parentheses are cut off. English digits: a third of chi_sim's time.
OPTIONS = "--psm 6 -c tessedit_char_whitelist=0123456789"
LANGUAGE = "eng"

# A page's crops take Tesseract half a second; far beyond that it hangs.
TIMEOUT_SECONDS = 30

log = logging.getLogger(__name__)


def load_slot_reader() -> SlotReader | None:
    """Tesseract as a second reader; None where it is not installed."""
    if shutil.which(pytesseract.pytesseract.tesseract_cmd) is None:
        return None
    # On crops of a few words, Tesseract's own threads only wait for each other (OpenMP).
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    return read_crops


def read_crops(crops: Sequence[Image]) -> list[SecondReading]:
    """Read grey crops of one height, in one call. A failing call reads nothing rather than failing the page."""
    nothing = [SecondReading("", 0.0) for _ in crops]
    if not crops:
        return []
    try:
        data = pytesseract.image_to_data(
            _crops_to_sheet(crops),
            lang=LANGUAGE,
            config=OPTIONS,
            timeout=TIMEOUT_SECONDS,
            output_type=pytesseract.Output.DICT,
        )
    except (pytesseract.TesseractError, RuntimeError) as error:
        log.warning("second reader failed: %s", type(error).__name__)
        return nothing
    rows: dict[int, list[tuple[str, float]]] = {}
    for text, confidence, top, height in zip(data["text"], data["conf"], data["top"], data["height"], strict=True):
        if text.strip() and float(confidence) >= 0:
            rows.setdefault(int((top + height / 2 - MARGIN / 2) // ROW), []).append((text.strip(), float(confidence)))
    return [_row_to_reading(rows.get(place, [])) for place in range(len(crops))]


def _crops_to_sheet(crops: Sequence[Image]) -> Image:
    width = max(crop.shape[1] for crop in crops) + 2 * MARGIN
    sheet = np.full((MARGIN + ROW * len(crops), width), 255, dtype=np.uint8)
    for place, crop in enumerate(crops):
        top = MARGIN + place * ROW
        sheet[top : top + crop.shape[0], MARGIN : MARGIN + crop.shape[1]] = crop
    return sheet


def _row_to_reading(words: Sequence[tuple[str, float]]) -> SecondReading:
    if not words:
        return SecondReading("", 0.0)
    return SecondReading("".join(text for text, _ in words), min(confidence for _, confidence in words) / 100.0)
