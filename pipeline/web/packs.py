"""Drawn pictures at the address that several machines share: another server needs neither the original nor to open it again.

A return's crops are one pack, its pages another: a queue of one slot across all returns asks for crops alone, and an object
for each crop would cost forty requests a return. A pack is put whole or not at all, under the key of what it shows, and may
be removed at any time: it is drawn anew.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Literal

from pipeline.office.remote import get_small, put_small
from pipeline.web.drawing import write_picture

Part = Literal["slots", "pages"]

STARTS: dict[Part, str] = {"slots": "slot-", "pages": "page-"}
"""How the names of a part's pictures begin."""

LARGEST = 256 << 20
"""Bytes of a pack at most: four hundred pages. A larger one is not kept, and is drawn by each server."""


def share_pictures(folder: Path, address: str, key: str) -> None:
    """Put what has been drawn into a folder at an address. Raises ArchiveUnavailable, DiskFull."""
    for part, start in STARTS.items():
        pictures = sorted(folder.glob(f"{start}*.jpg"))
        if pictures and sum(path.stat().st_size for path in pictures) < LARGEST:
            packed = io.BytesIO()
            # Stored, for JPEG does not shrink any more; and what is unpacked is then no larger than what was fetched.
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as pack:
                for path in pictures:
                    pack.write(path, path.name)
            put_small(packed.getvalue(), address, _place(key, part))


def fetch_pictures(folder: Path, address: str, key: str, part: Part) -> bool:
    """Bring a part's pictures from an address into a folder, `PART.done` last; whether they were there, and whole.

    Raises ArchiveUnavailable, DiskFull.
    """
    data = get_small(address, _place(key, part), LARGEST)
    pictures = _unpacked(data, STARTS[part]) if data else {}
    if not pictures:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        write_picture(folder / name, picture)
    write_picture(folder / f"{part}.done", b"")
    return True


def _unpacked(data: bytes, start: str) -> dict[str, bytes]:
    """A pack's pictures by name; none where anything in it is not what we put there."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as pack:
            entries = pack.infolist()
            ours = all(
                entry.filename == PurePosixPath(entry.filename).name
                and entry.filename.startswith(start)
                and entry.filename.endswith(".jpg")
                and entry.compress_type == zipfile.ZIP_STORED
                for entry in entries
            )
            whole = sum(entry.file_size for entry in entries) <= len(data)
            return {entry.filename: pack.read(entry) for entry in entries} if ours and whole else {}
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, EOFError):
        return {}


def _place(key: str, part: Part) -> str:
    return f"pictures/{key[:2]}/{key}/{part}.zip"
