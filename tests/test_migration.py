"""A store that an older version has filled is brought to this one, with nothing lost and every list as if made here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, create_engine, delete, insert, select, update

from pipeline.store import Store, history, list_returns, open_store, stored_returns, undo_last, view_counts
from pipeline.store.migrations.versions.v0004 import BATCH
from pipeline.store.queue import View
from pipeline.store.review_tables import returns, slots
from pipeline.store.standings import reassess
from pipeline.store.tables import sources
from schemas.flow import State
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.office import reading_of

NOON = datetime(2026, 6, 20, 4, 0, tzinfo=UTC)

VALUES: dict[str, Value] = {"item1.lectures": 5, "item4.hotline_signs": 2**70, "item7.name": "竞赛", "item7[2].name": "演讲"}

LINE = [column for column in returns.c if column is not returns.c.turn]
"""What is made anew of a return: all but when it was."""

UNITS = {(1, 1): "山阳区", **dict.fromkeys([(2, 1), (5, 1), (6, 1)], "青禾县总工会")}
"""The units that version 3 had found: one that a person has named, though it is on no roster, and the roster's."""


def test_filled_store_of_version_3_is_migrated(database: str) -> None:
    """Files, readings, corrections and decisions of an older store come out as they are, under this version's tables."""
    fill(database)
    store = open_store(database)
    try:
        assert kept(store) == kept(store, anew=True)
        found = {(one.order, one.number): one for one in stored_returns(store)}
        assert found[1, 1].corrections["item1.lectures"].after == (State.VALUE, 6)
        assert found[1, 1].corrections["header.unit"].after == (State.VALUE, "山阳区")
        assert found[1, 1].reading == whole()
        assert (found[2, 1].unit, found[2, 1].dismissed, found[3, 1].settled) == ("青禾县总工会", True, True)
        assert view_counts(store) == {View.OPEN: BATCH + 2, View.ACCEPTED: 2, View.SET_ASIDE: 2, View.ALL: BATCH + 6}
        assert list_returns(store, view=View.ALL).rows[0].open == 1
    finally:
        store.close()


def test_what_people_said_before_the_migration_can_be_undone(database: str) -> None:
    """Their words are in order, by the times that were kept, and each says what counted before it."""
    fill(database)
    store = open_store(database)
    try:
        told = [(event.path, event.kind, event.before, event.after) for event in history(store, order=1).rows]
        assert told == [
            ("", "unit", "青禾县", "山阳区"),
            ("", "unit", "", "青禾县"),
            ("item1.lectures", None, (State.VALUE, 7), (State.VALUE, 6)),
            ("item1.lectures", None, (State.VALUE, 5), (State.VALUE, 7)),
        ]
        undone = undo_last(store, "乙")
        assert undone is not None
        assert (undone.kind, undone.after) == ("unit", "青禾县")
    finally:
        store.close()


def whole() -> Reading:
    """A return with numbers that no database holds, and a further activity."""
    return reading_of(VALUES, unit="青禾县", flagged=["item1.lectures", "item7.name"], unit_doubtful=True)


def fill(database: str) -> None:
    """A store of version 3 in which people have worked."""
    engine = create_engine(database)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "pipeline.store:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "v0003")
        then = MetaData()
        then.reflect(connection)
        _fill(connection, then.tables)
    engine.dispose()


def _fill(connection: Connection, tables: Mapping[str, Table]) -> None:
    lost = tuple(item.key for item in SAFETY_MONTH.items[3:])
    returns_of = {
        1: [whole()],
        2: [reading_of(VALUES, unit="青禾县", flagged=["item1.lectures"])],
        3: [reading_of(VALUES, unit="山阳区", lost=lost)],
        # Read first of two pages, then both.
        4: [reading_of(VALUES, unit="青禾县", lost=lost)],
        5: [reading_of({"item1.lectures": 1}, unit="青禾县"), reading_of({}, unit="山阳区", flagged=["item2.quiz_people"])],
    }
    returns_of[6] = [reading_of({"item1.lectures": 2}, unit="青禾县")]
    many = range(7, 7 + BATCH)
    returns_of |= {order: [reading_of({}, unit=f"{order}区", flagged=["item1.lectures"])] for order in many}
    now = NOON.replace(tzinfo=None)
    for order, found in returns_of.items():
        review = any(one.review for one in found) and order != 3
        state = "superseded" if order == 4 else "review" if review else "accepted"
        row = {"id": order, "inbox": "/收", "path": f"{order}".encode(), "name": f"{order}.pdf", "sha256": f"{order:064}"}
        row |= {"size": 1, "mark": "", "kept": "", "arrived": now, "changed": now, "state": state}
        told = {"code": "review", "reason": "有内容待审核"} if state == "review" else {"code": "", "reason": ""}
        connection.execute(insert(tables["files"]).values(**row, **told))
        source = {"id": order, "inbox": "/收", "changed": now, "state": state}
        connection.execute(insert(tables["sources"]).values(**source))
        connection.execute(insert(tables["source_files"]).values(source=order, file=order))
        for number, one in enumerate(found, 1):
            row = {"source": order, "number": number, "review": one.review, "reading": one.model_dump_json()}
            row |= {"unit": UNITS.get((order, number)), "superseded_by": 6 if (order, number) == (5, 1) else None}
            connection.execute(insert(tables["readings"]).values(**row))
    connection.execute(insert(tables["source_files"]).values(source=5, file=4))
    connection.execute(update(tables["sources"]).where(tables["sources"].c.id == 4).values(replaced_by=5))
    units = json.dumps([["青禾县总工会", ["青禾县"], ""]], ensure_ascii=False)
    known = {"id": 1, "name": "收集", "form": SAFETY_MONTH.id, "units": units}
    connection.execute(insert(tables["collection"]).values(**known))
    said: list[tuple[str, int, str, str, tuple[Value, Value]]] = [
        ("甲", 1, "item1.lectures", "", (5, 7)),
        ("乙", 1, "item1.lectures", "", (7, 6)),
        ("甲", 1, "", "unit", (None, "青禾县")),
        ("乙", 1, "", "unit", (None, "山阳区")),
        ("甲", 2, "", "dismissed", (None, "1")),
        ("甲", 3, "", "settled", (None, "1")),
    ]
    for turn, (who, order, path, kind, (before, after)) in enumerate(said):
        common = {"key": str(turn), "source": order, "number": 1, "who": who, "when": now + timedelta(minutes=turn)}
        if kind:
            connection.execute(insert(tables["decisions"]).values(kind=kind, value=after, **common))
        else:
            worths = {"before": json.dumps(["value", before]), "after": json.dumps(["value", after])}
            connection.execute(insert(tables["corrections"]).values(path=path, **worths, **common))


def kept(store: Store, *, anew: bool = False) -> list[list[tuple[object, ...]]]:
    """The lists as they are, or as they are made anew, which is not kept."""
    with store.engine.connect() as connection, connection.begin() as transaction:
        if anew:
            connection.execute(delete(slots))
            connection.execute(delete(returns))
            reassess(connection, NOON, connection.execute(select(sources.c.id)).scalars().all(), turn=0)
        queries = [
            select(*LINE).order_by(returns.c.source, returns.c.number),
            select(slots).order_by(slots.c.source, slots.c.number, slots.c.path),
            select(sources.c.id, sources.c.state).order_by(sources.c.id),
        ]
        found: list[list[tuple[object, ...]]] = [[tuple(row) for row in connection.execute(query)] for query in queries]
        transaction.rollback()
    return found
