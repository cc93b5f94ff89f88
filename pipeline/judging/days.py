"""A date slot's readers to the likeliest day, and to what they do not agree on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from extractors.glyphs import Alphabet, fold
from pipeline.judging.dates import date_parts
from pipeline.judging.experts import only_digits
from pipeline.judging.strings import slot_strings
from schemas.flow import DigitReading, Placement, State
from schemas.form import Form
from schemas.reading import Reason, SlotReading

# How much rarer than a date is what is none: mistyped, or words.
UNUSUAL = 0.005

# A reader that gives a string more than this has seen it.
SEEN = 0.5


def likeliest_date(shares: Mapping[str, float]) -> tuple[str, float]:
    """The likeliest of strings, those that are no date held to be rare, and how likely it is against all others."""
    weights = {text: share * (1.0 if date_parts(text) else UNUSUAL) for text, share in shares.items()}
    best = max(weights, key=lambda text: weights[text])
    rest = max(1.0 - sum(shares.values()), 0.0) * UNUSUAL
    return best, weights[best] / (sum(weights.values()) + rest)


def date_doubts(placement: Placement, text: str, alphabet: Alphabet) -> list[Reason]:
    """What the other readers say against a date: another one as they saw the whole line, other digits in the slot.

    The reader of digits takes 年, 月 and 日 for digits or for nothing: it contests a date where neither the date's digits
    are all among those that it sees nor the other way round.
    """
    if placement.scouted is not None:
        shares = slot_strings(placement.scouted, alphabet)
        if likeliest_date(shares)[0] == text:
            return [] if not _contests(placement.digits, text) else [Reason.READERS_DISAGREE]
        return [Reason.READERS_DISAGREE]
    if placement.digits is None or _contests(placement.digits, text):
        return [Reason.ONE_READER]
    return []


def with_year(form: Form, slots: Sequence[SlotReading]) -> tuple[SlotReading, ...]:
    """The slots with days that lack their year put into the one that the form's title names; a person looks at them."""
    years = set(re.findall("20[0-9]{2}", form.title))
    return tuple(_in_year(slot, int(min(years))) if len(years) == 1 and _lacks_year(slot) else slot for slot in slots)


def _lacks_year(slot: SlotReading) -> bool:
    return slot.state is State.UNREADABLE and Reason.NO_YEAR in slot.reasons


def _in_year(slot: SlotReading, year: int) -> SlotReading:
    parts = date_parts("".join(fold(char) for char in slot.raw if not char.isspace()))
    try:
        day = date(year, *parts[1:]) if parts else None
    except ValueError:
        day = None
    return slot if day is None else slot.model_copy(update={"state": State.VALUE, "value": day.isoformat(), "review": True})


def _contests(digits: DigitReading | None, text: str) -> bool:
    if digits is None:
        return False
    best = max(digits.strings, key=lambda one: digits.strings[one], default="")
    if digits.strings.get(best, 0.0) < SEEN:
        return False
    seen, said = only_digits(best), only_digits(text)
    return not (_is_within(seen, said) or _is_within(said, seen))


def _is_within(few: str, many: str) -> bool:
    """Whether the characters of one string stand in another one in this order."""
    rest = iter(many)
    return all(char in rest for char in few)
