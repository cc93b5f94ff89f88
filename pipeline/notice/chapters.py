"""Headings by level, what stands below them, and what theme and period they tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.notice.dates import Found, find_period
from pipeline.notice.fields import found, missing
from pipeline.notice.paragraphs import Paragraph
from pipeline.notice.passages import Passage
from schemas.notice import DateField, FieldReason, NoticeField, PeriodField, Section

_NUMERAL = r"[一二三四五六七八九十]{1,3}"
_MARKS = (
    (1, re.compile(rf"(?P<mark>(?P<n>{_NUMERAL}|[—–-])\s*[、,，.．])\s*")),
    (2, re.compile(rf"(?P<mark>[（(]\s*(?P<n>{_NUMERAL})\s*[）)])\s*、?")),
    (3, re.compile(r"(?P<mark>(?P<n>\d{1,2})\s*[.．、,，])(?!\d)\s*")),
    (4, re.compile(r"(?P<mark>[（(]\s*(?P<n>\d{1,2})\s*[）)])\s*、?")),
)
"""What a heading of each level begins with. A lone 一 is taken for a dash by recognisers."""

_SHOWN = {1: "{}、", 2: "（{}）", 3: "{}.", 4: "（{}）"}

# A heading with words behind it ends at the first full stop or colon, within so many characters.
LONGEST = 40

_QUOTED = re.compile(
    r"[“\"‘](?P<words>[^”\"’]{4,30})[”\"’]\s*为(?:活动)?主题|主题(?:是|为)?\s*[：:]?\s*[“\"](?P<more>[^”\"]{4,30})[”\"]"
)
_LABELLED = re.compile(r"(?:活动)?主题\s*[：:]\s*(?P<words>[^。；]{4,40})")
_TIME = re.compile(r"(?:活动|竞赛|开展|实施|调查)?时间(?:安排)?(?:为|是|自|从)?\s*[：:]?\s*")


_THEMED = re.compile(r".{0,4}主题(?:口号)?")
_TIMED = re.compile(r".{0,6}(?:时间|期限)(?:安排|步骤|和步骤)?")
"""Headings that theme and period stand below."""


@dataclass(frozen=True)
class Chapters:
    """Headings in printed order, and of each its place among the paragraphs."""

    sections: tuple[Section, ...]
    places: tuple[int, ...]


def read_chapters(paragraphs: Sequence[Paragraph], body: range, skipped: set[int]) -> Chapters:
    """The headings among the paragraphs of the body; `skipped` ones are list items of something else."""
    heads: list[tuple[int, int, re.Match[str], Passage]] = []
    for place in body:
        marked = _mark(paragraphs[place].text) if place not in skipped else None
        if marked is not None:
            level, match = marked
            heads.append((place, level, match, _heading(paragraphs[place].words, match.end())))
    sections = []
    counts: dict[int, int] = {}
    for at, (place, level, match, words) in enumerate(heads):
        number, usual = _number(match["n"], counts.get(level, 0))
        counts = {known: count for known, count in counts.items() if known < level} | {level: number}
        end = heads[at + 1][0] if at + 1 < len(heads) else body.stop
        texts = [paragraphs[place].text[match.end() + len(words.text) :].lstrip("。：: ")]
        texts += [paragraphs[n].text for n in range(place + 1, end) if n not in skipped]
        mark = _SHOWN[level].format(_chinese(number) if level < 3 else number)
        value = words.text.rstrip("。：:；; ")
        fit = 0.985 if usual and value else 0.7
        text = "\n".join(text for text in texts if text)
        sections.append(found(Section, words, value, fit=fit, level=level, mark=mark, text=text))
    return Chapters(tuple(sections), tuple(place for place, *_ in heads))


def read_theme(paragraphs: Sequence[Paragraph], chapters: Chapters, body: range) -> NoticeField:
    """The theme: what stands below a heading of that name, or where a sentence tells it."""
    below = _below(paragraphs, chapters, body, _THEMED)
    if below is not None:
        words = below.cut(0, len(below.text.rstrip("。！：:.． ")))
        words = words.cut(1, len(words.text) - 1) if re.fullmatch(r"“[^“”]+”", words.text) else words
        return found(NoticeField, words, words.text, fit=0.975 if len(words.text) <= LONGEST else 0.6)
    for place in body:
        text = paragraphs[place].text
        match, fit = _QUOTED.search(text), 0.9
        if match is None:
            match, fit = _LABELLED.search(text), 0.9
        if match is not None:
            name = "words" if match["words"] else "more"
            words = paragraphs[place].words.cut(match.start(name), match.end(name))
            return found(NoticeField, words, words.text, fit=fit)
    return missing(NoticeField, expected=False)


def read_period(
    paragraphs: Sequence[Paragraph], chapters: Chapters, body: range, issued: DateField, numbered: int | None
) -> PeriodField:
    """From when to when: below a heading of that name, or where a sentence says 时间.

    A year that is not told is that of the day of issue, else the `numbered` one of the document's number.
    """
    below = _below(paragraphs, chapters, body, _TIMED)
    places = [(below, 0.98)] if below is not None else []
    for place in body:
        match = _TIME.search(paragraphs[place].text)
        if match is not None:
            rest = paragraphs[place].words
            places.append((rest.cut(match.end(), min(len(rest.text), match.end() + 40)), 0.9))
    for words, fit in places:
        span = find_period(words.text)
        if span is not None:
            part = words.cut(span.begin, span.end)
            start, until, assumed = _days(span.start, span.until, issued, numbered)
            reasons = [FieldReason.YEAR_ASSUMED] if assumed and issued.iso is None else []
            sure = issued.confidence if assumed and issued.iso else 1.0
            # The year is as sure as the notice's own.
            return found(PeriodField, part, part.text, fit=fit * sure, reasons=reasons, start=start, end=until)
    if below is not None and len(below.text) <= LONGEST:
        words = below.cut(0, len(below.text.rstrip("。 ")))
        return found(PeriodField, words, words.text, fit=0.7)
    return missing(PeriodField, expected=False)


def _mark(text: str) -> tuple[int, re.Match[str]] | None:
    for level, pattern in _MARKS:
        match = pattern.match(text)
        if match is not None and match.end() < len(text):
            return level, match
    return None


def _heading(words: Passage, start: int) -> Passage:
    """A heading's words: up to the first full stop or colon, or all of the paragraph where it is short."""
    text = words.text
    stop = re.search(r"[。：:；]|(?<=\w{3})\s(?=\S{8})", text[start : start + LONGEST])
    end = start + stop.start() if stop else len(text) if len(text) - start <= LONGEST else start + LONGEST
    return words.cut(start, end)


def _number(text: str, before: int) -> tuple[int, bool]:
    """A heading's number, and whether it is the one that is due; where none was read, the one that is due."""
    numerals = "一二三四五六七八九十"
    if text in "—–-":
        return before + 1, before == 0
    if text.isdigit():
        number = int(text)
    else:
        tens, ten, ones = text.rpartition("十")
        value = numerals.find(ones) + 1 if ones else 0
        number = (numerals.find(tens) + 1 or 1) * 10 + value if ten else value
    return number, number == before + 1


def _chinese(number: int) -> str:
    numerals = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if not tens else "十" if tens == 1 else numerals[tens % 10] + "十") + (numerals[ones] if ones else "")


def _below(paragraphs: Sequence[Paragraph], chapters: Chapters, body: range, named: re.Pattern[str]) -> Passage | None:
    """The first words below a heading of a name, on its own line or behind it."""
    for section, place in zip(chapters.sections, chapters.places, strict=True):
        heading = section.value or ""
        if not named.fullmatch(heading) or not section.text:
            continue
        words = paragraphs[place].words
        behind = words.text.find(heading) + len(heading)
        rest = words.cut(behind, len(words.text))
        skip = len(rest.text) - len(rest.text.lstrip("。：: "))
        rest = rest.cut(skip, len(rest.text))
        if rest.text:
            stop = rest.text.find("。")
            return rest.cut(0, stop if stop > 0 else len(rest.text))
        return paragraphs[place + 1].words if place + 1 < body.stop else None
    return None


def _days(start: Found | None, until: Found, issued: DateField, numbered: int | None) -> tuple[str | None, str | None, bool]:
    """ISO days of a period, and whether a year was taken from the day of issue."""
    year = int(issued.iso[:4]) if issued.iso else numbered
    first = start.first(until.year if start.year is None and until.year else year) if start else None
    if first is not None and issued.iso and start and start.year is None and until.year is None:
        # A notice of December speaks of the next year's March.
        late = (int(issued.iso[5:7]) - first.month) > 6
        first = first.replace(year=first.year + 1) if late else first
    base = until.year or (first.year if first else year)
    last = until.last(base)
    if (
        last is not None
        and until.year is None
        and (first or issued.iso)
        and last.isoformat() < (first.isoformat() if first else issued.iso or "")
    ):
        last = until.last((base or 0) + 1)
    assumed = (start is not None and start.year is None and until.year is None) or (start is None and until.year is None)
    return first.isoformat() if first else None, last.isoformat() if last else None, assumed
