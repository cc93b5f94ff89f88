"""The night's work: everything that a collection is told by, written to a folder, whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.collection.changes import (
    FIRST,
    UNREADABLE_MEMORY,
    Memory,
    changes_csv,
    changes_text,
    list_changes,
    read_memory,
    remember,
    take_snapshot,
)
from pipeline.collection.ledger import make_ledger
from pipeline.collection.tables import missing_csv, returns_csv, slots_csv
from pipeline.collection.totals import make_totals
from pipeline.collection.workbook.book import workbook_bytes
from pipeline.whole import write_together
from schemas.errors import TransientError
from schemas.form import Form
from schemas.office import Collection, Receipt, StoredReturn

WORKBOOK, RETURNS, SLOTS, MISSING = "汇总.xlsx", "returns.csv", "slots.csv", "missing.csv"
CHANGES, CHANGES_TEXT = "changes.csv", "changes.txt"

# What an export leaves behind for the next one to be compared with; last in line, so that it never tells of an export
# whose files are not there.
MEMORY = ".last-export.json"

LOCK = ".export.lock"

# What network shares say that know no locks: the export goes on without.
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


@dataclass(frozen=True)
class Exported:
    """A file that an export has written."""

    name: str
    sha256: str
    size: int


def write_exports(
    folder: Path,
    collection: Collection,
    returns: Sequence[StoredReturn],
    receipts: Sequence[Receipt],
    form: Form,
    as_of: date,
) -> tuple[Exported, ...]:
    """Write tables, workbook and changes; `as_of` is the day in China for which days late are counted.

    The same values give the same bytes, in whatever order they come. Raises TransientError where the disk is full, a file
    is open in a program that locks it, or another export is at work; the old files stand.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            files, memory = make_exports(collection, returns, receipts, form, as_of, before=_read(folder / MEMORY))
            # A program that has the workbook open may keep it from being replaced: that is found out first.
            write_together(folder, {**files, MEMORY: memory.model_dump_json().encode()})
    except OSError as error:
        raise TransientError(f"{folder}: {error.strerror}") from error
    return tuple(Exported(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items())


def make_exports(
    collection: Collection,
    returns: Sequence[StoredReturn],
    receipts: Sequence[Receipt],
    form: Form,
    as_of: date,
    *,
    before: bytes | None = None,
) -> tuple[dict[str, bytes], Memory]:
    """The files of an export by name, and what it leaves behind; `before` is what the last one has left."""
    ledger = make_ledger(collection, returns, receipts, form)
    totals = make_totals(ledger, form)
    last = read_memory(before)
    memory = remember(last, take_snapshot(ledger, totals, as_of))
    changes = list_changes(memory.previous, memory.current) if memory.previous is not None else ()
    if memory.previous is not None:
        told = changes_text(memory.previous, changes, form)
    else:
        told = UNREADABLE_MEMORY if before is not None and last is None else FIRST
    files = {
        WORKBOOK: workbook_bytes(ledger, totals, form, as_of),
        RETURNS: returns_csv(ledger, form),
        SLOTS: slots_csv(ledger, form),
        MISSING: missing_csv(ledger, form, as_of),
        CHANGES: changes_csv(changes, form),
        # Windows' Notepad takes text without a mark for the local encoding.
        CHANGES_TEXT: told.replace("\n", "\r\n").encode("utf-8-sig"),
    }
    return files, memory


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep two exports from writing into one folder at once; the system lets go of the lock when a process is killed."""
    opened = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TransientError(f"{folder}: 另一次导出正在进行") from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        yield
    finally:
        os.close(opened)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
