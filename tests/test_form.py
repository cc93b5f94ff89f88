"""The form is declared once and says what the paper says."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas.form import EMPTY_PARENTHESES, FormItem, SlotKind, slot
from schemas.safety_month import SAFETY_MONTH, Advocacy, CaseExposure, SafetyMonthReturn

PRINTED = {
    "item1": (
        "组织开展宣讲（）场，参与（）人次；发表评论文章或心得体会（）篇；"
        "组织开展“安全生产大家谈”“班前会”“以案说法”等活动（）场，参与（）人次。"
    ),
    "item4": (
        "推动设置“12350安全举报公示牌”（）个；曝光重大事故隐患和突出问题（）个；"
        "在主流媒体公布“一案双罚”典型案例（）个，安全生产行刑衔接（含危险作业罪）等各类典型案例（）个。"
    ),
    "item6": "组织开展“安全宣传咨询日”现场活动（）场，参与（）人次，网络直播（）场、（）人观看。",
    "item7": "活动名称（），组织（）场/次，参与（）人次。",
}


def item(key: str) -> FormItem:
    return next(item for item in SAFETY_MONTH.items if item.key == key)


def test_slots_by_item() -> None:
    """The seven items hold 5, 7, 10, 4, 6, 4 and 3 slots, 39 in all, and only the seventh may be said again."""
    assert [len(item.slots) for item in SAFETY_MONTH.items] == [5, 7, 10, 4, 6, 4, 3]
    assert len(SAFETY_MONTH.slots) == 39
    assert [item.key for item in SAFETY_MONTH.items if item.repeats] == ["item7"]


def test_one_slot_is_text() -> None:
    """38 slots are counts; the name of the seventh item's activity is words."""
    texts = [slot.path for slot in SAFETY_MONTH.slots if slot.kind is SlotKind.TEXT]
    assert texts == ["item7.name"]


@pytest.mark.parametrize("key", PRINTED)
def test_sentence_is_the_paper_s(key: str) -> None:
    """Put together, an item's slots say its right-hand cell to the letter."""
    assert item(key).sentence == PRINTED[key]


@pytest.mark.parametrize("number", range(1, 8))
def test_heading_begins_with_its_number(number: int) -> None:
    """The left column is an item's docstring and begins with its printed number."""
    assert item(f"item{number}").heading.startswith(f"{number}.")


def test_parentheses_with_words_are_print() -> None:
    """（含危险作业罪） and （盖章） are printed words: no slot begins in them."""
    assert [slot.before for slot in item("item4").slots][-1] == "安全生产行刑衔接（含危险作业罪）等各类典型案例"
    assert SAFETY_MONTH.header[0].label == "填报单位（盖章）"
    assert not any(slot.before.endswith("盖章") for slot in SAFETY_MONTH.slots)


def test_every_slot_stands_once_in_its_sentence() -> None:
    """A sentence holds an empty pair of parentheses for each slot, and no more."""
    for row in SAFETY_MONTH.items:
        assert row.sentence.count(EMPTY_PARENTHESES) == len(row.slots)


def test_headings_tell_slots_apart() -> None:
    """Five slots say 参与（）人次; as table headings no two slots are alike, and they come in printed order."""
    headings = SAFETY_MONTH.headings
    assert list(headings) == [slot.path for slot in SAFETY_MONTH.slots]
    assert len(set(headings.values())) == 39
    assert headings["item1.lectures"] == "1.1 组织开展宣讲（）场"
    assert headings["item7.attendance"] == "7.3 参与（）人次"


def test_attendance_knows_its_events() -> None:
    """A slot that counts people names the slot of the same item that counts the events they came to."""
    events = {slot.path: slot.events for slot in SAFETY_MONTH.slots if slot.events}
    assert events["item1.lecture_attendance"] == "item1.lectures"
    assert events["item6.livestream_viewers"] == "item6.livestreams"
    places = {slot.path: place for place, slot in enumerate(SAFETY_MONTH.slots)}
    for path, of in events.items():
        assert path.split(".")[0] == of.split(".")[0]
        assert places[of] == places[path] - 1


@pytest.mark.parametrize("printed", ["", "组织开展宣讲场，", "组织（含演练）场，", "参与（）人（）次", "参与( )人次"])
def test_slot_has_exactly_one_empty_pair(printed: str) -> None:
    """A sentence without an empty pair of full-width parentheses, or with two, is refused where it is declared."""
    with pytest.raises(ValueError, match="exactly one"):
        slot(printed)


def test_schema_carries_the_printed_words() -> None:
    """Whoever reads the JSON schema of a return sees the words of the paper."""
    items = SafetyMonthReturn.model_json_schema()["$defs"]
    drawn = {name: "".join(field["printed"] for field in model["properties"].values()) for name, model in items.items()}
    assert drawn["Advocacy"] == PRINTED["item1"]
    assert drawn["CaseExposure"] == PRINTED["item4"]
    assert drawn["OtherActivity"] == PRINTED["item7"]


@pytest.mark.parametrize(
    ("value", "accepted"), [(0, True), (None, True), (12, True), (-1, False), ("many", False), (1.5, False)]
)
def test_count_is_nought_or_more(value: object, accepted: bool) -> None:
    """A count is a whole number of at least nought, or None where nobody wrote."""
    if accepted:
        assert Advocacy.model_validate({"lectures": value}).lectures == value
    else:
        with pytest.raises(ValidationError):
            Advocacy.model_validate({"lectures": value})


def test_unknown_slot_is_refused() -> None:
    """A misspelt slot is an error, not a value that is lost."""
    with pytest.raises(ValidationError):
        CaseExposure.model_validate({"hotline_sign": 3})


def test_blank_return_is_valid() -> None:
    """A return nobody wrote on holds None everywhere, which is not nought."""
    blank = SafetyMonthReturn()
    assert blank.item1.lectures is None
    assert blank.item7 == ()
    assert blank != SafetyMonthReturn(item1=Advocacy(lectures=0))
