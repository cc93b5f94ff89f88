"""Rules as polylines: where they run, and which pieces are one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.joining import Rule, bridge_gaps, ends_at, pieces_to_rules, rule_points


def rule(start: int, end: int, *, across: float = 100.0, lean: float = 0.0) -> Rule:
    """A straight rule; `across` is where it is, or would be, at the page's edge."""
    return Rule(start, across + lean * np.arange(start, end + 1, dtype=np.float64), depth=80.0)


@given(start=st.integers(0, 300), length=st.integers(2, 700), lean=st.floats(-0.2, 0.2), place=st.integers(-200, 1200))
def test_a_straight_rule_goes_straight_on(start: int, length: int, lean: float, place: int) -> None:
    """On it and beyond its ends, a straight rule is where its line is."""
    straight = rule(start, start + length, lean=lean)
    assert straight.at(place) == pytest.approx(100 + lean * place, abs=1e-6)
    points = rule_points(straight, place, start + length)
    assert points[:, 1] == pytest.approx(100 + lean * points[:, 0], abs=1e-6)
    assert (points[0, 0], points[-1, 0]) == (place, start + length)


PIECES: dict[str, tuple[list[Rule], int]] = {
    "a small gap": ([rule(50, 300), rule(330, 600)], 1),
    "an overlap": ([rule(50, 320), rule(300, 600)], 1),
    "a lean that goes on": ([rule(50, 300, lean=0.05), rule(340, 600, lean=0.05)], 1),
    "a wide gap": ([rule(50, 300), rule(360, 600)], 2),
    "a step": ([rule(50, 300), rule(310, 600, across=112)], 2),
    "a splinter alone": ([rule(50, 60)], 0),
}


@pytest.mark.parametrize(("pieces", "rules"), PIECES.values(), ids=PIECES.keys())
def test_pieces_that_go_on_in_each_other_are_one_rule(pieces: Sequence[Rule], rules: int) -> None:
    """Small gaps and overlaps are closed where the direction is kept; a step or a wide gap parts."""
    found = pieces_to_rules(pieces)
    assert len(found) == rules
    if rules == 1:
        assert (found[0].start, found[0].end) == (pieces[0].start, pieces[-1].end)


def test_a_long_rule_goes_on_over_a_long_gap() -> None:
    """A seal that was faded took a piece of a rule: both ends of it are long."""
    (whole,) = bridge_gaps([rule(50, 400), rule(560, 900)], [])
    assert (whole.start, whole.end) == (50, 900)


def test_between_two_tables_nothing_is_bridged() -> None:
    """Where rules across end both pieces, one table ends and another begins."""
    across = [rule(50, 200, across=400), rule(50, 200, across=560)]
    pieces = [rule(50, 400), rule(560, 900)]
    assert bridge_gaps(pieces, across) == pieces


@pytest.mark.parametrize(("along", "ends"), [(385, True), (415, True), (360, False), (460, False)])
def test_a_rule_ends_at_another_within_reach(along: float, ends: bool) -> None:
    """Up to NEAR_END off, before or behind it, a place is at the rule that runs across."""
    assert ends_at(along, 100.0, [rule(50, 200, across=400)]) is ends
