"""From the inbox to the archive and the store: the bytes first, then the record; then the inbox's copy is removed."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pipeline.office.archive import Archive, Original, clear_from_inbox, keep_original
from pipeline.office.inbox import Look, Sighting, look_at
from pipeline.office.names import pages_of, shown_name
from pipeline.office.receipts import write_receipts
from pipeline.store import (
    Arrival,
    InInbox,
    Store,
    in_inbox,
    mark_cleared,
    mark_told,
    record_arrival,
    record_blocked,
    to_tell,
)
from schemas.errors import ArchiveUnavailable, DiskFull, TransientError

TAKEN_AT_ONCE = 32
"""Files taken before readers are looked after again: at a few milliseconds each, they never wait for long."""

BLOCKED_REASON, BLOCKED_ADVICE = (
    "文件打不开：没有读取权限，或正被其他程序占用",
    "请关闭正在使用它的程序，或改正权限；之后会自动读取",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taken:
    """What became of some files: those done with, and those that would not open or leave, to be left for a while.

    `changed` says that some were no longer what they had been: the inbox must be looked at again. `full` says that the disk
    had no room for some, while smaller ones may have been taken.
    """

    done: frozenset[Path] = frozenset()
    stuck: Mapping[Path, Look] = field(default_factory=dict)
    changed: bool = False
    full: bool = False


def inbox_key(inbox: Path) -> str:
    """An inbox as the store knows it."""
    return shown_name(os.fsencode(inbox.resolve()))


def fit_to_take(
    sightings: Mapping[Path, Sighting], stuck: Mapping[Path, Look], *, now: float, still: float
) -> list[tuple[Path, Look]]:
    """Files that have looked the same for so many seconds; those that got stuck only when they look different now."""
    return [
        (path, sighting.look)
        for path, sighting in sightings.items()
        if now - sighting.since >= still and stuck.get(path) != sighting.look
    ]


def take_files(store: Store, inbox: Path, archive: Archive, fit: list[tuple[Path, Look]]) -> Taken:
    """Take the first few of these files.

    Raises StoreUnavailable, ArchiveUnavailable, or DiskFull where the store has no room; what has been taken by then stays
    taken.
    """
    on_record = {known.path: known for known in in_inbox(store, inbox_key(inbox))} if fit else {}
    done: set[Path] = set()
    stuck: dict[Path, Look] = {}
    cleared: list[int] = []
    changed = full = False
    try:
        for path, look in fit[:TAKEN_AT_ONCE]:
            try:
                known = on_record.get(os.fsencode(path.relative_to(inbox)))
                original = None if _is_kept(known, look) else keep_original(path, look, archive)
            except DiskFull:
                full = True
                continue
            except ArchiveUnavailable:
                raise
            except TransientError:
                record_blocked(store, _arrival(inbox, path, look), BLOCKED_REASON, BLOCKED_ADVICE)
                stuck[path] = look
                continue
            order = (
                known.order if known is not None and _is_kept(known, look) else _record(store, inbox, path, look, original)
            )
            if order is not None and not clear_from_inbox(path, look):
                stuck[path] = look
                continue
            done.add(path)
            changed |= order is None
            cleared += [order] if order is not None else []
    finally:
        mark_cleared(store, cleared)
    return Taken(frozenset(done), stuck, changed, full)


def notice_gone(store: Store, inbox: Path) -> None:
    """Put right what the store thinks is in the inbox: a process died before it could say so, or a person took it away."""
    gone = [known.order for known in in_inbox(store, inbox_key(inbox)) if look_at(_path(inbox, known)) is None]
    mark_cleared(store, gone)


def tell_clerk(store: Store, inbox: Path, archive: Archive, *, every: bool = False) -> bool:
    """Bring the inbox's receipts up to date; whether there was anything to tell."""
    news = to_tell(store, inbox_key(inbox), every=every)
    try:
        write_receipts(inbox, archive, news)
    except OSError as error:
        # The clerk's folder may be full or read-only: that must not keep anything from being read.
        log.warning("receipts cannot be written: %s", error.strerror)
        return False
    mark_told(store, news)
    return bool(news)


def _is_kept(known: InInbox | None, look: Look) -> bool:
    """Whether a file is on record as it looks now: its copy has only not been removed yet."""
    return known is not None and bool(known.sha256) and known.mark == look.mark


def _record(store: Store, inbox: Path, path: Path, look: Look, original: Original | None) -> int | None:
    """A file's order on record; None where it is gone or has changed."""
    if original is None:
        return None
    arrival = _arrival(inbox, path, look, original)
    return record_arrival(store, arrival, still_there=lambda: look_at(path) == look)


def _arrival(inbox: Path, path: Path, look: Look, original: Original | None = None) -> Arrival:
    raw = os.fsencode(path.relative_to(inbox))
    name = shown_name(raw)
    sha256, kept = (original.sha256, original.kept) if original else ("", "")
    return Arrival(inbox_key(inbox), raw, name, sha256, look.size, look.mark, kept, pages_of(PurePath(name)))


def _path(inbox: Path, known: InInbox) -> Path:
    return inbox / os.fsdecode(known.path)
