"""What follows from what is on record, kept up with each reading and each word of a reviewer, in its transaction.

`returns` and `slots` are what anybody would make afresh of the readings and of what people said: which returns there are,
what stands in each slot, whose they are, which supersedes which (by `pipeline.collection.filing`). A file all of whose
returns are superseded says so, and no longer when a reviewer chooses otherwise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection as Some
from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from pipeline.collection.filing import superseding
from pipeline.store.derived import Derived, Values, derive, items_here, shelf_of, unit_by
from pipeline.store.forms import load_forms
from pipeline.store.known import Known, load_collections
from pipeline.store.remaking import remake
from pipeline.store.review_tables import returns, slots
from pipeline.store.rows import Key, Loaded, load
from pipeline.store.states import IN_REVIEW, says_superseded, set_states, supersede_files, unsupersede_files
from pipeline.store.tables import sources
from schemas.form import Form
from schemas.office import DecisionKind, FileState, StoredReturn

Place = tuple[int, str]
"""A unit in a collection: by the collection's id and the unit's name."""

READ = (FileState.REVIEW, FileState.ACCEPTED)
"""States of sources whose readings count."""

AT_ONCE = 200
"""Units whose returns are held at once when all are weighed: some megabytes."""


def reassess(
    connection: Connection, now: datetime, some: Some[int], known: Mapping[int, Known] | None = None, *, turn: int
) -> None:
    """Make the rows of some sources' returns anew, and weigh every return of their units and of those they had before.

    `known` is what is collected, where this transaction has asked for it before; `turn` counts what has changed.
    """
    forms = load_forms(connection)
    known = load_collections(connection, forms) if known is None else known
    kin = _kin(connection, some)
    places = _places_of(connection, kin)
    fresh = remake(connection, some)
    kin |= _kin(connection, some)
    loaded = load(connection, kin, forms=forms)
    made = {key: derive(one, _elsewhere(one, loaded.values())) for key, one in loaded.items()}
    loaded = _settle(connection, now, loaded, made)
    lines = _lines(loaded, made, known)
    for key in loaded:
        # Also where its line is as it was, for not all that people say shows there.
        connection.execute(_here(key).values(**lines[key], turn=turn))
        _write_slots(connection, key, made[key].slots, is_fresh=key in fresh)
    places |= {(line["collection"], line["unit"]) for line in lines.values() if line["unit"] is not None}
    changed = _weigh(connection, places, known, loaded, forms)
    for source in sorted(kin | changed):
        _tell(connection, now, source)


def reassess_all(connection: Connection, now: datetime, collection: int, *, turn: int) -> None:
    """The same for every return of a collection, when its roster has changed: nothing in them has."""
    forms = load_forms(connection)
    known = load_collections(connection, forms)
    here = select(returns).where(returns.c.collection == collection)
    rows = {(row.file, row.number): row for row in connection.execute(here)}
    names = known[collection].names
    own = {key: unit_by(row.title, row.by_hand, names) for key, row in rows.items()}
    mains = {key: (row.main_file, row.main_number) for key, row in rows.items() if row.main_file is not None}
    units = {key: own[_main_of(key, mains, own)] for key in rows}
    several = Counter(unit for unit in units.values() if unit is not None)
    changed = set()
    for key, row in rows.items():
        unit = units[key]
        # Where a unit has one return nothing supersedes it; where it has several they are weighed below.
        stays = row.superseded_by is not None and unit == row.unit and unit is not None and several[unit] > 1
        line = {"unit": unit}
        if row.superseded_by is not None and not stays:
            line |= {"superseded_by": None, "shelf": shelf_of(row.waiting, row.dismissed, None)}
            changed.add(row.source)
        if unit != row.unit or len(line) > 1:
            connection.execute(_here((row.source, row.number)).values(**line, turn=turn))
    weighed = sorted(unit for unit, count in several.items() if count > 1)
    for first in range(0, len(weighed), AT_ONCE):
        some = {(collection, unit) for unit in weighed[first : first + AT_ONCE]}
        changed |= _weigh(connection, some, known, {}, forms)
    for source in sorted(changed):
        _tell(connection, now, source)


def _kin(connection: Connection, some: Some[int]) -> set[int]:
    """Sources with those whose returns are parts of theirs, or of which theirs are."""
    found: set[int] = set()
    fresh = set(some)
    while fresh:
        found |= fresh
        query = select(returns.c.file, returns.c.main_file).where(returns.c.source.in_(fresh)).distinct()
        rows = connection.execute(query).all()
        if not rows:
            break
        own, mains = {row.file for row in rows}, {row.main_file for row in rows if row.main_file is not None}
        near = or_(returns.c.main_file.in_(own), returns.c.file.in_(mains)) if mains else returns.c.main_file.in_(own)
        fresh = set(connection.execute(select(returns.c.source).where(near)).scalars()) - found
    return found


def _places_of(connection: Connection, some: Some[int]) -> set[Place]:
    query = select(returns.c.collection, returns.c.unit).where(returns.c.source.in_(some), returns.c.unit.is_not(None))
    return {(row.collection, row.unit) for row in connection.execute(query.distinct())}


def _elsewhere(one: Loaded, others: Iterable[Loaded]) -> frozenset[str]:
    """The items on the pages of what a return is a part of, of its parts, and of that one's other parts."""
    by_address = {(each.stored.order, each.stored.number): each for each in others}
    mains = {key: main for key, each in by_address.items() if (main := each.stored.part_of) is not None}
    own = (one.stored.order, one.stored.number)
    if own not in mains and own not in mains.values():
        return frozenset()
    main = _main_of(own, mains, by_address)
    same = (each for key, each in by_address.items() if key != own and _main_of(key, mains, by_address) == main)
    return frozenset().union(*(items_here(each) for each in same if not each.stored.dismissed))


def _main_of(key: Key, mains: Mapping[Key, Key], known: Some[Key]) -> Key:
    """The return whose part one is in the end, by file and number; itself where it is nobody's."""
    seen = {key}
    while (above := mains.get(key)) is not None and above in known and above not in seen:
        seen.add(above)
        key = above
    return key


def _settle(
    connection: Connection, now: datetime, loaded: Mapping[Key, Loaded], made: Mapping[Key, Derived]
) -> dict[Key, Loaded]:
    """A source is accepted when nothing in any of its returns is open; for review when something is, again."""
    waiting: dict[int, bool] = defaultdict(bool)
    for key in loaded:
        waiting[key[0]] |= made[key].line["waiting"]
    state_of = {one.row.source: one.row.state for one in loaded.values()}
    for source, is_waiting in waiting.items():
        if is_waiting and state_of[source] == FileState.ACCEPTED:
            set_states(connection, source, now, FileState.REVIEW, **IN_REVIEW)
        elif not is_waiting and state_of[source] == FileState.REVIEW:
            set_states(connection, source, now, FileState.ACCEPTED)
    return {key: replace(one, stored=replace(one.stored, accepted=not waiting[key[0]])) for key, one in loaded.items()}


def _lines(loaded: Mapping[Key, Loaded], made: Mapping[Key, Derived], known: Mapping[int, Known]) -> dict[Key, Values]:
    """The lines of returns with what follows from each other: collections, units, numbers of parts."""
    by_address = {(one.stored.order, one.stored.number): key for key, one in loaded.items()}
    mains = {at: main for at, key in by_address.items() if (main := loaded[key].stored.part_of) is not None}
    parts = Counter(mains.values())
    lines = {}
    for at, key in by_address.items():
        row, line = loaded[key].row, made[key].line
        main = by_address[_main_of(at, mains, by_address)]
        above = made[main].line
        collection = _collection_of(loaded[main])
        unit = unit_by(above["title"], above["by_hand"], known[collection].names)
        over = row.superseded_by if (collection, unit) == (row.collection, row.unit) else None
        shelf = shelf_of(line["waiting"], line["dismissed"], over)
        place = {"collection": collection, "unit": unit, "superseded_by": over}
        lines[key] = {**line, **place, "parts": parts[at], "shelf": shelf}
    return lines


def _collection_of(loaded: Loaded) -> int:
    """The collection that a return belongs to: as a person says, else as it was found to."""
    return int(loaded.decision(DecisionKind.COLLECTION) or loaded.row.found_in)


def _weigh(
    connection: Connection,
    places: Set[Place],
    known: Mapping[int, Known],
    loaded: Mapping[Key, Loaded],
    forms: Mapping[str, Form],
) -> set[int]:
    """Note which of some units' returns are superseded; the sources for which that has changed."""
    if not places:
        return set()
    by_collection: dict[int, set[str]] = defaultdict(set)
    for collection, unit in places:
        by_collection[collection].add(unit)
    # A unit returns year after year: what it sent for other collections is not looked at.
    theirs = [and_(returns.c.collection == id, returns.c.unit.in_(units)) for id, units in by_collection.items()]
    rows = connection.execute(select(returns).where(or_(*theirs))).all()
    more = load(connection, {row.source for row in rows} - {source for source, _ in loaded}, forms=forms)
    every = {**loaded, **more}
    at: dict[Place, list[StoredReturn]] = defaultdict(list)
    for row in rows:
        here = {"unit": row.unit, "collection": row.collection}
        at[row.collection, row.unit].append(replace(every[row.source, row.number].stored, **here))
    over: dict[tuple[int, int], int] = {}
    for (collection, _), several in at.items():
        over |= superseding(several, known[collection].form, known[collection].names)
    changed = set()
    for row in rows:
        by = over.get((row.file, row.number))
        if by != row.superseded_by:
            shelf = shelf_of(row.waiting, row.dismissed, by)
            connection.execute(_here((row.source, row.number)).values(superseded_by=by, shelf=shelf))
            changed.add(row.source)
    return changed


def _write_slots(connection: Connection, key: Key, made: Mapping[str, Values], *, is_fresh: bool) -> None:
    """Write those slots that are not as they were; a return whose row is fresh has none."""
    source, number = key
    here = (slots.c.source == source, slots.c.number == number)
    before = {} if is_fresh else {row.path: row._mapping for row in connection.execute(select(slots).where(*here))}
    gone = before.keys() - made.keys()
    if gone:
        connection.execute(delete(slots).where(*here, slots.c.path.in_(gone)))
    fresh = [{"source": source, "number": number, "path": path, **made[path]} for path in made if path not in before]
    if fresh:
        connection.execute(insert(slots), fresh)
    for path, values in made.items():
        if path in before and any(before[path][column] != value for column, value in values.items()):
            connection.execute(update(slots).where(*here, slots.c.path == path).values(**values))


def _here(key: Key) -> Any:
    return update(returns).where(returns.c.source == key[0], returns.c.number == key[1])


def _tell(connection: Connection, now: datetime, source: int) -> None:
    """Let the files of a source say whether its returns are superseded, all of them."""
    query = select(sources.c.state, sources.c.replaced_by, says_superseded(source).label("says_so"), returns.c.superseded_by)
    query = query.outerjoin(returns, returns.c.source == sources.c.id).where(sources.c.id == source)
    rows = connection.execute(query).all()
    if not rows or rows[0].replaced_by is not None or rows[0].state not in READ:
        return
    if all(row.superseded_by is not None for row in rows):
        supersede_files(connection, source, now, max(row.superseded_by for row in rows))
    elif rows[0].says_so:
        unsupersede_files(connection, source, now, FileState(rows[0].state))
