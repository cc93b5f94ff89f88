"""People who may sign in: their passwords' hashes, programs' tokens, and who tried to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from pipeline.store.engine import Store, read, write
from pipeline.store.files import AnyRow
from pipeline.store.people_tables import logins
from pipeline.store.people_tables import people as people_table
from pipeline.store.people_tables import tokens as tokens_table
from schemas.errors import ConfigError
from schemas.office import Person, Role

REMEMBERED = timedelta(days=30)
"""How long it is kept who tried to sign in, and from where."""


@dataclass(frozen=True)
class Token:
    """A program's way in, in the name of a person; what it is cannot be told any more, for its hash alone is kept."""

    id: int
    name: str
    label: str
    added: datetime
    revoked: datetime | None


def people(store: Store) -> list[Person]:
    """Everybody on record, by name."""
    query = select(people_table).order_by(people_table.c.name)
    return read(store, lambda connection: [_person(row) for row in connection.execute(query)])


def person(store: Store, name: str) -> Person | None:
    """Somebody on record; None for nobody."""
    row = read(store, lambda connection: _row(connection, name))
    return None if row is None else _person(row)


def add_person(store: Store, name: str, password_hash: str, role: Role) -> None:
    """Put somebody on record. Raises ConfigError for a name that is there, or that is empty."""

    def work(connection: Connection) -> None:
        if not name.strip() or _row(connection, name) is not None:
            raise ConfigError(f"{name}")
        values = {"name": name, "hash": password_hash, "role": role, "active": True, "generation": 1}
        connection.execute(insert(people_table).values(added=store.clock(), **values))

    write(store, work)


def password_hash(store: Store, name: str) -> str | None:
    """The hash of somebody's password; None for nobody."""
    row = read(store, lambda connection: _row(connection, name))
    return None if row is None else str(row.hash)


def set_password(store: Store, name: str, password_hash: str) -> None:
    """Give somebody another password, which ends their sessions. Raises ConfigError for nobody."""
    _change(store, name, hash=password_hash)


def set_active(store: Store, name: str, active: bool) -> None:
    """Let somebody sign in no more, or again; either ends their sessions. Raises ConfigError for nobody."""
    _change(store, name, active=active)


def set_role(store: Store, name: str, role: Role) -> None:
    """Give somebody another role, which ends their sessions. Raises ConfigError for nobody."""
    _change(store, name, role=role)


def add_token(store: Store, name: str, label: str, sha256: str) -> int:
    """Put the hash of a token on record; its id. Raises ConfigError for nobody."""

    def work(connection: Connection) -> int:
        known = connection.execute(select(tokens_table.c.id).where(tokens_table.c.sha256 == sha256)).scalar()
        if known is not None:
            return int(known)
        values = {"person": _known(connection, name).id, "label": label, "sha256": sha256, "added": store.clock()}
        key = connection.execute(insert(tokens_table).values(**values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    return write(store, work)


def token_owner(store: Store, sha256: str) -> Person | None:
    """Whose token it is; None for one that is unknown, revoked, or somebody's who may not sign in."""
    query = select(people_table).join(tokens_table, tokens_table.c.person == people_table.c.id)
    query = query.where(tokens_table.c.sha256 == sha256, tokens_table.c.revoked.is_(None), people_table.c.active)
    row = read(store, lambda connection: connection.execute(query).first())
    return None if row is None else _person(row)


def tokens(store: Store) -> list[Token]:
    """Every token that was ever given, the newest last."""
    query = select(tokens_table, people_table.c.name).join(people_table, tokens_table.c.person == people_table.c.id)

    def work(connection: Connection) -> list[Token]:
        rows = connection.execute(query.order_by(tokens_table.c.id))
        return [Token(row.id, row.name, row.label, row.added, row.revoked) for row in rows]

    return read(store, work)


def revoke_token(store: Store, id: int) -> None:
    """Let a token open nothing any more."""
    here = update(tokens_table).where(tokens_table.c.id == id, tokens_table.c.revoked.is_(None))
    write(store, lambda connection: connection.execute(here.values(revoked=store.clock())))


def record_login(store: Store, name: str, address: str, ok: bool) -> None:
    """Note that somebody tried to sign in under a name, from an address; what is old is forgotten."""

    def work(connection: Connection) -> None:
        connection.execute(delete(logins).where(logins.c.when < store.clock() - REMEMBERED))
        connection.execute(insert(logins).values(name=name, address=address, when=store.clock(), ok=ok))

    write(store, work)


def failed_logins(store: Store, name: str, address: str, since: datetime) -> int:
    """How often signing in has failed since then, under a name since its last success, or from an address."""

    def work(connection: Connection) -> int:
        success = select(func.max(logins.c.id)).where(logins.c.name == name, logins.c.ok)
        last = connection.execute(success).scalar() or 0
        same = or_((logins.c.name == name) & (logins.c.id > last), logins.c.address == address)
        query = select(func.count()).select_from(logins).where(same, ~logins.c.ok, logins.c.when >= since)
        return int(connection.execute(query).scalar_one())

    return read(store, work)


def _change(store: Store, name: str, **values: object) -> None:
    def work(connection: Connection) -> None:
        row = _known(connection, name)
        here = update(people_table).where(people_table.c.id == row.id)
        connection.execute(here.values(generation=people_table.c.generation + 1, **values))

    write(store, work)


def _known(connection: Connection, name: str) -> AnyRow:
    row = _row(connection, name)
    if row is None:
        raise ConfigError(name)
    return row


def _row(connection: Connection, name: str) -> AnyRow | None:
    return connection.execute(select(people_table).where(people_table.c.name == name)).first()


def _person(row: AnyRow) -> Person:
    return Person(row.name, Role(row.role), row.active, row.generation, row.added)
