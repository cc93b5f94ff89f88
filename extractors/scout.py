"""A text line to rough character posteriors, in a twelfth of the recogniser's time: where things stand, not what they are.

The scout is a small net trained on the form's own characters (`training/scout.py`; its card lies beside its weights). The
printed sentence, laid through what it sees, tells where the slots are; the recogniser then reads those alone. A line that
the scout does not make out is left to the recogniser as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.engine import batches_of_like_width, load_session, share_out
from extractors.glyphs import FLOOR, STEP, Alphabet, GlyphReader, fold
from extractors.ink import line_to_gray
from schemas.flow import GlyphLine, Image, Line
from schemas.form import Form

MODEL = Path(__file__).parent / "models" / "scout.onnx"

# The scout looks at a picture of half a line's height.
HEIGHT = 24

# Contrast of a line with nothing on it, of 255: noise must not be stretched to look like ink.
LEAST_CONTRAST = 40.0

# The share of the characters in a form's sentences that the scout must know to be of use.
LEAST_KNOWN = 0.97


def load_scout(form: Form, alphabet: Alphabet, *, threads: int = 0) -> GlyphReader | None:
    """Load the scout, once a process; None where it knows too few of a form's characters."""
    session = load_session(MODEL)
    known = session.get_modelmeta().custom_metadata_map["classes"].split("\n")
    printed = {fold(char) for item in form.items for char in item.sentence}
    if not printed or len(printed & set(known)) < LEAST_KNOWN * len(printed):
        return None
    columns = np.array([alphabet.index(char) for char in known], np.intp)

    def scout(lines: Sequence[Line]) -> list[GlyphLine]:
        def look(batch: Sequence[int]) -> list[GlyphLine]:
            seen = session.run(None, {"pictures": lines_to_tensor([line_to_gray(lines[place]) for place in batch])})[0]
            return [
                _steps_to_glyphs(lines[place], steps, columns, alphabet) for place, steps in zip(batch, seen, strict=True)
            ]

        batches = batches_of_like_width([line.bgr.shape[1] for line in lines])
        found = dict(zip(chain(*batches), chain(*share_out(look, batches, threads=threads)), strict=True))
        return [found[place] for place in range(len(lines))]

    return scout


def lines_to_tensor(grays: Sequence[Image]) -> NDArray[np.float32]:
    """Grey lines (LINE_HEIGHT, w) as ink from 0 (paper) to 1, by each line's own levels: float32 (n, 1, HEIGHT, w / 2)."""
    width = -(-max(gray.shape[1] for gray in grays) // STEP) * STEP // 2
    tensor = np.zeros((len(grays), 1, HEIGHT, width), np.float32)
    for place, gray in enumerate(grays):
        paper, black = np.percentile(gray[::2, ::2], (85, 2))
        half = cv2.resize(gray, (max(gray.shape[1] // 2, 1), HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
        ink = (paper - half) / max(float(paper - black), LEAST_CONTRAST)
        tensor[place, 0, :, : half.shape[1]] = np.clip(ink, -0.25, 1.25)
    return tensor


def _steps_to_glyphs(line: Line, steps: NDArray[np.float32], columns: NDArray[np.intp], alphabet: Alphabet) -> GlyphLine:
    """The scout's classes as the form's; steps in the padding are dropped."""
    count = min(-(-line.bgr.shape[1] // STEP), len(steps))
    steps = steps[:count]
    log_probs = np.full((count, alphabet.size), np.log(FLOOR), np.float32)
    log_probs[:, 0] = steps[:, 0]
    log_probs[:, columns] = steps[:, 1:-1]
    log_probs[:, alphabet.other] = np.maximum(steps[:, -1], np.log(FLOOR))
    best = log_probs.argmax(axis=1)
    lefts = np.arange(count, dtype=np.float32) * STEP
    return GlyphLine(
        line,
        np.maximum(log_probs, np.float32(np.log(FLOOR))),
        tuple(alphabet.name(int(place)) for place in best),
        np.exp(log_probs[np.arange(count), best]),
        np.column_stack([lefts, lefts + STEP]),
    )
