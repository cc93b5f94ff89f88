"""What a notice says: the JSON contract of `kuohao notice --json`, one `Notice` for each file.

Every field says where it stands and how sure the reader is. What was not found says so: a single field by its `state`, a
list by being empty, and both by their key in `missing`. Fields are only ever added; a change of meaning raises
NOTICE_VERSION. `docs/notice.md` tells it in prose.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.flow import Box

NOTICE_VERSION = 1

SINGLE = ("issuer", "number", "title", "issued", "theme", "period", "deadline")
"""Fields of which a notice has one, in the order in which people read them."""

LISTS = ("addressees", "sections", "contacts", "phones", "emails", "links", "annexes", "forms")
"""Fields of which it may have several."""

EXPECTED = ("issuer", "number", "title", "issued", "addressees")
"""Fields that every notice has: where one is not found, a person looks."""

LABELS = {
    "issuer": "发文机关",
    "number": "发文字号",
    "title": "标题",
    "issued": "成文日期",
    "addressees": "主送单位",
    "theme": "活动主题",
    "period": "活动时间",
    "sections": "章节",
    "deadline": "报送期限",
    "contacts": "联系人",
    "phones": "联系电话",
    "emails": "电子邮箱",
    "links": "网址",
    "annexes": "附件",
    "forms": "空白表",
}
"""What people call a field."""


class FieldState(StrEnum):
    """Whether a field stands in the notice, as far as was seen."""

    FOUND = "found"
    NOT_FOUND = "not_found"


class FieldReason(StrEnum):
    """Why a field is shown to a person."""

    NOT_FOUND = "not_found"
    LOW_CONFIDENCE = "low_confidence"
    UNUSUAL = "unusual"
    SEVERAL = "several"
    YEAR_ASSUMED = "year_assumed"
    SEAL = "seal_overlap"

    @property
    def chinese(self) -> str:
        """The reason as the reviewer reads it."""
        return _CHINESE[self]


_CHINESE = {
    FieldReason.NOT_FOUND: "没有找到",
    FieldReason.LOW_CONFIDENCE: "字迹识别把握不足",
    FieldReason.UNUSUAL: "写法或位置不寻常",
    FieldReason.SEVERAL: "有几处都像，需选定",
    FieldReason.YEAR_ASSUMED: "没有写年份，按发文日期推算",
    FieldReason.SEAL: "被印章遮挡",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoticeField(_Frozen):
    """One thing that a notice says.

    `value` is it in its canonical spelling, None where it was not found; `raw` as it was read. `confidence` is the
    probability that `value` is right. `box` is a fraction of page `page` of the file as it came in, origin top left, around
    where it begins and goes on on that page; both are None of a file that was never on paper, and of what was not found.
    """

    value: str | None = None
    raw: str = ""
    state: FieldState = FieldState.NOT_FOUND
    confidence: float = Field(default=0.0, ge=0, le=1)
    review: bool = False
    reasons: tuple[FieldReason, ...] = ()
    page: int | None = None
    box: Box | None = None


class DocumentNumber(NoticeField):
    """云工基〔2026〕10号: `value` with these brackets, whichever were printed; its three parts where it is found."""

    office: str | None = None
    year: int | None = None
    ordinal: int | None = None


class DateField(NoticeField):
    """A day: `value` as 2026年6月1日, `iso` as 2026-06-01."""

    iso: str | None = None


class PeriodField(NoticeField):
    """From when to when: `value` as written; days as ISO dates where they are certain."""

    start: str | None = None
    end: str | None = None


class DeadlineField(NoticeField):
    """Until when to report: `iso` is the last day, `time` HH:MM where an hour is told, `sentence` where both stand."""

    iso: str | None = None
    time: str | None = None
    sentence: str = ""


class Section(NoticeField):
    """A heading: `value` without its `mark` (一、 is level 1, （一） 2, 1. 3, （1） 4), `text` what stands below it."""

    level: int
    mark: str
    text: str = ""


class Annex(NoticeField):
    """An annex as the notice lists it; `number` where there are several."""

    number: int | None = None


class BlankForm(NoticeField):
    """A table to be filled in: `value` is its title, `pages` those on which it is ruled (of a typed file none)."""

    pages: tuple[int, ...] = ()


class Notice(_Frozen):
    """A notice. Lists are in printed order; sections are flat, each with its level.

    `review` is true when anything in it needs a person; `missing` names the fields that were not found. `turns` tells for
    each page by how many quarters clockwise it has to be turned to stand upright; boxes are of the page as it came in.
    `unread` names pages of which little could be read; `cut_short` tells that further pages of the file did not open.
    """

    version: int = NOTICE_VERSION
    source: str
    pages: int
    review: bool
    missing: tuple[str, ...] = ()
    turns: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    cut_short: bool = False
    issuer: NoticeField = NoticeField()
    number: DocumentNumber = DocumentNumber()
    title: NoticeField = NoticeField()
    issued: DateField = DateField()
    addressees: tuple[NoticeField, ...] = ()
    theme: NoticeField = NoticeField()
    period: PeriodField = PeriodField()
    sections: tuple[Section, ...] = ()
    deadline: DeadlineField = DeadlineField()
    contacts: tuple[NoticeField, ...] = ()
    phones: tuple[NoticeField, ...] = ()
    emails: tuple[NoticeField, ...] = ()
    links: tuple[NoticeField, ...] = ()
    annexes: tuple[Annex, ...] = ()
    forms: tuple[BlankForm, ...] = ()

    def fields(self) -> Iterator[tuple[str, NoticeField]]:
        """Every field with its path (issuer, addressees[2]), those not found too; lists count from 1."""
        for key in SINGLE[:4]:
            yield key, getattr(self, key)
        for place, addressee in enumerate(self.addressees, 1):
            yield f"addressees[{place}]", addressee
        for key in SINGLE[4:]:
            yield key, getattr(self, key)
        for key in LISTS[1:]:
            for place, field in enumerate(getattr(self, key), 1):
                yield f"{key}[{place}]", field


class NoticeCorrection(_Frozen):
    """What a person said about a field: `path` as in `Notice.fields`, `before` what counted until then, None for nothing.

    A field that was right is confirmed: `after` is `before`. A path behind a list's end adds to it, None takes away.
    """

    id: int
    path: str
    who: str
    when: datetime
    before: str | None
    after: str | None


def missing_fields(notice: Notice) -> tuple[str, ...]:
    """The keys of fields that were not found."""
    singles = [key for key in SINGLE if getattr(notice, key).state is FieldState.NOT_FOUND]
    return (*singles, *(key for key in LISTS if all(one.value is None for one in getattr(notice, key))))


def path_label(path: str) -> str:
    """What people call the field of a path: addressees[2] is 主送单位 2."""
    key, _, place = path.rstrip("]").partition("[")
    return f"{LABELS[key]} {place}" if place else LABELS[key]
