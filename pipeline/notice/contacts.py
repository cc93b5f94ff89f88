"""Whom to ask and where to send: names, telephone numbers, e-mail addresses, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.notice.fields import found
from pipeline.notice.paragraphs import Paragraph
from pipeline.notice.passages import Passage
from schemas.notice import FieldReason, NoticeField

_PEOPLE = re.compile(r"(?:联\s*系|负\s*责|联\s*络|咨\s*询)\s*人(?:员)?\s*(?:及\s*(?:联系)?\s*(?:电话|方式))?\s*[：:]\s*")
_PEOPLE_END = re.compile(
    r"[。；]|(?:联\s*系\s*)?(?:电\s*话|手\s*机|方\s*式)|传\s*真|电?子?邮\s*[箱件]|E-?mail|地\s*址", re.IGNORECASE
)
_NAME = re.compile(r"[\u4e00-\u9fff·]{2,4}")
_SURNAME_ALONE = re.compile(r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff])\s+([\u4e00-\u9fff])(?![\u4e00-\u9fff])")
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖"
    "邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
"""The hundred most frequent ones."""

_TITLES = ("同志", "主任", "部长", "科长", "处长", "老师", "副部长", "副主任", "女士", "先生")

_CALLING = re.compile(r"联\s*系|电\s*话|手\s*机|咨\s*询|热\s*线|E-?mail|邮\s*箱|Tel", re.IGNORECASE)
_FAX = re.compile(r"传\s*真\s*[：:]?\s*$")
_DIGITS = re.compile(r"(?<![A-Za-z\d@._])[（(]?\d[\d\-—–－（）() ]{5,}\d(?![\dA-Za-z@_])")
_AREA = r"[（(]?0\d{2,3}[）)]?\s*[-—–－]?\s*"
_PHONES = tuple(
    re.compile(one) for one in (r"1[3-9]\d[ -]?\d{4}[ -]?\d{4}", _AREA + r"\d{8}", _AREA + r"\d{7}", r"\d{8}", r"\d{7}")
)
"""A mobile's number, one with its area's code, one within its town."""

_LABEL = re.compile(r"(?:电?子?邮\s*箱|电子邮件|E-?mail|邮件|信箱)(?:地址)?\s*[：:]?\s*", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9%+]|[._\-]\s?)*)\s?[@©®]\s?(?P<host>[A-Za-z0-9\-]+(?:\s?[.,，。·]\s?[A-Za-z0-9\-]+)*"
    r"\s?[.,，。·]\s?[A-Za-z0-9]{2,6})"
)
_ENDINGS = {"corn": "com", "c0m": "com", "con": "com", "cn": "cn", "0rg": "org", "orq": "org", "nel": "net", "ner": "net"}

_LINK = re.compile(
    r"(?:https?\s?[:：]?\s?/\s?/\s?|www\s?\.\s?)[\x21-\x3b\x3d\x3f-\x7e：．](?:\s?[\x21-\x3b\x3d\x3f-\x7e：．])*",
    re.IGNORECASE,
)

# In pixels 0 and O, 1, l and I look alike: what no rule can tell is less sure than the recogniser says.
ALIKE = re.compile(r"[0Oo1lI]")
ALIKE_SURE = 0.985


def read_people(paragraphs: Sequence[Paragraph]) -> tuple[NoticeField, ...]:
    """Contact persons, each once."""
    people = []
    for one in paragraphs:
        for label in _PEOPLE.finditer(one.text):
            end = _PEOPLE_END.search(one.text, label.end())
            words = one.words.cut(label.end(), end.start() if end else len(one.text))
            people += [_person(name) for name in _names(words)]
    return _once(people)


def read_phones(paragraphs: Sequence[Paragraph]) -> tuple[NoticeField, ...]:
    """Telephone numbers where a paragraph speaks of calling, each once; fax numbers are none."""
    phones = []
    for one in paragraphs:
        if not _CALLING.search(one.text):
            continue
        for run in _DIGITS.finditer(one.text):
            if _FAX.search(one.text[: run.start()]) or _within_address(one.text, run):
                continue
            for start, end, apart in _numbers(run.group()):
                words = one.words.cut(run.start() + start, run.start() + end)
                phones.append(found(NoticeField, words, _phone(words.text), fit=0.985 if apart else 0.85))
    return _once(phones)


def read_emails(paragraphs: Sequence[Paragraph]) -> tuple[NoticeField, ...]:
    """E-mail addresses, each once."""
    emails = []
    for one in paragraphs:
        for match in _EMAIL.finditer(one.text):
            words = one.words.cut(match.start(), match.end())
            name, host = re.sub(r"\s", "", match["name"]), re.sub(r"\s", "", match["host"])
            host = re.sub(r"[,，。·]", ".", host).lower()
            if _from_pixels(words):
                name, host = _box_name(name), _mended(host)
            body, _, ending = host.rpartition(".")
            mended = f"{name}@{body}.{_ENDINGS.get(ending, ending)}"
            odd = mended.lower() != re.sub(r"\s", "", match.group()).lower()
            emails.append(_spelled(words, mended, odd=odd, labelled=_LABEL.search(one.text[: match.start()]) is not None))
    return _once(emails)


def read_links(paragraphs: Sequence[Paragraph]) -> tuple[NoticeField, ...]:
    """Links, also those that a line's end has parted."""
    links = []
    for one in paragraphs:
        for match in _LINK.finditer(one.text):
            raw = match.group()
            value = re.sub(r"\s", "", raw).replace("：", ":").replace("．", ".").rstrip(".,;:)]>'\"")
            value = re.sub(r"^(https?):?/+", r"\1://", value, flags=re.IGNORECASE)
            words = one.words.cut(match.start(), match.start() + len(raw.rstrip(".,;:)]>'\" ")))
            host = re.match(r"(?:https?://)?[^/]*", value, re.IGNORECASE)
            odd = "." not in value
            if host is not None and _from_pixels(words) and _mended(host.group()) != host.group():
                value, odd = _mended(host.group()) + value[host.end() :], True
            if _from_pixels(words) and value.endswith(".htm1"):
                value, odd = value.removesuffix("1") + "l", True
            links.append(_spelled(words, value, odd=odd, labelled=True))
    return _once(links)


def _names(words: Passage) -> Iterator[Passage]:
    """The names in a list of them; what stands in parentheses is a number or an office."""
    text = re.sub(r"[（(][^）)]*[）)]?", lambda match: "、" * len(match.group()), words.text)
    for alone in list(_SURNAME_ALONE.finditer(text)):
        # 王 明: a name of two characters, set as wide as one of three.
        places = [place for place in range(alone.start(), alone.end()) if text[place] != " "]
        yield words.chosen(places)
        text = text[: alone.start()] + "、" * (alone.end() - alone.start()) + text[alone.end() :]
    # A single character is no name: it belongs to the next one.
    for match in re.finditer(r"(?:(?<![\u4e00-\u9fff])[\u4e00-\u9fff] )?[\u4e00-\u9fff·]+", text):
        yield from _parted(words.cut(match.start(), match.end()).without_spaces())


def _parted(words: Passage) -> Iterator[Passage]:
    """Several names between which the spaces were not seen, where they can be parted in one way only."""
    ways = [] if len(words.text) <= 4 else _ways(words.text)
    if len(ways) != 1:
        yield words
        return
    start = 0
    for size in ways[0]:
        yield words.cut(start, start + size)
        start += size


def _ways(text: str) -> list[tuple[int, ...]]:
    """The ways to part a text into names of two or three characters that begin with a frequent surname."""
    if not text:
        return [()]
    if text[0] not in _SURNAMES or len(text) > 12:
        return []
    return [(size, *rest) for size in (2, 3) if len(text) >= size for rest in _ways(text[size:])]


def _person(words: Passage) -> NoticeField:
    name = words.text
    for title in sorted(_TITLES, key=len, reverse=True):
        if name.endswith(title) and len(name) > len(title):
            return found(NoticeField, words, name, fit=0.9)
    return found(NoticeField, words, name, fit=0.985 if _NAME.fullmatch(name) else 0.5)


def _numbers(run: str) -> list[tuple[int, int, bool]]:
    """The numbers in a run of digits: where each begins and ends, and whether white or a parenthesis keeps it apart.

    Two between which the space was not seen are parted where both are then numbers; none, where it does not come out.
    """
    ways: list[list[tuple[int, int, bool]]] = []

    def go_on(place: int, done: list[tuple[int, int, bool]]) -> None:
        # A parenthesis opens an area's code, else it is a mark as others are.
        while (
            place < len(run)
            and run[place] in " -—–－)）（("
            and not (run[place] in "（(" and run[place + 1 : place + 2] == "0")
        ):
            place += 1
        if place >= len(run):
            ways.append(done)
            return
        for pattern in _PHONES:
            match = pattern.match(run, place)
            if match is not None:
                loose = place == 0 or not run[place - 1].isdigit()
                loose = loose and (match.end() == len(run) or not run[match.end()].isdigit())
                go_on(match.end(), [*done, (place, match.end(), loose)])

    go_on(0, [])
    return min(ways, key=lambda way: (len(way), sum(not loose for *_, loose in way)), default=[])


def _within_address(text: str, match: re.Match[str]) -> bool:
    """Whether digits belong to an e-mail address or a link."""
    others = [other for pattern in (_EMAIL, _LINK) for other in pattern.finditer(text)]
    return any(other.start() <= match.start() < other.end() for other in others)


def _box_name(name: str) -> str:
    """A mailbox's name as people make them, letters before digits: a 1 before a letter is an l, an l behind a digit a 1."""
    return re.sub(r"(?<=\d)l(?![a-z])", "1", re.sub(r"1(?=[a-z])", "l", name))


def _from_pixels(words: Passage) -> bool:
    return any(prob < 1.0 for prob in words.probs)


def _mended(host: str) -> str:
    return ".".join(_label(part) for part in host.split("."))


def _label(part: str) -> str:
    """A part of a host's name, of either letters or digits: l63 is 163, examp1e is example."""
    if re.fullmatch(r"[\dlo]+", part) and re.search(r"\d", part):
        return part.translate(str.maketrans("lo", "10"))
    return re.sub(r"(?<=[a-z])[10](?=[a-z])", lambda match: "lo"["10".index(match.group())], part)


def _phone(raw: str) -> str:
    """A number as people write it: 0391-3990000, 3990000, 13900000000."""
    digits = re.sub(r"\D", "", raw)
    if digits.startswith("0") and len(digits) > 9:
        area = 3 if digits[1] in "12" else 4
        return f"{digits[:area]}-{digits[area:]}"
    return digits


def _spelled(words: Passage, value: str, *, odd: bool, labelled: bool) -> NoticeField:
    """A field in which every letter counts."""
    alike = len(ALIKE.findall(value)) if _from_pixels(words) else 0
    fit: float = (0.985 if labelled else 0.95) * ALIKE_SURE**alike
    points = [prob for char, prob in zip(words.text, words.probs, strict=True) if not char.isalnum() and char != " "]
    for prob in points:
        fit *= prob
    return found(NoticeField, words, value, fit=fit, reasons=[FieldReason.UNUSUAL] if odd else [])


def _once(fields: Sequence[NoticeField]) -> tuple[NoticeField, ...]:
    """Each value once, where it was read best."""
    best: dict[str, NoticeField] = {}
    for field in fields:
        known = best.get(field.value or "")
        if known is None or field.confidence > known.confidence:
            best[field.value or ""] = field
    return tuple(best.values())
