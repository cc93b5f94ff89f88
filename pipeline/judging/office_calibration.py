"""An office's own calibration: what its reviewed slots say of the probabilities that `calibration` claims.

It is made by `kuohao calibrate` (`recalibrate`), lies in HOME/calibration.json, and is laid over the project's own: a
monotone change of the claimed log odds, so that no slot overtakes another, and thresholds for the error budgets. Without
such a file nothing changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

from pipeline.judging.calibration import Calibration, load_calibration
from schemas.errors import ConfigError

FILE = "calibration.json"
"""Its name in the home folder."""

LEAST_DOUBT = 1e-6
"""Claims nearer to 0 or 1 than this are taken for this: what stands beyond is the engines' noise."""


@dataclass(frozen=True)
class Adjustment:
    """Log odds become `intercept` + `slope` · log odds. `thresholds`: pairs of error budget and least probability, falling
    budgets; the project's own where there are none."""

    intercept: float = 0.0
    slope: float = 1.0
    thresholds: tuple[tuple[float, float], ...] = ()

    def corrected(self, probability: float) -> float:
        """A claimed probability as this office has found it."""
        if (self.intercept, self.slope) == (0.0, 1.0):
            return probability
        return 1 / (1 + exp(-(self.intercept + self.slope * log_odds(probability))))


@dataclass(frozen=True)
class OfficeCalibration:
    """How an office corrects what is claimed of print and of pens; as it is made here, not at all."""

    print: Adjustment = Adjustment()
    pens: Adjustment = Adjustment()

    def corrected(self, probability: float, *, by_pen: bool) -> float:
        """A claimed probability as this office has found it."""
        return (self.pens if by_pen else self.print).corrected(probability)

    def threshold(self, share: float, *, by_pen: bool = False) -> float:
        """The probability from which slots are accepted when `share` of the accepted may be wrong."""
        own = (self.pens if by_pen else self.print).thresholds
        if not own:
            return load_calibration().threshold(share, by_pen=by_pen)
        return Calibration({}, own, own).threshold(share, by_pen=by_pen)


UNADJUSTED = OfficeCalibration()
"""What the project claims, as it claims it."""


def log_odds(probability: float) -> float:
    """Of a probability that is neither 0 nor 1."""
    kept = min(max(probability, LEAST_DOUBT), 1 - LEAST_DOUBT)
    return log(kept / (1 - kept))


def load_office_calibration(home: Path) -> OfficeCalibration:
    """The one in a home folder; where there is none, what changes nothing. Raises ConfigError for a file that is damaged."""
    try:
        stored = json.loads((home / FILE).read_text(encoding="utf-8"))
        return OfficeCalibration(_adjustment(stored["print"]), _adjustment(stored["pens"]))
    except FileNotFoundError:
        return UNADJUSTED
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{home / FILE}: {type(error).__name__}") from None


def _adjustment(stored: Mapping[str, Any]) -> Adjustment:
    slope = float(stored["slope"])
    thresholds = tuple((float(budget), float(least)) for budget, least in stored["thresholds"])
    if slope <= 0 or any(not 0 < budget < 1 or not 0 <= least <= 1 for budget, least in thresholds):
        raise ValueError
    return Adjustment(float(stored["intercept"]), slope, thresholds)
