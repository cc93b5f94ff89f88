"""A ZIP from the mail, opened one level: its files by name, or why it is not opened."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath

from extractors.package import ENCRYPTED_BIT
from pipeline.mail.kinds import Refusal
from pipeline.mail.safe_names import raw_name
from pipeline.office.inbox import TEMPORARY_STARTS

MAX_FILES = 200
"""A hundred returns of two pages."""

MAX_UNPACKED = 300_000_000
"""Bytes: a mail holds 50 MB at most, and pictures hardly shrink."""

MAX_RATIO = 200
"""Unpacked to packed bytes of a file of more than `RATIO_FROM`: PDFs and pictures reach 2, Word's old files 20."""

RATIO_FROM = 1_000_000

# Bit 11 of a ZIP entry: its name is UTF-8. Else it is whatever the system had, read as code page 437 by zipfile.
UTF8_BIT = 0x800

SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})


def unzip(data: bytes) -> list[tuple[PurePosixPath, bytes]] | Refusal:
    """The files of a ZIP, folders kept in their names; the whole of it is refused for one entry that is a trap."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            names = {entry.header_offset: _name(entry) for entry in entries}
            if refusal := _refusal(entries, [names[entry.header_offset] for entry in entries]):
                return refusal
            return list(_read(archive, entries))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return Refusal.DAMAGED


def _refusal(entries: list[zipfile.ZipInfo], names: list[str]) -> Refusal | None:
    if len(entries) > MAX_FILES:
        return Refusal.TOO_MANY
    if any(entry.flag_bits & ENCRYPTED_BIT for entry in entries):
        return Refusal.PASSWORD
    if any(map(_leads_away, names)) or any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        return Refusal.TRAP
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        return Refusal.TRAP
    blown = (entry.file_size > max(RATIO_FROM, MAX_RATIO * max(entry.compress_size, 1)) for entry in entries)
    return Refusal.TRAP if any(blown) else None


def _read(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[tuple[PurePosixPath, bytes]]:
    for entry in entries:
        path = PurePosixPath(_name(entry))
        if any(part.startswith(TEMPORARY_STARTS) for part in path.parts) or path.name.lower() in SYSTEM_FILES:
            continue
        # zipfile gives no more than the size that the entry declares.
        yield path, archive.read(entry)


def _name(entry: zipfile.ZipInfo) -> str:
    """An entry's name; Chinese Windows writes it in GBK and does not say so."""
    name = entry.orig_filename
    if not entry.flag_bits & UTF8_BIT:
        name = raw_name(name.encode("cp437"))
    return name.replace("\\", "/")


def _leads_away(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name.partition("/")[0]
