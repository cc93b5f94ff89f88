"""Whose a file may be by its name: officials call files after units, though seldom by their whole names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.office import Unit

# What files are seldom called by, though the unit is.
UNION = re.compile(r"(总工会|工会委员会|工会)$")

# Characters that a name must have to be known in a file's name.
SHORTEST_NAME = 3


@dataclass(frozen=True, eq=False)
class Spellings:
    """Units' names, other names, and names without 总工会: each with its units' places on the roster; and their lengths."""

    units: Sequence[Unit]
    places: Mapping[str, Sequence[int]]
    lengths: Sequence[int]


def units_in_name(name: str, units: Sequence[Unit] | Spellings) -> tuple[str, ...]:
    """The units whose name or alias, or name without 总工会, stands in a file's name: whose file it may be.

    What is too short tells nothing: 青禾县.pdf may be 青禾县总工会's, but 工会.pdf is nobody's. For several files the units'
    spellings are made once.
    """
    known = units if isinstance(units, Spellings) else spellings_of(units)
    parts = {name[at : at + length] for length in known.lengths for at in range(len(name) - length + 1)}
    found = {place for part in parts & known.places.keys() for place in known.places[part]}
    return tuple(known.units[place].name for place in sorted(found))


def spellings_of(units: Sequence[Unit]) -> Spellings:
    """What `units_in_name` looks up."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        for spelling in {unit.name, *unit.aliases, UNION.sub("", unit.name)}:
            if len(spelling) >= SHORTEST_NAME:
                places[spelling].append(place)
    return Spellings(units, dict(places), sorted({len(spelling) for spelling in places}))
