"""A printed sentence as a small automaton, and its best path through a recogniser's posteriors.

States alternate: a gap, a printed character, a gap, a printed character … a gap. A gap eats CTC blanks for nothing and
anything else at a price; the gap between a slot's parentheses is the slot, and eats numbers for nothing. A printed
character may be misread, missing or foreign, each at a price. A line beneath a slot stands for both its parentheses: there
it may be entered and left without them. The search is Viterbi's over CTC topology (Graves et al., *Connectionist Temporal
Classification*, ICML 2006), with within-step jumps over missing characters; compiled, a cell of 300 steps against a
sentence of 143 characters takes about a millisecond.

All prices are log probabilities (nats).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from extractors.glyphs import DATE_WORDS, DIGITS, NUMBER_WORDS, Alphabet
from schemas.form import EMPTY_BOX, EMPTY_PARENTHESES, FormItem, Mark, Slot, SlotKind

# A printed character read as another one: PP-OCR misreads about one printed character in 400 on phone scans.
MISREAD = -6.0

# A printed character that is not there at all; dearer than half a misreading, so that a swap is one misreading.
MISSING = -5.0

# One step of ink that the sentence does not hold, between its words. A character takes one or two steps.
FOREIGN = -4.0

# The same before a sentence begins and after it ends: cheaper than anything within, lest a slot eat the next sentence.
OUTSIDE = -2.2

# One step of something in a count slot that is no part of a number: cheaper than misplacing a printed word.
NO_NUMBER = -3.9

# One step of a parenthesis in a count slot: dearer than between words, lest a slot eat those that a unit has put before it.
NO_PARENTHESIS = -7.0

# One step of any character in a text slot: cheaper than between words, dearer than outside, lest a slot eat a title or
# another sentence and have its own printed words missing.
ANY_WORD = -2.3

# Beginning or ending in the middle of the sentence, as a cell does that the page end cuts in two.
CUT = -12.0

# A slot without parentheses, where a line beneath it stands for them: dearer than parentheses that are seen, which gain 2 to
# 5 nats each, and cheaper than even one that is missing.
UNDERLINED = -1.0

GAP, CHARACTER, COUNT_SLOT, TEXT_SLOT, INNER_GAP, DATE_SLOT = 0, 1, 2, 3, 4, 5

SLOTS = {SlotKind.COUNT: COUNT_SLOT, SlotKind.MONEY: COUNT_SLOT, SlotKind.DATE: DATE_SLOT, SlotKind.TEXT: TEXT_SLOT}
"""What a slot between parentheses eats, by its kind. A box is a printed character."""

# No path: far below any sum of prices, yet finite so that sums stay ordered.
NEVER = np.float32(-1e9)


@dataclass(frozen=True, eq=False)
class Automaton:
    """States of a sentence: int8 `kinds` and int32 character `classes` of each, and for each slot its state.

    A slot's state is the gap between its parentheses, or the character that is its box.
    """

    kinds: NDArray[np.int8]
    classes: NDArray[np.int32]
    slots: tuple[tuple[str, Slot, int], ...]


@dataclass(frozen=True, eq=False)
class Path:
    """The best path: the state at each step, and its gain over explaining all but the slots as foreign, in nats.

    What stands in slots tells nothing about the sentence, so it neither adds to the gain nor takes from it.
    """

    states: NDArray[np.int32]
    gain: float


def item_to_automaton(item: FormItem, alphabet: Alphabet, *, times: int = 1) -> Automaton:
    """An item's sentence, `times` over for an item that holds several activities."""
    pieces: list[str | tuple[str, Slot]] = []
    for turn in range(1, times + 1):
        for slot in item.slots:
            if slot.mark is Mark.CELL:
                continue
            path = slot.path if turn == 1 else slot.path.replace(item.key, f"{item.key}[{turn}]", 1)
            pieces += [slot.before, (path, slot), slot.after]
    return pieces_to_automaton(pieces, alphabet)


def pieces_to_automaton(pieces: list[str | tuple[str, Slot]], alphabet: Alphabet) -> Automaton:
    """Printed words and slots, in order."""
    kinds, classes = [GAP], [0]
    slots = []

    def print_char(char: str) -> None:
        kinds.extend((CHARACTER, GAP))
        classes.extend((alphabet.index(char), 0))

    for piece in pieces:
        if isinstance(piece, str):
            # A space is paper: nothing is printed there.
            for char in "".join(piece.split()):
                print_char(char)
            continue
        if piece[1].mark is Mark.BOX:
            print_char(EMPTY_BOX)
            slots.append((*piece, len(kinds) - 2))
            continue
        print_char(EMPTY_PARENTHESES[0])
        kinds[-1] = SLOTS[piece[1].kind]
        slots.append((*piece, len(kinds) - 1))
        print_char(EMPTY_PARENTHESES[1])
    inner = [INNER_GAP if kind == GAP else kind for kind in kinds[1:-1]]
    return Automaton(np.array([kinds[0], *inner, *kinds[1:][-1:]], np.int8), np.array(classes, np.int32), tuple(slots))


def best_path(
    automaton: Automaton,
    log_probs: NDArray[np.float32],
    alphabet: Alphabet,
    *,
    outside: float = OUTSIDE,
    underlined: NDArray[np.bool_] | None = None,
    prices: NDArray[np.float32] | None = None,
) -> Path:
    """The best path of a sentence through posteriors (steps, alphabet); `outside` is the price of a step beyond its ends.

    `underlined` (steps,) tells where a line beneath a gap stands for a slot's parentheses. `prices` are those of the steps,
    where they are known already.
    """
    if len(log_probs) == 0:
        return Path(np.zeros(0, np.int32), 0.0)
    free = step_prices(log_probs, alphabet, outside=outside) if prices is None else prices
    lined = np.zeros(len(log_probs), np.bool_) if underlined is None else underlined
    states, score = _viterbi(automaton.kinds, automaton.classes, log_probs, free, lined)
    kinds = automaton.kinds[states]
    in_slot = (kinds == COUNT_SLOT) | (kinds == TEXT_SLOT) | (kinds == DATE_SLOT)
    foreign = np.where(in_slot, free[np.arange(len(free)), kinds], free[:, GAP])
    return Path(states, float(score - foreign.sum()))


def step_prices(log_probs: NDArray[np.float32], alphabet: Alphabet, *, outside: float = OUTSIDE) -> NDArray[np.float32]:
    """What a step costs in a gap, as any misread character, in a slot of numbers or words, in an inner gap, in a slot of
    dates: float32 (steps, 6)."""
    numbers = [alphabet.index(char) for char in DIGITS + NUMBER_WORDS + ",."]
    blank = np.exp(log_probs[:, 0])
    number = np.minimum(np.exp(log_probs[:, numbers]).sum(axis=1), 1.0 - blank)
    inked = np.maximum(1.0 - blank, 1e-6)
    parentheses = np.exp(log_probs[:, [alphabet.index(char) for char in EMPTY_PARENTHESES]]).sum(axis=1)
    rest = np.maximum(inked - number - parentheses, 0.0)
    dates = [alphabet.index(char) for char in DIGITS + DATE_WORDS + ".-/"]
    date = np.minimum(np.exp(log_probs[:, dates]).sum(axis=1), 1.0 - blank)
    other = np.maximum(inked - date - parentheses, 0.0)
    prices = np.column_stack(
        [
            np.log(blank + np.exp(outside) * inked),
            np.log(inked) + MISREAD,
            np.log(blank + number + np.exp(NO_NUMBER) * rest + np.exp(NO_PARENTHESIS) * parentheses),
            np.log(blank + np.exp(ANY_WORD) * inked),
            np.log(blank + np.exp(FOREIGN) * inked),
            np.log(blank + date + np.exp(NO_NUMBER) * other + np.exp(NO_PARENTHESIS) * parentheses),
        ]
    )
    return prices.astype(np.float32)


def state_span(path: Path, state: int) -> tuple[int, int]:
    """The steps that a path spends in a state, half-open; empty, at the place where it would stand, if it jumps over."""
    start, stop = np.searchsorted(path.states, [state, state + 1])
    return int(start), int(stop)


@njit(cache=True, nogil=True)
def _viterbi(  # noqa: PLR0912  # one loop nest, compiled as a whole: split, it would hide the recurrence
    kinds: NDArray[np.int8],
    classes: NDArray[np.int32],
    log_probs: NDArray[np.float32],
    free: NDArray[np.float32],
    underlined: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], float]:
    """Best state for each step. Even states are gaps and slots, odd states characters.

    While searching, `size` above a slot's state stands the same slot entered without parentheses, and `size` above that
    the same again once a line beneath it has been met, which alone can be left.
    """
    steps, size = len(log_probs), len(kinds)
    last = size - 1
    came_from = np.empty((steps, 3 * size), np.int32)
    score = np.full(size, NEVER, np.float32)
    bare, lined = np.full(size, NEVER, np.float32), np.full(size, NEVER, np.float32)
    # reach[g]: best way to stand at gap g between two steps, by standing there, ending a character or jumping missing
    # ones; origin[g] is the state it ends in. fresh excludes ending the character just before, which CTC forbids ahead
    # of the same character.
    reach, fresh = np.full(size, NEVER, np.float32), np.full(size, NEVER, np.float32)
    origin, fresh_origin = np.full(size, -1, np.int32), np.full(size, -1, np.int32)
    for step in range(steps + 1):
        for gap in range(0, size, 2):
            best, source = score[gap], gap
            if step == 0:
                best, source = (np.float32(0.0), -1) if gap == 0 else (np.float32(CUT), -1)
            if gap >= 2 and reach[gap - 2] + MISSING > best:
                best, source = reach[gap - 2] + MISSING, origin[gap - 2]
            if gap >= 4 and lined[gap - 2] > best:
                best, source = lined[gap - 2], gap - 2 + 2 * size
            fresh[gap], fresh_origin[gap] = best, source
            if gap >= 2 and score[gap - 1] > best:
                best, source = score[gap - 1], gap - 1
            reach[gap], origin[gap] = best, source
        if step == steps:
            for gap in range(0, size - 1, 2):
                if reach[gap] + CUT > reach[last]:
                    reach[last], origin[last] = reach[gap] + CUT, origin[gap]
            break
        for state in range(size):
            if kinds[state] == CHARACTER:
                same = state >= 3 and classes[state] == classes[state - 2]
                best = fresh[state - 1] if same else reach[state - 1]
                source = fresh_origin[state - 1] if same else origin[state - 1]
                if score[state] > best:
                    best, source = score[state], state
                price = max(log_probs[step, classes[state]], free[step, 1])
            else:
                best, source = reach[state], origin[state]
                price = free[step, kinds[state]]
                if state >= 2 and (kinds[state] == COUNT_SLOT or kinds[state] == TEXT_SLOT or kinds[state] == DATE_SLOT):
                    enter, came = bare[state], state + size
                    if reach[state - 2] + UNDERLINED > enter:
                        enter, came = reach[state - 2] + UNDERLINED, origin[state - 2]
                    stay, stayed = lined[state], state + 2 * size
                    if underlined[step] and enter > stay:
                        stay, stayed = enter, came
                    bare[state], came_from[step, state + size] = enter + price, came
                    lined[state], came_from[step, state + 2 * size] = stay + price, stayed
            came_from[step, state] = source
            # Characters read their own old score alone, and gaps none: writing in place is safe.
            score[state] = best + price
    path = np.empty(steps, np.int32)
    state = origin[last]
    for step in range(steps - 1, -1, -1):
        path[step] = state % size
        state = came_from[step, state]
    return path, reach[last]
