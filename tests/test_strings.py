"""Posteriors in a slot to strings."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from extractors.glyphs import Alphabet
from pipeline.judging.strings import best_strings


@st.composite
def posteriors(draw: st.DrawFn, *, size: int, most_steps: int) -> NDArray[np.float32]:
    """Steps over an alphabet of `size`, no probability below a thousandth."""
    steps = draw(st.integers(0, most_steps))
    row = st.lists(st.integers(1, 100), min_size=size, max_size=size)
    weights = np.array([draw(row) for _ in range(steps)], dtype=np.float64).reshape(steps, size)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.log(shares), dtype=np.float32)


def enumerated(log_probs: NDArray[np.float32], alphabet: Alphabet) -> dict[str, float]:
    """Every alignment, folded as CTC folds it: repeats first, then blanks."""
    shares: dict[str, float] = defaultdict(float)
    steps, size = log_probs.shape
    for path in product(range(size), repeat=steps):
        kept = [index for index, before in zip(path, (0, *path), strict=False) if index and index != before]
        probability = float(np.exp(sum(log_probs[step, index] for step, index in enumerate(path))))
        shares["".join(map(alphabet.name, kept))] += probability
    return shares


@given(log_probs=posteriors(size=3, most_steps=3))
@settings(deadline=None, max_examples=60)
def test_strings_are_the_sum_of_their_alignments(log_probs: NDArray[np.float32]) -> None:
    """Where no string is dropped, each has the probability of all its alignments together."""
    alphabet = Alphabet(("7",))
    found = {candidate.text: candidate.probability for candidate in best_strings(log_probs, alphabet)}
    truth = enumerated(log_probs, alphabet)
    for text in found.keys() | truth.keys():
        assert found.get(text, 0.0) == pytest.approx(truth.get(text, 0.0), abs=1e-5)


@given(log_probs=posteriors(size=5, most_steps=5))
@settings(deadline=None, max_examples=40)
def test_strings_never_claim_too_much(log_probs: NDArray[np.float32]) -> None:
    """Dropping strings makes none more likely than it is: shares fall in order and sum to at most one."""
    alphabet = Alphabet(("1", "7", "0"))
    found = best_strings(log_probs, alphabet)
    truth = enumerated(log_probs, alphabet)
    shares = [candidate.probability for candidate in found]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1 + 1e-5
    for candidate in found:
        assert candidate.probability <= truth[candidate.text] + 1e-5


@pytest.mark.parametrize(
    ("peaks", "text"),
    [("1177", "17"), ("1_1", "11"), ("__7_", "7"), ("____", ""), ("1_17_7", "1177"), ("", "")],
)
def test_repeats_fold_unless_a_blank_parts_them(peaks: str, text: str) -> None:
    """Sure steps spell what CTC says they spell, surely."""
    alphabet = Alphabet(("1", "7"))
    log_probs = np.full((len(peaks), alphabet.size), np.log(1e-6), np.float32)
    for step, char in enumerate(peaks):
        log_probs[step, 0 if char == "_" else alphabet.index(char)] = 0.0
    best = best_strings(log_probs, alphabet)[0]
    assert best.text == text
    assert best.probability == pytest.approx(1.0, abs=1e-3)


def test_an_unknown_character_is_no_digit() -> None:
    """What stands for any other character is spelled by the replacement character, which no count holds."""
    alphabet = Alphabet(("1",))
    log_probs = np.log(np.array([[0.05, 0.15, 0.8]], np.float32))
    assert best_strings(log_probs, alphabet)[0].text == "�"
