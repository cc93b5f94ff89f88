"""The engines of one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from extractors.digits import PEN_LOOK, DigitReader, load_digit_reader
from extractors.glyphs import Alphabet, GlyphReader, form_to_alphabet, load_glyph_reader
from extractors.orient import UpsideDown, load_direction_classifier
from extractors.scout import load_scout
from extractors.tesseract import SlotReader, load_slot_reader
from pipeline.stages import Stage, stage
from schemas.form import Form


@dataclass(frozen=True)
class Readers:
    """The engines of one process, loaded once.

    `second` is None where Tesseract is not installed, `scout` where the form's characters are not those it was trained on,
    `digits` and `pens`, which reads what a pen wrote, where a test does without.
    """

    alphabet: Alphabet
    scout: GlyphReader | None
    glyphs: GlyphReader
    is_upside_down: UpsideDown
    second: SlotReader | None
    digits: DigitReader | None = None
    pens: DigitReader | None = None


def load_readers(form: Form, *, threads: int = 0, roster: Sequence[str] = ()) -> Readers:
    """Load every engine; `threads` 0 lets each use all cores. Units are told apart by the characters of the `roster`."""
    if threads:
        # OpenCV would take all cores for each page that it straightens, from the tasks that keep them busy.
        cv2.setNumThreads(threads)
    alphabet = form_to_alphabet(form, extra="".join(roster))
    scout, second = load_scout(form, alphabet, threads=threads), load_slot_reader()
    return Readers(
        alphabet,
        None if scout is None else stage(Stage.SCOUT)(scout),
        stage(Stage.RECOGNISE)(load_glyph_reader(alphabet, threads=threads)),
        load_direction_classifier(),
        None if second is None else stage(Stage.SECOND)(second),
        stage(Stage.DIGITS)(load_digit_reader(threads=threads)),
        stage(Stage.DIGITS)(load_digit_reader(PEN_LOOK, threads=threads)),
    )
