"""What a monitor is told: whether the server is alive and ready, and numbers without names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.office.archive import archive_of
from pipeline.store import claim, counts, finish, gauges, open_store, record_arrival, set_collection, the_collection
from pipeline.web.context import Web
from schemas.office import FileState
from tests.office import reading_of
from tests.test_store import Clock, arrival
from tests.web import Visitor, add_people, opened_web

UNIT = "青禾县总工会"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """An office without users."""
    with opened_web(tmp_path) as opened:
        yield opened


def numbers(visitor: Visitor) -> dict[tuple[str, ...], float]:
    """What /metrics says, by name and labels."""
    text = visitor.get("/metrics").text
    assert UNIT not in text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_numbers_follow_the_store(tmp_path: Path, database: str) -> None:
    """Files by state, open slots, and how long the oldest file and return wait, are the store's own."""
    clock = Clock()
    with closing(open_store(database, clock=clock, pauses=())) as store, opened_web(tmp_path, store=store) as web:
        record_arrival(store, arrival("a.pdf"))
        held = claim(store)
        assert held is not None
        finish(store, held, [reading_of({"item1.lectures": 5}, unit=UNIT, flagged=["item1.lectures"])])
        clock.set(60)
        record_arrival(store, arrival("b.pdf"))
        clock.set(30)
        found = numbers(Visitor(web))
    assert found["kuohao_files", "review"] == found["kuohao_files", "waiting"] == 1
    assert found["kuohao_files", "failed"] == 0
    assert found["kuohao_flagged_slots",] == found["kuohao_open_slots",] == 1
    assert found["kuohao_unread_age_seconds",] == 30
    assert found["kuohao_review_age_seconds",] == 90


def test_files_are_counted_as_they_come(database: str) -> None:
    """What was counted before, here or by another process, is counted once; a closed collection's returns no more."""
    with closing(open_store(database, pauses=())) as store, closing(open_store(database, pauses=())) as another:
        for turn, (taken, asked) in enumerate(((store, another), (another, store), (store, another), (another, another)), 1):
            record_arrival(taken, arrival(f"{turn}.pdf"))
            held = claim(taken)
            assert held is not None
            finish(taken, held, [reading_of({"item1.lectures": turn}, unit=UNIT)])
            found = gauges(asked)
            assert found.files[FileState.ACCEPTED] == counts(store)[FileState.ACCEPTED]
            assert sum(found.files.values()) == sum(found.returns.values()) == turn
        assert gauges(store) == gauges(another)
        set_collection(store, replace(the_collection(store)[0], closed=store.clock()))
        assert (sum(gauges(store).returns.values()), sum(gauges(store).files.values())) == (0, 4)


def test_meters_of_the_process_are_told(web: Web) -> None:
    """What this process has measured of its own reads stands beside the office's numbers."""
    web.meters.seconds.labels("read").observe(0.7)
    web.meters.slots.labels("no").inc(38)
    found = numbers(Visitor(web))
    assert found["kuohao_slots_total", "no"] == 38
    assert found["kuohao_stage_seconds_count", "read"] == 1
    assert found["kuohao_stage_seconds_sum", "read"] == pytest.approx(0.7)


def test_numbers_are_for_users_where_there_are_any(web: Web) -> None:
    """A monitor needs a token as soon as somebody must sign in; whether the server is ready is told to anybody."""
    add_people(web.store, "管理员")
    visitor = Visitor(web)
    assert visitor.get("/metrics").status_code in {303, 401}
    assert visitor.get("/health").status_code == 200
    archive_of(web.home).mkdir(parents=True)
    assert visitor.get("/ready").json() == {"ready": True, "missing": []}


@pytest.mark.parametrize("missing", ["archive", "reader"])
def test_what_is_missing_is_named(web: Web, missing: str) -> None:
    """A server that cannot take returns says so with 503, and why."""
    if missing != "archive":
        archive_of(web.home).mkdir(parents=True)
    answer = Visitor(replace(web, reading=lambda: missing != "reader")).get("/ready")
    assert (answer.status_code, answer.json()["missing"]) == (503, [missing])
