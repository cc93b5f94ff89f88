"""The fields above the table: what is written is what is read, and every doubt is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alignment.labels import place_header
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.header import judge_fields
from samples.names import unit_names
from schemas.flow import LINE_HEIGHT, GlyphLine, Placement, State
from schemas.reading import HeaderReading
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET, CHAR, glyph_line
from tests.test_labels import blurred

LABELS = {field.key: field.label for field in SAFETY_MONTH.header}

ROSTER = ("青禾县总工会", "白石区总工会", "云川市电力工会")


def line_of(values: dict[str, str], *, certain: bool) -> GlyphLine:
    return glyph_line("".join(label + values.get(key, "") for key, label in LABELS.items()), certain=certain)


def read(
    values: dict[str, str],
    *,
    certain: bool = False,
    roster: tuple[str, ...] = (),
    doubts: dict[int, tuple[str, float]] | None = None,
    by_pen: bool = False,
) -> dict[str, HeaderReading]:
    """A header as the recogniser sees it. `doubts`: at a place of the line another character, and its probability."""
    line = line_of(values, certain=certain)
    log_probs, sureness = line.log_probs.copy(), line.sureness.copy()
    for place, (char, probability) in (doubts or {}).items():
        seen = log_probs[2 * place].copy()
        log_probs[2 * place] = np.log(np.exp(seen) * (1 - probability) + 1e-9)
        log_probs[2 * place, ALPHABET.index(char)] = np.log(probability)
        sureness[2 * place] = 1 - probability
    placed = place_header(SAFETY_MONTH, [replace(line, log_probs=log_probs, sureness=sureness)], ALPHABET)
    return judge_fields(SAFETY_MONTH, placed, ErrorBudget(), ALPHABET, roster=roster, by_pen=by_pen)


FILLED = {"unit": "青禾县总工会", "contact": "王文", "phone": "0990-5512345", "date": "2026年6月28日"}


@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize("roster", [(), ROSTER])
def test_a_clear_header_needs_nobody(certain: bool, roster: tuple[str, ...]) -> None:
    """What is clearly written is read as it stands, from a text layer or from pixels, with a roster or without."""
    header = read(FILLED, certain=certain, roster=roster)
    assert {key: field.value for key, field in header.items()} == FILLED
    assert {field.state for field in header.values()} == {State.VALUE}
    assert not any(field.review for field in header.values())
    assert all(field.confidence < 1 for field in header.values())


@given(unit=st.sampled_from(unit_names()))
@settings(deadline=None, max_examples=30)
def test_a_unit_is_the_rosters(unit: str) -> None:
    """A unit of the roster is read as that unit."""
    field = read({**FILLED, "unit": unit}, roster=unit_names())["unit"]
    assert (field.value, field.review) == (unit, False)


def test_a_unit_off_the_roster_is_for_review() -> None:
    """A unit that no name of the roster is like stays as it was read, and a person is asked."""
    field = read({**FILLED, "unit": "消防支队工会"}, roster=ROSTER)["unit"]
    assert (field.value, field.review) == ("消防支队工会", True)
    assert field.confidence <= 0.5


PHONES: list[tuple[str, bool]] = [
    ("5512345", True),
    ("55123456", True),
    ("0990-5512345", True),
    ("09905512345", True),
    ("(0990)5512345", True),
    ("（0990）5512345", True),
    ("010-55123456", True),
    ("0990-5512345-801", True),
    ("13800000000", True),
    ("138-0000-0000", True),
    ("5512345/13800000000", True),
    ("400-000-0000", True),
    ("551234", False),
    ("0990-551234", False),
    ("1380000000", False),
    ("(09905512345", False),
    ("0990-55123456789", False),
]


@pytest.mark.parametrize(("phone", "usual"), PHONES)
def test_telephone_numbers(phone: str, usual: bool) -> None:
    """A number that keeps to the grammar is taken; one that does not is read as it stands, and shown."""
    field = read({**FILLED, "phone": phone})["phone"]
    assert field.value == phone.translate(str.maketrans("（）", "()"))
    assert field.review != usual


DATES: list[tuple[str, bool, str | None]] = [
    ("2026年6月30日", True, "2026-06-30"),
    ("2026年06月30日", True, "2026-06-30"),
    ("2026.6.30", True, "2026-06-30"),
    ("2026-06-30", True, "2026-06-30"),
    ("2026/6/30", True, "2026-06-30"),
    ("20260630", True, "2026-06-30"),
    ("二〇二六年六月三十日", True, "2026-06-30"),
    ("6月30日", True, None),
    ("6.30", True, None),
    ("2024年2月29日", True, "2024-02-29"),
    ("2026年2月29日", False, None),
    ("2026年13月1日", False, None),
    ("2026.6.31", False, None),
    ("2026.6-30", False, None),
    ("1026-06-30", False, None),
    ("2026年6月", False, None),
]


@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize(("date", "usual", "iso"), DATES)
def test_dates(date: str, usual: bool, iso: str | None, certain: bool) -> None:
    """A date stays as it is written; year, month and day are told where they are certain. No such day is shown."""
    field = read({**FILLED, "date": date}, certain=certain)["date"]
    assert (field.value, field.iso) == (date, iso)
    assert certain or field.review != usual


def test_grammar_decides_between_likely_letters() -> None:
    """Where a digit is blurred, the number that may be one wins over the likelier one that may not."""
    text = "".join(label + FILLED[key] for key, label in LABELS.items())
    place = text.index("2026年") + 5
    assert read(FILLED, doubts={place: ("三", 0.6)})["date"].value == FILLED["date"]


@pytest.mark.parametrize("key", FILLED)
def test_a_blurred_character_is_shown(key: str) -> None:
    """A field with a character of which the recogniser is unsure goes to a person."""
    text = "".join(label + FILLED[field] for field, label in LABELS.items())
    place = text.index(FILLED[key]) + len(FILLED[key]) - (2 if key == "date" else 1)
    assert read(FILLED, doubts={place: ("7", 0.4)})[key].review


@pytest.mark.parametrize("line", ["", "____", "_﹏_", "＿＿"])
@pytest.mark.parametrize("key", ["contact", "phone", "date"])
def test_nobody_wrote(key: str, line: str) -> None:
    """An empty field is blank, the line to write on notwithstanding: no value, and nobody need look."""
    field = read({**FILLED, key: line})[key]
    assert (field.value, field.state, field.review) == (None, State.BLANK, False)


@pytest.mark.parametrize("roster", [(), ROSTER])
def test_of_a_pen_nothing_is_taken_but_a_unit_of_the_roster(roster: tuple[str, ...]) -> None:
    """What a pen has written above the table is read and shown; so are blank fields, for pens may be faint."""
    header = read({**FILLED, "date": "____"}, roster=roster, by_pen=True)
    assert (header["unit"].value, header["contact"].value, header["date"].state) == ("青禾县总工会", "王文", State.BLANK)
    assert {key for key, field in header.items() if not field.review} == ({"unit"} if roster else set())


def test_a_return_without_its_unit_is_for_review() -> None:
    """A blank unit is blank, and a person must say whose return it is."""
    field = read({**FILLED, "unit": "____"}, roster=ROSTER)["unit"]
    assert (field.value, field.state, field.review) == (None, State.BLANK, True)


def inked(placement: Placement, *, rule: bool) -> Placement:
    """A field with strokes on its line, or with a line to write on alone."""
    assert placement.line is not None
    bgr = placement.line.bgr.copy()
    left, right = int(placement.inner[0]), int(placement.inner[1])
    if rule:
        bgr[LINE_HEIGHT - 10 : LINE_HEIGHT - 7, left:right] = 0
    else:
        bgr[12:36, (left + right) // 2 : (left + right) // 2 + 4] = 0
    return replace(placement, line=replace(placement.line, bgr=bgr))


@pytest.mark.parametrize(("rule", "state"), [(True, State.BLANK), (False, State.UNREADABLE)])
def test_ink_that_nobody_reads_is_no_blank(rule: bool, state: State) -> None:
    """Strokes in a field that the recogniser does not see are for a person; the line to write on is none."""
    line = line_of({**FILLED, "phone": "_" * (4 * LINE_HEIGHT // CHAR)}, certain=False)
    placed = tuple(
        inked(field, rule=rule) if field.path == "phone" else field for field in place_header(SAFETY_MONTH, [line], ALPHABET)
    )
    field = judge_fields(SAFETY_MONTH, placed, ErrorBudget(), ALPHABET)["phone"]
    assert (field.value, field.state, field.review) == (None, state, state is State.UNREADABLE)


@pytest.mark.parametrize("contact", ["王", "王文13800000000", "王文；李明"])
def test_a_name_that_does_not_look_like_one_is_shown(contact: str) -> None:
    """Names are two to four Chinese characters; what else is read as one may have swallowed its neighbour."""
    field = read({**FILLED, "contact": contact})["contact"]
    assert (field.value, field.review) == (contact.replace("；", ";"), True)


def test_a_hole_in_a_name_is_shown() -> None:
    """Where a character's place is empty, it may have been lost: without a roster the name is for review."""
    line = line_of({**FILLED, "unit": "长岭食品有限公司工会"}, certain=False)
    place = len(LABELS["unit"]) + 1
    for hidden, review in ((set[int](), False), ({place}, True)):
        placed = place_header(SAFETY_MONTH, [blurred(line, hidden)], ALPHABET)
        assert judge_fields(SAFETY_MONTH, placed, ErrorBudget(), ALPHABET)["unit"].review is review


def test_what_is_not_found_has_no_confidence() -> None:
    """Without a header every field is unreadable, and a person must look."""
    fields = judge_fields(SAFETY_MONTH, (), ErrorBudget(), ALPHABET)
    assert fields == {field.key: HeaderReading() for field in SAFETY_MONTH.header}
    assert all(field.review and field.state is State.UNREADABLE for field in fields.values())
