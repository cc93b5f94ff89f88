"""Old Office files (OLE2 compound files): which program's they are, and whether a password locks them.

Only directory entries are looked at, wherever they stand: chains of sectors, which a hostile file can tie into knots, are
not followed.
"""

from __future__ import annotations

import struct
from enum import Enum

from schemas.errors import EncryptedFile, UnreadableFile

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# A directory entry: its name in UTF-16, the length of that in bytes at 64, the first sector at 116, its size at 120.
ENTRY, LENGTH_AT, SECTOR_AT = 128, 64, 116

# A Word stream's flags (FibBase), and the bit that says it is encrypted.
FLAGS_AT, ENCRYPTED = 0x0A, 0x0100

# Excel's records at the start of its stream: one of this number says that the rest is encrypted, and comes among the first.
FILE_PASS, FIRST_RECORDS = 0x002F, 40


class OldKind(Enum):
    """What an old Office file is; WPS Office's own WPS and ET are the same inside."""

    WORD = "doc"
    SHEETS = "xls"


def old_kind(data: bytes) -> OldKind:
    """What kind of file it is. Raises EncryptedFile, UnreadableFile for any other kind: mails, presentations, installers."""
    if _stream(data, "EncryptedPackage") is not None:
        raise EncryptedFile
    if (start := _stream(data, "WordDocument")) is not None:
        flags = struct.unpack_from("<H", data, start + FLAGS_AT)[0] if start + FLAGS_AT + 2 <= len(data) else 0
        if flags & ENCRYPTED:
            raise EncryptedFile
        return OldKind.WORD
    for name in ("Workbook", "Book"):
        if (start := _stream(data, name)) is not None:
            if _has_password(data, start):
                raise EncryptedFile
            return OldKind.SHEETS
    raise UnreadableFile("an OLE2 file of another kind")


def _stream(data: bytes, name: str) -> int | None:
    """Where a stream of at least 4 KiB begins in the file; None where there is no such stream."""
    encoded = name.encode("utf-16-le") + b"\0\0"
    sector_size = 1 << min(struct.unpack_from("<H", data, 30)[0], 16) if len(data) > 32 else 512
    at = data.find(encoded)
    while at >= 0:
        whole = at % ENTRY == 0 and at + ENTRY <= len(data)
        if whole and struct.unpack_from("<H", data, at + LENGTH_AT)[0] == len(encoded):
            return int((struct.unpack_from("<I", data, at + SECTOR_AT)[0] + 1) * sector_size)
        at = data.find(encoded, at + 1)
    return None


def _has_password(data: bytes, start: int) -> bool:
    at = start
    for _ in range(FIRST_RECORDS):
        if at + 4 > len(data):
            return False
        number, length = struct.unpack_from("<HH", data, at)
        if number == FILE_PASS:
            return True
        at += 4 + length
    return False
