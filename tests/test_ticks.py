"""Boxes to tick: found between their printed words, and ticked or not by glyph and pixels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from extractors.boxes import look_at_box
from extractors.glyphs import OPEN_BOXES, TICKED_BOXES, Alphabet, chars_to_glyphs, form_to_alphabet
from pipeline.alignment.align import name_items
from pipeline.judging.ticks import read_tick
from schemas.flow import BoxLook, Evidence, GlyphLine, Image, PageChar, Placement, State
from schemas.form import Form, FormItem, Mark, Slot, SlotKind
from schemas.reading import Reason
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import CHAR, blank_line

YES = Slot("check.yes", SlotKind.TICK, "是否成立领导小组：", "是", mark=Mark.BOX, choice="group")
NO = Slot("check.no", SlotKind.TICK, " ", "否；", mark=Mark.BOX, choice="group")
STAFF = Slot("check.staff", SlotKind.COUNT, "配备班组安全员", "人。")
ITEM = FormItem("check", "1.组织保障", (YES, NO, STAFF))
FORM = Form("check", "班组安全自查表", ("项目", "情况"), (), (ITEM,))
ALPHABET = form_to_alphabet(FORM)

EMPTY, FULL, UNCLEAR = BoxLook((10.0, 40.0), 0.0, 300), BoxLook((10.0, 40.0), 0.4, 500), BoxLook((10.0, 40.0), 0.08, 300)
NO_FRAME = BoxLook(None, 0.0, 300)


def line_of(text: str, alphabet: Alphabet = ALPHABET) -> GlyphLine:
    places = np.arange(len(text), dtype=np.float32)[:, None] * CHAR
    edges = np.hstack([places, places + CHAR])
    chars = [PageChar(char, (0.0, 0.0, 1.0, 1.0)) for char in text]
    return chars_to_glyphs(blank_line(len(text)), chars, edges, alphabet)


def placed(text: str) -> tuple[Placement, ...]:
    (item,) = name_items(FORM, [line_of(text)], ALPHABET)
    return item.placements


@pytest.mark.parametrize("boxes", [("□", "□"), ("☑", "☐"), ("√", "□"), ("■", "◻"), ("☑√", "□"), ("日", "门")])
def test_a_box_stands_between_its_words(boxes: tuple[str, str]) -> None:
    """Whatever a box has become, it is found between the printed words beside it, and the slot behind it is read."""
    yes, no, staff = placed(f"是否成立领导小组：{boxes[0]}是 {boxes[1]}否；配备班组安全员（12）人。".replace(" ", ""))
    assert [one.path for one in (yes, no, staff)] == ["check.yes", "check.no", "check.staff"]
    assert ["".join(one.spelling) for one in (yes, no, staff)] == [*boxes, "12"]
    assert min(*yes.anchors, *no.anchors) == 1.0


def test_a_box_at_a_sentence_s_beginning_has_words_on_one_side() -> None:
    """Nothing is printed before the first box of a sentence; what follows vouches for its place."""
    item = replace(ITEM, slots=(replace(YES, before=""), NO, STAFF))
    form = replace(FORM, items=(item,))
    (found,) = name_items(form, [line_of("☑是□否；配备班组安全员（3）人。")], ALPHABET)
    assert ["".join(one.spelling) for one in found.placements] == ["☑", "□", "3"]


def test_boxes_are_one_class_only_where_a_form_has_them() -> None:
    """Boxes, ticked or not, are one class of the alphabet of a form that has them; the built-in form knows none."""
    assert len({ALPHABET.index(char) for char in OPEN_BOXES + TICKED_BOXES}) == 1
    plain = form_to_alphabet(SAFETY_MONTH)
    assert plain.index("□") == plain.other


def drawn(*strokes: str) -> Placement:
    """A box of a scanned line, with what is drawn over it."""
    bgr = np.full((48, 200, 3), 235, np.uint8)
    cv2.putText(bgr, "A", (30, 38), cv2.FONT_HERSHEY_SIMPLEX, 1, (30, 30, 30), 2)
    cv2.putText(bgr, "B", (150, 38), cv2.FONT_HERSHEY_SIMPLEX, 1, (30, 30, 30), 2)
    if "frame" in strokes:
        cv2.rectangle(bgr, (85, 11), (113, 39), (60, 60, 60), 2)
    if "filled" in strokes:
        cv2.rectangle(bgr, (85, 11), (113, 39), (20, 20, 20), -1)
    if "tick" in strokes:
        cv2.polylines(bgr, [np.array([[86, 24], [96, 36], [118, 6]])], False, (140, 40, 30), 3)
    if "cross" in strokes:
        cv2.line(bgr, (88, 14), (110, 36), (20, 20, 20), 2)
        cv2.line(bgr, (110, 14), (88, 36), (20, 20, 20), 2)
    return with_pixels(bgr)


def with_pixels(bgr: Image) -> Placement:
    (yes, *_) = placed("是否成立领导小组：□是□否；配备班组安全员（3）人。")
    assert yes.line is not None
    soft = np.asarray(cv2.GaussianBlur(bgr, (3, 3), 0), dtype=np.uint8)
    return replace(yes, line=replace(yes.line, bgr=soft), outer=(70.0, 135.0), inner=(70.0, 135.0))


@pytest.mark.parametrize(
    ("strokes", "framed", "filled"),
    [
        (("frame",), True, False),
        (("frame", "tick"), True, True),
        (("frame", "cross"), True, True),
        (("filled",), True, True),
        (("tick",), False, False),
        ((), False, False),
    ],
)
def test_pixels_tell_a_frame_and_what_fills_it(strokes: tuple[str, ...], *, framed: bool, filled: bool) -> None:
    """A frame is seen with or without what ticks it; a tick that stands there alone is no frame."""
    look = look_at_box(drawn(*strokes))
    assert look is not None
    assert (look.frame is not None) is framed
    assert (look.filled > 0.12) is filled
    assert (look.ink > 0) is bool(strokes)


@pytest.mark.parametrize(
    ("glyph", "box", "state", "shown"),
    [
        ("□", EMPTY, State.BLANK, False),
        ("☑", FULL, State.VALUE, False),
        ("", EMPTY, State.BLANK, False),
        ("区", FULL, State.VALUE, False),
        ("", BoxLook((10.0, 26.0), 0.5, 300), State.VALUE, True),
        ("", BoxLook((10.0, 40.0), 0.15, 300), State.VALUE, True),
        ("√", NO_FRAME, State.VALUE, False),
        ("□", FULL, State.VALUE, True),
        ("☑", EMPTY, State.VALUE, True),
        ("□", NO_FRAME, State.BLANK, True),
        ("□", UNCLEAR, State.BLANK, True),
        ("", UNCLEAR, State.UNREADABLE, True),
        ("", NO_FRAME, State.UNREADABLE, True),
    ],
)
def test_glyph_and_pixels_must_not_contradict(glyph: str, box: BoxLook, state: State, *, shown: bool) -> None:
    """A box is ticked, or not, where glyph and pixels agree or one is clear and the other silent; else a person looks."""
    (yes, *_) = placed("是否成立领导小组：□是□否；配备班组安全员（3）人。")
    evidence = Evidence(replace(yes, spelling=(glyph,), certain=False), 300, 0.0, 0.0, None, box=box)
    tick = read_tick(evidence)
    assert tick.state is state
    assert (Reason.TICK_UNSURE in tick.reasons) is shown


@pytest.mark.parametrize(
    ("glyph", "box", "state"), [("□", FULL, State.VALUE), ("□", None, State.BLANK), ("☒", EMPTY, State.VALUE)]
)
def test_certain_characters_are_believed(glyph: str, box: BoxLook | None, state: State) -> None:
    """A text layer's box is what it spells, but for a tick that is drawn over an empty one."""
    (yes, *_) = placed("是否成立领导小组：□是□否；配备班组安全员（3）人。")
    tick = read_tick(Evidence(replace(yes, spelling=(glyph,), certain=True), 300, 0.0, 0.0, None, box=box))
    assert (tick.state, tick.reasons) == (state, ())
