"""The office as it stood at one moment, and the last such picture kept for whoever asks next.

Ledger and totals of thousands of returns cost seconds: they are made once for each state of the store, one at a time.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Lock, Thread
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

from pipeline.collection.ledger import Ledger, UnitLine, make_ledger
from pipeline.collection.totals import Total, make_totals
from pipeline.store import Gathered, Store, fingerprint, gather
from pipeline.web.context import Web
from schemas.errors import KuohaoError
from schemas.form import Form
from schemas.office import Collection, Receipt, StoredReturn

QUICK_SECONDS = 0.4
"""A picture that is made as fast is always made anew: nobody minds the wait."""

REST = 4.0
"""A slow one is made again after so many times what it took at the earliest: reviewers keep most of the machine."""

Value = TypeVar("Value")

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What is on record and what follows from it; `taken` is the moment (UTC), `seconds` what it cost to make.

    `gathered` is what the store gave: the next picture is made of that and of what has changed since.
    """

    stamp: str
    taken: datetime
    seconds: float
    collection: Collection
    form: Form
    returns: tuple[StoredReturn, ...]
    receipts: tuple[Receipt, ...]
    ledger: Ledger
    totals: tuple[Total, ...]
    gathered: Gathered | None = field(default=None, repr=False)
    worked_out: dict[Hashable, object] = field(default_factory=dict, repr=False)

    def once(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What somebody has worked out of this picture, kept with it for the next who asks."""
        if key not in self.worked_out:
            self.worked_out[key] = make()
        return cast(Value, self.worked_out[key])

    def line(self, unit: str) -> UnitLine | None:
        """A unit's line in the ledger; None for a name that is not on the roster."""
        return next((line for line in self.ledger.lines if line.unit.name == unit), None)

    def total(self, path: str) -> Total | None:
        """The total of a slot; None for a path that the form does not have."""
        return next((total for total in self.totals if total.slot.path == path), None)


def take_snapshot(store: Store, before: Snapshot | None = None, *, collection: int | None = None) -> Snapshot:
    """The office right now, as to one collection: an earlier picture of it brought up to date, where there is one.

    Raises StoreUnavailable; ConfigError for an id that there is not.
    """
    begun = time.monotonic()
    # Before what it stands for: what comes in between makes the next picture, at worst, the same again.
    stamp = fingerprint(store)
    with _collector_paused(freeze=before is None):
        found = gather(store, collection, before.gathered if before is not None else None)
        known, returns, form = found.collection, tuple(found.returns.values()), found.form
        ledger = make_ledger(known, returns, found.receipts, form, before.ledger if before is not None else None)
        totals = make_totals(ledger, form, before.totals if before is not None else ())
    seconds = time.monotonic() - begun
    return Snapshot(stamp, store.clock(), seconds, known, form, returns, found.receipts, ledger, totals, found)


class Kept:
    """The last picture of an office. It holds that, and the thread that makes the next one."""

    def __init__(self, store: Store, take: Callable[[Store, Snapshot | None], Snapshot] = take_snapshot) -> None:
        self._store = store
        self._take = take
        self._making = Lock()
        self._starting = Lock()
        self._last: Snapshot | None = None
        self._rested_at = 0.0
        self._thread: Thread | None = None

    def now(self) -> Snapshot:
        """The office as it is, however long that takes. Who asks meanwhile waits and gets the same."""
        with self._making:
            last = self._last
            if last is None or last.stamp != fingerprint(self._store):
                last = self._last = self._take(self._store, last)
                self._rested_at = time.monotonic() + REST * last.seconds
            return last

    def latest(self) -> Snapshot:
        """The office as it is where that is quickly told; else the last picture, while the next one is being made."""
        last = self._last
        if last is None or last.seconds <= QUICK_SECONDS:
            return self.now()
        if last.stamp != fingerprint(self._store):
            self._renew()
            # The first picture took longer than the next ones will.
            thread = self._thread
            if thread is not None:
                thread.join(QUICK_SECONDS)
        return self._last or last

    def warm(self) -> None:
        """Make the first picture before anybody asks for it."""
        self._renew()

    def _renew(self) -> None:
        with self._starting:
            busy = self._thread is not None and self._thread.is_alive()
            if busy or time.monotonic() < self._rested_at:
                return
            self._thread = Thread(target=self._renew_quietly, name="snapshot", daemon=True)
            self._thread.start()

    def _renew_quietly(self) -> None:
        try:
            self.now()
        except KuohaoError as error:
            # Whoever asks next tries again.
            log.warning("snapshot: %s", error.code)


_kept: WeakKeyDictionary[Web, dict[int, Kept]] = WeakKeyDictionary()
_keeping = Lock()


def kept_for(web: Web, collection: int) -> Kept:
    """The last picture of a collection, one for all who ask: each takes some hundred megabytes where returns are thousands.

    That of no collection (0) is forgotten when there is one.
    """
    with _keeping:
        pictures = _kept.setdefault(web, {})
        if collection and 0 in pictures:
            del pictures[0]
        if collection not in pictures:
            pictures[collection] = Kept(web.store, partial(take_snapshot, collection=collection or None))
        return pictures[collection]


_pauses = 0
_pauses_lock = Lock()


@contextmanager
def _collector_paused(*, freeze: bool) -> Iterator[None]:
    """Make many values without looking for rings among them again and again, which takes twice as long as making them.

    Those that are there at the end of it may be frozen, not to be looked at later either: millions take a second each time.
    """
    global _pauses  # noqa: PLW0603  # the collector is the whole process's
    with _pauses_lock:
        _pauses += 1
        gc.disable()
    try:
        yield
    finally:
        with _pauses_lock:
            _pauses -= 1
            if freeze:
                gc.freeze()
            if _pauses == 0:
                gc.enable()
