"""Sentences that are alike in several rows: the headings before them tell which is which, or a person does."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors.glyphs import form_to_alphabet
from pipeline.alignment.align import Expected, name_items
from pipeline.alignment.headings import heading_likeness, twin_sentences
from pipeline.judging.judge import ErrorBudget, judge_slot
from pipeline.reading.read import read
from pipeline.reading.readers import load_readers
from samples.maker import Recipe, make_file
from samples.truth import read_truth, truth_path
from schemas.flow import Evidence
from schemas.form import Form, FormItem, Slot, SlotKind
from schemas.reading import Reason
from schemas.safety_month import SAFETY_MONTH
from tests.bench.score import is_right
from tests.test_ticks import line_of

HEADINGS = ("消防演练", "知识竞赛", "隐患排查培训")


def item(key: str, heading: str) -> FormItem:
    held = Slot(f"{key}.held", SlotKind.COUNT, "组织开展活动", "场，", unit="场")
    came = Slot(f"{key}.came", SlotKind.COUNT, "参与职工", "人次。", unit="人次")
    return FormItem(key, heading, (held, came))


FORM = Form(
    "twins",
    "2027年活动统计表",
    ("活动", "情况"),
    SAFETY_MONTH.header,
    tuple(item(f"item{place}", heading) for place, heading in enumerate(HEADINGS, 1)),
)
ALPHABET = form_to_alphabet(FORM)
LINE = line_of("组织开展活动（3）场，参与职工（120）人次。", ALPHABET)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_heading_names_a_sentence_that_has_twins(place: int) -> None:
    """The words before a sentence decide between items that say the same."""
    expected = Expected(headings=heading_likeness(FORM, [str(place + 1), HEADINGS[place]]))
    (found,) = name_items(FORM, [LINE], ALPHABET, expected=expected)
    assert found.item == f"item{place + 1}"
    assert not any(one.ambiguous for one in found.placements)


def test_without_headings_a_person_tells_twins_apart() -> None:
    """A sentence that may be several items' is read, and each of its slots is shown."""
    (found, *_) = name_items(FORM, [LINE], ALPHABET)
    slots = [judge_slot(Evidence(one, 0, 0.0, 0.0, None), ErrorBudget(), ALPHABET) for one in found.placements]
    assert [slot.value for slot in slots] == [3, 120]
    assert all(slot.review and Reason.PLACE_UNSURE in slot.reasons for slot in slots)


def test_the_built_in_form_has_no_twins() -> None:
    """No sentence of the built-in form is like another one."""
    assert twin_sentences(SAFETY_MONTH) == {}


@pytest.mark.parametrize("capture", ["digital", "flatbed"])
def test_a_page_of_twins_is_read_by_its_headings(capture: str, tmp_path: Path) -> None:
    """On a page each of the rows that say the same is the one that its heading names."""
    path = (
        tmp_path
        / make_file([Recipe(capture, pages=1, retyped=False, seal=False, turn=0)], 41, tmp_path / "r", form=FORM).file
    )
    (truth,) = read_truth(truth_path(path)).returns
    (reading,) = read(path, form=FORM, readers=load_readers(FORM)).readings
    slots = {slot.path: slot for slot in reading.slots}
    assert all(is_right(slot, slots[slot.path]) for slot in truth.slots)
    assert not any(Reason.PLACE_UNSURE in slot.reasons for slot in reading.slots)
