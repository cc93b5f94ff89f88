"""What several readers see in a slot to the likeliest string: a product of experts (Hinton, 2002,
doi:10.1162/089976602760128018)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from extractors.digits import OTHER, OVER, STRUCK
from extractors.glyphs import DIGITS, Alphabet
from pipeline.judging.counts import Certainty, read_amount, read_number
from pipeline.judging.figures import is_number
from pipeline.judging.strings import Candidate, slot_strings
from schemas.flow import DigitReading, Placement
from schemas.form import SlotKind

# How much less likely words or signs are in a count slot than a number, before anything is seen.
WORDS = 0.25

# A reader's word counts by this power: on print, where the recogniser has not looked, and on what a pen wrote. What a
# reader does not see at all is this likely.
PRINT_SAY = {"recogniser": 1.0, "scout": 0.5, "digits": 0.5}
GLANCE_SAY = {"scout": 1.0, "digits": 1.0}
PEN_SAY = {"recogniser": 0.15, "scout": 0.1, "digits": 1.0}
BLIND = {"recogniser": 1e-6, "scout": 0.01, "digits": 1e-3, "glance": 1e-3}

# The same where the pens' own reader has looked: what the digit reader saw at a glance, and the recogniser, still tip the
# scales between strings that it holds for as likely; the scout knows print alone.
CLOSE_SAY = {"recogniser": 0.05, "scout": 0.0, "digits": 1.0, "glance": 0.1}

# The same of a single slot on a page in print, which may be print after all.
STRAY_SAY = {"recogniser": 0.15, "scout": 0.1, "digits": 1.0, "glance": 0.3}

# A slanted 1 and a stroke look alike: a reader of print that gives a stroke more than this has seen the slant.
STROKE_POSSIBLE = 0.02

# What the digit reader can tell apart; of any other character it knows only that it is one.
FIGURES = frozenset(DIGITS + ",")


@dataclass(frozen=True)
class Expert:
    """What one reader sees: strings with their probabilities, the power of its word, and what it does not see at all.

    `words` is the probability of all that it cannot spell; None for a reader that spells everything. A reader whose only
    point is the comma (`commas`) means either by it.
    """

    strings: Mapping[str, float]
    say: float
    blind: float
    words: float | None = None
    commas: bool = False

    def share(self, text: str) -> float:
        """How likely a string stands in the slot, as far as this reader goes."""
        if self.commas:
            text = text.replace(".", ",")
        if self.words is not None and not FIGURES.issuperset(text):
            return max(self.words, self.blind)
        return max(self.strings.get(text, 0.0), self.blind)


def slot_experts(placement: Placement, alphabet: Alphabet, *, by_pen: bool, stray: bool = False) -> dict[str, Expert]:
    """Each reader that has a say on a slot, by name; `stray` is what a pen wrote on a page in print."""
    closely = placement.digits is not None and placement.digits.glance is not None
    close_say = STRAY_SAY if stray else CLOSE_SAY
    say = close_say if by_pen and closely else PEN_SAY if by_pen else PRINT_SAY if placement.looked else GLANCE_SAY
    amount = placement.slot.kind is SlotKind.MONEY
    found = {}
    for name, log_probs in (("recogniser", placement.log_probs), ("scout", placement.scouted)):
        if log_probs is not None and name in say and (name != "recogniser" or placement.looked):
            found[name] = Expert(slot_strings(log_probs, alphabet), say[name], BLIND[name])
    if placement.digits is not None:
        for name, strings in (("digits", placement.digits.strings), ("glance", placement.digits.glance)):
            if strings is not None and name in say:
                numbers = {text: share for text, share in strings.items() if is_number(text)}
                words = sum(share for text, share in strings.items() if OTHER in text)
                found[name] = Expert(numbers, say[name], BLIND[name], words, commas=amount)
    return found


def likeliest(experts: Mapping[str, Expert], *, amount: bool = False) -> Candidate:
    """The string that all readers together hold for the likeliest, and how likely it is against all others."""
    # Where commas may be points, what they are is for the others to say.
    spelled = [expert for expert in experts.values() if not expert.commas] or list(experts.values())
    texts = {text for expert in spelled for text in expert.strings} or {""}
    weights = {text: _prior(text, amount=amount) * _product(experts, text) for text in texts}
    best = max(weights, key=lambda text: weights[text])
    # Strings beyond the readers' beams keep what probability the listed ones leave.
    rest = 1.0
    for expert in experts.values():
        rest *= max(1.0 - sum(expert.strings.values()), expert.blind) ** expert.say
    return Candidate(best, weights[best] / (sum(weights.values()) + rest * WORDS))


def is_contested(experts: Mapping[str, Expert], text: str) -> bool:
    """Whether a reader other than the recogniser holds another string for likely; of an amount, other digits."""
    others = (expert for name, expert in experts.items() if name != "recogniser")
    return any(
        share > 0.5
        for expert in others
        for other, share in expert.strings.items()
        if (only_digits(other) != only_digits(text) if expert.commas else other != text)
    )


def sees_points(experts: Mapping[str, Expert], text: str) -> bool:
    """Whether the readers to whom points are commas hold an amount for likely, with its points where they are."""
    return any(expert.commas and expert.share(text) > 0.5 for expert in experts.values())


def only_digits(text: str) -> str:
    """The digits of a string, which is all that a reader of digits sees."""
    return "".join(char for char in text if char in DIGITS)


def may_be_stroke(experts: Mapping[str, Expert], text: str) -> bool:
    """Whether a lone 1 may be a stroke through the slot, for nothing to report: some reader holds that for possible."""
    return text == "1" and any(expert.strings.get("/", 0.0) > STROKE_POSSIBLE for expert in experts.values())


def sign_share(digits: DigitReading | None, *signs: str) -> float:
    """How likely the digit reader sees one of its signs in a slot."""
    if digits is None:
        return 0.0
    return sum(share for text, share in digits.strings.items() if any(sign in text for sign in signs))


def struck_share(digits: DigitReading | None) -> float:
    """How likely a number in the slot is struck out or written over."""
    return sign_share(digits, STRUCK, OVER)


def _prior(text: str, *, amount: bool) -> float:
    written = read_amount(text) if amount else read_number(text)
    return 1.0 if not text or written.certainty is Certainty.PLAIN else WORDS


def _product(experts: Mapping[str, Expert], text: str) -> float:
    product = 1.0
    for expert in experts.values():
        product *= expert.share(text) ** expert.say
    return product
