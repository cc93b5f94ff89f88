"""Several collections in one office, and forms kept in its store: what belongs to which, and what a person says of it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, insert

from pipeline.collection.belonging import Candidate, find_collection
from pipeline.collection.filing import Standing
from pipeline.collection.ledger import make_ledger
from pipeline.reading.units import names_by_spelling
from pipeline.store import (
    DecisionKind,
    View,
    add_collection,
    add_form,
    collected,
    collections,
    decide,
    finish,
    form_text,
    forms,
    history,
    list_returns,
    list_slots,
    load_return,
    next_open,
    open_by_slot,
    open_store,
    record_arrival,
    set_collection,
    the_collection,
    undo_last,
    view_counts,
)
from schemas.errors import ConfigError, FormInUse
from schemas.flow import State
from schemas.form_file import form_to_toml
from schemas.office import Collection, Unit
from schemas.reading import HeaderReading, Problem, Reading
from schemas.safety_month import SAFETY_MONTH
from tests.office import reading_of
from tests.test_store import LEASE, Clock, Made, arrival, claimed

LECTURES = "item1.lectures"

UNITS = (Unit("青禾县总工会", ("青禾县",)), Unit("白石区总工会"))

THIS, NEXT = (
    Collection(f"{year}年“安全生产月”", SAFETY_MONTH.id, UNITS, datetime(year, 12, 1, 10, tzinfo=UTC))
    for year in (2026, 2027)
)

TRAINING = replace(SAFETY_MONTH, id="training", title="职工安全培训情况统计表")


@pytest.fixture
def made(database: str) -> Iterator[Made]:
    """A store with two collections of one form."""
    clock = Clock()
    store = open_store(database, lease=LEASE, clock=clock)
    set_collection(store, THIS)
    add_collection(store, NEXT)
    yield Made(store, clock)
    store.close()


def read(unit: str = "青禾县总工会", value: int = 5, *, title: str = "", day: str = "", form: str = "") -> Reading:
    """A return with a title and a date above its table."""
    reading = reading_of({LECTURES: value}, unit=unit)
    dated = HeaderReading(value=day, confidence=1.0, review=False, state=State.VALUE, iso=day or None)
    header = {**reading.header, "date": dated}
    return reading.model_copy(update={"title": title, "header": header, "form": form or reading.form})


def comes(made: Made, *found: Reading) -> int:
    """A file arrives and is read; its order."""
    order = record_arrival(made.store, arrival(f"{view_counts(made.store)[View.ALL]}.pdf"))
    assert order is not None
    finish(made.store, claimed(made.store), found)
    return order


def counted(made: Made, id: int) -> dict[str, list[int]]:
    """By unit the numbers of lectures that a collection counts."""
    ledger = make_ledger(*collected(made.store, id), SAFETY_MONTH)
    return {
        line.unit.name: [slot.value for _, slot in line.slots if slot.path == LECTURES and isinstance(slot.value, int)]
        for line in ledger.lines
        if line.counted
    }


@pytest.mark.parametrize(
    ("found", "belongs", "sure"),
    [
        (read(title="2027年“安全生产月”活动进展情况统计表"), 2, True),
        (read(title="２０２６年“安全生产月”活动进展情况统计表"), 1, True),
        (read(day="2026-11-28"), 1, True),
        (read(day="2027-01-20"), 1, True),
        (read(day="2027-06-30"), 2, True),
        # The paper contradicts itself, or says nothing, or of another year.
        (read(title="2027年“安全生产月”活动进展情况统计表", day="2026-11-28"), 2, False),
        (read(), 2, False),
        (read(title="“安全生产月”活动进展情况统计表"), 2, False),
        (read(title="2025年“安全生产月”活动进展情况统计表"), 2, False),
    ],
)
def test_title_and_date_tell_which_year_a_return_belongs_to(found: Reading, belongs: int, sure: bool) -> None:
    """What fits one collection alone belongs there; what fits several, or none, is not sure."""
    names = names_by_spelling(UNITS)
    candidates = [Candidate(replace(one, id=id), names) for id, one in ((1, THIS), (2, NEXT))]
    collection, certain = find_collection(found, SAFETY_MONTH, candidates)
    assert (collection.id, certain) == (belongs, sure)


def test_roster_and_words_of_a_title_tell_collections_apart() -> None:
    """A unit on one roster alone belongs there; words that a collection names must stand in the title."""
    rosters = (UNITS, (Unit("水务局工会"),))
    two = [
        Candidate(Collection(f"{id}", SAFETY_MONTH.id, units, id=id), names_by_spelling(units))
        for id, units in enumerate(rosters, 1)
    ]
    assert find_collection(read("水务局工会"), SAFETY_MONTH, two)[0].id == 2
    assert find_collection(read("水务局工会"), SAFETY_MONTH, two)[1]
    assert not find_collection(read("电力公司工会"), SAFETY_MONTH, two)[1]
    quarters = [
        Candidate(Collection(f"{id}", SAFETY_MONTH.id, (), title=words, id=id), {})
        for id, words in enumerate(("一季度", "二季度"), 1)
    ]
    found, sure = find_collection(read(title="2026年二季度统计表"), SAFETY_MONTH, quarters)
    assert (found.id, sure) == (2, True)


def test_the_only_collection_of_a_form_takes_all_its_returns() -> None:
    """Where nothing is to be chosen, a wrong year on the paper sends nothing to review."""
    found = find_collection(read(day="2020-01-01", title="2020年统计表"), SAFETY_MONTH, [Candidate(THIS, {})])
    assert found == (THIS, True)


def test_each_collection_counts_its_own_returns(made: Made) -> None:
    """One unit's returns of two years supersede nothing in each other's collection; lists and slots are by collection."""
    comes(made, read(value=5, day="2026-11-01"))
    comes(made, read(value=8, day="2027-11-01"))
    comes(made, read(value=6, day="2026-11-02"))
    assert counted(made, 1) == {"青禾县总工会": [6]}
    assert counted(made, 2) == {"青禾县总工会": [8]}
    assert [row.order for row in list_returns(made.store, view=View.ALL, collection=1).rows] == [1, 3]
    assert [row.superseded_by for row in list_returns(made.store, view=View.ALL).rows] == [3, None, None]
    assert view_counts(made.store, collection=2)[View.ACCEPTED] == 1
    assert [row.value for row in list_slots(made.store, form_path=LECTURES, collection=2).rows] == [8]
    assert [receipt.order for receipt in collected(made.store, 2)[2]] == [2]
    assert [receipt.order for receipt in collected(made.store, 1)[2]] == [1, 3]


def test_return_that_fits_two_waits_for_a_person_and_counts_nowhere(made: Made) -> None:
    """It is for review with its problem until somebody says where it belongs; confirming its values does not say that."""
    order = comes(made, read(value=7))
    assert list_returns(made.store).rows[0].problems == 1
    assert load_return(made.store, order, 1).stored.reading.problems == (Problem.COLLECTION_UNSURE,)
    assert (counted(made, 1), counted(made, 2)) == ({}, {})
    apart = make_ledger(*collected(made.store, 2), SAFETY_MONTH).apart
    assert [filed.standing for filed in apart] == [Standing.UNPLACED]
    decide(made.store, order, 1, DecisionKind.SETTLED, "1", who="甲")
    assert next_open(made.store, None, collection=2) == (order, 1)
    decide(made.store, order, 1, DecisionKind.COLLECTION, "1", who="甲")
    assert next_open(made.store, None) is None
    assert (counted(made, 1), counted(made, 2)) == ({"青禾县总工会": [7]}, {})


def test_moved_return_leaves_one_collection_and_counts_in_the_other(made: Made) -> None:
    """What it superseded there counts again, what it supersedes here no more; undone, all is as it was."""
    comes(made, read(value=1, day="2026-11-01"))
    order = comes(made, read(value=2, day="2026-11-02"))
    comes(made, read(value=3, day="2027-11-03"))
    decide(made.store, order, 1, DecisionKind.COLLECTION, "2", who="甲")
    assert (counted(made, 1), counted(made, 2)) == ({"青禾县总工会": [1]}, {"青禾县总工会": [3]})
    said = history(made.store).rows[0]
    assert (said.kind, said.before, said.after) == (DecisionKind.COLLECTION, "", "2")
    undone = undo_last(made.store, "甲")
    assert undone is not None
    assert (undone.kind, undone.after) == (DecisionKind.COLLECTION, "")
    assert (counted(made, 1), counted(made, 2)) == ({"青禾县总工会": [2]}, {"青禾县总工会": [3]})


@pytest.mark.parametrize("value", ["3", "x", "-1", "01"])
def test_return_moves_only_to_a_collection_of_its_form(made: Made, value: str) -> None:
    """A collection that there is not, or of another form, is refused."""
    add_form(made.store, form_to_toml(TRAINING), who="甲")
    add_collection(made.store, Collection("培训", TRAINING.id, UNITS))
    order = comes(made, read(day="2026-11-01"))
    with pytest.raises(ConfigError):
        decide(made.store, order, 1, DecisionKind.COLLECTION, value, who="甲")


def test_pages_made_part_of_a_return_go_where_it_is(made: Made) -> None:
    """A page of which nobody knows the year counts in the collection of the return whose part a person has made it."""
    comes(made, read(day="2026-11-01"))
    order = comes(made, read())
    decide(made.store, order, 1, DecisionKind.PART_OF, "1-1", who="甲")
    row = load_return(made.store, order, 1).row
    assert (row.collection, row.problems) == (1, 0)
    decide(made.store, 1, 1, DecisionKind.COLLECTION, "2", who="甲")
    assert load_return(made.store, order, 1).row.collection == 2


def test_closed_collection_takes_no_more_returns(made: Made) -> None:
    """What comes belongs to the open one, unless its date is of the closed one: then a person says."""
    set_collection(made.store, replace(THIS, id=1, closed=made.clock()))
    assert the_collection(made.store)[0] == NEXT
    comes(made, read(value=4))
    assert counted(made, 2) == {"青禾县总工会": [4]}
    late = comes(made, read(value=9, day="2026-11-30"))
    assert load_return(made.store, late, 1).stored.placed is False
    decide(made.store, late, 1, DecisionKind.COLLECTION, "1", who="甲")
    assert counted(made, 1) == {"青禾县总工会": [9]}


def test_roster_of_one_collection_changes_nothing_in_another(made: Made) -> None:
    """Units are looked up anew in the collection whose roster has changed."""
    comes(made, read(day="2026-11-01"), read(day="2027-11-01"))
    set_collection(made.store, replace(THIS, id=1, units=(Unit("白石区总工会"),)))
    assert (counted(made, 1), counted(made, 2)) == ({}, {"青禾县总工会": [5]})
    set_collection(made.store, replace(THIS, id=1))
    assert counted(made, 1) == {"青禾县总工会": [5]}


def test_two_collections_of_one_name_are_refused(made: Made) -> None:
    """People call them by name. Said again as it is, it is the one that there is."""
    assert add_collection(made.store, NEXT) == 2
    with pytest.raises(ConfigError):
        add_collection(made.store, replace(NEXT, form=SAFETY_MONTH.id, units=()))
    with pytest.raises(ConfigError):
        set_collection(made.store, replace(NEXT, id=1))
    with pytest.raises(ConfigError):
        set_collection(made.store, replace(NEXT, name="无此表", form="no-such-form", id=2))
    with pytest.raises(ConfigError):
        set_collection(made.store, replace(NEXT, name="哪一个"))


def test_first_collection_is_made_by_the_first_return(database: str) -> None:
    """Before anybody has said what is collected it is the built-in form, from nobody; a return puts that on record."""
    clock = Clock()
    store = open_store(database, lease=LEASE, clock=clock)
    assert [(one.id, one.form) for one in collections(store)] == [(0, SAFETY_MONTH.id)]
    comes(Made(store, clock), read())
    assert [(one.id, one.name) for one in collections(store)] == [(1, SAFETY_MONTH.title)]
    assert set_collection(store, THIS) == 1
    add_form(store, form_to_toml(TRAINING), who="甲")
    with pytest.raises(ConfigError):
        set_collection(store, replace(THIS, form=TRAINING.id))
    store.close()


def test_forms_are_kept_and_seen_at_once(made: Made) -> None:
    """A form file that another process has put on record is there; it comes back as it was written."""
    text = "# 我写的\n" + form_to_toml(TRAINING)
    assert list(forms(made.store)) == [SAFETY_MONTH.id]
    other = open_store(made.store.engine.url.render_as_string(hide_password=False))
    assert add_form(other, text, who="甲") == TRAINING
    other.close()
    assert forms(made.store)[TRAINING.id] == TRAINING
    assert form_text(made.store, TRAINING.id) == text
    assert pickle.loads(pickle.dumps(forms(made.store)[TRAINING.id])) == TRAINING
    id = add_collection(made.store, Collection("培训", TRAINING.id, UNITS))
    comes(made, read(form=TRAINING.id), read(day="2026-11-01"))
    assert [row.collection for row in list_returns(made.store, view=View.ALL).rows] == [id, 1]
    assert open_by_slot(made.store, collection=id) == {}
    assert list_slots(made.store, form_path=LECTURES, collection=id).total == 1


def test_slots_of_a_form_that_is_used_stay(made: Made) -> None:
    """Words may change at any time; slots only until a return has been read; those of the built-in form never."""
    first, *items = TRAINING.items
    fewer = replace(TRAINING, items=tuple(items))
    slot = replace(first.slots[0], before="举办讲座")
    worded = replace(TRAINING, items=(replace(first, slots=(slot, *first.slots[1:])), *items))
    for form in (fewer, TRAINING):
        add_form(made.store, form_to_toml(form), who="甲")
    add_collection(made.store, Collection("培训", TRAINING.id, UNITS))
    comes(made, read(form=TRAINING.id))
    add_form(made.store, form_to_toml(worded), who="甲")
    assert forms(made.store)[TRAINING.id] == worded
    with pytest.raises(FormInUse):
        add_form(made.store, form_to_toml(fewer), who="甲")
    add_form(made.store, form_to_toml(SAFETY_MONTH), who="甲")
    with pytest.raises(FormInUse):
        add_form(made.store, form_to_toml(replace(SAFETY_MONTH, title="别的")), who="甲")


@pytest.mark.parametrize("named", [True, False])
def test_office_with_one_collection_is_migrated(database: str, named: bool) -> None:
    """What an older store collects is its first collection, and its returns belong there, though nobody had named it."""
    engine = create_engine(database)
    now = datetime(2026, 6, 20, 4)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "pipeline.store:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "v0004")
        then = MetaData()
        then.reflect(connection)
        tables = then.tables
        row = {"inbox": "/收", "path": b"1", "name": "1.pdf", "sha256": "1", "size": 1, "mark": "", "kept": ""}
        connection.execute(insert(tables["files"]).values(**row, arrived=now, changed=now, state="accepted"))
        connection.execute(insert(tables["sources"]).values(inbox="/收", changed=now, state="accepted"))
        connection.execute(insert(tables["source_files"]).values(source=1, file=1))
        reading = {"source": 1, "number": 1, "review": False, "reading": read().model_dump_json()}
        connection.execute(insert(tables["readings"]).values(**reading))
        line = {"title": "", "by_hand": False, "flagged": 0, "open": 0, "problems": 0, "waiting": False, "dismissed": ""}
        at = {"source": 1, "number": 1, "reading": 1, "file": 1, "name": "1.pdf", "arrived": now, "unit": "青禾县总工会"}
        connection.execute(insert(tables["returns"]).values(**line, **at, parts=0, shelf="accepted"))
        if named:
            known = {"id": 1, "name": THIS.name, "form": THIS.form, "deadline": THIS.deadline.replace(tzinfo=None)}  # type: ignore[union-attr]  # it has one
            units = '[["青禾县总工会", ["青禾县"], ""], ["白石区总工会", [], ""]]'
            connection.execute(insert(tables["collection"]).values(**known, units=units))
    engine.dispose()
    store = open_store(database)
    expected = THIS if named else Collection(SAFETY_MONTH.title, SAFETY_MONTH.id, ())
    assert collections(store) == (expected,)
    assert [(one.order, one.collection) for one in collected(store)[1]] == [(1, 1)]
    assert add_collection(store, NEXT) == 2
    store.close()
