"""Whatever happens in whatever order, every file is in exactly one state, and every reading in force belongs to one."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event, select, text

from pipeline.collection.filing import superseding
from pipeline.reading.units import names_by_spelling
from pipeline.store import (
    Arrival,
    Claim,
    DecisionKind,
    claim,
    decide,
    extend,
    fail,
    finish,
    give_back,
    mark_cleared,
    open_store,
    put_off,
    receipts,
    record_arrival,
    set_collection,
    stored_returns,
)
from pipeline.store.states import OPEN_STATES, SHOWN
from pipeline.store.tables import readings, source_files, sources
from schemas.errors import NoTable, TransientError
from schemas.office import FileState, StoredReturn
from schemas.safety_month import SAFETY_MONTH
from tests.fakes import FLAGGED, fake_reading
from tests.test_store import ROSTER, reading

UNITS = st.sampled_from(["青禾县", "山阳区"])
BYTES = st.integers(1, 6)


class OfficeDay(RuleBasedStateMachine):
    """Files arrive, are claimed by several processes, are read or not; processes die and clocks are set."""

    @initialize()
    def begin(self) -> None:
        """An empty store."""
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 6, 20, tzinfo=UTC)
        self.store = open_store(
            f"sqlite:///{Path(self.folder.name) / 'x.db'}", lease=timedelta(seconds=60), clock=lambda: self.now
        )

        @event.listens_for(self.store.engine, "connect")
        def _fast(connection: object, record: object) -> None:
            # No power is cut here.
            connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]

        self.store.engine.dispose()
        set_collection(self.store, ROSTER)
        self.held: list[Claim] = []
        self.sent = 0
        self.marks = 0

    def teardown(self) -> None:
        """Give the folder back."""
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @rule(unit=UNITS, page=st.integers(0, 3), content=BYTES)
    def arrive(self, unit: str, page: int, content: int) -> None:
        """A file comes, is kept, and leaves the inbox."""
        self.marks += 1
        name = f"{unit}-{page}.jpg" if page else f"{unit}.pdf"
        sha256 = f"{content:064}"
        order = record_arrival(
            self.store,
            Arrival("/收", name.encode(), name, sha256, 1, str(self.marks), "k", unit if page else ""),
        )
        assert order is not None
        self.sent += 1
        mark_cleared(self.store, [order])

    @rule()
    def begin_reading(self) -> None:
        """Some process takes the next source."""
        held = claim(self.store)
        if held is not None:
            self.held.append(held)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), unit=UNITS, other=UNITS, flagged=st.booleans(), lacking=st.booleans())
    def read(self, data: st.DataObject, unit: str, other: str, flagged: bool, lacking: bool) -> None:
        """A holder, perhaps of a lease long gone, brings a result."""
        self.marks += 1
        first, second = (b"UNIT:%s\n%d" % (name.encode(), self.marks) for name in (unit, other))
        found = reading(FLAGGED + first if flagged else first, lacking=lacking)
        finish(self.store, self._any(data), [found, fake_reading([b"second" + second], "a")])

    @rule(
        data=st.data(), kind=st.sampled_from(["preferred", "dismissed", "settled", "unit"]), unit=UNITS, back=st.booleans()
    )
    def decide(self, data: st.DataObject, kind: str, unit: str, back: bool) -> None:
        """A reviewer decides about some return, or takes it back."""
        if found := stored_returns(self.store):
            one = data.draw(st.sampled_from(found))
            said = "" if back else unit if kind == "unit" else "1"
            decide(self.store, one.order, one.number, DecisionKind(kind), said, who="甲")

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["fail", "put off", "back", "died", "extend"]))
    def end_otherwise(self, data: st.DataObject, how: str) -> None:
        """A holder gives up, dies, or says that it lives."""
        held = self._any(data)
        if how == "fail":
            fail(self.store, held, NoTable())
        elif how == "put off":
            put_off(self.store, held, TransientError())
        elif how == "extend":
            extend(self.store, [held])
        else:
            give_back(self.store, held, died=how == "died")

    @rule(seconds=st.sampled_from([-100_000, -30, 10, 61, 100_000]))
    def set_clock(self, seconds: int) -> None:
        """Time goes by, or somebody sets the clock."""
        self.now += timedelta(seconds=seconds)

    @invariant()
    def every_file_is_on_record_once(self) -> None:
        """As many receipts as files came; a duplicate's original is no duplicate; no bytes are there twice."""
        if not hasattr(self, "store"):
            return
        found = {receipt.order: receipt for receipt in receipts(self.store)}
        assert len(found) == self.sent
        for receipt in found.values():
            assert (receipt.of is not None) == (receipt.state in {FileState.DUPLICATE, FileState.SUPERSEDED})
            if receipt.of is not None:
                assert found[receipt.of].state is not FileState.DUPLICATE
                assert receipt.state is FileState.SUPERSEDED or found[receipt.of].sha256 == receipt.sha256
        firsts = Counter(receipt.sha256 for receipt in found.values() if receipt.state is not FileState.DUPLICATE)
        assert set(firsts.values()) <= {1}

    @invariant()
    def states_and_readings_agree(self) -> None:
        """Sources that have been read have readings, those being read a holder, and files the state of a source."""
        if not hasattr(self, "store"):
            return
        in_force = Counter((each.order, each.number) for each in stored_returns(self.store))
        assert set(in_force.values()) <= {1}
        with self.store.engine.connect() as connection:
            live = sources.c.replaced_by.is_(None)
            for row in connection.execute(select(sources).where(live)):
                read = connection.execute(select(readings.c.number).where(readings.c.source == row.id)).all()
                assert bool(read) == (row.state in {FileState.REVIEW, FileState.ACCEPTED})
                assert (row.token is not None) == (row.state == FileState.READING)
            rows = connection.execute(select(source_files.c.file, sources.c.state).join(sources).where(live)).all()
            states: dict[int, set[str]] = {}
            for file, state in rows:
                states.setdefault(file, set()).add(state)
            for receipt in receipts(self.store):
                if receipt.state not in {FileState.DUPLICATE, FileState.SUPERSEDED}:
                    assert receipt.state in states[receipt.order]

    @invariant()
    def superseded_files_are_those_all_of_whose_returns_are(self) -> None:
        """What receipts say of superseding is what the ledger makes of all that is on record, at any time."""
        if not hasattr(self, "store"):
            return
        by_unit: dict[str, list[StoredReturn]] = {}
        for stored in stored_returns(self.store):
            by_unit.setdefault(stored.unit or "", []).append(stored)
        names = names_by_spelling(ROSTER.units)
        over: dict[tuple[int, int], int] = {}
        for returns in by_unit.values():
            over |= superseding(returns, SAFETY_MONTH, names)
        gone: dict[int, list[bool]] = {}
        for stored in stored_returns(self.store):
            gone.setdefault(stored.order, []).append((stored.order, stored.number) in over)
        for receipt in receipts(self.store):
            if receipt.order in gone and receipt.state in SHOWN:
                assert (receipt.state is FileState.SUPERSEDED) == all(gone[receipt.order])

    @invariant()
    def nothing_waits_for_ever(self) -> None:
        """Whatever was claimed or put off is to be had again in a lease's time."""
        if not hasattr(self, "store"):
            return
        later = self.now + self.store.lease + timedelta(seconds=1)
        with self.store.engine.connect() as connection:
            waiting = connection.execute(select(sources.c.until).where(sources.c.state.in_(OPEN_STATES))).scalars()
            for until in waiting:
                assert until is None or until <= later or until > self.now + self.store.lease
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []

    def _any(self, data: st.DataObject) -> Claim:
        return data.draw(st.sampled_from(self.held))


TestOfficeDay = OfficeDay.TestCase
TestOfficeDay.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
