"""Fit the calibration on made returns whose truth is known: `pipeline/judging/calibration.json`.

Each slot's evidence is gathered as a run gathers it; the label is whether the decision was right. Logistic regression
(scikit-learn), a model for each kind of decision, all captures in one. How far its probabilities can be trusted is measured
by leaving one kind of capture out at a time; the thresholds come from these foreign probabilities, not from the fit's own.

Pens write digits of writers that the digit reader was not trained on: what it knows by heart would make it look too sure.

python -m training.calibrate --seed 300000 --count 350 --hard 112 --pens 140 --digits DIR/usps.npz:train
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from pipeline.judging.calibration import COEFFICIENTS
from pipeline.judging.judge import GLANCE_SURE
from training.labelled import Labelled, label_all, line_to_labelled

# Strength of the pull toward 0 on standardised weights; errors are few, some hundred.
REGULARITY = 0.3

# Slots below this probability are those that a second reader would be asked about.
DOUBTFUL = 0.9995

# Error budgets for which thresholds are told.
BUDGETS = (0.1, 0.03, 0.01, 0.003, 0.002, 0.001, 0.0005, 0.0003, 0.0001)

# No threshold is above the highest confidence that a slot is given.
MOST = 0.9998

# The least sure tenth of what is accepted may claim this multiple of the budget: in doubt the models are pessimistic, and
# a third of the errors that they claim there is observed.
TENTH = 2.0

# A threshold must keep this share of its budget, for the next set is not this one.
SAFETY = 0.6


# What is decided, a model for each: on returns in print, and on those that a pen has filled in.
PRINT_KINDS, PEN_KINDS_IN_ORDER = ("count", "blank", "text", "text_blank", "glance", "glance_blank"), ("pen", "pen_blank")


def main() -> int:
    """The command: make returns, read them, fit, leave one capture out, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=300000)
    parser.add_argument("--count", type=int, default=350, help="returns as units mostly send them")
    parser.add_argument("--hard", type=int, default=112, help="returns of every kind of difficulty in turn")
    parser.add_argument("--pens", type=int, default=140, help="returns filled in by pen, in every style in turn")
    parser.add_argument("--digits", default="", help="bank of digits for the pens, as the sample maker takes it")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file for the labelled slots, one JSON a line; read instead if there")
    parser.add_argument("--out", type=Path, default=COEFFICIENTS)
    options = parser.parse_args()
    if options.keep and options.keep.exists():
        slots = [line_to_labelled(json.loads(line)) for line in options.keep.read_text(encoding="utf-8").splitlines()]
    else:
        slots = list(
            label_all(
                seed=options.seed,
                count=options.count,
                hard=options.hard,
                pens=options.pens,
                digits=options.digits,
                workers=options.workers,
            )
        )
        if options.keep:
            lines = (json.dumps(asdict(slot), ensure_ascii=False) for slot in slots)
            options.keep.write_text("\n".join(lines), encoding="utf-8")
    command = f"python -m training.calibrate --seed {options.seed} --count {options.count} --hard {options.hard}"
    command += f" --pens {options.pens} --digits {Path(options.digits).name}"
    stored = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    for group, thresholds, chosen in (
        ("print", "thresholds", [slot for slot in slots if slot.filling == "typed"]),
        ("pens", "pen_thresholds", [slot for slot in slots if slot.filling != "typed"]),
    ):
        # What there are no slots of keeps its models.
        if chosen:
            foreign, right = leave_one_out(chosen)
            found = [[budget, _threshold(foreign, right, budget, bounded=group == "pens")] for budget in BUDGETS]
            provenance = stored.get("provenance", {}) | {group: {"command": command, **_figures(chosen, foreign, right)}}
            models = stored.get("models", {}) | fit_all(chosen)
            stored |= {"provenance": provenance, "models": models, thresholds: found}
            _report(group, foreign, right, found)
    options.out.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def fit_all(slots: Sequence[Labelled]) -> dict[str, Any]:
    """A model for each kind of decision on print or on pens, and one for numbers that a second reader was asked about."""
    usable = [slot for slot in slots if not slot.fixed]
    usable += [slot.glance for slot in slots if slot.glance is not None]
    kinds = PEN_KINDS_IN_ORDER if any(slot.filling != "typed" for slot in slots) else PRINT_KINDS
    by_kind = {kind: [slot for slot in usable if slot.kind == kind] for kind in kinds}
    # A small set may lack a kind: its stored model stands.
    models = {kind: _fit(chosen, asked=False) for kind, chosen in by_kind.items() if chosen}
    if "count" not in models:
        return models
    alone = _probabilities(models["count"], [slot for slot in usable if slot.confirmable])
    doubtful = [
        slot for slot, sure in zip((slot for slot in usable if slot.confirmable), alone, strict=True) if sure < DOUBTFUL
    ]
    return models | ({"asked": _fit(doubtful, asked=True)} if doubtful else {})


def leave_one_out(slots: Sequence[Labelled]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each slot's probability by models that have not seen its kind of capture, and whether what is then taken is right."""
    found, right = np.zeros(len(slots)), np.zeros(len(slots), bool)
    for capture in sorted({slot.capture for slot in slots}):
        models = fit_all([slot for slot in slots if slot.capture != capture])
        for place, slot in enumerate(slots):
            if slot.capture == capture:
                found[place], right[place] = _judged(slot, models)
    return found, right


def _judged(slot: Labelled, models: Mapping[str, Any]) -> tuple[float, bool]:
    """As `pipeline.judging.judge` does: a glance may suffice."""
    if slot.glance is not None and slot.glance.kind in models:
        sure = float(_probabilities(models[slot.glance.kind], [slot.glance])[0])
        if sure >= GLANCE_SURE:
            return sure, slot.glance.right
    return _looked(slot, models), slot.right


def _looked(slot: Labelled, models: Mapping[str, Any]) -> float:
    """A second reader is asked in doubt, its agreement helps, its veto is final."""
    if slot.fixed or slot.kind not in models:
        return 0.0
    alone = float(_probabilities(models[slot.kind], [slot])[0])
    if not slot.confirmable or alone >= DOUBTFUL:
        return alone
    if slot.second["contests"]:
        return 0.0
    if not slot.second["agrees"] or "asked" not in models:
        return alone
    return max(alone, float(_probabilities(models["asked"], [slot])[0]))


def _fit(slots: Sequence[Labelled], *, asked: bool) -> dict[str, Any]:
    names = [*slots[0].features, *(slots[0].second if asked else ())]
    table = _table(slots, names)
    labels = np.array([slot.right for slot in slots])
    scaler = StandardScaler().fit(table)
    if labels.all() or not labels.any():
        # No error to learn from: the readers' own posterior is taken at its word, for its margin is a power of ten of doubt.
        weights = dict.fromkeys(names, 0.0) | {"margin": round(float(np.log(10)), 5)}
        return {"intercept": 0.0, "weights": weights, "n": len(labels), "wrong": 0}
    model = LogisticRegression(C=REGULARITY, max_iter=2000).fit(scaler.transform(table), labels)
    weights = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - (weights * scaler.mean_).sum())
    told = {name: round(float(weight), 5) for name, weight in zip(names, weights, strict=True)}
    return {"intercept": round(intercept, 5), "weights": told, "n": len(labels), "wrong": int((~labels).sum())}


def _table(slots: Sequence[Labelled], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[{**slot.features, **slot.second}[name] for name in names] for slot in slots])


def _probabilities(model: Mapping[str, Any], slots: Sequence[Labelled]) -> NDArray[np.float64]:
    if not slots:
        return np.zeros(0)
    weights = model["weights"]
    odds = model["intercept"] + _table(slots, list(weights)) @ np.array(list(weights.values()))
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), np.float64)


def _threshold(sure: NDArray[np.float64], right: NDArray[np.bool_], budget: float, *, bounded: bool) -> float:
    """The least probability from which what is accepted keeps the budget, all of it and the least sure tenth alone.

    Both the claimed and the observed error must keep it; the observed one of a tenth only as far as so few slots can tell.
    Where it is `bounded`, so must the most that the rate can be at 95 %, by Clopper and Pearson: pens differ more from one
    writer to the next than captures of print do, and few slots prove little. What cannot be proved is not accepted at all.
    """
    order = np.argsort(-sure)
    ranked, wrong = sure[order], ~right[order]
    claimed, observed = np.cumsum(1 - ranked), np.cumsum(wrong)
    count = np.arange(1, len(sure) + 1)
    most = beta.ppf(0.95, observed + 1, np.maximum(count - observed, 1)) if bounded else np.zeros(len(sure))
    for last in range(int(np.count_nonzero(sure > 0)) - 1, 0, -1):
        tenth = last - last // 10
        whole = max(claimed[last], observed[last]) / (last + 1)
        if (
            most[last] <= budget
            and whole <= SAFETY * budget
            and (claimed[last] - claimed[tenth]) / (last - tenth + 1) <= TENTH * budget
        ):
            return round(float(min(ranked[last], MOST)), 6)
    return 1.0 if bounded else MOST


def _figures(slots: Sequence[Labelled], foreign: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "slots": len(slots),
        "wrong": int((~right).sum()),
        "captures": sorted({slot.capture for slot in slots}),
        "fillings": sorted({slot.filling for slot in slots}),
        "brier_one_capture_left_out": round(float(np.mean((foreign - right) ** 2)), 6),
    }


def _report(
    group: str, foreign: NDArray[np.float64], right: NDArray[np.bool_], thresholds: Sequence[Sequence[float]]
) -> None:
    """Risk and coverage with one capture left out."""
    print(f"{group}: {len(right)} slots, {right.mean():.2%} right")
    for budget, least in thresholds:
        kept = foreign >= least
        wrong = int((~right & kept).sum())
        print(f"budget {budget}: from {least:.5f}, {kept.mean():.2%} accepted, {wrong} wrong of {kept.sum()}")


if __name__ == "__main__":
    sys.exit(main())
