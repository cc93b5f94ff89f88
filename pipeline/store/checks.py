"""Checks on people and on the machine: a second entry, made blind, and the audit of slots that the machine has accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, text, tuple_, update

from pipeline.collection.corrections import HEADER, Worth
from pipeline.store.derived import ASIDE, LOTS
from pipeline.store.engine import Store, lock_standings, read, write
from pipeline.store.files import AnyRow
from pipeline.store.people_tables import people
from pipeline.store.queue import Listing, in_collection
from pipeline.store.review_tables import audits, corrections, office, returns, seconds, slots
from pipeline.store.rows import from_worth, load, parse_reading
from pipeline.store.saying import append_correction, find_return, machine_worth
from pipeline.store.slots import OF_RETURN, SlotRow, slots_in, to_slot_rows
from pipeline.store.standings import reassess
from pipeline.store.tables import readings
from pipeline.store.turns import next_turn
from schemas.errors import ConfigError, Conflict
from schemas.office import Correction
from schemas.reading import SlotReading

ROUNDS = 30
"""Times that an audit's sample is drawn before it is given up: so few accepted slots are left that have not been audited."""


ONCE = "slots.by_hand AND NOT slots.checked"
"""Decided about by a person, and not entered twice: in the index's own words, for only then is it used."""

AUDIT = "抽查"
"""Why a slot was corrected that an audit has found wrong."""


@dataclass(frozen=True)
class Audited:
    """Of accepted slots of a kind how many have been audited, and how many of these were wrong."""

    n: int = 0
    wrong: int = 0


@dataclass(frozen=True)
class AuditFigures:
    """What audits say of accepted slots. `kinds` tells print from pens ("print", "pen") where the reading says which."""

    n: int
    wrong: int
    kinds: Mapping[str, Audited] = field(default_factory=dict)


@dataclass(frozen=True)
class AuditedSlot:
    """What the machine had read in a slot that it accepted, and whether a person found it right."""

    slot: SlotReading
    right: bool

    @property
    def pen(self) -> bool | None:
        """Whether a pen wrote in it; None where the reading does not say."""
        return self.slot.pen


def second_share(store: Store) -> float:
    """The share of corrected slots that somebody enters a second time."""
    return float(read(store, lambda connection: connection.execute(select(office.c.second_share)).scalar_one()))


def set_second_share(store: Store, share: float, *, who: str) -> None:
    """Set it, from 0 to 1. Raises ConfigError for anything else."""
    if not 0 <= share <= 1:
        raise ConfigError(f"{share}")
    said = update(office).values(second_share=share, said_by=who, said=store.clock())
    write(store, lambda connection: connection.execute(said))


def awaiting_second(
    store: Store, who: str, *, offset: int = 0, limit: int = 50, collection: int | None = None
) -> Listing[SlotRow]:
    """Slots that `who` may enter a second time: drawn by lot, corrected by somebody else (by anybody where there are no
    users), and not entered twice yet."""

    def work(connection: Connection) -> Listing[SlotRow]:
        share = connection.execute(select(office.c.second_share)).scalar_one()
        query = select(slots).join(corrections, corrections.c.id == slots.c.version).join(returns, OF_RETURN)
        query = query.where(text(ONCE), slots.c.lot < share * LOTS, returns.c.shelf != ASIDE, *slots_in(collection))
        if connection.execute(select(people.c.id).limit(1)).first() is not None:
            query = query.where(corrections.c.who != who)
        total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        # A sum, for SQLite would else read the whole table in this order, and not the few by the index of their lots.
        page = query.order_by(slots.c.source + 0, slots.c.number, slots.c.place).offset(offset).limit(limit)
        return Listing(to_slot_rows(connection, connection.execute(page).all()), total)

    return read(store, work)


def enter_second(store: Store, order: int, number: int, path: str, entered: Worth, *, who: str) -> bool:
    """Note what was entered the second time; whether it is what counts. Where it is not, the slot is open again.

    Raises NoSuchReturn; Conflict where somebody else has entered it twice, or ConfigError where nobody has entered it once.
    """
    key = uuid4().hex

    def work(connection: Connection) -> bool:
        lock_standings(connection)
        known = connection.execute(select(seconds.c.agrees).where(seconds.c.key == key)).scalar()
        if known is not None:
            return bool(known)
        row = find_return(connection, order, number)
        loaded = load(connection, [row.source])[row.source, row.number]
        version = loaded.versions.get(path)
        if version is None:
            raise ConfigError(path)
        if path in loaded.entered:
            raise Conflict(loaded.stored.corrections[path], version)
        agrees = loaded.stored.corrections[path].after == entered
        values = {"source": row.source, "number": row.number, "path": path, "version": version, "agrees": agrees}
        said = {"key": key, "who": who, "when": store.clock(), "entered": from_worth(entered)}
        connection.execute(insert(seconds).values(**values, **said))
        reassess(connection, store.clock(), [row.source], turn=next_turn(connection))
        return agrees

    return write(store, work)


def audit_sample(store: Store, *, seed: int, limit: int = 20, collection: int | None = None) -> list[SlotRow]:
    """Slots that the machine has accepted alone, drawn at random, each as likely; those that were audited are left out."""

    def work(connection: Connection) -> list[SlotRow]:
        rng = np.random.default_rng(seed)
        counting = select(returns.c.source, returns.c.number).where(returns.c.shelf != ASIDE, *in_collection(collection))
        keys = connection.execute(counting.order_by(returns.c.source, returns.c.number)).all()
        most = connection.execute(select(func.max(slots.c.place))).scalar()
        found: dict[tuple[int, int, int], AnyRow] = {}
        if not keys or most is None:
            return []
        for _ in range(ROUNDS):
            # A place in a return is drawn as any other; those where no accepted slot stands are drawn in vain.
            pairs = zip(rng.integers(len(keys), size=2 * limit), rng.integers(most + 1, size=2 * limit), strict=True)
            drawn = [(int(keys[at].source), int(keys[at].number), int(place)) for at, place in pairs]
            place = tuple_(slots.c.source, slots.c.number, slots.c.place)
            rows = connection.execute(_accepted(select(slots)).where(place.in_(drawn), ~_is_audited()))
            by_place = {(row.source, row.number, row.place): row for row in rows}
            found |= {key: by_place[key] for key in drawn if key in by_place and key not in found}
            if len(found) >= limit:
                break
        return list(to_slot_rows(connection, list(found.values())[:limit]))

    return read(store, work)


def record_audit(store: Store, order: int, number: int, path: str, entered: Worth, *, who: str) -> bool:
    """Note what a person found in an accepted slot; whether the machine was right. Where it was not, that is corrected.

    Raises NoSuchReturn; Conflict where somebody has decided about the slot by now; ConfigError for one the machine has not
    accepted.
    """
    key = uuid4().hex

    def work(connection: Connection) -> bool:
        lock_standings(connection)
        known = connection.execute(select(audits.c.is_right).where(audits.c.key == key)).scalar()
        if known is not None:
            return bool(known)
        row = find_return(connection, order, number)
        loaded = load(connection, [row.source])[row.source, row.number]
        claimed = machine_worth(loaded.stored, path)
        flagged = next((slot.review for slot in loaded.stored.reading.slots if slot.path == path), True)
        if path in loaded.stored.corrections:
            raise Conflict(loaded.stored.corrections[path], loaded.versions.get(path, 0))
        if claimed is None or flagged:
            raise ConfigError(path)
        right = claimed == entered
        version = None
        if not right:
            said = Correction(path, who, store.clock(), claimed, entered, AUDIT)
            version = append_correction(connection, store, uuid4().hex, order, number, said, seen=0)
        values = {"source": row.source, "number": row.number, "reading": row.reading, "path": path, "version": version}
        told = {"key": key, "who": who, "when": store.clock(), "read": from_worth(claimed), "entered": from_worth(entered)}
        connection.execute(insert(audits).values(**values, **told, is_right=right))
        next_turn(connection)
        return right

    return write(store, work)


def audited(store: Store) -> AuditFigures:
    """What audits have found so far; one whose correction was taken back counts no more."""

    def work(connection: Connection) -> AuditFigures:
        rows = _load_audits(connection)
        kinds = {pen: [row for row in rows if row.pen is pen] for pen in (False, True)}
        by_kind = {
            name: Audited(len(kinds[pen]), sum(not row.right for row in kinds[pen]))
            for name, pen in (("print", False), ("pen", True))
            if kinds[pen]
        }
        return AuditFigures(len(rows), sum(not row.right for row in rows), by_kind)

    return read(store, work)


def count_accepted(store: Store) -> int:
    """The slots that the machine has accepted alone, in returns that count or may count, with those that an audit has found
    wrong since: every slot is looked at, which takes seconds where they are millions."""

    def work(connection: Connection) -> int:
        accepted = connection.execute(_accepted(select(func.count()).select_from(slots))).scalar_one()
        # What an audit has found wrong had been accepted, too.
        return int(accepted) + sum(not row.right for row in _load_audits(connection))

    return read(store, work)


def audited_slots(store: Store) -> list[AuditedSlot]:
    """Every audit that counts: what the machine had read, and whether it was right."""
    return read(store, _load_audits)


def _load_audits(connection: Connection) -> list[AuditedSlot]:
    """Every audit that counts, the last one of a slot, with what the machine had read."""
    undone = select(corrections.c.undoes).where(corrections.c.undoes == audits.c.version).exists()
    query = select(audits, readings.c.reading.label("json")).where(~undone).order_by(audits.c.id)
    query = query.join(readings, (readings.c.source == audits.c.source) & (readings.c.number == audits.c.reading))
    found = {}
    for row in connection.execute(query):
        slot = next((slot for slot in parse_reading(row.json).slots if slot.path == row.path), None)
        if slot is not None:
            found[row.source, row.reading, row.path] = AuditedSlot(slot, row.is_right)
    return list(found.values())


def _accepted(query: Select[Any]) -> Select[Any]:
    """Slots that the machine has accepted and that nobody has looked at, in returns that count or may count."""
    untouched = text("NOT slots.flagged AND NOT slots.by_hand"), slots.c.form_path.not_like(HEADER + "%")
    return query.join(returns, OF_RETURN).where(*untouched, returns.c.shelf != ASIDE)


def _is_audited() -> ColumnElement[bool]:
    same = audits.c.source == slots.c.source, audits.c.reading == returns.c.reading, audits.c.path == slots.c.path
    return select(audits.c.id).where(*same).exists()
