"""The stored coefficients are whole, go the right way, and thresholds follow the budget."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judging.calibration import (
    COEFFICIENTS,
    Model,
    evidence_to_features,
    load_calibration,
    pen_to_features,
    second_to_features,
)
from pipeline.judging.experts import slot_experts
from schemas.flow import DigitReading, Evidence, SecondReading
from tests.conftest import ALPHABET
from tests.test_judge import TEXT, WRITTEN, by_pen, evidence

CASES: dict[str, tuple[Evidence, str]] = {
    "pen": (by_pen(evidence("57", ink=WRITTEN), {"57": 0.9}), "57"),
    "pen_blank": (by_pen(evidence(""), {"": 0.9}), ""),
    "count": (evidence("57", ink=WRITTEN), "57"),
    "asked": (evidence("57", ink=WRITTEN), "57"),
    "blank": (evidence(""), ""),
    "text": (evidence("消防演讲", slot=TEXT, ink=WRITTEN), "消防演讲"),
}


@pytest.mark.parametrize("kind", CASES)
def test_models_weigh_what_evidence_gives(kind: str) -> None:
    """Each model has a finite weight for every feature of its kind of slot, and for no other."""
    found, text = CASES[kind]
    experts = slot_experts(found.placement, ALPHABET, by_pen=kind.startswith("pen"))
    features = evidence_to_features(found, text, 0.99, experts)
    if kind.startswith("pen") and found.placement.digits is not None:
        features |= pen_to_features(found.placement.digits, text)
    if kind == "asked":
        features |= second_to_features(found, text)
    weights = load_calibration().models[kind].weights
    assert set(weights) == set(features)
    assert all(isfinite(weight) for weight in weights.values())


def test_doubt_lowers_confidence() -> None:
    """The recogniser's margin speaks for a number, another string that the scout sees against it."""
    for kind in ("count", "asked"):
        weights = load_calibration().models[kind].weights
        assert weights["margin"] > 0
        assert weights["scout_rival"] < 0


@given(shares=st.lists(st.floats(1e-5, 0.5), min_size=2, max_size=2).map(sorted))
def test_a_larger_budget_has_no_higher_threshold(shares: list[float]) -> None:
    """Who puts up with more errors accepts from a lower probability on."""
    for pens in (False, True):
        strict, loose = (load_calibration().threshold(share, by_pen=pens) for share in shares)
        assert 0 <= loose <= strict < 1


@pytest.mark.parametrize(("group", "least"), [("print", 10_000), ("pens", 5_000)])
def test_the_coefficients_tell_where_they_come_from(group: str, least: int) -> None:
    """The file names the commands and seeds that made it, and how many slots, wrong ones and captures it rests on."""
    provenance = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))["provenance"][group]
    assert provenance["command"].startswith("python -m training.calibrate --seed ")
    assert provenance["slots"] > least
    assert 0 < provenance["wrong"] < provenance["slots"]
    assert len(provenance["captures"]) >= 6


@given(odds=st.floats(-1e6, 1e6))
def test_probabilities_stay_probabilities(odds: float) -> None:
    """However strong the evidence, a probability is neither more than one nor less than nought, nor an overflow."""
    assert 0 <= Model(0.0, {"x": 1.0}).probability({"x": odds}) <= 1


def test_a_second_reader_that_saw_nothing_neither_agrees_nor_contests() -> None:
    """Silence of the second reader is no contradiction."""
    found = replace(CASES["count"][0], second=SecondReading("", 0.0))
    assert second_to_features(found, "57") == {"agrees": 0.0, "contests": 0.0}


def test_the_least_sure_view_counts() -> None:
    """A string by pen that one window does not show is as doubtful as that window has it; the first glance is asked too."""
    sure, torn = (
        pen_to_features(DigitReading({"57": 0.9}, 0.99, ({"57": 0.99}, {"57": least}), {"57": 0.2, "51": 0.7}), "57")
        for least in (0.99, 0.1)
    )
    assert sure["views"] == pytest.approx(2.0)
    assert torn["views"] < 0.1
    assert sure["glance_rival"] == 0.7


def test_a_pen_that_was_glanced_at_alone_is_its_own_view() -> None:
    """Without a closer look the first one stands for it."""
    features = pen_to_features(DigitReading({"57": 0.9}, 0.99), "57")
    assert features["views"] == features["glance"] == pytest.approx(1.0)
