"""What the recogniser sees of slots that the scout has placed: from parenthesis to parenthesis, not whole lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from extractors.glyphs import FLOOR, Alphabet, GlyphReader
from extractors.ink import line_to_gray
from pipeline.alignment.automaton import FOREIGN, OUTSIDE, best_path, pieces_to_automaton, state_span
from schemas.flow import LINE_HEIGHT, GlyphLine, Line, Placement
from schemas.form import SlotKind

# Parentheses that the recogniser sees this well say better than the scout where they stand.
SEEN = 0.5

# A window around a slot reaches this far beyond the steps at which its parentheses were seen, in line pixels: half a
# full-width parenthesis and most of a character. Without one, the recogniser takes an empty () for a 0.
REACH = 0.9 * LINE_HEIGHT


def look_closely(placements: Sequence[Placement], alphabet: Alphabet, glyphs: GlyphReader) -> list[Placement]:
    """Slots with the recogniser's posteriors instead of the scout's: one call of the engine for all.

    Slots that were not found, or that it has looked at before, stay as they are.
    """
    windows = [[] if placement.looked else _windows(placement) for placement in placements]
    faded = {id(line): _without_seal(line) for own in windows for line, _, _ in own}
    seen = iter(glyphs([faded[id(line)].part(left, right) for own in windows for line, left, right in own]))
    return [
        _reread(placement, [(next(seen), left) for _, left, _ in own], alphabet) if own else placement
        for placement, own in zip(placements, windows, strict=True)
    ]


def _without_seal(line: Line) -> Line:
    """A line in grey: whether red is a seal's or writing shows on the whole of it, not in a window."""
    return replace(line, bgr=np.repeat(line_to_gray(line)[:, :, None], 3, axis=2))


def _windows(placement: Placement) -> list[tuple[Line, int, int]]:
    """The stretches of a slot, with left and right on their lines, and room for its parentheses."""
    return [
        (line, max(int(left - REACH), 0), min(int(right + REACH), line.bgr.shape[1]))
        for line, (left, right) in placement.stretches
    ]


def _reread(placement: Placement, parts: Sequence[tuple[GlyphLine, int]], alphabet: Alphabet) -> Placement:
    """A placement with what the recogniser sees between its parentheses, over the parts of a broken slot.

    Each part comes with the column of its line at which it begins.
    """
    gap = np.full((1, alphabet.size), np.log(FLOOR), np.float32)
    gap[0, 0] = 0.0
    log_probs = np.concatenate([piece for part, _ in parts for piece in (part.log_probs, gap)])
    spelling = tuple(char for part, _ in parts for char in (*part.spelling, ""))
    sureness = np.concatenate([np.append(part.sureness, np.float32(1.0)) for part, _ in parts])
    between = pieces_to_automaton([(placement.path, placement.slot)], alphabet)
    # What stands beside a number is never part of it; of words in a window, all between the parentheses are.
    outside = FOREIGN if placement.slot.kind is SlotKind.TEXT else OUTSIDE
    path = best_path(between, log_probs, alphabet, outside=outside)
    slot = between.slots[0][2]
    start, stop = state_span(path, slot)
    seen = [
        float(np.exp(log_probs[path.states == state, between.classes[state]].max(initial=-np.inf)))
        for state in (slot - 1, slot + 1)
    ]
    outer, inner = placement.outer, placement.inner
    if len(parts) == 1 and min(seen) >= SEEN:
        edges = parts[0][0].edges + parts[0][1]
        opening, closing = np.flatnonzero(path.states == slot - 1), np.flatnonzero(path.states == slot + 1)
        outer = float(edges[opening[0], 0]), float(edges[closing[-1], 1])
        inner = float(edges[opening[-1], 1]), float(edges[closing[0], 0])
    return replace(
        placement,
        log_probs=log_probs[start:stop],
        spelling=spelling[start:stop],
        sureness=sureness[start:stop],
        outer=outer,
        inner=inner,
        # Either reader's word is enough for a printed parenthesis: in an empty () the recogniser sees a 0.
        parentheses=(max(seen[0], placement.parentheses[0]), max(seen[1], placement.parentheses[1])),
        looked=True,
    )
