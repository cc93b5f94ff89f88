"""The store, on SQLite and on a real PostgreSQL: what is on record, who may read it, and what people decided."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from pipeline.store import (
    Arrival,
    Claim,
    DecisionKind,
    Export,
    Store,
    claim,
    collected,
    correct,
    counts,
    decide,
    extend,
    fail,
    finish,
    give_back,
    in_inbox,
    is_done,
    last_export,
    mark_cleared,
    mark_told,
    open_store,
    put_off,
    reason_and_advice,
    receipts,
    record_arrival,
    record_arrivals,
    record_blocked,
    record_export,
    set_collection,
    stored_returns,
    telling,
    to_tell,
)
from pipeline.store.claims import ADVICE, MOST_PUT_OFF
from pipeline.store.engine import HEAD, write
from pipeline.store.metadata import metadata
from pipeline.store.tables import UNTOLD, files
from schemas.errors import (
    ConfigError,
    DocumentError,
    KuohaoError,
    NoSuchReturn,
    NoTable,
    StoreUnavailable,
    TransientError,
)
from schemas.flow import State
from schemas.office import Collection, Correction, FileState, Unit
from schemas.reading import Problem, Reading
from tests.fakes import FLAGGED, PAGE, fake_reading

ROOT = Path(__file__).parent.parent

ROSTER = Collection(
    "收集", "safety-month-2023", (Unit("青禾县总工会", ("青禾县",)), Unit("山阳区")), datetime(2026, 6, 30, tzinfo=UTC)
)

LEASE = timedelta(seconds=60)


class Clock:
    """A wall clock that anybody may set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 20, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, seconds: float) -> None:
        """Move the hands."""
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Made:
    """An open store and its clock."""

    store: Store
    clock: Clock


@pytest.fixture
def made(database: str) -> Iterator[Made]:
    """A new store."""
    clock = Clock()
    store = open_store(database, lease=LEASE, clock=clock)
    yield Made(store, clock)
    store.close()


def arrival(name: str, content: str = "", *, pages_of: str = "", mark: str = "1:1") -> Arrival:
    """A file with these bytes, if no others its name."""
    sha256 = (content or name).encode().hex()[:64].ljust(64, "0")
    return Arrival("/收件", name.encode(), name, sha256, 1, mark, f"{sha256[:2]}/{name}", pages_of)


def reading(content: bytes = b"", *, lacking: bool = False) -> Reading:
    """A return, for review where its bytes say so."""
    made = fake_reading([content], "a.pdf")
    return made.model_copy(update={"review": True, "problems": (Problem.ITEMS_MISSING,)}) if lacking else made


def claimed(store: Store) -> Claim:
    """The next claim; there must be one."""
    held = claim(store)
    assert held is not None
    return held


def states(store: Store) -> dict[str, str]:
    """State by name."""
    return {receipt.name: receipt.state.value for receipt in receipts(store)}


def test_migrations_make_the_tables_that_the_code_uses(made: Made) -> None:
    """What the migrations have made differs in nothing from the tables, and the newest one is the code's."""
    with made.store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    config = Config()
    config.set_main_option("script_location", "pipeline.store:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_what_is_untold_is_found_without_a_look_at_all_files(made: Made) -> None:
    """The question that is asked after every return goes through an index of its own, in either database."""
    with made.store.engine.connect() as connection:
        query = select(files.c.path).where(files.c.inbox == "/收件", UNTOLD)
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            # An empty table is read through sooner than its index.
            connection.execute(text("SET enable_seqscan = off"))
        asked = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = connection.execute(text(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{asked}")).all()
    assert "ix_files_untold" in str(plan)


def test_processes_that_start_at_once_migrate_once(database: str) -> None:
    """Two processes open an empty database at the same moment: both succeed."""
    script = "import sys; from pipeline.store import open_store; input(); open_store(sys.argv[1]).close()"
    starting = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", script, database], cwd=ROOT, stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait(120) for process in starting] == [0, 0]


def test_store_of_newer_code_is_refused(made: Made, database: str) -> None:
    """A store that a newer version has migrated is not touched, and the error says so."""
    write(made.store, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = 'v9999'")))
    with pytest.raises(ConfigError, match="newer"):
        open_store(database)


def test_password_is_never_told() -> None:
    """Neither a wrong URL nor a server that is away brings the password into an error."""
    for url, kind in (
        ("nonsense+x://a:secret@b/c", ConfigError),
        ("postgresql+psycopg://a:secret@localhost:1/c", StoreUnavailable),
    ):
        with pytest.raises(kind) as raised:
            open_store(url, pauses=())
        assert "secret" not in f"{raised.value}{raised.value!r}{raised.value.__cause__}"


def test_damaged_database_is_told(tmp_path: Path) -> None:
    """A file that is no database is a wrong setting, not something to wait for."""
    (tmp_path / "x.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError):
        open_store(f"sqlite:///{tmp_path / 'x.db'}")


def test_file_is_recorded_once(made: Made) -> None:
    """A file that is still in the inbox is the one on record, however often it is recorded."""
    first = record_arrival(made.store, arrival("a.pdf"))
    assert record_arrival(made.store, arrival("a.pdf", mark="2:2")) == first
    assert [receipt.order for receipt in receipts(made.store)] == [first]


def test_same_bytes_are_a_duplicate_linked_to_the_first(made: Made) -> None:
    """Another name or another day: the first file's bytes are read once, and the second says whose they are."""
    first = record_arrival(made.store, arrival("a.pdf", "x"))
    assert first is not None
    mark_cleared(made.store, [first])
    again = record_arrival(made.store, arrival("a.pdf", "x", mark="9:9"))
    other = record_arrival(made.store, arrival("b.pdf", "x"))
    found = receipts(made.store)
    assert [receipt.order for receipt in found] == [first, again, other]
    assert [(receipt.state, receipt.of) for receipt in found[1:]] == [(FileState.DUPLICATE, first)] * 2
    assert claim(made.store) is not None
    assert claim(made.store) is None


@pytest.mark.parametrize(("error", "again"), [(NoTable(), False), (TransientError(), True)])
def test_failed_file_sent_again_is_read_again_where_that_may_help(made: Made, error: KuohaoError, again: bool) -> None:
    """The same bytes are a duplicate; what failed for a reason that was not its own is read once more."""
    record_arrival(made.store, arrival("a.pdf", "x"))
    fail(made.store, claimed(made.store), error)
    record_arrival(made.store, arrival("b.pdf", "x"))
    assert states(made.store) == {"a.pdf": "waiting" if again else "failed", "b.pdf": "duplicate"}
    assert (claim(made.store) is not None) == again


def test_slower_process_makes_no_duplicate(made: Made) -> None:
    """A process that copied the file, too, but comes when its copy has left the inbox, adds nothing."""
    first = record_arrival(made.store, arrival("a.pdf"))
    assert first is not None
    mark_cleared(made.store, [first])
    gone = [(arrival("a.pdf"), lambda: False), (arrival("a.pdf", mark="2:2"), lambda: False)]
    assert record_arrivals(made.store, gone) == [first, None]
    assert len(receipts(made.store)) == 1


def test_file_written_over_before_it_was_removed_is_another_file(made: Made) -> None:
    """Other bytes under the same name are a new file; the first one is no longer looked for in the inbox."""
    record_arrival(made.store, arrival("a.pdf", "x"))
    second = record_arrival(made.store, arrival("a.pdf", "y"))
    assert [known.order for known in in_inbox(made.store, "/收件")] == [second]
    assert states(made.store) == {"a.pdf": "waiting"}
    assert len(receipts(made.store)) == 2


def test_file_that_does_not_open_has_a_receipt_and_becomes_itself(made: Made) -> None:
    """What cannot be opened is on record once; when it opens it keeps its number, and is read."""
    closed = replace(arrival("a.pdf"), sha256="", kept="")
    order = record_blocked(made.store, closed, "没有权限", "请改正权限")
    assert record_blocked(made.store, closed, "没有权限", "请改正权限") == order
    assert claim(made.store) is None
    assert record_arrival(made.store, arrival("a.pdf", mark="3:3")) == order
    assert claimed(made.store).files[0].order == order


def test_file_taken_away_before_it_opened_has_failed(made: Made) -> None:
    """A file that disappears before its bytes are kept is not waited for; its receipt asks for it again."""
    order = record_blocked(made.store, replace(arrival("a.pdf"), sha256="", kept=""), "没有权限", "")
    mark_cleared(made.store, [order])
    found = receipts(made.store)[0]
    assert (found.state, found.code) == (FileState.FAILED, "gone")
    assert found.advice


def test_claim_is_one_holders(made: Made) -> None:
    """While a lease runs nobody else gets the file; its end is put off as long as the holder says it lives."""
    record_arrival(made.store, arrival("a.pdf"))
    held = claimed(made.store)
    assert states(made.store) == {"a.pdf": "reading"}
    made.clock.set(50)
    extend(made.store, [held])
    made.clock.set(50)
    assert claim(made.store) is None


def test_claim_of_the_dead_is_taken_up_and_their_result_refused(made: Made) -> None:
    """When a lease has ended another one reads; what the first holder still brings is not stored."""
    record_arrival(made.store, arrival("a.pdf"))
    dead = claimed(made.store)
    made.clock.set(61)
    held = claimed(made.store)
    assert not finish(made.store, dead, [reading(b"late")])
    assert not fail(made.store, dead, NoTable())
    assert not give_back(made.store, dead)
    assert finish(made.store, held, [reading(b"mine")])
    assert not finish(made.store, held, [reading(b"mine")])
    assert [each.reading for each in stored_returns(made.store)] == [reading(b"mine")]


def test_clock_set_back_leaves_no_file_behind(made: Made) -> None:
    """A lease that ends further in the future than a lease is long is no lease."""
    record_arrival(made.store, arrival("a.pdf"))
    claimed(made.store)
    made.clock.set(-86400)
    assert claim(made.store) is not None
    assert receipts(made.store)[0].order == 1


def test_state_follows_the_reading(made: Made) -> None:
    """Nothing to look at: accepted. Anything to look at: for review, with the reason. No table: failed, with advice."""
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        record_arrival(made.store, arrival(name))
    finish(made.store, claimed(made.store), [reading(b"a"), reading(b"a2")])
    finish(made.store, claimed(made.store), [reading(b"b"), reading(FLAGGED)])
    fail(made.store, claimed(made.store), NoTable("第 1 页"))
    assert states(made.store) == {"a.pdf": "accepted", "b.pdf": "review", "c.pdf": "failed"}
    found = receipts(made.store)
    assert found[1].reason == "1 个括号待审核"
    assert (found[2].code, found[2].reason) == ("no_table", "没有找到表格（第 1 页）")
    assert found[2].advice == "请确认扫描的是统计表并且页面完整"
    assert [(each.order, each.number) for each in stored_returns(made.store)] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert is_done(made.store)
    assert counts(made.store)[FileState.ACCEPTED] == 1


def test_file_that_kills_its_reader_is_tried_once_more(made: Made) -> None:
    """The first time it waits again, left out where others are read; the second time it fails with the reason."""
    record_arrival(made.store, arrival("a.pdf"))
    assert give_back(made.store, claimed(made.store), died=True)
    assert claim(made.store, suspects=False) is None
    assert give_back(made.store, claimed(made.store), died=True)
    assert [(receipt.state, receipt.code) for receipt in receipts(made.store)] == [(FileState.FAILED, "reader_died")]


def test_files_that_ended_a_process_come_last(made: Made) -> None:
    """A file whose reading was never ended does not keep the others from being read."""
    for name in ("a.pdf", "b.pdf"):
        record_arrival(made.store, arrival(name))
    assert claimed(made.store).files[0].name == "a.pdf"
    made.clock.set(61)
    assert claimed(made.store).files[0].name == "b.pdf"


def test_passing_failures_are_tried_with_growing_pauses(made: Made) -> None:
    """Each try waits longer than the one before; after some the file fails."""
    record_arrival(made.store, arrival("a.pdf"))
    waited = []
    while (held := claim(made.store)) is not None:
        put_off(made.store, held, TransientError("memory"))
        seconds = 0
        while not is_done(made.store) and (probe := claim(made.store)) is None:
            made.clock.set(1)
            seconds += 1
            assert seconds < 100
        if is_done(made.store):
            break
        assert probe is not None
        waited.append(seconds)
        write(made.store, lambda connection: connection.execute(text("UPDATE sources SET token = NULL, until = NULL")))
    assert waited == sorted(waited)
    assert len(waited) == MOST_PUT_OFF - 1
    assert states(made.store) == {"a.pdf": "failed"}


def test_pages_of_one_return_are_read_together(made: Made) -> None:
    """Two pictures of one return make one source, in whatever order they come; the first one's claim is void."""
    record_arrival(made.store, arrival("青禾县-2.jpg", pages_of="青禾县"))
    early = claimed(made.store)
    record_arrival(made.store, arrival("青禾县-1.jpg", pages_of="青禾县"))
    assert not finish(made.store, early, [reading(PAGE)])
    held = claimed(made.store)
    assert {page.name for page in held.files} == {"青禾县-1.jpg", "青禾县-2.jpg"}
    finish(made.store, held, [reading(b"both")])
    assert set(states(made.store).values()) == {"accepted"}
    assert len(stored_returns(made.store)) == 1


def test_late_page_joins_a_return_that_lacks_items(made: Made) -> None:
    """A page that comes after its return was read makes it whole: one return, by the later file's order."""
    record_arrival(made.store, arrival("青禾县-1.jpg", pages_of="青禾县"))
    finish(made.store, claimed(made.store), [reading(lacking=True)])
    record_arrival(made.store, arrival("青禾县-2.jpg", pages_of="青禾县"))
    assert [each.order for each in stored_returns(made.store)] == [1]
    finish(made.store, claimed(made.store), [reading(b"both")])
    assert [(each.order, each.reading) for each in stored_returns(made.store)] == [(2, reading(b"both"))]


def test_late_page_that_cannot_be_read_leaves_the_return_as_it_was(made: Made) -> None:
    """The earlier reading stays in force, and its page for review; only the late page has failed."""
    record_arrival(made.store, arrival("青禾县-1.jpg", pages_of="青禾县"))
    finish(made.store, claimed(made.store), [reading(lacking=True)])
    record_arrival(made.store, arrival("青禾县-2.jpg", pages_of="青禾县"))
    fail(made.store, claimed(made.store), NoTable())
    assert states(made.store) == {"青禾县-1.jpg": "review", "青禾县-2.jpg": "failed"}
    assert [each.order for each in stored_returns(made.store)] == [1]


def test_whole_return_takes_no_further_page(made: Made) -> None:
    """A picture of the same name that comes when nothing is lacking is a return of its own."""
    record_arrival(made.store, arrival("青禾县-1.jpg", pages_of="青禾县"))
    finish(made.store, claimed(made.store), [reading(b"whole")])
    record_arrival(made.store, arrival("青禾县-2.jpg", pages_of="青禾县"))
    assert [page.name for page in claimed(made.store).files] == ["青禾县-2.jpg"]


def test_page_sent_again_takes_its_own_place(made: Made) -> None:
    """A page that is lacking items and comes again under its name supersedes the first; both are kept."""
    record_arrival(made.store, arrival("青禾县-1.jpg", "blurred", pages_of="青禾县"))
    finish(made.store, claimed(made.store), [reading(lacking=True)])
    record_arrival(made.store, arrival("青禾县-1.jpg", "sharp", pages_of="青禾县"))
    finish(made.store, claimed(made.store), [reading(b"sharp")])
    found = receipts(made.store)
    assert [(receipt.state, receipt.of) for receipt in found] == [(FileState.SUPERSEDED, 2), (FileState.ACCEPTED, None)]


def test_corrections_are_appended_and_the_last_counts(made: Made) -> None:
    """Two people correct a slot: the second one's value counts, both are on record, and the file is accepted."""
    record_arrival(made.store, arrival("a.pdf"))
    finish(made.store, claimed(made.store), [reading(FLAGGED)])
    path = reading().slots[0].path
    for who, value in (("甲", 5), ("乙", 6)):
        correct(made.store, 1, 1, Correction(path, who, made.clock(), (State.VALUE, 0), (State.VALUE, value), "看错"))
    stored = stored_returns(made.store)[0]
    assert stored.corrections[path].after == (State.VALUE, 6)
    assert stored.corrections[path].when == made.clock()
    assert states(made.store) == {"a.pdf": "accepted"}
    with made.store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM corrections")).scalar() == 2


def test_decisions_can_be_taken_back(made: Made) -> None:
    """Unit, preference, dismissal and settlement: the last word counts, and the file's state goes with it."""
    record_arrival(made.store, arrival("a.pdf"))
    finish(made.store, claimed(made.store), [reading(lacking=True)])
    for kind, value in ((DecisionKind.UNIT, "青禾县"), (DecisionKind.PREFERRED, "1"), (DecisionKind.DISMISSED, "1")):
        decide(made.store, 1, 1, kind, value, who="甲")
    stored = stored_returns(made.store)[0]
    assert (stored.unit, stored.preferred, stored.dismissed) == ("青禾县", True, True)
    assert states(made.store) == {"a.pdf": "accepted"}
    decide(made.store, 1, 1, DecisionKind.DISMISSED, "", who="乙")
    assert not stored_returns(made.store)[0].dismissed
    assert states(made.store) == {"a.pdf": "review"}
    decide(made.store, 1, 1, DecisionKind.SETTLED, "1", who="乙")
    assert states(made.store) == {"a.pdf": "accepted"}
    with pytest.raises(NoSuchReturn):
        decide(made.store, 1, 2, DecisionKind.SETTLED, "1", who="乙")


def test_return_that_a_person_has_begun_on_takes_no_page(made: Made) -> None:
    """A page that comes after a correction does not undo the person's work: it is a return of its own, for review."""
    record_arrival(made.store, arrival("青禾县-1.jpg", pages_of="青禾县"))
    finish(made.store, claimed(made.store), [reading(lacking=True)])
    decide(made.store, 1, 1, DecisionKind.UNIT, "青禾县", who="甲")
    record_arrival(made.store, arrival("青禾县-2.jpg", pages_of="青禾县"))
    assert len(claimed(made.store).files) == 1


def of_unit(made: Made, name: str, unit: str, kind: bytes = b"") -> None:
    """A file with a return of a unit comes and is read."""
    record_arrival(made.store, arrival(name))
    finish(made.store, claimed(made.store), [reading(kind + b"UNIT:%s\n" % unit.encode() + name.encode())])


def told(made: Made) -> list[tuple[FileState, int | None]]:
    """State and successor of every file."""
    return [(receipt.state, receipt.of) for receipt in receipts(made.store)]


SUPERSEDED, ACCEPTED, REVIEW = FileState.SUPERSEDED, FileState.ACCEPTED, FileState.REVIEW


def test_later_return_of_a_unit_supersedes_until_the_reviewer_chooses_otherwise(made: Made) -> None:
    """The earlier file says by which it was replaced, its reading is kept, and a reviewer turns it round and back."""
    set_collection(made.store, ROSTER)
    for name in ("a.pdf", "b.pdf"):
        of_unit(made, name, "青禾县")
    of_unit(made, "c.pdf", "山阳区")
    assert told(made) == [(SUPERSEDED, 2), (ACCEPTED, None), (ACCEPTED, None)]
    assert [stored.unit for stored in stored_returns(made.store)] == ["青禾县总工会", "青禾县总工会", "山阳区"]
    decide(made.store, 1, 1, DecisionKind.PREFERRED, "1", who="甲")
    assert told(made) == [(ACCEPTED, None), (SUPERSEDED, 1), (ACCEPTED, None)]
    decide(made.store, 1, 1, DecisionKind.PREFERRED, "", who="甲")
    assert told(made) == [(SUPERSEDED, 2), (ACCEPTED, None), (ACCEPTED, None)]
    decide(made.store, 2, 1, DecisionKind.DISMISSED, "1", who="甲")
    assert told(made) == [(ACCEPTED, None), (ACCEPTED, None), (ACCEPTED, None)]


def test_return_whose_unit_is_put_right_supersedes_there_and_nowhere_else(made: Made) -> None:
    """A unit that a person corrects or chooses counts; what it had superseded before counts again, with what was open."""
    set_collection(made.store, ROSTER)
    of_unit(made, "a.pdf", "青禾县", FLAGGED)
    of_unit(made, "b.pdf", "山阳区")
    of_unit(made, "c.pdf", "青禾县")
    assert told(made) == [(SUPERSEDED, 3), (ACCEPTED, None), (ACCEPTED, None)]
    right = Correction("header.unit", "甲", made.clock(), (State.VALUE, "青禾县"), (State.VALUE, "山阳区"))
    correct(made.store, 3, 1, right)
    assert told(made) == [(REVIEW, None), (SUPERSEDED, 3), (ACCEPTED, None)]
    decide(made.store, 3, 1, DecisionKind.UNIT, "青禾县总工会", who="乙")
    assert told(made) == [(SUPERSEDED, 3), (ACCEPTED, None), (ACCEPTED, None)]
    assert stored_returns(made.store)[2].corrections["header.unit"].who == "乙"


def test_roster_that_comes_late_is_applied_to_what_is_there(made: Made) -> None:
    """Returns read before anybody has said what is collected find their units when it is said."""
    assert collected(made.store)[0].units == ()
    for name in ("a.pdf", "b.pdf"):
        of_unit(made, name, "青禾县")
    assert told(made) == [(ACCEPTED, None), (ACCEPTED, None)]
    set_collection(made.store, ROSTER)
    assert told(made) == [(SUPERSEDED, 2), (ACCEPTED, None)]
    assert collected(made.store)[0] == ROSTER
    set_collection(made.store, replace(ROSTER, units=()))
    assert told(made) == [(ACCEPTED, None), (ACCEPTED, None)]


def test_file_with_two_returns_is_superseded_when_both_are(made: Made) -> None:
    """One return of a file that still counts keeps the file what it is."""
    set_collection(made.store, ROSTER)
    record_arrival(made.store, arrival("a.pdf"))
    both = [reading(b"UNIT:%s\nx" % unit.encode()) for unit in ("青禾县", "山阳区")]
    finish(made.store, claimed(made.store), both)
    of_unit(made, "b.pdf", "青禾县")
    assert told(made)[0] == (ACCEPTED, None)
    of_unit(made, "c.pdf", "山阳区")
    assert told(made)[0] == (SUPERSEDED, 3)


def test_exports_are_remembered(made: Made) -> None:
    """The newest of a name is what the next one is compared with."""
    assert last_export(made.store, "returns.csv") is None
    for sha256 in ("a" * 64, "b" * 64):
        record_export(made.store, Export("returns.csv", made.clock(), sha256))
    assert last_export(made.store, "returns.csv") == Export("returns.csv", made.clock(), "b" * 64)


def test_clerk_is_told_each_change_once(made: Made) -> None:
    """A file is told when it arrives and when its state changes, not while it is being read, and not again."""
    record_arrival(made.store, arrival("a.pdf"))
    news = to_tell(made.store, "/收件")
    assert [telling(receipt) for name in news for receipt in name.receipts] == ["waiting//0"]
    mark_told(made.store, news)
    held = claimed(made.store)
    assert to_tell(made.store, "/收件") == []
    finish(made.store, held, [reading(b"a")])
    assert [name.path for name in to_tell(made.store, "/收件")] == [b"a.pdf"]
    assert to_tell(made.store, "/别处") == []


@pytest.mark.parametrize(
    "kind", [KuohaoError, *DocumentError.__subclasses__(), TransientError, *TransientError.__subclasses__()]
)
def test_every_error_has_a_reason_and_advice(kind: type[KuohaoError]) -> None:
    """A receipt's reason and advice come from the error's one line."""
    reason, advice = reason_and_advice(kind())
    assert reason
    assert advice == ADVICE or kind.zh.endswith(advice.removeprefix("请"))
