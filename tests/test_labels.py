"""The lines above a table to its fields: labels in any order and spelling, whole or in part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise, permutations
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.glyphs import Alphabet, chars_to_glyphs, form_to_alphabet
from pipeline.alignment.labels import place_header
from samples.names import unit_names
from schemas.flow import GlyphLine, PageChar, Placement
from schemas.form import FieldKind, HeaderField
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET, CHAR, glyph_line

VALUES = {"unit": "青禾县总工会", "contact": "王文", "phone": "0990-5512345", "date": "2026年6月28日"}

LABELS = {field.key: field.label for field in SAFETY_MONTH.header}


def spelled(placed: tuple[Placement, ...]) -> dict[str, str]:
    """What stands in each field that was found."""
    return {field.path: "".join(field.spelling) for field in placed if field.line is not None}


def line_in(text: str, alphabet: Alphabet) -> GlyphLine:
    """A line whose characters are known for sure, in another form's alphabet."""
    line = glyph_line(text)
    chars = [PageChar(char, (0.0, 0.0, 1.0, 1.0)) for char in text]
    return chars_to_glyphs(line.line, chars, line.edges[::2], alphabet)


def placed(*lines: str | GlyphLine) -> tuple[Placement, ...]:
    return place_header(SAFETY_MONTH, [glyph_line(line) if isinstance(line, str) else line for line in lines], ALPHABET)


def header(keys: tuple[str, ...] = tuple(VALUES), *, labels: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """A label and its value for each field."""
    return [{**LABELS, **labels}[key] + VALUES[key] for key in keys]


@given(
    unit=st.sampled_from(unit_names()),
    contact=st.sampled_from(["王文", "欧阳国庆", ""]),
    phone=st.sampled_from(["0990-5512345", "5512345", ""]),
    date=st.sampled_from(["2026年6月28日", "2026.6.28", ""]),
    cuts=st.sets(st.integers(1, 3)),
)
@settings(deadline=None, max_examples=40)
def test_fields_hold_what_stands_behind_their_labels(unit: str, contact: str, phone: str, date: str, cuts: set[int]) -> None:
    """Each field above the table holds what stands behind its label, on one line or several; empty ones hold nothing."""
    written = dict(zip(VALUES, (unit, contact, phone, date), strict=True))
    parts = [LABELS[key] + value for key, value in written.items()]
    edges = [0, *sorted(cuts), len(parts)]
    found = placed(*("".join(parts[start:stop]) for start, stop in pairwise(edges)))
    assert [field.path for field in found] == list(VALUES)
    assert spelled(found) == written


@pytest.mark.parametrize("order", list(permutations(VALUES)))
def test_fields_are_found_in_any_order(order: tuple[str, ...]) -> None:
    """Units that type the form anew put the fields in any order."""
    assert spelled(placed("".join(header(order)))) == VALUES


@pytest.mark.parametrize(
    ("key", "label"), [(field.key, label) for field in SAFETY_MONTH.header for label in (field.label, *field.also)]
)
def test_labels_have_other_spellings(key: str, label: str) -> None:
    """Each spelling of a label is found, and no part of it goes to a value."""
    assert spelled(placed("".join(header(labels={key: label})))) == VALUES


def blurred(line: GlyphLine, hidden: set[int]) -> GlyphLine:
    """A line some of whose characters the recogniser does not see at all."""
    log_probs, spelling = line.log_probs.copy(), list(line.spelling)
    for place in hidden:
        log_probs[2 * place] = np.log(1e-6)
        log_probs[2 * place, 0] = 0.0
        spelling[2 * place] = ""
    return replace(line, log_probs=log_probs, spelling=tuple(spelling))


@pytest.mark.parametrize(
    "hidden", [{0, 1, 2, 3}, {4, 5, 6, 7}, {0, 2, 5}, {3, 4}], ids=["begin", "end", "here and there", "middle"]
)
def test_a_seal_may_hide_half_of_a_label(hidden: set[int]) -> None:
    """Half of the unit's label is enough to find its field."""
    found = placed(blurred(glyph_line("".join(header())), hidden))
    assert spelled(found) == VALUES


@pytest.mark.parametrize("key", LABELS)
def test_a_misread_label_is_found(key: str) -> None:
    """A label with one character read as another one is found, and takes nothing from the values beside it."""
    for place in (0, len(LABELS[key]) - 1) if len(LABELS[key]) > 2 else ():
        label = LABELS[key][:place] + "口" + LABELS[key][place + 1 :]
        found = spelled(placed("".join(header(labels={key: label}))))
        assert all(value in found[field] for field, value in VALUES.items())


def test_a_field_that_is_not_printed_has_no_line() -> None:
    """A label that is not there is not found, and the others keep their values."""
    found = placed("".join(header(("unit", "phone", "date"))))
    assert spelled(found) == {key: value for key, value in VALUES.items() if key != "contact"}
    assert next(field for field in found if field.path == "contact").line is None


def test_a_seal_may_hide_the_whole_label_of_the_unit() -> None:
    """What stands ahead of the other labels on their line is the unit, and its label counts as unseen."""
    found = placed(SAFETY_MONTH.title, VALUES["unit"] + "".join(header()[1:]))
    assert spelled(found) == VALUES
    assert found[0].anchors[0] == 0.0


@pytest.mark.parametrize("certain", [True, False])
@given(cut=st.integers(1, 60))
@settings(deadline=None, max_examples=40)
def test_a_line_may_break_anywhere(certain: bool, cut: int) -> None:
    """A value that is broken ahead of another label is read whole; one of which the rest may be something else is unsure."""
    text = "".join(header())
    found = placed(*(glyph_line(part, certain=certain) for part in (text[:cut], text[cut:]) if part))
    said = spelled(found)
    assert {key for key in VALUES if key != "date"} <= {key for key, value in said.items() if value == VALUES[key]}
    assert said["date"] == VALUES["date"] or (not certain and min(found[-1].anchors) == 0.0)


def test_marks_between_lines_belong_to_no_value() -> None:
    """What a seal leaves between two lines of fields is no part of a value, and makes the one before it unsure."""
    first, second = "".join(header()[:2]), "".join(header()[2:])
    found = placed("总工", *(glyph_line(line, certain=False) for line in (first, "县总", second, "1")))
    assert spelled(found) == VALUES
    assert {field.path for field in found if min(field.anchors) == 0.0} == {"contact", "date"}


def test_a_value_may_stand_below_its_label() -> None:
    """A value on the line below its label is found there."""
    assert spelled(placed("填报单位（盖章）", "青禾县总工会", "联系人王文"))["unit"] == "青禾县总工会"


def test_a_value_has_its_place() -> None:
    """What is cut out for a field are its own characters' columns."""
    found = placed("".join(header()))
    start = len(LABELS["unit"])
    assert found[0].inner == (start * CHAR, (start + len(VALUES["unit"])) * CHAR)


@pytest.mark.parametrize(
    "text",
    ["", SAFETY_MONTH.title, "请各单位于6月30日前将统计表报市总工会", "123456"],
    ids=["nothing", "title", "notice", "digits"],
)
def test_other_text_above_the_table_is_no_header(text: str) -> None:
    """Where no printed label is seen, there are no fields."""
    assert placed(text) == ()
    assert placed() == ()


MANY = tuple(
    HeaderField(f"f{place}", label)
    for place, label in enumerate(
        ["负责人", "联系电话", "职工总数", "女职工数", "行业类别", "所属街道", "填表人", "审核人", "上报日期"]
    )
)


@pytest.mark.parametrize("lost", [(), (3,), (0, 8)])
def test_many_fields_are_found_in_the_form_s_order(lost: tuple[int, ...]) -> None:
    """Of a form with more fields than can be sought in any order, all are found in its own, those that are missing passed
    over."""
    form = replace(SAFETY_MONTH, header=MANY)
    alphabet = form_to_alphabet(form)
    written = {field.key: f"{place}12" for place, field in enumerate(MANY) if place not in lost}
    text = "".join(field.label + written[field.key] for field in MANY if field.key in written)
    assert spelled(place_header(form, [line_in(text, alphabet)], alphabet)) == written


def test_a_form_may_have_one_field_or_none() -> None:
    """One short label is enough where the form has no other; a form without fields has none above its table."""
    form = replace(SAFETY_MONTH, header=(HeaderField("unit", "单位", FieldKind.UNIT),))
    alphabet = form_to_alphabet(form)
    assert spelled(place_header(form, [line_in("单位青禾县总工会", alphabet)], alphabet)) == {"unit": "青禾县总工会"}
    assert place_header(form, [line_in("此处没有", alphabet)], alphabet) == ()
    assert place_header(replace(form, header=()), [line_in("单位青禾县总工会", alphabet)], alphabet) == ()
