"""A sentence cell to slots: each mark to fill in, with the printed words before and behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.forms.doubts import Doubt, Why
from pipeline.forms.spelling import without_spaces
from pipeline.forms.units import EVENT_UNITS, PEOPLE_UNITS, UNITS, kind_of, leading_unit, plain_unit, unit_in
from schemas.form import EMPTY_BOX, Mark, PlainWords, SlotKind

_DAY = r"(?:＿＿|\s)*年(?:＿＿|\s)*月(?:(?:＿＿|\s)*日)?"

# A mark: empty parentheses, with nothing but a line or the words of a date in them; a box; a line; a date on lines.
MARK = re.compile(
    rf"（(?P<inside>(?:\s|＿＿)*(?P<day>{_DAY})?(?:\s|＿＿)*)）|(?P<box>□)|(?P<dated>＿＿{_DAY})|(?P<line>＿＿)"
)

_WORDS_IN_PARENTHESES = re.compile(r"（[^（）]*）")
_STAMPED = re.compile(r"盖章|签字|签名|公章")
_SEVERAL = "可多选"
_LEGAL = re.compile(r"〔|\[|法|条例|令|号|办法|规定")

# A mark, part of a word of measure, a line break, and what may be its other part.
_BROKEN = re.compile(r"[）＿](?P<before>[^\s（）□＿，；。、]{1,2})\n(?P<behind>[^\s（）□＿]{1,4})")

_NUMBERED = re.compile(r"(?:^|\n)[0-9一二三四五六七八九十]{1,2}$")

# Where a clause ends.
_JOINS = "，；。、"
_ENDS = ("", "，", "；", "。", "、")
_OPENING, _CLOSING = "（“《〈【‘", "）”》〉】’"

# Between a word of measure and the comma that ends its clause may stand so many characters: 人参加，
SHORT = 4

# Words before a slot for people that take part in what the slot before counts, so many characters at most.
LONGEST_PART = 8
_TAKING_PART = re.compile(
    r"(?:参与|参加|参训|参赛|受众|覆盖|受教育|受训|受益|惠及|观看|培训|服务|到场|出席|吸引|组织)?(?:职工|群众|人员|观众|学员|职工群众)?(?:达|约|共|共计)?"
)

# What is held, not made, though it is counted by 个.
_HELD = re.compile(r"(?:班|讲座|活动|演练|会议|会|竞赛|比赛)$")


@dataclass(frozen=True)
class Draft:
    """A slot found in a blank: as `schemas.form.Slot`, without a path; `events` says that the slot before counts the events
    this one's people attended. `cell` is the number of the cell it stands in, `nth` its place among the marks there."""

    before: str
    mark: Mark
    after: str
    kind: SlotKind
    unit: str = ""
    choice: str = ""
    column: str = ""
    events: bool = False
    cell: int = -1
    nth: int = 0


@dataclass(frozen=True)
class Drafts:
    """What a cell holds: slots, words that look like slots and are none, and what a person should look at."""

    slots: tuple[Draft, ...]
    plain: tuple[PlainWords, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def read_sentence(text: str, heading: str = "") -> Drafts:
    """The slots of a cell's printed text (paragraphs parted by line feeds), in order; none where nothing is filled in.

    The row's `heading` may say that several boxes are ticked.
    """
    text = _unbroken(closed(text))
    found = list(MARK.finditer(text))
    plain = tuple(_plain_words(text))
    if not found:
        return Drafts((), plain)
    doubts: list[Doubt] = []
    marks = [_mark_of(match) for match in found]
    edges = [0, *(place for match in found for place in match.span()), len(text)]
    between = [text[start:stop] for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    boxes_first = _boxes_first(marks, between)
    befores, afters = [between[0]], []
    for place in range(1, len(found)):
        after, before = _split(between[place], marks[place - 1], marks[place], boxes_first=boxes_first)
        afters.append(after)
        befores.append(before)
    afters.append(between[-1])
    slots = []
    for match, mark, before, after in zip(found, marks, befores, afters, strict=True):
        slot, clear = _draft(match, mark, before, after)
        slots.append(slot)
        if not clear:
            doubts.append(Doubt(Why.NO_UNIT, f"{slot.before}{slot.mark.value}{slot.after}"))
    if _SEVERAL not in heading + text:
        slots = _with_choices(slots, boxes_first=boxes_first)
    return Drafts(_with_events(slots), plain, tuple(doubts))


def join_halves(first: Sequence[Draft], second: Sequence[Draft]) -> tuple[Draft, ...]:
    """The slots of a sentence that a page end has cut in two; words at the cut go to the slot that they belong to."""
    after, before = _split(first[-1].after + second[0].before, first[-1].mark, second[0].mark, boxes_first=True)
    slots = (*first[:-1], replace(first[-1], after=after), replace(second[0], before=before.lstrip()), *second[1:])
    return tuple(_with_events(slots))


def has_marks(text: str) -> bool:
    """Whether a printed text holds anything to fill in."""
    return MARK.search(closed(text)) is not None


def lone_parentheses(text: str) -> list[int]:
    """Where a parenthesis stands without its other half; 1） and （1 at a line's beginning are numbers."""
    open_ones: list[int] = []
    lone: list[int] = []
    for place, char in enumerate(text):
        if char == "（":
            open_ones.append(place)
        elif char == "）" and open_ones:
            open_ones.pop()
        elif char == "）" and not _NUMBERED.search(text[:place]):
            lone.append(place)
    return sorted([*lone, *open_ones])


def closed(text: str) -> str:
    """A text with the other half of a lone parenthesis behind which a word of measure or a point stands: it was not seen."""
    for place in reversed(lone_parentheses(text)):
        behind = text[place + 1 :]
        if text[place] == "（" and behind in UNITS:
            text += "）"
        elif leading_unit(behind) or (text[place] == "（" and behind[:1] in _ENDS):
            text = f"{text[:place]}（）{behind}"
    return text


def _unbroken(text: str) -> str:
    """A text whose words of measure go on over line breaks: （）万 / 元."""
    for match in reversed(list(_BROKEN.finditer(text))):
        before, behind = match["before"], match["behind"]
        if len(leading_unit(before + behind)) > len(before):
            text = text[: match.end("before")] + text[match.start("behind") :]
    return text


def _mark_of(match: re.Match[str]) -> Mark:
    if match["box"]:
        return Mark.BOX
    return Mark.LINE if match["line"] or match["dated"] else Mark.PARENTHESES


def _draft(match: re.Match[str], mark: Mark, before: str, after: str) -> tuple[Draft, bool]:
    words, behind = without_spaces(before), without_spaces(after)
    if mark is Mark.BOX:
        # Boxes side by side keep the gap between them.
        words = words or " " * before.startswith(" ")
        return Draft(words, mark, behind, SlotKind.TICK), True
    if match["day"] or match["dated"]:
        return Draft(words, mark, behind, SlotKind.DATE), True
    unit = plain_unit(leading_unit(after) or unit_in(words)[0])
    kind, clear = kind_of(words, unit)
    return Draft(words, mark, behind, kind, unit), clear


def _split(text: str, left: Mark, right: Mark, *, boxes_first: bool) -> tuple[str, str]:
    """The words between two marks: what belongs to the left one, and to the right one."""
    box = left is Mark.BOX
    cut = _cut_behind_box(text, right, boxes_first=boxes_first) if box else _cut_behind_slot(text)
    return text[:cut], text[cut:]


def _cut_behind_slot(text: str) -> int:
    """Behind the word of measure and what joins it, else behind the first clause."""
    joint, feed, unit = _joint(text), text.find("\n"), leading_unit(text)
    if feed >= 0 and not text[:feed].strip():
        feed = -1
    if feed >= 0 and (joint < 0 or feed < joint):
        return feed + 1
    if unit:
        measured = text.index(unit) + len(unit)
        if joint >= 0 and joint - measured <= SHORT:
            return joint + 1
        return measured
    if joint >= 0:
        return joint + 1
    gap = text.find(" ")
    return gap + 1 if gap > 0 else 0


def _cut_behind_box(text: str, right: Mark, *, boxes_first: bool) -> int:
    """Words of a box stand on one side of it, the same for all boxes of a cell."""
    ends = [place + 1 for place, char in enumerate(text) if char in "；。\n"]
    if not boxes_first:
        leading = len(text) - len(text.lstrip("，；。、\n "))
        return ends[0] if ends and ends[0] > leading else leading
    if ends and text[: ends[0]].strip():
        return ends[0]
    if right is not Mark.BOX:
        joint = _joint(text)
        if joint >= 0:
            return joint + 1
    whole = len(text.rstrip(" ")) if right is Mark.BOX else 0
    colon = max(text.rfind("："), text.rfind("？")) if right is Mark.BOX else len(text) - 1
    gap = text.rstrip().find(" ", 1)
    return gap + 1 if 0 < gap < colon else whole


def _boxes_first(marks: Sequence[Mark], between: Sequence[str]) -> bool:
    """Whether a box stands before its words (□是 □否), not behind them (是□ 否□)."""
    boxes = [place for place, mark in enumerate(marks) if mark is Mark.BOX]
    if not boxes:
        return True
    ahead, behind = between[boxes[0]].rstrip(), between[boxes[0] + 1]
    named = bool(ahead) and ahead[-1] not in "：？，；。、（）"
    return not (named and (not behind or behind[0] in " \n，；。、）"))


def _with_choices(slots: Sequence[Draft], *, boxes_first: bool) -> list[Draft]:
    """Boxes of one question share a choice: they stand side by side, and a new question begins with words of its own."""
    named: list[Draft] = []
    number = 0
    for place, slot in enumerate(slots):
        if slot.mark is not Mark.BOX:
            named.append(slot)
            continue
        follows = place > 0 and slots[place - 1].mark is Mark.BOX
        own = bool(slot.before.strip()) if boxes_first else bool(re.search(r"[：？]", slot.before))
        ended = place > 0 and slots[place - 1].after.endswith(("；", "。"))
        if not follows or own or ended:
            number += 1
        named.append(replace(slot, choice=f"c{number}"))
    several = {slot.choice for slot in named if sum(one.choice == slot.choice for one in named) > 1}
    return [slot if slot.choice in several else replace(slot, choice="") for slot in named]


def _with_events(slots: Sequence[Draft]) -> tuple[Draft, ...]:
    """People right behind events took part in them: （）场，参与（）人次."""
    return tuple(replace(slot, events=place > 0 and _takes_part(slots[place - 1], slot)) for place, slot in enumerate(slots))


def _takes_part(events: Draft, people: Draft) -> bool:
    held = events.unit in EVENT_UNITS or (events.unit == "个" and _HELD.search(events.before) is not None)
    if not held or people.unit not in PEOPLE_UNITS or events.after.endswith(("；", "。")):
        return False
    return _TAKING_PART.fullmatch(people.before) is not None or (
        people.unit == "人次" and len(people.before) <= LONGEST_PART and not people.before.startswith("其中")
    )


def _plain_words(text: str) -> list[PlainWords]:
    """Pairs of parentheses with words in them: print, and why."""
    return [
        PlainWords(without_spaces(match[0]), _why_plain(match[0]))
        for match in _WORDS_IN_PARENTHESES.finditer(text)
        if MARK.fullmatch(match[0]) is None and EMPTY_BOX not in match[0] and "＿＿" not in match[0]
    ]


def _why_plain(words: str) -> str:
    if _STAMPED.search(words):
        return "盖章或签字处"
    if unit_in(words)[0]:
        return "计量单位"
    return "法规或文号" if _LEGAL.search(words) else "括号内是印刷文字"


def _joint(text: str) -> int:
    """Where the first clause ends, by punctuation outside parentheses and quotation marks; -1 where it does not."""
    depth = 0
    for place, char in enumerate(text):
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth = max(depth - 1, 0)
        elif char in _JOINS and not depth:
            return place
    return -1
