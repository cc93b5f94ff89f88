"""Amounts and dates in slots: a point must be seen by two, and a day contested by none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import cv2
import numpy as np
import pytest

from extractors.points import count_points
from pipeline.judging.days import date_doubts, likeliest_date
from pipeline.judging.judge import ErrorBudget, glance_suffices, judge_slot
from schemas.flow import DigitReading, Evidence, State
from schemas.form import Slot, SlotKind
from schemas.reading import Reason
from schemas.values import Value
from tests.conftest import ALPHABET, glyph_line
from tests.test_judge import WRITTEN, evidence

AMOUNT = Slot("item.cost", SlotKind.MONEY, "支出", "万元", unit="万元")
DAY = Slot("item.day", SlotKind.DATE, "举办时间", "；")


def seen(text: str, digits: str, points: int | None, slot: Slot = AMOUNT) -> Evidence:
    return replace(evidence(text, slot=slot, ink=WRITTEN, digits=digits), points=None if points is None else (points,) * 3)


@pytest.mark.parametrize(
    ("text", "digits", "points", "value", "shown"),
    [
        ("12.5", "12,5", 1, Decimal("12.5"), False),
        ("12.5", "125", 1, Decimal("12.5"), False),
        ("12.5", "12,5", 0, Decimal("12.5"), False),
        ("12.5", "125", 0, Decimal("12.5"), True),
        ("125", "125", 0, 125, False),
        ("125", "125", 1, 125, True),
        ("125", "12,5", 0, 125, True),
        ("1,280.00", "1,280,00", 2, 1280, False),
        ("0.8", "0,8", 1, Decimal("0.8"), False),
    ],
)
def test_a_point_is_seen_by_two_or_shown(text: str, digits: str, points: int, value: Value, *, shown: bool) -> None:
    """What the recogniser reads as a point, or as none, the digit reader or the pixels must see as well."""
    slot = judge_slot(seen(text, digits, points), ErrorBudget(), ALPHABET)
    assert slot.value == value
    assert (Reason.POINT_UNSURE in slot.reasons) is shown
    assert slot.review is shown


def test_other_digits_contest_an_amount_however_sure() -> None:
    """An amount of which the digit reader sees other digits is shown, however sure the recogniser is."""
    slot = judge_slot(seen("8.00", "18,00", 1), ErrorBudget(), ALPHABET)
    assert Reason.READERS_DISAGREE in slot.reasons


@pytest.mark.parametrize(("hand", "shown"), [(0.0, False), (0.5, True)])
def test_what_may_be_a_pen_s_is_shown(hand: float, *, shown: bool) -> None:
    """On a page that may be a pen's, amounts are for a person: calibration has seen no amounts by pen."""
    slot = judge_slot(replace(seen("12.5", "12,5", 1), hand=hand), ErrorBudget(), ALPHABET)
    assert (Reason.PEN in slot.reasons) is shown


def test_amounts_are_always_looked_at_closely() -> None:
    """No first glance is enough for an amount: the scout knows no points."""
    found = seen("12.5", "12,5", 1)
    assert not glance_suffices(replace(found, placement=replace(found.placement, looked=False)), ErrorBudget(), ALPHABET)


@pytest.mark.parametrize(
    ("text", "points"), [("125", 0), ("12.5", 1), ("1,280.00", 2), ("0.8", 1), ("", 0), (".", 0), ("7", 0)]
)
@pytest.mark.parametrize("blur", [1, 3, 5])
def test_points_are_counted_from_pixels(text: str, points: int, blur: int) -> None:
    """Small marks at the feet of digits, between them, are points and commas."""
    gray = np.full((48, 40 + 24 * max(len(text), 1)), 235, np.uint8)
    for place, char in enumerate(text):
        cv2.putText(gray, char, (20 + 24 * place, 38), cv2.FONT_HERSHEY_SIMPLEX, 1, 40, 3)
    soft = np.asarray(cv2.GaussianBlur(gray, (blur, blur), 0), dtype=np.uint8)
    assert points in count_points(soft)


@pytest.mark.parametrize(
    ("text", "state", "value", "reason"),
    [
        ("2027年6月3日", State.VALUE, "2027-06-03", None),
        ("2027-06-03", State.VALUE, "2027-06-03", None),
        ("2027.6.3", State.VALUE, "2027-06-03", None),
        ("2027.13.3", State.UNREADABLE, None, Reason.NOT_A_DATE),
        ("6月3日", State.UNREADABLE, None, Reason.NO_YEAR),
        ("", State.BLANK, None, None),
    ],
)
def test_a_date_is_a_day_that_there_is(text: str, state: State, value: str | None, reason: Reason | None) -> None:
    """A slot for a date holds a day as ISO 8601 has it; what is none, or lacks its year, is shown with the reason."""
    digits = "".join(char for char in text if char.isdigit())
    slot = judge_slot(seen(text, digits, None, DAY) if text else evidence("", slot=DAY), ErrorBudget(), ALPHABET)
    assert (slot.state, slot.value) == (state, value)
    assert slot.review is (reason is not None)
    assert reason is None or reason in slot.reasons


@pytest.mark.parametrize(
    ("scouted", "digits", "doubts"),
    [
        ("2027年6月3日", "2027?63", []),
        ("2027年6月3日", "20276", []),
        ("2027年6月8日", "202763", [Reason.READERS_DISAGREE]),
        ("2027年6月3日", "202768", [Reason.READERS_DISAGREE]),
        (None, "202763", []),
        (None, "202768", [Reason.ONE_READER]),
    ],
)
def test_a_date_is_contested_by_other_digits(scouted: str | None, digits: str, doubts: list[Reason]) -> None:
    """Another day on the whole line, or other digits in the slot, send a date to a person."""
    placement = replace(
        seen("2027年6月3日", digits, None, DAY).placement,
        scouted=None if scouted is None else glyph_line(scouted).log_probs,
        digits=DigitReading({digits: 0.9}, 0.0),
    )
    assert date_doubts(placement, "2027年6月3日", ALPHABET) == doubts


def test_a_date_is_likelier_than_what_is_none() -> None:
    """Of two strings the one that is a day is meant, unless the other one is far likelier."""
    assert likeliest_date({"2027.6.31": 0.7, "2027.6.21": 0.3})[0] == "2027.6.21"
    assert likeliest_date({"另行通知": 0.999, "2027.6.21": 0.001})[0] == "另行通知"
