"""Cells are named by the sentence that explains them, and slots placed in them, from characters known for sure."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alignment.align import LEAST_CUT_GAIN, Expected, name_items
from pipeline.alignment.gaps import MARGIN
from pipeline.judging.strings import best_strings
from samples import names
from schemas.flow import GlyphLine, NamedCell, Placement, Underline
from schemas.form import FormItem, SlotKind
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET, CHAR, HEADER, filled_sentence, glyph_line, underscored

ITEMS = SAFETY_MONTH.items

ACTIVITY = ITEMS[6]

PARAGRAPH = (
    "今年6月是第22个全国“安全生产月”，为深入学习贯彻习近平总书记关于安全生产重要论述和指示批示精神，"
    "全面落实党中央、国务院以及市委、市政府关于安全生产工作部署，推动全市“安全生产月”活动扎实开展。"
)

digits = st.one_of(st.just(""), st.integers(0, 999_999_999).map(str))

activities = st.integers(0, 10_000).map(lambda seed: names.activity(np.random.default_rng(seed)))


def said(placement: Placement) -> str:
    """What stands in a slot: digits as the form's alphabet has them, or words as they are spelled."""
    if placement.slot.kind is SlotKind.TEXT:
        return "".join(placement.spelling)
    return best_strings(placement.log_probs, ALPHABET)[0].text


def said_in(cell: NamedCell) -> list[str]:
    return [said(placement) for placement in cell.placements]


def broken(text: str, cuts: set[int]) -> list[GlyphLine]:
    """A text on several lines, broken at these places."""
    ends = [0, *sorted(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    return [glyph_line(text[start:end]) for start, end in pairwise(ends)]


def named(lines: list[GlyphLine]) -> NamedCell:
    """The named cell of some lines, which must have a name."""
    cell = (*name_items(SAFETY_MONTH, lines, ALPHABET), None)[0]
    assert cell is not None
    return cell


def values_of(item: FormItem) -> st.SearchStrategy[list[str]]:
    """What people may write into an item's slots, or leave empty."""
    return st.tuples(*(activities if slot.kind is SlotKind.TEXT else digits for slot in item.slots)).map(list)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_slots_come_out_as_filled_in(item: FormItem, data: st.DataObject) -> None:
    """Any values, line breaks anywhere, parentheses of either width: each slot holds what was written in it."""
    values = data.draw(values_of(item))
    text = filled_sentence(item, values)
    if data.draw(st.booleans(), label="half width"):
        text = text.replace("（", "(").replace("）", ")")
    cell = named(broken(text, data.draw(st.sets(st.integers(1, len(text)), max_size=6))))
    assert cell.item == item.key
    assert [placement.path for placement in cell.placements] == [slot.path for slot in item.slots]
    assert [said(placement) for placement in cell.placements] == values


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_a_word_missing_or_doubled_costs_no_slot(item: FormItem, data: st.DataObject) -> None:
    """Where a unit drops or doubles a printed word of one or two characters, every slot still holds its own value."""
    place = data.draw(st.sampled_from([n for n, slot in enumerate(item.slots) if len(slot.before) >= 4]))
    slot = item.slots[place]
    start = data.draw(st.integers(0, len(slot.before) - 2))
    word = slot.before[start : start + data.draw(st.integers(1, 2))]
    rest = slot.before[start + len(word) :]
    again = data.draw(st.sampled_from(["", word * 2]), label="missing or doubled")
    edited = replace(slot, before=slot.before[:start] + again + rest)
    retyped = replace(item, slots=(*item.slots[:place], edited, *item.slots[place + 1 :]))
    values = data.draw(values_of(item))
    cell = named([glyph_line(filled_sentence(retyped, values))])
    assert cell.item == item.key
    assert [said(placement) for placement in cell.placements] == values


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_blank_slots_are_empty(item: FormItem) -> None:
    """On a blank form every slot is found, and nothing stands in it."""
    cell = named([glyph_line(item.sentence)])
    assert cell.item == item.key
    assert all(placement.line is not None for placement in cell.placements)
    assert ["".join(placement.spelling) for placement in cell.placements] == [""] * len(item.slots)


OTHER_TEXT = {
    "nothing": "",
    "title": SAFETY_MONTH.title,
    "column heading": SAFETY_MONTH.columns[1],
    "header": HEADER,
    "paragraph": PARAGRAPH,
    "digits": "1234567890" * 3,
    "parentheses": "（）" * 12,
    **{f"heading of {item.key}": item.heading for item in ITEMS},
}


@pytest.mark.parametrize("text", OTHER_TEXT.values(), ids=OTHER_TEXT.keys())
def test_other_text_names_nothing(text: str) -> None:
    """Headings, titles, paragraphs of the notice and stray signs are no item's cell."""
    assert not name_items(SAFETY_MONTH, [glyph_line(text)], ALPHABET)


def test_no_lines_name_nothing() -> None:
    """An empty cell has no name."""
    assert not name_items(SAFETY_MONTH, [], ALPHABET)


@pytest.mark.parametrize("times", [1, 2, 3])
@given(data=st.data())
@settings(deadline=None, max_examples=15)
def test_every_activity_is_found(times: int, data: st.DataObject) -> None:
    """A cell that says the seventh sentence several times holds as many activities, in order and with their values."""
    written = [[data.draw(activities), *(str(data.draw(st.integers(0, 99_999))) for _ in range(2))] for _ in range(times)]
    cell = named([glyph_line(filled_sentence(ACTIVITY, values)) for values in written])
    keys = ["item7", *(f"item7[{turn}]" for turn in range(2, times + 1))]
    paths = [f"{key}.{name}" for key in keys for name in ("name", "sessions", "attendance")]
    assert [placement.path for placement in cell.placements] == paths
    assert [said(placement) for placement in cell.placements] == [value for values in written for value in values]


@pytest.mark.parametrize(("key", "kept"), [("item2", 5), ("item3", 7), ("item3", 9), ("item4", 3)])
def test_what_a_cut_cell_lacks_is_not_found(key: str, kept: int) -> None:
    """A cell cut by the page end behind one of its slots still has those before it, and the rest on no line."""
    item = next(item for item in ITEMS if item.key == key)
    values = [str(11 + place) for place in range(kept)]
    cell = named([glyph_line(filled_sentence(replace(item, slots=item.slots[:kept]), values))])
    assert cell.item == key
    assert [said(placement) for placement in cell.placements[:kept]] == values
    assert [placement.line for placement in cell.placements[kept:]] == [None] * (len(item.slots) - kept)
    assert all(placement.line is not None for placement in cell.placements[:kept])


def test_a_slot_lies_between_its_parentheses() -> None:
    """`outer` reaches from parenthesis to parenthesis on the line, `inner` over what lies between."""
    item = ITEMS[3]
    text = filled_sentence(item, ["12", "", "7", "305"])
    cell = named([glyph_line(text)])
    opening = -1
    for placement, value in zip(cell.placements, ["12", "", "7", "305"], strict=True):
        opening = text.index(f"（{value}）", opening + 1)
        closing = opening + len(value) + 1
        assert placement.outer == (opening * CHAR, (closing + 1) * CHAR)
        assert placement.inner == ((opening + 1) * CHAR, closing * CHAR)
        assert placement.parentheses == pytest.approx((1.0, 1.0))


def test_a_slot_on_two_lines_stands_where_its_ink_is() -> None:
    """A slot whose closing parenthesis is on the next line is placed on the line that holds its digits."""
    item = ITEMS[3]
    text = filled_sentence(item, ["12", "", "7", "305"])
    cut = text.index("12）个") + 2
    lines = broken(text, {cut})
    placement = named(lines).placements[0]
    assert placement.line is lines[0].line
    assert placement.outer == ((cut - 3) * CHAR, cut * CHAR)


@given(values=st.lists(digits, min_size=4, max_size=4), gap=st.sampled_from(["_", "__", "＿＿", "____"]))
@settings(deadline=None, max_examples=30)
def test_underscores_stand_for_parentheses(values: list[str], gap: str) -> None:
    """Slots retyped as underscores are found; what stands on them is read whole, and nothing but underscores is a blank."""
    cell = named([glyph_line(underscored(ITEMS[3], values, gap=gap))])
    assert said_in(cell) == values
    assert all(placement.underlined for placement in cell.placements)


def test_a_short_item_without_parentheses_is_named() -> None:
    """Item 7 has few words but its parentheses: underscores in their stead are as good."""
    cell = named([glyph_line(underscored(ACTIVITY, ["消防演练", "3", "120"]))])
    assert said_in(cell) == ["消防演练", "3", "120"]


@pytest.mark.parametrize("certain", [True, False])
def test_an_underlined_gap_is_as_wide_as_its_line(certain: bool) -> None:
    """The slot's place is the line's, but for a margin at its ends; nothing printed reaches into it."""
    text = underscored(ITEMS[3], ["12", "", "7", "305"]).replace("_", "")
    opening = text.index("12个")
    line = glyph_line(text, certain=certain)
    beneath = Underline((opening - 0.4) * CHAR, (opening + 2.4) * CHAR, True)
    placement = named([replace(line, line=replace(line.line, underlines=(beneath,)))]).placements[0]
    assert placement.underlined
    assert placement.outer == (beneath.left + MARGIN, beneath.right - MARGIN)
    assert [within for _, within in placement.stretches] == [placement.outer], "what the digit reader is told"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (filled_sentence(ITEMS[3], ["12", "", "7", "305"]), "it has parentheses"),
        (underscored(ITEMS[3], ["12", "", "7", "305"], gap=""), "no line is seen"),
        (underscored(ITEMS[3], ["12", "", "7", "305"]).replace("”", "〓").replace("个；", "〓；", 1), "other words"),
    ],
    ids=lambda value: value if value.isascii() else "",
)
def test_no_line_no_words_no_underlined_slot(text: str, why: str) -> None:
    """A slot counts as underlined only where it has no parentheses, a line beneath and its own words beside it."""
    assert not named([glyph_line(text)]).placements[0].underlined, why


def test_a_line_that_something_touches_vouches_for_nothing() -> None:
    """What runs into the line may be half hidden by it: the slot is placed, but not for sure."""
    text = underscored(ITEMS[3], ["12", "", "7", "305"]).replace("_", "")
    opening = text.index("12个")
    line = glyph_line(text, certain=False)
    beneath = Underline((opening - 0.4) * CHAR, (opening + 2.4) * CHAR, False)
    placement = named([replace(line, line=replace(line.line, underlines=(beneath,)))]).placements[0]
    assert best_strings(placement.log_probs, ALPHABET)[0].text == "12"
    assert not placement.underlined


def test_lines_of_no_slot_are_spare() -> None:
    """A gap that no sentence explains is told of, as spare parentheses are."""
    text = underscored(ACTIVITY, ["消防演练", "3", "120"])
    assert {placement.spare for placement in named([glyph_line(text)]).placements} == {0}
    assert {placement.spare for placement in named([glyph_line(f"{text}另有____家")]).placements} == {1}


def test_foreign_parentheses_before_a_slot_are_not_its_own() -> None:
    """A unit's own words between parentheses stand before the slot, not in it."""
    text = filled_sentence(ITEMS[3], ["12", "", "7", "305"]).replace("公示牌”", "公示牌”（线上线下结合）")
    assert said_in(named([glyph_line(text)])) == ["12", "", "7", "305"]


VALUES_OF = {
    item.key: tuple(str(7 * place + len(item.key)) for place in range(len(item.slots))) for item in SAFETY_MONTH.items
}


def test_a_cell_may_hold_several_items() -> None:
    """Where the rule between rows is missing, each sentence in the cell is found, with its own slots' values."""
    texts = [filled_sentence(item, VALUES_OF[item.key]) for item in SAFETY_MONTH.items[3:6]]
    named = name_items(SAFETY_MONTH, [glyph_line(text) for text in texts], ALPHABET)
    assert {item.item for item in named} == {"item4", "item5", "item6"}
    for item in named:
        read = [best_strings(placement.log_probs, ALPHABET)[0].text for placement in item.placements]
        assert tuple(read) == VALUES_OF[item.item]


@pytest.mark.parametrize(("goes_on", "found"), [(None, ()), ("item7", ("item7",))])
def test_an_item_broken_off_goes_on(goes_on: str | None, found: tuple[str, ...]) -> None:
    """A few words name no item by themselves; behind a page that broke an item off they are its end."""
    tail = [glyph_line("次，参与（4060）人次。")]
    named = name_items(SAFETY_MONTH, tail, ALPHABET, expected=Expected(LEAST_CUT_GAIN, goes_on))
    assert tuple(item.item for item in named) == found
    for item in named:
        assert best_strings(item.placements[-1].log_probs, ALPHABET)[0].text == "4060"
