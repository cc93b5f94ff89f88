"""Files that people send, into the inbox: named safely, told by content, whole or not at all.

From there on they are files like all others: the watcher takes them. Until one is whole it lies there under a name that
the watcher leaves alone.
"""

from __future__ import annotations

import errno
import os
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from uuid import uuid4

from extractors.pages import LIMITS, PDF_HEADER_WITHIN, format_of
from extractors.typed import typed_format
from pipeline.office.archive import FULL
from pipeline.office.inbox import TEMPORARY_STARTS
from pipeline.office.names import UPLOADED, fitting_name
from schemas.errors import DiskFull, TransientError

DRAFT_START, DRAFT_END = ".网页上传-", ".part"

NAMELESS = "未命名"

SPARE_BYTES = 256_000_000
"""Left free on the inbox's disk: the store and the archive write too."""

SUFFIXES = {
    "PDF": (".pdf",),
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "HEIF": (".heic", ".heif"),
    "DOCX": (".docx", ".docm"),
    "XLSX": (".xlsx", ".xlsm"),
    "DOC": (".doc", ".wps"),
    "XLS": (".xls", ".et"),
}
"""How a name ends by what the file is, the usual ending first."""

RESERVED = frozenset({"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)})
"""Names that Windows keeps for devices, with any ending: an inbox may be a share of its."""

FORBIDDEN = frozenset('<>:"|?*/\\')

NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES})
"""What filesystems say that have no hard links."""

EMPTY, TOO_LARGE, OTHER_KIND = (
    "文件是空的，可能没有传完，请重新扫描或重新发送。",
    "文件超过 200 MB，请分开或降低分辨率后重新上传。",
    "不是 PDF、图片、Word 或 Excel（按内容判断，与文件名无关）。请上传扫描件、照片、PDF 或电子表。",
)
ARCHIVE = "是压缩包，或不是表格和文字的 Office 文件。请解压后上传其中的文件。"


@dataclass(frozen=True)
class Taken:
    """What became of a file that was sent: `saved` is its name in the inbox, "" where it was refused for a reason."""

    name: str
    saved: str = ""
    reason: str = ""
    size: int = 0

    @property
    def taken(self) -> bool:
        """Whether it lies in the inbox."""
        return bool(self.saved)


class Draft:
    """A file on its way in: written bit by bit, then kept or dropped. Used by one thread at a time."""

    def __init__(self, inbox: Path, name: str) -> None:
        self.name = name
        self._folder = inbox / UPLOADED
        self._start = b""
        self._size = 0
        self._path: Path | None = None
        self._opened = -1

    def write(self, data: bytes) -> None:
        """Add to it; what goes beyond the limit is not kept. Raises DiskFull, TransientError."""
        self._size += len(data)
        if self._size > LIMITS.max_bytes:
            return
        if len(self._start) < PDF_HEADER_WITHIN:
            self._start += data[: PDF_HEADER_WITHIN - len(self._start)]
        try:
            if self._path is None:
                _make_folder(self._folder)
                self._path = self._folder / f"{DRAFT_START}{uuid4().hex}{DRAFT_END}"
                self._opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
            left = memoryview(data)
            while left:
                left = left[os.write(self._opened, left) :]
        except OSError as error:
            self.drop()
            raise _ours(error) from error

    def keep(self) -> Taken:
        """Put it into the inbox under its name, for good; or drop it, with the reason. Raises DiskFull, TransientError."""
        kind = format_of(self._start) or (typed_format(self._path) if self._path is not None else None)
        reason = _refusal(self._size, kind, self._start)
        if reason or kind is None or self._path is None:
            self.drop()
            return Taken(self.name, reason=reason or OTHER_KIND, size=self._size)
        try:
            os.fsync(self._opened)
            saved = _place(self._path, self._folder, safe_name(self.name, kind))
            _flush(self._folder)
        except OSError as error:
            raise _ours(error) from error
        finally:
            self.drop()
        return Taken(self.name, saved, size=self._size)

    def drop(self) -> None:
        """Leave nothing of it."""
        if self._opened >= 0:
            os.close(self._opened)
            self._opened = -1
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def safe_name(given: str, kind: str) -> str:
    """The name for a file of this kind: the person's own, without what no filesystem takes or what means something else.

    Never a path, hidden, temporary or longer than filesystems take, and with an ending that its kind has.
    """
    # Some browsers send the folders too; only what stands behind the last separator is the file's.
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = " ".join("".join(map(_shown, name)).split()).strip(" .")
    while name.startswith(TEMPORARY_STARTS):
        name = name[1:].lstrip(" .")
    stem, suffix = os.path.splitext(name)  # noqa: PTH122  # a name, not a path: Path would take "." for something else
    endings = SUFFIXES[kind]
    if suffix.lower() not in endings:
        known = any(suffix.lower() in others for others in SUFFIXES.values())
        stem, suffix = (stem if known else name), endings[0]
    stem = stem.rstrip(" .") or NAMELESS
    if stem.partition(".")[0].strip().lower() in RESERVED:
        stem = f"_{stem}"
    return fitting_name(stem, suffix)


def clear_drafts(inbox: Path) -> None:
    """Remove what a server that died has left half sent; only for the one that starts."""
    with suppress(OSError):
        for draft in (inbox / UPLOADED).glob(f"{DRAFT_START}*{DRAFT_END}"):
            draft.unlink(missing_ok=True)


def check_room(inbox: Path, size: int) -> None:
    """See that so many bytes find room. Raises DiskFull."""
    try:
        free = shutil.disk_usage(inbox).free
    except OSError as error:
        raise _ours(error) from error
    if free < size + SPARE_BYTES:
        raise DiskFull


def _refusal(size: int, kind: str | None, start: bytes) -> str:
    if size == 0:
        return EMPTY
    if size > LIMITS.max_bytes:
        return TOO_LARGE
    if kind is None:
        # D0CF: old office formats, of which some hold no table.
        return ARCHIVE if start.startswith((b"PK", b"Rar!", b"7z\xbc\xaf", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")) else OTHER_KIND
    return ""


def _shown(char: str) -> str:
    """A character as a name may hold it: no controls, no marks that turn the direction of writing, no half characters."""
    category = unicodedata.category(char)
    if category.startswith("C"):
        return ""
    if category.startswith("Z"):
        return " "
    return "_" if char in FORBIDDEN else char


def _make_folder(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if folder.is_symlink() or not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def _place(draft: Path, folder: Path, wanted: str) -> str:
    """Give a file its name, or the next one that is free: nothing there is replaced."""
    for name in _names(wanted):
        try:
            (folder / name).hardlink_to(draft)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            if os.path.lexists(folder / name):
                continue
            draft.rename(folder / name)
        return name
    raise AssertionError


def _names(wanted: str) -> Iterator[str]:
    """A name, and others like it that do not look like page numbers."""
    yield wanted
    path = PurePath(wanted)
    while True:
        yield fitting_name(f"{path.stem}-同名{uuid4().hex[:4]}", path.suffix)


def _flush(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _ours(error: OSError) -> DiskFull | TransientError:
    return DiskFull() if error.errno in FULL else TransientError((error.strerror or "").lower())
