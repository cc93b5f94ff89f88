"""Slots without parentheses, lines beneath gaps and boxes to tick: where each is, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from extractors.ink import flags_to_runs
from pipeline.alignment.automaton import Automaton, Path, state_span
from pipeline.alignment.steps import Steps
from schemas.flow import Placement
from schemas.form import Slot

# Printed characters seen this well vouch for a gap's place.
SEEN = 0.5

# Printed characters on a side of a box that vouch for its place.
WORDS = 3

# The line touches the printed words beside it: so far from its ends, in line pixels, nothing is written.
MARGIN = 6.0


class Gap(NamedTuple):
    """A slot's steps, half-open, and the steps of the printed characters before and behind it."""

    start: int
    stop: int
    before: int
    behind: int


def find_gap(span: tuple[int, int], seen: dict[int, float], path: Path, steps: Steps) -> Gap | None:
    """The steps of a slot whose parentheses a line beneath stands for, and of what is written there; None if none does.

    The printed characters right beside it are seen, nothing stands between, lest a digit be left out, and no line break
    parts it.
    """
    before, behind = _words_beside(span, path)
    if before < 0 or behind == len(path.states):
        return None
    inked, lined = steps.inked[before + 1 : behind], steps.underlined[before + 1 : behind]
    held = np.flatnonzero(inked | lined) + before + 1
    if not lined.any():
        return None
    start, stop = int(held[0]), int(held[-1]) + 1
    vouched = min(seen[int(path.states[step])] for step in (before, behind)) >= SEEN
    alone = np.count_nonzero(inked) == np.count_nonzero(steps.inked[span[0] : span[1]])
    whole = len(set(steps.line_of[start:stop].tolist())) == 1
    return Gap(start, stop, before, behind) if vouched and alone and whole else None


def gap_to_placement(name: str, slot: Slot, gap: Gap, anchors: tuple[float, float], steps: Steps) -> Placement:
    """A slot that is as wide as the line beneath it, or as what is written there."""
    start, stop = gap.start, gap.stop
    place = steps.line_of[start]
    glyphs = steps.lines[place]
    least = steps.edge(gap.before, 0) if steps.line_of[gap.before] == place else 0.0
    most = steps.edge(gap.behind, 1) if steps.line_of[gap.behind] == place else float(glyphs.line.bgr.shape[1])
    lines = [one for one in glyphs.line.underlines if one.left < most and one.right > least]
    written = [step for step in range(start, stop) if steps.inked[step]]
    ends = [end for one in lines for end in (one.left, one.right)]
    ends += [steps.edge(step, side) for step in (written[:1] + written[-1:]) for side in (0, 1)]
    left, right = max(min(ends, default=least), least), min(max(ends, default=most), most)
    within = left + MARGIN, max(right - MARGIN, left + MARGIN)
    return Placement(
        name,
        slot,
        glyphs.line,
        steps.log_probs[start:stop],
        steps.spelling[start:stop],
        steps.sureness[start:stop],
        within,
        within,
        (0.0, 0.0),
        anchors,
        glyphs.certain,
        ((glyphs.line, within),),
        steps.scouted[start:stop] if steps.scouted is not None else None,
        underlined=bool(lines) and all(one.clear and one.left >= least and one.right <= most for one in lines),
    )


def box_to_placement(
    name: str, slot: Slot, state: int, seen: dict[int, float], automaton: Automaton, path: Path, steps: Steps
) -> Placement | None:
    """Where a box stands: between the printed words beside it, whatever a pen has made of it; None if none are seen.

    `state` is the box's own. Its steps are all those between the words, for a tick may stand beside the box; of words on
    two lines those on the line with the more ink.
    """
    printed = np.flatnonzero(path.states % 2)
    before = int(printed[np.searchsorted(path.states[printed], state) - 1]) if (path.states[printed] < state).any() else -1
    later = printed[path.states[printed] > state]
    behind = int(later[0]) if len(later) else len(path.states)
    anchors = tuple(_seen_beside(state, side, seen, automaton) for side in (-1, 1))
    if max(anchors) < SEEN:
        return None
    own = np.flatnonzero(path.states == state)
    line = int(steps.line_of[own[0]]) if len(own) else _line_of_box(before, behind, steps)
    first, last = int(steps.starts[line]), int(steps.starts[line + 1]) - 1
    start, stop = max(before + 1, first), max(min(behind, last), before + 1, first)
    glyphs = steps.lines[line]
    left = steps.edge(before, 1) if before >= first else 0.0
    right = steps.edge(behind, 0) if behind < last else float(glyphs.line.bgr.shape[1])
    within = left, max(left, right)
    found = float(np.exp(steps.log_probs[own, automaton.classes[state]].max())) if len(own) else 0.0
    return Placement(
        name,
        slot,
        glyphs.line,
        steps.log_probs[start:stop],
        steps.spelling[start:stop],
        steps.sureness[start:stop],
        within,
        within,
        (found, found),
        (anchors[0], anchors[1]),
        glyphs.certain,
        ((glyphs.line, within),),
        steps.scouted[start:stop] if steps.scouted is not None else None,
    )


def _seen_beside(state: int, side: int, seen: dict[int, float], automaton: Automaton) -> float:
    """How well the printed characters on a side of a box were seen, other boxes left out; all of nothing is 1."""
    box = automaton.classes[state]
    ahead = range(state + 2 * side, -1 if side < 0 else len(automaton.kinds), 2 * side)
    words = [seen.get(place, 0.0) for place in ahead if automaton.classes[place] != box][:WORDS]
    return float(np.mean(words)) if words else 1.0


def _line_of_box(before: int, behind: int, steps: Steps) -> int:
    """The line of a box that was not made out, between two steps."""
    between = np.arange(before + 1, behind)
    inked = between[steps.inked[between]] if len(between) else between
    places = steps.line_of[inked] if len(inked) else steps.line_of[[min(behind, len(steps.line_of) - 1)]]
    return int(np.bincount(places).argmax())


def spare_underlines(automaton: Automaton, path: Path, steps: Steps) -> int:
    """How many lines beneath gaps belong to no slot, and to none that has been read before."""
    spare = steps.underlined.copy()
    for _, _, state in automaton.slots:
        before, behind = _words_beside(state_span(path, state), path)
        spare[before + 1 : behind] = False
    return len(flags_to_runs(spare))


def _words_beside(span: tuple[int, int], path: Path) -> tuple[int, int]:
    """The nearest steps before and behind a slot that hold printed characters; -1 and the end where there are none."""
    printed = np.flatnonzero(path.states % 2)
    place = int(np.searchsorted(printed, span[0]))
    before = int(printed[place - 1]) if place else -1
    return before, int(printed[place]) if place < len(printed) else len(path.states)
