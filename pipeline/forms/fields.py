"""The fields above and below a table, the table's title, and fields that stand in its own first or last rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.forms.blank import BlankCell, BlankTable
from pipeline.forms.spelling import without_spaces
from schemas.form import EMPTY_LINE, FieldKind, HeaderField


class _Usual(NamedTuple):
    """A field that many forms have: its kind, its key, what its label looks like, and what units print instead."""

    kind: FieldKind
    key: str
    pattern: str
    also: tuple[str, ...] = ()


# What stands behind a label in parentheses is part of it: （盖章）.
_STAMPED = re.compile(r"（(?:盖章|公章|签字|签章|签名|盖公章|加盖公章)）")
_STAMP = f"(?:{_STAMPED.pattern})?"

USUAL = (
    _Usual(
        FieldKind.UNIT,
        "unit",
        r"(?:[\u4e00-\u9fff]{2}单位|单位(?:名称|全称)?|(?:填报|申报)工会|工会名称|企业名称)",
        ("填报单位（盖章）", "填报单位", "单位名称（盖章）", "单位名称", "单位（盖章）"),
    ),
    _Usual(FieldKind.NAME, "reviewer", r"(?:审核|审批|复核)人(?:姓名)?"),
    _Usual(FieldKind.NAME, "leader", r"(?:(?:单位|工会|主要|分管)?(?:负责人|领导)|工会主席)(?:姓名)?"),
    _Usual(
        FieldKind.NAME,
        "contact",
        r"(?:联系|填报|填表|经办|制表|报送|[\u4e00-\u9fff]{2})人(?:姓名)?",
        ("联系人", "填报人", "填表人"),
    ),
    _Usual(
        FieldKind.PHONE,
        "phone",
        r"(?:联系电话|电话号码|联系方式|办公电话|手机号码?|手机|电话)",
        ("电话", "联系电话", "联系方式", "手机"),
    ),
    _Usual(FieldKind.TEXT, "period", r"(?:统计(?:时段|期间|周期|截止时间)|起止时间|填报周期|所属期)"),
    _Usual(
        FieldKind.DATE,
        "date",
        r"(?:[\u4e00-\u9fff]{2}(?:日期|时间)|日期)",
        ("填报日期", "日期", "填报时间", "填表日期", "上报日期"),
    ),
    _Usual(FieldKind.TEXT, "email", r"(?:电子邮箱|邮箱)"),
    _Usual(FieldKind.TEXT, "post", r"(?:职务|部门|科室)"),
)

_LABEL = re.compile("|".join(f"(?P<{one.key}>{one.pattern}{_STAMP})" for one in USUAL))

_TITLE = re.compile(r"(?:表|统计|汇总|清单|名册|登记册|一览)(?:（[^）]*）)?$")

# Every unit prints its own name there.
_ISSUER = re.compile(r"^[\u4e00-\u9fff]{2,10}总工会(?!干部|主席|机关)(?=.{6,})")
_EDGE = re.compile(r"^(?!20[0-9]{2}|[“《〈])[^\u4e00-\u9fff]+")
_GOES_ON = re.compile(r"^（?续(?:上)?表）?|接上[表页]")
_NUMBERED = re.compile(r"附(?:件|表)\s*[0-9一二三四五六七八九十]*\s*[：:]?")
_MEASURE = re.compile(
    r"（?\s*(?:计量|金额)?单位：?\s*(?:万元|元|人|场|次|个|件|家|户|人次)(?:[、，/／](?:万元|元|人|场|次|个|件|家|户|人次))*\s*）?"
)
_NOT_TITLE = re.compile(
    r"[，。；]|^第?\s*[0-9—\-]+\s*页?$|^—?\s*[0-9]+\s*—?$|^[0-9]{4}年[0-9]+月[0-9]+日$|扫描|^注：|^说明|^联系|^邮箱"
)
_NOTE = re.compile(r"^(?:注|备注|说明|填表说明|填报说明|要求)\s*[：:]|^[（(]?[0-9]+[)）.、]")
_JUNK = re.compile(r"[：:＿_\s]+|(?<![\u4e00-\u9fff])[年月日](?![\u4e00-\u9fff])")

# What a recogniser makes of an edge of a line or a seal.
_SPECK = re.compile(r"^[^\w（]+")

# A date to fill in has nothing but these printed.
_DAY = re.compile(r"^(?:20)?[年月日]{1,3}$|(?:20[0-9]{0,2})?年月日?$")

# A label has so many characters at most; a line of more words than this without a gap is no line of fields.
LONGEST_LABEL = 14

# A row of more labels than these with an empty row below is one of column headings.
MOST_FIELDS = 6


def is_label(text: str) -> bool:
    """Whether a text begins with the label of a usual field, and not with a sentence."""
    words = without_spaces(text)
    match = _LABEL.match(words)
    return (
        match is not None
        and not _MEASURE.fullmatch(words)
        and (len(words) <= LONGEST_LABEL or bool(_JUNK.match(words[match.end() :])))
    )


def read_fields(texts: Iterable[str]) -> tuple[HeaderField, ...]:
    """The fields in some lines, in the order in which they stand."""
    labels = [label for text in texts if not _NOTE.match(text) for label in _labels(text)]
    return name_fields(labels)


def name_fields(labels: Iterable[str]) -> tuple[HeaderField, ...]:
    """Fields by their labels: kinds, keys and other labels of usual ones; each label once."""
    found: list[HeaderField] = []
    keys: set[str] = set()
    for label in dict.fromkeys(labels):
        usual = _usual(label)
        key = usual.key if usual else "field"
        if key in keys or key == "field":
            key = next(name for name in (f"{key}{number}" for number in range(1, 100)) if name not in keys)
        again = key != (usual.key if usual else "")
        also = tuple(one for one in usual.also if one != label) if usual and not again else ()
        keys.add(key)
        found.append(HeaderField(key, label, usual.kind if usual else FieldKind.TEXT, also))
    return tuple(found)


def is_title(text: str) -> bool:
    """Whether a line reads like a table's title; （续表） is none."""
    words = without_spaces(text)
    return bool(_TITLE.search(words)) and not _NOT_TITLE.search(words) and not _GOES_ON.search(words)


def find_title(texts: Sequence[str]) -> str:
    """The title among the lines above a table: the last that reads like one, with the line before that it goes on from."""
    lines = [text for text in texts if not _is_fields(text) and not _MEASURE.fullmatch(without_spaces(text))]
    lines = [
        words for text in lines if (words := _NUMBERED.sub("", without_spaces(text).rpartition(EMPTY_LINE)[2], count=1))
    ]
    likely = [place for place, words in enumerate(lines) if _TITLE.search(words) and not _NOT_TITLE.search(words)]
    place = (
        likely[-1] if likely else next((at for at in range(len(lines) - 1, -1, -1) if not _NOT_TITLE.search(lines[at])), -1)
    )
    if place < 0:
        return ""
    before = lines[place - 1] if place and _belongs(texts, lines[place - 1], lines[place]) else ""
    return _ISSUER.sub("", _EDGE.sub("", before + lines[place]))


def field_rows(table: BlankTable) -> tuple[list[str], set[int]]:
    """Labels of fields in a table's own rows above its headings or below its last row, and which rows those are.

    A label stands beside its empty cell (填报单位 | | 联系人 | ), above it, or with room in its own cell.
    """
    labels: list[str] = []
    rows: set[int] = set()
    for numbers in (range(table.rows), range(table.rows - 1, -1, -1)):
        for number in numbers:
            cells = table.row(number)
            own = [cell for cell in cells if cell.text]
            if (
                number in rows
                or not own
                or not all(_is_fields(cell.text) for cell in own)
                or not _has_room(cells, table.row(number + 1))
            ):
                if not own and number - 1 in rows and numbers.step == 1:
                    # The empty cells below a row of labels.
                    rows.add(number)
                    continue
                break
            rows.add(number)
            labels += [label for cell in own for label in _labels(cell.text)]
    return labels, rows


def _has_room(cells: Sequence[BlankCell], below: Sequence[BlankCell]) -> bool:
    """Whether a row of labels is no row of column headings: an empty cell stands beside or below, or a label has room."""
    if any(not cell.text for cell in cells) or len(cells) == 1:
        return True
    return any("：" in cell.text or "＿" in cell.text for cell in cells) or (
        len(cells) <= MOST_FIELDS and len(below) == len(cells) and not any(cell.text for cell in below)
    )


def _is_fields(text: str) -> bool:
    """Whether a line consists of labels and room for values."""
    labels = _labels(text)
    if not labels or _MEASURE.fullmatch(without_spaces(text)):
        return False
    if not any(_LABEL.search(label) for label in labels):
        return False
    return len(without_spaces(_JUNK.sub("", text))) <= sum(map(len, labels)) + 4


def _labels(text: str) -> list[str]:
    """The labels of a line: usual ones wherever they stand, others between gaps, colons and lines."""
    text = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff] (?:[\u4e00-\u9fff] )*[\u4e00-\u9fff](?:[：:＿]|$))", "", text)
    found: list[str] = []
    for part in re.split(r"[＿：:]+|\s+", text):
        words = _DAY.sub("", _SPECK.sub("", part.strip("，。；、")))
        usual = list(_LABEL.finditer(words))
        if usual and usual[0].start() <= 4:
            starts = [0, *(match.start() for match in usual[1:])]
            pieces = [words[start:stop] for start, stop in zip(starts, [*starts[1:], len(words)], strict=True)]
            found += pieces
        elif found and _STAMPED.fullmatch(words):
            found[-1] += words
        elif words:
            found.append(words)
    # The end of a line beneath a gap may lie over a parenthesis.
    closed = [f"{label}）" if label.count("（") > label.count("）") else label for label in found]
    # The line to write on may be read as the character that looks like it.
    closed = [label.rstrip("一") for label in closed]
    return [label for label in closed if 2 <= len(label) <= LONGEST_LABEL]


def _usual(label: str) -> _Usual | None:
    match = _LABEL.search(label)
    if match is None or match.lastgroup is None:
        return None
    return next(one for one in USUAL if one.key == match.lastgroup)


def _belongs(texts: Sequence[str], before: str, title: str) -> bool:
    """Whether a title began on the line before: centred words without an end, right above it."""
    words = [without_spaces(text) for text in texts]
    near = any(first.endswith(before) and second.endswith(title) for first, second in pairwise(words))
    return (
        near
        and len(before) <= 30
        and not _NOT_TITLE.search(before)
        and not _TITLE.search(before)
        and not before.endswith("：")
    )
