"""Until when to report: the sentence that says so, its day and its hour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.notice.dates import Found, find_dates
from pipeline.notice.fields import found, missing
from pipeline.notice.paragraphs import Paragraph
from pipeline.notice.passages import Passage
from schemas.notice import DateField, DeadlineField, FieldReason

_HOUR = re.compile(
    r"\s*(?:[（(](?:星期|周)(?P<day>[一二三四五六日天])[）)])?\s*(?P<half>上午|下午|晚上?)?\s*"
    r"(?:(?P<hour>\d{1,2})\s*(?:[:：]\s*(?P<minute>\d{2})|[时点](?P<more>半|\d{1,2}分)?))?\s*(?:整|下班)?"
)
"""What may stand between a day and 前."""

_UNTIL = re.compile(r"\s*(?:之?前|以前|止|为止|截止|内)")

_BEFORE = re.compile(r"(?:截止|截至|不晚于|不迟于|期限|截止时间)[^。；]{0,8}$")

_SENDING = (
    (
        re.compile(
            r"报送|上报|报至|报到|报市|报我|报回|送[至达]|寄[送至]|发[送至]|提交|填报|反馈|报名|报.{0,8}[部室会办处]"
        ),
        2.0,
    ),
    (re.compile(r"总结|统计表|汇总表|报名表|登记表|申报|材料|电子版|附件|情况表|邮箱"), 1.0),
    (re.compile(r"请.{0,12}于|务必于|须于|应于|截止|逾期"), 1.0),
)
"""What a sentence about reporting says, and what that weighs."""

# Least weight of a sentence that is taken for the deadline's.
ENOUGH = 2.0

# Another day whose sentence weighs less by no more than this may be the deadline as well.
RIVAL = 1.5

# A day told without a year lies within so many days after the notice's own, and hardly before it.
AHEAD, BEHIND = 330, 7


@dataclass(frozen=True)
class _Candidate:
    sentence: Passage
    day: Found
    hour: str | None
    weekday: str | None
    weight: float


def read_deadline(
    paragraphs: Sequence[Paragraph], body: range, issued: DateField, numbered: int | None, *, expected: bool
) -> DeadlineField:
    """The deadline; where its sentence tells no year, from the day of issue, else the `numbered` one of the notice.

    It is `expected` of a notice that tells where to send.
    """
    candidates = [one for place in body for one in _candidates(paragraphs[place].words)]
    if not candidates:
        return missing(DeadlineField, expected=expected)
    best = max(candidates, key=lambda one: one.weight)
    day, assumed = _day(best, issued, numbered)
    if day is None:
        return missing(DeadlineField, expected=True)
    others = {(one.day.month, one.day.day) for one in candidates if one.weight > best.weight - RIVAL}
    reasons = [FieldReason.SEVERAL] if len(others) > 1 else []
    if assumed and issued.iso is None:
        reasons.append(FieldReason.YEAR_ASSUMED)
    fit = (0.985 if best.weight >= 3 else 0.93) * (issued.confidence if assumed and issued.iso else 1.0)
    if best.weekday and day.weekday() != "一二三四五六日".index(best.weekday.replace("天", "日")):
        reasons, fit = [*reasons, FieldReason.UNUSUAL], 0.6
    # The sentence may be read wrongly here and there; what counts are the day and the hour.
    told = best.sentence.cut(best.day.start, min(len(best.sentence.text), best.day.end + 12))
    value = f"{day.year}年{day.month}月{day.day}日" + (f"{best.hour}" if best.hour else "")
    field = found(DeadlineField, told, value, fit=fit, reasons=reasons, iso=day.isoformat(), time=best.hour)
    return field.model_copy(
        update={"raw": told.text, "sentence": best.sentence.text, "page": best.sentence.page, "box": _box(best.sentence)}
    )


def _candidates(words: Passage) -> Iterator[_Candidate]:
    for sentence in _sentences(words):
        weight = sum(points for pattern, points in _SENDING if pattern.search(sentence.text))
        for day in find_dates(sentence.text):
            after = _HOUR.match(sentence.text, day.end)
            end = after.end() if after else day.end
            until = _UNTIL.match(sentence.text, end) is not None or _BEFORE.search(sentence.text[: day.start]) is not None
            if (day.day or day.part) and until and weight >= ENOUGH:
                yield _Candidate(sentence, day, _hour(after), after["day"] if after else None, weight)


def _sentences(words: Passage) -> Iterator[Passage]:
    start = 0
    for stop in re.finditer(r"[。；！]", words.text):
        yield words.cut(start, stop.end())
        start = stop.end()
    if start < len(words.text):
        yield words.cut(start, len(words.text))


def _hour(match: re.Match[str] | None) -> str | None:
    """HH:MM of 下午5时 or 18:00."""
    if match is None or match["hour"] is None:
        return None
    hour = int(match["hour"])
    if match["half"] in {"下午", "晚", "晚上"} and hour < 12:
        hour += 12
    more = match["more"] or ""
    minute = match["minute"] or ("30" if more == "半" else more.rstrip("分") or "00")
    return f"{hour:02d}:{int(minute):02d}" if hour <= 24 and int(minute) < 60 else None


def _day(best: _Candidate, issued: DateField, numbered: int | None) -> tuple[date | None, bool]:
    """The last day, and whether its year was taken from the day of issue."""
    if best.day.year is not None:
        return best.day.last(), False
    if issued.iso is None:
        return best.day.last(numbered), True
    start = date.fromisoformat(issued.iso)
    for year in (start.year, start.year + 1):
        day = best.day.last(year)
        if day is not None and start - timedelta(days=BEHIND) <= day <= start + timedelta(days=AHEAD):
            return day, True
    return best.day.last(start.year), True


def _box(sentence: Passage) -> tuple[float, float, float, float] | None:
    box = sentence.box
    return None if box is None else (round(box[0], 5), round(box[1], 5), round(box[2], 5), round(box[3], 5))
