"""The bench's own arithmetic: scores, intervals, reliability, risk against coverage, and the stage clock."""

from __future__ import annotations

import csv
import itertools
import json
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.office.intervals import interval, upper_bound
from pipeline.reading.read import Readers
from samples.truth import Truth, TruthHeader, TruthSlot
from schemas.flow import Image, Page, State
from schemas.reading import HeaderReading, Reading, SlotReading
from tests.bench import sheets
from tests.bench.clock import Clocked, StageClock, StageMissing, clock_engines, clock_functions, missing_stages
from tests.bench.figures import measure_accuracy, measure_reliability, measure_speed, to_plain
from tests.bench.forms import FORMS, as_form, slot_kind
from tests.bench.record import write_figures, write_slots
from tests.bench.reliability import (
    Claim,
    accept_by_claims,
    accept_coverage,
    accept_in_hindsight,
    bin_by_deciles,
    bin_by_edges,
    over_budget,
    rows_to_claims,
)
from tests.bench.runs import Beside, Outcome, Timing, peak_memory, scans_first, spread
from tests.bench.score import FileScore, Score, count_files, count_slots, score_file, score_slots
from tests.bench.tables import accuracy_tables, miss_lines, reliability_tables, speed_tables, worst_first

BOX = (0.1, 0.1, 0.3, 0.2)

# Errors, cases, level, bound: "rule of three", and values that tables of the binomial give.
UPPER_BOUNDS = [
    (0, 1101, 0.95, 1 - 0.05 ** (1 / 1101)),
    (0, 10, 0.95, 0.2588656),
    (1, 10, 0.95, 0.3941633),
    (5, 10, 0.975, 0.8129140),
    (1, 20, 0.975, 0.2487328),
    (3, 1000, 0.95, 0.0077367),
    (10, 10, 0.95, 1.0),
    (0, 0, 0.95, 1.0),
]


@pytest.mark.parametrize(("errors", "n", "level", "expected"), UPPER_BOUNDS)
def test_upper_bounds_are_clopper_and_pearsons(errors: int, n: int, level: float, expected: float) -> None:
    """Known values come out, and where all or none are cases the bound is 1."""
    assert upper_bound(errors, n, level) == pytest.approx(expected, abs=1e-5)


def test_intervals_are_two_sided() -> None:
    """5 of 10 is 18.7 % to 81.3 %, as in every table; none of none is anything."""
    assert interval(5, 10) == pytest.approx((0.187086, 0.812914), abs=1e-5)
    assert interval(0, 0) == (0.0, 1.0)


@given(st.integers(1, 3000), st.data())
def test_intervals_hold_what_was_observed(n: int, data: st.DataObject) -> None:
    """The observed share lies within its own interval, and the interval within 0 to 1."""
    hits = data.draw(st.integers(0, n))
    low, high = interval(hits, n)
    assert -1e-9 <= low <= hits / n + 1e-9
    assert hits / n - 1e-9 <= high <= 1 + 1e-9


def test_scores_tell_right_flagged_accepted_and_silent_apart() -> None:
    """Four slots, one of each kind: the silent rate is over accepted slots, not over all."""
    truth = made_truth([slot("a.x", 1), slot("a.y", 2), slot("a.z", None), slot("b.x", 4)])
    readings = [reading([read("a.x", 1), read("a.y", 3), read("a.z", None, review=True), read("b.x", 5, review=True)])]
    score = count_files([score_file([truth], readings)])
    assert (score.slots, score.right, score.flagged, score.accepted, score.silent) == (4, 2, 2, 2, 1)
    assert score.silent_per_1000 == 500


def test_a_return_that_was_not_found_is_wrong_and_flagged() -> None:
    """Nothing in it is right, its header neither, and nothing is silent, for the file is reported."""
    truth = made_truth([slot("a.x", 1), slot("a.y", None)])
    score = count_files([score_file([truth], [], "UnknownForm")])
    assert (score.returns, score.found, score.failed) == (1, 0, 1)
    assert (score.right, score.flagged, score.silent) == (0, 2, 0)
    assert (score.headers, score.headers_right, score.headers_flagged) == (4, 0, 4)


def test_a_slot_that_is_lost_without_a_word_is_silent() -> None:
    """A second activity that the reading does not list is flagged only by another slot of its item."""
    truth = made_truth([slot("item7.name", 1), slot("item7[2].name", 2)])
    lost = score_slots(truth, {"item7.name": read("item7.name", 1)})
    told = score_slots(truth, {"item7.name": read("item7.name", 1, review=True)})
    assert [row.silent for row in lost] == [False, True]
    assert [row.silent for row in told] == [False, False]


def test_a_slot_that_is_not_on_paper_is_wrong() -> None:
    """An activity that was made up counts as a slot, and silently wrong where nobody is asked."""
    rows = score_slots(made_truth([slot("item7.name", 1)]), {p: read(p, 1) for p in ("item7.name", "item7[2].name")})
    assert [(row.path, row.right, row.silent) for row in rows] == [
        ("item7.name", True, False),
        ("item7[2].name", False, True),
    ]


def test_returns_beyond_those_that_are_there_are_told() -> None:
    """A return torn in two is found once and once too often."""
    score = count_files([score_file([made_truth([slot("a.x", 1)])], [reading([read("a.x", 1)])] * 2)])
    assert (score.returns, score.found, score.extra) == (1, 1, 1)


def test_words_are_compared_without_width_and_spaces() -> None:
    """安全 生产（一） and 安全生产(一) say the same; blank and unreadable do not."""
    truth = made_truth([slot("a.x", "安全 生产（一）"), slot("a.y", None)])
    rows = score_slots(truth, {"a.x": read("a.x", "安全生产(一)"), "a.y": read("a.y", None, State.UNREADABLE)})
    assert [row.right for row in rows] == [True, False]


def test_scores_of_slots_count_unreadable_ones() -> None:
    """What was read as unreadable is counted, right or wrong."""
    rows = score_slots(made_truth([slot("a.x", 1)]), {"a.x": read("a.x", None, State.UNREADABLE)})
    score = count_slots(rows)
    assert (score.unreadable, score.flagged, score.right) == (1, 1, 0)


def test_header_fields_are_right_flagged_or_silent() -> None:
    """A wrong field that nobody is asked about is silent; width does not make it wrong."""
    header = {
        "unit": HeaderReading(value="青禾县总工会", confidence=1, review=False),
        "contact": HeaderReading(value="王丈", confidence=1, review=False),
        "phone": HeaderReading(value="５５０", confidence=1, review=True),
        "date": HeaderReading(),
    }
    score = count_files([score_file([made_truth([])], [reading([], header)])])
    assert (score.headers, score.headers_right, score.headers_flagged, score.headers_silent) == (4, 3, 2, 1)


def test_accuracy_groups_add_up_to_all() -> None:
    """Each file is in one group of captures and in every group of its hard kinds."""
    files = [
        scored("1", "fax", [("a.x", 1, 1)], modifiers=("seal", "rotated90")),
        scored("2", "fax", [("a.x", 1, 2)], modifiers=("seal",)),
        scored("3", "photo", [("a.x", None, None)]),
    ]
    accuracy = measure_accuracy(files)
    assert {name: score.slots for name, score in accuracy.by_kind.items()} == {"fax typed": 2, "photo typed": 1, "all": 3}
    assert {name: score.slots for name, score in accuracy.by_modifier.items()} == {
        "rotated90": 1,
        "seal": 2,
        "none of them": 1,
    }
    assert {name: score.right for name, score in accuracy.by_content.items()} == {"blank": 1, "count": 1}


def test_pens_are_counted_by_what_is_told_of_them() -> None:
    """Slots that a pen filled are told apart by what the truth says of them; typed ones are in none of these groups."""
    odd = slot("a.w", 31).model_copy(update={"hand": "red", "oddity": "struck-above", "struck": True})
    lost = slot("a.x", 123456).model_copy(update={"illegible": True})
    slots = [odd, lost, slot("a.y", None), slot("a.z", "消防演练")]
    pen = made_truth(slots).model_copy(update={"filling": "digits"})
    seen = {"a.w": read("a.w", 37), "a.x": read("a.x", 123456, review=True), "a.y": read("a.y", None), "b.x": read("b.x", 1)}
    accuracy = measure_accuracy([score_file([pen], [reading(list(seen.values()))]), scored("2", "fax", [("a.x", 7, 7)])])

    def counts(scores: Mapping[str, Score]) -> dict[str, tuple[int, int, int, int, int]]:
        return {name: (one.slots, one.right, one.accepted, one.silent, one.flagged) for name, one in scores.items()}

    assert counts(accuracy.by_hand) == {"no style": (3, 2, 1, 0, 2), "red": (1, 0, 1, 1, 0)}
    assert counts(accuracy.by_oddity) == {"nothing odd": (3, 2, 1, 0, 2), "struck-above": (1, 0, 1, 1, 0)}
    assert counts(accuracy.by_digits) == {"blank": (1, 1, 1, 0, 0), "2": (1, 0, 1, 1, 0), "5+": (1, 1, 0, 0, 1)}
    assert counts(accuracy.by_legibility) == {"illegible": (1, 1, 0, 0, 1), "legible": (3, 1, 2, 1, 1)}


DIGITS = [(0, "1"), (9, "1"), (10, "2"), (9999, "4"), (10_000, "5+"), (123_456, "5+"), (None, "blank"), ("消防演练", "")]


@pytest.mark.parametrize(("value", "digits"), DIGITS)
def test_digits_of_a_count(value: int | str | None, digits: str) -> None:
    """Five digits and more are one group; words have none."""
    assert score_slots(made_truth([slot("a.x", value)]), {})[0].digits == digits


def test_only_values_and_blanks_claim_anything() -> None:
    """Unreadable slots and slots that are not listed have no confidence to hold against them."""
    truth = made_truth([slot("a.x", 1), slot("a.y", 2), slot("a.z", None)])
    seen = {"a.x": read("a.x", 1, confidence=0.7), "a.y": read("a.y", None, State.UNREADABLE)}
    assert rows_to_claims(score_slots(truth, seen)) == [Claim(0.7, True)]


def test_bins_by_edges_hold_their_lower_edge() -> None:
    """0.9 belongs to 0.9–0.95, 1 to the last bin, and empty bins are left out."""
    bins = bin_by_edges([Claim(confidence, True) for confidence in (0.0, 0.89, 0.9, 0.9999, 1.0)])
    assert [(item.low, item.high, item.n) for item in bins] == [(0, 0.5, 1), (0.8, 0.9, 1), (0.9, 0.95, 1), (0.9995, 1, 2)]


def test_bins_tell_claims_from_outcomes() -> None:
    """99 % claimed and 50 of 100 right is too sure; 60 % claimed and all right too modest; 90 of 100 at 90 % fits."""
    sure = bin_by_edges([Claim(0.99, place < 50) for place in range(100)])[0]
    modest = bin_by_edges([Claim(0.6, True) for _ in range(100)])[0]
    fit = bin_by_edges([Claim(0.9, place < 90) for place in range(100)])[0]
    assert [item.verdict for item in (sure, modest, fit)] == ["too sure", "too modest", "fits"]
    assert (fit.n, fit.right, fit.observed) == (100, 90, 0.9)
    assert fit.claimed == pytest.approx(0.9)


def test_deciles_are_of_equal_size() -> None:
    """A hundred different confidences make ten bins of ten, rising."""
    bins = bin_by_deciles([Claim(place / 100, True) for place in range(100)])
    assert [item.n for item in bins] == [10] * 10
    assert bins[0].high < bins[1].low


@given(st.lists(st.builds(Claim, st.sampled_from([0.5, 0.9, 0.99, 0.9999]), st.booleans()), max_size=80))
def test_deciles_keep_equal_confidences_together(claims: list[Claim]) -> None:
    """Every slot is in one bin, and no confidence in two."""
    bins = bin_by_deciles(claims)
    assert sum(item.n for item in bins) == len(claims)
    assert all(before.high < after.low for before, after in itertools.pairwise(bins))


def test_a_budget_is_held_against_every_decile() -> None:
    """One error in a hundred is above 1/1,000 but may be chance; half wrong is not."""
    chance = [Claim(0.999, place > 0) for place in range(100)]
    broken = [Claim(0.99, place > 50) for place in range(100)]
    bins = bin_by_edges([*chance, *broken])
    above, surely = over_budget(bins, Fraction(1, 1000))
    assert (len(above), len(surely)) == (2, 1)


# By falling confidence: right, right, wrong, right; a fifth slot claims nothing.
RANKED = [Claim(0.999, True), Claim(0.99, True), Claim(0.9, False), Claim(0.8, True)]


def test_coverage_counts_slots_without_a_claim() -> None:
    """Four of five slots have a claim: 80 % can be accepted, 90 % cannot."""
    half, most = accept_coverage(RANKED, 5, 0.4), accept_coverage(RANKED, 5, 0.8)
    assert half is not None
    assert most is not None
    assert (half.n, half.threshold, half.errors, half.error) == (2, 0.99, 0, 0.0)
    assert (most.n, most.threshold, most.errors, most.error) == (4, 0.8, 1, 0.25)
    assert accept_coverage(RANKED, 5, 0.9) is None


def test_equal_confidences_are_accepted_together() -> None:
    """No threshold tells them apart, so the coverage is more than was asked for."""
    accepted = accept_coverage([Claim(0.9, True)] * 3 + [Claim(0.5, False)], 4, 0.5)
    assert accepted is not None
    assert (accepted.n, accepted.coverage) == (3, 0.75)


def test_a_budget_buys_as_much_as_claims_allow() -> None:
    """Doubts of 0.001, 0.01 and 0.1 have a mean of 0.037: three fit in a budget of 1/20, two in 1/100, none in 1/10,000."""
    twentieth, hundredth = (accept_by_claims(RANKED, 5, Fraction(1, n)) for n in (20, 100))
    assert twentieth is not None
    assert hundredth is not None
    assert (twentieth.n, twentieth.errors, hundredth.n, hundredth.errors) == (3, 1, 2, 0)
    assert accept_by_claims(RANKED, 5, Fraction(1, 10000)) is None


def test_hindsight_may_accept_beyond_an_error() -> None:
    """The error at the third place is one in four at the fourth, within a budget of 1/4; 1/5 ends before it."""
    quarter, fifth = (accept_in_hindsight(RANKED, 5, Fraction(1, n)) for n in (4, 5))
    assert quarter is not None
    assert fifth is not None
    assert (quarter.n, fifth.n) == (4, 2)
    assert accept_in_hindsight([Claim(0.9, False)], 1, Fraction(1, 2)) is None


class FakeTime:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time

    def spend(self, seconds: float) -> None:
        self.time += seconds


def test_a_stage_is_charged_without_those_it_calls() -> None:
    """Outer 1 + 2 s around inner 5 s: 3 and 5, and time outside all stages is nobody's."""
    now = FakeTime()
    clock = StageClock(now)
    inner = clock.timed("inner", lambda: now.spend(5))

    def work() -> str:
        now.spend(1)
        inner()
        now.spend(2)
        return "done"

    assert clock.timed("outer", work)() == "done"
    now.spend(50)
    clock.timed("outer", work)()
    assert clock.seconds == {"outer": 6, "inner": 10}


def test_a_stage_ends_when_its_function_fails() -> None:
    """What is done after an error is charged to the stage around it again."""
    now = FakeTime()
    clock = StageClock(now)

    def fail() -> None:
        now.spend(3)
        raise ValueError("broken")

    with clock.stage("outer"):
        with pytest.raises(ValueError, match="broken"):
            clock.timed("inner", fail)()
        now.spend(4)
    assert clock.seconds == {"outer": 4, "inner": 3}


def test_an_iterators_steps_are_its_stage() -> None:
    """Between two steps the consumer works, and it is closed with its wrapper."""
    now = FakeTime()
    clock = StageClock(now)
    closed = []

    def pages() -> Iterator[int]:
        try:
            for number in (1, 2, 3):
                now.spend(2)
                yield number
        finally:
            closed.append(True)

    with clock.stage("outer"):
        for page in clock.timed("decode", pages)():
            now.spend(7)
            if page == 2:
                break
        del page
    assert clock.seconds == {"outer": 14, "decode": 4}
    clock.timed("decode", pages)().close()  # type: ignore[attr-defined]  # wrapped generators are generators
    assert closed


def test_other_threads_are_not_charged() -> None:
    """What runs beside the reading thread must not close its stages."""
    now = FakeTime()
    clock = StageClock(now)
    with clock.stage("outer"):
        now.spend(1)
        beside = threading.Thread(target=clock.timed("beside", lambda: now.spend(0)))
        beside.start()
        beside.join()
        now.spend(1)
    assert clock.seconds == {"outer": 2}


def test_functions_are_clocked_where_they_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller in the module runs the wrapped function; what is gone is named, and then nothing is wrapped."""
    now = FakeTime()
    module = ModuleType("made_up")
    vars(module).update(work=lambda: now.spend(2))
    monkeypatch.setitem(sys.modules, "made_up", module)
    clock, before = StageClock(now), module.work
    with pytest.raises(StageMissing, match=r"made_up\.gone"):
        clock_functions(clock, (Clocked("made_up", "work", "work"), Clocked("made_up", "gone", "gone")))
    assert module.work is before
    clock_functions(clock, (Clocked("made_up", "work", "work"),))
    module.work()
    assert clock.seconds == {"work": 2}


@dataclass(frozen=True)
class Engines:
    """As `Readers`: engines beside what is none; one that the clock has never heard of, one that is not installed."""

    alphabet: str
    glyphs: object
    novel: object
    second: object = None


def test_engines_are_clocked_whatever_they_are() -> None:
    """Known engines by their stage, new ones by their name, others left as they are."""
    now = FakeTime()
    clock = StageClock(now)
    engines = clock_engines(clock, Engines("abc", lambda: now.spend(1), lambda: now.spend(2)))
    engines.glyphs()  # type: ignore[operator]
    engines.novel()  # type: ignore[operator]
    assert clock.seconds == {"recogniser": 1, "novel": 2}
    assert (engines.alphabet, engines.second) == ("abc", None)


def test_every_function_that_the_bench_times_is_there() -> None:
    """Whoever renames a stage of `pipeline.reading.read` learns here that CLOCKED in tests/bench/clock.py wants to know."""
    assert missing_stages() == []
    assert {"alphabet", "glyphs"} <= set(Readers.__dataclass_fields__)


def test_a_few_of_many_are_of_every_kind() -> None:
    """The first of each capture come before the second of any; scans can go before born digital ones."""
    files = [
        made_truth([], file=name, capture=kind)
        for name, kind in (("1", "digital"), ("2", "digital"), ("3", "fax"), ("4", "fax"))
    ]
    assert [truth.file for truth in spread(files)] == ["1", "3", "2", "4"]
    assert [truth.file for truth in scans_first(spread(files))] == ["3", "4", "1", "2"]


def test_memory_is_this_process_own() -> None:
    """A Python process with NumPy in it holds more than 10 MiB, and Linux tells."""
    peak = peak_memory()
    assert peak is None or peak > 10


def test_ratios_are_of_the_same_files() -> None:
    """The rival read one of two files: its time is held against ours on that file alone."""
    truths = [made_truth([slot("a.x", 1)], file=name) for name in ("1", "2")]
    files = {truth.file: score_file([truth], [reading([read("a.x", 1)])]) for truth in truths}
    besides = [
        Beside(
            outcome(2.0, {"decode": 0.5, "other": 1.5}), Timing(0.1, 0.1, None), {"RapidOCR": ({}, Timing(6.0, 9.0, 300.0))}
        ),
        Beside(outcome(40.0, {"decode": 1.5, "other": 38.5}), Timing(0.3, 0.1, None), {}),
    ]
    speed = measure_speed(list(zip(truths, besides, strict=True)), files, 0.0)
    ratio = speed.ratios["RapidOCR"]
    assert (ratio.returns, ratio.ours, ratio.rival, ratio.times, ratio.cpu_times) == (1, 2.0, 6.0, 3.0, 3.0)
    assert (ratio.rival_score.right, ratio.ours_score.right) == (0, 1)
    assert (speed.by_capture["fax"].wall, speed.by_capture["fax"].stages["decode"]) == (21.0, 1.0)
    assert speed.peaks == {"kuohao": 200.0, "rivals": 300.0}


def test_tables_are_markdown() -> None:
    """Every row of every table has as many cells as its heading."""
    files = [scored("1", "fax", [("a.x", 1, 1), ("a.y", 2, 3), ("a.z", None, None)], modifiers=("seal",))]
    pen = made_truth([slot("a.x", 31)]).model_copy(update={"filling": "digits"})
    rows = files[0].slots
    besides = [Beside(outcome(2.0, {"decode": 2.0}), Timing(0.1, 0.1, None), {"RapidOCR": ({}, Timing(6.0, 9.0, None))})]
    speed = measure_speed([(made_truth([], file="1"), besides[0])], {"1": files[0]}, 0.0)
    budget = Fraction(1, 1000)
    for text in (
        accuracy_tables(measure_accuracy(files)),
        accuracy_tables(measure_accuracy([score_file([pen], [])])),
        reliability_tables(measure_reliability(rows), budget),
        reliability_tables(measure_reliability([]), budget),
        speed_tables(speed, 2),
    ):
        for table in text.split("\n\n"):
            assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) <= 1


def test_the_worst_are_silent_and_sure() -> None:
    """Silent before flagged, sure before doubtful; right ones are not listed."""
    truth = made_truth([slot(f"a.{key}", 1) for key in "vwxyz"])
    seen = [
        read("a.v", 1),
        read("a.w", 2, review=True, confidence=0.99),
        read("a.x", 2, confidence=0.9),
        read("a.y", 2, confidence=0.99),
        read("a.z", 2, review=True, confidence=0.5),
    ]
    rows = score_slots(truth, {one.path: one for one in seen})
    assert [row.path for row in worst_first(rows)] == ["a.y", "a.x", "a.w", "a.z"]
    assert [line.split()[0] for line in miss_lines(rows, 3).splitlines()] == ["SILENT", "SILENT", "flagged"]


def test_figures_are_saved_with_what_follows_from_them(tmp_path: Path) -> None:
    """JSON holds counts and the rates made of them; fractions are numbers."""
    accuracy = measure_accuracy([scored("1", "fax", [("a.x", 1, 2)])])
    write_figures(tmp_path / "new" / "figures.json", {"seed": 7}, {"accuracy": accuracy})
    saved = json.loads((tmp_path / "new" / "figures.json").read_text(encoding="utf-8"))
    assert saved["origin"] == {"seed": 7}
    assert saved["accuracy"]["by_kind"]["all"]["silent_per_1000"] == 1000
    assert to_plain({"budget": [Fraction(1, 4)]}) == {"budget": [0.25]}


def test_slots_are_saved_a_row_each(tmp_path: Path) -> None:
    """One row a slot with truth and reading side by side, those that are only in one of them too."""
    odd = slot("a.x", 1).model_copy(update={"hand": "faint", "oddity": "overwritten"})
    truth = made_truth([odd, slot("a.y", None)])
    write_slots(tmp_path / "slots.csv", score_slots(truth, {"a.x": read("a.x", 7), "b.x": read("b.x", 0)}))
    with (tmp_path / "slots.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    cells = [(row["path"], row["truth_state"], row["truth_value"], row["read_state"], row["read_value"]) for row in rows]
    assert cells == [
        ("a.x", "value", "1", "value", "7"),
        ("a.y", "blank", "", "absent", ""),
        ("b.x", "absent", "", "value", "0"),
    ]
    assert [(row["hand"], row["oddity"], row["digits"]) for row in rows] == [
        ("faint", "overwritten", "1"),
        ("", "", "blank"),
        ("", "", ""),
    ]


def test_the_worst_slots_are_shown_on_a_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong slot is on the sheet, a right one is not, whether or not the reader knew its place."""
    pixels: Image = np.full((300, 400, 3), 200, np.uint8)
    monkeypatch.setattr(sheets, "open_pages", lambda path: iter([Page(path, 1, pixels)]))
    rows = score_slots(made_truth([slot("a.x", 1), slot("a.y", 2)]), {"a.x": read("a.x", 1), "a.y": read("a.y", 3)})
    assert sheets.draw_worst(tmp_path, rows, 5, tmp_path / "worst.png") == 1
    assert (tmp_path / "worst.png").stat().st_size > 0
    assert sheets.draw_worst(tmp_path, rows[:1], 5, tmp_path / "none.png") == 0


def slot(path: str, value: int | str | None) -> TruthSlot:
    """A slot on paper."""
    state = State.BLANK if value is None else State.VALUE
    return TruthSlot(
        path=path, state=state, value=value, raw=None if value is None else str(value), page=1, box=BOX, value_box=None
    )


def read(
    path: str,
    value: int | str | None,
    state: State | None = None,
    *,
    review: bool | None = None,
    confidence: float = 0.9,
) -> SlotReading:
    """A slot as read; unreadable ones are always flagged, others only where it is said."""
    state = state or (State.BLANK if value is None else State.VALUE)
    review = state is State.UNREADABLE if review is None else review
    raw = "" if value is None else str(value)
    return SlotReading(path=path, label=path, state=state, value=value, raw=raw, confidence=confidence, review=review)


def made_truth(
    slots: Sequence[TruthSlot], *, file: str = "1.pdf", capture: str = "fax", modifiers: tuple[str, ...] = ()
) -> Truth:
    """A return on paper."""
    return Truth(
        file=file,
        capture=capture,
        filling="typed",
        seed=1,
        modifiers=modifiers,
        retyped=False,
        header=TruthHeader(unit="青禾县总工会", contact="王文", phone="550", date=None),
        slots=tuple(slots),
        cells=(),
    )


def reading(slots: Sequence[SlotReading], header: dict[str, HeaderReading] | None = None) -> Reading:
    """A return as read."""
    return Reading(source="1.pdf", form="safety-month-2023", pages=1, review=True, header=header or {}, slots=tuple(slots))


def scored(
    file: str, capture: str, slots: Sequence[tuple[str, int | None, int | None]], *, modifiers: tuple[str, ...] = ()
) -> FileScore:
    """A file's score from (path, on paper, as read)."""
    truth = made_truth([slot(path, value) for path, value, _ in slots], file=file, capture=capture, modifiers=modifiers)
    return score_file([truth], [reading([read(path, value) for path, _, value in slots])])


def outcome(wall: float, stages: dict[str, float]) -> Outcome:
    """What became of a file, as far as time goes."""
    return Outcome((), (), "", Timing(wall, 1.5 * wall, 200.0, stages))


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("units-2027", "units[3].teams", "count cell of a unit's row"),
        ("units-2027", "total.benefit", "money cell of a totals row"),
        ("self-check-2027", "item1.group_yes", "tick □"),
        ("summer-2027", "item1.firms", "count ＿＿"),
        ("training-2027", "item1.first_day", "date （）"),
        ("rooms-2027", "item9.nothing", "unknown"),
    ],
)
def test_kinds_of_slots(name: str, path: str, kind: str) -> None:
    """A slot of any form has a kind: what it holds, and what is printed for it."""
    assert slot_kind(FORMS[name], path) == kind


def test_forms_from_blanks_are_renamed() -> None:
    """A reading by a form made from a blank is scored by the form's own names: slots by words, fields by label."""
    form = FORMS["units-2027"]
    slots = tuple(
        replace(slot, path=slot.path.replace("units.", "item1.").replace("total.", "item2.")) for slot in form.slots
    )
    items = tuple(
        replace(item, key=f"item{number}", slots=tuple(slot for slot in slots if slot.path.startswith(f"item{number}.")))
        for number, item in enumerate(form.items, 1)
    )
    made = replace(form, items=items, header=tuple(replace(field, key=f"{field.key}_1") for field in form.header))
    read = SlotReading(path="item1[2].teams", label="", state=State.VALUE, value=3, raw="3", confidence=1, review=False)
    reading = Reading(
        source="x", form="made", pages=1, review=False, header={"unit_1": HeaderReading(value="甲")},
        slots=(read, read.model_copy(update={"path": "item2.people"}), read.model_copy(update={"path": "item9.more"})),
    )  # fmt: skip
    named = as_form(reading, form, made)
    assert [slot.path for slot in named.slots] == ["units[2].teams", "total.people", "made item9.more"]
    assert named.header["unit"].value == "甲"
