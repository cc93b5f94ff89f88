"""Pages to lines of text, whatever stands on them: RapidOCR's detector and recogniser on the page made upright.

A page with a trusted text layer is read by it (`textlayer` says which; a scanner app's footer makes no page digital). Of
the others the colour picture is recognised, for letterheads are red, with the paste of round seals divided out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np

from extractors.orient import UpsideDown, orient
from extractors.rectify import WORKING_SIDE, rectify, turn
from extractors.redseals import fade_seals
from extractors.seals import RoundSeal, find_gray_seals, seal_covers
from extractors.textlayer import FOOTER, SCANNERS
from extractors.textlines import SPACE, bounds, digital_page, is_red, moved, table_of, top_of, with_spaces, within
from schemas.flow import Box, Cell, Image, Matrix, Page, Upright
from schemas.text import TextLine, TextPage
from schemas.typed import TypedFile

TextReader: TypeAlias = Callable[[Image], list[tuple[Matrix, str, tuple[float, ...], tuple[Matrix, ...]]]]
"""The seam for whole-page recognisers: BGR uint8 in; for each line its corners (4, 2), text, and each character's
probability and corners (4, 2) out."""

# A seal is about as high as wide; a red letterhead is several times wider than high.
SEAL_ASPECT = (0.6, 1.7)

# Where fewer than this share of the characters are read for certain, or fewer than ENOUGH of them, which side of the page is
# up may have been misjudged: a page may hold no more than a signature. Faxes reach 0.9.
GOOD, ENOUGH = 0.7, 40

# Degrees by which lines may slope before the page is taken for turned: with few lines its directions are unsure.
SLOPE = 0.3

# Ink is darker than paper by this much, of 255; print under a grey seal is told from paste where both are so far apart.
PALE, APART = 40, 35

# A seal's ring lies within this share of its radius from where it was found.
RIM = 0.06

# Footers stand in this share of a page's height, counted from below.
FOOT = 0.1


def page_to_text(page: Page, reader: TextReader, is_upside_down: UpsideDown) -> TextPage:
    """The lines of a page, its scanner app's footer left out."""
    if page.chars:
        return _without_footers(digital_page(page))
    upright, cells = orient(rectify(page), is_upside_down)
    found = _recognised(upright, cells, reader)
    if _worth(found) < max(ENOUGH, GOOD * sum(len(line.text) for line in found.lines)):
        others = [_recognised(turn(upright, quarters), (), reader) for quarters in (1, 2, 3)]
        found = max([found, *others], key=_worth)
    return _without_footers(found)


def typed_to_text(typed: TypedFile) -> Iterator[TextPage]:
    """Paragraphs of a Word file as lines, on page 0, which is none; a ruled block makes a page of its own, all a table."""
    for number, block in enumerate(typed.blocks):
        lines: list[TextLine] = []
        for row in block.rows:
            for cell in row:
                for text in cell:
                    if text.strip():
                        place = float(len(lines))
                        frame = (0.0, place, 0.0, place + 1)
                        lines.append(TextLine(0, text, (1.0,) * len(text), frame=frame, tabled=block.ruled))
        yield TextPage(-number, (0, 0), tuple(lines), 0.0 if block.ruled else None)


@cache
def load_text_reader(threads: int) -> TextReader:
    """RapidOCR's detector and recogniser, loaded once a process."""
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    engine: Any = RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "Global.log_level": "error",
            # The page is upright already; lines are kept however poorly they read, for a person will look.
            "Global.use_cls": False,
            "Global.text_score": 0.0,
        }
    )

    def read(bgr: Image) -> list[tuple[Matrix, str, tuple[float, ...], tuple[Matrix, ...]]]:
        result = engine(np.ascontiguousarray(bgr), return_word_box=True, return_single_char_box=True)
        if result.boxes is None or len(result.boxes) != len(result.word_results):
            return []
        lines = []
        for corners, text, words in zip(result.boxes, result.txts, result.word_results, strict=True):
            chars = [(char, float(prob), np.asarray(box, np.float64)) for word, prob, box in words for char in word]
            if chars:
                texts, probs, boxes = zip(*_spelled(chars, text), strict=True)
                lines.append((np.asarray(corners, np.float64), "".join(texts), probs, boxes))
        return lines

    return read


def _spelled(chars: Sequence[tuple[str, float, Matrix]], text: str) -> list[tuple[str, float, Matrix]]:
    """The line's characters with the spaces that the recogniser saw, for which it gives no places."""
    if "".join(char for char, _, _ in chars).replace(" ", "") != text.replace(" ", ""):
        return list(chars)
    rest = iter([char for char in chars if char[0] != " "])
    spelled: list[tuple[str, float, Matrix]] = []
    for char in text:
        spelled.append((" ", 1.0, spelled[-1][2]) if char == " " and spelled else next(rest))
    return spelled


def _recognised(upright: Upright, cells: Sequence[Cell], reader: TextReader) -> TextPage:
    rings = find_gray_seals(upright)
    picture = _paled(_picture(upright), rings)
    seals = _round_seals(upright)
    height, width = upright.gray.shape
    table = table_of(cells, (width, height))
    lines = []
    read = reader(picture)
    level = _level([corners for corners, *_ in read], (width, height))
    for corners, text, probs, boxes in read:
        chars = _to_page(upright, boxes)
        frame = bounds(corners)
        spaced = with_spaces(text, probs, chars, [bounds(box) for box in boxes], SPACE)
        straight = bounds(moved(corners, level))
        line = TextLine(upright.page.number, *spaced, frame=straight, red=is_red(picture, frame))
        sealed = any(_meets(bounds(np.array(line.boxes).reshape(-1, 2)), seal) for seal in seals)
        sealed = sealed or seal_covers(rings, corners)
        lines.append(replace(line, tabled=within(frame, table), sealed=sealed))
    return TextPage(upright.page.number, (width, height), tuple(lines), top_of(table), _quarters(upright))


def _quarters(upright: Upright) -> int:
    """Quarters clockwise by which the page as it came in is turned to stand as `upright` does."""
    height, width = upright.gray.shape
    ends = moved(np.array([[width * 0.25, height / 2], [width * 0.75, height / 2]]), upright.to_source)
    along = ends[1] - ends[0]
    return round(-float(np.degrees(np.arctan2(along[1], along[0]))) / 90) % 4


def _worth(page: TextPage) -> float:
    """How many characters are read for certain, in lines that run across: what is guessed counts for little."""
    return sum(
        sum(prob**3 for prob in line.probs)
        for line in page.lines
        if line.frame[2] - line.frame[0] > line.frame[3] - line.frame[1]
    )


def _level(lines: Sequence[Matrix], size: tuple[int, int]) -> Matrix:
    """What turns lines that slope level, around the middle of the page: 3 × 3."""
    slopes = [np.degrees(np.arctan2(*(corners[1] - corners[0])[::-1])) for corners in lines if np.ptp(corners[:, 0]) > 100]
    slope = float(np.median(slopes)) if slopes else 0.0
    if not SLOPE < abs(slope) < 45:
        return np.eye(3)
    return np.vstack([cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), slope, 1.0), [0, 0, 1]])


def _picture(upright: Upright) -> Image:
    """The page upright in colour, round seals faded to grey: BGR uint8 as large as `upright.gray`."""
    pixels = upright.page.pixels
    scale = min(1.0, WORKING_SIDE / max(pixels.shape[:2]))
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    ratio = small.shape[1] / pixels.shape[1], small.shape[0] / pixels.shape[0]
    seals = _round_seals(upright)
    if seals:
        faded = cv2.cvtColor(fade_seals(small), cv2.COLOR_GRAY2BGR)
        tall, wide = small.shape[:2]
        for left, top, right, bottom in seals:
            down, across = slice(int(top * tall), int(bottom * tall) + 1), slice(int(left * wide), int(right * wide) + 1)
            small[down, across] = faded[down, across]
    height, width = upright.gray.shape
    moved = np.diag([ratio[0], ratio[1], 1.0]) @ upright.to_source
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(small, moved, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _paled(picture: Image, rings: Sequence[RoundSeal]) -> Image:
    """The picture with the grey paste of seals made white, where print is clearly darker than it."""
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)
    paper = float(np.percentile(gray, 80))
    ink = gray[gray < paper - PALE]
    for ring in rings:
        down, across = np.ogrid[: gray.shape[0], : gray.shape[1]]
        away = np.hypot(across - ring.x, down - ring.y) / ring.radius
        paste = gray[(np.abs(away - 1) < RIM) & (gray < paper - PALE)]
        if paste.size < 100:
            continue
        dark, level = float(np.percentile(ink, 1)), float(np.percentile(paste, 25))
        if level - dark > APART:
            share = np.clip(((gray - dark) / (level - dark) - 0.7) / 0.3, 0, 1) * (away < 1 + 2 * RIM)
            picture = (picture * (1 - share)[:, :, None] + paper * share[:, :, None]).astype(np.uint8)
    return picture


def _round_seals(upright: Upright) -> list[Box]:
    """Seals as fractions of the page as it came in; letterheads, which are red too, left out."""
    height, width = upright.page.pixels.shape[:2]
    low, high = SEAL_ASPECT
    return [
        (left / width, top / height, right / width, bottom / height)
        for left, top, right, bottom in (seal.box for seal in upright.seals)
        if low < (right - left) / max(bottom - top, 1.0) < high
    ]


def _to_page(upright: Upright, boxes: Sequence[Matrix]) -> list[Box]:
    """Boxes around characters, from corners in upright pixels to fractions of the page as it came in."""
    height, width = upright.page.pixels.shape[:2]
    moved = cv2.perspectiveTransform(np.concatenate(boxes).reshape(-1, 1, 2), upright.to_source).reshape(-1, 4, 2)
    shares = np.clip(moved / (width, height), 0, 1)
    found = np.concatenate([shares.min(axis=1), shares.max(axis=1)], axis=1).round(5).tolist()
    return [(left, top, right, bottom) for left, top, right, bottom in found]


def _without_footers(page: TextPage) -> TextPage:
    """The page without what a scanner app has printed below it."""
    low = (1 - FOOT) * page.size[1]
    kept = tuple(line for line in page.lines if not (line.frame[1] > low and _is_footer(line.text)))
    return replace(page, lines=kept)


def _is_footer(text: str) -> bool:
    from rapidfuzz.fuzz import partial_ratio

    plain = text.replace(" ", "")
    if FOOTER.search(plain):
        return True
    return len(plain) <= 12 and any(partial_ratio(name, plain) >= 75 for name in SCANNERS.split("|") if len(name) > 3)


def _meets(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
