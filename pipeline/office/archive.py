"""Originals, kept under their hash with their bytes unchanged: archive/AB/SHA256/FIRST NAME.

A copy is made beside the archive and hashed on its way, flushed to the disk, and only then renamed to its place: what stands
there is whole, whenever the power fails. Doing it twice does no harm.

Where several machines work for one office, originals lie at an address as well (`pipeline.office.remote`), and the archive
of each machine holds those that it has taken. What a machine brings from there it drops when it has been used.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from pipeline.office.inbox import Look, look_at, status_to_look
from pipeline.office.names import fitting_name
from pipeline.office.remote import get, put
from pipeline.settings import Settings
from schemas.errors import DiskFull, TransientError, UnreadableFile

CHUNK = 1 << 20
"""Bytes copied at a time, so that memory does not grow with files."""

KEPT_MODE = 0o440
"""Nobody writes to an original."""

NAME_REFUSED = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.EPERM, errno.EPROTO})
"""What filesystems say to a name that they cannot write."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Original:
    """A file in the archive: its hash, its size, and where it lies, relative to the archive."""

    sha256: str
    size: int
    kept: str


@dataclass(frozen=True)
class Archive:
    """Where originals are: in the home folder's archive, and at an address that several machines share, if there is one."""

    home: Path
    address: str = ""

    @property
    def folder(self) -> Path:
        """The folder on this machine."""
        return archive_of(self.home)


def office_archive(settings: Settings) -> Archive:
    """The archive that an office's settings name."""
    return Archive(settings.home, settings.originals)


def archive_of(home: Path) -> Path:
    """The archive's folder in a home folder."""
    return home / "archive"


def keep_original(path: Path, look: Look, archive: Archive) -> Original | None:
    """Copy a file into the archive, and to the address that several machines share, where there is one.

    None where it is no longer what was looked at, and nothing is kept.
    Raises DiskFull; ArchiveUnavailable where the address cannot be reached, TransientError where the file cannot be opened
    (yet).
    """
    folder = archive.folder
    with _translated():
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < look.size:
            # Not tried: it would leave no room for others, nor for the store.
            raise DiskFull
    with _draft(folder) as (draft, target):
        sha256 = _copy(path, look, target)
        if sha256 is None or look_at(path) != look:
            return None
        with _translated():
            os.fsync(target)
            kept = _place(draft, folder, sha256, path.name)
    if archive.address:
        kept = put(folder / kept, archive.address, kept)
    return Original(sha256, look.size, kept)


@contextmanager
def find_original(archive: Archive, kept: str) -> Iterator[Path]:
    """Where an original lies on this machine while this lasts: in its archive, else in a copy brought from the address that
    several share, which is gone afterwards.

    Raises DiskFull; ArchiveUnavailable where the address cannot be reached, UnreadableFile where another file lies there.
    """
    path = archive.folder / kept
    if path.exists() or not archive.address:
        yield path
        return
    # A worker has no other time to do so: what those that were killed have left is gone before more comes.
    clean_up(archive.home)
    with _draft(archive.folder) as (draft, target):
        if get(archive.address, kept, target) != PurePosixPath(kept).parent.name:
            raise UnreadableFile("not what was archived")
        yield draft


def clear_from_inbox(path: Path, look: Look) -> bool:
    """Remove a file from its inbox if it is still what was kept; whether there is nothing left of it there."""
    now = look_at(path)
    if now != look:
        return True
    with suppress(FileNotFoundError):
        try:
            path.unlink()
        except OSError:
            return False
    return True


def clean_up(home: Path) -> int:
    """Remove copies that a process which died has left half done; how many there were.

    A copy being made is locked by its maker, and a lock ends with its process.
    """
    removed = 0
    incoming = _incoming(archive_of(home))
    with suppress(FileNotFoundError):
        for draft in list(incoming.iterdir()):
            with suppress(OSError), draft.open("rb") as opened:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft.unlink()
                removed += 1
    return removed


def _incoming(archive: Path) -> Path:
    return archive / ".incoming"


@contextmanager
def _draft(archive: Path) -> Iterator[tuple[Path, int]]:
    """A new, locked file to copy into; gone afterwards unless it was renamed."""
    with _translated():
        draft, target = _new_draft(_incoming(archive))
    try:
        yield draft, target
    finally:
        os.close(target)
        draft.unlink(missing_ok=True)


def _new_draft(incoming: Path) -> tuple[Path, int]:
    incoming.mkdir(parents=True, exist_ok=True)
    while True:
        draft = incoming / uuid4().hex
        target = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEPT_MODE)
        fcntl.flock(target, fcntl.LOCK_EX)
        if os.fstat(target).st_nlink:
            return draft, target
        # Whoever cleans up came before the lock.
        os.close(target)


def _copy(path: Path, look: Look, target: int) -> str | None:
    """Copy and hash; None where the file opened is not the one looked at, before or after."""
    try:
        # A link or a pipe may have taken the file's place; NONBLOCK, for a pipe would wait for its writer.
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise TransientError((error.strerror or "").lower()) from error
    try:
        status = os.fstat(source)
        if not stat.S_ISREG(status.st_mode) or status_to_look(status) != look:
            return None
        digest = hashlib.sha256()
        while chunk := _read(source):
            digest.update(chunk)
            with _translated():
                _write(target, chunk)
        return digest.hexdigest() if status_to_look(os.fstat(source)) == look else None
    finally:
        os.close(source)


def _read(source: int) -> bytes:
    try:
        return os.read(source, CHUNK)
    except OSError as error:
        raise TransientError((error.strerror or "").lower()) from error


def _write(target: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(target, left) :]


def _place(draft: Path, archive: Path, sha256: str, name: str) -> str:
    """Rename a whole copy to its place, and make the way there last as well."""
    group = archive / sha256[:2]
    folder = group / sha256
    for made in (group, folder):
        if not made.is_dir():
            made.mkdir(exist_ok=True)
            _flush_folder(made.parent)
    for there in folder.iterdir():
        # The same bytes came before, or a process died between this and putting them on record.
        _flush_folder(folder)
        return f"{sha256[:2]}/{sha256}/{there.name}"
    for wanted in (_utf8(name), fitting_name(_utf8(name)), f"original{Path(fitting_name(_utf8(name))).suffix}"):
        try:
            draft.rename(folder / wanted)
        except OSError as error:
            if error.errno not in NAME_REFUSED:
                raise
            continue
        _flush_folder(folder)
        return f"{sha256[:2]}/{sha256}/{wanted}"
    raise TransientError("name")


def _utf8(name: str) -> str:
    """A name without the bytes that are no UTF-8: the store has them as they were."""
    return os.fsencode(name).decode(errors="replace")


def _flush_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _translated() -> Iterator[None]:
    """The archive's own failures: they may pass, and say what to do."""
    try:
        yield
    except OSError as error:
        raise (DiskFull() if error.errno in FULL else TransientError((error.strerror or "").lower())) from error
