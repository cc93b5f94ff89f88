"""Slots without parentheses, on a form retyped with lines beneath gaps: where each is, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from extractors.ink import flags_to_runs
from pipeline.automaton import Automaton, Path, state_span
from pipeline.steps import Steps
from schemas.flow import Placement
from schemas.form import Slot

# Printed characters seen this well vouch for a gap's place.
SEEN = 0.5

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
