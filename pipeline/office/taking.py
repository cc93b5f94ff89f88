"""From the inbox to the archive and the store: the bytes first, then the record; then the inbox's copy is removed."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
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
    record_arrivals,
    record_blocked,
    to_tell,
)
from schemas.errors import ArchiveUnavailable, DiskFull, TransientError

TAKEN_AT_ONCE, TAKING_SECONDS = 32, 1.0
"""Files taken before readers are looked after again: at a few milliseconds each, they never wait for long; nor where the
inbox lies on a slow share."""

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
    orders: dict[Path, int | None] = {}
    fresh: dict[Path, Arrival | None] = {}
    stuck: dict[Path, Look] = {}
    full = False
    away: ArchiveUnavailable | None = None
    looks = dict(fit[:TAKEN_AT_ONCE])
    begun = time.monotonic()
    for path, look in looks.items():
        known = on_record.get(os.fsencode(path.relative_to(inbox)))
        if known is not None and _is_kept(known, look):
            orders[path] = known.order
            continue
        try:
            original = keep_original(path, look, archive)
            fresh[path] = None if original is None else _arrival(inbox, path, look, original)
        except DiskFull:
            full = True
        except ArchiveUnavailable as error:
            away = error
            break
        except TransientError:
            record_blocked(store, _arrival(inbox, path, look), BLOCKED_REASON, BLOCKED_ADVICE)
            stuck[path] = look
        if time.monotonic() - begun > TAKING_SECONDS:
            break
    orders |= _record(store, fresh, looks)
    for path, order in orders.items():
        if order is not None and not clear_from_inbox(path, looks[path]):
            stuck[path] = looks[path]
    done = frozenset(orders.keys() - stuck.keys())
    mark_cleared(store, [order for path, order in orders.items() if order is not None and path in done])
    if away is not None:
        raise away
    return Taken(done, stuck, None in orders.values(), full)


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


def _record(store: Store, fresh: Mapping[Path, Arrival | None], looks: Mapping[Path, Look]) -> dict[Path, int | None]:
    """The orders of files on record; None for one that is gone or has changed."""
    kept = {path: arrival for path, arrival in fresh.items() if arrival is not None}
    arrivals = [(arrival, partial(_is_still, path, looks[path])) for path, arrival in kept.items()]
    return {**dict.fromkeys(fresh), **dict(zip(kept, record_arrivals(store, arrivals), strict=True))}


def _is_still(path: Path, look: Look) -> bool:
    return look_at(path) == look


def _arrival(inbox: Path, path: Path, look: Look, original: Original | None = None) -> Arrival:
    raw = os.fsencode(path.relative_to(inbox))
    name = shown_name(raw)
    sha256, kept = (original.sha256, original.kept) if original else ("", "")
    return Arrival(inbox_key(inbox), raw, name, sha256, look.size, look.mark, kept, pages_of(PurePath(name)))


def _path(inbox: Path, known: InInbox) -> Path:
    return inbox / os.fsdecode(known.path)
