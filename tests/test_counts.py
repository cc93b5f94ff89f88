"""Written numbers to integers: certain where the spelling is, refused where people mean different things by it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.glyphs import fold
from pipeline.judging.counts import Certainty, int_to_chinese, parse_count, read_number
from schemas.flow import State

PLAIN: dict[str, int] = {
    "0": 0,
    "5": 5,
    "３００": 300,
    "３20": 320,
    "1 280": 1280,
    "1,280": 1280,
    "1，280": 1280,
    "1、280": 1280,
    "12,345,678": 12_345_678,
    "999999999": 999_999_999,
    "○": 0,
    "1O": 10,
}

CONVERTED: dict[str, int] = {
    "零": 0,
    "无": 0,
    "十": 10,
    "三十": 30,
    "十五": 15,
    "一百一十五": 115,
    "一百十五": 115,
    "三百二十": 320,
    "一百零五": 105,
    "一百〇五": 105,
    "一千二百八十": 1280,
    "一万零二百": 10_200,
    "一万二百": 10_200,
    "一百万零一千": 1_001_000,
    "两百": 200,
    "一万两千": 12_000,
    "一二八〇": 1280,
    "二〇二": 202,
    "2万": 20_000,
    "1.2万": 12_000,
    "1.25万": 12_500,
    "0.5万": 5000,
    "1万2千": 12_000,
    "1万2000": 12_000,
    "3百20": 320,
    "5场": 5,
    "320人次": 320,
    "6个": 6,
    "2篇": 2,
    "共5": 5,
    "共 5 场": 5,
    "一场": 1,
    "三十人": 30,
    "1.2万人次": 12_000,
    "1,280人": 1280,
}

ROUGH: dict[str, int] = {
    "约300": 300,
    "近300": 300,
    "大约300人": 300,
    "300余": 300,
    "300余人": 300,
    "300多": 300,
    "300左右": 300,
    "300人左右": 300,
    "300以上": 300,
    "300+": 300,
    "30余万": 300_000,
    "1.2万余人次": 12_000,
    "二十多": 20,
    "007": 7,
    "00": 0,
    "0,128": 128,
    "05场": 5,
}

REFUSED = (
    *("12,80", "1,2800", ",280", "1,28", "5,6", "1.280", "3.5", "3.0", "12.", "-5", "300-400", "3/4"),
    *("1234567890", "100亿", "1.23456万", "1.2万3千", "1万2", "1万200", "3百2", "2千5万"),
    *("一", "一一", "二三", "三五", "一百五", "一万二", "一千零二百", "百余", "万", "〇五", "十几", "几", "多", "约", "1二"),
    *("�", "5�", "没有", "见附件", "٣"),
)


@pytest.mark.parametrize(("text", "value"), PLAIN.items())
def test_digits_are_plain(text: str, value: int) -> None:
    """Digits of any width, alone or in groups of three, whatever the comma and the nought look like."""
    written = read_number(text)
    assert (written.value, written.state, written.certainty) == (value, State.VALUE, Certainty.PLAIN)
    assert parse_count(text) == (value, True)


@pytest.mark.parametrize(("text", "value"), CONVERTED.items())
def test_other_spellings_are_converted(text: str, value: int) -> None:
    """Chinese numerals, powers of ten in words and words of measure mean one number, and are told from digits."""
    written = read_number(text)
    assert (written.value, written.state, written.certainty) == (value, State.VALUE, Certainty.CONVERTED)
    assert parse_count(text) == (value, False)


@pytest.mark.parametrize(("text", "value"), ROUGH.items())
def test_rough_numbers_are_never_certain(text: str, value: int) -> None:
    """About, more than, or a nought in front: the number is offered, and a person must take it."""
    written = read_number(text)
    assert (written.value, written.state, written.certainty) == (value, State.VALUE, Certainty.VAGUE)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_count_is_refused(text: str) -> None:
    """Malformed groups, fractions, ranges, what people reckon differently and what is too large have no value."""
    written = read_number(text)
    assert (written.value, written.state, written.certainty) == (None, State.UNREADABLE, Certainty.VAGUE)
    assert parse_count(text) == (None, False)


@pytest.mark.parametrize("text", ["/", "／", "—", "——", "-", "//", "\\"])
def test_a_stroke_is_nothing_to_report(text: str) -> None:
    """A stroke through the slot is blank, and never so without a person."""
    written = read_number(text)
    assert (written.value, written.state, written.certainty) == (None, State.BLANK, Certainty.VAGUE)


def test_nothing_is_blank() -> None:
    """Where nothing is written, that is certain."""
    written = read_number(" ")
    assert (written.value, written.state, written.certainty) == (None, State.BLANK, Certainty.PLAIN)


@pytest.mark.parametrize(("text", "digits"), {"1,280": "1280", "1.2万": "12", "三十": "", "约300人": "300"}.items())
def test_a_reader_of_digits_sees_digits(text: str, digits: str) -> None:
    """What a second reader that knows digits only would see is told beside the value."""
    assert read_number(text).digits == digits


@given(number=st.integers(0, 99_999_999))
@settings(deadline=None, max_examples=300)
def test_every_spelling_of_a_number_reads_back(number: int) -> None:
    """A number means itself in digits, groups and full width, surely; in numerals and powers of ten, converted."""
    full_width = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in str(number))
    for text in (str(number), f"{number:,}", f"{number:,}".replace(",", "，"), full_width):
        assert parse_count(text) == (number, True)
    chinese = int_to_chinese(number)
    # 一 alone is not told from a dash.
    spellings = [chinese, chinese.replace("零", "〇")] if chinese != "一" else []
    spellings += [f"{chinese}场", f"{number}人次", f"共{number}个"]
    if number >= 10_000:
        spellings.append(f"{number // 10_000}万{number % 10_000:04}")
        spellings.append(f"{number / 10_000:.4f}".rstrip("0").rstrip(".") + "万")
    for text in spellings:
        written = read_number(text)
        assert written.value == number, text
        assert written.certainty is (Certainty.PLAIN if text == "〇" else Certainty.CONVERTED), text


@given(number=st.integers(1000, 999_999_999), data=st.data())
@settings(deadline=None, max_examples=100)
def test_a_group_of_another_size_is_refused(number: int, data: st.DataObject) -> None:
    """Moving one comma of a grouped number leaves no number: a lost digit must not pass for a smaller count."""
    grouped = f"{number:,}"
    commas = [place for place, char in enumerate(grouped) if char == ","]
    place = data.draw(st.sampled_from(commas))
    bare = grouped[:place] + grouped[place + 1 :]
    moved = data.draw(st.sampled_from([at for at in range(1, len(bare) + 1) if at != place and bare[at - 1] != ","]))
    text = bare[:moved] + "," + bare[moved:]
    if text != grouped:
        assert read_number(text).value is None


@given(text=st.text(alphabet="0123456789,.-/一二三十百千万亿零两约余多场人左右 ", max_size=9))
@settings(deadline=None, max_examples=300)
def test_what_the_alphabet_folds_means_the_same(text: str) -> None:
    """A reader that sees classes of look-alikes reads the same number as one that sees the very characters."""
    assert read_number(text) == read_number("".join(fold(char) for char in text))


@given(text=st.text(max_size=12))
@settings(deadline=None, max_examples=200)
def test_any_text_has_one_of_three_states(text: str) -> None:
    """Whatever is written, a value comes with the state VALUE and nothing else does; none is negative or too large."""
    written = read_number(text)
    assert (written.value is not None) == (written.state is State.VALUE)
    assert written.value is None or 0 <= written.value <= 999_999_999
