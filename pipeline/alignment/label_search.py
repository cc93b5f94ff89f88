"""The search for labels on a strip of lines: Viterbi's over CTC topology, with the labels found so far in the state.

A token-passing network of words (Young, Russell and Thornton, *Token Passing*, Cambridge 1989). All prices are log
probabilities (nats).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.alignment.automaton import MISSING, NEVER

# What taking some characters for a label costs, and what it costs that a field has no label at all. A label's character that
# is found gains 3.5 to 7 over a value's: two of three are enough where a seal hides the third.
ENTER, UNMET = -2.0, -5.0


@njit(cache=True, nogil=True)
def best_labels(  # noqa: PLR0912, PLR0915  # one loop nest, compiled as a whole: split, it would hide the recurrence
    fields: NDArray[np.int32],
    starts: NDArray[np.int32],
    classes: NDArray[np.int32],
    log_probs: NDArray[np.float32],
    prices: NDArray[np.float32],
    count: int,
    ordered: bool,
) -> tuple[NDArray[np.int32], float]:
    """Best state for each step: 1 + a label character's place in `classes`, 0 between, -1 - field in a field's value.

    `prices` holds what a step costs ahead of all labels, as a misread character, within a label and in a value. States,
    for each set of fields whose labels have been met: the gap ahead of all, the fields' values, the labels' characters,
    the gaps behind those. Where fields are `ordered`, there is a set for each last one instead, 0 for none.
    """
    steps, chars = len(log_probs), len(classes)
    width = 1 + count + 2 * chars
    sets = count + 1 if ordered else 1 << count
    old = np.full((sets, width), NEVER, np.float32)
    new = np.empty((sets, width), np.float32)
    came_from = np.full((steps, sets, width), -1, np.int32)
    edge = np.full(sets, NEVER, np.float32)
    edge_from = np.full(sets, -1, np.int32)
    first_char, first_gap = 1 + count, 1 + count + chars
    for step in range(steps + 1):
        # edge: the best way to stand where a label may begin, having met a set of fields.
        for met in range(sets):
            edge[met], edge_from[met] = NEVER, -1
            for state in range(first_char):
                if old[met, state] > edge[met]:
                    edge[met], edge_from[met] = old[met, state], met * width + state
            for label in range(len(fields)):
                last = first_char + starts[label + 1] - 1
                if old[met, last] > edge[met]:
                    edge[met], edge_from[met] = old[met, last], met * width + last
        if step == 0:
            edge[0], edge_from[0] = np.float32(0.0), -1
        for met in range(1, sets if ordered else 0):
            # To stand behind a field may mean to have passed it over.
            if edge[met - 1] + np.float32(UNMET) > edge[met]:
                edge[met], edge_from[met] = edge[met - 1] + np.float32(UNMET), edge_from[met - 1]
        if step == steps:
            break
        new[:, :] = NEVER
        new[0, 0] = (old[0, 0] if step else np.float32(0.0)) + prices[step, 0]
        came_from[step, 0, 0] = 0 if step else -1
        for met in range(1, sets):
            for field in range(count):
                new[met, 1 + field] = old[met, 1 + field]
                came_from[step, met, 1 + field] = met * width + 1 + field
            for label in range(len(fields)):
                before = met - 1 if ordered else met & ~(1 << fields[label])
                if before == met or (ordered and fields[label] != before):
                    continue
                reach, source = edge[before] + np.float32(ENTER), edge_from[before]
                for place in range(starts[label], starts[label + 1]):
                    char, gap = first_char + place, first_gap + place
                    best, origin = reach, source
                    if old[met, char] > best:
                        best, origin = old[met, char], met * width + char
                    new[met, char] = best + max(log_probs[step, classes[place]], prices[step, 1])
                    came_from[step, met, char] = origin
                    best, origin = old[met, gap], met * width + gap
                    if old[met, char] > best:
                        best, origin = old[met, char], met * width + char
                    new[met, gap] = best + prices[step, 2]
                    came_from[step, met, gap] = origin
                    reach += np.float32(MISSING)
                    for state in (char, gap):
                        if old[met, state] > reach:
                            reach, source = old[met, state], met * width + state
                value = 1 + fields[label]
                if reach > new[met, value]:
                    new[met, value], came_from[step, met, value] = reach, source
            for field in range(count):
                new[met, 1 + field] += prices[step, 3]
        old, new = new, old
    best, at = NEVER, -1
    for met in range(sets):
        unmet = np.float32((count - met) * UNMET) if ordered else np.float32(0.0)
        for field in range(0 if ordered else count):
            unmet += np.float32(0.0 if met >> field & 1 else UNMET)
        if edge[met] + unmet > best:
            best, at = edge[met] + unmet, edge_from[met]
    path = np.zeros(steps, np.int32)
    for step in range(steps - 1, -1, -1):
        met, state = at // width, at % width
        if 1 <= state <= count:
            path[step] = -state
        elif first_char <= state < first_gap:
            path[step] = 1 + state - first_char
        at = came_from[step, met, state]
    return path, best
