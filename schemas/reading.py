"""What leaves the house: the JSON contract of `kuohao read --json`, one `Reading` for each return found.

Fields are only ever added; a change of meaning raises CONTRACT_VERSION. `docs/contract.md` tells it in prose.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.flow import Box, State
from schemas.values import JsonValue

CONTRACT_VERSION = 1


class Reason(StrEnum):
    """Why a slot is shown to a person."""

    LOW_CONFIDENCE = "low_confidence"
    READERS_DISAGREE = "readers_disagree"
    ONE_READER = "one_reader"
    INK_IN_BLANK = "ink_in_blank"
    NOTHING_WRITTEN = "nothing_written"
    NOT_A_NUMBER = "not_a_number"
    UNUSUAL_NUMBER = "unusual_number"
    PLACE_UNSURE = "place_unsure"
    SLOT_MISSING = "slot_missing"
    NO_GRID = "no_grid"
    SEAL = "seal_overlap"
    PEN = "pen"
    STRUCK = "struck_out"
    NO_EVENT = "attendance_without_event"
    MORE_EVENTS = "more_events_than_attendance"
    OUT_OF_LINE = "out_of_line"
    DISPUTED = "disputed"
    POINT_UNSURE = "point_unsure"
    NOT_A_DATE = "not_a_date"
    NO_YEAR = "date_without_year"
    TICK_UNSURE = "tick_unsure"
    NO_CHOICE = "no_choice"
    SEVERAL_CHOICES = "several_choices"
    WRONG_SUM = "wrong_sum"

    @property
    def chinese(self) -> str:
        """The reason as the reviewer reads it."""
        return _CHINESE[self]


_CHINESE = {
    Reason.LOW_CONFIDENCE: "字迹识别把握不足",
    Reason.READERS_DISAGREE: "两次识别结果不一致",
    Reason.ONE_READER: "只有一次识别，未得到印证",
    Reason.INK_IN_BLANK: "识别为空，但括号内有墨迹",
    Reason.NOTHING_WRITTEN: "整份报表都识别为空，字迹可能太淡",
    Reason.NOT_A_NUMBER: "填写的不是数字",
    Reason.UNUSUAL_NUMBER: "数字写法特殊，已换算",
    Reason.PLACE_UNSURE: "括号前后文字对不上",
    Reason.SLOT_MISSING: "页面上没有找到这一项",
    Reason.NO_GRID: "没有表格线，位置需核对",
    Reason.SEAL: "被印章遮挡",
    Reason.PEN: "手写数字",
    Reason.STRUCK: "有涂改",
    Reason.NO_EVENT: "有人次而没有场次",
    Reason.MORE_EVENTS: "场次多于人次",
    Reason.OUT_OF_LINE: "数量级与其他填报不符",
    Reason.DISPUTED: "两人录入不一致",
    Reason.POINT_UNSURE: "小数点需核对",
    Reason.NOT_A_DATE: "填写的不是日期",
    Reason.NO_YEAR: "日期没有写年份",
    Reason.TICK_UNSURE: "是否打勾看不清",
    Reason.NO_CHOICE: "单选项一个都没有勾",
    Reason.SEVERAL_CHOICES: "单选项勾了不止一个",
    Reason.WRONG_SUM: "合计与各行相加不符",
}


class Problem(StrEnum):
    """What is wrong with a return as a whole."""

    ITEMS_MISSING = "items_missing"
    NO_HEADER = "no_header"
    UNIT_UNKNOWN = "unit_not_in_roster"
    FILE_CUT_SHORT = "file_cut_short"
    NO_SECOND_READER = "no_second_reader"
    COLLECTION_UNSURE = "collection_unsure"

    @property
    def chinese(self) -> str:
        """The problem as the clerk reads it."""
        return _PROBLEMS[self]


_PROBLEMS = {
    Problem.ITEMS_MISSING: "页面不全，有项目没有找到",
    Problem.NO_HEADER: "没有找到填报单位一栏",
    Problem.UNIT_UNKNOWN: "填报单位不在名单中",
    Problem.FILE_CUT_SHORT: "文件不完整，后面的页打不开",
    Problem.NO_SECOND_READER: "未安装 Tesseract，只有一次识别",
    Problem.COLLECTION_UNSURE: "不能确定属于哪个收集任务，请选定",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HeaderReading(_Frozen):
    """A field above the table: `value` as it is written, but a unit as the roster spells it.

    `state` tells a field in which nobody wrote (`blank`) from one that was not found or not read (`unreadable`); `iso` is a
    date's year, month and day where they are certain.
    """

    value: str | None = None
    confidence: float = Field(default=0.0, ge=0, le=1)
    review: bool = True
    state: State = State.UNREADABLE
    iso: str | None = None


class SlotReading(_Frozen):
    """One slot: what stands in it, how sure we are, and where it is.

    `confidence` is the probability that state and value are right. `box` is a fraction of page `page` of the file as
    it came in (EXIF orientation applied), origin top left; both are None where the slot was not found on any page.
    `candidates` are other readings for a person to choose from: of a struck number its correction and itself. `claim` is the
    probability before findings and the office's own calibration, None where the characters are a text layer's; `pen` tells
    whether a pen wrote. Both are None of what was read before there were such fields.
    """

    path: str
    label: str
    state: State
    value: JsonValue
    raw: str
    confidence: float = Field(ge=0, le=1)
    review: bool
    reasons: tuple[Reason, ...] = ()
    page: int | None = None
    box: Box | None = None
    candidates: tuple[str, ...] = ()
    claim: float | None = Field(default=None, ge=0, le=1)
    pen: bool | None = None


class SourceFile(_Frozen):
    """One of several files whose pages were read as one source, and the number of its first page in there."""

    name: str
    first_page: int


class Reading(_Frozen):
    """One return: every slot of the form in printed order; further activities of item 7 stand after the first.

    `review` is true when anything in it needs a person; `problems` says what is wrong with the return as a whole. Where
    pages came as several files, `files` tells them in the order in which their pages are numbered; else it is empty.
    `title` is what stands above the table where the title was needed to tell to which collection the return belongs.
    """

    version: int = CONTRACT_VERSION
    source: str
    form: str
    pages: int
    first_page: int = 1
    files: tuple[SourceFile, ...] = ()
    title: str = ""
    review: bool
    problems: tuple[Problem, ...] = ()
    header: dict[str, HeaderReading]
    slots: tuple[SlotReading, ...]
