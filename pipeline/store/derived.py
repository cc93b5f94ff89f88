"""What follows from a return as it stands: its slots' rows and its line in the queue. Pure; `standings` writes it down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from pipeline.collection.corrections import HEADER, EffectiveSlot, Worth, slots_of
from pipeline.collection.filing import items_of
from pipeline.reading.units import unit_key, unit_named
from pipeline.store.rows import Loaded
from schemas.form import Form
from schemas.office import DecisionKind, StoredReturn
from schemas.paths import form_path, item_of
from schemas.reading import HeaderReading, Problem, Reason

MOST = 2**63
"""Numbers from here on are kept as text: no database counts so far. So are amounts with decimals: no column may round."""

LOTS = 2**31
"""Slots draw a lot below this, each number as likely."""

OF_THE_HEADER = frozenset({Problem.NO_HEADER, Problem.UNIT_UNKNOWN})
"""Problems that are solved by a person's word whose return it is."""

OPEN, ACCEPTED, ASIDE = "open", "accepted", "aside"
"""Where the queue shows a return."""

Values = dict[str, Any]
"""A row's values by column."""


@dataclass(frozen=True)
class Derived:
    """A return's slots by path, and the columns of its line that follow from itself alone."""

    slots: Mapping[str, Values]
    line: Values


def derive(loaded: Loaded, elsewhere: Set[str]) -> Derived:
    """A return's rows. `elsewhere` are the items that stand on the pages of returns with which it makes one."""
    stored = loaded.stored
    closed = stored.settled or stored.dismissed or not stored.reading.review
    lost = {slot.path for slot in stored.reading.slots if Reason.SLOT_MISSING in slot.reasons}
    rows: dict[str, Values] = {}
    for place, each in enumerate((*_fields(loaded), *_slots(loaded))):
        path, worth, confidence, flagged, is_open = each
        if flagged and path not in stored.disputes:
            is_open = is_open and not closed and not (path in lost and item_of(path) in elsewhere)
        version = loaded.versions.get(path, 0)
        rows[path] = {
            "place": place,
            "form_path": form_path(path),
            **to_columns(worth),
            "confidence": confidence,
            "flagged": flagged,
            "open": is_open and not stored.dismissed,
            "by_hand": path in stored.corrections,
            "version": version,
            "checked": path in loaded.entered,
            "lot": lot_of(stored.order, stored.number, path),
        }
    opened = {path for path, row in rows.items() if row["open"]}
    left = [problem for problem in stored.reading.problems if not _is_solved(problem, loaded, lost, opened)]
    if closed:
        # That everything is right as it was read does not say what it belongs to.
        left = [problem for problem in left if problem is Problem.COLLECTION_UNSURE and not stored.dismissed]
    field = _unit_key(loaded.form)
    said = stored.corrections.get(HEADER + field)
    unit = stored.reading.header.get(field, HeaderReading()).value if said is None else said.after[1]
    line = {
        "title": "" if unit is None else str(unit),
        "by_hand": said is not None,
        "flagged": sum(row["flagged"] for row in rows.values()),
        "open": len(opened),
        "problems": len(left),
        "waiting": bool(opened or left),
        "dismissed": loaded.decision(DecisionKind.DISMISSED),
    }
    return Derived(rows, line)


def items_here(loaded: Loaded) -> frozenset[str]:
    """The items that stand on a return's pages, or that a person has filled in."""
    return items_of(loaded.stored, _effective(loaded.stored, loaded.form))


def unit_by(title: str, by_hand: bool, names: Mapping[str, str]) -> str | None:
    """The roster's unit that a title names. One that a person has given is kept, too: it counts when it is put there."""
    return unit_named(title, names) or (title if by_hand and title else None)


def shelf_of(waiting: bool, dismissed: str, superseded_by: int | None) -> str:
    """Where the queue shows a return."""
    return ASIDE if dismissed or superseded_by is not None else OPEN if waiting else ACCEPTED


def to_columns(worth: Worth) -> Values:
    """State and value as `slots` keeps them."""
    state, value = worth
    whole = isinstance(value, int) and abs(value) < MOST
    return {"state": state.value, "value": value if whole else None, "text": None if whole or value is None else str(value)}


def lot_of(order: int, number: int, path: str) -> int:
    """A slot's lot: always the same for a slot, and for all of them evenly spread."""
    return int.from_bytes(hashlib.sha256(f"{order}-{number}/{path}".encode()).digest()[:4]) >> 1


def _fields(loaded: Loaded) -> Iterator[tuple[str, Worth, float, bool, bool]]:
    """The fields above the table: path, worth, confidence, whether flagged, whether open."""
    stored = loaded.stored
    for key, field in stored.reading.header.items():
        path = HEADER + key
        said = stored.corrections.get(path)
        worth = (field.state, field.value) if said is None else said.after
        is_open = path in stored.disputes if said is not None else field.review and stored.part_of is None
        yield path, worth, field.confidence, field.review, is_open


def _slots(loaded: Loaded) -> Iterator[tuple[str, Worth, float, bool, bool]]:
    stored = loaded.stored
    flagged = {slot.path for slot in stored.reading.slots if slot.review}
    for slot in _effective(stored, loaded.form):
        yield slot.path, slot.worth, slot.confidence, slot.path in flagged, slot.open


def _effective(stored: StoredReturn, form: Form | None) -> tuple[EffectiveSlot, ...]:
    return () if form is None else slots_of(stored, form)


def _is_solved(problem: Problem, loaded: Loaded, lost: Set[str], opened: Set[str]) -> bool:
    """Whether a person has said what a problem leaves open: whose it is, or what stands in every slot that is missing."""
    stored = loaded.stored
    if problem in OF_THE_HEADER:
        return stored.part_of is not None or HEADER + _unit_key(loaded.form) in stored.corrections
    if problem is Problem.COLLECTION_UNSURE:
        return stored.placed
    return problem is Problem.ITEMS_MISSING and bool(lost) and not lost & opened


def _unit_key(form: Form | None) -> str:
    return "" if form is None else unit_key(form)
