"""Reads under way: claims from the store, handed to an executor, their results stored by the claim's holder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.executors import Pool
from pipeline.meters import Meters
from pipeline.office.archive import Archive, find_original
from pipeline.office.names import page_order
from pipeline.stages import Spent, Stage, measuring, stage
from pipeline.store import Claim, Store, claim, extend, fail, finish, give_back, put_off
from schemas.errors import ClusterUnavailable, DocumentError, KuohaoError, TransientError
from schemas.reading import Reading

Found = tuple[Reading, ...]

Reader = Callable[[tuple[Path, ...], tuple[str, ...]], Found]
"""Reads the originals of one source, which came with these names; raises a KuohaoError."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """What a worker tells of a source: its readings, or the error that kept it from being read; and where the time went."""

    found: Found
    error: KuohaoError | None
    spent: Spent


def read_kept(reader: Reader, archive: Archive, kept: Sequence[str], names: tuple[str, ...]) -> Told:
    """Read originals wherever this is run: what is not there is brought there first, and dropped afterwards."""
    with measuring() as clock, ExitStack() as stack:
        try:
            with stage(Stage.FETCH):
                originals = tuple(stack.enter_context(find_original(archive, one)) for one in kept)
            return Told(reader(originals, names), None, clock.spent())
        except KuohaoError as error:
            return Told((), error, clock.spent(failed=True))


class Reads:
    """What is being read right now. It changes in place, as what it stands for does."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        reader: Callable[[], Reader],
        pool: Pool,
        wake: Callable[[], None],
        meters: Meters,
    ) -> None:
        self._store = store
        self._archive = archive
        self._reader = reader
        self._pool = pool
        self._executor = pool.make()
        self._wake = wake
        self._meters = meters
        self._under_way: dict[Future[Told], Claim] = {}
        self._begun: dict[Future[Told], float] = {}
        self._no_workers: ClusterUnavailable | None = None
        self._put_off: TransientError | None = None

    def __bool__(self) -> bool:
        return bool(self._under_way)

    @property
    def trouble(self) -> TransientError | None:
        """Why nothing can be read for now, if it is no file's own fault: no workers, or originals are out of reach."""
        return self._no_workers or self._put_off

    def begin(self) -> None:
        """Claim as many sources as workers have room for. One whose reader has died before is read alone.

        Raises StoreUnavailable, DiskFull; where there are no workers it is `trouble`.
        """
        try:
            self._begin()
            self._no_workers = None
        except ClusterUnavailable as error:
            self._no_workers = error

    def keep(self) -> None:
        """Say that one is still at it."""
        extend(self._store, list(self._under_way.values()))

    def store(self) -> None:
        """Store what has been read. A result stays here until the store has taken it.

        Raises StoreUnavailable, DiskFull.
        """
        self._store_done(ending=False)

    def close(self) -> None:
        """End the executor: what it is reading is waited for and stored, what it has not begun is given back."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        # Without the store, leases end by themselves.
        with suppress(TransientError):
            self._store_done(ending=True)

    def _begin(self) -> None:
        while self._has_room():
            held = claim(self._store, suspects=not self._under_way)
            if held is None:
                return
            pages = sorted(held.files, key=lambda file: page_order(file.name))
            names = tuple(page.name for page in pages)
            kept = tuple(page.kept for page in pages)
            try:
                future = self._executor.submit(read_kept, self._reader(), self._archive, kept, names)
            except BrokenExecutor:
                # Broken by what ran before, or while idle: not this file's doing.
                give_back(self._store, held)
                self._renew()
                continue
            except ClusterUnavailable:
                give_back(self._store, held)
                raise
            self._under_way[future], self._begun[future] = held, time.perf_counter()
            future.add_done_callback(lambda _: self._wake())

    def _has_room(self) -> bool:
        """Whether another source may be begun. Raises ClusterUnavailable where there are no workers at all."""
        alone = any(held.died for held in self._under_way.values())
        workers = self._pool.workers(self._executor)
        if not workers:
            raise ClusterUnavailable
        return not alone and len(self._under_way) < self._pool.ahead * workers

    def _store_done(self, *, ending: bool) -> None:
        """Store results. While `ending`, readers that die have been told to."""
        for future in [future for future in self._under_way if future.done()]:
            held = self._under_way[future]
            ended = time.perf_counter()
            told, outcome, mine = self._store_one(held, future, ending)
            outcome = outcome if mine else "lost"
            spent = told.spent if told is not None else Spent()
            # In the worker, without what it waited there; where no worker lived to tell, since it was handed over.
            seconds = sum(spent.stages.values()) or ended - self._begun[future]
            measured = {str(name): took for name, took in spent.stages.items()}
            measured |= {"read": seconds, "store": time.perf_counter() - ended}
            for name, took in measured.items():
                self._meters.seconds.labels(name).observe(took)
            self._meters.sources.labels(outcome).inc()
            _log(held, outcome, measured, spent)
            del self._under_way[future], self._begun[future]

    def _store_one(self, held: Claim, future: Future[Told], ending: bool) -> tuple[Told | None, str, bool]:
        """What a worker told, what became of the source, and whether the store has taken it from us."""
        try:
            told = future.result()
        except CancelledError:
            return None, "given_back", give_back(self._store, held)
        except BrokenExecutor:
            return None, "died", give_back(self._store, held, died=not ending)
        except Exception as error:  # a defect of a reader costs its file alone
            log.exception("defect while reading source %d", held.source)
            return None, "failed", fail(self._store, held, DocumentError(type(error).__name__))
        if isinstance(told.error, TransientError):
            if told.error.everyones:
                self._put_off = told.error
            return told, "put_off", put_off(self._store, held, told.error)
        self._put_off = None
        if told.error is not None:
            return told, "failed", fail(self._store, held, told.error)
        mine = finish(self._store, held, told.found)
        if mine:
            for slot in (slot for reading in told.found for slot in reading.slots):
                self._meters.slots.labels("yes" if slot.review else "no").inc()
        return told, "done", mine

    def _renew(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._pool.make()


def _log(held: Claim, outcome: str, measured: Mapping[str, float], spent: Spent) -> None:
    """A line a source: numbers and hashes, for names and paths tell of people."""
    about: dict[str, object] = {
        "source": held.source,
        "documents": [PurePosixPath(file.kept).parent.name for file in held.files],
        "outcome": outcome,
        "files": len(held.files),
        "pages": len(spent.pages),
        "seconds": round(measured["read"], 3),
        "stages": {name: round(took, 3) for name, took in measured.items() if name != "read"},
        "page_seconds": [round(took, 3) for took in spent.pages],
    }
    if spent.stopped:
        log.info("source %d: %s at page %d", held.source, outcome, spent.stopped, extra={**about, "page": spent.stopped})
    else:
        log.info("source %d: %s", held.source, outcome, extra=about)
