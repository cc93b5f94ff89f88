"""The search for the best path, against a reference that is plain and slow."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from extractors.glyphs import FLOOR, Alphabet
from pipeline.alignment.automaton import (
    CHARACTER,
    COUNT_SLOT,
    CUT,
    GAP,
    INNER_GAP,
    MISSING,
    TEXT_SLOT,
    Automaton,
    best_path,
    item_to_automaton,
    state_span,
    step_prices,
)
from schemas.form import FormItem, SlotKind
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET, filled_sentence, glyph_line

TINY = Alphabet(("(", ")", "1", "人"))

WORDS = ("人", "(", ")", "1")


SLOT = 4

# The sentence 人（）人.
SLOT_AMONG_WORDS = Automaton(
    np.array([GAP, CHARACTER, INNER_GAP, CHARACTER, COUNT_SLOT, CHARACTER, INNER_GAP, CHARACTER, GAP], np.int8),
    np.array([0, 4, 0, 1, 0, 2, 0, 4, 0], np.int32),
    (),
)


def only(char: str) -> NDArray[np.float32]:
    """One step at which a character is all but sure; "" is paper."""
    step = np.full((1, TINY.size), np.log(FLOOR), np.float32)
    step[0, TINY.index(char) if char else 0] = 0.0
    return step


@st.composite
def automata(draw: st.DrawFn) -> Automaton:
    """One to seven characters with gaps around them, one gap of which may be a slot: three to fifteen states."""
    chars = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7))
    kinds, classes = [GAP], [0]
    for char in chars:
        kinds += [CHARACTER, GAP]
        classes += [TINY.index(char), 0]
    kinds[2 * draw(st.integers(0, len(chars)))] = draw(st.sampled_from([GAP, COUNT_SLOT, TEXT_SLOT]))
    return Automaton(np.array(kinds, np.int8), np.array(classes, np.int32), ())


@st.composite
def posteriors(draw: st.DrawFn, *, most_steps: int = 5) -> NDArray[np.float32]:
    """Up to so many steps, each peaked as a recogniser's are or flat."""
    row = st.lists(st.sampled_from([1, 2, 30, 900]), min_size=TINY.size, max_size=TINY.size)
    weights = np.array(draw(st.lists(row, min_size=1, max_size=most_steps)), dtype=np.float64)
    return np.asarray(np.log(weights / weights.sum(axis=1, keepdims=True)), dtype=np.float32)


def price_of_step(automaton: Automaton, log_probs: NDArray[np.float32], step: int, state: int) -> float:
    """What a state pays for a step: a character its own posterior or a misreading, a gap what its kind asks."""
    free = step_prices(log_probs, TINY)[step]
    if automaton.kinds[state] == CHARACTER:
        return float(max(log_probs[step, automaton.classes[state]], free[CHARACTER]))
    return float(free[automaton.kinds[state]])


def price_of_jump(before: int, state: int) -> float:
    """What the characters cost that stand between two states."""
    return MISSING * sum(1 for between in range(before + 1, state) if between % 2 == 1)


def price_of_end(before: int, state: int) -> float:
    """What it costs that the sentence's beginning or end is not there: its characters are missing, or it is cut off."""
    return max(price_of_jump(before, state), CUT)


def price_of_move(automaton: Automaton, before: int, state: int) -> float | None:
    """What going from one state to the same or a later one costs; None where it may not be."""
    if state < before:
        return None
    repeated = before % 2 == 1 and state == before + 2 and automaton.classes[state] == automaton.classes[before]
    if repeated:
        # CTC tells a doubled character from a long one by the blank between.
        return None
    return price_of_jump(before, state)


def reference(automaton: Automaton, log_probs: NDArray[np.float32]) -> float:
    """The best score over all ways through the states, by recursion."""
    size, steps = len(automaton.kinds), len(log_probs)

    @cache
    def best(step: int, state: int) -> float:
        own = price_of_step(automaton, log_probs, step, state)
        if step == 0:
            return own + price_of_end(-1, state)
        moves = ((price_of_move(automaton, before, state), before) for before in range(size))
        return own + max(best(step - 1, before) + price for price, before in moves if price is not None)

    return max(best(steps - 1, state) + price_of_end(state, size) for state in range(size))


def priced(automaton: Automaton, log_probs: NDArray[np.float32], states: list[int]) -> float:
    """The price of one way through the states."""
    total = price_of_end(-1, states[0])
    for step, state in enumerate(states):
        total += price_of_step(automaton, log_probs, step, state)
        if step:
            move = price_of_move(automaton, states[step - 1], state)
            assert move is not None, "the path makes a move that does not exist"
            total += move
    return total + price_of_end(states[-1], len(automaton.kinds))


@given(automaton=automata(), log_probs=posteriors())
@settings(deadline=None, max_examples=150)
def test_path_is_the_best_there_is(automaton: Automaton, log_probs: NDArray[np.float32]) -> None:
    """The path's states are a possible way, and no way has a better price."""
    states = [int(state) for state in best_path(automaton, log_probs, TINY).states]
    assert priced(automaton, log_probs, states) == pytest.approx(reference(automaton, log_probs), abs=1e-3)


@given(automaton=automata(), log_probs=posteriors())
@settings(deadline=None, max_examples=50)
def test_gain_is_the_price_over_all_foreign(automaton: Automaton, log_probs: NDArray[np.float32]) -> None:
    """A path gains what it costs less than foreign ink everywhere but in its slots."""
    path = best_path(automaton, log_probs, TINY)
    states = [int(state) for state in path.states]
    free = step_prices(log_probs, TINY)
    in_slot = [automaton.kinds[state] in (COUNT_SLOT, TEXT_SLOT) for state in states]
    foreign = sum(
        free[step, automaton.kinds[state] if slot else GAP]
        for step, (state, slot) in enumerate(zip(states, in_slot, strict=True))
    )
    assert path.gain == pytest.approx(priced(automaton, log_probs, states) - float(foreign), abs=1e-3)


@given(log_probs=posteriors())
@settings(deadline=None, max_examples=50)
def test_prices_are_costs(log_probs: NDArray[np.float32]) -> None:
    """No step is paid for, and between a sentence's words nothing is cheaper than in a slot, to which it may belong."""
    log_probs[:, [TINY.index("("), TINY.index(")")]] = np.log(FLOOR)
    free = step_prices(log_probs, TINY)
    assert free.max() <= 1e-5
    assert np.all(free[:, COUNT_SLOT] >= free[:, INNER_GAP] - 1e-5)
    assert np.all(free[:, TEXT_SLOT] >= free[:, INNER_GAP] - 1e-5)


@pytest.mark.parametrize("char", "()")
def test_a_parenthesis_is_dearer_in_a_slot_than_between_words(char: str) -> None:
    """A unit's own parentheses ahead of a slot belong to the words there."""
    free = step_prices(only(char), TINY)
    assert free[0, COUNT_SLOT] < free[0, INNER_GAP]


@given(log_probs=posteriors(most_steps=8), data=st.data())
@settings(deadline=None, max_examples=100)
def test_a_line_beneath_leaves_the_order_alone(log_probs: NDArray[np.float32], data: st.DataObject) -> None:
    """Whatever is underlined, a path goes from the sentence's beginning to its end."""
    lined = data.draw(st.lists(st.booleans(), min_size=len(log_probs), max_size=len(log_probs)))
    path = best_path(SLOT_AMONG_WORDS, log_probs, TINY, underlined=np.array(lined))
    assert np.all(np.diff(path.states) >= 0)
    assert set(path.states.tolist()) <= set(range(len(SLOT_AMONG_WORDS.kinds)))


@pytest.mark.parametrize(
    ("lined", "slot"),
    [
        ((False, True, True, True, False), [1, 2, 3]),
        ((False, True, False, False, False), [1, 2, 3]),
        ((False, False, False, True, False), [1, 2, 3]),
    ],
    ids=["all along", "before the value", "behind it"],
)
def test_a_line_beneath_stands_for_parentheses(lined: tuple[bool, ...], slot: list[int]) -> None:
    """A gap of which any part is underlined is the slot, with all that stands in it; without a line it costs more."""
    steps = np.concatenate([only(char) for char in "人111人"])
    steps[1:4] = np.logaddexp(steps[1:4], only("")[0]) - np.log(2)
    path = best_path(SLOT_AMONG_WORDS, steps, TINY, underlined=np.array(lined))
    assert np.flatnonzero(path.states == SLOT).tolist() == slot
    assert path.gain > best_path(SLOT_AMONG_WORDS, steps, TINY).gain


def test_nothing_to_read_gains_nothing() -> None:
    """A line without steps has a path without states."""
    automaton = item_to_automaton(SAFETY_MONTH.items[0], ALPHABET)
    path = best_path(automaton, np.zeros((0, ALPHABET.size), np.float32), ALPHABET)
    assert (len(path.states), path.gain) == (0, 0.0)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_sentence_said_again_has_its_slots_again(times: int) -> None:
    """Further activities bring the same slots, numbered from [2] on, in printed order."""
    automaton = item_to_automaton(SAFETY_MONTH.items[6], ALPHABET, times=times)
    keys = ["item7", *(f"item7[{turn}]" for turn in range(2, times + 1))]
    expected = [f"{key}.{name}" for key in keys for name in ("name", "sessions", "attendance")]
    assert [path for path, _, _ in automaton.slots] == expected


@pytest.mark.parametrize("item", SAFETY_MONTH.items, ids=lambda item: item.key)
def test_states_alternate_and_slots_stand_between_parentheses(item: FormItem) -> None:
    """Even states are gaps and slots, odd ones characters; on both sides of a slot is a parenthesis."""
    automaton = item_to_automaton(item, ALPHABET)
    assert np.all((automaton.kinds == CHARACTER) == (np.arange(len(automaton.kinds)) % 2 == 1))
    for _, slot, state in automaton.slots:
        assert automaton.kinds[state] == (COUNT_SLOT if slot.kind is SlotKind.COUNT else TEXT_SLOT)
        assert automaton.classes[state - 1] == ALPHABET.index("（")
        assert automaton.classes[state + 1] == ALPHABET.index("）")


def test_a_slot_s_span_is_what_stands_in_it() -> None:
    """The steps that a path spends in a slot are its digits; an empty slot has none but blanks."""
    item = SAFETY_MONTH.items[3]
    line = glyph_line(filled_sentence(item, ["12", "", "7", "305"]))
    automaton = item_to_automaton(item, ALPHABET)
    path = best_path(automaton, line.log_probs, ALPHABET)
    spans = [state_span(path, state) for _, _, state in automaton.slots]
    assert ["".join(line.spelling[start:stop]) for start, stop in spans] == ["12", "", "7", "305"]
