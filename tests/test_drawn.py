"""Drawn slots: what the digit readers are trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.digits import CLASSES, STEP
from training.hands import draw_hand
from training.pens import Pens, draw_field
from training.slots import LOOKS, draw_slot, pack_slots, save_slots


@pytest.fixture(scope="module")
def pens() -> Pens:
    """The project's own strokes for each digit, and nobody else's."""
    rng = np.random.default_rng(1)
    fields = np.stack([draw_field(digit, rng) for digit in range(10)])
    return Pens(fields, [np.array([digit]) for digit in range(10)], fields[None])


@pytest.mark.parametrize("look", LOOKS)
def test_a_seed_draws_the_same_slots(look: str, pens: Pens) -> None:
    """A slot follows from its seed, in the planes and rows of its look."""
    first, again = (draw_slot(pens, *LOOKS[look], np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first.picture.planes, again.picture.planes)
    assert (first.text, first.content) == (again.text, again.content)
    assert first.picture.planes.shape[:2] == (LOOKS[look][0].planes, LOOKS[look][0].height)


@pytest.mark.parametrize("look", LOOKS)
def test_slots_are_kept_side_by_side(look: str, pens: Pens, tmp_path: Path) -> None:
    """What is saved holds every slot's columns and its string, which the reader can spell."""
    slots = [draw_slot(pens, *LOOKS[look], np.random.default_rng(seed)) for seed in range(12)]
    save_slots(tmp_path / "slots.npz", [pack_slots(slots), pack_slots([])])
    kept = np.load(tmp_path / "slots.npz")
    assert np.diff(kept["starts"]).tolist() == [slot.picture.planes.shape[2] for slot in slots]
    assert all(width % STEP == 0 for width in np.diff(kept["starts"]))
    assert kept["texts"].tolist() == [slot.text for slot in slots]
    assert {char for text in kept["texts"] for char in text} <= set(CLASSES)
    assert kept["colour"].shape == (kept["ink"].shape if LOOKS[look][0].coloured else (0, kept["ink"].shape[1]))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_a_pen_does_not_close_its_loops(seed: int) -> None:
    """No pen is broader than a fifth of the digits that it writes."""
    hand = draw_hand(np.random.default_rng(seed), reach=56)
    assert 0 < hand.pen <= hand.size / 5
