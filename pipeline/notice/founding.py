"""A collection from its notice: name, deadline, form and roster, each with where it comes from and what is doubtful.

Nothing is made up: what the notice does not say, or says of 各县（市、区）总工会 alone, is told to be missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from rapidfuzz import fuzz

from extractors.glyphs import fold
from pipeline.forms.comments import with_comments
from pipeline.forms.compose import FoundForm
from pipeline.forms.finding import find_blank_form
from pipeline.notice import read_notice
from pipeline.times import CHINA, local_text
from schemas.errors import DocumentError
from schemas.form import Form
from schemas.form_file import form_to_toml
from schemas.notice import Notice, NoticeField
from schemas.office import Collection, Unit

# What a title says besides what is collected.
ABOUT = re.compile(r"关于(?P<what>.+?)的?(?:通知|函|意见|方案)$")
NAMED = re.compile(r"《(?P<what>[^《》]+)》")
DOING = re.compile(r"^(?:进一步|认真|切实|印发|转发|组织|开展|做好|报送|填报|举办|实施|上报|的)+")
PLAN = re.compile(r"(?:实施|工作|活动)?(?:方案|安排|办法|细则)$")
YEAR = re.compile(r"20[0-9]{2}年|二[〇○零]..年")

# Addressees that are many, and no unit by themselves.
SEVERAL = re.compile(r"各|所属|有关|相关|直属|部分|等单位|等工会")

# Two forms are the same where every slot's words are this much alike, 0 to 100, and all words together so much: what a
# recogniser may have misread.
SLOT_ALIKE, FORM_ALIKE = 80.0, 96.0


@dataclass(frozen=True)
class Taken:
    """Something that was taken from a notice: what, its words ("" for nothing), where from, and what is doubtful in it."""

    what: str
    words: str
    source: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Founding:
    """A collection as its notice has it. `form` is None where there is no blank; `text` is its file where it is new."""

    wanted: Collection
    form: Form | None
    text: str | None
    taken: tuple[Taken, ...]


def read_founding(path: Path, known: Mapping[str, Form], form: Form | None = None) -> Founding:
    """The collection that a notice asks for; `known` are the office's forms, `form` the one it is of, whatever its blank.

    Raises a DocumentError where the notice cannot be read.
    """
    return found(read_notice(path), None if form is not None else _blank(path), known, form)


def confirmed_founding(notice: Notice, path: Path, known: Mapping[str, Form]) -> Founding:
    """The same of a notice that people have confirmed and corrected; `path` is where its blank stands."""
    return found(notice, _blank(path), known)


def found(notice: Notice, blank: FoundForm | None, known: Mapping[str, Form], form: Form | None = None) -> Founding:
    """The same of a notice and its blank as they were read."""
    name, deadline = _name(notice), _deadline(notice)
    form, text, of_form = _form(blank, known) if form is None else (form, None, Taken("表样", form.title, "指定"))
    units, roster = _roster(notice)
    number = notice.number.value or ""
    reference = " ".join(part for part in (number, notice.title.value or "") if part)
    wanted = Collection(name.words, "" if form is None else form.id, units, deadline[0], notice=reference)
    told = (
        name,
        Taken("通知", reference, "发文字号、标题", _doubts(notice.number, "发文字号")),
        deadline[1],
        of_form,
        roster,
    )
    return Founding(wanted, form, text, told)


def _blank(path: Path) -> FoundForm | None:
    try:
        return find_blank_form(path)
    except DocumentError:
        return None


def _name(notice: Notice) -> Taken:
    title = notice.title.value or ""
    about = ABOUT.search(title)
    named = NAMED.search(title)
    words = PLAN.sub("", named["what"]) if named else DOING.sub("", about["what"]) if about else ""
    words, source = (words, "通知标题") if words else (notice.theme.value or "", "活动主题")
    doubts = _doubts(notice.title, "标题") if source == "通知标题" else ("没有从标题中得出名称",)
    issued = _day(notice.issued.iso)
    if words and not YEAR.search(words) and issued is not None:
        # The year tells this year's returns from those of another one.
        words, source = f"{issued.year}年{words}", f"{source}；年份取自成文日期"
        doubts = (*doubts, *_doubts(notice.issued, "成文日期"))
    return Taken("名称", words, source, doubts)


def _deadline(notice: Notice) -> tuple[datetime | None, Taken]:
    field = notice.deadline
    day = _day(field.iso)
    if day is None:
        return None, Taken("填报期限", "", "报送期限", ("没有找到填报期限",))
    at = time.fromisoformat(field.time) if field.time else time(23, 59, 59)
    due = datetime.combine(day, at, CHINA).astimezone(UTC)
    return due, Taken("填报期限", local_text(due), f"“{field.sentence}”", _doubts(field, "报送期限"))


def _form(blank: FoundForm | None, known: Mapping[str, Form]) -> tuple[Form | None, str | None, Taken]:
    if blank is None:
        return None, None, Taken("表样", "", "通知所附空白表", ("没有找到空白表，请指定表样",))
    for form in known.values():
        odd = _differences(blank.form, form)
        if odd is not None:
            source = f"已有表样，与通知所附空白表一致（{form.id}）"
            return form, None, Taken("表样", form.title, source, tuple(f"字样不完全相同：{words}" for words in odd))
    form = replace(blank.form, id=_free_id(blank.form.id, known))
    text = with_comments(form_to_toml(form), blank.doubts, chinese=True)
    doubts = tuple(doubt.told(chinese=True) for doubt in blank.doubts)
    return form, text, Taken("表样", form.title, f"由通知所附空白表生成（{form.id}，{len(form.slots)} 处填写）", doubts)


def _differences(blank: Form, form: Form) -> tuple[str, ...] | None:
    """The slots of a form whose words are not quite those of a blank; None where it is another form."""
    if [(slot.kind, slot.mark) for slot in blank.slots] != [(slot.kind, slot.mark) for slot in form.slots]:
        return None
    pairs = [(_words(ours), _words(theirs)) for ours, theirs in zip(_labels(blank), _labels(form), strict=True)]
    alike = [fuzz.ratio(*pair) for pair in pairs]
    if (
        min(alike) < SLOT_ALIKE
        or fuzz.ratio("".join(one for one, _ in pairs), "".join(one for _, one in pairs)) < FORM_ALIKE
    ):
        return None
    return tuple(label for label, share in zip(_labels(form), alike, strict=True) if share < 100)


def _labels(form: Form) -> list[str]:
    return [slot.label for slot in form.slots]


def _roster(notice: Notice) -> tuple[tuple[Unit, ...], Taken]:
    """The addressees as units, where every one of them is one."""
    named = [field.value for field in notice.addressees if field.value]
    several = [name for name in named if SEVERAL.search(name)]
    doubts = [doubt for field in notice.addressees for doubt in _doubts(field, field.value or "")]
    told = Taken("单位名单", "、".join(named), "主送单位", tuple(doubts))
    if not named:
        return (), replace(told, doubts=("没有找到主送单位，请另外给出名单",))
    if several:
        missing = f"{'、'.join(several)} 是统称，不是单位：未作为名单，请另外给出"
        return (), replace(told, doubts=(missing, *doubts))
    return tuple(Unit(name) for name in dict.fromkeys(named)), told


def _doubts(field: NoticeField, what: str) -> tuple[str, ...]:
    return tuple(f"{what}：{reason.chinese}" for reason in field.reasons) if field.review else ()


def _day(iso: str | None) -> date | None:
    return None if iso is None else date.fromisoformat(iso)


def _free_id(id: str, known: Mapping[str, Form]) -> str:
    """An id that no other form has."""
    turn, free = 2, id
    while free in known:
        free, turn = f"{id[:56]}-{turn}", turn + 1
    return free


def _words(text: str) -> str:
    return "".join(fold(char) for char in text if not char.isspace())


def doubtful(taken: Sequence[Taken]) -> int:
    """How many things a person should look at."""
    return sum(len(one.doubts) for one in taken)
