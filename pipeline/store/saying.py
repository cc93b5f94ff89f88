"""What people say: corrections of slots and decisions about returns. Appended, never changed; the last one counts."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from pipeline.collection.corrections import HEADER, Worth
from pipeline.store.engine import Store, lock_standings, write
from pipeline.store.files import AnyRow
from pipeline.store.known import load_collections
from pipeline.store.remaking import parse_address
from pipeline.store.review_tables import corrections, decisions, returns
from pipeline.store.rows import Loaded, from_worth, load, parse_reading, to_correction
from pipeline.store.splitting import can_split, page_of
from pipeline.store.standings import reassess
from pipeline.store.tables import source_files
from pipeline.store.turns import next_turn
from schemas.errors import ConfigError, Conflict, NoSuchReturn
from schemas.flow import State
from schemas.office import DISMISSALS, Correction, DecisionKind, StoredReturn
from schemas.reading import HeaderReading


def correct(store: Store, order: int, number: int, correction: Correction, *, seen: int | None = None) -> int:
    """Append a correction of a slot of the return `number` of the file `order`; its version: what to have seen next time.

    `seen` is the version that the person saw, 0 for the machine's reading. As `before` is kept what counted
    until then. Raises NoSuchReturn; Conflict where another version counts by now; ConfigError for a slot that stands
    on the pages of a return that was split off.
    """
    key = uuid4().hex

    def work(connection: Connection) -> int:
        lock_standings(connection)
        return append_correction(connection, store, key, order, number, correction, seen=seen)

    return write(store, work)


def decide(store: Store, order: int, number: int, kind: DecisionKind, value: str, *, who: str, why: str = "") -> int:
    """Append a decision about the return `number` of the file `order`; "" takes back what was decided of its kind.

    Raises NoSuchReturn; ConfigError for a value that means nothing.
    """
    key = uuid4().hex

    def work(connection: Connection) -> int:
        lock_standings(connection)
        # Tried again after a lost answer, it may be there already.
        if (known := _with_key(connection, decisions, key)) is not None:
            return known
        row = find_return(connection, order, number)
        loaded = load(connection, [row.source])[row.source, row.number]
        turn = next_turn(connection)
        values = {
            "key": key,
            "source": row.source,
            "number": row.number,
            "kind": kind,
            "value": _checked(connection, loaded, kind, value.strip()),
            "before": loaded.decision(kind),
            "who": who,
            "when": store.clock(),
            "why": why,
            "turn": turn,
        }
        made = _insert(connection, decisions, values)
        reassess(connection, store.clock(), [row.source], turn=turn)
        return made

    return write(store, work)


def append_correction(
    connection: Connection, store: Store, key: str, order: int, number: int, correction: Correction, *, seen: int | None
) -> int:
    """The same within a transaction that holds the standings' lock."""
    if (known := _with_key(connection, corrections, key)) is not None:
        return known
    row = find_return(connection, order, number)
    loaded = load(connection, [row.source])[row.source, row.number]
    path = correction.path
    version = loaded.versions.get(path, 0)
    if seen is not None and seen != version:
        raise Conflict(_what_counts(connection, loaded, path), version)
    _check_stands_here(loaded, path)
    before = worth_of(loaded.stored, path)
    turn = next_turn(connection)
    values = {
        "key": key,
        "source": row.source,
        "number": row.number,
        "reading": row.reading,
        "path": path,
        "who": correction.who,
        "when": correction.when,
        "before": from_worth(correction.before if before is None else before),
        "after": from_worth(correction.after),
        "why": correction.why,
        "turn": turn,
    }
    made = _insert(connection, corrections, values)
    reassess(connection, store.clock(), [row.source], turn=turn)
    return made


def find_return(connection: Connection, order: int, number: int) -> AnyRow:
    """The row of a return, by any file that it was read from. Raises NoSuchReturn."""
    query = select(returns).join(source_files, source_files.c.source == returns.c.source)
    row = connection.execute(query.where(source_files.c.file == order, returns.c.number == number)).first()
    if row is None:
        raise NoSuchReturn(f"{order}-{number}")
    return row


def worth_of(stored: StoredReturn, path: str) -> Worth | None:
    """What counts in a slot or a field now; None for one that nobody has seen yet."""
    said = stored.corrections.get(path)
    return machine_worth(stored, path) if said is None else said.after


def machine_worth(stored: StoredReturn, path: str) -> Worth | None:
    """What the machine read in a slot or a field; None where it has seen none."""
    if path.startswith(HEADER):
        field = stored.reading.header.get(path.removeprefix(HEADER), HeaderReading())
        return (field.state, field.value)
    return next(((slot.state, slot.value) for slot in stored.reading.slots if slot.path == path), None)


def _what_counts(connection: Connection, loaded: Loaded, path: str) -> Correction:
    """The correction that counts; where it was taken back, who did that, and what the machine had read."""
    if path in loaded.versions:
        row = connection.execute(select(corrections).where(corrections.c.id == loaded.versions[path])).one()
        return to_correction(row)
    here = corrections.c.source == loaded.row.source, corrections.c.path == path, corrections.c.undoes.is_not(None)
    last = connection.execute(select(corrections).where(*here).order_by(corrections.c.id.desc()).limit(1)).first()
    worth = machine_worth(loaded.stored, path) or (State.BLANK, None)
    if last is None:
        return Correction(path, "", loaded.stored.arrived, worth, worth)
    return Correction(path, last.who, last.when, to_correction(last).before, worth, last.why)


def _check_stands_here(loaded: Loaded, path: str) -> None:
    row = loaded.row
    if path.startswith(HEADER) or (row.first_page is None and row.end_page is None):
        return
    page = page_of(parse_reading(row.json), path)
    if page is not None and not (row.first_page or page) <= page < (row.end_page or page + 1):
        raise ConfigError(path)


def _checked(connection: Connection, loaded: Loaded, kind: DecisionKind, value: str) -> str:
    """A decision's value as it is kept. Raises ConfigError for one that means nothing."""
    if not value or kind is DecisionKind.UNIT:
        return value
    if kind is DecisionKind.PART_OF:
        return _checked_main(connection, loaded, value)
    if kind is DecisionKind.COLLECTION:
        return _checked_collection(connection, loaded, value)
    if kind is DecisionKind.SPLIT:
        plain = value.isascii() and value.isdecimal() and len(value) < 6
        if plain and can_split(parse_reading(loaded.row.json), int(value)) and int(value) > (loaded.row.first_page or 0):
            return str(int(value))
    elif value in (DISMISSALS if kind is DecisionKind.DISMISSED else ("1",)):
        return value
    raise ConfigError(f"{kind}: {value}")


def _checked_collection(connection: Connection, loaded: Loaded, value: str) -> str:
    """The id of a collection of the return's own form: read by another one, it says nothing there."""
    known = {str(id): one for id, one in load_collections(connection).items()}
    if value not in known or known[value].form.id != loaded.stored.reading.form:
        raise ConfigError(f"{DecisionKind.COLLECTION}: {value}")
    return value


def _checked_main(connection: Connection, loaded: Loaded, value: str) -> str:
    """The address of another return that is not itself, in the end, a part of this one."""
    address = parse_address(value)
    if address is None:
        raise ConfigError(f"{DecisionKind.PART_OF}: {value}")
    main = find_return(connection, *address)
    above: AnyRow | None = main
    seen = {loaded.key}
    while above is not None:
        if (above.source, above.number) in seen:
            raise ConfigError(f"{DecisionKind.PART_OF}: {value}")
        seen.add((above.source, above.number))
        at = returns.c.file == above.main_file, returns.c.number == above.main_number
        above = connection.execute(select(returns).where(*at)).first() if above.main_file is not None else None
    return f"{main.file}-{main.number}"


def _with_key(connection: Connection, table: Any, key: str) -> int | None:
    return connection.execute(select(table.c.id).where(table.c.key == key)).scalar()


def _insert(connection: Connection, table: Any, values: dict[str, object]) -> int:
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
