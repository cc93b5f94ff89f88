"""What a person should look at in a form that a program has made from a blank."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Why(StrEnum):
    """Why something in a form is doubtful; `chinese` and `english` say it."""

    UNSURE = "unsure"
    NO_UNIT = "no_unit"
    UNCLOSED = "unclosed"
    NO_SLOTS = "no_slots"
    NO_TITLE = "no_title"
    NO_UNIT_FIELD = "no_unit_field"
    NOTE = "note"
    TOTAL = "total"
    FILLED = "filled"
    OUTSIDE = "outside"

    @property
    def chinese(self) -> str:
        """For the person who made the form."""
        return _TOLD[self][0]

    @property
    def english(self) -> str:
        """The same for those who do not read Chinese."""
        return _TOLD[self][1]


class Doubt(NamedTuple):
    """One thing to look at: why, and the words concerned."""

    why: Why
    words: str

    def told(self, *, chinese: bool) -> str:
        """One line for a person."""
        return f"{self.why.chinese}：{self.words}" if chinese else f"{self.why.english}: {self.words}"


_TOLD = {
    Why.UNSURE: ("这些字可能认错，请对照原件", "a printed character may be misread"),
    Why.NO_UNIT: ("没有计量单位，请确认填数字还是文字（kind）", "no word of measure; see what is written there (kind)"),
    Why.UNCLOSED: ("括号不成对，请确认是否为填写处", "a parenthesis without its other half; is it a slot?"),
    Why.NO_SLOTS: ("这一行没有填写处，未列入", "a row without anything to fill in, left out"),
    Why.NO_TITLE: ("没有找到标题，请补上 title", "no title found; write one"),
    Why.NO_UNIT_FIELD: ("没有找到填报单位，请补上 kind 为 unit 的表头项", "no field for the unit that fills it in"),
    Why.NOTE: ("表中的说明文字，未列入", "words in the table that are no row, left out"),
    Why.TOTAL: ("合计行上面有多行，合计关系请自行核对", "a totals row over several rows; the sum is not checked"),
    Why.OUTSIDE: ("表格外有填写处，可能有几行没有认出，请对照原件", "slots outside the table; rows of it may be missed"),
    Why.FILLED: ("空白表中已有内容，请确认是印刷文字", "words where a blank has none; are they print?"),
}
