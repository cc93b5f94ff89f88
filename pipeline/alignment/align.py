"""Posteriors and printed sentence to slots: cells are named by the sentence that explains them, and slots placed in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count

import numpy as np
from numpy.typing import NDArray

from extractors.glyphs import Alphabet
from extractors.underline import underscores_to_paper, wipe_underlines
from pipeline.alignment.automaton import Automaton, Path, best_path, item_to_automaton, state_span, step_prices
from pipeline.alignment.gaps import box_to_placement, find_gap, gap_to_placement, spare_underlines
from pipeline.alignment.headings import twin_sentences
from pipeline.alignment.steps import Steps
from schemas.flow import GlyphLine, Line, NamedCell, Placement
from schemas.form import EMPTY_PARENTHESES, Form, FormItem, Mark, Slot

# A cell is named by a sentence that gains at least this much, in nats: each character found gains 2 to 5, one that is
# missing loses 5, beginning or ending in the middle 12. On made scans the right sentence gains 30 and more, another one 5.
LEAST_GAIN = 20.0

# A short sentence cannot gain so much: it must gain this much for each of its characters.
LEAST_EACH = 1.6

# The heading of a sentence's row, read to the letter, is worth this much, in nats: where sentences are alike it decides. A
# sentence that gains less than this over its twin may be the twin.
HEADED, TOLD_APART = 25.0, 8.0

# In the first and the last row of a page, where the page end may have cut an item in two, a few words must do.
LEAST_CUT_GAIN = 15.0

# Of an item that the page before broke off, beginning in the middle of the sentence costs this much less, in nats.
GOES_ON = 12.0

# Steps of ink that one sentence leaves unexplained, from which another is sought: ten characters of two steps.
LEFT_OVER = 20

# A further activity must gain this much for each character of its sentence, in nats.
LEAST_MORE = 0.5

# Printed characters on each side of a slot that vouch for its place.
ANCHORS = 3


# A text layer's parentheses are there or not; a path may take something else for one.
SEEN = 0.5

KEPT_FORMS = 32
"""Forms, each with an alphabet, whose automata a process keeps: as many as it keeps readers of."""


@dataclass(frozen=True)
class Expected:
    """What is known of a cell before it is read.

    `least` is the gain, in nats, from which a sentence explains it; `goes_on` the item that the page before broke off;
    `headings` how much the words before it in its row are like items' headings, 0 to 1, where sentences are alike.
    """

    least: float = LEAST_GAIN
    goes_on: str | None = None
    headings: Mapping[str, float] = field(default_factory=dict)


def name_items(
    form: Form,
    lines: Sequence[GlyphLine],
    alphabet: Alphabet,
    *,
    scouted: Sequence[GlyphLine] = (),
    expected: Expected = Expected(),
) -> tuple[NamedCell, ...]:
    """The items whose sentences explain a cell's lines, each with its slots placed; none where nothing is explained.

    A cell holds one item, or several where the rule between rows is missing or there is no grid at all: what one sentence
    explains is taken away and the rest is tried again. `scouted` is the same lines as the scout saw them.
    """
    if not lines:
        return ()
    named = _name_items(form, lines, alphabet, scouted, expected)
    places = [placement.parentheses for item in named for placement in item.placements]
    if lines[0].certain and lines[0].line.page and not (places and all(max(place) >= SEEN for place in places)):
        # Lines beneath gaps are neither read nor seen as ink by who knows the characters for sure; what was never on paper
        # has none.
        wiped = [underscores_to_paper(replace(line, line=wipe_underlines(line.line)), alphabet) for line in lines]
        return _name_items(form, wiped, alphabet, scouted, expected)
    return named


def _name_items(
    form: Form, lines: Sequence[GlyphLine], alphabet: Alphabet, scouted: Sequence[GlyphLine], expected: Expected
) -> tuple[NamedCell, ...]:
    steps = Steps(lines, alphabet, scouted)
    named: list[NamedCell] = []
    automata = _automata(form, alphabet)
    left = [item for item in form.items if item.key in automata]
    while left and steps.ink() > (LEFT_OVER if named else 0):
        prices = step_prices(steps.log_probs, alphabet)
        fits = {item.key: _fit(automata[item.key], steps, alphabet, prices) for item in left}
        gains = {
            key: fit.gain + (GOES_ON if key == expected.goes_on else 0.0) + HEADED * expected.headings.get(key, 0.0)
            for key, fit in fits.items()
        }
        best = max(left, key=lambda item: gains[item.key])
        if gains[best.key] < min(expected.least, LEAST_EACH * len(best.sentence)):
            break
        automaton, path = _with_repeats(best, automata[best.key], fits[best.key], steps, alphabet, prices)
        twins = twin_sentences(form).get(best.key, frozenset())
        ambiguous = any(gains[best.key] - gains.get(key, -np.inf) < TOLD_APART for key in twins)
        placed = tuple(replace(one, ambiguous=ambiguous) for one in _placements(automaton, path, steps, alphabet))
        named.append(NamedCell(best.key, path.gain, placed))
        left.remove(best)
        steps.take_away(path)
    return tuple(named)


@lru_cache(maxsize=KEPT_FORMS)
def _automata(form: Form, alphabet: Alphabet) -> Mapping[str, Automaton]:
    """The sentences of a form by item, each said once."""
    return {item.key: item_to_automaton(item, alphabet) for item in form.items if item.sentence}


def _fit(automaton: Automaton, steps: Steps, alphabet: Alphabet, prices: NDArray[np.float32]) -> Path:
    return best_path(automaton, steps.log_probs, alphabet, underlined=steps.underlined, prices=prices)


def _with_repeats(
    item: FormItem, said_once: Automaton, once: Path, steps: Steps, alphabet: Alphabet, prices: NDArray[np.float32]
) -> tuple[Automaton, Path]:
    """The sentence, said again as often as the cell holds it."""
    automaton, path = said_once, once
    if not item.repeats:
        return automaton, path
    for times in count(2):
        more = item_to_automaton(item, alphabet, times=times)
        longer = _fit(more, steps, alphabet, prices)
        if longer.gain < path.gain + LEAST_MORE * len(item.sentence):
            return automaton, path
        automaton, path = more, longer
    raise AssertionError("unreachable: a finite cell holds finitely many activities")


def _placements(automaton: Automaton, path: Path, steps: Steps, alphabet: Alphabet) -> tuple[Placement, ...]:
    seen = _characters_seen(automaton, path, steps)
    spare = _spare_parentheses(path, steps, alphabet) + spare_underlines(automaton, path, steps)
    return tuple(
        replace(_placement(name, slot, state, state_span(path, state), seen, automaton, path, steps), spare=spare)
        for name, slot, state in automaton.slots
    )


def _spare_parentheses(path: Path, steps: Steps, alphabet: Alphabet) -> int:
    """How many parentheses are seen that the path takes for no printed one: slots of a sentence that was not found."""
    classes = [alphabet.index(char) for char in EMPTY_PARENTHESES]
    seen = np.exp(steps.log_probs[:, classes].max(axis=1)) > 0.5
    begins = seen & ~np.concatenate([[False], seen[:-1]])
    return int(np.count_nonzero(begins & (path.states % 2 == 0)))


def _characters_seen(automaton: Automaton, path: Path, steps: Steps) -> dict[int, float]:
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
    automaton: Automaton,
    path: Path,
    steps: Steps,
) -> Placement:
    if slot.mark is Mark.BOX:
        return box_to_placement(name, slot, state, seen, automaton, path, steps) or _missing(name, slot, steps)
    start, stop = span
    left, right = seen.get(state - 1, 0.0), seen.get(state + 1, 0.0)
    # Odd states 3, 5, 7 away are the printed characters behind the parentheses.
    anchors = tuple(
        float(np.mean([seen.get(state + side * (3 + 2 * place), 0.0) for place in range(ANCHORS)])) for side in (-1, 1)
    )
    found = max(left, right, *anchors) > 0.0
    if not found:
        return _missing(name, slot, steps)
    if not left and not right and (gap := find_gap(span, seen, path, steps)) is not None:
        return gap_to_placement(name, slot, gap, (anchors[0], anchors[1]), steps)
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
        _stretches(start if before is None else before, stop if behind is None else behind + 1, steps),
        steps.scouted[start:stop] if steps.scouted is not None else None,
    )


def _stretches(start: int, stop: int, steps: Steps) -> tuple[tuple[Line, tuple[float, float]], ...]:
    """The lines that steps lie on, and from where to where."""
    found = []
    for line in dict.fromkeys(steps.line_of[start:stop].tolist()):
        first, last = _within(line, steps)
        begin, end = max(start, first), min(stop, last)
        if end > begin:
            found.append((steps.lines[line].line, (steps.edge(begin, 0), steps.edge(end - 1, 1))))
    return tuple(found)


def _missing(name: str, slot: Slot, steps: Steps) -> Placement:
    nothing = (0.0, 0.0)
    return Placement(
        name, slot, None, steps.log_probs[:0], (), steps.sureness[:0], nothing, nothing, nothing, nothing, False
    )


def _line_of_slot(start: int, stop: int, steps: Steps) -> int:
    """The line on which a slot stands: the one with most of its ink, or where it begins."""
    places = steps.line_of[start:stop][steps.inked[start:stop]]
    if len(places):
        return int(np.bincount(places).argmax())
    return int(steps.line_of[min(start, len(steps.line_of) - 1)])


def _within(line: int, steps: Steps) -> tuple[int, int]:
    return int(steps.starts[line]), int(steps.starts[line + 1]) - 1


def _edge_of(step: int, first: int, last: int, steps: Steps, side: int) -> float:
    """Edge of a step, or of the line's end where the slot goes on over a line break."""
    return steps.edge(min(max(step, first), max(last - 1, first)), side)


def _last_step(path: Path, state: int) -> int:
    return int(np.searchsorted(path.states, state, side="right")) - 1


def _first_step(path: Path, state: int) -> int:
    return int(np.searchsorted(path.states, state, side="left"))
