"""The fields above the table: what stands in them, and how sure.

Each field is decoded with what is known of its kind: a unit against the roster (`roster`), telephone numbers and dates as
the likeliest of the strings that their grammar allows, a name as the recogniser spells it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from extractors.fields import field_to_ink
from extractors.glyphs import DIGITS, FLOOR, Alphabet, fold
from extractors.slots import INK_OF_A_STROKE
from pipeline.judging.dates import date_parts
from pipeline.judging.judge import CERTAIN, ErrorBudget
from pipeline.judging.strings import best_strings, spell
from pipeline.reading.roster import match_name
from schemas.flow import Placement, State
from schemas.form import FieldKind, Form, HeaderField
from schemas.reading import HeaderReading

# What the recogniser spells where there is only the line to write on.
LINE_TO_WRITE_ON = frozenset("_＿﹏﹍")

# What may stand at a value's ends without belonging to it: the label's colon, pieces of the line to write on.
NO_VALUE = "_-—―－:：∶.·,，;；|'\"“” "

# What a seal may leave of （盖章） for the value.
REST_OF_LABEL = re.compile(r"^[(盖章]{0,3}\)")

# Letters that a telephone number and a date may hold, as the alphabet names them.
PHONE_LETTERS = DIGITS + "-()/,;"
DATE_LETTERS = DIGITS + "年月日号.-/一二三四五六七八九十"

# Area code and 7 or 8 digits with an extension, a mobile number, a service number; several of them.
_AREA = "(?:010|02[0-9]|0[3-9][0-9]{2})"
_NUMBER = rf"(?:(?:\({_AREA}\)|{_AREA})-?)?[2-9][0-9]{{6,7}}(?:-[0-9]{{1,6}})?"
_NUMBER = rf"(?:{_NUMBER}|1[3-9][0-9]-?[0-9]{{4}}-?[0-9]{{4}}|[48]00-?[0-9]{{3}}-?[0-9]{{4}})"
PHONE = re.compile(rf"{_NUMBER}(?:[/,;]{_NUMBER})*")

# Strings kept in the search: blurred digits leave many, and of those few are telephone numbers or dates.
BEAMS = 64

# How much rarer than a number or date that keeps to the grammar one is that does not: mistyped, or in a way unthought of.
UNUSUAL = 0.005

# Share of what the recogniser takes for other letters that may yet be any of the allowed ones.
OTHER_LETTERS = 0.1

# People's names: two to four Chinese characters, or longer ones with a point.
NAME = re.compile(r"[㐀-䶿一-鿿]{2,4}|[㐀-䶿一-鿿]{1,7}·[㐀-䶿一-鿿·]{1,8}")

# What units' names end in, and fewest characters of one.
UNIT = re.compile(r".{3,}(?:会|司|厂|局|委|办|院|校|学|站|部|室|心|团|所|处|队|行|社|矿|店|场|段|区|县|市|乡|镇|道|办公室)")

# A field is accepted when its doubt is at most this multiple of the error budget, for its confidence is bounded by hand-set
# shares: on made returns no unit, and one in 260 of the other fields, was then silently wrong. A unit's figures are booked
# to it; whom to call, and when the form was filled in, is no figure.
DOUBTS_OF_UNIT, DOUBTS = 10, 30

# How far a unit's name may be trusted that no name of the roster is like.
UNKNOWN = 0.5

# How far a name or a unit that does not look like one may be trusted, and a value beside a label of which less than this
# is seen: what is lost there may be the value's.
ODD, LABEL_UNSEEN = 0.9, 0.9
LABEL_SEEN = 0.9

# A character is missing where two neighbours are this many times as far apart as most: Chinese print has one pitch.
GAP = 1.6

# No other reader confirms what one alone reads of words: one word in two hundred is misread surely.
ALONE = 0.995

# How far a field of a return may be trusted that a pen has filled in: the recogniser knows print, and so does calibration.
PENNED = 0.8

# A field that looks blank: people write faintly, and a reader of print does not see it.
BLANK = 0.995


def judge_fields(
    form: Form,
    header: Sequence[Placement],
    budget: ErrorBudget,
    alphabet: Alphabet,
    *,
    roster: tuple[str, ...] = (),
    by_pen: bool = False,
) -> dict[str, HeaderReading]:
    """Every field above the table; one that was not found has neither value nor confidence.

    Of a return filled in `by_pen` nothing is accepted but a unit that the roster has.
    """
    placed = {placement.path: placement for placement in header}
    found = {
        field.key: judge_header(field, placed[field.key], budget, alphabet, roster=roster)
        if field.key in placed
        else HeaderReading()
        for field in form.header
    }
    return {
        key: _doubted(one) if by_pen and key in placed and one.value not in roster else one for key, one in found.items()
    }


def judge_header(
    field: HeaderField, placement: Placement, budget: ErrorBudget, alphabet: Alphabet, *, roster: tuple[str, ...] = ()
) -> HeaderReading:
    """What stands in a field, and whether a person must look.

    With a roster, a unit has the name that it has there; where none fits, the name as spelled is for review.
    """
    if placement.line is None:
        return HeaderReading()
    placement = _without_line(placement, alphabet)
    decoded = _decode(field.kind, placement, alphabet, roster)
    if decoded is None:
        return _blank(field, placement, budget)
    # The roster tells a whole name from a part of one, whatever its label.
    whole = placement.certain or (field.kind is FieldKind.UNIT and decoded.text in roster)
    bound = CERTAIN if whole or min(placement.anchors) >= LABEL_SEEN else LABEL_UNSEEN
    confidence = round(min(decoded.confidence, bound), 4)
    review = not _accepted(field, confidence, budget) or not decoded.known
    iso = _iso(decoded.text) if field.kind is FieldKind.DATE and not review else None
    return HeaderReading(value=decoded.text, confidence=confidence, review=review, state=State.VALUE, iso=iso)


def _doubted(reading: HeaderReading) -> HeaderReading:
    """The same field for a person to look at."""
    return reading.model_copy(update={"review": True, "confidence": min(reading.confidence, PENNED), "iso": None})


@dataclass(frozen=True)
class _Decoded:
    """A field's text, its probability, and whether it may be taken at all: a unit that the roster lacks may not."""

    text: str
    confidence: float
    known: bool = True


def _without_line(placement: Placement, alphabet: Alphabet) -> Placement:
    """A field without the line that is to be written on, which the recogniser spells as a row of dashes."""
    line = np.array([char in LINE_TO_WRITE_ON for char in placement.spelling], bool)
    if not line.any():
        return placement
    nothing = np.full(alphabet.size, np.log(FLOOR), np.float32)
    nothing[0] = 0.0
    log_probs = np.where(line[:, None], nothing, placement.log_probs)
    spelling = tuple("" if char in LINE_TO_WRITE_ON else char for char in placement.spelling)
    return replace(placement, log_probs=log_probs, spelling=spelling)


def _decode(kind: FieldKind, placement: Placement, alphabet: Alphabet, roster: tuple[str, ...]) -> _Decoded | None:
    """A field's text by its kind; None where nothing is written."""
    spelled, sureness = spell(placement)
    text = unicodedata.normalize("NFKC", spelled).strip(NO_VALUE)
    if kind is FieldKind.UNIT:
        text = REST_OF_LABEL.sub("", text)
    if not text:
        return None
    if kind is FieldKind.UNIT and roster:
        return _decode_unit(text, sureness, placement, alphabet, roster)
    if placement.certain:
        return _Decoded(text, CERTAIN if _looks_like(kind, text) else ODD)
    if kind is FieldKind.PHONE:
        return _decode_grammar(text, placement, alphabet, PHONE_LETTERS, _is_phone)
    if kind is FieldKind.DATE:
        return _decode_grammar(text, placement, alphabet, DATE_LETTERS, _is_date)
    odd = not _looks_like(kind, text) or (kind is FieldKind.UNIT and _has_hole(placement))
    return _Decoded(text, min(sureness, ODD if odd else ALONE))


def _looks_like(kind: FieldKind, text: str) -> bool:
    """Whether a text looks like what a field of its kind holds: other words may have got in behind it."""
    folded = "".join(fold(char) for char in text)
    looks = {FieldKind.NAME: NAME.fullmatch, FieldKind.UNIT: UNIT.fullmatch}
    match kind:
        case FieldKind.PHONE:
            return _is_phone(folded)
        case FieldKind.DATE:
            return _is_date(folded)
        case _:
            return kind not in looks or looks[kind](text) is not None


def _decode_unit(text: str, sureness: float, placement: Placement, alphabet: Alphabet, roster: tuple[str, ...]) -> _Decoded:
    match = match_name(placement.log_probs, placement.spelling, placement.sureness, roster, alphabet)
    return _Decoded(match.name, match.probability) if match else _Decoded(text, min(sureness, UNKNOWN), known=False)


def _has_hole(placement: Placement) -> bool:
    """Whether two neighbouring characters stand so far apart that one between them may have been lost, under a seal say."""
    chars = [char not in {before, ""} for char, before in zip(placement.spelling, ("", *placement.spelling), strict=False)]
    apart = np.diff(np.flatnonzero(chars))
    return len(apart) > 1 and bool(apart.max() > GAP * np.median(apart))


def _decode_grammar(
    text: str, placement: Placement, alphabet: Alphabet, letters: str, is_usual: Callable[[str], bool]
) -> _Decoded:
    """The likeliest string of some letters, those outside the grammar held to be rare."""
    log_probs = _among(placement.log_probs, alphabet, letters)
    shares: dict[str, float] = {}
    for candidate in best_strings(log_probs, alphabet, beams=BEAMS):
        string = candidate.text.strip(NO_VALUE)
        shares[string] = shares.get(string, 0.0) + candidate.probability * (1.0 if is_usual(string) else UNUSUAL)
    best = max(shares, key=lambda string: shares[string])
    if not best:
        return _Decoded(text, ODD * UNUSUAL)
    # Strings beyond the beam are as unusual as most.
    rest = max(1.0 - sum(shares.values()), 0.0) * UNUSUAL
    sure = shares[best] / (sum(shares.values()) + rest)
    # The recogniser's own spelling keeps what the alphabet folds: full stops, kinds of dashes, 〇.
    own = "".join(fold(char) for char in text) == best
    return _Decoded(text if own else best, min(sure, ALONE) if is_usual(best) else min(sure, ODD))


def _among(log_probs: NDArray[np.float32], alphabet: Alphabet, letters: str) -> NDArray[np.float32]:
    """Posteriors over some letters and blank alone; of what others had, a share is spread evenly."""
    places = sorted({place for char in letters if (place := alphabet.index(char)) != alphabet.other})
    steps = np.exp(log_probs)
    kept = np.zeros_like(steps)
    kept[:, [0, *places]] = steps[:, [0, *places]]
    rest = np.maximum(1.0 - kept.sum(axis=1, keepdims=True), 0.0)
    kept[:, places] += OTHER_LETTERS * rest / len(places)
    return np.asarray(np.log(np.maximum(kept / kept.sum(axis=1, keepdims=True), FLOOR)), np.float32)


def _is_phone(text: str) -> bool:
    return PHONE.fullmatch(text) is not None


def _date_parts(text: str) -> tuple[int, int, int] | None:
    """The day on which a form was filled in: of this century."""
    parts = date_parts(text)
    return None if parts is None or 0 < parts[0] < 2000 else parts


def _is_date(text: str) -> bool:
    return _date_parts(text) is not None


def _iso(text: str) -> str | None:
    """A date's year, month and day as ISO 8601 has them; None for one without a year."""
    parts = _date_parts("".join(fold(char) for char in text))
    return date(*parts).isoformat() if parts and parts[0] else None


def _blank(field: HeaderField, placement: Placement, budget: ErrorBudget) -> HeaderReading:
    """A field in which nothing is read: blank, unless there is ink. A return without its unit is for review."""
    if field_to_ink(placement) > 2 * INK_OF_A_STROKE and not placement.certain:
        return HeaderReading()
    blank = float(np.exp(placement.log_probs[:, 0].sum())) if len(placement.log_probs) else 1.0
    confidence = CERTAIN if placement.certain else round(min(blank, BLANK), 4)
    review = field.kind is FieldKind.UNIT or not _accepted(field, confidence, budget)
    return HeaderReading(confidence=confidence, review=review, state=State.BLANK)


def _accepted(field: HeaderField, confidence: float, budget: ErrorBudget) -> bool:
    doubts = DOUBTS_OF_UNIT if field.kind is FieldKind.UNIT else DOUBTS
    return confidence >= 1 - min(doubts * budget.share, Fraction(1, 2))
