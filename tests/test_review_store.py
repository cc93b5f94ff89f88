"""The store's part in the review, on SQLite and on a real PostgreSQL: lists, decisions, undoing, second entries, audits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from pipeline.collection.ledger import UnitState, make_ledger
from pipeline.store import (
    Conflict,
    DecisionKind,
    NoSuchReturn,
    Sort,
    Store,
    View,
    add_person,
    audit_sample,
    audited,
    awaiting_second,
    collected,
    correct,
    count_accepted,
    decide,
    enter_second,
    fingerprint,
    finish,
    history,
    list_returns,
    list_slots,
    load_return,
    next_open,
    open_by_slot,
    open_store,
    record_arrival,
    record_audit,
    second_share,
    set_collection,
    set_second_share,
    stored_returns,
    undo_last,
    view_counts,
)
from schemas.errors import ConfigError
from schemas.flow import State
from schemas.office import Correction, FileState, Role
from schemas.reading import Problem, Reading, Reason
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.office import reading_of
from tests.test_store import LEASE, ROSTER, Clock, Made, arrival, claimed

FIRST, SECOND, WORDS = "item1.lectures", "item4.hotline_signs", "item7.name"

BACK = tuple(item.key for item in SAFETY_MONTH.items[3:])
FRONT = tuple(item.key for item in SAFETY_MONTH.items[:3])
"""What a page lacks."""


@pytest.fixture
def made(database: str) -> Iterator[Made]:
    """A store with a roster."""
    clock = Clock()
    store = open_store(database, lease=LEASE, clock=clock)
    set_collection(store, ROSTER)
    yield Made(store, clock)
    store.close()


def comes(made: Made, *found: Reading) -> None:
    """A file arrives and is read."""
    name = f"{view_counts(made.store)[View.ALL]}-{len(found)}.pdf"
    record_arrival(made.store, arrival(name))
    finish(made.store, claimed(made.store), found)


def whole(value: Value = 5, *, unit: str | None = "青禾县", flagged: Sequence[str] = (), doubtful: bool = False) -> Reading:
    """A return on two pages."""
    values = {FIRST: value, SECOND: 6, WORDS: "竞赛"}
    return reading_of(values, unit=unit, flagged=flagged, unit_doubtful=doubtful)


def enter(
    made: Made, order: int, path: str, value: Value, *, who: str = "甲", number: int = 1, seen: int | None = None
) -> int:
    """Somebody enters a value."""
    worth = (State.BLANK if value is None else State.VALUE, value)
    return correct(made.store, order, number, Correction(path, who, made.clock(), worth, worth), seen=seen)


def addresses(store: Store, **asked: object) -> list[tuple[int, int]]:
    """Files and numbers of the returns in a list."""
    return [(row.order, row.number) for row in list_returns(store, **asked).rows]  # type: ignore[arg-type]  # passed on


def counted(store: Store, unit: str, path: str) -> Value:
    """What the ledger counts for a unit in a slot."""
    known, returns, receipts = collected(store)
    line = next(line for line in make_ledger(known, returns, receipts, SAFETY_MONTH).lines if line.unit.name == unit)
    return next(slot.value for _, slot in line.slots if slot.path == path)


def test_queue_shows_what_is_open_set_aside_and_done(made: Made) -> None:
    """Each return stands in one view; searched by name, unit or number; sorted by arrival, by what is open, by unit."""
    comes(made, whole(flagged=[FIRST]), whole(7, unit="山阳区", flagged=[FIRST, SECOND], doubtful=True))
    comes(made, whole(8, unit="白石区"))
    comes(made, whole(9))
    assert addresses(made.store) == [(1, 2)]
    assert addresses(made.store, view=View.SET_ASIDE) == [(1, 1)]
    assert addresses(made.store, view=View.ACCEPTED) == [(2, 1), (3, 1)]
    assert view_counts(made.store) == {View.OPEN: 1, View.ACCEPTED: 2, View.SET_ASIDE: 1, View.ALL: 4}
    first, second, third, _ = list_returns(made.store, view=View.ALL).rows
    assert (first.state, first.superseded_by, first.flagged, first.open) == (FileState.SUPERSEDED, 3, 1, 1)
    assert (second.state, second.unit, second.title, second.flagged, second.open) == (
        FileState.REVIEW, "山阳区", "山阳区", 3, 3,
    )  # fmt: skip
    assert (third.unit, third.title, third.state) == (None, "白石区", FileState.ACCEPTED)
    for search, found in {"白石": [(2, 1)], "1-2": [(1, 2)], "3": [(3, 1)], "PDF 山阳": [(1, 2)], "%": []}.items():
        assert addresses(made.store, view=View.ALL, search=search)[-1:] == found[-1:]
    assert addresses(made.store, view=View.ALL, sort=Sort.OPEN) == [(1, 2), (1, 1), (2, 1), (3, 1)]
    assert addresses(made.store, view=View.ALL, sort=Sort.UNIT) == [(1, 2), (1, 1), (3, 1), (2, 1)]
    assert list_returns(made.store, view=View.ALL, offset=1, limit=2).total == 4
    assert addresses(made.store, view=View.ALL, offset=1, limit=2) == [(1, 2), (2, 1)]


def test_next_open_return_goes_round(made: Made) -> None:
    """From any return on to the next that is open, in the list's order, and from the last to the first; none, none."""
    assert next_open(made.store, None) is None
    for unit, flagged in (("一区", [FIRST]), ("二区", []), ("三区", [FIRST, SECOND]), ("四区", [FIRST])):
        comes(made, whole(unit=unit, flagged=flagged))
    assert next_open(made.store, None) == (1, 1)
    assert [next_open(made.store, after) for after in ((1, 1), (2, 1), (3, 1), (4, 1), (9, 9))] == [
        (3, 1), (3, 1), (4, 1), (1, 1), (1, 1),
    ]  # fmt: skip
    assert next_open(made.store, None, sort=Sort.OPEN) == (3, 1)
    assert next_open(made.store, (3, 1), sort=Sort.OPEN) == (1, 1)
    assert next_open(made.store, (1, 1), search="四区") == (4, 1)


def test_slot_decided_meanwhile_says_so(made: Made) -> None:
    """Who has seen an older version is told what counts now, and by whom; nothing is changed."""
    comes(made, whole(flagged=[FIRST]))
    version = enter(made, 1, FIRST, 8, seen=0)
    with pytest.raises(Conflict) as raised:
        enter(made, 1, FIRST, 9, who="乙", seen=0)
    assert (raised.value.correction.who, raised.value.correction.after, raised.value.version) == (
        "甲",
        (State.VALUE, 8),
        version,
    )
    assert stored_returns(made.store)[0].corrections[FIRST].after == (State.VALUE, 8)
    assert enter(made, 1, FIRST, 9, who="乙", seen=version) > version
    undo_last(made.store, "乙")
    undo_last(made.store, "甲")
    with pytest.raises(Conflict) as raised:
        enter(made, 1, FIRST, 9, who="乙", seen=version)
    assert (raised.value.correction.who, raised.value.correction.after, raised.value.version) == ("甲", (State.VALUE, 5), 0)
    with pytest.raises(NoSuchReturn):
        enter(made, 7, FIRST, 9)


def test_last_word_is_undone_and_the_one_before_counts(made: Made) -> None:
    """Corrections and decisions, the newest first, each person's own; whom another has spoken after is told so."""
    comes(made, whole(flagged=[FIRST]))
    enter(made, 1, FIRST, 8)
    decide(made.store, 1, 1, DecisionKind.DISMISSED, "wrong_form", who="甲")
    enter(made, 1, FIRST, 9, who="乙")
    undone = undo_last(made.store, "甲")
    assert undone is not None
    assert (undone.kind, undone.before, undone.after) == (DecisionKind.DISMISSED, "wrong_form", "")
    with pytest.raises(Conflict) as raised:
        undo_last(made.store, "甲")
    assert raised.value.correction.who == "乙"
    assert undo_last(made.store, "乙", since=made.clock() + timedelta(seconds=1)) is None
    undone = undo_last(made.store, "乙")
    assert undone is not None
    assert (undone.path, undone.before, undone.after) == (FIRST, (State.VALUE, 9), (State.VALUE, 8))
    assert undo_last(made.store, "甲") is not None
    assert undo_last(made.store, "甲") is None
    assert load_return(made.store, 1, 1).row.open == 1
    events = history(made.store)
    assert (events.total, [event.undone for event in events.rows]) == (6, [False, False, False, True, True, True])
    assert [event.undoes for event in events.rows[:3]] == [events.rows[place].turn for place in (5, 3, 4)]
    assert history(made.store, who="乙").total == 2
    assert history(made.store, order=1, number=2).total == 0


def test_slots_are_listed_across_returns(made: Made) -> None:
    """By what is open or flagged, by slot, by unit; not those of returns that are set aside; fields where asked for."""
    comes(made, whole(flagged=[FIRST, SECOND]))
    comes(made, whole(7, unit="山阳区", flagged=[FIRST], doubtful=True))
    comes(made, whole(8, unit="白石区", flagged=[FIRST]))
    decide(made.store, 3, 1, DecisionKind.DISMISSED, "not_a_return", who="甲")
    enter(made, 1, FIRST, 9)
    assert open_by_slot(made.store) == {FIRST: 1, SECOND: 1}
    assert [(row.order, row.path) for row in list_slots(made.store, open=True).rows] == [(1, SECOND), (2, FIRST)]
    fixed = list_slots(made.store, flagged=True, open=False).rows[0]
    assert (fixed.value, fixed.raw, fixed.version > 0, fixed.reasons) == (9, "5", True, (Reason.LOW_CONFIDENCE,))
    assert [row.value for row in list_slots(made.store, form_path=FIRST, unit="山阳区").rows] == [7]
    field = list_slots(made.store, open=True, form_path="header.unit").rows
    assert [(row.order, row.label, row.value) for row in field] == [(2, "填报单位（盖章）", "山阳区")]


def test_pages_of_another_file_count_for_its_unit(made: Made) -> None:
    """A page without a heading is made a part of the page before: its unit is that one's, also when it changes."""
    front = reading_of({FIRST: 5}, unit="青禾县", lost=BACK)
    back = reading_of({SECOND: 6, WORDS: "竞赛"}, unit=None, lost=FRONT, unit_doubtful=True)
    back = back.model_copy(update={"problems": (Problem.ITEMS_MISSING, Problem.NO_HEADER)})
    comes(made, front)
    comes(made, back)
    decide(made.store, 2, 1, DecisionKind.PART_OF, "1-1", who="甲")
    main, part = list_returns(made.store, view=View.ALL).rows
    assert (main.parts, main.open, main.problems, part.part_of, part.unit) == (1, 0, 0, (1, 1), "青禾县总工会")
    assert (part.open, part.problems, part.state) == (0, 0, FileState.ACCEPTED)
    assert (counted(made.store, "青禾县总工会", FIRST), counted(made.store, "青禾县总工会", SECOND)) == (5, 6)
    decide(made.store, 1, 1, DecisionKind.UNIT, "山阳区", who="乙")
    assert (counted(made.store, "山阳区", FIRST), counted(made.store, "山阳区", SECOND)) == (5, 6)
    with pytest.raises(ConfigError):
        decide(made.store, 1, 1, DecisionKind.PART_OF, "2-1", who="乙")
    undo_last(made.store, "甲")
    assert list_returns(made.store, view=View.ALL).rows[1].unit is None
    assert list_returns(made.store, view=View.ALL).rows[1].open > 0


def test_return_is_split_at_a_page_and_put_together_again(made: Made) -> None:
    """What stands from the page on is a return of its own; corrections go with their pages, and nothing is lost."""
    comes(made, whole(flagged=[FIRST, SECOND]))
    enter(made, 1, SECOND, 60)
    with pytest.raises(ConfigError):
        decide(made.store, 1, 1, DecisionKind.SPLIT, "7", who="甲")
    decide(made.store, 1, 1, DecisionKind.SPLIT, "2", who="甲")
    first, further = stored_returns(made.store)
    assert ((first.number, first.unit), (further.number, further.unit)) == ((1, "青禾县总工会"), (2, None))
    assert (set(first.corrections), further.corrections[SECOND].after) == (set(), (State.VALUE, 60))
    assert (first.reading.pages, further.reading.first_page, further.reading.pages) == (1, 2, 1)
    assert Problem.NO_HEADER in further.reading.problems
    decide(made.store, 1, 2, DecisionKind.UNIT, "山阳区", who="乙")
    enter(made, 1, WORDS, "演讲", number=2, who="乙")
    with pytest.raises(ConfigError):
        enter(made, 1, WORDS, "演讲", number=1)
    assert (counted(made.store, "山阳区", SECOND), counted(made.store, "青禾县总工会", FIRST)) == (60, 5)
    decide(made.store, 1, 1, DecisionKind.SPLIT, "", who="甲")
    (again,) = stored_returns(made.store)
    assert again.reading == whole(flagged=[FIRST, SECOND])
    assert (again.corrections[SECOND].after, again.corrections[WORDS].after) == ((State.VALUE, 60), (State.VALUE, "演讲"))
    undo_last(made.store, "甲")
    assert [(one.number, one.unit) for one in stored_returns(made.store)] == [(1, "青禾县总工会"), (2, "山阳区")]


def test_unit_is_asked_again_about_what_nobody_can_read(made: Made) -> None:
    """A person's word that a slot is unreadable stands in the unit's line; the machine's alone does not."""
    comes(made, whole("unreadable", flagged=[FIRST]))
    ledger = make_ledger(*collected(made.store), SAFETY_MONTH)
    assert ledger.lines[0].ask_again == ()
    nothing = (State.UNREADABLE, None)
    correct(made.store, 1, 1, Correction(FIRST, "甲", made.clock(), nothing, nothing))
    line = make_ledger(*collected(made.store), SAFETY_MONTH).lines[0]
    assert (line.ask_again, line.open_slots, line.state) == ((FIRST,), 0, UnitState.RETURNED)


def test_second_entry_is_blind_and_by_somebody_else(made: Made) -> None:
    """Slots drawn by lot are entered twice; where both disagree the slot is open again, until somebody decides."""
    comes(made, whole(flagged=[FIRST, SECOND]))
    enter(made, 1, FIRST, 8)
    enter(made, 1, SECOND, 9)
    assert awaiting_second(made.store, "甲").total == 0
    with pytest.raises(ConfigError):
        set_second_share(made.store, 1.5, who="甲")
    set_second_share(made.store, 1.0, who="甲")
    assert second_share(made.store) == 1.0
    assert awaiting_second(made.store, "甲").total == 2
    add_person(made.store, "甲", "x", Role.REVIEWER)
    assert awaiting_second(made.store, "甲").total == 0
    assert [row.path for row in awaiting_second(made.store, "乙").rows] == [FIRST, SECOND]
    before = fingerprint(made.store)
    assert enter_second(made.store, 1, 1, FIRST, (State.VALUE, 8), who="乙")
    assert not enter_second(made.store, 1, 1, SECOND, (State.VALUE, 90), who="乙")
    assert fingerprint(made.store) != before
    with pytest.raises(Conflict):
        enter_second(made.store, 1, 1, SECOND, (State.VALUE, 9), who="丙")
    (disputed,) = list_slots(made.store, open=True).rows
    assert (disputed.path, disputed.reasons[-1], disputed.value) == (SECOND, Reason.DISPUTED, 9)
    assert (list_returns(made.store).total, stored_returns(made.store)[0].disputes) == (1, {SECOND: (State.VALUE, 90)})
    enter(made, 1, SECOND, 90, who="丙")
    assert (list_returns(made.store).total, awaiting_second(made.store, "丁").total) == (0, 0)
    undo_last(made.store, "丙")
    assert list_slots(made.store, open=True).total == 1


def test_audit_draws_accepted_slots_and_corrects_wrong_ones(made: Made) -> None:
    """Each accepted slot may be drawn, none twice; what is found wrong is corrected, and taking that back forgets it."""
    comes(made, whole(flagged=[FIRST]))
    comes(made, whole(7, unit="山阳区"))
    everything = audit_sample(made.store, seed=1, limit=100)
    accepted = len(SAFETY_MONTH.slots) * 2 - 1
    assert len({(row.order, row.path) for row in everything}) == len(everything) == accepted
    assert [row.path for row in audit_sample(made.store, seed=2)] == [row.path for row in audit_sample(made.store, seed=2)]
    assert record_audit(made.store, 2, 1, SECOND, (State.VALUE, 6), who="甲")
    assert not record_audit(made.store, 2, 1, FIRST, (State.VALUE, 70), who="甲")
    with pytest.raises(ConfigError):
        record_audit(made.store, 1, 1, FIRST, (State.VALUE, 5), who="甲")
    with pytest.raises(Conflict):
        record_audit(made.store, 2, 1, FIRST, (State.VALUE, 7), who="乙")
    figures = audited(made.store)
    assert (figures.n, figures.wrong, count_accepted(made.store)) == (2, 1, accepted)
    assert counted(made.store, "山阳区", FIRST) == 70
    assert len(audit_sample(made.store, seed=1, limit=100)) == accepted - 2
    undo_last(made.store, "甲")
    assert (audited(made.store).n, audited(made.store).wrong) == (1, 0)


def test_open_slots_are_found_without_a_look_at_the_others(made: Made) -> None:
    """Lists of open and of flagged slots, and of those to enter twice, go through indices of these alone."""
    with made.store.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            # An empty table is read through sooner than its index.
            connection.execute(text("SET enable_seqscan = off"))
        for where, index in (
            ("slots.open AND form_path = 'x'", "ix_slots_open"),
            ("slots.open ORDER BY source, number, place", "ix_slots_open_in_order"),
            ("slots.flagged ORDER BY source, number, place", "ix_slots_flagged"),
            ("slots.by_hand AND NOT slots.checked AND lot < 9", "ix_slots_once"),
        ):
            asked = f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}SELECT * FROM slots WHERE {where}"
            assert index in str(connection.execute(text(asked)).all())


AMOUNTS = ("12.5", "0.000001", "999999999.999999", "1280.05")


@pytest.mark.parametrize("amount", AMOUNTS)
def test_amounts_keep_every_decimal(made: Made, amount: str) -> None:
    """Read, corrected, taken back, listed: an amount is what it was, however many noughts it was written with."""
    value = Decimal(amount)
    comes(made, whole(value, flagged=[FIRST]))
    assert [row.value for row in list_slots(made.store, open=True).rows] == [value]
    enter(made, 1, FIRST, Decimal(f"{amount}0"), seen=0)
    held = load_return(made.store, 1, 1)
    assert held.stored.corrections[FIRST].before == (State.VALUE, value)
    assert held.stored.corrections[FIRST].after == (State.VALUE, value)
    assert counted(made.store, "青禾县总工会", FIRST) == value
    assert [event.after for event in history(made.store).rows] == [(State.VALUE, value)]
    enter(made, 1, FIRST, 12)
    undo_last(made.store, "甲")
    assert counted(made.store, "青禾县总工会", FIRST) == value


def test_second_entry_of_an_amount_agrees_whatever_noughts_it_has(made: Made) -> None:
    """12.5 and 12.50 are one amount; 12.51 is another, and opens the slot again."""
    comes(made, whole(Decimal("12.5"), flagged=[FIRST]))
    comes(made, whole(Decimal("12.5"), flagged=[FIRST]))
    enter(made, 1, FIRST, Decimal("12.5"))
    enter(made, 2, FIRST, Decimal("12.5"))
    assert enter_second(made.store, 1, 1, FIRST, (State.VALUE, Decimal("12.50")), who="乙")
    assert not enter_second(made.store, 2, 1, FIRST, (State.VALUE, Decimal("12.51")), who="乙")
    assert load_return(made.store, 2, 1).stored.disputes == {FIRST: (State.VALUE, Decimal("12.51"))}
    assert load_return(made.store, 2, 1).row.open == 1
