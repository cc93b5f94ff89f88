"""Evidence to readings: blank, nought and unreadable stay apart, and every doubt is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.slots import INK_OF_A_STROKE
from pipeline.judging.decide import written_by_pen
from pipeline.judging.judge import BOUNDS, SELDOM_SHARE, ErrorBudget, glance_suffices, judge_slot, missing_slot
from pipeline.reading.rules import LEAST_RETURNS, MOST_PEOPLE_AN_EVENT, judge_across, judge_together
from schemas.flow import DigitReading, Evidence, Placement, SecondReading, State
from schemas.form import Slot, SlotKind
from schemas.reading import HeaderReading, Reading, Reason, SlotReading
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET, CHAR, blank_line, glyph_line

COUNT, TEXT = (next(slot for slot in SAFETY_MONTH.slots if slot.path == path) for path in ("item1.articles", "item7.name"))

SEEN_BY_NONE = SecondReading("", 0.0)

WRITTEN = 20 * INK_OF_A_STROKE


def evidence(
    text: str,
    *,
    slot: Slot = COUNT,
    ink: int = 0,
    second: SecondReading | None = SEEN_BY_NONE,
    seal: float = 0.0,
    pen: float = 0.0,
    certain: bool = False,
    doubt: float = 0.0,
    parentheses: tuple[float, float] = (1.0, 1.0),
    anchors: tuple[float, float] = (1.0, 1.0),
    scouted: str | None = None,
    digits: str | None = None,
) -> Evidence:
    """What is known of a slot in which the recogniser sees `text`, each character doubted by a share of `doubt`.

    The scout and the digit reader see the same, or what they are told to.
    """
    glyphs = glyph_line(text)
    log_probs = glyphs.log_probs.copy()
    inked = log_probs[:, 0] < -1
    if doubt:
        log_probs[inked] = np.log(np.exp(log_probs[inked]) * (1 - doubt) + 1e-9)
        log_probs[inked, ALPHABET.other] = np.log(doubt)
    sureness = np.where(inked, 1 - doubt, 1.0).astype(np.float32)
    span = (0.0, float(max(len(text), 2) * CHAR))
    placement = Placement(
        slot.path,
        slot,
        blank_line(len(text)),
        log_probs,
        glyphs.spelling,
        sureness,
        span,
        span,
        parentheses,
        anchors,
        certain,
        scouted=glyph_line(text if scouted is None else scouted).log_probs,
        digits=None if slot.kind is SlotKind.TEXT else DigitReading({text if digits is None else digits: 0.9999}, 0.0),
    )
    return Evidence(placement, ink, seal, pen, second, strokes=len(text) if ink > INK_OF_A_STROKE else 0)


def by_pen(found: Evidence, strings: Mapping[str, float], *, hand: float = 0.99) -> Evidence:
    """The same in a slot that a pen has filled in, as the digit reader sees it."""
    placement = replace(found.placement, digits=DigitReading(strings, hand))
    return replace(found, placement=placement, hand=hand)


def by_pen_closely(found: Evidence, strings: Mapping[str, float], glance: Mapping[str, float]) -> Evidence:
    """The same where the pens' own reader has looked, after a first glance."""
    written = by_pen(found, strings)
    digits = DigitReading(strings, 0.99, (strings,), glance)
    return replace(written, placement=replace(written.placement, digits=digits))


def undigited(found: Evidence) -> Evidence:
    """The same where no digit reader has looked."""
    return replace(found, placement=replace(found.placement, digits=None))


def judged(found: Evidence, share: Fraction = Fraction(1, 1000)) -> SlotReading:
    return judge_slot(found, ErrorBudget(share), ALPHABET)


def agreed(text: str) -> SecondReading:
    return SecondReading(text, 0.9)


STATES: dict[str, tuple[Evidence, State, int | str | None, bool]] = {
    "nobody wrote": (evidence(""), State.BLANK, None, False),
    "dust": (evidence("", ink=INK_OF_A_STROKE), State.BLANK, None, False),
    "nought": (evidence("0", ink=WRITTEN, second=agreed("0")), State.VALUE, 0, False),
    "five": (evidence("5", ink=WRITTEN, second=agreed("5")), State.VALUE, 5, False),
    "grouped": (evidence("1,280", ink=WRITTEN, second=agreed("1280")), State.VALUE, 1280, False),
    "ink that nobody reads": (evidence("", ink=WRITTEN), State.UNREADABLE, None, True),
    "a stroke for none": (evidence("/", ink=WRITTEN), State.BLANK, None, True),
    "the word for none": (evidence("无", ink=WRITTEN), State.VALUE, 0, True),
    "about": (evidence("约300", ink=WRITTEN), State.VALUE, 300, True),
    "the word for nought": (evidence("零", ink=WRITTEN), State.VALUE, 0, True),
    "nought in front": (evidence("05", ink=WRITTEN, second=agreed("5")), State.VALUE, 5, True),
    "name": (evidence("消防演讲", slot=TEXT, ink=WRITTEN), State.VALUE, "消防演讲", False),
    "doubtful name": (evidence("消防演讲", slot=TEXT, ink=WRITTEN, doubt=0.3), State.VALUE, "消防演讲", True),
    "name in a text layer": (evidence("消防演讲", slot=TEXT, certain=True), State.VALUE, "消防演讲", False),
    "no name": (evidence("", slot=TEXT), State.BLANK, None, False),
    "a name that nobody reads": (evidence("", slot=TEXT, ink=WRITTEN), State.UNREADABLE, None, True),
}


@pytest.mark.parametrize("case", STATES)
def test_three_states_stay_apart(case: str) -> None:
    """Blank, nought and unreadable are three states; only values have a value, and what nobody reads is for review."""
    found, state, value, review = STATES[case]
    reading = judged(found)
    assert (reading.state, reading.value, reading.review) == (state, value, review)
    assert bool(reading.reasons) == review


DOUBTS: dict[str, tuple[Evidence, Reason]] = {
    "ink in blank": (evidence("", ink=INK_OF_A_STROKE + 1), Reason.INK_IN_BLANK),
    "readers disagree": (evidence("5", ink=WRITTEN, second=agreed("6")), Reason.READERS_DISAGREE),
    "second reader sees more": (evidence("5", ink=WRITTEN, second=agreed("51")), Reason.READERS_DISAGREE),
    "two readers see another": (evidence("5", ink=WRITTEN, doubt=0.1, scouted="6", digits="6"), Reason.READERS_DISAGREE),
    "two readers see nothing": (evidence("5", ink=WRITTEN, doubt=0.4, scouted="", digits=""), Reason.READERS_DISAGREE),
    "a sentence in a name": (evidence("）（含线上", slot=TEXT, ink=WRITTEN), Reason.ONE_READER),
    "a name, unsure": (evidence("消防演讲", slot=TEXT, ink=WRITTEN, doubt=0.3), Reason.ONE_READER),
    "no number": (evidence("三五", ink=WRITTEN), Reason.NOT_A_NUMBER),
    "unusual": (evidence("007", ink=WRITTEN, second=agreed("7")), Reason.UNUSUAL_NUMBER),
    "seal on a coarse picture": (replace(evidence("5", ink=WRITTEN, seal=0.2), sharpness=0.4), Reason.SEAL),
    "grey seal": (replace(evidence("5", ink=WRITTEN), gray_seal=True), Reason.SEAL),
    "no grid": (replace(evidence("5", ink=WRITTEN), grid=False), Reason.NO_GRID),
    "pen, and nobody knows pens": (undigited(evidence("5", ink=WRITTEN, second=agreed("5"), pen=0.9)), Reason.PEN),
    "left side unseen": (
        evidence("5", ink=WRITTEN, second=agreed("5"), parentheses=(0.0, 1.0), anchors=(0.0, 1.0)),
        Reason.PLACE_UNSURE,
    ),
    "no parenthesis": (
        evidence("5", ink=WRITTEN, second=agreed("5"), parentheses=(0.0, 0.0)),
        Reason.PLACE_UNSURE,
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_doubts_are_shown(case: str) -> None:
    """Each doubt sends the slot to a person, says so, and bounds the confidence."""
    found, reason = DOUBTS[case]
    reading = judged(found)
    assert reading.review
    assert reason in reading.reasons
    assert reading.confidence <= BOUNDS.get(reason, ErrorBudget().threshold)


def on_a_line(found: Evidence) -> Evidence:
    """The same in a slot with a line beneath it instead of parentheses."""
    return replace(found, placement=replace(found.placement, parentheses=(0.0, 0.0), underlined=True))


@pytest.mark.parametrize("text", ["", "0", "57"])
def test_a_line_beneath_stands_for_parentheses(text: str) -> None:
    """An underlined slot amid its printed words is read and accepted, a blank one too."""
    reading = judged(on_a_line(evidence(text, ink=WRITTEN if text else 0)))
    assert (reading.value, reading.review) == (int(text) if text else None, False)


def test_an_underlined_slot_far_from_its_words_is_shown() -> None:
    """A line beneath a gap is no place by itself: the sentence must be seen on one side of it at least."""
    reading = judged(on_a_line(evidence("57", ink=WRITTEN, anchors=(0.3, 0.3))))
    assert Reason.PLACE_UNSURE in reading.reasons


@given(doubt=st.floats(0.0, 0.3))
@settings(deadline=None, max_examples=30)
def test_underlined_slots_must_be_surer(doubt: float) -> None:
    """What is accepted of an underlined slot is surer than the error budget asks: it may use a part of the budget."""
    reading = judged(on_a_line(evidence("57", ink=WRITTEN, doubt=doubt, second=None)))
    assert reading.review or reading.confidence >= ErrorBudget(SELDOM_SHARE / 1000).threshold


@pytest.mark.parametrize("text", ["", "57"])
def test_a_seal_is_told_of(text: str) -> None:
    """A slot under a red seal says so, whether it has to be looked at or not."""
    assert Reason.SEAL in judged(evidence(text, ink=WRITTEN if text else 0, seal=0.2)).reasons


@pytest.mark.parametrize(("others", "review"), [("57", False), ("51", True)])
def test_the_other_readers_have_a_say(others: str, review: bool) -> None:
    """A number that the recogniser is not quite sure of stands with the others' word, and falls against it."""
    found = evidence("57", ink=WRITTEN, doubt=0.1, scouted=others, digits=others, second=None)
    assert judged(found).review is review


@pytest.mark.parametrize("text", ["", "0", "5", "1280"])
def test_a_text_layer_needs_no_confirmation(text: str) -> None:
    """A text layer's digits are accepted with no second reader, whatever colour they are printed in."""
    reading = judged(evidence(text, certain=True, second=None, pen=1.0, seal=0.5))
    assert not reading.review
    assert reading.confidence < 1


@pytest.mark.parametrize(("text", "review"), [("1", True), ("7", False)])
def test_a_one_that_may_be_a_stroke_is_shown(text: str, review: bool) -> None:
    """Where the scout sees a stroke and the others a 1, a person looks; no other digit is mistaken for a stroke."""
    found = evidence(text, ink=WRITTEN)
    seen = np.logaddexp(np.log(0.9) + found.placement.log_probs, np.log(0.1) + glyph_line("/").log_probs)
    placement = replace(found.placement, scouted=seen.astype(np.float32))
    assert judged(replace(found, placement=placement)).review is review


def test_agreement_raises_confidence() -> None:
    """A second reader that reads the same leaves less doubt than none, and a contradiction leaves more."""
    alone, both, against = (
        judged(evidence("57", ink=WRITTEN, doubt=0.02, second=second)).confidence
        for second in (SEEN_BY_NONE, agreed("57"), agreed("51"))
    )
    assert against < alone <= both


def test_halves_of_parentheses_are_no_number() -> None:
    """A parenthesis that reaches into its slot does not make the number unreadable."""
    assert judged(evidence("(12)", ink=WRITTEN, second=agreed("12"))).value == 12


@given(
    text=st.sampled_from(["", "0", "7", "12", "三十", "007"]),
    ink=st.sampled_from([0, WRITTEN]),
    second=st.sampled_from([None, SEEN_BY_NONE, agreed("7"), agreed("12")]),
    doubt=st.floats(0, 0.6),
    shares=st.lists(st.fractions(Fraction(1, 100_000), Fraction(1, 2)), min_size=2, max_size=2).map(sorted),
)
@settings(deadline=None, max_examples=100)
def test_a_larger_budget_never_flags_more(
    text: str, ink: int, second: SecondReading | None, doubt: float, shares: list[Fraction]
) -> None:
    """Who puts up with more errors looks at no more slots, and reads the same values."""
    found = evidence(text, ink=ink, second=second, doubt=doubt)
    strict, loose = (judged(found, share) for share in shares)
    assert loose.review <= strict.review
    assert (loose.state, loose.value, loose.confidence) == (strict.state, strict.value, strict.confidence)


def test_a_slot_on_no_page_is_unreadable() -> None:
    """What was not found is not blank: it has no value, no place, no confidence, and is shown."""
    placement = replace(evidence("").placement, line=None)
    reading = judged(Evidence(placement, 0, 0.0, 0.0, None))
    assert reading == missing_slot(COUNT.path, COUNT)
    assert reading.state is State.UNREADABLE
    assert (reading.value, reading.page, reading.box, reading.confidence) == (None, None, None, 0.0)
    assert reading.reasons == (Reason.SLOT_MISSING,)


def reading_of(path: str, value: int | None, state: State | None = None) -> SlotReading:
    """An accepted slot: a value, or blank for None."""
    slot = next(slot for slot in SAFETY_MONTH.slots if slot.path == path.replace("[2]", ""))
    return SlotReading(
        path=path,
        label=slot.label,
        state=state or (State.BLANK if value is None else State.VALUE),
        value=value,
        raw="" if value is None else str(value),
        confidence=0.9999,
        review=False,
    )


PAIRS: list[tuple[int | None, int | None, Reason | None]] = [
    (5, 120, None),
    (5, 5, None),
    (None, None, None),
    (0, 0, None),
    (0, None, None),
    (None, 0, None),
    (3, None, None),
    (3, 0, None),
    (None, 120, Reason.NO_EVENT),
    (0, 120, Reason.NO_EVENT),
    (121, 120, Reason.MORE_EVENTS),
    (1, MOST_PEOPLE_AN_EVENT, None),
    (1, MOST_PEOPLE_AN_EVENT + 1, Reason.OUT_OF_LINE),
    (2, MOST_PEOPLE_AN_EVENT + 1, None),
]


@pytest.mark.parametrize(("events", "people", "reason"), PAIRS)
@pytest.mark.parametrize("item", ["item1.lectures item1.lecture_attendance", "item7[2].sessions item7[2].attendance"])
def test_events_and_people(item: str, events: int | None, people: int | None, reason: Reason | None) -> None:
    """Attendance without events, more events than people, too large a crowd: both slots are flagged, none changed."""
    held, attended = item.split()
    slots = [reading_of(held, events), reading_of(attended, people)]
    flagged = judge_together(SAFETY_MONTH, slots)
    assert [slot.value for slot in flagged] == [events, people]
    assert [slot.review for slot in flagged] == [reason is not None] * 2
    assert [slot.reasons for slot in flagged] == [(reason,) if reason else ()] * 2


@pytest.mark.parametrize(("written", "shown"), [(None, True), (3, False)])
def test_return_that_holds_nothing_is_shown(written: int | None, shown: bool) -> None:
    paths = [slot.path for slot in SAFETY_MONTH.slots]
    slots = [reading_of(path, None) for path in paths[:-1]] + [reading_of(paths[-1], written)]
    judged = judge_together(SAFETY_MONTH, slots)
    assert all((Reason.NOTHING_WRITTEN in slot.reasons and slot.review) is shown for slot in judged)


def test_an_unreadable_number_of_events_is_doubted_once() -> None:
    """Where the events could not be read, the people who came are not doubted for it."""
    unread = reading_of("item1.lectures", None, State.UNREADABLE)
    _, attended = judge_together(SAFETY_MONTH, [unread, reading_of("item1.lecture_attendance", 120)])
    assert not attended.review


def test_activities_are_compared_with_themselves() -> None:
    """The people of a second activity are held against its own events, not the first's."""
    values = {"item7.sessions": 1, "item7.attendance": 50, "item7[2].sessions": 300, "item7[2].attendance": 400}
    flagged = judge_together(SAFETY_MONTH, [reading_of(path, value) for path, value in values.items()])
    assert not any(slot.review for slot in flagged)


def return_of(value: int | None) -> Reading:
    header = {field.key: HeaderReading(value="x", confidence=1.0, review=False) for field in SAFETY_MONTH.header}
    slots = (reading_of("item1.articles", value),)
    return Reading(source="x", form=SAFETY_MONTH.id, pages=1, review=False, header=header, slots=slots)


@pytest.mark.parametrize(
    ("others", "value", "flagged"),
    [
        ([30] * LEAST_RETURNS, 30, False),
        ([30] * LEAST_RETURNS, 3000, False),
        ([30] * LEAST_RETURNS, 30_000, True),
        ([3000] * LEAST_RETURNS, 3, True),
        ([3000] * LEAST_RETURNS, 0, False),
        ([3000] * LEAST_RETURNS, None, False),
        ([30] * (LEAST_RETURNS - 2), 30_000, False),
        ([None, 0] * LEAST_RETURNS, 30_000, False),
    ],
)
def test_numbers_out_of_line(others: list[int | None], value: int | None, flagged: bool) -> None:
    """A number orders of magnitude from enough others is flagged; nought, blank and few returns prove nothing."""
    *rest, last = judge_across([return_of(number) for number in [*others, value]])
    assert not any(reading.review for reading in rest)
    assert last.review is flagged
    assert last.slots[0].reasons == ((Reason.OUT_OF_LINE,) if flagged else ())
    assert last.slots[0].value == value


PENS: dict[str, tuple[Evidence, State, int | None, str | None, Reason | None]] = {
    "read by the digit reader": (by_pen(evidence("弘", ink=WRITTEN), {"6": 0.9999}), State.VALUE, 6, "6", None),
    "the recogniser's 。 is a nought": (by_pen(evidence("。", ink=WRITTEN), {"0": 0.9999}), State.VALUE, 0, "0", None),
    "no number": (by_pen(evidence("5", ink=WRITTEN), {"?": 0.98, "5": 0.02}), State.VALUE, 5, "5", Reason.NOT_A_NUMBER),
    "struck, corrected beside": (by_pen(evidence("5", ink=WRITTEN), {"12~15": 0.9}), State.VALUE, 15, None, Reason.STRUCK),
    "struck, nothing instead": (by_pen(evidence("5", ink=WRITTEN), {"12~": 0.9}), State.VALUE, 12, None, Reason.STRUCK),
    "struck, illegible": (by_pen(evidence("5", ink=WRITTEN), {"?~": 0.9}), State.UNREADABLE, None, None, Reason.STRUCK),
    "written over": (by_pen(evidence("5", ink=WRITTEN), {"3^5": 0.9}), State.VALUE, 35, None, Reason.STRUCK),
    "ink in a blank": (by_pen(evidence("", ink=WRITTEN), {"": 0.999}), State.UNREADABLE, None, None, Reason.INK_IN_BLANK),
    "a neighbour's ink in a blank": (
        by_pen_closely(evidence("", ink=WRITTEN), {"": 0.9, "1": 0.1}, {"": 0.6, "1": 0.4}),
        State.BLANK,
        None,
        "",
        Reason.INK_IN_BLANK,
    ),
    "ink that is hardly a blank": (
        by_pen_closely(evidence("", ink=WRITTEN), {"": 0.4, "1": 0.1}, {"": 0.6, "1": 0.1}),
        State.UNREADABLE,
        None,
        None,
        Reason.INK_IN_BLANK,
    ),
}


@pytest.mark.parametrize("case", PENS)
def test_pens_are_read_by_the_digit_reader(case: str) -> None:
    """On a page that a pen has filled in the digit reader decides; what is no plain number has its own reason."""
    found, state, value, raw, reason = PENS[case]
    reading = judged(found)
    assert (reading.state, reading.value) == (state, value)
    assert raw is None or reading.raw == raw
    assert reason is None or (reading.review and reason in reading.reasons)


def test_a_struck_number_offers_both_readings() -> None:
    """A person chooses between the correction over the number and the number itself."""
    found = replace(by_pen(evidence("5", ink=WRITTEN), {"12~": 0.9}), corrected="15")
    reading = judged(found)
    assert (reading.value, reading.candidates, reading.review) == (15, ("15", "12"), True)


def test_a_closer_look_outweighs_the_first_glance() -> None:
    """The pens' own reader decides what a pen wrote; the glance tips the scale where it wavers."""
    found = evidence("", ink=WRITTEN)
    assert judged(by_pen_closely(found, {"57": 0.95, "51": 0.05}, {"51": 0.95, "57": 0.05})).value == 57
    assert judged(by_pen_closely(found, {"57": 0.5, "51": 0.5}, {"51": 0.95, "57": 0.05})).value == 51


def test_numbers_by_pen_in_a_row_that_repeats_are_shown() -> None:
    """However sure the readers are: between activities that a pen has filled in a number may be another one's."""
    slot = next(slot for slot in SAFETY_MONTH.slots if slot.path == "item7.attendance")
    found = by_pen_closely(evidence("57", slot=slot, ink=WRITTEN), {"57": 1.0}, {"57": 1.0})
    assert judged(found).reasons == (Reason.PLACE_UNSURE,)
    assert judged(found).value == 57
    assert not any(slot.repeats for item in SAFETY_MONTH.items if not item.repeats for slot in item.slots)


def test_a_blank_that_the_pens_reader_sees_is_by_pen_still() -> None:
    """Who wrote is the first glance's to say: what it saw written stays the pens' matter, though nothing is found there."""
    found = by_pen_closely(evidence("5", ink=WRITTEN), {"": 0.99}, {"5": 0.9})
    assert written_by_pen(replace(found, hand=0.1))


def test_print_is_not_judged_by_the_digit_reader() -> None:
    """On a printed page the readers of print decide, whatever the digit reader sees."""
    printed = by_pen(evidence("5", ink=WRITTEN, second=agreed("5")), {"6": 0.99}, hand=0.02)
    assert judged(printed).value == 5


GLANCES: dict[str, tuple[Evidence, bool]] = {
    "both see the same": (evidence("57", ink=WRITTEN), True),
    "both see nothing": (evidence(""), True),
    "they see different numbers": (evidence("57", ink=WRITTEN, digits="51"), False),
    "one sees nothing": (evidence("57", ink=WRITTEN, digits=""), False),
    "ink that neither reads": (evidence("", ink=WRITTEN), False),
    "a word": (evidence("无", ink=WRITTEN, digits="?"), False),
    "a name": (evidence("消防演讲", slot=TEXT, ink=WRITTEN), False),
    "nothing vouches for the place": (evidence("57", ink=WRITTEN, parentheses=(0.1, 1.0), anchors=(0.1, 1.0)), False),
    "written by pen": (by_pen(evidence("57", ink=WRITTEN), {"57": 0.9999}), False),
    "the pens' reader is sure": (by_pen_closely(evidence("57", ink=WRITTEN), {"57": 0.99}, {"57": 0.6}), True),
    "the pens' reader doubts": (by_pen_closely(evidence("57", ink=WRITTEN), {"57": 0.7, "51": 0.3}, {"57": 0.9}), False),
    "a word by pen": (by_pen_closely(evidence("无", ink=WRITTEN), {"?": 0.99}, {"?": 0.9}), False),
}


@pytest.mark.parametrize("case", GLANCES)
def test_the_recogniser_is_spared_where_two_readers_agree(case: str) -> None:
    """It need not look at a printed count in which the scout and the digit reader surely see the same; else it must."""
    found, suffices = GLANCES[case]
    glanced = replace(found, placement=replace(found.placement, looked=False))
    assert glance_suffices(glanced, ErrorBudget(), ALPHABET) is suffices


def test_what_was_looked_at_is_not_looked_at_again() -> None:
    """Once the recogniser has seen a slot, nothing more is to be asked of it, whatever the doubt."""
    assert glance_suffices(evidence("57", ink=WRITTEN, digits="51"), ErrorBudget(), ALPHABET)
