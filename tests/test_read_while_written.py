"""Pages, API and metrics while a reader stores returns: they answer, wait for nobody, and show whole moments."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from pipeline.store import Store, claim, finish, gauges, open_store, record_arrival, set_collection
from pipeline.store.engine import read, write
from pipeline.store.review_tables import returns
from pipeline.store.tables import files
from schemas.office import FileState
from tests.office import collection_of, reading_of
from tests.test_store import arrival
from tests.web import Visitor, opened_web

UNIT = "青禾县总工会"

RETURNS = 15

PAGES = ("/", "/queue", "/slots", "/impact", "/totals", "/units", "/files", "/api/returns", "/api/slots", "/metrics")


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A store with a collection, which does not try again: what fails, fails the test."""
    with closing(open_store(database, pauses=())) as opened:
        set_collection(opened, collection_of(UNIT))
        yield opened


def take(store: Store, number: int) -> None:
    """Take a file, read it and store its return, as the office does."""
    record_arrival(store, arrival(f"{number}.pdf"))
    held = claim(store)
    assert held is not None
    assert finish(store, held, [reading_of({"item1.lectures": number}, unit=UNIT, flagged=["item1.lectures"])])


def test_everything_answers_while_returns_are_stored(tmp_path: Path, store: Store) -> None:
    """Every page opens all the while, and at the end each tells of every return."""
    with opened_web(tmp_path, store=store) as web, ThreadPoolExecutor(1) as office:
        visitor = Visitor(web)
        take(store, 0)
        stored = office.submit(lambda: list(map(partial(take, store), range(1, RETURNS))))
        asked: list[tuple[str, int]] = []
        while not stored.done():
            asked += [(page, visitor.get(page).status_code) for page in PAGES]
        stored.result()
        assert {code for _, code in asked} == {200}
        assert visitor.get("/api/returns", params={"limit": 200}).text.count(UNIT) >= RETURNS
        assert sum(gauges(store).returns.values()) == RETURNS


def test_an_answer_is_of_one_moment(store: Store) -> None:
    """What is stored between two questions of one answer is in neither: files and returns are of the same moment."""

    def counted(connection: Connection) -> tuple[int, int]:
        before = connection.execute(select(func.count()).select_from(returns)).scalar_one()
        take(store, before + 1)
        by_state = select(func.count()).where(files.c.state != FileState.WAITING)
        return before, connection.execute(by_state).scalar_one()

    take(store, 0)
    assert read(store, counted) == (1, 1)
    assert sum(gauges(store).returns.values()) == 2


def test_readers_wait_for_no_writer(store: Store) -> None:
    """An answer comes while somebody is in the middle of writing, and knows nothing of what is not yet committed."""
    take(store, 0)

    def half_done(connection: Connection) -> int:
        connection.execute(returns.update().values(flagged=999))
        connection.execute(files.update().values(state=FileState.FAILED))
        with ThreadPoolExecutor(1) as another:
            return another.submit(lambda: gauges(store).flagged).result(timeout=20)

    assert write(store, half_done) == 1
