"""Written dates to days: 2027年6月3日, 2027-6-3, 2027.6.3, 20270603 and Chinese numerals."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from extractors.glyphs import fold
from pipeline.judging.counts import STROKE, Certainty, read_number
from schemas.flow import State

# Year, month and day, parted in one way; the year may be left out.
DATES = (
    re.compile(r"(?:(?P<year>(?:19|20)[0-9]{2})年)?(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})[日号]"),
    re.compile(
        r"(?:(?P<year>(?:19|20)[0-9]{2})(?P<part>[.\-/]))?(?P<month>[0-9]{1,2})(?(part)(?P=part)|[.\-/])(?P<day>[0-9]{1,2})"
    ),
    re.compile(r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
)

# A leap year: in it every day of the calendar exists.
SOME_YEAR = 2024


@dataclass(frozen=True)
class WrittenDate:
    """What a text in a date slot means: `value` is the day as ISO 8601 has it, 2027-06-03."""

    value: str | None
    state: State
    certainty: Certainty


def read_date(text: str) -> WrittenDate:
    """The day that a written text means; without its year it is none.

    >>> [read_date(text).value for text in ("2027年6月3日", "2027.6.3", "20270603", "6月3日", "2027-2-30")]
    ['2027-06-03', '2027-06-03', '2027-06-03', None, None]
    """
    normal = "".join(fold(char) for char in unicodedata.normalize("NFKC", text) if not char.isspace())
    if not normal:
        return WrittenDate(None, State.BLANK, Certainty.PLAIN)
    if STROKE.fullmatch(normal):
        return WrittenDate(None, State.BLANK, Certainty.VAGUE)
    parts = date_parts(normal)
    if parts is None or not parts[0]:
        return WrittenDate(None, State.UNREADABLE, Certainty.VAGUE)
    plain = re.search("[一二三四五六七八九十]", normal) is None
    return WrittenDate(date(*parts).isoformat(), State.VALUE, Certainty.PLAIN if plain else Certainty.CONVERTED)


def date_parts(text: str) -> tuple[int, int, int] | None:
    """Year (0 where it is left out), month and day of a date that there is; `text` is folded as the alphabet has it."""
    digits = _numerals_to_digits(text)
    match = next((match for pattern in DATES if (match := pattern.fullmatch(digits))), None)
    if match is None:
        return None
    year, month, day = int(match["year"] or 0), int(match["month"]), int(match["day"])
    try:
        date(year or SOME_YEAR, month, day)
    except ValueError:
        return None
    return year, month, day


def _numerals_to_digits(text: str) -> str:
    """A date in Chinese numerals, 二〇二三年六月三十日, in digits."""
    # 〇 is folded to 0; what mixes numerals with other digits is misread.
    if re.search("[1-9]", text) or not re.search("[一二三四五六七八九十]", text):
        return text
    parts = re.split("([年月日号])", text)
    # 一 alone is not told from a dash, but for the words around it.
    values = [part if part in "年月日号" else read_number(f"{part}个").value for part in parts]
    return "".join("" if value is None else str(value) for value in values)
