"""The database: opened, brought to this code's version, and asked in short transactions, tried again when they fail."""

from __future__ import annotations

import errno
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from schemas.errors import ConfigError, DiskFull, KuohaoError, StoreUnavailable

HEAD = "v0010"
"""The newest migration. At start it is compared with the store's own, and Alembic is loaded only where they differ."""

PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds between tries, 24 in all: a database server that is restarted is back by then."""

BUSY_SECONDS = 20.0
"""How long SQLite waits for another process's write; each takes milliseconds, on a slow disk a second."""

CONNECT_SECONDS = 5
"""How long PostgreSQL may take to answer at all."""

MIGRATION_LOCK, ARRIVALS_LOCK, STANDINGS_LOCK = 0x6B756F68616F, 0x6B756F686170, 0x6B756F686171
"""Keys of PostgreSQL's advisory locks ("kuohao" and the next), while migrating, recording an arrival, weighing returns."""

# SQLite's primary result codes: https://www.sqlite.org/rescode.html
SQLITE_PASSING = frozenset({5, 6, 8, 10, 14, 15})
"""Busy, locked, read-only, I/O error, cannot open, locking protocol."""
SQLITE_FULL, SQLITE_BROKEN = 13, frozenset({11, 26})

# PostgreSQL's error classes: connection, rollback by deadlock, resources, operator's intervention, system error.
POSTGRES_PASSING = ("08", "40", "53", "57P", "58", "55P03")
POSTGRES_DISK_FULL = "53100"

Result = TypeVar("Result")

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The wall clock. It may be set back: nothing depends on it but what people are shown, and the ends of leases."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Store:
    """An open store. `clock` and `pauses` are options for tests; `lease` is how long a claim holds."""

    engine: Engine
    lease: timedelta
    clock: Callable[[], datetime] = utc_now
    pauses: Sequence[float] = PAUSES

    def close(self) -> None:
        """Give connections back."""
        self.engine.dispose()


def open_store(
    url: str,
    *,
    lease: timedelta = timedelta(seconds=60),
    clock: Callable[[], datetime] = utc_now,
    pauses: Sequence[float] = PAUSES,
    wal: bool = True,
) -> Store:
    """Open the store at a URL, made or migrated where needed; several processes may do so at once.

    `wal` is false on a network share, where SQLite's write-ahead log cannot work.
    Raises ConfigError for a URL that means nothing or a store of newer code, StoreUnavailable, DiskFull.
    """
    try:
        parsed = make_url(url)
        engine = _sqlite(parsed, wal) if parsed.get_backend_name() == "sqlite" else _postgres(parsed)
    except Exception as error:
        # Not told as it came: it may quote the URL, and with it the password.
        raise _os_error(error) or ConfigError("KUOHAO_DATABASE") from None
    store = Store(engine, lease, clock, pauses)
    try:
        _patiently(store, lambda: _migrate(engine))
    except Exception:
        store.close()
        raise
    return store


def write(store: Store, work: Callable[[Connection], Result]) -> Result:
    """Do some work in one transaction, all of it or nothing; tried again with growing pauses where that may help.

    A commit whose answer was lost is tried again too, so `work` must not mind having been done already.
    Raises StoreUnavailable, DiskFull.
    """

    def once() -> Result:
        with store.engine.connect().execution_options(writing=True) as connection, connection.begin():
            return work(connection)

    return _patiently(store, once)


def read(store: Store, work: Callable[[Connection], Result]) -> Result:
    """Ask something in one transaction, which sees nothing of what others write meanwhile. Raises StoreUnavailable."""
    # SQLite's transactions are so by themselves; PostgreSQL's see what was written between two questions, unless told.
    alone = {"isolation_level": "REPEATABLE READ"} if store.engine.dialect.name == "postgresql" else {}

    def once() -> Result:
        with store.engine.connect().execution_options(**alone) as connection, connection.begin():
            return work(connection)

    return _patiently(store, once)


def lock_arrivals(connection: Connection) -> None:
    """Let nobody else record an arrival until this transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ARRIVALS_LOCK})


def lock_standings(connection: Connection) -> None:
    """Let nobody else weigh a unit's returns until this transaction ends: two that came at once would not see each other."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STANDINGS_LOCK})


def _patiently(store: Store, once: Callable[[], Result]) -> Result:
    for pause in (*store.pauses, None):
        try:
            return once()
        except DBAPIError as error:
            told = _told(error)
            if told is None:
                raise
            # A full disk is not emptied in seconds: the caller decides how long to wait.
            if pause is None or not isinstance(told, StoreUnavailable):
                # Not chained: the driver's error quotes what was being written, people's names with it.
                raise told from None
            log.info("store: %s, again in %s s", told.code, pause)
        time.sleep(pause)
    raise AssertionError


def _told(error: DBAPIError) -> KuohaoError | None:
    """A driver's error as one of ours; None for a defect, which must be seen."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if code == SQLITE_FULL:
            return DiskFull()
        if code in SQLITE_BROKEN:
            return ConfigError("KUOHAO_DATABASE: damaged or not a database")
        return StoreUnavailable() if code in SQLITE_PASSING else None
    state = getattr(cause, "sqlstate", None)
    if state == POSTGRES_DISK_FULL:
        return DiskFull()
    # Without a state the server was not reached, or left in the middle of a sentence.
    gone = error.connection_invalidated or (state is None and type(cause).__name__ == "OperationalError")
    return StoreUnavailable() if gone or (state or "").startswith(POSTGRES_PASSING) else None


def _os_error(error: Exception) -> KuohaoError | None:
    if not isinstance(error, OSError):
        return None
    return DiskFull() if error.errno == errno.ENOSPC else ConfigError(f"KUOHAO_HOME: {error.strerror}")


def _sqlite(url: URL, wal: bool) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: object) -> None:
        # Python would begin transactions at its own discretion; ours begin below, as they are meant.
        connection.isolation_level = None
        with closing(connection.cursor()) as cursor:
            mode = "wal" if wal else "delete"
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != mode:
                cursor.execute(f"PRAGMA journal_mode={mode}")
            # FULL: a commit is on the disk when it returns, for the inbox's copy is removed next.
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # IMMEDIATE waits for its turn at the start; a transaction that turns to writing later would fail instead.
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgres(url: URL) -> Engine:
    # A statement without an end would hold others' locks: none of ours takes seconds.
    options = {
        "connect_timeout": CONNECT_SECONDS,
        "options": "-c lock_timeout=20s -c idle_in_transaction_session_timeout=60s",
    }
    return create_engine(url, connect_args=options, hide_parameters=True)


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        if _version(connection) == HEAD:
            return
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        # The lock ends with the transaction, whatever becomes of this process; so does a migration half done.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if _version(connection) == HEAD:
            return
        _upgrade(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "pipeline.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with suppress(KeyError):
        logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigError("KUOHAO_DATABASE: made by a newer version of kuohao") from error
