"""Written amounts and dates to values: exact, and refused where people mean different things by them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.judging.counts import Certainty, read_amount, read_number
from pipeline.judging.dates import read_date
from schemas.flow import State
from schemas.values import json_to_value, number_to_json

PLAIN = {
    "12.5": "12.5",
    "12.50": "12.5",
    "0.5": "0.5",
    "０．５": "0.5",
    "12。5": "12.5",
    "1,280.00": "1280",
    "1，280.05": "1280.05",
    "1280": "1280",
    "999999999.999999": "999999999.999999",
    "0": "0",
    "0.00": "0",
}

CONVERTED = {
    "¥12.50": "12.5",
    "12.5元": "12.5",
    "人民币1,280元": "1280",
    "1280元整": "1280",
    "3.6万": "36000",
    "3.6万元": "36000",
    "1.23456万": "12345.6",
    "三百二十元": "320",
    "一元": "1",
    "叁佰贰拾元整": "320",
    "叁佰元伍角": "300.5",
    "叁佰元零伍分": "300.05",
    "12元5角8分": "12.58",
    "1.125": "1.125",
    "无": "0",
}

VAGUE = {"约12.5": "12.5", "12.5左右": "12.5", "007.5": "7.5", "30余万元": "300000"}

REFUSED = ("1,28.5", "12.", ".5", "1.2.3", "1.1234567", "1234567890.5", "-5.5", "12,5", "没有", "3.5-4", "1万2元", "5角")


@pytest.mark.parametrize(
    ("text", "value", "certainty"),
    [
        *((text, value, Certainty.PLAIN) for text, value in PLAIN.items()),
        *((text, value, Certainty.CONVERTED) for text, value in CONVERTED.items()),
        *((text, value, Certainty.VAGUE) for text, value in VAGUE.items()),
    ],
)
def test_what_is_written_for_an_amount(text: str, value: str, certainty: Certainty) -> None:
    """Digits with decimals are plain, currency, powers of ten in words and formal numerals converted, rough ones vague."""
    written = read_amount(text)
    assert (written.value, written.state, written.certainty) == (Decimal(value), State.VALUE, certainty)
    assert isinstance(written.value, int) == (Decimal(value) == int(Decimal(value)))


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Malformed groups, too many digits and what is no number have no value."""
    written = read_amount(text)
    assert (written.value, written.state, written.certainty) == (None, State.UNREADABLE, Certainty.VAGUE)


@pytest.mark.parametrize(("text", "certainty"), {"": Certainty.PLAIN, "/": Certainty.VAGUE, "——": Certainty.VAGUE}.items())
def test_nothing_and_a_stroke_are_no_amount(text: str, certainty: Certainty) -> None:
    """As in a slot of counts."""
    written = read_amount(text)
    assert (written.value, written.state, written.certainty) == (None, State.BLANK, certainty)


@pytest.mark.parametrize(
    ("text", "value", "certainty"),
    [
        ("3.6", "3.6", Certainty.PLAIN),
        ("3.6万", "3.6", Certainty.VAGUE),
        ("3.6万元", "3.6", Certainty.VAGUE),
        ("36000元", "3.6", Certainty.VAGUE),
    ],
)
def test_a_measure_said_twice_is_for_a_person(text: str, value: str, certainty: Certainty) -> None:
    """In a slot of 万元 what says 万 or 元 once more means ten thousand times less than in one of 元, if it does."""
    written = read_amount(text, "万元")
    assert (written.value, written.certainty) == (Decimal(value), certainty)


@given(whole=st.integers(0, 999_999_999), part=st.integers(0, 999_999), places=st.integers(1, 6))
@settings(deadline=None, max_examples=200)
def test_an_amount_is_exact_to_json_and_back(whole: int, part: int, places: int) -> None:
    """Whatever is written with up to six decimals is that amount, plain or in groups, and comes back from JSON as it was."""
    text = f".{part % 10**places:0{places}}"
    value = Decimal(f"{whole}{text}")
    for written in (f"{whole}{text}", f"{whole:,}{text}"):
        found = read_amount(written)
        assert found.value == value
        assert found.value is not None
        assert json_to_value(number_to_json(found.value)) == value


@given(text=st.text(alphabet="0123456789,.元角分万亿整¥约余一二三十百零/- ", max_size=9))
@settings(deadline=None, max_examples=300)
def test_a_count_is_an_amount(text: str) -> None:
    """Nothing that is a count means another amount, and no text makes the reader stumble."""
    count, amount = read_number(text), read_amount(text)
    if count.value is not None and "元" not in text:
        assert amount.value == count.value


DAYS = {
    "2027年6月3日": "2027-06-03",
    "2027 年 06 月 03 日": "2027-06-03",
    "2027-6-3": "2027-06-03",
    "2027.6.3": "2027-06-03",
    "2027。6。3": "2027-06-03",
    "2027/06/03": "2027-06-03",
    "２０２７－６－３": "2027-06-03",
    "20270603": "2027-06-03",
    "二〇二七年六月三日": "2027-06-03",
    "1968年12月31日": "1968-12-31",
}


@pytest.mark.parametrize(("text", "day"), DAYS.items())
def test_what_is_written_for_a_day(text: str, day: str) -> None:
    """However year, month and day are parted."""
    written = read_date(text)
    assert (written.value, written.state) == (day, State.VALUE)


@pytest.mark.parametrize("text", ["6月3日", "2027年6月", "2027-2-30", "2027-13-1", "2027.6-3", "3027-6-3", "六月", "270603"])
def test_what_is_no_day_is_refused(text: str) -> None:
    """A day has its year, and there is one."""
    assert read_date(text).value is None
    assert read_date(text).state is State.UNREADABLE
