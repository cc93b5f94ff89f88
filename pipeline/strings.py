"""Posteriors within a slot to what may be written there, and written numbers to integers."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractors.glyphs import Alphabet

# Prefixes kept at each step, and the least probability of a character worth a new prefix: a slot's posteriors are so
# peaked that twice as many prefixes change no probability in its fourth digit.
BEAMS, LEAST = 16, 1e-4

# Longest string that a slot is searched for; a longer one has swallowed printed words.
MAX_STEPS = 160

GROUPED = re.compile(r"\d{1,3}(,\d{3})+")
PLAIN = re.compile(r"\d{1,9}")
NOUGHT = frozenset({"零", "〇"})


@dataclass(frozen=True)
class Candidate:
    """A string that may stand in a slot, and the probability that it does."""

    text: str
    probability: float


def best_strings(log_probs: NDArray[np.float32], alphabet: Alphabet) -> tuple[Candidate, ...]:
    """Strings by falling probability, summed over their CTC alignments: prefix beam search (Hannun et al., 2014).

    `log_probs` is (steps, alphabet). Any other character is spelled "\N{REPLACEMENT CHARACTER}".
    """
    steps = np.exp(log_probs[:MAX_STEPS])
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for step in steps:
        blank = float(step[0])
        if blank > 1.0 - LEAST:
            beams = {prefix: (ended + open_, 0.0) for prefix, (ended, open_) in beams.items()}
            continue
        likely = [(int(place), float(step[place])) for place in np.flatnonzero(step > LEAST) if place]
        grown: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for prefix, (ended, open_) in beams.items():
            grown[prefix][0] += (ended + open_) * blank
            for place, probability in likely:
                if prefix and place == prefix[-1]:
                    grown[prefix][1] += open_ * probability
                    grown[*prefix, place][1] += ended * probability
                else:
                    grown[*prefix, place][1] += (ended + open_) * probability
        kept = sorted(grown.items(), key=lambda item: -sum(item[1]))[:BEAMS]
        beams = {prefix: (ended, open_) for prefix, (ended, open_) in kept}
    ranked = sorted(beams.items(), key=lambda item: -sum(item[1]))
    return tuple(Candidate("".join(map(alphabet.name, prefix)), min(sum(share), 1.0)) for prefix, share in ranked)


def parse_count(text: str) -> tuple[int | None, bool]:
    """The count that a written text means, and whether it was written plainly; None where it is no number.

    >>> parse_count("３20"), parse_count("1,280"), parse_count("零"), parse_count("约300")
    ((320, True), (1280, True), (0, False), (None, False))
    """
    normal = unicodedata.normalize("NFKC", text).replace(" ", "")
    if PLAIN.fullmatch(normal):
        # A nought in front is no way to write a count: more likely a stroke that belongs to something else.
        return int(normal), normal == "0" or not normal.startswith("0")
    if GROUPED.fullmatch(normal) and len(normal) <= 13:
        return int(normal.replace(",", "")), not normal.startswith("0")
    return (0, False) if normal in NOUGHT else (None, False)
