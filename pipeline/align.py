"""Posteriors and printed sentence to slots: cells are named by the sentence that explains them, and slots placed in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np

from extractors.glyphs import FLOOR, Alphabet
from pipeline.automaton import Automaton, Path, best_path, item_to_automaton, pieces_to_automaton, state_span
from schemas.flow import GlyphLine, NamedCell, Placement
from schemas.form import Form, FormItem, Slot, SlotKind

# A cell is named by a sentence that gains at least this much, in nats: a character that is found gains 4 to 10, one that
# is missing loses 5, beginning or ending in the middle 20. The words that a heading shares with its sentence gain half.
LEAST_GAIN = 60.0

# The fields above a table are taken as found from this gain on, in nats: two of the four labels.
LEAST_HEADER_GAIN = 15.0

# A further activity must gain this much for each character of its sentence, in nats.
LEAST_MORE = 2.5

# Printed characters on each side of a slot that vouch for its place.
ANCHORS = 3


def name_cell(form: Form, lines: Sequence[GlyphLine], alphabet: Alphabet) -> NamedCell | None:
    """The item whose sentence explains a cell's lines best, with its slots placed; None where none explains it."""
    if not lines:
        return None
    steps = _Steps(lines, alphabet)
    fits = {item.key: best_path(item_to_automaton(item, alphabet), steps.log_probs, alphabet) for item in form.items}
    best = max(form.items, key=lambda item: fits[item.key].gain)
    if fits[best.key].gain < LEAST_GAIN:
        return None
    automaton, path = _with_repeats(best, fits[best.key], steps, alphabet)
    return NamedCell(best.key, path.gain, _placements(automaton, path, steps))


def place_header(form: Form, lines: Sequence[GlyphLine], alphabet: Alphabet) -> tuple[Placement, ...]:
    """The fields above the table, placed in the lines there; empty where the printed labels are not seen."""
    if not lines:
        return ()
    pieces: list[str | tuple[str, Slot]] = []
    for field in form.header:
        pieces += [field.label, (field.key, Slot(field.key, SlotKind.TEXT, field.label, ""))]
    automaton = pieces_to_automaton(pieces, alphabet, bare=True)
    steps = _Steps(lines, alphabet)
    path = best_path(automaton, steps.log_probs, alphabet)
    return _placements(automaton, path, steps) if path.gain > LEAST_HEADER_GAIN else ()


class _Steps:
    """A cell's lines joined end to end, a blank step at each break, so that a line break means nothing."""

    def __init__(self, lines: Sequence[GlyphLine], alphabet: Alphabet) -> None:
        gap = np.full((1, alphabet.size), np.log(FLOOR), np.float32)
        gap[0, 0] = 0.0
        self.lines = tuple(lines)
        self.log_probs = np.concatenate([part for line in lines for part in (line.log_probs, gap)])
        self.spelling = tuple(char for line in lines for char in (*line.spelling, ""))
        self.sureness = np.concatenate([np.append(line.sureness, np.float32(1.0)) for line in lines])
        self.line_of = np.concatenate([np.full(len(line.spelling) + 1, place) for place, line in enumerate(lines)])
        self.starts = np.cumsum([0, *(len(line.spelling) + 1 for line in lines)])
        self.inked = np.exp(self.log_probs[:, 0]) < 0.5

    def edge(self, step: int, side: int) -> float:
        """Left (0) or right (1) edge of a step on its line."""
        place = int(self.line_of[step])
        edges = self.lines[place].edges
        return float(edges[min(step - self.starts[place], len(edges) - 1), side]) if len(edges) else 0.0


def _with_repeats(item: FormItem, once: Path, steps: _Steps, alphabet: Alphabet) -> tuple[Automaton, Path]:
    """The sentence, said again as often as the cell holds it."""
    automaton, path = item_to_automaton(item, alphabet), once
    if not item.repeats:
        return automaton, path
    for times in count(2):
        more = item_to_automaton(item, alphabet, times=times)
        longer = best_path(more, steps.log_probs, alphabet)
        if longer.gain < path.gain + LEAST_MORE * len(item.sentence):
            return automaton, path
        automaton, path = more, longer
    raise AssertionError("unreachable: a finite cell holds finitely many activities")


def _placements(automaton: Automaton, path: Path, steps: _Steps) -> tuple[Placement, ...]:
    seen = _characters_seen(automaton, path, steps)
    return tuple(
        _placement(name, slot, state, state_span(path, state), seen, path, steps) for name, slot, state in automaton.slots
    )


def _characters_seen(automaton: Automaton, path: Path, steps: _Steps) -> dict[int, float]:
    """How well each printed character on the path was seen: its highest posterior, by state."""
    seen: dict[int, float] = {}
    for step in np.flatnonzero(path.states % 2):
        state = int(path.states[step])
        probability = float(np.exp(steps.log_probs[step, automaton.classes[state]]))
        seen[state] = max(seen.get(state, 0.0), probability)
    return seen


def _placement(
    name: str,
    slot: Slot,
    state: int,
    span: tuple[int, int],
    seen: dict[int, float],
    path: Path,
    steps: _Steps,
) -> Placement:
    start, stop = span
    left, right = seen.get(state - 1, 0.0), seen.get(state + 1, 0.0)
    # Odd states 3, 5, 7 away are the printed characters behind the parentheses.
    anchors = tuple(
        float(np.mean([seen.get(state + side * (3 + 2 * place), 0.0) for place in range(ANCHORS)])) for side in (-1, 1)
    )
    found = max(left, right, *anchors) > 0.0
    if not found:
        return _missing(name, slot, steps)
    line = _line_of_slot(start, stop, steps)
    first, last = _within(line, steps)
    before = _last_step(path, state - 1) if left else None
    behind = _first_step(path, state + 1) if right else None
    inner_left = steps.edge(before, 1) if before is not None and before >= first else _edge_of(start, first, last, steps, 0)
    inner_right = (
        steps.edge(behind, 0) if behind is not None and behind < last else _edge_of(stop - 1, first, last, steps, 1)
    )
    outer_left = steps.edge(before, 0) if before is not None and before >= first else inner_left
    outer_right = steps.edge(behind, 1) if behind is not None and behind < last else inner_right
    return Placement(
        name,
        slot,
        steps.lines[line].line,
        steps.log_probs[start:stop],
        steps.spelling[start:stop],
        steps.sureness[start:stop],
        (outer_left, max(outer_right, outer_left)),
        (inner_left, max(inner_right, inner_left)),
        (left, right),
        (anchors[0], anchors[1]),
        steps.lines[line].certain,
    )


def _missing(name: str, slot: Slot, steps: _Steps) -> Placement:
    nothing = (0.0, 0.0)
    return Placement(
        name, slot, None, steps.log_probs[:0], (), steps.sureness[:0], nothing, nothing, nothing, nothing, False
    )


def _line_of_slot(start: int, stop: int, steps: _Steps) -> int:
    """The line on which a slot stands: the one with most of its ink, or where it begins."""
    places = steps.line_of[start:stop][steps.inked[start:stop]]
    if len(places):
        return int(np.bincount(places).argmax())
    return int(steps.line_of[min(start, len(steps.line_of) - 1)])


def _within(line: int, steps: _Steps) -> tuple[int, int]:
    return int(steps.starts[line]), int(steps.starts[line + 1]) - 1


def _edge_of(step: int, first: int, last: int, steps: _Steps, side: int) -> float:
    """Edge of a step, or of the line's end where the slot goes on over a line break."""
    return steps.edge(min(max(step, first), max(last - 1, first)), side)


def _last_step(path: Path, state: int) -> int:
    return int(np.searchsorted(path.states, state, side="right")) - 1


def _first_step(path: Path, state: int) -> int:
    return int(np.searchsorted(path.states, state, side="left"))
