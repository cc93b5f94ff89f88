"""The office's day, as one loop: take what has arrived, have it read, store what was found, tell the clerk.

Whatever step a process dies at, the next one goes on from there: a file is in the archive before it is on record, on record
before its copy leaves the inbox, and its result is stored by whoever holds its lease, once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from pipeline.executors import Pool
from pipeline.meters import Meters, make_meters
from pipeline.office.archive import archive_of, clean_up, office_archive
from pipeline.office.inbox import OWN_FOLDERS, TEMPORARY_STARTS, Look, Sighting, list_inbox, needs_polling, settle
from pipeline.office.reads import Reader, Reads
from pipeline.office.taking import Taken, fit_to_take, notice_gone, take_files, tell_clerk
from pipeline.settings import Settings
from pipeline.store import Store, is_done
from schemas.errors import ConfigError, DiskFull, TransientError

TICK = 5.0
"""Seconds after which the store is asked for work at the latest: others' leases end without a sound."""

LONGEST_TROUBLE = 60.0
"""Seconds between tries while the disk is full, or store, originals or workers are away."""

ONCE_PATIENCE = 300.0
"""Seconds for which a single run waits for what is away: a server that is started anew is back by then."""

ONCE_TICK = 0.1
"""The same where only the end of others' reads is waited for."""

POLL_SECONDS = 2.0
"""Between two looks through a share that tells of no change: each asks its server about every file."""

LOOKING_PAUSE = 5.0
"""Between two looks through the inbox, times what the last one took: a hundred files take a millisecond or two."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Office:
    """An inbox and what works on it. `pool` is where reads run, `meters` what they are measured with.

    `reader` gives, each time, the one that reads what is collected at that moment.
    `stop` ends the loop; `wake` lets it look around at once; `monotonic` is a clock that nobody sets.
    """

    inbox: Path
    store: Store
    settings: Settings
    reader: Callable[[], Reader]
    pool: Pool
    stop: Event = field(default_factory=Event)
    wake: Event = field(default_factory=Event)
    monotonic: Callable[[], float] = time.monotonic
    meters: Meters = field(default_factory=make_meters)


def prepare(inbox: Path, home: Path) -> None:
    """See that the folders can be worked with. Raises ConfigError before anything is taken."""
    list_inbox(inbox)
    if home.resolve().is_relative_to(inbox.resolve()):
        raise ConfigError(f"--home {home} ⊂ --inbox {inbox}")
    try:
        archive_of(home).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--home {home}: {error.strerror}") from error


def watch(office: Office, *, once: bool = False) -> None:
    """Work until `stop` is set; or, `once`, until nothing in the inbox is left unread.

    A full disk, a lost store, a cluster without workers or a share that has gone away is waited out; with `once` for so
    long as ONCE_PATIENCE, and a full disk not at all: raises TransientError, with everything where it can be gone on with.
    """
    clean_up(office.settings.home)
    seen = _Seen(office)
    next_scan = next_beat = trouble = 0.0
    fine = office.monotonic()
    archive = office_archive(office.settings)
    with _reads(office) as reads, _noticing(office, seen.noticed, once=once):
        while not office.stop.is_set():
            office.wake.clear()
            now = office.monotonic()
            try:
                if reads and now >= next_beat:
                    reads.keep()
                    next_beat = now + office.store.lease.total_seconds() / 3
                reads.store()
                reads.begin()
                if now >= next_scan and _is_there(office.inbox):
                    # The slow rescan: what got stuck is tried again, and what has disappeared is noticed.
                    next_scan = now + office.settings.rescan_seconds
                    notice_gone(office.store, office.inbox)
                    seen.try_all_again()
                seen.look(now)
                taken = take_files(office.store, office.inbox, archive, seen.fit(now))
                seen.note(taken)
                news = tell_clerk(office.store, office.inbox, archive) or bool(taken.done)
                if taken.full:
                    raise DiskFull
                if reads.trouble and not (news or seen.noticed.is_set()):
                    raise reads.trouble
                if not reads.trouble:
                    trouble, fine = 0.0, now
                due = seen.due(now)
                if once and not (reads or news or due) and is_done(office.store):
                    return
                pause = min([*due, ONCE_TICK if once else _tick(office), 0.0 if news else TICK])
            except TransientError as error:
                if once and (isinstance(error, DiskFull) or office.monotonic() - fine > ONCE_PATIENCE):
                    raise
                trouble = min(max(2 * trouble, 1.0), LONGEST_TROUBLE)
                # What is being read all the same is not to be lost to others.
                pause = min(trouble, _tick(office)) if reads else trouble
                log.warning("%s: again in %.0f s", error.code, trouble)
            office.wake.wait(max(pause, 0.0))


class _Seen:
    """What lies in the inbox, as far as it has been looked at. It changes in place, as what it stands for does."""

    def __init__(self, office: Office) -> None:
        self.noticed = Event()
        self._office = office
        self._sightings: dict[Path, Sighting] = {}
        self._stuck: dict[Path, Look] = {}
        self._next_look = 0.0

    def try_all_again(self) -> None:
        """Look at everything anew, also at what got stuck."""
        self._stuck = {}
        self.noticed.set()

    def look(self, now: float) -> None:
        """Look through the inbox where something has been noticed. Raises TransientError where it is not there."""
        if not self.noticed.is_set() or now < self._next_look or not _is_there(self._office.inbox):
            return
        self.noticed.clear()
        begun = self._office.monotonic()
        self._sightings = settle(self._sightings, self._office.inbox, now=now)
        # While thousands lie there, looking at them all is not to take longer than taking them does.
        self._next_look = (ended := self._office.monotonic()) + LOOKING_PAUSE * (ended - begun)

    def fit(self, now: float) -> list[tuple[Path, Look]]:
        """What may be taken."""
        return fit_to_take(self._sightings, self._stuck, now=now, still=self._office.settings.still_seconds)

    def note(self, taken: Taken) -> None:
        """What has been taken is no longer there; where something had changed meanwhile, the next look tells."""
        self._sightings = {path: seen for path, seen in self._sightings.items() if path not in taken.done}
        self._stuck.update(taken.stuck)
        if taken.changed:
            self.noticed.set()

    def due(self, now: float) -> list[float]:
        """In how many seconds there is something to do: files become fit to be taken, or another look is due."""
        still = self._office.settings.still_seconds
        young = [seen.since + still - now for path, seen in self._sightings.items() if path not in self._stuck]
        return [*young, *([self._next_look - now] if self.noticed.is_set() else [])]


def _is_there(inbox: Path) -> bool:
    """Whether the inbox can be looked into; a share may go away for a while. Raises TransientError."""
    if not inbox.is_dir():
        raise TransientError("--inbox")
    return True


def _tick(office: Office) -> float:
    """Not to miss one's own lease's end, nor the rescan."""
    return min(TICK, office.store.lease.total_seconds() / 3, office.settings.rescan_seconds)


@contextmanager
def _reads(office: Office) -> Iterator[Reads]:
    reads = Reads(office.store, office_archive(office.settings), office.reader, office.pool, office.wake.set, office.meters)
    try:
        yield reads
    finally:
        reads.close()


@contextmanager
def _noticing(office: Office, noticed: Event, *, once: bool) -> Iterator[None]:
    """While this lasts, changes in the inbox are noticed: told by the system, or by looking again and again."""
    ended = Event()
    if not once:
        Thread(target=_notice, args=(office, noticed, ended), name="inbox", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _notice(office: Office, noticed: Event, ended: Event) -> None:
    from watchfiles import Change
    from watchfiles import watch as changes

    polling = needs_polling(office.inbox, office.settings.polling)

    def ours(change: Change, path: str) -> bool:
        parts = Path(path).parts[len(office.inbox.absolute().parts) :]
        temporary = any(part.startswith(TEMPORARY_STARTS) for part in parts)
        return change is Change.deleted or temporary or bool(parts and parts[0] in OWN_FOLDERS)

    while not ended.is_set():
        try:
            for _ in changes(
                office.inbox.absolute(),
                stop_event=ended,
                force_polling=polling,
                poll_delay_ms=int(POLL_SECONDS * 1000),
                watch_filter=lambda change, path: not ours(change, path),
                raise_interrupt=False,
            ):
                noticed.set()
                office.wake.set()
        except Exception as error:  # the share went away, or watches ran out: the rescan goes on by itself
            log.warning(
                "changes are not told any more (%s): looking every %.0f s",
                type(error).__name__,
                office.settings.rescan_seconds,
            )
            ended.wait(office.settings.rescan_seconds)
