"""Whatever several people say in any order: lists agree with what is on record, and undoing all leaves the machine's."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, delete, event, select

from pipeline.collection.corrections import HEADER, slots_of
from pipeline.store import (
    Conflict,
    DecisionKind,
    NoSuchReturn,
    Store,
    View,
    correct,
    decide,
    finish,
    history,
    list_returns,
    load_return,
    open_store,
    record_arrival,
    set_collection,
    stored_returns,
    undo_last,
)
from pipeline.store.review_tables import corrections, decisions, returns, seconds, slots
from pipeline.store.standings import reassess
from pipeline.store.tables import files, readings, source_files, sources
from pipeline.web.dashboard.snapshot import take_snapshot
from schemas.errors import ConfigError
from schemas.flow import State
from schemas.office import Collection, Correction, Unit
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.office import reading_of
from tests.postgres import Server
from tests.test_store import arrival, claimed

PEOPLE = st.sampled_from(["甲", "乙", "丙"])

PATHS = [
    "item1.lectures",
    "item4.hotline_signs",
    "item7.name",
    "item7[2].name",
    "item7[3].name",
    "header.unit",
    "header.phone",
]

VALUES = [(State.VALUE, 0), (State.VALUE, 7), (State.BLANK, None), (State.UNREADABLE, None), (State.VALUE, "青禾县")]

DECISIONS = [
    *((DecisionKind.UNIT, unit) for unit in ("青禾县", "山阳区", "")),
    *((DecisionKind.PREFERRED, said) for said in ("1", "")),
    *((DecisionKind.DISMISSED, said) for said in ("not_a_return", "wrong_form", "")),
    *((DecisionKind.SETTLED, said) for said in ("1", "")),
    *((DecisionKind.PART_OF, said) for said in ("1-1", "2-1", "2-2", "4-1", "1-2", "")),
    *((DecisionKind.SPLIT, said) for said in ("2", "3", "")),
]

LINE = [column for column in returns.c if column is not returns.c.turn]
"""What follows of a return from what is on record: all but when it last did."""

ROSTERS = [
    Collection("收集", SAFETY_MONTH.id, units)
    for units in ((Unit("青禾县总工会", ("青禾县",)), Unit("山阳区")), (Unit("山阳区", ("青禾县",)),), ())
]


def sheets() -> list[list[Reading]]:
    """What is read in the files: whole returns, two in one file, three pages in one return, single pages."""
    values: dict[str, Value] = {"item1.lectures": 5, "item4.hotline_signs": 6, "item7.name": "竞赛", "item7[2].name": "演讲"}
    flagged = ["item1.lectures", "item4.hotline_signs", "item7[2].name"]
    last = tuple(item.key for item in SAFETY_MONTH.items[3:])
    whole = reading_of(values, unit="青禾县", flagged=flagged)
    longer = [slot.model_copy(update={"page": 3}) if slot.path > "item6" else slot for slot in whole.slots]
    return [
        [reading_of(values, unit="山阳区", flagged=flagged[:1], unit_doubtful=True)],
        [whole, reading_of({**values, "item1.lectures": 9}, unit="山阳区")],
        [whole.model_copy(update={"slots": tuple(longer), "pages": 3})],
        [reading_of(values, unit="青禾县", flagged=flagged[:1], lost=last)],
        [reading_of(values, unit=None, flagged=flagged, lost=("item1", "item2", "item3"))],
    ]


class Review(RuleBasedStateMachine):
    """Three people work on five files at once."""

    url = ""
    store: Store

    @initialize()
    def begin(self) -> None:
        """Five files have been read, and nobody has said anything."""
        self.now = datetime(2026, 6, 20, tzinfo=UTC)
        self.store = self.open()
        set_collection(self.store, ROSTERS[0])
        for turn, found in enumerate(sheets()):
            record_arrival(self.store, arrival(f"{turn}.pdf"))
            finish(self.store, claimed(self.store), found)
        self.first = self.kept()
        self.picture = take_snapshot(self.store)

    def open(self) -> Store:
        """A store in which nothing is."""
        if self.url:
            store = open_store(self.url, clock=lambda: self.now)
            with store.engine.begin() as connection:
                for table in (slots, returns, seconds, corrections, decisions, readings, source_files, sources, files):
                    connection.execute(delete(table))
            return store
        self.folder = tempfile.TemporaryDirectory()
        store = open_store(f"sqlite:///{self.folder.name}/x.db", clock=lambda: self.now)

        @event.listens_for(store.engine, "connect")
        def _fast(connection: object, record: object) -> None:
            # No power is cut here.
            connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]

        store.engine.dispose()
        return store

    def teardown(self) -> None:
        """When all is undone, what is left is the machine's, under the roster that there is."""
        if hasattr(self, "first"):
            set_collection(self.store, ROSTERS[0])
            left = {"甲", "乙", "丙"}
            while left:
                for who in sorted(left):
                    try:
                        if undo_last(self.store, who) is None:
                            left.discard(who)
                    except Conflict:
                        continue
            assert self.kept() == self.first
        if hasattr(self, "store"):
            self.store.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(data=st.data(), who=PEOPLE, path=st.sampled_from(PATHS), after=st.sampled_from(VALUES), blind=st.booleans())
    def correct(self, data: st.DataObject, who: str, path: str, after: tuple[State, int | str | None], blind: bool) -> None:
        """Somebody enters a value; what they have seen is what counts."""
        one = data.draw(st.sampled_from(stored_returns(self.store)))
        seen = load_return(self.store, one.order, one.number).versions.get(path, 0)
        said = Correction(path, who, self.now, after, after)
        try:
            version = correct(self.store, one.order, one.number, said, seen=None if blind else seen)
        except ConfigError:
            # The slot stands on pages that were split off.
            return
        assert version > seen
        assert load_return(self.store, one.order, one.number).versions[path] == version

    @rule(data=st.data(), who=PEOPLE, said=st.sampled_from(DECISIONS))
    def decide(self, data: st.DataObject, who: str, said: tuple[DecisionKind, str]) -> None:
        """Somebody decides about a return."""
        one = data.draw(st.sampled_from(stored_returns(self.store)))
        try:
            decide(self.store, one.order, one.number, *said, who=who)
        except (ConfigError, NoSuchReturn):
            assert said[0] in (DecisionKind.PART_OF, DecisionKind.SPLIT)

    @rule(who=PEOPLE)
    def undo(self, who: str) -> None:
        """Somebody takes their last word back, unless somebody else has spoken since."""
        before = history(self.store).total
        undone = None
        with suppress(Conflict):
            undone = undo_last(self.store, who)
        assert history(self.store).total == before + (undone is not None)

    @rule(roster=st.sampled_from(ROSTERS))
    def change_roster(self, roster: Collection) -> None:
        """The units that are asked change."""
        set_collection(self.store, roster)

    @rule()
    def look(self) -> None:
        """Somebody looks at the dashboard: the last picture, brought up to date, is the one that is made of everything."""
        self.picture, fresh = take_snapshot(self.store, self.picture), take_snapshot(self.store)
        assert self.picture.gathered == fresh.gathered
        assert (self.picture.ledger, self.picture.totals) == (fresh.ledger, fresh.totals)

    @rule(seconds=st.sampled_from([-3600, 60]))
    def set_clock(self, seconds: int) -> None:
        """Somebody sets the clock."""
        self.now += timedelta(seconds=seconds)

    @invariant()
    def lists_are_what_is_made_afresh(self) -> None:
        """Returns, slots and files' states are those that come out when they are made anew of all that is on record."""
        if not hasattr(self, "first"):
            return

        def anew(connection: Connection) -> None:
            connection.execute(delete(slots))
            connection.execute(delete(returns))
            reassess(connection, self.now, connection.execute(select(sources.c.id)).scalars().all(), turn=0)

        assert self.kept(anew) == self.kept()

    @invariant()
    def lines_agree_with_the_values_that_count(self) -> None:
        """What the queue counts as open is what the ledger's slots say, but where pages of another return make up for it."""
        if not hasattr(self, "first"):
            return
        rows = {(row.order, row.number): row for row in list_returns(self.store, view=View.ALL, limit=100).rows}
        for stored in stored_returns(self.store):
            row = rows[stored.order, stored.number]
            assert (row.unit, row.part_of, bool(row.dismissed)) == (stored.unit, stored.part_of, stored.dismissed)
            opened = sum(slot.open for slot in slots_of(stored, SAFETY_MONTH))
            fields = sum(
                field.review for key, field in stored.reading.header.items() if HEADER + key not in stored.corrections
            )
            assert row.open <= opened + fields
            if not (row.parts or row.part_of or stored.dismissed or stored.settled):
                assert row.open == opened + fields

    def kept(self, before: object = None) -> list[list[tuple[object, ...]]]:
        """What follows from what is on record; `before` is done first, and not kept."""
        with self.store.engine.connect() as connection, connection.begin() as transaction:
            if callable(before):
                before(connection)
            queries = [
                select(*LINE).order_by(returns.c.source, returns.c.number),
                select(slots).order_by(slots.c.source, slots.c.number, slots.c.path),
                select(sources.c.id, sources.c.state).order_by(sources.c.id),
                select(files.c.id, files.c.state, files.c.of).order_by(files.c.id),
            ]
            found: list[list[tuple[object, ...]]] = [[tuple(row) for row in connection.execute(query)] for query in queries]
            transaction.rollback()
        return found


TestReview = Review.TestCase
TestReview.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_review_on_postgres(postgres: Server) -> None:
    """The same on PostgreSQL."""

    class OnPostgres(Review):
        url = postgres.database()

    few = settings(max_examples=5, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(OnPostgres, settings=few)
