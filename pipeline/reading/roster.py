"""The roster of units: read from a CSV, and the name on it that stands in a field.

Each name is laid through the recogniser's posteriors as a printed word of its own, so that a seal over some characters does
no harm: what is left of them tells the names apart. The prices are those of the search (Viterbi over CTC topology, see
`automaton`), set so that names weigh against each other, and against a unit that is on no roster, as probabilities.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from extractors.glyphs import FLOOR, Alphabet, fold
from pipeline.reading.units import read_units, unit_spellings

# A character of a name surely read as one certain other character: one in a thousand characters is misread, one in a hundred
# of the time as that one.
MISREAD = -11.5

# A character that is not there, and one step of ink that is no part of the name: what a seal hides, and what it adds.
MISSING, FOREIGN = -7.5, -7.5

# A unit that is not on the roster and is spelled as the likeliest letters have it: one return in a hundred comes from such a
# unit, one in 1,600 of which has a name so like the one at hand. So a name with a character too few, too many or another one
# in its place is never sure.
OFF_ROSTER = -12.0

# Nats that a character of a name may be worse than the likeliest letters for the name to be meant at all: half are missing.
WORST_CHARACTER = 4.0

# The best name's share among the roster's from which it is meant rather than another one.
LEAST_SHARE = 0.9

NEVER = np.float32(-1e9)


@dataclass(frozen=True)
class Match:
    """The roster's name that a field holds, and the probability that it is that unit and no other, on the roster or not."""

    name: str
    probability: float


def read_roster(path: Path | None) -> tuple[str, ...]:
    """The names and aliases of a roster's units (see `units.read_units`), as they may stand in a field; none for no roster.

    Raises ConfigError when the file cannot be read.
    """
    return unit_spellings(read_units(path)) if path is not None else ()


def match_name(
    log_probs: NDArray[np.float32],
    spelling: Sequence[str],
    sureness: NDArray[np.float32],
    roster: tuple[str, ...],
    alphabet: Alphabet,
) -> Match | None:
    """The name of the roster that steps (steps, alphabet) hold; None where none is near enough, or two are equally near.

    A character that the alphabet lacks is known only where the recogniser's own spelling has it.
    """
    if not roster or len(log_probs) == 0:
        return None
    encoded = _encode(roster)
    emission = np.column_stack([_emission(char, log_probs, spelling, sureness, alphabet) for char in encoded.chars])
    blank = np.exp(log_probs[:, 0])
    inked = np.maximum(1.0 - blank, FLOOR)
    gap = np.log(blank + np.exp(FOREIGN) * inked).astype(np.float32)
    misread = (np.log(inked) + MISREAD).astype(np.float32)
    spelled = _scores(emission, gap, misread, encoded.names, encoded.lengths)
    scores = np.full(len(roster), NEVER, np.float64)
    np.maximum.at(scores, encoded.units, spelled)
    best = int(scores.argmax())
    free = float(log_probs.max(axis=1).sum())
    among = float(np.exp(scores - scores[best]).sum())
    if 1 / among < LEAST_SHARE or free - scores[best] > WORST_CHARACTER * len(roster[best]):
        return None
    return Match(roster[best], 1 / (among + exp(min(free + OFF_ROSTER - scores[best], 50.0))))


@dataclass(frozen=True, eq=False)
class _Encoded:
    """Names as places in `chars`: int32 (names, longest), their lengths, and the place of each one's unit on the roster."""

    chars: tuple[str, ...]
    names: NDArray[np.int32]
    lengths: NDArray[np.int32]
    units: NDArray[np.intp]


@lru_cache(maxsize=4)
def _encode(roster: tuple[str, ...]) -> _Encoded:
    """The roster's names, and those that lead with their city or province also without it, where that is no other's name."""
    folded = [tuple(folded for char in name if (folded := fold(char)).strip()) for name in roster]
    short = [tuple(re.sub(r"^(?:.{2,3}?省)?(?:.{2,4}?市)?(?=.{4})", "", "".join(name))) for name in folded]
    taken = Counter([*folded, *(name for name, full in zip(short, folded, strict=True) if name != full)])
    spelled = list(enumerate(folded))
    spelled += [(unit, name) for unit, name in enumerate(short) if name != folded[unit] and taken[name] == 1]
    chars = tuple(sorted({char for _, name in spelled for char in name}))
    places = {char: place for place, char in enumerate(chars)}
    names = np.zeros((len(spelled), max(len(name) for _, name in spelled)), np.int32)
    for row, (_, name) in enumerate(spelled):
        names[row, : len(name)] = [places[char] for char in name]
    lengths = np.array([len(name) for _, name in spelled], np.int32)
    return _Encoded(chars, names, lengths, np.array([unit for unit, _ in spelled], np.intp))


def _emission(
    char: str, log_probs: NDArray[np.float32], spelling: Sequence[str], sureness: NDArray[np.float32], alphabet: Alphabet
) -> NDArray[np.float32]:
    """A character's log probability at each step."""
    place = alphabet.index(char)
    if place != alphabet.other:
        return log_probs[:, place]
    there = np.array([fold(seen) == char for seen in spelling])
    return np.asarray(np.log(np.where(there, np.maximum(sureness, FLOOR), FLOOR)), np.float32)


@njit(cache=True, nogil=True)
def _scores(
    emission: NDArray[np.float32],
    gap: NDArray[np.float32],
    misread: NDArray[np.float32],
    names: NDArray[np.int32],
    lengths: NDArray[np.int32],
) -> NDArray[np.float32]:
    """The best path's log probability for each name. States: a gap ahead of each character and one behind the last."""
    missing = np.float32(MISSING)
    scores = np.empty(len(names), np.float32)
    gaps, chars = np.empty(names.shape[1] + 1, np.float32), np.empty(names.shape[1] + 1, np.float32)
    for row in range(len(names)):
        length = lengths[row]
        gaps[:], chars[:] = NEVER, NEVER
        gaps[0] = 0.0
        for step in range(len(gap)):
            # reach: the best way to stand ahead of a character; fresh: without the same character directly before.
            reach = fresh = gaps[0]
            gaps[0] += gap[step]
            for place in range(length):
                char = names[row, place]
                same = place > 0 and names[row, place - 1] == char
                before, price = chars[place], max(emission[step, char], misread[step])
                chars[place] = max(before, fresh if same else reach) + price
                fresh = max(reach + missing, gaps[place + 1])
                gaps[place + 1] = max(gaps[place + 1], before) + gap[step]
                reach = max(fresh, before)
        best = gaps[0]
        for place in range(length):
            best = max(best + missing, gaps[place + 1], chars[place])
        scores[row] = best
    return scores
