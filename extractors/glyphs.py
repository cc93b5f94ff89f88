"""A text line to character posteriors: PP-OCR's recogniser, from RapidOCR's wheel, on ONNX Runtime.

The recogniser knows 18,708 characters; a form needs some 250. Its output is folded to the form's `Alphabet`, in which
look-alikes ((（［, ，,、) are one class, so that what a printer or a reader confuses cannot cost anything.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np
import rapidocr
from numpy.typing import NDArray

from extractors.engine import batches_of_like_width, load_session, share_out
from extractors.ink import line_to_gray
from schemas.flow import LINE_HEIGHT, GlyphLine, Line, PageChar
from schemas.form import EMPTY_BOX, Form, Mark

GlyphReader: TypeAlias = Callable[[Sequence[Line]], list[GlyphLine]]
"""The seam for recognisers: lines in, one GlyphLine for each, in the same order."""

# The recogniser halves the width three times: one step for every 8 pixels of the line.
STEP = 8

# Smallest probability told apart from none: PP-OCR's float32 softmax is noise below.
FLOOR = 1e-6

# Characters that stand for each other on paper or in a recogniser's eyes; the first names the class.
LOOK_ALIKES = (
    "(（[［【〔{｛「『",
    ")）]］】〕}｝」』",
    ",，、､،",
    ";；",
    ":：∶",
    ".。．·•・",
    "“”\"＂‘’'＇″〝〞",
    "-—–－―─~～",
    "/／∕",
    "0０OoＯｏ○〇◯",
)

# What people write between parentheses besides digits.
NUMBER_WORDS = "零一二三四五六七八九十百千万亿两约余无多"

# What else they write there: how rough a number is, and the printed words of measure said again.
SLOT_WORDS = "个大约近将接超过至少不足合共总计有来左右以上下场次人篇条份名件起项家户块处期幅部例"

# What dates hold besides digits.
DATE_WORDS = "年月日号"

DIGITS = "0123456789"

# How a box to tick is spelled by recognisers and in text layers, where Wingdings lie among the private characters: empty,
# and ticked. A box that a pen has ticked is spelled as anything.
OPEN_BOXES = "□☐◻▢▫囗口\uf0a8\uf06f\uf0a3"
TICKED_BOXES = "☑☒■◼▪√✓✔✘\uf0fe\uf0fd\uf052\uf053\uf06e"

MODEL = Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_rec_small.onnx"


@dataclass(frozen=True)
class Alphabet:
    """The classes of characters that a form needs. Class 0 is the CTC blank, the last is any other character.

    Where boxes are among them, ticked or not they are one class.
    """

    classes: tuple[str, ...]

    @property
    def other(self) -> int:
        return len(self.classes) + 1

    @property
    def size(self) -> int:
        return len(self.classes) + 2

    def index(self, char: str) -> int:
        """The class of a character; `other` for one that no form word uses."""
        return self._places.get(fold(char), self.other)

    @cached_property
    def _places(self) -> dict[str, int]:
        places = {char: place for place, char in enumerate(self.classes, 1)}
        if EMPTY_BOX in places:
            places = dict.fromkeys(OPEN_BOXES + TICKED_BOXES, places[EMPTY_BOX]) | places
        return places

    def name(self, index: int) -> str:
        """The character that names a class; "" for blank, "�" for any other."""
        if index == 0:
            return ""
        return self.classes[index - 1] if index <= len(self.classes) else "�"


def form_to_alphabet(form: Form, *, extra: str = "") -> Alphabet:
    """The alphabet of a form's printed words, digits, number words and `extra` characters, such as a roster's."""
    words = [item.heading + "".join(slot.before + slot.after for slot in item.slots) for item in form.items]
    words += [EMPTY_BOX for slot in form.slots if slot.mark is Mark.BOX][:1]
    words += [slot.column for slot in form.slots]
    words += [form.title, *form.columns, NUMBER_WORDS, SLOT_WORDS, DATE_WORDS, DIGITS, extra]
    words += [label for field in form.header for label in (field.label, *field.also)]
    folded = {fold(char) for char in "".join(words)} | {group[0] for group in LOOK_ALIKES}
    return Alphabet(tuple(sorted(folded)))


@cache
def fold(char: str) -> str:
    """The class that a character belongs to: NFKC, then look-alikes."""
    normal = unicodedata.normalize("NFKC", char)
    return _FOLDED.get(char) or _FOLDED.get(normal) or normal


def fold_words(text: str) -> str:
    """Words as they are compared: look-alikes made one, no spaces."""
    return "".join(fold(char) for char in text if not char.isspace())


def load_glyph_reader(alphabet: Alphabet, *, threads: int = 0) -> GlyphReader:
    """Load the recogniser, once a process; `threads` 0 uses every core."""
    session = load_session(MODEL)
    vocabulary = ("", *session.get_modelmeta().custom_metadata_map["character"].split("\n"), " ")
    folding = _folding(vocabulary, alphabet)
    name = session.get_inputs()[0].name

    def read(lines: Sequence[Line]) -> list[GlyphLine]:
        def recognise(batch: Sequence[int]) -> list[GlyphLine]:
            posteriors = session.run(None, {name: _lines_to_tensor([lines[place] for place in batch])})[0]
            return [
                _steps_to_glyphs(lines[place], steps, vocabulary, folding, alphabet)
                for place, steps in zip(batch, posteriors, strict=True)
            ]

        batches = batches_of_like_width([line.bgr.shape[1] for line in lines])
        found = dict(zip(chain(*batches), chain(*share_out(recognise, batches, threads=threads)), strict=True))
        return [found[place] for place in range(len(lines))]

    return read


def chars_to_glyphs(line: Line, chars: Sequence[PageChar], edges: NDArray[np.float32], alphabet: Alphabet) -> GlyphLine:
    """A text layer's characters as posteriors that are certain: a step for each, and a blank step behind it.

    `edges` is (chars, 2): left and right of each character on the line. A PageChar of several letters shares its edges.
    """
    letters = [(letter, edge) for char, edge in zip(chars, edges, strict=True) for letter in char.text]
    log_probs = np.full((2 * len(letters), alphabet.size), np.log(FLOOR), dtype=np.float32)
    log_probs[1::2, 0] = 0.0
    for step, (letter, _) in enumerate(letters):
        log_probs[2 * step, alphabet.index(letter)] = 0.0
    spelling = tuple(text for letter, _ in letters for text in (letter, ""))
    places = np.array([side for _, (left, right) in letters for side in ((left, right), (right, right))], np.float32)
    sureness = np.ones(len(spelling), dtype=np.float32)
    return GlyphLine(line, log_probs, spelling, sureness, places.reshape(-1, 2), certain=True)


def _folding(vocabulary: Sequence[str], alphabet: Alphabet) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of the vocabulary's columns go to which class: two arrays of equal length, sorted by class."""
    # A space is paper, as the CTC blank is.
    pairs = [(0 if char in ("", " ") else alphabet.index(char), column) for column, char in enumerate(vocabulary)]
    known = sorted(pair for pair in pairs if pair[0] != alphabet.other)
    return np.array([column for _, column in known], np.intp), np.array([index for index, _ in known], np.intp)


def _lines_to_tensor(lines: Sequence[Line]) -> NDArray[np.float32]:
    """float32 (lines, 3, LINE_HEIGHT, w) from -1 to 1, the right filled with 0 as in training."""
    width = -(-max(line.bgr.shape[1] for line in lines) // STEP) * STEP
    tensor = np.zeros((len(lines), 3, LINE_HEIGHT, width), dtype=np.float32)
    for place, line in enumerate(lines):
        gray = line_to_gray(line)
        tensor[place, :, :, : gray.shape[1]] = gray.astype(np.float32) / 127.5 - 1.0
    return tensor


def _steps_to_glyphs(
    line: Line,
    steps: NDArray[np.float32],
    vocabulary: Sequence[str],
    folding: tuple[NDArray[np.intp], NDArray[np.intp]],
    alphabet: Alphabet,
) -> GlyphLine:
    """Fold one line's posteriors (steps, vocabulary) to the alphabet; steps in the padding are dropped."""
    count = min(-(-line.bgr.shape[1] // STEP), len(steps))
    steps = steps[:count]
    columns, classes = folding
    folded = np.zeros((count, alphabet.size), dtype=np.float32)
    starts = np.flatnonzero(np.diff(classes, prepend=-1))
    folded[:, classes[starts]] = np.add.reduceat(steps[:, columns], starts, axis=1)
    folded[:, alphabet.other] = np.clip(1.0 - folded.sum(axis=1), 0.0, 1.0)
    lefts = np.arange(count, dtype=np.float32) * STEP
    best = steps.argmax(axis=1)
    spelling = tuple(vocabulary[place].strip() for place in best)
    sureness = steps[np.arange(count), best]
    return GlyphLine(line, np.log(np.maximum(folded, FLOOR)), spelling, sureness, np.column_stack([lefts, lefts + STEP]))


_FOLDED = {char: group[0] for group in LOOK_ALIKES for char in group}
