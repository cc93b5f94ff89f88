"""A form as a file: what is written is read again as the same form, and what is wrong is told by its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.forms import sample_forms
from schemas.errors import FormFileError
from schemas.form import FieldKind, Form, FormItem, HeaderField, Mark, PlainWords, Slot, SlotKind
from schemas.form_file import form_to_toml, toml_to_form
from schemas.safety_month import SAFETY_MONTH

FORMS = [SAFETY_MONTH, *sample_forms().values()]

HEAD = 'id = "f"\ntitle = "表"\ncolumns = ["项目", "情况"]\n'

ITEM = '[[items]]\nkey = "a"\nheading = "1."\nslots = [{slots}]\n'

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="（）□＿\r", exclude_categories=["C"]), min_size=1, max_size=20
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_a_form_comes_back_from_its_file(form: Form) -> None:
    """The built-in form and twelve of other shapes are the same after they have been written and read."""
    assert toml_to_form(form_to_toml(form)) == form


@given(
    title=WORDS, before=WORDS, after=WORDS, column=WORDS, unit=WORDS, kind=st.sampled_from([SlotKind.COUNT, SlotKind.MONEY])
)
def test_any_words_come_back(title: str, before: str, after: str, column: str, unit: str, kind: SlotKind) -> None:
    """Quotes, backslashes, emoji, line ends: whatever is printed stands in the file and comes back."""
    heading = before + "\n" + after
    slots = (
        Slot("a.s1", kind, before, after, unit=unit),
        Slot("a.s2", SlotKind.TICK, before, after, mark=Mark.BOX, choice=unit),
        Slot("a.s3", kind, heading, "", mark=Mark.CELL, column=column),
    )
    header = (HeaderField("unit", title, FieldKind.UNIT, (before, after)),)
    form = Form("f-1", title, (column, title), header, (FormItem("a", heading, slots),), (PlainWords(before, after),))
    assert toml_to_form(form_to_toml(form)) == form


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "id"),
        ("id = ", "nvalid value"),
        (HEAD, "items"),
        (HEAD + ITEM.format(slots=""), "slots"),
        (HEAD + ITEM.format(slots='{key = "s"}'), "a.s: neither printed words nor a column"),
        (HEAD + ITEM.format(slots='{key = "s", printed = "参与人次"}'), "a.s: printed words hold one of"),
        (HEAD + ITEM.format(slots='{key = "s", printed = "（）场（）人"}'), "a.s: printed words hold one of"),
        (HEAD + ITEM.format(slots='{key = "s", printed = "□是（）"}'), "a.s: printed words hold one of"),
        (HEAD + ITEM.format(slots='{key = "s", printed = "□是", kind = "count"}'), "a.s: □ is ticked"),
        (HEAD + ITEM.format(slots='{key = "s", printed = "（）", kind = "number"}'), "kind"),
        (HEAD + ITEM.format(slots='{key = "S", printed = "（）"}'), "items.0.slots.0.key"),
        (HEAD + ITEM.format(slots='{key = "s", printed = "（）", colour = "red"}'), "colour"),
        (
            HEAD + ITEM.format(slots='{key = "s", printed = "（）"}, {key = "s", printed = "（）"}'),
            "a.slots: s is there twice",
        ),
        (HEAD + ITEM.format(slots='{key = "s", printed = "（）", events = "t"}'), "a.s.events: no other slot t"),
        (HEAD + ITEM.format(slots='{key = "s", printed = "（）", events = "s"}'), "a.s.events: no other slot s"),
        (HEAD + 2 * ITEM.format(slots='{key = "s", printed = "（）"}'), "items: a is there twice"),
        (HEAD + ITEM.format(slots='{key = "s", column = "人数"}') + 'sums = "b"\n', "a.sums: no other item b"),
        (HEAD + "x = " + "[" * 5000, "nested too deep"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(text: str, told: str) -> None:
    """Each mistake is refused with the entry it stands in, and none with a traceback."""
    with pytest.raises(FormFileError) as error:
        toml_to_form(text)
    assert told in error.value.detail


@pytest.mark.parametrize("sums", ['"rows"', '["rows", "more"]'])
def test_a_totals_row_names_what_it_adds_up(sums: str) -> None:
    """One row or several, by key; each of its slots sums those of the same key."""
    rows = "".join(
        f'[[items]]\nkey = "{key}"\nheading = "{key}"\nslots = [{{column = "人数", key = "people"}}]\n'
        for key in ("rows", "more")
    )
    total = f'[[items]]\nkey = "total"\nheading = "合计"\nsums = {sums}\nslots = [{{column = "人数", key = "people"}}]\n'
    slot = toml_to_form(HEAD + rows + total).items[-1].slots[0]
    assert slot.sums == (("rows.people",) if "more" not in sums else ("rows.people", "more.people"))
