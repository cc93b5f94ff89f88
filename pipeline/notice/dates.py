"""Days as notices write them: 2023年6月1日, 二〇二三年六月一日, 2023.6.1, 6月30日, 6月底; and from when to when."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

_ZERO = "〇○OoＯ零0"
_DIGITS = {char: str(number) for number, char in enumerate("〇一二三四五六七八九")} | dict.fromkeys(_ZERO, "0")

_SPACE = r"\s*"
_CHINESE_YEAR = rf"二[{_ZERO}一二三四五六七八九]{{3}}"
_CHINESE_NUMBER = r"[一二三四五六七八九十]{1,3}"

WHOLE = re.compile(
    rf"(?P<year>20\d\d|{_CHINESE_YEAR}){_SPACE}年{_SPACE}(?P<month>\d{{1,2}}|{_CHINESE_NUMBER}){_SPACE}月"
    rf"(?:{_SPACE}(?:(?P<day>\d{{1,2}}|{_CHINESE_NUMBER}){_SPACE}(?:[日号]|$)|(?P<part>底|末|上旬|中旬|下旬)))?"
    r"|(?P<y>20\d\d)\s*[.．\-/]\s*(?P<m>\d{1,2})\s*[.．\-/]\s*(?P<d>\d{1,2})"
)
"""A date with its year; without a day it is a month."""

SHORT = re.compile(
    rf"(?P<month>\d{{1,2}}|{_CHINESE_NUMBER}){_SPACE}月{_SPACE}"
    rf"(?:(?P<day>\d{{1,2}}|{_CHINESE_NUMBER}){_SPACE}[日号]|(?P<part>底|末|上旬|中旬|下旬))?"
)
"""A date without its year; without a day it is a month, or a part of one."""

_DASH = r"\s*(?:至|到|[—–－\-~～一─]{1,2})\s*"

_PARTS = {"上旬": 10, "中旬": 20}


@dataclass(frozen=True)
class Found:
    """A date in a text: where it stands, its parts where they are told; `part` is 底, 上旬 and the like."""

    start: int
    end: int
    year: int | None
    month: int
    day: int | None
    part: str = ""

    def first(self, year: int | None = None) -> date | None:
        """Its first day, with `year` where it tells none."""
        return _made(self.year or year, self.month, self.day or 1)

    def last(self, year: int | None = None) -> date | None:
        """Its last day: of a month without a day, the month's."""
        own = self.year or year
        if own is None or not 1 <= self.month <= 12:
            return None
        return _made(own, self.month, self.day or _PARTS.get(self.part) or calendar.monthrange(own, self.month)[1])


@dataclass(frozen=True)
class Span:
    """A period in a text: where it stands, and its two dates; `start` is None for 即日起."""

    begin: int
    end: int
    start: Found | None
    until: Found


def find_dates(text: str) -> list[Found]:
    """Every date in a text, from left to right."""
    found = []
    place = 0
    while place < len(text):
        whole, short = WHOLE.search(text, place), SHORT.search(text, place)
        match = whole if whole and (short is None or whole.start() <= short.start()) else short
        if match is None:
            break
        made = _found(match)
        if made is not None:
            found.append(made)
        place = match.end()
    return found


def find_period(text: str) -> Span | None:
    """The first period in a text."""
    dates = find_dates(text)
    for now in re.finditer(r"(?:即日|印发之日|发文之日)起?" + _DASH, text):
        until = next((one for one in dates if one.start == now.end()), None)
        if until is not None:
            return Span(now.start(), until.end, None, until)
    for place, one in enumerate(dates):
        other = _until(text, one, dates[place + 1 :])
        if other is not None:
            return Span(one.start, other.end, one, other)
    return None


def _until(text: str, one: Found, others: list[Found]) -> Found | None:
    """The date behind 至; of 6月1日至30日 its month is the one before."""
    if others and re.fullmatch(_DASH, text[one.end : others[0].start]):
        return others[0]
    same = re.compile(_DASH + r"(\d{1,2})\s*[日号]").match(text, one.end)
    if same and one.day:
        return Found(same.start(1), same.end(), None, one.month, int(same.group(1)))
    return None


def _found(match: re.Match[str]) -> Found | None:
    groups = match.groupdict()
    year = _year(groups.get("year") or groups.get("y"))
    month, day = _number(groups.get("month") or groups.get("m")), _number(groups.get("day") or groups.get("d"))
    if month is None or not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return None
    return Found(match.start(), match.end(), year, month, day, groups.get("part") or "")


def _year(text: str | None) -> int | None:
    return int("".join(_DIGITS.get(char, char) for char in text)) if text else None


def _number(text: str | None) -> int | None:
    """12 or 十二 as a number."""
    if not text:
        return None
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十") if "十" in text else ("", "", text)
    if not ten:
        return int(_DIGITS[text]) if len(text) == 1 else None
    if len(tens) > 1 or len(ones) > 1:
        return None
    return int(_DIGITS[tens] if tens else 1) * 10 + int(_DIGITS[ones] if ones else 0)


def _made(year: int | None, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year else None
    except ValueError:
        return None
