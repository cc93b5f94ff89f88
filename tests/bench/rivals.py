"""What others would do: recognise whole pages, then align the text to the form with difflib. And the floor below all."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytesseract

from extractors.glyphs import fold
from extractors.pages import open_pages
from pipeline.judging.counts import parse_count
from schemas.flow import Image, State
from schemas.form import EMPTY_PARENTHESES, Form, SlotKind
from schemas.reading import SlotReading


@dataclass(frozen=True)
class TextBox:
    """A line of text found on a page: its left edge as a share of the page's width, and its words."""

    left: float
    text: str


PageReader = Callable[[Image], list[TextBox]]

# A page held a little askew: no warp that could be done by copying.
TILT = np.array([[1.0, 0.01, 0.0], [-0.01, 1.0, 20.0], [1e-6, 1e-6, 1.0]])


@cache
def read_by_rapidocr(threads: int) -> PageReader:
    """RapidOCR's whole-page pipeline as it comes: detector, direction classifier, recogniser. Loaded once a process."""
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    engine: Any = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": threads, "Global.log_level": "error"})

    def read(bgr: Image) -> list[TextBox]:
        result = engine(np.ascontiguousarray(bgr))
        if result.boxes is None:
            return []
        width = bgr.shape[1]
        return [TextBox(float(box[:, 0].min()) / width, text) for box, text in zip(result.boxes, result.txts, strict=True)]

    return read


@cache
def read_by_tesseract(threads: int) -> PageReader:
    """Tesseract on the whole page with chi_sim, page segmentation left to it."""
    os.environ["OMP_THREAD_LIMIT"] = str(threads)

    def read(bgr: Image) -> list[TextBox]:
        data = pytesseract.image_to_data(bgr[:, :, ::-1], lang="chi_sim", output_type=pytesseract.Output.DICT)
        lines: dict[tuple[int, int, int], list[int]] = {}
        for place, text in enumerate(data["text"]):
            if text.strip():
                key = (data["block_num"][place], data["par_num"][place], data["line_num"][place])
                lines.setdefault(key, []).append(place)
        width = bgr.shape[1]
        return [
            TextBox(data["left"][places[0]] / width, "".join(data["text"][place] for place in places))
            for places in lines.values()
        ]

    return read


def touch_pages(path: Path) -> int:
    """The floor that no reader of pixels gets under: each page decoded, and warped once at full resolution."""
    pages = 0
    for page in open_pages(path):
        height, width = page.pixels.shape[:2]
        cv2.warpPerspective(page.pixels, TILT, (width, height), borderValue=(255, 255, 255))
        pages += 1
    return pages


def read_whole_pages(path: Path, form: Form, reader: PageReader) -> dict[str, SlotReading]:
    """A one-return file by whole-page recognition and difflib; nothing is ever flagged, as such a script would not."""
    pages = [reader(page.pixels) for page in open_pages(path)]
    whole = "".join(box.text for boxes in pages for box in boxes)
    right = "".join(box.text for boxes in pages for box in _right_column(boxes))
    sentences = "".join(item.sentence for item in form.items)
    # The better of both orders is the rival's: all boxes as they come, or those of the right column alone.
    texts = ("".join(fold(char) for char in text) for text in (whole, right))
    text = max(texts, key=lambda text: SequenceMatcher(None, _folded(sentences), text, autojunk=False).ratio())
    return _align(form, text)


def _right_column(boxes: Sequence[TextBox]) -> list[TextBox]:
    """Boxes to the right of the widest gap between left edges, sought where a column's rule may stand."""
    lefts = sorted({box.left for box in boxes if 0.05 < box.left < 0.7})
    gaps = [(after - before, after) for before, after in itertools.pairwise(lefts)]
    split = max(gaps)[1] if gaps else 0.0
    return [box for box in boxes if box.left >= split - 0.01]


def _align(form: Form, text: str) -> dict[str, SlotReading]:
    """What stands in `text` between the characters that match those on both sides of each slot."""
    sentences = _folded("".join(item.sentence for item in form.items))
    matcher = SequenceMatcher(None, sentences, text, autojunk=False)
    partner = {block.a + place: block.b + place for block in matcher.get_matching_blocks() for place in range(block.size)}
    read, start = {}, 0
    for slot in form.slots:
        printed = f"{slot.before}{EMPTY_PARENTHESES}{slot.after}"
        opening = start + len(slot.before)
        before = next((partner[place] for place in range(opening, -1, -1) if place in partner), -1)
        after = next((partner[place] for place in range(opening + 1, len(sentences)) if place in partner), len(text))
        raw = text[before + 1 : max(after, before + 1)].strip("() ")
        value = (raw or None) if slot.kind is SlotKind.TEXT else parse_count(raw)[0]
        state = State.VALUE if value is not None else State.UNREADABLE if raw else State.BLANK
        read[slot.path] = SlotReading(
            path=slot.path, label=slot.label, state=state, value=value, raw=raw, confidence=1.0, review=False
        )
        start += len(printed)
    return read


def _folded(text: str) -> str:
    return "".join(fold(char) for char in text)
