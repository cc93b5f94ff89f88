"""The top and the signature of a notice: letterhead, number, title, addressees, who signs, and the day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz.fuzz import ratio

from pipeline.notice.dates import WHOLE, Found, find_dates
from pipeline.notice.fields import found, missing
from pipeline.notice.paragraphs import Paragraph
from pipeline.notice.passages import Passage, join
from schemas.notice import DateField, DocumentNumber, FieldReason, NoticeField

NUMBER = re.compile(
    r"(?P<office>[\u4e00-\u9fff]{2,12}?)\s*(?P<opening>[〔【\[［（({｛\u3014「『]?)\s*(?P<year>20\d{2})\s*"
    r"(?P<closing>[〕】\]］）)}｝」』]?)\s*第?\s*(?P<ordinal>\d{1,4})\s*号"
)
"""A document's number, whichever brackets were printed."""

ENDS = ("通知", "方案", "意见", "函", "决定", "通报", "公告", "倡议书", "办法", "细则", "公示", "请示", "报告", "要点")
"""What titles end with."""

BODY = re.compile(
    r".*(?:会|部|室|局|委|办|院|校|所|站|处|厅|公司|集团|中心|单位|工会|组织|厂|矿|园|社|团|协|联|队|机关|科|系统|领导|同志)"
)
"""What addressees end with."""

SIGNER = re.compile(r"[\u4e00-\u9fff（）()]{3,30}(?:会|部|室|局|委|办|院|处|厅|中心|公司|组|团)")
"""Who signs."""

# Paragraphs from the top among which number, title and addressees stand.
TOP = 30

# A letterhead's letters are larger than those of the title by this share.
LARGER = 1.25

_TORN = re.compile(r"[^。，：]{0,8}年[^。，：]{0,8}月[^。，：]{0,6}")
"""What is left of a date under a seal."""

# Names of an issuer that are alike to this share are one name, read twice.
ALIKE = 80.0


@dataclass(frozen=True)
class Head:
    """What the top of a notice says, and at which paragraph its body begins."""

    issuer: NoticeField
    number: DocumentNumber
    title: NoticeField
    issued: DateField
    addressees: tuple[NoticeField, ...]
    body: int
    signature: int | None


def read_head(paragraphs: Sequence[Paragraph]) -> Head:
    """Number, title, addressees, issuer and day."""
    to = _addressees_at(paragraphs)
    number_at = next((n for n, one in enumerate(paragraphs[: to or TOP]) if _number_match(one)), None)
    letterhead = _letterhead(paragraphs[: to or 3])
    title_at = _title_at(paragraphs, to, {number_at, *([letterhead] if letterhead is not None else [])})
    signed = _signed_at(paragraphs)
    title = _title([paragraphs[n].words for n in title_at])
    names = _issuer_names(paragraphs, letterhead, signed, title.value or "", [paragraphs[n].words for n in title_at])
    number = _number(paragraphs[number_at]) if number_at is not None else missing(DocumentNumber, expected=True)
    return Head(
        issuer=_issuer(names),
        number=number,
        title=title,
        issued=_issued(paragraphs, signed, number),
        addressees=_addressees(paragraphs[to]) if to is not None else (),
        body=(to if to is not None else max(title_at, default=-1)) + 1,
        signature=signed,
    )


def _addressees_at(paragraphs: Sequence[Paragraph]) -> int | None:
    """The first paragraph that names units and ends with a colon."""
    for place, one in enumerate(paragraphs[:TOP]):
        text = one.text.replace(" ", "")
        if text.endswith(("：", ":")) and not text.endswith(("如下：", "如下:")) and BODY.fullmatch(text[:-1].rstrip("）)")):
            return place
    # A small colon may not be seen: several units and nothing else, just below the title.
    for place, one in enumerate(paragraphs[1:TOP], 1):
        units = [unit.text for unit in _units(one.words.without_spaces())]
        if len(units) > 1 and all(BODY.fullmatch(unit.rstrip("）")) for unit in units) and _ends(paragraphs[place - 1].text):
            return place
    return None


def _number_match(one: Paragraph) -> re.Match[str] | None:
    """The number in a line that holds little else: not one that a sentence refers to."""
    plain = one.words.without_spaces().text
    match = NUMBER.search(plain)
    if match is None or len(plain) - len(match.group()) > 8 or "《" in plain:
        return None
    return match


def _letterhead(paragraphs: Sequence[Paragraph]) -> int | None:
    """The red name at the top, one that says 文件, or one in larger letters than what follows."""
    for place, one in enumerate(paragraphs):
        text = one.text.replace(" ", "")
        below = [other.first.size for other in paragraphs[place + 1 :]]
        if place == 0 and below and SIGNER.fullmatch(text) and one.first.size > LARGER * max(below):
            return place
        if (one.first.red and SIGNER.match(text)) or (text.endswith("文件") and SIGNER.fullmatch(text.removesuffix("文件"))):
            return place
    return None


def _title_at(paragraphs: Sequence[Paragraph], to: int | None, taken: set[int | None]) -> list[int]:
    """The paragraphs of the title: all above the addressees that are nothing else, or from 关于 to 通知."""
    above = [n for n in range(to if to is not None else min(TOP, len(paragraphs))) if n not in taken]
    above = [n for n in above if not _number_match(paragraphs[n]) and not paragraphs[n].first.red]
    starts = [n for n in above if "关于" in paragraphs[n].text]
    if to is None:
        first = starts[0] if starts else next((n for n in above if _ends(paragraphs[n].text)), None)
        if first is None:
            return []
        last = next((n for n in range(first, min(first + 4, len(paragraphs))) if _ends(paragraphs[n].text)), first)
        return list(range(first, last + 1))
    if starts and starts[-1] - above[0] > 2:
        above = [n for n in above if n >= starts[-1] - 1]
    return above


def _ends(text: str) -> bool:
    return text.replace(" ", "").rstrip("》”）").endswith(ENDS)


def _title(parts: Sequence[Passage]) -> NoticeField:
    whole = join(parts).without_spaces()
    if not whole.text:
        return missing(NoticeField, expected=True)
    usual = "关于" in whole.text and whole.text.endswith(ENDS)
    return found(NoticeField, whole, whole.text, fit=0.985 if usual else 0.7)


def _number(one: Paragraph) -> DocumentNumber:
    match = _number_match(one)
    assert match is not None
    office, year, ordinal = re.sub(r"\s", "", match["office"]), int(match["year"]), int(match["ordinal"])
    value = f"{office}〔{year}〕{ordinal}号"
    words = one.words.without_spaces().cut(match.start(), match.end())
    fit = 0.985 if match["opening"] and match["closing"] else 0.8
    return found(DocumentNumber, words, value, fit=fit, office=office, year=year, ordinal=ordinal)


def _addressees(one: Paragraph) -> tuple[NoticeField, ...]:
    """The units, parted at points that stand in no parentheses."""
    words = one.words.without_spaces()
    parts = _units(words)
    whole = words.text.count("（") == words.text.count("）") and len(parts) == len({part.text for part in parts})
    usual = 0.985 if words.text.endswith(("：", ":")) else 0.85
    return tuple(
        found(NoticeField, part, part.text, fit=usual if whole and BODY.fullmatch(part.text.rstrip("）")) else 0.7)
        for part in parts
    )


def _units(words: Passage) -> list[Passage]:
    """What stands between points that are in no parentheses."""
    depth, start, parts = 0, 0, []
    for place, char in enumerate(words.text):
        depth += (char in "（(") - (char in "）)")
        if (depth <= 0 and char in "、，,；;") or char in "：:":
            parts.append(words.cut(start, place))
            start = place + 1
    parts.append(words.cut(start, len(words.text)))
    return [part for part in parts if part.text]


def _signed_at(paragraphs: Sequence[Paragraph]) -> int | None:
    """The line that is nothing but a date, below the name of who signs."""
    places = [n for n, one in enumerate(paragraphs) if n > 0 and _bare_date(one.text) is not None]
    named = [n for n in places if SIGNER.fullmatch(paragraphs[n - 1].text.replace(" ", ""))]
    torn = [n for n, one in enumerate(paragraphs) if n > 0 and _TORN.fullmatch(one.text.replace(" ", ""))]
    torn = [n for n in torn if SIGNER.fullmatch(paragraphs[n - 1].text.replace(" ", ""))]
    return next(iter(named or torn or places), None)


def _bare_date(text: str) -> Found | None:
    """The date in a line that holds hardly anything else."""
    day = next((one for one in find_dates(text) if one.first() is not None and one.day), None)
    if day is None:
        return None
    beside = (text[: day.start] + text[day.end :]).strip(" ·.。")
    return day if len(beside) <= 3 else None


def _issued(paragraphs: Sequence[Paragraph], signed: int | None, number: DocumentNumber) -> DateField:
    """The day below the signature; else the one of 印发, at the very end."""
    printed = _printed_day(paragraphs)
    bare = _bare_date(paragraphs[signed].text) if signed is not None else None
    if signed is not None and bare is not None:
        words = paragraphs[signed].words.cut(bare.start, bare.end)
        fit = 0.985 if words.text.endswith(("日", "号")) or (words.text[-1:].isdigit() and "." in words.text) else 0.75
    elif printed is not None:
        words, fit = printed, 0.9
    else:
        return missing(DateField, expected=True)
    day = _day(words)
    if day is None:
        return missing(DateField, expected=True)
    reasons = []
    if number.year is not None and number.year != day.year:
        reasons, fit = [FieldReason.UNUSUAL], 0.5
    if printed is not None and bare is not None and _day(printed) == day:
        fit = 0.995
    return found(DateField, words, said(day), fit=fit, reasons=reasons, iso=day.isoformat())


def _day(words: Passage) -> date | None:
    return next((one.first() for one in find_dates(words.text)), None)


def said(day: date) -> str:
    """A day as a notice says it."""
    return f"{day.year}年{day.month}月{day.day}日"


def _printed_day(paragraphs: Sequence[Paragraph]) -> Passage | None:
    for one in reversed(paragraphs):
        match = WHOLE.search(one.text)
        if match and match.group().rstrip().endswith(("日", "号")) and one.text[match.end() :].strip().startswith("印发"):
            return one.words.cut(match.start(), match.end())
    return None


def _issuer_names(
    paragraphs: Sequence[Paragraph], letterhead: int | None, signed: int | None, title: str, title_parts: Sequence[Passage]
) -> list[Passage]:
    """What may be the issuer's name: in the signature, in the letterhead, before 关于 in the title."""
    names = []
    if signed is not None and signed > 0:
        above = paragraphs[signed - 1].words.without_spaces()
        if SIGNER.fullmatch(above.text):
            names.append(above)
    if letterhead is not None:
        red = paragraphs[letterhead].words.without_spaces()
        names.append(red.cut(0, len(red.text.removesuffix("文件"))))
    about = title.find("关于")
    if about > 2:
        names.append(join(title_parts).without_spaces().cut(0, about))
    return names


def _issuer(names: Sequence[Passage]) -> NoticeField:
    """The name that is seen most often; of spellings that are alike, the one that was read best."""
    if not names:
        return missing(NoticeField, expected=True)
    votes = Counter({place: sum(ratio(one.text, other.text) >= ALIKE for other in names) for place, one in enumerate(names)})
    most = max(votes.values())
    group = [names[place] for place, count in votes.items() if count == most]
    spellings = Counter(one.text for one in group)
    best = max(group, key=lambda one: (spellings[one.text], one.certainty))
    agreed = spellings[best.text]
    fit = 0.995 if agreed > 1 else 0.95 if len(names) == 1 else 0.75
    # Two that were read apart from each other and agree are hardly both wrong.
    sure = Passage(best.text, (1.0,) * len(best.text), best.spots) if agreed > 1 else best
    return found(NoticeField, sure, best.text, fit=fit)
