"""Where a file's time goes: charged once, told with its result, and put into metrics and log without a name."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.commands.run_text import told_seconds
from pipeline.meters import Meters
from pipeline.office.watch import watch
from pipeline.reading.work import Job, read_job
from pipeline.stages import Spent, Stage, add_up, measuring, opening, page_stopped, stage
from schemas.errors import UnreadableFile
from schemas.flow import Page
from schemas.reading import Reading
from tests.fakes import BAD, Desk, fake_reader, office

PLAIN = [Stage.OPEN, Stage.TABLES, Stage.ALIGN, Stage.DIGITS]


class Ticks:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time

    def spend(self, seconds: float) -> None:
        self.time += seconds


def pages(count: int, now: Ticks, *, bad: bool = False) -> Iterator[Page]:
    """So many pages, each a second's opening; at the end one that cannot be opened, if there is a `bad` one."""
    for number in range(1, count + 1):
        now.spend(1)
        yield Page(Path("a.pdf"), number, np.zeros((4, 4, 3), np.uint8))
    if bad:
        raise UnreadableFile


def test_a_stage_is_charged_without_those_it_calls() -> None:
    """Outer 1 + 2 s around inner 5 s: 3 and 5; what no stage is told for is other time."""
    now = Ticks()

    @stage(Stage.DIGITS)
    def inner() -> None:
        now.spend(5)

    with measuring(now) as clock:
        now.spend(4)
        with stage(Stage.EVIDENCE):
            now.spend(1)
            inner()
            now.spend(2)
    assert clock.spent() == Spent({Stage.OTHER: 4, Stage.EVIDENCE: 3, Stage.DIGITS: 5})


@given(st.recursive(st.integers(0, 9), lambda inner: st.tuples(st.sampled_from(PLAIN), st.lists(inner)), max_leaves=12))
def test_every_second_is_charged_once(work: object) -> None:
    """However stages lie within each other, and some of them fail, they add up to the whole."""
    now = Ticks()

    def do(part: object) -> None:
        if isinstance(part, tuple):
            with stage(part[0]):
                for one in part[1]:
                    do(one)
        elif isinstance(part, int):
            now.spend(part)

    with measuring(now) as clock:
        do(work)
    assert sum(clock.spent().stages.values()) == now() - 100


def test_pages_have_their_own_seconds() -> None:
    """A page's time is its opening and what is done until the next one is asked for; what comes after is the file's."""
    now = Ticks()
    with measuring(now) as clock:
        for page in opening(pages(3, now)):
            with stage(Stage.TABLES):
                now.spend(10 * page.number)
        with stage(Stage.JUDGE):
            now.spend(7)
    expected = {Stage.OTHER: 0.0, Stage.OPEN: 3.0, Stage.TABLES: 60.0, Stage.JUDGE: 7.0}
    assert clock.spent() == Spent(expected, (11.0, 21.0, 31.0))


def test_the_page_that_could_not_be_read_is_known() -> None:
    """Whether it does not open, is no page of a file that goes on elsewhere, or brings the reader down."""
    now = Ticks()
    with measuring(now) as cut, pytest.raises(UnreadableFile):
        list(opening(pages(2, now, bad=True)))
    with measuring(now) as nothing, pytest.raises(UnreadableFile):
        list(opening(pages(0, now, bad=True)))
    with measuring(now) as goes_on:
        with pytest.raises(UnreadableFile):
            list(opening(pages(1, now, bad=True)))
        page_stopped()
        list(opening(pages(1, now), 1))
    with measuring(now) as defect:
        next(opening(pages(2, now)))
    assert [clock.spent(failed=True).stopped for clock in (cut, nothing, goes_on, defect)] == [3, 0, 2, 1]


def test_other_threads_cost_nothing() -> None:
    """Stages outside all measuring, or in a thread beside it, are charged to nobody."""
    now = Ticks()

    @stage(Stage.OPEN)
    def beside() -> None:
        now.spend(0)

    beside()
    with measuring(now) as clock:
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()
    assert clock.spent() == Spent({Stage.OTHER: 0.0})


def test_a_failed_file_tells_its_page_and_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file of which the third page does not open fails with that page told, and the seconds until then."""
    monkeypatch.setattr("pipeline.reading.work.readers_of", lambda *given: None)
    monkeypatch.setattr("pipeline.reading.read.is_typed", lambda path: False)
    monkeypatch.setattr("pipeline.reading.read.find_tables", lambda *given, **options: [])
    monkeypatch.setattr("pipeline.reading.read.open_pages", lambda path: pages(2, Ticks(), bad=True))
    outcome = read_job(Job(tmp_path / "a.pdf"))
    assert isinstance(outcome.error, UnreadableFile)
    assert outcome.spent.stopped == 3
    assert len(outcome.spent.pages) == 3, "to find that it does not open takes time too"
    assert outcome.spent.stages[Stage.OPEN] > 0


def marked_reader(paths: tuple[Path, ...], names: tuple[str, ...]) -> tuple[Reading, ...]:
    """The fast reader, with stages and pages as the real one has them."""
    for page in opening(pages(2, Ticks())):
        if page.number == 2:
            with stage(Stage.JUDGE):
                return fake_reader(paths, names)
    return ()


def test_stages_reach_metrics_and_log_without_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A source's stages are in the histogram and in its line of the log, a failed one's page too; no name is in either."""
    desk = Desk(tmp_path / "收件", tmp_path / "home")
    desk.inbox.mkdir()
    (desk.inbox / "王秀英-好.pdf").write_bytes(b"good")
    (desk.inbox / "王秀英-坏.pdf").write_bytes(BAD)
    store = desk.open()
    caplog.set_level(logging.INFO, "pipeline")
    made = replace(office(desk, store), reader=lambda: marked_reader)
    watch(made, once=True)
    store.close()
    lines = [record for record in caplog.records if hasattr(record, "source")]
    good, bad = sorted(lines, key=lambda record: record.outcome)  # type: ignore[attr-defined]  # fields of the line
    assert (good.outcome, good.pages, bad.outcome, bad.page) == ("done", 2, "failed", 2)  # type: ignore[attr-defined]
    assert not hasattr(good, "page")
    assert {"fetch", "open", "judge", "store", "other"} <= set(good.stages)  # type: ignore[attr-defined]
    said = json.dumps([{**vars(record), "msg": record.getMessage()} for record in lines], default=str, ensure_ascii=False)
    assert "王秀英" not in said
    assert str(tmp_path) not in said
    assert _counts(made.meters)["judge"] == _counts(made.meters)["read"] == 2


def test_a_run_tells_the_longest_stages() -> None:
    """The line at the end names the stages that took most, in their share of the whole."""
    seconds = add_up([Spent({Stage.OPEN: 1.0, Stage.DIGITS: 2.0}), Spent({Stage.DIGITS: 5.0, Stage.JUDGE: 2.0})])
    assert list(seconds) == [Stage.OPEN, Stage.DIGITS, Stage.JUDGE]
    line = told_seconds(seconds)
    assert "10" in line
    assert line.index("70%") < line.index("20%") < line.index("10%")


def _counts(meters: Meters) -> dict[str, float]:
    samples = (sample for metric in meters.seconds.collect() for sample in metric.samples)
    return {sample.labels["stage"]: sample.value for sample in samples if sample.name.endswith("_count")}
