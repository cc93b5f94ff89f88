"""Files written whole or not at all, and tables as CSV: UTF-8 with BOM, defused of what a spreadsheet would run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from schemas.values import Value

# Text that a spreadsheet would run as a formula when it begins a cell; Chinese Excel takes the full-width signs too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = dict[str, Value | float]


def csv_bytes(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    """A table as a Chinese Excel opens it by a double click."""
    cells = [[_defused(row.get(column)) for column in columns] for row in rows]
    # Objects keep whole numbers whole in columns that have empty cells.
    table = pd.DataFrame(cells, columns=list(columns), dtype=object)
    return str(table.to_csv(index=False, lineterminator="\r\n")).encode("utf-8-sig")


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the place, then rename: a reader sees the old file or the new one, never half of one."""
    write_together(path.parent, {path.name: data})


def write_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write several files of one folder: all of them are safe on the disk before the first takes its place.

    A full disk leaves every old file as it was. A power cut between renames leaves new files beside old ones, each whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafts = {folder / f".{name}.part": folder / name for name in files}
    try:
        for draft, data in zip(drafts, files.values(), strict=True):
            with draft.open("wb") as opened:
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
        for draft, path in drafts.items():
            draft.replace(path)
    except OSError:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        raise
    _sync(folder)


def printable(text: str) -> str:
    """Text that any file can hold: bytes of a file's name that are no characters are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _defused(value: Value | float) -> Value | float:
    """Text as text: what a spreadsheet would run gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _sync(folder: Path) -> None:
    """Make the renames last through a power cut, where the system lets folders be opened."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(opened)
    except OSError:
        # Some network shares cannot; the files themselves are on the disk.
        return
    finally:
        os.close(opened)
