"""Evidence on a slot to the probability that its reading is right.

Platt's way (1999), over several pieces of evidence: a logistic model for each kind of decision, fitted by
`training/calibrate.py` on slots whose truth is known. Its coefficients lie in calibration.json beside this file, with the
command, seed and data that made them, and with the threshold that keeps each error budget on slots that no fit has seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log, log10
from pathlib import Path

import numpy as np

from pipeline.judging.experts import Expert, only_digits
from schemas.flow import LINE_HEIGHT, DigitReading, Evidence
from schemas.form import Mark

COEFFICIENTS = Path(__file__).parent / "calibration.json"

# Doubts are told as powers of ten; below these they are the engines' noise.
LEAST_DOUBT, LEAST_SCOUT_DOUBT = 1e-6, 1e-3

# What counts as a rival's probability where a reader has not looked.
NOT_ASKED = 0.5

Features = Mapping[str, float]
"""Evidence by name, in the order of `COUNT_FEATURES` or `TEXT_FEATURES`."""


@dataclass(frozen=True)
class Model:
    """A logistic model: log odds are `intercept` + Σ `weights` · features."""

    intercept: float
    weights: Mapping[str, float]

    def probability(self, features: Features) -> float:
        odds = self.intercept + sum(weight * features[name] for name, weight in self.weights.items())
        return 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))


@dataclass(frozen=True)
class Calibration:
    """The models by kind of decision; for print and for pens the thresholds: pairs of error budget and least probability."""

    models: Mapping[str, Model]
    thresholds: Sequence[tuple[float, float]]
    pen_thresholds: Sequence[tuple[float, float]]

    def threshold(self, share: float, *, by_pen: bool = False) -> float:
        """The probability from which slots are accepted when `share` of the accepted may be wrong; between two budgets
        it is interpolated over the logarithm of the budget."""
        pairs = self.pen_thresholds if by_pen else self.thresholds
        budgets = [log(budget) for budget, _ in reversed(pairs)]
        doubts = [log(max(1 - least, 1e-9)) for _, least in reversed(pairs)]
        return float(1 - exp(np.interp(log(share), budgets, doubts)))


@cache
def load_calibration() -> Calibration:
    """The project's own coefficients."""
    stored = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))
    models = {kind: Model(model["intercept"], model["weights"]) for kind, model in stored["models"].items()}
    thresholds, pen_thresholds = (
        [(budget, least) for budget, least in stored[name]] for name in ("thresholds", "pen_thresholds")
    )
    return Calibration(models, thresholds, pen_thresholds)


def evidence_to_features(
    evidence: Evidence, text: str, probability: float, experts: Mapping[str, Expert]
) -> dict[str, float]:
    """What speaks for and against `text`, the likeliest string with its probability, standing in a slot.

    `experts` are the readers that have looked at it, by name.
    """
    placement = evidence.placement
    own, rival = _says(experts.get("scout"), text)
    # Points that the pixels show need not be the digit reader's as well.
    loosely = sum(char in ".," for char in text) in (evidence.points or ())
    if "scout" not in experts and "digits" in experts:
        # Where no scout knows the form, what the digit reader doubts stands for its rival.
        rival = min(rival, 1.0 - _says(experts["digits"], text, loosely=loosely)[0])
    margin = -log10(max(1 - probability, LEAST_DOUBT))
    em = LINE_HEIGHT * 0.8
    width = max(placement.inner[1] - placement.inner[0], 0.0) / em
    features = {
        "margin": margin,
        "unsure": max(1.0 - margin, 0.0),
        "scout": -log10(max(1 - own, LEAST_SCOUT_DOUBT)),
        "scout_rival": rival,
        # A cell's rules are as good as parentheses.
        "parenthesis": 1.0 if placement.slot.mark is Mark.CELL else min(placement.parentheses),
        "before": placement.anchors[0],
        "behind": placement.anchors[1],
        "parted": float(len(placement.stretches) > 1),
        "seal": min(evidence.seal / 0.2, 1.0),
        "coarse": max(1.0 - evidence.sharpness, 0.0),
        "pale": max(1.0 - evidence.contrast, 0.0),
        "touching": float(evidence.touching),
        "length": float(len(text)),
    }
    if placement.slot.kind.numeric:
        figures, figures_rival = _says(experts.get("digits"), text, loosely=loosely)
        features |= {"digits": -log10(max(1 - figures, LEAST_DOUBT)), "digits_rival": figures_rival}
    if not text:
        features["ink"] = log(1 + evidence.ink)
        features["strokes"] = min(float(evidence.strokes), 3.0)
        features["width"] = min(width, 6.0)
    elif not placement.slot.kind.numeric:
        features["pitch"] = abs(log((width + 0.3) / (len(text) + 0.3)))
    else:
        features["strokes"] = min(float(abs(evidence.strokes - len(text))), 3.0)
    return features


def pen_to_features(digits: DigitReading, text: str) -> dict[str, float]:
    """What speaks for `text` by pen beside all that: the least sure of the views, and the first glance at the slot."""
    glance = digits.strings if digits.glance is None else digits.glance
    least = min(view.get(text, 0.0) for view in (digits.views or (digits.strings,)))
    return {
        "views": -log10(max(1 - least, LEAST_DOUBT)),
        "glance": -log10(max(1 - glance.get(text, 0.0), LEAST_SCOUT_DOUBT)),
        "glance_rival": max((share for other, share in glance.items() if other != text), default=0.0),
    }


def second_to_features(evidence: Evidence, digits: str) -> dict[str, float]:
    """What a second reader adds: whether it read the same digits, others, or nothing."""
    second = evidence.second
    seen = second.text if second is not None else ""
    return {"agrees": float(seen == digits), "contests": float(bool(seen) and seen != digits)}


def _says(expert: Expert | None, text: str, *, loosely: bool = False) -> tuple[float, float]:
    """How likely a reader holds `text`, and the likeliest other string; one that has not looked holds half a rival.

    What differs by points and commas alone is `loosely` the same.
    """
    if expert is None:
        return 0.0, NOT_ASKED
    if loosely:
        same = sum(share for other, share in expert.strings.items() if only_digits(other) == only_digits(text))
        others = (share for other, share in expert.strings.items() if only_digits(other) != only_digits(text))
        return min(same, 1.0), min(max(*others, 0.0, expert.words or 0.0), 1.0)
    if expert.commas:
        text = text.replace(".", ",")
    rival = max((share for other, share in expert.strings.items() if other != text), default=0.0)
    return min(expert.strings.get(text, 0.0), 1.0), min(max(rival, expert.words or 0.0), 1.0)
