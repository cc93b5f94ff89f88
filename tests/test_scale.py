"""The bench of scale: generated rows are what the store reads, arrivals are a day's, the model's arithmetic adds up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.collection.ledger import UnitState
from pipeline.store import Store, collected, is_done, list_slots, next_open, open_store, to_tell, view_counts
from pipeline.store.queue import View
from pipeline.web.dashboard.snapshot import take_snapshot
from schemas.flow import State
from schemas.office import FileState
from tests.bench.cost import GB, USED, Assumed, Measured, cost_of, cost_table, limits_table, to_measured
from tests.bench.scale import rows, stored
from tests.bench.scale.day import HOURS, arrival_times
from tests.bench.scale.report import day_lines, store_table, workers_table
from tests.postgres import running_server

BUSY = {"workers": 0.6, "holder": 0.05, "scheduler": 0.03, "PostgreSQL": 0.02}

MEASURED = Measured(2.0, BUSY, 0.01, 1e6, 2e4, BUSY)

PACE = {"workers": 2, "runs": 1, "per_hour": 9000.0, "least": 9000.0, "most": 9000.0, "gain": 1.9, "efficiency": 0.95}
TOOK = {"what": "save and finish", "median": 10.0, "p90": 12.0, "busy": 8.0, "tries": 3}
READ: dict[str, Any] = {
    "bytes_each": 1e6,
    "pages_each": 2.0,
    "roster": 60,
    "paces": [{**PACE, "busy": dict(MEASURED.busy), "memory": 700.0}, {**PACE, "workers": 4, "busy": {}}],
    "runs": [{"load": 0.1}],
}

STORED: list[dict[str, Any]] = [
    {"returns": size, "collections": 1, "largest": size, "fill_seconds": 5.0, "bytes_each": 2e4, "took": [TOOK]}
    for size in (10_000, 100)
]


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Store, rows.Filled]]:
    """A store with three collections of 20 generated returns each, made of ten."""
    with pytest.MonkeyPatch.context() as patch, running_server() as server:
        patch.setattr(rows, "TEMPLATES", 10)
        store = open_store(server.database(), lease=timedelta(hours=1))
        yield store, rows.fill(store, 60, 20, say=lambda line: None)
        store.close()


def test_generated_returns_are_what_the_store_reads(filled: tuple[Store, rows.Filled]) -> None:
    """Each is of a unit of its own, in header, queue and roster alike, and its slots are those of its reading."""
    store, made = filled
    assert (made.returns, made.collections, made.largest) == (80, 3, 20)
    known, returns, receipts = collected(store, made.open_collection)
    assert [one.unit for one in returns] == [one.reading.header["unit"].value for one in returns] == list(made.units)
    assert {unit.name for unit in known.units} == set(made.units)
    assert [receipt.order for receipt in receipts] == [one.order for one in returns]
    slots = list_slots(store, collection=made.open_collection, limit=10_000).rows
    assert {(slot.order, slot.path, slot.state, slot.value) for slot in slots} == {
        (one.order, slot.path, slot.state, slot.value) for one in returns for slot in one.reading.slots
    }
    assert len({one.sha256 for one in returns}) == len(returns)


def test_closed_collections_are_decided(filled: tuple[Store, rows.Filled]) -> None:
    """In all collections but the newest nothing is open, and every slot that was has the correction that counts."""
    store, made = filled
    before = made.open_collection - 1
    assert view_counts(store, collection=before)[View.OPEN] == 0
    assert view_counts(store, collection=made.open_collection)[View.OPEN] > 0
    assert next_open(store, None, collection=before) is None
    _, returns, _ = collected(store, before)
    flagged = [(one, slot) for one in returns for slot in one.reading.slots if slot.review]
    assert flagged
    assert all(one.corrections[slot.path].after[0] is State.VALUE for one, slot in flagged)
    assert all(one.accepted for one in returns)


def test_nothing_is_left_to_do_in_a_generated_store(filled: tuple[Store, rows.Filled]) -> None:
    """Nothing waits to be read, the clerk has been told of everything, and all units of a collection have returned."""
    store, made = filled
    assert is_done(store)
    assert to_tell(store, rows.INBOX) == []
    assert take_snapshot(store, collection=made.open_collection).ledger.states[UnitState.MISSING] == 0


def test_every_question_is_asked(filled: tuple[Store, rows.Filled], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the bench asks of a store is answered; a unit's second return supersedes its first, and nothing is unread."""
    store, made = filled
    monkeypatch.setattr(stored, "DAY_WAITING", 50)
    # Of a folder without a server no processor time is told.
    took = stored.ask(store, tmp_path, made, 2)
    assert all(one.median > 0 for one in took)
    aside = [one for one in collected(store, made.open_collection)[2] if one.state is FileState.SUPERSEDED]
    assert aside
    assert is_done(store)


@pytest.mark.parametrize("count", [1, 7, 20_000])
def test_arrivals_are_a_days(count: int) -> None:
    """They come in order within the day, each hour's share in its hour."""
    times = arrival_times(count, 1000.0)
    assert len(times) == count
    assert times == sorted(times)
    assert 0 < times[0] <= times[-1] < 1000
    for hour, share in enumerate(HOURS):
        within = sum(100 * hour <= moment < 100 * (hour + 1) for moment in times)
        assert abs(within - share * count) <= 1


def test_the_hours_are_a_whole_day() -> None:
    """Shares of the hours add up to all returns."""
    assert sum(HOURS) == pytest.approx(1)


def test_the_model_multiplies_what_was_measured() -> None:
    """7.2 million pages within 100 days: each figure by hand."""
    cost = cost_of(7.2e6, 100, MEASURED, Assumed(0.5, 0.1, 2.0, 70.0, 10, flagged=2.0, seconds=5.0, crop=1000))
    assert cost.returns == 3.6e6
    assert cost.core_hours == pytest.approx(700)
    # 700 core-hours in 2,400 hours of which seven in ten are used: less than a core.
    assert cost.cores == 1
    assert cost.writer == pytest.approx(3.6e4 / (100 * 86400))
    assert (cost.originals, cost.database, cost.crops) == pytest.approx((3600, 72, 7.2))
    assert cost.review_hours == pytest.approx(10_000)
    assert cost.people == pytest.approx(10_000 / (USED * 800))
    assert cost.reading_money == pytest.approx(500)
    assert cost.storage_money == pytest.approx(10 * (3607.2 * 0.1 + 72 * 2))
    assert cost.review_money == pytest.approx(1_000_000)
    assert cost.money == cost.reading_money + cost.storage_money + cost.review_money


def test_the_model_is_linear() -> None:
    """Ten times the pages take ten times of everything in the same days, but for whole cores."""
    one, ten = (cost_of(pages, 10, MEASURED, Assumed()) for pages in (1e6, 1e7))
    for name in ("returns", "core_hours", "writer", "originals", "database", "crops", "review_hours", "people", "money"):
        assert getattr(ten, name) == pytest.approx(10 * getattr(one, name))
    assert ten.cores <= 10 * one.cores


def test_the_model_takes_the_largest_store_and_the_cores_there_are() -> None:
    """Of the bench's figures those of two workers on two cores count, and the largest store's."""
    assert to_measured({"workers": READ, "store": STORED}, 2) == MEASURED
    day = {"returns": 100, "busy": {"holder": 2.0}}
    assert to_measured({"workers": READ, "store": STORED, "day": day}, 2).hurried == {"holder": 0.02}
    assert f"{1e6 / GB * 5000:,.0f}" in cost_table([cost_of(1e4, 1, MEASURED, Assumed())])
    assert "| the process that holds the store | 50 | 20 | 12 |" in limits_table(MEASURED)


def test_reports_tell_what_was_measured() -> None:
    """Tables have a line for each number of workers, and for each question with a column for each size."""
    assert "| 2 | 1 | 9,000 | 9,000 to 9,000 | 1.90 x | 95 % | 600 | 50 | 30 | 20 |" in workers_table(
        {**READ, "paces": READ["paces"][:1]}
    )
    assert "| save and finish | 10.0, 8.0 | 10.0, 8.0 |" in store_table(STORED)
    day = {"returns": 100, "speed": 100.0, "service": 0.65, "workers": 2, "done": 100, "twice": 0, "lost": 0, "kills": 3}
    day |= {"died": 2, "span": 360.0, "seconds": 361.0, "per_second": 0.3, "busiest_per_second": 0.5, "longest_wait": 2.0}
    lines = day_lines({**day, "usual_wait": 0.1, "store": 1.0, "busy": {"holder": 2.0}, "load": 0.0})
    assert "done 100, twice 0, lost 0" in lines[1]
    assert "holder 20.0 ms" in lines[3]
