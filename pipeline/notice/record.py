"""Notices that an office keeps: the original in its archive, what was read in its store, what people said applied to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.notice.corrected import apply_corrections, checked_value, split_path, without_gaps
from pipeline.office.archive import Archive, keep_original
from pipeline.office.inbox import look_at
from pipeline.store import Store
from pipeline.store.notices import StoredNotice, add_notice, correct_notice, stored_notice, stored_notices
from schemas.errors import UnreadableFile
from schemas.notice import Notice, NoticeCorrection, NoticeField


@dataclass(frozen=True)
class HeldNotice:
    """A notice on record: `notice` is what counts; in `shown` list items that people took away keep their places.

    `kept` is where the original lies, for `pipeline.office.archive.find_original`.
    """

    id: int
    name: str
    kept: str
    sha256: str
    who: str
    added: datetime
    notice: Notice
    shown: Notice
    corrections: tuple[NoticeCorrection, ...]

    def last(self, path: str) -> NoticeCorrection | None:
        """The last thing that was said of a field."""
        return next((one for one in reversed(self.corrections) if one.path == path), None)


def keep_notice(store: Store, archive: Archive, path: Path, notice: Notice, *, who: str) -> int:
    """Keep a notice's file and what was read of it; its id, which is the same for the same bytes.

    Raises UnreadableFile where the file has gone, DiskFull, StoreUnavailable, ArchiveUnavailable.
    """
    look = look_at(path)
    original = keep_original(path, look, archive) if look is not None else None
    if original is None:
        raise UnreadableFile(path.name)
    return add_notice(store, notice, sha256=original.sha256, name=notice.source, kept=original.kept, who=who)


def load_notice(store: Store, id: int) -> HeldNotice:
    """A notice as it counts. Raises NoSuchNotice."""
    return _held(stored_notice(store, id))


def list_notices(store: Store) -> tuple[HeldNotice, ...]:
    """The newest notices, the newest first."""
    return tuple(_held(one) for one in stored_notices(store))


def say(store: Store, id: int, path: str, text: str, *, seen: int, who: str) -> HeldNotice:
    """Confirm or correct a field, by what a person typed; "" takes it away. `seen` as in `correct_notice`.

    Raises NoSuchNotice, WrongValue, NoticeChanged.
    """
    held = load_notice(store, id)
    before = field_at(held.shown, path)
    after = checked_value(path, text) if text != (before.value or "") else before.value
    correct_notice(store, id, path, before=before.value, after=after, seen=seen, who=who)
    return load_notice(store, id)


def field_at(notice: Notice, path: str) -> NoticeField:
    """A field by its path; an empty one for the place behind a list's end. Raises WrongValue for another path."""
    key, place = split_path(path)
    if place is None:
        found: NoticeField = getattr(notice, key)
        return found
    listed = getattr(notice, key)
    if place > len(listed) + 1:
        split_path("")
    return listed[place - 1] if place <= len(listed) else NoticeField()


def _held(stored: StoredNotice) -> HeldNotice:
    shown = apply_corrections(stored.read, stored.corrections)
    return HeldNotice(
        stored.id, stored.name, stored.kept, stored.sha256, stored.who, stored.added, without_gaps(shown), shown,
        stored.corrections,
    )  # fmt: skip
