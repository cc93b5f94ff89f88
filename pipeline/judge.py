"""Evidence to slot readings: value, blank or unreadable, how sure, and whether a person must look.

The likeliest string is the decision; how probably it is right, `calibration` tells from all the evidence. Findings that no
probability excuses (words that are no number, ink that nobody reads) send a slot to a person whatever it says. Rules across
fields are in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from extractors.digits import OTHER
from extractors.glyphs import Alphabet, fold
from extractors.slots import INK_OF_A_STROKE, slot_box
from pipeline.calibration import Features, evidence_to_features, load_calibration
from pipeline.counts import Certainty, Written, read_number
from pipeline.experts import Expert, is_contested, likeliest, sign_share, slot_experts, struck_share
from pipeline.figures import is_number, split_struck
from pipeline.strings import Candidate, spell
from schemas.flow import Evidence, Placement, State
from schemas.form import EMPTY_PARENTHESES, Slot, SlotKind
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
}

# From this probability on, what the scout and the digit reader make of a slot stands, and the recogniser is not asked: above
# the threshold of the default budget.
GLANCE_SURE = 0.998

# The models of what pens wrote, or left out.
PEN_KINDS = frozenset({"pen", "pen_blank"})

# A text layer is certain about its characters, not about what the writer meant.
CERTAIN = 0.9999

EMPTY_FOLDED = frozenset(fold(char) for char in EMPTY_PARENTHESES)

# No second reader confirms words: they are shown where the recogniser is less sure of them than this. Of typed names on
# made scans 3 in 100 are, and two in three of those that are misread.
SURE_OF_WORDS = 0.9

# Two parentheses with nothing between them are at most this wide, in line pixels, and the scout as sure as this of it; on a
# text layer the one ends where the other begins.
CLOSED, SCOUT_SURE, TOUCHING = 36.0, 0.5, 3.0

# Such parentheses may leave this much ink of their own, in line pixels.
OWN_INK = 200

# A decision surer than this is not contested by a reader of print that sees another string. Of 14,600 made slots 31 were
# contested below it, and 17 of these were wrong: half of all that were.
FIRM = 0.99

# A pen has filled in a page, or a single slot of a page in print, where it is likelier than this that one did.
BY_PEN, SURELY_BY_PEN = 0.5, 0.99

# The digit reader sees something in a slot that is empty with less than this probability.
NOTHING = 0.5

# Underlined slots may use this share of the error budget: calibration has seen slots between parentheses alone.
UNDERLINED_SHARE = Fraction(1, 3)

# What the digit reader sees more likely than this is so: no number, a number struck out.
SEEN_BY_DIGITS = 0.5

# Parentheses and neighbours seen at least this well vouch for a slot's place.
SEEN = 0.5

# A slot is under a seal when red paste covers this share of it, and in pen when this share of its ink is coloured.
SEALED, PENNED = 0.04, 0.35

# Original pixels for each pixel of a line below which colours under a seal cannot be told apart: JPEG halves them again.
COARSE = 0.6


@dataclass(frozen=True)
class ErrorBudget:
    """How many wrong values among accepted ones the user puts up with."""

    share: Fraction = Fraction(1, 1000)

    @property
    def threshold(self) -> float:
        """The confidence from which a slot is accepted, as calibration found it on slots that it had not seen."""
        return load_calibration().threshold(float(self.share))

    @property
    def glance_threshold(self) -> float:
        """The confidence from which the recogniser is not asked for its view of a printed count."""
        return max(GLANCE_SURE, self.threshold)

    @property
    def pen_threshold(self) -> float:
        """The same for what a pen wrote."""
        return load_calibration().threshold(float(self.share), by_pen=True)


@dataclass(frozen=True, eq=False)
class Decision:
    """What most likely stands in a slot, before a second reader is asked, and how probably that is so.

    `kind` names the calibration model, `reasons` are findings that send the slot to a person in any case.
    """

    kind: str
    state: State
    value: int | str | None
    raw: str
    digits: str
    probability: float
    features: Features
    reasons: tuple[Reason, ...]
    candidates: tuple[str, ...] = ()


def judge_slot(evidence: Evidence, budget: ErrorBudget, alphabet: Alphabet) -> SlotReading:
    """One slot's reading from all that is known of it."""
    placement = evidence.placement
    if placement.line is None:
        return missing_slot(placement.path, placement.slot)
    decision = decide(evidence, alphabet)
    findings = (*decision.reasons, *_contest(evidence, decision))
    probability = CERTAIN if placement.certain else _confirmed(evidence, decision)
    bound = min((BOUNDS[reason] for reason in findings), default=1.0)
    confidence = round(min(probability, bound, CERTAIN), 4)
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
        page=placement.line.page,
        box=slot_box(placement),
        candidates=decision.candidates,
    )


def glance_suffices(evidence: Evidence, budget: ErrorBudget, alphabet: Alphabet) -> bool:
    """Whether what two quick readers see of a printed count leaves so little doubt that the recogniser need not look."""
    placement = evidence.placement
    if placement.looked:
        return True
    if placement.slot.kind is SlotKind.TEXT or placement.digits is None or placement.scouted is None or _by_pen(evidence):
        return False
    decision = decide(evidence, alphabet)
    return not decision.reasons and decision.probability >= budget.glance_threshold


def wants_second(evidence: Evidence, budget: ErrorBudget, alphabet: Alphabet) -> bool:
    """Whether a second reader can change what becomes of a slot: it is doubtful now, and would not be if it agreed."""
    if evidence.placement.line is None or evidence.placement.certain:
        return False
    decision = decide(evidence, alphabet)
    least = _least_confidence(decision.kind, evidence.placement, budget)
    if decision.reasons or not _may_be_confirmed(decision) or decision.probability >= least:
        return False
    return _with_agreement(decision) >= least


@lru_cache(maxsize=256)
def decide(evidence: Evidence, alphabet: Alphabet) -> Decision:
    """What most likely stands in a slot that was found; kept for the second time that it is asked, on the same page."""
    return (
        _decide_text(evidence, alphabet)
        if evidence.placement.slot.kind is SlotKind.TEXT
        else _decide_count(evidence, alphabet)
    )


def missing_slot(path: str, slot: Slot) -> SlotReading:
    """A slot of the form that stands on no page."""
    unread, told = State.UNREADABLE, (Reason.SLOT_MISSING,)
    return SlotReading(
        path=path, label=slot.label, state=unread, value=None, raw="", confidence=0.0, review=True, reasons=told
    )


def _least_confidence(kind: str, placement: Placement, budget: ErrorBudget) -> float:
    """The confidence from which a slot is accepted."""
    own = ErrorBudget(budget.share * UNDERLINED_SHARE) if placement.underlined else budget
    return own.pen_threshold if kind in PEN_KINDS else own.threshold


def _decide_count(evidence: Evidence, alphabet: Alphabet) -> Decision:
    placement = evidence.placement
    by_pen = _by_pen(evidence)
    experts = slot_experts(placement, alphabet, by_pen=by_pen)
    if by_pen and struck_share(placement.digits) > SEEN_BY_DIGITS:
        return _decide_struck(evidence, experts)
    best = likeliest(experts)
    written = read_number(best.text)
    reasons = _doubts_in_any_case(evidence, written=bool(best.text))
    raw, kind = best.text, "pen" if by_pen else "count" if placement.looked else "glance"
    if not best.text:
        kind = "pen_blank" if by_pen else "blank" if placement.looked else "glance_blank"
        if evidence.ink > (OWN_INK if _is_closed(placement, experts) else INK_OF_A_STROKE):
            unread = [Reason.INK_IN_BLANK]
            return _decision(evidence, experts, kind, State.UNREADABLE, None, spell(placement)[0], best, unread)
    elif written.state is State.UNREADABLE:
        raw = spell(placement)[0] or best.text
        reasons.append(Reason.NOT_A_NUMBER)
    elif written.certainty is not Certainty.PLAIN:
        reasons.append(Reason.UNUSUAL_NUMBER)
    elif by_pen and sign_share(placement.digits, OTHER) > SEEN_BY_DIGITS:
        reasons.append(Reason.NOT_A_NUMBER)
    if not by_pen and best.probability < FIRM and is_contested(experts, best.text):
        reasons.append(Reason.READERS_DISAGREE)
    return _decision(evidence, experts, kind, written.state, written.value, raw, best, reasons, written.digits)


def _decide_struck(evidence: Evidence, experts: Mapping[str, Expert]) -> Decision:
    """A number struck out: what was written instead is taken, or else it is, and a person sees both in any case."""
    digits = evidence.placement.digits
    strings = digits.strings if digits else {}
    text = max((text for text in strings if not is_number(text)), key=lambda text: strings[text], default="")
    struck, instead = split_struck(text)
    offered = tuple(dict.fromkeys(one for one in (instead, evidence.corrected, struck) if one))
    written = read_number(offered[0]) if offered else Written(None, State.UNREADABLE, Certainty.VAGUE, "")
    best = Candidate(offered[0] if offered else "", strings.get(text, 0.0))
    return _decision(
        evidence, experts, "pen", written.state, written.value, text, best, [Reason.STRUCK], written.digits, offered
    )


def _by_pen(evidence: Evidence) -> bool:
    """Whether a pen wrote in a slot: by coloured ink, by the page, or as the digit reader sees it there."""
    placement = evidence.placement
    if placement.certain or placement.digits is None:
        return False
    # Where nothing is written nothing tells of pens.
    written = placement.digits.strings.get("", 0.0) < NOTHING
    return evidence.hand >= BY_PEN or (written and (evidence.pen > PENNED or placement.digits.pen >= SURELY_BY_PEN))


def _is_closed(placement: Placement, experts: Mapping[str, Expert]) -> bool:
    """Whether two parentheses stand so close that nothing fits between them, and the scout sees nothing there either.

    Ink counted in such a slot is the parentheses' own.
    """
    if len(placement.stretches) > 1 or min(placement.parentheses) < SEEN:
        return False
    if placement.certain:
        return placement.inner[1] - placement.inner[0] <= TOUCHING
    empty = "scout" in experts and experts["scout"].share("") > SCOUT_SURE
    return placement.outer[1] - placement.outer[0] <= CLOSED and empty


def _decide_text(evidence: Evidence, alphabet: Alphabet) -> Decision:
    text, probability = spell(evidence.placement)
    best = Candidate(text, probability)
    placement = evidence.placement
    experts = slot_experts(placement, alphabet, by_pen=False)
    if text:
        # The scout knows the form's characters, not all that a name may hold: only that nothing is there is in its power.
        experts.pop("scout", None)
        # Parentheses in a name are, more likely than its own, those of another sentence that the unit has put beside it.
        doubtful = probability < SURE_OF_WORDS or any(fold(char) in EMPTY_FOLDED for char in text)
        reasons = [Reason.ONE_READER] if doubtful and not placement.certain else []
        if evidence.hand > BY_PEN and not placement.certain:
            reasons.append(Reason.PEN)
        reasons += _doubts_in_any_case(evidence, written=True)
        return _decision(evidence, experts, "text", State.VALUE, text, text, best, reasons)
    if evidence.ink > (OWN_INK if _is_closed(placement, experts) else INK_OF_A_STROKE):
        return _decision(evidence, experts, "text_blank", State.UNREADABLE, None, "", best, [Reason.INK_IN_BLANK])
    doubts = _doubts_in_any_case(evidence, written=False)
    return _decision(evidence, experts, "text_blank", State.BLANK, None, "", best, doubts)


def _decision(
    evidence: Evidence,
    experts: Mapping[str, Expert],
    kind: str,
    state: State,
    value: int | str | None,
    raw: str,
    best: Candidate,
    reasons: Sequence[Reason],
    digits: str = "",
    candidates: tuple[str, ...] = (),
) -> Decision:
    features = evidence_to_features(evidence, best.text, best.probability, experts)
    probability = load_calibration().models[kind].probability(features)
    return Decision(kind, state, value, raw, digits, probability, features, tuple(dict.fromkeys(reasons)), candidates)


def _may_be_confirmed(decision: Decision) -> bool:
    """A second reader reads printed digits: it has a say on numbers written in digits alone, and not by pen."""
    return decision.kind == "count" and decision.state is State.VALUE and decision.digits == decision.raw


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


def _doubts_in_any_case(evidence: Evidence, *, written: bool) -> list[Reason]:
    """What no probability excuses: a place that nothing vouches for, pens (the recognisers know print), seals that no
    colour takes away, no grid."""
    doubts = [Reason.PLACE_UNSURE] if _misplaced(evidence.placement) else []
    if evidence.placement.certain:
        return doubts
    found = {
        # Words by pen are read as far as the recogniser goes, and it knows print.
        Reason.PEN: written and evidence.pen > PENNED and evidence.placement.digits is None,
        # Phones' messengers leave too little colour to divide a dense seal out by.
        Reason.SEAL: evidence.gray_seal or (evidence.seal > SEALED and evidence.sharpness < COARSE),
        Reason.NO_GRID: not evidence.grid,
    }
    return doubts + [reason for reason, holds in found.items() if holds]


def _explanations(evidence: Evidence, decision: Decision, *, accepted: bool) -> list[Reason]:
    """What a person is told of a slot. A seal is told of in any case; the rest only explains why it is shown."""
    if evidence.placement.certain:
        return []
    reasons = [Reason.SEAL] if evidence.seal > SEALED else []
    if accepted:
        return reasons
    return reasons if reasons or decision.reasons or _contest(evidence, decision) else [Reason.LOW_CONFIDENCE]


def _misplaced(placement: Placement) -> bool:
    """A side of the slot counts as seen by its parenthesis or by the printed words behind it; one parenthesis must be.

    A slot on three lines has swallowed a line. An underlined one has the printed characters right beside it seen; more of
    the sentence must be on one side.
    """
    if placement.underlined:
        return max(placement.anchors) < SEEN
    if len(placement.stretches) > 2:
        return True
    sides = [max(pair) >= SEEN for pair in zip(placement.parentheses, placement.anchors, strict=True)]
    return not (all(sides) and max(placement.parentheses) >= SEEN)
