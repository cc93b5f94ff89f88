"""Which of the roster's units a header may mean: what a reviewer is offered to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from pipeline.collection.file_names import units_in_name
from schemas.office import Unit

MOST_CHOICES = 5

LEAST_LIKENESS = 55.0
"""Of 100, below which a name only happens to share a word with what was read: all end in 总工会."""


def unit_choices(read: str, file_name: str, units: Sequence[Unit]) -> tuple[str, ...]:
    """Names of the roster that a header's reading or the file's name may mean, the likeliest first."""
    named = list(units_in_name(file_name, units))
    names = [unit.name for unit in units]
    like = process.extract(read, names, scorer=fuzz.ratio, limit=MOST_CHOICES, score_cutoff=LEAST_LIKENESS) if read else []
    found = dict.fromkeys([*(name for name, _, _ in like), *named])
    return tuple(name for name in found if name != read)[:MOST_CHOICES]


def units_like(text: str, units: Sequence[Unit], limit: int) -> tuple[str, ...]:
    """Names of the roster in which, or in one of whose aliases, all the words of a text stand; those that begin so first."""
    words = text.split()
    found = [unit.name for unit in units if any(all(word in name for word in words) for name in (unit.name, *unit.aliases))]
    found.sort(key=lambda name: not name.startswith(text))
    return tuple(found[:limit])
