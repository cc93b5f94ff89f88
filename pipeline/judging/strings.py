"""Posteriors within a slot to what may be written there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from math import prod
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from extractors.glyphs import Alphabet
from schemas.flow import Placement

# Prefixes kept at each step, and the least probability of a character worth a new prefix: a slot's posteriors are so
# peaked that twice as many prefixes change no probability in its fourth digit.
BEAMS, LEAST = 16, 1e-4

# A prefix less likely than this share of the likeliest is dropped: it can no longer come to matter.
NEGLIGIBLE = 1e-7

# Longest string that a slot is searched for; a longer one has swallowed printed words.
MAX_STEPS = 160


@dataclass(frozen=True)
class Candidate:
    """A string that may stand in a slot, and the probability that it does."""

    text: str
    probability: float


def best_strings(log_probs: NDArray[np.float32], alphabet: Alphabet, *, beams: int = BEAMS) -> tuple[Candidate, ...]:
    """Strings by falling probability, summed over their CTC alignments: prefix beam search (Hannun et al., 2014).

    `log_probs` is (steps, alphabet); `beams` prefixes are kept at each step. Any other character is spelled
    "\N{REPLACEMENT CHARACTER}".
    """
    steps = np.exp(log_probs[:MAX_STEPS])
    kept: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for blank, letters in _likely_by_step(steps):
        if not letters:
            kept = {prefix: ((ended + open_) * blank, 0.0) for prefix, (ended, open_) in kept.items()}
            continue
        grown: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for prefix, (ended, open_) in kept.items():
            grown[prefix][0] += (ended + open_) * blank
            for place, probability in letters:
                if prefix and place == prefix[-1]:
                    grown[prefix][1] += open_ * probability
                    grown[*prefix, place][1] += ended * probability
                else:
                    grown[*prefix, place][1] += (ended + open_) * probability
        likeliest = sorted(grown.items(), key=lambda item: -sum(item[1]))[:beams]
        least = NEGLIGIBLE * sum(likeliest[0][1])
        kept = {prefix: (ended, open_) for prefix, (ended, open_) in likeliest if ended + open_ > least}
    ranked = sorted(kept.items(), key=lambda item: -sum(item[1]))
    return tuple(Candidate("".join(map(alphabet.name, prefix)), min(sum(share), 1.0)) for prefix, share in ranked)


def slot_strings(log_probs: NDArray[np.float32], alphabet: Alphabet) -> dict[str, float]:
    """What may stand in a slot, with its probability: halves of parentheses that reach into it do not count."""
    shares: dict[str, float] = {}
    for candidate in best_strings(log_probs, alphabet):
        text = candidate.text.lstrip("(").rstrip(")")
        shares[text] = shares.get(text, 0.0) + candidate.probability
    return shares


def _likely_by_step(steps: NDArray[np.float32]) -> list[tuple[float, list[tuple[int, float]]]]:
    """The blank's probability at each step, and the characters worth a new prefix; a run of steps without any is one."""
    rows, places = np.nonzero(steps[:, 1:] > LEAST)
    found: list[tuple[float, list[tuple[int, float]]]] = []
    blanks, before = steps[:, 0], 0
    letters = zip(places.tolist(), steps[rows, places + 1].tolist(), strict=True)
    for row, group in groupby(zip(rows.tolist(), letters, strict=True), key=itemgetter(0)):
        if row > before:
            found.append((float(blanks[before:row].prod()), []))
        found.append((float(blanks[row]), [(place + 1, probability) for _, (place, probability) in group]))
        before = row + 1
    if before < len(steps):
        found.append((float(blanks[before:].prod()), []))
    return found


def spell(placement: Placement) -> tuple[str, float]:
    """The words in a slot as the recogniser spells them without the form, and the product of their probabilities."""
    letters: list[str] = []
    peaks: list[float] = []
    before = ""
    for char, sureness in zip(placement.spelling, placement.sureness, strict=True):
        if char and char == before:
            peaks[-1] = max(peaks[-1], float(sureness))
        elif char:
            letters.append(char)
            peaks.append(float(sureness))
        before = char
    return "".join(letters).strip(), prod(peaks)
