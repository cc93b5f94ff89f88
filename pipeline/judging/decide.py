"""Evidence on a slot to what most likely stands in it, how probably that is so, and what no probability excuses.

The likeliest string of all readers is the decision; `calibration` turns the evidence into a probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from extractors.digits import OTHER
from extractors.glyphs import Alphabet, fold
from extractors.slots import INK_OF_A_STROKE
from pipeline.judging.calibration import Features, evidence_to_features, load_calibration, pen_to_features
from pipeline.judging.counts import Certainty, Written, read_amount, read_number
from pipeline.judging.dates import date_parts, read_date
from pipeline.judging.days import date_doubts, likeliest_date
from pipeline.judging.doubts import PENNED, SEEN, doubts_in_any_case, is_seldom
from pipeline.judging.experts import (
    Expert,
    is_contested,
    likeliest,
    may_be_stroke,
    sees_points,
    sign_share,
    slot_experts,
    struck_share,
)
from pipeline.judging.figures import is_number, split_struck
from pipeline.judging.strings import Candidate, slot_strings, spell
from pipeline.judging.ticks import read_tick
from schemas.flow import Evidence, Placement, State
from schemas.form import EMPTY_PARENTHESES, Mark, SlotKind
from schemas.reading import Reason
from schemas.values import Value

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

# A pen has filled in a page, or a single slot of a page in print, where it is likelier than this that one did. On pages that
# pens have filled in the middle of what the digit reader says is 0.99 and more, on blurred print up to 0.95.
BY_PEN, SURELY_BY_PEN = 0.96, 0.99

# The digit reader sees something in a slot that is empty with less than this probability.
NOTHING = 0.5

# What the digit reader sees more likely than this is so: no number, a number struck out.
SEEN_BY_DIGITS = 0.5

# The kind of decision on a box, which no model claims anything of.
TICK = "tick"

# Kinds of decision on what pens wrote, or left out.
PEN_KINDS = frozenset({"pen", "pen_blank"})


@dataclass(frozen=True, eq=False)
class Decision:
    """What most likely stands in a slot, before a second reader is asked, and how probably that is so.

    `kind` names the calibration model, `reasons` are findings that send the slot to a person in any case.
    """

    kind: str
    state: State
    value: Value
    raw: str
    digits: str
    probability: float
    features: Features
    reasons: tuple[Reason, ...]
    candidates: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def decide(evidence: Evidence, alphabet: Alphabet) -> Decision:
    """What most likely stands in a slot that was found; kept for the second time that it is asked, on the same page."""
    match evidence.placement.slot.kind:
        case SlotKind.TICK:
            return _decide_tick(evidence)
        case SlotKind.DATE:
            return _decide_date(evidence, alphabet)
        case SlotKind.TEXT:
            return _decide_text(evidence, alphabet)
        case _:
            return _decide_count(evidence, alphabet)


def written_by_pen(evidence: Evidence) -> bool:
    """Whether a pen wrote in a slot: by coloured ink, by the page, or as the digit reader sees it there."""
    placement = evidence.placement
    if placement.certain or placement.digits is None:
        return False
    # Where nothing is written nothing tells of pens; the first glance says so, whatever the pens' reader finds later.
    glance = placement.digits.glance
    written = (placement.digits.strings if glance is None else glance).get("", 0.0) < NOTHING
    if not placement.slot.kind.numeric:
        # The digit reader tells pens from printed digits, not from words.
        return False
    return evidence.hand >= BY_PEN or (written and (evidence.pen > PENNED or placement.digits.pen >= SURELY_BY_PEN))


def _decide_count(evidence: Evidence, alphabet: Alphabet) -> Decision:
    placement = evidence.placement
    by_pen = written_by_pen(evidence)
    experts = slot_experts(placement, alphabet, by_pen=by_pen, stray=evidence.hand < BY_PEN)
    if by_pen and struck_share(placement.digits) > SEEN_BY_DIGITS:
        return _decide_struck(evidence, experts)
    amount = placement.slot.kind is SlotKind.MONEY
    best = likeliest(experts, amount=amount)
    written = read_amount(best.text, placement.slot.unit) if amount else read_number(best.text)
    reasons = doubts_in_any_case(evidence, written=bool(best.text))
    raw, kind = best.text, "pen" if by_pen else "count" if placement.looked else "glance"
    if not best.text:
        kind = "pen_blank" if by_pen else "blank" if placement.looked else "glance_blank"
        if evidence.ink > (OWN_INK if _is_closed(placement, experts) else INK_OF_A_STROKE):
            # The pens' reader sees whose strokes reach into a slot: such ink is for a person to look at, and the slot blank.
            seen_blank = by_pen and "glance" in experts and experts["digits"].share("") > NOTHING
            state, raw = (State.BLANK, "") if seen_blank else (State.UNREADABLE, spell(placement)[0])
            return _decision(evidence, experts, kind, state, None, raw, best, [Reason.INK_IN_BLANK])
    elif written.state is State.UNREADABLE:
        raw = spell(placement)[0] or best.text
        reasons.append(Reason.NOT_A_NUMBER)
    elif written.certainty is not Certainty.PLAIN:
        reasons.append(Reason.UNUSUAL_NUMBER)
    elif by_pen and sign_share(placement.digits, OTHER) > SEEN_BY_DIGITS:
        reasons.append(Reason.NOT_A_NUMBER)
    if amount and written.state is State.VALUE and not placement.certain and not _points_agree(evidence, experts, best.text):
        reasons.append(Reason.POINT_UNSURE)
    if by_pen and placement.slot.repeats and placement.slot.mark is not Mark.CELL:
        # A pen hides where one activity ends and the next begins: a number may be another's, however well it is read.
        reasons.append(Reason.PLACE_UNSURE)
    contested = (is_seldom(placement) or best.probability < FIRM) and is_contested(experts, best.text)
    if not by_pen and (contested or may_be_stroke(experts, best.text)):
        reasons.append(Reason.READERS_DISAGREE)
    return _decision(evidence, experts, kind, written.state, written.value, raw, best, reasons, written.digits)


def _points_agree(evidence: Evidence, experts: Mapping[str, Expert], text: str) -> bool:
    """Whether another reader than the recogniser sees the points of an amount as it does; of none, all of them see none."""
    points = sum(char in ".," for char in text)
    if points:
        return sees_points(experts, text) or points in (evidence.points or ())
    return sees_points(experts, text) and not any(evidence.points or ())


def _decide_struck(evidence: Evidence, experts: Mapping[str, Expert]) -> Decision:
    """A number struck out: what was written instead is taken, or else it is, and a person sees both in any case."""
    digits = evidence.placement.digits
    strings = digits.strings if digits else {}
    text = max((text for text in strings if not is_number(text)), key=lambda text: strings[text], default="")
    struck, instead = split_struck(text)
    offered = tuple(dict.fromkeys(one for one in (instead, evidence.corrected, struck) if one))
    read = read_amount if evidence.placement.slot.kind is SlotKind.MONEY else read_number
    written = read(offered[0]) if offered else Written(None, State.UNREADABLE, Certainty.VAGUE, "")
    best = Candidate(offered[0] if offered else "", strings.get(text, 0.0))
    return _decision(
        evidence, experts, "pen", written.state, written.value, text, best, [Reason.STRUCK], written.digits, offered
    )


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
        reasons += doubts_in_any_case(evidence, written=True)
        return _decision(evidence, experts, "text", State.VALUE, text, text, best, reasons)
    if evidence.ink > (OWN_INK if _is_closed(placement, experts) else INK_OF_A_STROKE):
        return _decision(evidence, experts, "text_blank", State.UNREADABLE, None, "", best, [Reason.INK_IN_BLANK])
    doubts = doubts_in_any_case(evidence, written=False)
    if evidence.hand > BY_PEN and not placement.certain:
        # Faint words by pen leave too little ink to be told from none.
        doubts.append(Reason.PEN)
    return _decision(evidence, experts, "text_blank", State.BLANK, None, "", best, doubts)


def _decide_date(evidence: Evidence, alphabet: Alphabet) -> Decision:
    """A date: a day that there is, on which no reader of digits sees other ones."""
    placement = evidence.placement
    shares = slot_strings(placement.log_probs, alphabet)
    if max(shares, key=lambda text: shares[text], default="") == "":
        return _decide_text(evidence, alphabet)
    text, probability = likeliest_date(shares)
    written = read_date(text)
    reasons = doubts_in_any_case(evidence, written=True)
    if written.state is State.UNREADABLE:
        reasons.append(Reason.NO_YEAR if date_parts(text) else Reason.NOT_A_DATE)
    elif written.certainty is not Certainty.PLAIN:
        reasons.append(Reason.UNUSUAL_NUMBER)
    if not placement.certain:
        reasons += [Reason.PEN] if evidence.hand > BY_PEN else []
        reasons += date_doubts(placement, text, alphabet)
    experts = slot_experts(placement, alphabet, by_pen=False)
    best = Candidate(text, probability)
    return _decision(evidence, experts, "text", written.state, written.value, spell(placement)[0] or text, best, reasons)


def _decide_tick(evidence: Evidence) -> Decision:
    """A box: what its glyph and its pixels say is no matter of strings, and no model of them has been fitted."""
    tick = read_tick(evidence)
    value = 1 if tick.state is State.VALUE else None
    doubts = [reason for reason in doubts_in_any_case(evidence, written=bool(value)) if reason is not Reason.PLACE_UNSURE]
    reasons = tuple(dict.fromkeys((*tick.reasons, *doubts)))
    return Decision(TICK, tick.state, value, tick.raw, "", tick.probability, {}, reasons)


def _decision(
    evidence: Evidence,
    experts: Mapping[str, Expert],
    kind: str,
    state: State,
    value: Value,
    raw: str,
    best: Candidate,
    reasons: Sequence[Reason],
    digits: str = "",
    candidates: tuple[str, ...] = (),
) -> Decision:
    features: dict[str, float] = evidence_to_features(evidence, best.text, best.probability, experts)
    if kind in PEN_KINDS and (seen := evidence.placement.digits) is not None:
        features |= pen_to_features(seen, best.text)
    probability = load_calibration().models[kind].probability(features)
    return Decision(kind, state, value, raw, digits, probability, features, tuple(dict.fromkeys(reasons)), candidates)
