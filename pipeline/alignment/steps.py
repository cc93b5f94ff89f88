"""The lines of a cell as one row of steps: a line break means nothing, and what has been explained is taken away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from extractors.glyphs import FLOOR, Alphabet
from pipeline.alignment.automaton import Path
from schemas.flow import GlyphLine


class Steps:
    """A cell's lines joined end to end, a blank step at each break, so that a line break means nothing."""

    def __init__(self, lines: Sequence[GlyphLine], alphabet: Alphabet, scouted: Sequence[GlyphLine] = ()) -> None:
        self.lines = tuple(lines)
        self.log_probs = _joined(lines, alphabet)
        # Scout and recogniser take equal steps, so that a place among the one's steps is a place among the other's.
        self.scouted = _joined(scouted, alphabet) if scouted else None
        self.spelling = tuple(char for line in lines for char in (*line.spelling, ""))
        self.sureness = np.concatenate([np.append(line.sureness, np.float32(1.0)) for line in lines])
        self.line_of = np.concatenate([np.full(len(line.spelling) + 1, place) for place, line in enumerate(lines)])
        self.starts = np.cumsum([0, *(len(line.spelling) + 1 for line in lines)])
        self.inked = np.exp(self.log_probs[:, 0]) < 0.5
        self.underlined = np.concatenate([np.append(_is_underlined(line), False) for line in lines])

    def ink(self) -> int:
        """How many steps hold ink that no sentence has explained yet."""
        return int(np.count_nonzero(np.exp(self.log_probs[:, 0]) < 0.5))

    def take_away(self, path: Path) -> None:
        """Leave paper where a sentence has been read."""
        places = np.flatnonzero(path.states % 2)
        if len(places):
            # Placements look into the old ones.
            self.log_probs = self.log_probs.copy()
            self.log_probs[places[0] : places[-1] + 1] = np.log(FLOOR)
            self.log_probs[places[0] : places[-1] + 1, 0] = 0.0
            self.underlined = self.underlined.copy()
            self.underlined[places[0] : places[-1] + 1] = False

    def edge(self, step: int, side: int) -> float:
        """Left (0) or right (1) edge of a step on its line."""
        place = int(self.line_of[step])
        edges = self.lines[place].edges
        return float(edges[min(step - self.starts[place], len(edges) - 1), side]) if len(edges) else 0.0


def _is_underlined(line: GlyphLine) -> NDArray[np.bool_]:
    """Which steps of a line stand above a line beneath a gap; a text layer's blank step reaches as far as the next one."""
    found = np.zeros(len(line.spelling), np.bool_)
    rights = np.maximum(line.edges[:, 1], np.append(line.edges[1:, 0], np.inf)) if line.certain else line.edges[:, 1]
    for one in line.line.underlines:
        found |= (line.edges[:, 0] < one.right) & (rights > one.left)
    return found


def _joined(lines: Sequence[GlyphLine], alphabet: Alphabet) -> NDArray[np.float32]:
    gap = np.full((1, alphabet.size), np.log(FLOOR), np.float32)
    gap[0, 0] = 0.0
    return np.concatenate([part for line in lines for part in (line.log_probs, gap)])
