"""Text lines with what stands at each step of them, to train the scout on.

Two sources: lines cut from made returns by the very stages that cut real ones, and lines of random words, so that the scout
learns characters and not sentences. What stands where is told by the recogniser itself (distillation; Hinton et al., 2015):
its likeliest class at each step of 8 pixels. Lines of random words that it misreads are left out, for their words are known.

python -m training.lines --out lines.npz --seed 310000 --returns 120 --random 15000
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw
from rich.progress import track

from extractors.glyphs import NUMBER_WORDS, Alphabet, GlyphReader, form_to_alphabet, load_glyph_reader
from extractors.ink import line_to_gray
from extractors.lines import region_to_lines
from extractors.orient import UpsideDown, load_direction_classifier, orient
from extractors.pages import open_pages
from extractors.rectify import rectify
from samples import degrade
from samples.capture import CAPTURES
from samples.fonts import PRINT_FONTS, picture_font
from samples.make import make_set
from schemas.errors import DocumentError
from schemas.flow import LINE_HEIGHT, Image, Line, Mesh
from schemas.safety_month import SAFETY_MONTH

# Captures that are pictures: a born-digital return needs no recogniser.
PICTURES = tuple(kind for kind in CAPTURES if kind != "digital")

# Characters in a line of random words: as many as a window around a slot holds.
LENGTHS = (6, 12)

# Common characters that no form word uses, so that the scout learns what "any other" looks like.
OTHERS = (
    "的是在有我他这为上们来到时地出就对子也学如家自日年成间从而前些看经同想明问然因正新此现"
    "重意制度定无实见高本道长情者其次公老向活受并义立直象必走声处教系步社图则反论路联眼"
)


@dataclass(frozen=True, eq=False)
class LabelledLine:
    """A line as the scout sees it, grey uint8 (LINE_HEIGHT, w), w a multiple of 8, and a class for each 8 pixels."""

    gray: Image
    classes: NDArray[np.uint16]


def main() -> int:
    """The command: write the lines of both sources, all in one row, with where each starts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=310000)
    parser.add_argument("--returns", type=int, default=120)
    parser.add_argument("--random", type=int, default=15000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    lines = list(_lines_of_returns(options.seed, options.returns, options.workers))
    lines += list(_lines_of_words(options.seed + 1, options.random, options.workers))
    order = np.random.default_rng(options.seed).permutation(len(lines))
    save_lines(options.out, [lines[place] for place in order])
    print(f"{len(lines)} lines, {sum(line.gray.shape[1] for line in lines) / 1e6:.1f} million columns, in {options.out}")
    return 0


def save_lines(path: Path, lines: Sequence[LabelledLine]) -> None:
    """All lines in one picture, side by side."""
    starts = np.cumsum([0, *(line.gray.shape[1] for line in lines)])
    gray = np.concatenate([line.gray for line in lines], axis=1)
    classes = np.concatenate([line.classes for line in lines])
    np.savez(path, gray=gray, classes=classes, starts=starts)


def _lines_of_returns(seed: int, count: int, workers: int) -> Iterator[LabelledLine]:
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers) as pool:
        truths = make_set(Path(folder), seed=seed, count=count, captures=PICTURES, workers=workers)
        files = [Path(folder) / truth.file for truth in truths]
        for lines in track(pool.map(_file_to_lines, files), total=count, description="returns"):
            yield from lines


def _lines_of_words(seed: int, count: int, workers: int) -> Iterator[LabelledLine]:
    chunk = 100
    with ProcessPoolExecutor(workers) as pool:
        seeds = [(seed, place, chunk) for place in range(count // chunk)]
        for lines in track(pool.map(_words_to_lines, seeds), total=len(seeds), description="random words"):
            yield from lines


@cache
def _alphabet() -> Alphabet:
    return form_to_alphabet(SAFETY_MONTH)


@cache
def _teacher() -> GlyphReader:
    cv2.setNumThreads(1)
    return load_glyph_reader(_alphabet(), threads=1)


@cache
def _direction() -> UpsideDown:
    return load_direction_classifier()


def _file_to_lines(path: Path) -> list[LabelledLine]:
    lines: list[Line] = []
    try:
        for page in open_pages(path):
            upright, cells = orient(rectify(page), _direction())
            lines += [line for cell in cells for line in region_to_lines(upright, cell)]
    except DocumentError:
        return []
    return [labelled for labelled, _ in _label(lines)]


def _words_to_lines(task: tuple[int, int, int]) -> list[LabelledLine]:
    seed, place, count = task
    rng = np.random.default_rng((seed, place))
    texts = [_random_text(rng) for _ in range(count)]
    drawn = [_as_line(_draw_text(text, rng)) for text in texts]
    return [
        labelled
        for text, (labelled, read) in zip(texts, _label(drawn), strict=True)
        if read == "".join(_alphabet().name(_alphabet().index(char)) for char in text if char != " ")
    ]


def _label(lines: Sequence[Line]) -> Iterator[tuple[LabelledLine, str]]:
    """Each line with the teacher's likeliest class a step, and the text that they spell."""
    alphabet = _alphabet()
    for line, glyphs in zip(lines, _teacher()(lines), strict=True):
        classes = glyphs.log_probs.argmax(axis=1).astype(np.uint16)
        gray = line_to_gray(line)
        width = 8 * len(classes)
        padded = np.full((LINE_HEIGHT, width), np.uint8(np.percentile(gray, 85)), np.uint8)
        padded[:, : gray.shape[1]] = gray[:, :width]
        changes = np.flatnonzero(np.diff(classes.astype(int), prepend=0))
        yield LabelledLine(padded, classes), "".join(alphabet.name(int(classes[place])) for place in changes)


def _as_line(bgr: Image) -> Line:
    at_its_own_place = Mesh((0, 0), 1, np.array([[[0.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 1.0]]]))
    return Line(1, (bgr.shape[1], LINE_HEIGHT), bgr, at_its_own_place)


def _random_text(rng: np.random.Generator) -> str:
    """Characters of the form, others, and slots with numbers, in no order that means anything."""
    alphabet = [char for char in _alphabet().classes if not char.isascii()]
    parts = []
    for _ in range(int(rng.integers(*LENGTHS))):
        kind = rng.random()
        if kind < 0.3:
            digits = "".join(rng.choice(list("0123456789"), int(rng.integers(0, 6))))
            pad = " " * int(rng.integers(0, 3))
            opening, closing = ("(", ")") if rng.random() < 0.25 else ("（", "）")
            parts.append(f"{opening}{pad}{digits}{pad}{closing}")
        elif kind < 0.42:
            parts.append(str(rng.choice(list("，；。、“”：:；,"))))
        elif kind < 0.5:
            parts.append(str(rng.choice(list(OTHERS))))
        elif kind < 0.55:
            parts.append(str(rng.choice(list(NUMBER_WORDS))))
        else:
            parts.append(str(rng.choice(alphabet)))
    return "".join(parts)


def _draw_text(text: str, rng: np.random.Generator) -> Image:
    """A line of text as a scan might hold it: BGR uint8, LINE_HEIGHT high, a multiple of 8 wide."""
    size = int(rng.integers(22, 60))
    font = picture_font(str(rng.choice(PRINT_FONTS)), size)
    box = font.getbbox(text)
    pad = int(0.2 * size)
    picture = Pillow.new("L", (int(box[2] - box[0]) + 4 * pad, int(1.05 * size) + 2 * pad), 255)
    ImageDraw.Draw(picture).text((2 * pad - box[0], pad - 0.02 * size), text, font=font, fill=int(rng.integers(0, 90)))
    page = np.asarray(cv2.cvtColor(np.asarray(picture, np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)
    small = 1.0 if rng.random() < 0.5 else float(rng.uniform(14, 24) / size)
    page = np.asarray(cv2.resize(page, None, fx=small, fy=small, interpolation=cv2.INTER_AREA), np.uint8)
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), float(rng.uniform(0.2, 0.9))), np.uint8)
    level = float(rng.uniform(0.6, 1))
    page = degrade.tint(page, (level, level, level), float(rng.uniform(0, 60)))
    page = degrade.add_noise(page, float(rng.uniform(0, 9)), rng)
    coded = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])[1]
    page = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    width = max(round(page.shape[1] * LINE_HEIGHT / page.shape[0]), 8)
    line = cv2.resize(page, (width, LINE_HEIGHT), interpolation=cv2.INTER_CUBIC if small < 1 else cv2.INTER_AREA)
    return np.asarray(line, np.uint8)


if __name__ == "__main__":
    sys.exit(main())
