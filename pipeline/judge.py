"""Evidence to slot readings: value, blank or unreadable, how sure, and whether a person must look.

Confidence starts as the posterior of the string among all strings and is then bounded by what else is known; the bounds
are conservative shares, set by hand on development sets and told beside each. Rules across fields are in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from rapidfuzz import fuzz, process

from extractors.glyphs import Alphabet
from extractors.slots import INK_OF_A_STROKE, slot_box
from pipeline.strings import Candidate, best_strings, parse_count
from schemas.flow import Evidence, Placement, State
from schemas.form import Slot, SlotKind
from schemas.reading import HeaderReading, Reason, SlotReading

# How far each finding lets confidence go at most.
BOUNDS: Mapping[Reason, float] = {
    Reason.READERS_DISAGREE: 0.5,
    Reason.ONE_READER: 0.9,
    Reason.INK_IN_BLANK: 0.3,
    Reason.NOT_A_NUMBER: 0.5,
    Reason.UNUSUAL_NUMBER: 0.9,
    Reason.PLACE_UNSURE: 0.5,
    Reason.SLOT_MISSING: 0.0,
    Reason.SEAL: 0.9,
    Reason.PEN: 0.8,
}

# A text layer is certain about its characters, not about what the writer meant.
CERTAIN = 0.9999

# An agreeing second reader leaves this share of the first one's doubt: they err on different digits.
SHARED_DOUBT = 0.1

# A posterior above this needs no second reader to confirm it where there is none.
SURE_ALONE = 0.999

# How much less likely words or signs are in a count slot than a number, before anything is seen.
WORDS = 0.25

# Parentheses and neighbours seen at least this well vouch for a slot's place.
SEEN = 0.5

# A slot is under a seal when red paste covers this share of it, and in pen when this share of its ink is blue.
SEALED, PENNED = 0.04, 0.35

# A unit is one of the roster's when this like it (0 to 100), and this much more so than to the next name: names of
# neighbouring counties differ in one or two of seven characters.
ROSTER_SCORE, ROSTER_LEAD = 75.0, 5.0


@dataclass(frozen=True)
class ErrorBudget:
    """How many wrong values among accepted ones the user puts up with."""

    share: Fraction = Fraction(1, 1000)

    @property
    def threshold(self) -> float:
        """The confidence from which a slot is accepted.

        Confidences are products of conservative bounds, not yet calibrated on labelled slots; ten times the budget is the
        level at which development sets kept it.
        """
        return float(1 - min(10 * self.share, Fraction(1, 2)))


def judge_slot(evidence: Evidence, budget: ErrorBudget, alphabet: Alphabet) -> SlotReading:
    """One slot's reading from all that is known of it."""
    placement = evidence.placement
    if placement.line is None:
        return missing_slot(placement.path, placement.slot)
    if placement.slot.kind is SlotKind.TEXT:
        state, value, raw, confidence, reasons = _judge_text(evidence)
    else:
        state, value, raw, confidence, reasons = _judge_count(evidence, alphabet)
    reasons += _doubts_of_place(placement) + _doubts_of_ink(evidence, state)
    bound = min((BOUNDS[reason] for reason in reasons), default=1.0)
    confidence = round(min(confidence, bound, CERTAIN), 4)
    if confidence < budget.threshold and not reasons:
        reasons = [Reason.LOW_CONFIDENCE]
    review = state is State.UNREADABLE or bool(reasons)
    return SlotReading(
        path=placement.path,
        label=placement.slot.label,
        state=state,
        value=value,
        raw=raw,
        confidence=confidence,
        review=review,
        reasons=tuple(dict.fromkeys(reasons)),
        page=placement.line.page,
        box=slot_box(placement),
    )


def missing_slot(path: str, slot: Slot) -> SlotReading:
    """A slot of the form that stands on no page."""
    return SlotReading(
        path=path,
        label=slot.label,
        state=State.UNREADABLE,
        value=None,
        raw="",
        confidence=0.0,
        review=True,
        reasons=(Reason.SLOT_MISSING,),
    )


def judge_header(placement: Placement, budget: ErrorBudget) -> HeaderReading:
    """A field above the table, as far as the general recogniser reads it."""
    text, confidence = _spell(placement)
    text = text.strip("_-—―－:： ")
    confidence = round(min(confidence, CERTAIN), 4)
    return HeaderReading(value=text or None, confidence=confidence, review=not text or confidence < budget.threshold)


def match_unit(unit: HeaderReading, roster: Sequence[str]) -> HeaderReading | None:
    """The unit as the roster spells it; None where no name of the roster is near enough, or two are equally near."""
    if unit.value is None:
        return None
    ranked = process.extract(unit.value, roster, scorer=fuzz.ratio, limit=2)
    (name, score, _), rival = ranked[0], ranked[1][1] if len(ranked) > 1 else 0.0
    if score < ROSTER_SCORE or score - rival < ROSTER_LEAD:
        return None
    confidence = CERTAIN if score == 100 else round(score / 100, 4)
    return HeaderReading(value=name, confidence=confidence, review=False)


_Judged = tuple[State, int | str | None, str, float, list[Reason]]


def _judge_count(evidence: Evidence, alphabet: Alphabet) -> _Judged:
    placement = evidence.placement
    best = _likeliest(best_strings(placement.log_probs, alphabet))
    spelled, _ = _spell(placement)
    if best.text == "":
        if evidence.ink > INK_OF_A_STROKE:
            return State.UNREADABLE, None, spelled, best.probability, [Reason.INK_IN_BLANK]
        return State.BLANK, None, "", best.probability, []
    value, plain = parse_count(best.text)
    if value is None:
        return State.UNREADABLE, None, spelled or best.text, best.probability, [Reason.NOT_A_NUMBER]
    reasons = [] if plain else [Reason.UNUSUAL_NUMBER]
    confidence = best.probability
    second = evidence.second
    if second is not None and not placement.certain:
        if second.text == str(value):
            confidence = 1 - (1 - confidence) * SHARED_DOUBT
        elif second.text:
            reasons.append(Reason.READERS_DISAGREE)
    if (second is None or not second.text) and not placement.certain and confidence < SURE_ALONE:
        reasons.append(Reason.ONE_READER)
    return State.VALUE, value, best.text, confidence, reasons


def _judge_text(evidence: Evidence) -> _Judged:
    text, confidence = _spell(evidence.placement)
    if text:
        # No other reader confirms words seen in pixels: a dropped character would pass unseen.
        return State.VALUE, text, text, confidence, [] if evidence.placement.certain else [Reason.ONE_READER]
    if evidence.ink > INK_OF_A_STROKE:
        return State.UNREADABLE, None, "", confidence, [Reason.INK_IN_BLANK]
    return State.BLANK, None, "", confidence, []


def _likeliest(candidates: Sequence[Candidate]) -> Candidate:
    """The likeliest string, when the halves of parentheses that reach into a slot do not count and words are rare."""
    shares: dict[str, float] = {}
    for candidate in candidates:
        text = candidate.text.lstrip("(").rstrip(")")
        prior = 1.0 if not text or parse_count(text)[0] is not None else WORDS
        shares[text] = shares.get(text, 0.0) + prior * candidate.probability
    text = max(shares, key=lambda text: shares[text])
    # Strings beyond the beam keep what probability the listed ones leave.
    rest = max(1.0 - sum(candidate.probability for candidate in candidates), 0.0)
    return Candidate(text, shares[text] / (sum(shares.values()) + rest))


def _spell(placement: Placement) -> tuple[str, float]:
    """The words in a slot as the recogniser spells them without the form, and the product of their probabilities."""
    letters: list[str] = []
    peaks: list[float] = []
    before = ""
    for char, sureness in zip(placement.spelling, placement.sureness, strict=True):
        if char and char == before:
            peaks[-1] = max(peaks[-1], float(sureness))
        elif char:
            letters.append(char)
            peaks.append(float(sureness))
        before = char
    return "".join(letters).strip(), prod(peaks)


def _doubts_of_place(placement: Placement) -> list[Reason]:
    """A side of the slot counts as seen by its parenthesis or by the printed words behind it; one parenthesis must be."""
    sides = [max(pair) >= SEEN for pair in zip(placement.parentheses, placement.anchors, strict=True)]
    parenthesis = max(placement.parentheses) >= SEEN
    return [] if all(sides) and parenthesis else [Reason.PLACE_UNSURE]


def _doubts_of_ink(evidence: Evidence, state: State) -> list[Reason]:
    reasons = []
    if evidence.seal > SEALED and not evidence.placement.certain:
        reasons.append(Reason.SEAL)
    if state is not State.BLANK and evidence.pen > PENNED and not evidence.placement.certain:
        reasons.append(Reason.PEN)
    return reasons
