"""Which of several collections of one form a return belongs to: by its title, its date and its unit, or nobody knows.

Where what stands on the paper fits several, or contradicts itself, a person says: nothing is counted for a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.reading.units import as_compared, unit_field, unit_named
from pipeline.times import local_date
from schemas.form import FieldKind, Form
from schemas.office import Collection
from schemas.reading import Reading

EARLIEST, LATEST = timedelta(days=300), timedelta(days=60)
"""How long before and after a collection's deadline its returns are dated: what comes every year lies a year apart."""

YEAR = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")


@dataclass(frozen=True)
class Candidate:
    """A collection that a return may belong to, and its units' names by spelling."""

    collection: Collection
    names: Mapping[str, str]


def find_collection(reading: Reading, form: Form, candidates: Sequence[Candidate]) -> tuple[Collection, bool]:
    """The collection of a return's form that it belongs to, and whether that is sure; else the newest that may be it.

    Where there is but one collection of the form, open or closed, it is that one.
    """
    collections = [candidate.collection for candidate in candidates]
    if len(collections) == 1:
        return collections[0], True
    opened = [one for one in collections if one.is_open]
    fitting = opened
    for fits in _evidence(reading, form, candidates):
        fitting = [one for one in fitting if one.id in fits]
    if len(fitting) == 1:
        return fitting[0], True
    return max(fitting or opened or collections, key=lambda one: one.id), False


def _evidence(reading: Reading, form: Form, candidates: Sequence[Candidate]) -> Iterator[frozenset[int]]:
    """The ids of the collections that each thing on the paper agrees with; what says nothing is left out."""
    collections = [candidate.collection for candidate in candidates]
    if reading.title:
        yield frozenset(one.id for one in collections if _has_title(one, reading.title))
    day = _date_of(reading, form)
    if day is not None:
        yield frozenset(one.id for one in collections if _has_date(one, day))
    unit = unit_field(reading, form)
    if unit.value is not None and not unit.review:
        asked = frozenset(one.collection.id for one in candidates if unit_named(unit.value, one.names))
        # A unit that no roster has, says nothing.
        if asked:
            yield asked | {one.id for one in collections if not one.units}


def _has_title(collection: Collection, title: str) -> bool:
    """Whether nothing in a title says that it is another collection's."""
    if collection.title:
        return as_compared(collection.title) in as_compared(title)
    years, own = set(YEAR.findall(as_compared(title))), set(YEAR.findall(as_compared(collection.name)))
    return not years or not own or bool(years & own)


def _date_of(reading: Reading, form: Form) -> date | None:
    """The day that stands above the table, where it is certain."""
    for field in form.header:
        read = reading.header.get(field.key)
        if field.kind is FieldKind.DATE and read is not None and read.iso is not None and not read.review:
            return date.fromisoformat(read.iso)
    return None


def _has_date(collection: Collection, day: date) -> bool:
    if collection.deadline is None:
        return True
    due = local_date(collection.deadline)
    return due - EARLIEST <= day <= due + LATEST
