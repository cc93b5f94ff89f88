"""What people and readers wait for is found by indices, on both databases, so that it holds with ten million slots.

Each question is asked of a small store; then the database is made to tell how it would answer it if it must not read a
table through (PostgreSQL), or how it does (SQLite). A table read through all the same is one that no index serves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from pipeline.store import (
    DecisionKind,
    Store,
    awaiting_second,
    claim,
    correct,
    decide,
    extend,
    fingerprint,
    finish,
    gauges,
    history,
    is_done,
    list_returns,
    list_slots,
    load_return,
    next_open,
    open_by_slot,
    open_store,
    receipts,
    record_arrival,
    to_tell,
    undo_last,
    view_counts,
)
from schemas.flow import State
from schemas.office import Correction
from tests.office import DEADLINE, reading_of
from tests.test_store import LEASE, arrival, claimed

LARGE = ("files", "sources", "source_files", "readings", "returns", "slots", "corrections", "decisions", "seconds", "audits")
"""Tables that grow with every return."""

SLOT = "item1.lectures"

Question = Callable[[Store], object]

Statement = tuple[str, Any]


def _read_one(store: Store) -> None:
    record_arrival(store, arrival("another.pdf"))
    held = claim(store)
    assert held is not None
    extend(store, [held])
    finish(store, held, [reading_of({SLOT: 3}, unit="白石区总工会")])


def _correct(store: Store) -> int:
    return correct(store, 1, 1, Correction(SLOT, "王芳", DEADLINE, (State.VALUE, 5), (State.VALUE, 8)))


QUESTIONS: dict[str, Question] = {
    "take, claim, read, store": _read_one,
    "a return": lambda store: load_return(store, 1, 1),
    "a decision about a slot": _correct,
    "a decision about a return": lambda store: decide(store, 1, 1, DecisionKind.UNIT, "白石区总工会", who="王芳"),
    "undo": lambda store: (_correct(store), undo_last(store, "王芳")),
    "the queue": list_returns,
    "the next return": lambda store: next_open(store, (1, 1)),
    "open slots": lambda store: list_slots(store, open=True),
    "one slot of all returns": lambda store: list_slots(store, open=True, form_path=SLOT),
    "open slots by slot": open_by_slot,
    "the queue of a collection": lambda store: list_returns(store, collection=1),
    "the next return of a collection": lambda store: next_open(store, (1, 1), collection=1),
    "how many a collection's views show": lambda store: view_counts(store, collection=1),
    "open slots of a collection": lambda store: list_slots(store, open=True, collection=1),
    "one slot of a collection's returns": lambda store: list_slots(store, open=True, form_path=SLOT, collection=1),
    "a collection's open slots by slot": lambda store: open_by_slot(store, collection=1),
    "a move to another collection": lambda store: decide(store, 1, 1, DecisionKind.COLLECTION, "1", who="王芳"),
    "second entries": lambda store: awaiting_second(store, "李明"),
    "the trail of a return": lambda store: history(store, order=1, number=1),
    "what to tell the clerk": lambda store: to_tell(store, "/收件"),
    "whether all is read": is_done,
    "has anything changed": fingerprint,
    "what a monitor asks": gauges,
    "the files of a collection": lambda store: receipts(store, collection=1),
}


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A store with two returns, one of which has an open slot."""
    made = open_store(database, lease=LEASE, pauses=())
    for name in ("a.pdf", "b.pdf"):
        record_arrival(made, arrival(name))
        finish(made, claimed(made), [reading_of({SLOT: 5}, flagged=[SLOT])])
    yield made
    made.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_table_that_grows_is_read_through(store: Store, name: str) -> None:
    """Every statement that a question takes finds its rows by an index."""
    asked = statements(store, QUESTIONS[name])
    assert asked
    read_through = {(table, sql) for sql, given in asked for table in tables_read_through(store, sql, given)}
    assert not read_through


def statements(store: Store, question: Question) -> list[Statement]:
    """The statements that a question puts to the database, each once, with what was asked for."""
    asked: dict[str, Any] = {}

    def note(connection: Any, cursor: Any, sql: str, given: Any, context: Any, many: bool) -> None:
        if sql.split(maxsplit=1)[0] in {"SELECT", "UPDATE", "DELETE"}:
            asked.setdefault(sql, given[0] if many else given)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        question(store)
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    return list(asked.items())


def tables_read_through(store: Store, sql: str, given: Any) -> set[str]:
    """The large tables that a statement reads from one end to the other."""
    with store.engine.connect() as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            steps = [row.detail.split() for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
            return {step[1] for step in steps if step[0] == "SCAN" and step[1] in LARGE and "USING" not in step}
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", given).scalar_one()
        plan = found if isinstance(found, list) else json.loads(found)
        return {node["Relation Name"] for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"} & set(LARGE)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's steps."""
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)
