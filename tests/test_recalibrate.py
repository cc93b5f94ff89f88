"""An office's reviewed and audited slots correct what is claimed: as far as they are enough to tell, and no further."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.commands.recalibrating import claim_of, recalibrate, save
from pipeline.judging.calibration import load_calibration
from pipeline.judging.judge import ErrorBudget, judge_slot
from pipeline.judging.office_calibration import (
    FILE,
    UNADJUSTED,
    Adjustment,
    OfficeCalibration,
    load_office_calibration,
    log_odds,
)
from pipeline.office.recalibrate import LEAST_AUDITED, LEAST_REVIEWED, Observation, fit, fit_line, thresholds_of
from pipeline.store import Store, audit_sample, correct, finish, open_store, record_arrival, record_audit, utc_now
from schemas.errors import ConfigError, TooFewSlots
from schemas.flow import State
from schemas.office import Correction
from schemas.reading import Reading, Reason
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET
from tests.office import reading_of
from tests.test_judge import evidence
from tests.test_store import arrival, claimed

PATHS = [slot.path for slot in SAFETY_MONTH.slots]

BUDGETS = [budget for budget, _ in load_calibration().thresholds]


def drawn(n: int, *, slope: float = 1.0, intercept: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Claimed log odds, and whether such slots are right where claims are off by this much."""
    rng = np.random.default_rng(seed)
    claims = rng.normal(2.0, 2.0, n)
    truth = 1 / (1 + np.exp(-(intercept + slope * claims)))
    return claims, (rng.random(n) < truth).astype(float)


@pytest.mark.parametrize(("intercept", "slope"), [(0.0, 1.0), (-1.0, 0.7), (0.5, 1.3)])
def test_line_is_found_again(intercept: float, slope: float) -> None:
    """Of twenty thousand slots that are claimed wrongly in a known way, the way is found."""
    claims, right = drawn(20_000, intercept=intercept, slope=slope)
    found = fit_line(claims, right, np.ones(len(claims)))
    assert found == pytest.approx((intercept, slope), abs=0.1)


def test_few_slots_change_little() -> None:
    """One wrong slot does not turn claims round, and order is kept in any case."""
    intercept, slope = fit_line(np.full(1, 4.0), np.zeros(1), np.ones(1))
    assert slope > 0
    assert Adjustment(intercept, slope).corrected(0.98) > 0.5


def test_audited_slots_stand_for_those_that_were_not_drawn() -> None:
    """Doubtful slots that are mostly wrong say little of sure ones that are right, when these are many more."""
    claims = np.array([0.0] * 200 + [6.0] * 200)
    right = np.array([0.0] * 150 + [1.0] * 250)
    weights = np.array([1.0] * 200 + [500.0] * 200)
    intercept, slope = fit_line(claims, right, weights)
    assert Adjustment(intercept, slope).corrected(1 / (1 + np.exp(-6.0))) > 0.99


@settings(max_examples=50, deadline=None)
@given(
    intercept=st.floats(-3, 3),
    slope=st.floats(0.1, 3),
    one=st.floats(0, 1, exclude_min=True, exclude_max=True),
    other=st.floats(0, 1, exclude_min=True, exclude_max=True),
)
def test_no_slot_overtakes_another(intercept: float, slope: float, one: float, other: float) -> None:
    """Whatever is claimed less stays less, or becomes equal."""
    adjustment = Adjustment(intercept, slope)
    low, high = sorted((one, other))
    assert 0 <= adjustment.corrected(low) <= adjustment.corrected(high) <= 1


@pytest.mark.parametrize("by_pen", [False, True])
def test_thresholds_follow_the_errors_that_were_observed(by_pen: bool) -> None:
    """Where the sure are right a budget that they prove is kept; a smaller one asks for no less; bounds hold."""
    corrected = np.concatenate([np.full(4000, 0.9995), np.full(300, 0.7)])
    right = np.concatenate([np.ones(4000), np.ones(200), np.zeros(100)])
    found = thresholds_of(corrected, right, np.ones(len(corrected)), by_pen=by_pen)
    assert [one.budget for one in found] == BUDGETS
    assert [one.least for one in found] == sorted(one.least for one in found)
    by_budget = {one.budget: one for one in found}
    assert by_budget[0.01].shown
    assert 0.7 < by_budget[0.01].least <= 0.9995
    assert not by_budget[0.0001].shown
    assert all(one.bound <= one.budget for one in found if one.shown)


def test_threshold_is_raised_where_the_budget_is_broken() -> None:
    """Sure slots of which one in fifty is wrong are not accepted under a budget of one in a thousand."""
    corrected = np.linspace(0.9, 0.9995, 3000)
    right = np.ones(3000)
    right[::50] = 0
    least = next(one for one in thresholds_of(corrected, right, np.ones(3000), by_pen=False) if one.budget == 0.001).least
    assert least > load_calibration().threshold(0.001)


def test_too_few_slots_fit_nothing() -> None:
    """One audited slot below the least number, and all stays as the project claims it."""
    some = [Observation(0.9, True, accepted=False)] * LEAST_REVIEWED
    few = [*some, *[Observation(0.999, True, accepted=True)] * (LEAST_AUDITED - 1)]
    assert fit(few, 10.0, by_pen=False).adjustment == Adjustment()
    assert fit([*few, few[-1]], 10.0, by_pen=False).thresholds


def test_office_without_a_file_changes_nothing(tmp_path: Path) -> None:
    """A home without a calibration judges as the project does; a damaged one is told."""
    assert load_office_calibration(tmp_path) == UNADJUSTED
    assert UNADJUSTED.threshold(0.001) == load_calibration().threshold(0.001)
    assert UNADJUSTED.threshold(0.001, by_pen=True) == load_calibration().threshold(0.001, by_pen=True)
    for damaged in ("", "{}", '{"print": {"intercept": 0, "slope": -1, "thresholds": []}, "pens": {}}'):
        (tmp_path / FILE).write_text(damaged, encoding="utf-8")
        with pytest.raises(ConfigError):
            load_office_calibration(tmp_path)


def test_slots_are_judged_by_the_office_s_calibration() -> None:
    """An office whose machine is less sure than it claims sees slots that others do not; the claim is kept with them."""
    found = evidence("57", doubt=0.001)
    usual = judge_slot(found, ErrorBudget(), ALPHABET)
    doubtful = ErrorBudget(office=OfficeCalibration(print=Adjustment(-14.0, 1.0)))
    shown = judge_slot(found, doubtful, ALPHABET)
    assert (usual.review, shown.review, shown.reasons) == (False, True, (Reason.LOW_CONFIDENCE,))
    assert usual.claim == shown.claim
    assert shown.claim is not None
    assert shown.confidence == pytest.approx(Adjustment(-14.0, 1.0).corrected(shown.claim), abs=1e-3)
    assert judge_slot(evidence("57", certain=True), doubtful, ALPHABET).claim is None


def test_office_s_own_threshold_goes_before_the_project_s() -> None:
    """Between two budgets it is interpolated as the project's is."""
    own = OfficeCalibration(print=Adjustment(thresholds=((0.01, 0.5), (0.001, 0.9))))
    assert own.threshold(0.001) == pytest.approx(0.9)
    assert 0.5 < own.threshold(0.003) < 0.9
    assert own.threshold(0.001, by_pen=True) == load_calibration().threshold(0.001, by_pen=True)
    assert ErrorBudget(office=own).threshold == pytest.approx(0.9)


def test_claim_is_what_no_finding_has_lowered() -> None:
    """Of what was read before claims were told, the confidence; but not where a finding or a text layer made it."""
    slot = reading_of({PATHS[0]: 5}, flagged=[PATHS[0]]).slots[0]
    assert claim_of(slot) == 0.5
    assert claim_of(slot.model_copy(update={"claim": 0.7})) == 0.7
    assert claim_of(slot.model_copy(update={"reasons": (Reason.STRUCK,)})) is None
    assert claim_of(slot.model_copy(update={"confidence": 0.9999})) is None


def read_by(claims: Sequence[float], unit: str) -> Reading:
    """A return whose first three slots are doubtful."""
    reading = reading_of(dict.fromkeys(PATHS[:38], 5), unit=unit, flagged=PATHS[:3])
    made = [
        slot.model_copy(update={"claim": claim, "pen": False}) for slot, claim in zip(reading.slots, claims, strict=True)
    ]
    return reading.model_copy(update={"slots": tuple(made)})


def work(store: Store, returns: int, audits: int) -> None:
    """An office in which every second doubtful slot was wrong, and none of those that the machine accepted."""
    for turn in range(returns):
        record_arrival(store, arrival(f"{turn}.pdf"))
        finish(store, claimed(store), [read_by([0.8] * 3 + [0.9992] * (len(PATHS) - 3), f"{turn}区")])
        for place, path in enumerate(PATHS[:3]):
            value = 5 if (turn + place) % 2 else 6
            said = (State.VALUE, value)
            correct(store, turn + 1, 1, Correction(path, "甲", utc_now(), said, said))
    for row in audit_sample(store, seed=1, limit=audits):
        record_audit(store, row.order, row.number, row.path, (row.state, row.value), who="甲")


def test_office_is_calibrated_from_its_store(tmp_path: Path) -> None:
    """Too few slots are refused with what is missing; enough of them make a file that the next start finds."""
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    work(store, 40, 60)
    with pytest.raises(TooFewSlots, match="60"):
        recalibrate(store, who="甲")
    for row in audit_sample(store, seed=2, limit=100):
        record_audit(store, row.order, row.number, row.path, (row.state, row.value), who="甲")
    made = recalibrate(store, who="甲")
    store.close()
    assert (made.print.reviewed, made.print.reviewed_wrong, made.print.audited, made.print.audited_wrong) == (
        120,
        60,
        160,
        0,
    )
    assert made.print.adjustment.corrected(0.8) < 0.8
    path = save(made, tmp_path)
    assert load_office_calibration(tmp_path) == OfficeCalibration(made.print.adjustment, Adjustment())
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (told["who"], told["print"]["audited"], told["pens"]["reviewed"]) == ("甲", 160, 0)
    assert log_odds(0.5) == 0
    assert replace(made.print, reviewed=0).suffices is False
