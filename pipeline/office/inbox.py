"""A folder of arriving files: what lies in it, what of that is whole and fit to take, and how to notice changes."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.settings import Polling
from schemas.errors import ConfigError

RECEIVED, DUPLICATES, UNREADABLE = "已收", "重复", "无法读取"
"""Our own folders in an inbox, which tell the clerk what became of each file."""

OWN_FOLDERS = (RECEIVED, DUPLICATES, UNREADABLE)

# Names that programs give to what is not finished or not theirs to show.
TEMPORARY_STARTS = (".", "~$", "@eaDir", "__MACOSX")
TEMPORARY_ENDS = (".part", ".crdownload", ".tmp", ".download")

# Files that lie beside returns and are none: they are left alone and counted.
NOT_RETURNS = (".json", ".csv", ".txt", ".md", ".ini", ".db", ".lnk")

REMOTE = frozenset(
    {"cifs", "smb3", "smbfs", "nfs", "nfs4", "9p", "drvfs", "afs", "davfs", "glusterfs", "virtiofs", "vboxsf", "prl_fs"}
    | {"fuse.sshfs", "fuse.rclone", "fuse.davfs", "fuse.smbnetfs", "fuse.glusterfs", "fuse.s3fs", "fuse.vmhgfs-fuse"}
)
"""Filesystems on which others write without this system's knowing: it tells of no change there."""

MOUNTS = Path("/proc/self/mounts")


@dataclass(frozen=True)
class Look:
    """What a file looked like at one moment; equal looks mean that nobody has touched it between them."""

    size: int
    changed: int
    """Time of the last write in nanoseconds."""
    inode: int
    marked: int
    """Time of the last change to file or inode in nanoseconds, which no program can set back."""

    @property
    def mark(self) -> str:
        """By which the same file is known again."""
        return f"{self.inode}:{self.marked}"


@dataclass(frozen=True)
class Sighting:
    """A file's look, and since when it has looked so: seconds of a clock that nobody sets."""

    look: Look
    since: float


def list_inbox(inbox: Path) -> tuple[list[Path], int]:
    """The files of a folder and its sub-folders that may be returns, sorted, and how many others there are.

    Links, devices and unfinished downloads are left alone; so are our own folders.
    """
    if not inbox.is_dir():
        raise ConfigError(f"--inbox {inbox}")
    found, others = [], 0
    for entry in _walk(inbox):
        if _may_be_return(entry):
            found.append(Path(entry.path))
        else:
            others += 1
    return sorted(found), others


def settle(seen: Mapping[Path, Sighting], inbox: Path, *, now: float) -> dict[Path, Sighting]:
    """What lies in an inbox now, each file with the time since when it has looked the same.

    `now` is a monotonic clock's: the wall clock may jump, and a share's files carry the share's own times.
    """
    sightings = {}
    for path in list_inbox(inbox)[0]:
        look = look_at(path)
        if look is not None:
            before = seen.get(path)
            sightings[path] = before if before is not None and before.look == look else Sighting(look, now)
    return sightings


def look_at(path: Path) -> Look | None:
    """What a regular file looks like; None for anything else, or nothing."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status_to_look(status) if stat.S_ISREG(status.st_mode) else None


def status_to_look(status: os.stat_result) -> Look:
    """The same, of a file that is open."""
    return Look(status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)


def needs_polling(folder: Path, polling: Polling, *, mounts: Path = MOUNTS) -> bool:
    """Whether a folder must be looked through again and again: as it is set, else by the filesystem that it lies on."""
    return polling is Polling.ALWAYS or (polling is Polling.AUTO and is_remote(folder, mounts=mounts))


def is_remote(folder: Path, *, mounts: Path = MOUNTS) -> bool:
    """Whether a folder lies on a network share, as far as the system tells."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    place = folder.resolve()
    points = [(_unescape(words[1]), words[2]) for words in map(str.split, lines) if len(words) > 2]
    # The last of two mounts on one point hides the first.
    over = [(len(Path(point).parts), turn, kind) for turn, (point, kind) in enumerate(points) if place.is_relative_to(point)]
    return bool(over) and max(over)[2] in REMOTE


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder and its sub-folders, without these; what cannot be listed is left for later."""
    top = True
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name.startswith(TEMPORARY_STARTS) or (top and entry.name in OWN_FOLDERS):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        yield entry
        except OSError:
            continue
        finally:
            top = False


def _may_be_return(entry: os.DirEntry[str]) -> bool:
    if entry.name.endswith(TEMPORARY_ENDS) or Path(entry.name).suffix.lower() in NOT_RETURNS:
        return False
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def _unescape(word: str) -> str:
    """A mount point as /proc writes it: spaces and the like in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), word)
