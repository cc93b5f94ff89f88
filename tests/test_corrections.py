"""Readings with a person's decisions."""

from __future__ import annotations

import pytest

from pipeline.collection.corrections import HEADER, effective_slots, open_fields
from schemas.flow import State
from schemas.paths import form_path, turn_of
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.office import UNREADABLE, corrected, reading_of, stored

PATH = "item1.lectures"


@pytest.mark.parametrize(
    ("after", "state", "value"),
    [
        (12, State.VALUE, 12),
        (0, State.VALUE, 0),
        (None, State.BLANK, None),
        (UNREADABLE, State.UNREADABLE, None),
    ],
)
def test_a_correction_counts(after: Value, state: State, value: Value) -> None:
    """What a person decided counts, with their name, and the slot is no longer open; the machine's reading is kept."""
    reading = reading_of({PATH: 72}, flagged=[PATH], candidates={PATH: ("12",)})
    slot = effective_slots(reading, {PATH: corrected(PATH, after)}, SAFETY_MONTH)[0]
    assert slot.worth == (state, value)
    assert (slot.who, slot.open, slot.machine, slot.candidates) == ("王文", False, (State.VALUE, 72), ())


def test_without_corrections_the_machine_counts() -> None:
    """Every slot is as it was read, and open where it is flagged."""
    reading = reading_of({PATH: 72, "item1.articles": 3}, flagged=[PATH])
    slots = effective_slots(reading, {}, SAFETY_MONTH)
    assert [slot.worth for slot in slots] == [(slot.state, slot.value) for slot in reading.slots]
    assert [slot.path for slot in slots if slot.open] == [PATH]
    assert {slot.who for slot in slots} == {""}


def test_a_person_may_add_an_activity() -> None:
    """A slot of a further activity that the machine has not seen is there once a person has filled it in."""
    path = "item7[2].sessions"
    slots = effective_slots(reading_of({}), {path: corrected(path, 4), "no.such": corrected("no.such", 1)}, SAFETY_MONTH)
    assert [slot.path for slot in slots[39:]] == [path]
    assert slots[-1].worth == (State.VALUE, 4)
    assert (form_path(path), turn_of(path), turn_of(PATH)) == ("item7.sessions", 2, 1)


def test_fields_above_the_table_are_corrected_too() -> None:
    """A flagged field is open until a person has decided about it."""
    doubtful = reading_of({}, unit_doubtful=True)
    assert open_fields(stored(1, doubtful)) == ("unit",)
    assert open_fields(stored(1, doubtful, corrections=[corrected(HEADER + "unit", "青禾县总工会")])) == ()
