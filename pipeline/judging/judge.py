"""Evidence to slot readings: value, blank or unreadable, how sure, and whether a person must look.

What stands in a slot is `decide`'s to say. What it cannot excuse (words that are no number, ink that nobody reads) sends a
slot to a person whatever the probability. Rules across fields are in `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from extractors.glyphs import Alphabet
from extractors.slots import slot_box
from pipeline.judging.calibration import load_calibration
from pipeline.judging.decide import PEN_KINDS, Decision, decide, written_by_pen
from pipeline.judging.doubts import SEALED
from pipeline.judging.figures import is_number
from pipeline.judging.office_calibration import UNADJUSTED, OfficeCalibration
from schemas.flow import Evidence, Placement, State
from schemas.form import Mark, Slot, SlotKind
from schemas.reading import Reason, SlotReading

# Findings that always send a slot to a person, and how far each lets confidence go at most.
BOUNDS: Mapping[Reason, float] = {
    Reason.INK_IN_BLANK: 0.3,
    Reason.READERS_DISAGREE: 0.5,
    Reason.NOT_A_NUMBER: 0.5,
    Reason.UNUSUAL_NUMBER: 0.9,
    Reason.SLOT_MISSING: 0.0,
    Reason.PLACE_UNSURE: 0.5,
    Reason.ONE_READER: 0.9,
    Reason.PEN: 0.8,
    Reason.STRUCK: 0.5,
    Reason.SEAL: 0.9,
    Reason.NO_GRID: 0.9,
    Reason.POINT_UNSURE: 0.5,
    Reason.NOT_A_DATE: 0.5,
    Reason.NO_YEAR: 0.9,
    Reason.TICK_UNSURE: 0.5,
}

# From this probability on, what the scout and the digit reader make of a slot stands, and the recogniser is not asked: above
# the threshold of the default budget.
GLANCE_SURE = 0.998

# What the pens' own reader is surer of than this stands: the recogniser, who knows print, would mostly make right ones
# doubtful. Below, it is asked for its view.
PEN_SURE = 0.9

# What parts the digits of an amount.
POINTS = re.compile(r"(?<=[0-9])[.．,，](?=[0-9])")

# A text layer is certain about its characters, not about what the writer meant; but for a file that was never on paper whose
# words are the form's own to the letter.
CERTAIN = 0.9999

# Slots such as calibration has seen few of, or none, may use this share of the error budget: those on a line or in a cell
# of their own, amounts.
SELDOM_SHARE = Fraction(1, 2)


@dataclass(frozen=True)
class ErrorBudget:
    """How many wrong values among accepted ones the user puts up with, and what the office's own slots say of claims."""

    share: Fraction = Fraction(1, 1000)
    office: OfficeCalibration = UNADJUSTED

    @property
    def threshold(self) -> float:
        """The confidence from which a slot is accepted, as calibration found it on slots that it had not seen."""
        return self.office.threshold(float(self.share))

    @property
    def glance_threshold(self) -> float:
        """The confidence from which the recogniser is not asked for its view of a printed count."""
        return max(GLANCE_SURE, self.threshold)

    @property
    def pen_threshold(self) -> float:
        """The same for what a pen wrote."""
        return self.office.threshold(float(self.share), by_pen=True)

    def corrected(self, probability: float, kind: str) -> float:
        """What a model of this kind claims, as the office has found it."""
        return self.office.corrected(probability, by_pen=kind in PEN_KINDS)


def judge_slot(evidence: Evidence, budget: ErrorBudget, alphabet: Alphabet) -> SlotReading:
    """One slot's reading from all that is known of it."""
    placement = evidence.placement
    if placement.line is None:
        return missing_slot(placement.path, placement.slot)
    decision = decide(evidence, alphabet)
    findings = (*decision.reasons, *_contest(evidence, decision), *map(Reason, evidence.doubts))
    claim = _confirmed(evidence, decision)
    most = 1.0 if evidence.exact else CERTAIN
    probability = most if placement.certain else budget.corrected(claim, decision.kind)
    bound = min((BOUNDS[reason] for reason in findings), default=1.0)
    confidence = round(min(probability, bound, most), 4)
    least = _least_confidence(decision.kind, placement, budget)
    accepted = not findings and decision.state is not State.UNREADABLE and confidence >= least
    reasons = (*findings, *_explanations(evidence, decision, accepted=accepted))
    return SlotReading(
        path=placement.path,
        label=placement.slot.label,
        state=decision.state,
        value=decision.value,
        raw=decision.raw,
        confidence=confidence,
        review=not accepted,
        reasons=tuple(dict.fromkeys(reasons)),
        page=placement.line.page or None,
        box=slot_box(placement) if placement.line.page else None,
        candidates=decision.candidates,
        claim=None if placement.certain else round(claim, 6),
        pen=decision.kind in PEN_KINDS,
    )


def glance_suffices(evidence: Evidence, budget: ErrorBudget, alphabet: Alphabet) -> bool:
    """Whether the recogniser need not look: at print of which two quick readers leave little doubt, at what pens wrote."""
    placement = evidence.placement
    if placement.looked or placement.slot.kind is SlotKind.TICK or _read_closely(evidence):
        return True
    if (
        placement.slot.kind is not SlotKind.COUNT
        or placement.digits is None
        or placement.scouted is None
        or written_by_pen(evidence)
    ):
        return False
    decision = decide(evidence, alphabet)
    return not decision.reasons and budget.corrected(decision.probability, decision.kind) >= budget.glance_threshold


def _read_closely(evidence: Evidence) -> bool:
    """Whether the pens' own reader has looked at what a pen wrote, and knows what it is."""
    digits = evidence.placement.digits
    if digits is None or digits.glance is None or not written_by_pen(evidence):
        return False
    best = max(digits.strings, key=lambda text: digits.strings[text], default="")
    return is_number(best) and digits.strings.get(best, 0.0) >= PEN_SURE


def wants_second(evidence: Evidence, budget: ErrorBudget, alphabet: Alphabet) -> bool:
    """Whether a second reader can change what becomes of a slot: it is doubtful now, and would not be if it agreed."""
    if evidence.placement.line is None or evidence.placement.certain:
        return False
    decision = decide(evidence, alphabet)
    least = _least_confidence(decision.kind, evidence.placement, budget)
    corrected = budget.corrected(decision.probability, decision.kind)
    if decision.reasons or not _may_be_confirmed(decision) or corrected >= least:
        return False
    return budget.corrected(_with_agreement(decision), decision.kind) >= least


def missing_slot(path: str, slot: Slot) -> SlotReading:
    """A slot of the form that stands on no page."""
    unread, told = State.UNREADABLE, (Reason.SLOT_MISSING,)
    return SlotReading(
        path=path, label=slot.label, state=unread, value=None, raw="", confidence=0.0, review=True, reasons=told
    )


def _least_confidence(kind: str, placement: Placement, budget: ErrorBudget) -> float:
    """The confidence from which a slot is accepted."""
    seldom = placement.underlined or placement.slot.mark is Mark.CELL or placement.slot.kind is SlotKind.MONEY
    own = replace(budget, share=budget.share * SELDOM_SHARE) if seldom else budget
    return own.pen_threshold if kind in PEN_KINDS else own.threshold


def _may_be_confirmed(decision: Decision) -> bool:
    """A second reader reads printed digits: it has a say on numbers written in digits alone, and not by pen.

    It sees no points: those of an amount are others' to vouch for.
    """
    return decision.kind == "count" and decision.state is State.VALUE and decision.digits == POINTS.sub("", decision.raw)


def _contest(evidence: Evidence, decision: Decision) -> tuple[Reason, ...]:
    """Where a second reader reads other digits, a person decides."""
    second = evidence.second
    if second is None or not second.text or not _may_be_confirmed(decision) or evidence.placement.certain:
        return ()
    return () if second.text == decision.digits else (Reason.READERS_DISAGREE,)


def _confirmed(evidence: Evidence, decision: Decision) -> float:
    """The probability of a decision with a second reader's agreement; its silence changes nothing."""
    second = evidence.second
    agrees = second is not None and bool(second.text) and second.text == decision.digits and _may_be_confirmed(decision)
    return max(decision.probability, _with_agreement(decision)) if agrees else decision.probability


def _with_agreement(decision: Decision) -> float:
    return load_calibration().models["asked"].probability({**decision.features, "agrees": 1.0, "contests": 0.0})


def _explanations(evidence: Evidence, decision: Decision, *, accepted: bool) -> list[Reason]:
    """What a person is told of a slot. A seal is told of in any case; the rest only explains why it is shown."""
    if evidence.placement.certain:
        return []
    reasons = [Reason.SEAL] if evidence.seal > SEALED else []
    if accepted:
        return reasons
    return reasons if reasons or decision.reasons or _contest(evidence, decision) else [Reason.LOW_CONFIDENCE]
