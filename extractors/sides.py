"""Sides of tables that nobody ruled: where the rules that should meet them all stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from extractors.joining import MIN_RULE, Rule
from schemas.flow import Matrix

# The ends of rules that stop at one unruled side lie within this many working pixels of it.
ALIGNED = 14.0

# A rule that runs on for this many working pixels beyond the last one it meets bounds a cell there: a one-line row.
BEYOND = 1.0 * MIN_RULE

# Share of a table's rules that must stop at an unruled side.
MOST = 0.6

# Steepest unruled side, as its lean: a page's own sides after rectification.
MAX_LEAN = 0.2

Meetings = Mapping[tuple[int, int], tuple[float, float]]
"""(horizontal rule, vertical rule) to the (x, y) where they meet."""


def add_open_sides(
    horizontal: Sequence[Rule], vertical: Sequence[Rule], crossings: Meetings
) -> tuple[list[Rule], list[Rule]]:
    """All rules, and those that open tables lack: left and right, then the top and bottom of cells that a page cuts."""
    horizontal, vertical = list(horizontal), list(vertical)
    for rows, columns in _tables(crossings):
        across, down = [horizontal[i] for i in rows], [vertical[j] for j in columns]
        own = {(rows.index(i), columns.index(j)): at for (i, j), at in crossings.items() if i in rows}
        sides = [side for end in (0, -1) if (side := _open_side(across, own, end)) is not None]
        down = [*down, *(_as_long_as(side, down) for side in sides)]
        lids = [lid for end in (0, -1) if (lid := _open_lid(across, down, own, end)) is not None]
        vertical += down[len(columns) :]
        horizontal += lids
    return horizontal, vertical


def _tables(crossings: Meetings) -> list[tuple[list[int], list[int]]]:
    """Horizontal and vertical rules that hang together by crossings, by their numbers."""
    tables: list[tuple[set[int], set[int]]] = []
    for i, j in crossings:
        touching = [table for table in tables if i in table[0] or j in table[1]]
        merged = ({i}.union(*(table[0] for table in touching)), {j}.union(*(table[1] for table in touching)))
        tables = [table for table in tables if not any(table is other for other in touching)] + [merged]
    return [(sorted(rows), sorted(columns)) for rows, columns in tables]


def _open_side(across: Sequence[Rule], crossings: Meetings, end: int) -> Rule | None:
    """The left (0) or right (-1) side where horizontal rules all stop beyond the last vertical rule; None if ruled."""
    sign = 1 if end == 0 else -1
    ends = []
    for i, rule in enumerate(across):
        met = [x for (row, _), (x, _) in crossings.items() if row == i]
        stop = rule.start if end == 0 else rule.end
        if met and min(sign * (x - stop) for x in met) >= BEYOND:
            ends.append((rule.at(stop), float(stop)))
    # As many rules must stop at the side as there are others: one that runs over a border has run into writing.
    if len(ends) < max(2, MOST * len(across)):
        return None
    return _line_through(np.array(sorted(ends)))


def _line_through(ends: Matrix) -> Rule | None:
    """A straight rule through most of the (along, across) ends; None where they do not line up."""
    along, across = ends.T
    runs, rises = along[:, None] - along, across[:, None] - across
    apart = np.abs(runs) > MIN_RULE
    if not apart.any():
        return None
    # Theil and Sen's line: half of the ends may be off.
    lean = float(np.median(rises[apart] / runs[apart]))
    off = across - lean * along
    level = float(np.median(off))
    near = np.abs(off - level) <= ALIGNED
    if abs(lean) > MAX_LEAN or near.sum() < max(2, MOST * len(ends)):
        return None
    start, stop = round(float(along[near][0])), round(float(along[near][-1]))
    return Rule(start, np.asarray(level + lean * np.arange(start, stop + 1), dtype=np.float64), drawn=False)


def _as_long_as(side: Rule, down: Sequence[Rule]) -> Rule:
    """An unruled side that starts and ends where the ruled columns beside it do."""
    start, stop = (f([getattr(rule, name) for rule in (side, *down)]) for f, name in ((min, "start"), (max, "end")))
    lean = side.slope(0)
    return Rule(start, side.across[0] + lean * (np.arange(start, stop + 1) - side.start), drawn=False)


def _open_lid(across: Sequence[Rule], down: Sequence[Rule], crossings: Meetings, end: int) -> Rule | None:
    """The top (0) or bottom (-1) where vertical rules stop beyond the last horizontal rule; None if ruled.

    It has the shape of the horizontal rule next to it: a page bends its rows alike.
    """
    middle = float(np.mean([rule.across.mean() for rule in down]))
    long = [rule for rule in across if len(rule.across) >= 0.5 * max(len(one.across) for one in across)]
    next_to = min(long, key=lambda rule: (1 if end == 0 else -1) * rule.at(middle))
    ends = []
    for rule in down:
        stop = rule.start if end == 0 else rule.end
        x = rule.at(stop)
        # Every horizontal rule counts here, however short.
        rows = [one.at(x) for one in across if one.start - ALIGNED <= x <= one.end + ALIGNED]
        if rows and (min(rows) - stop if end == 0 else stop - max(rows)) >= BEYOND:
            ends.append((x, stop - next_to.at(x), rule.drawn))
    if len(ends) < max(2, MOST * len(down)) or not any(drawn for *_, drawn in ends):
        return None
    ends.sort()
    xs, offs = np.array([x for x, *_ in ends]), np.array([off for _, off, _ in ends])
    # The longest of the ends may have run into writing: the shortest that another one bears out is taken.
    away = _borne_out(offs, end, max(2, round(MOST * len(down))))
    if away is None:
        return None
    start, stop = round(float(xs[0])), round(float(xs[-1]))
    shape = np.array([next_to.at(place) for place in range(start, stop + 1)])
    return Rule(start, shape + away, drawn=False)


def _borne_out(offs: NDArray[np.float64], end: int, least: int) -> float | None:
    """The offset that most ends, and at least so many, share within twice ALIGNED, the farthest of equals."""
    shared = [float(offs[np.abs(offs - off) <= 2 * ALIGNED].mean()) for off in offs]
    counts = [int((np.abs(offs - off) <= 2 * ALIGNED).sum()) for off in offs]
    if max(counts) < least:
        return None
    best = [value for value, count in zip(shared, counts, strict=True) if count == max(counts)]
    return min(best) if end == 0 else max(best)
