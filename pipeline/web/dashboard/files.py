"""Files on a page: every receipt, with its state, why, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.collection.file_names import Spellings, units_in_name
from schemas.office import FileState, Receipt, Unit

READ = frozenset({FileState.REVIEW, FileState.ACCEPTED, FileState.SUPERSEDED})
"""States of files that have been read: there is a return to look at."""

KILO = 1000
"""Bytes in a kilobyte, as file managers count them."""

WAITING = (FileState.WAITING, FileState.READING)


@dataclass(frozen=True)
class FileRow:
    """A file in the list. `link` is its first return's review, "" for a file that has not been read; `of` the file that it
    stands behind; `like` are units whose name an unreadable file bears."""

    order: int
    name: str
    size: str
    arrived: datetime
    state: FileState
    reason: str
    advice: str
    link: str
    of: int | None
    of_name: str
    like: tuple[str, ...]


@dataclass(frozen=True)
class FileList:
    """The files that a filter leaves, the newest first, and how many there are in each state before a state is asked for."""

    receipts: tuple[Receipt, ...]
    states: dict[FileState, int]
    names: dict[int, str]

    @property
    def total(self) -> int:
        """Of all states."""
        return sum(self.states.values())

    @property
    def at_work(self) -> bool:
        """Whether any file is still to be read: the page is worth looking at again."""
        return any(self.states[state] for state in WAITING)


def choose_files(receipts: Sequence[Receipt], *, state: FileState | None = None, search: str = "") -> FileList:
    """The files in a state whose name, number or reason holds some words; "" asks for nothing. Waiting takes in reading."""
    words = [word.casefold() for word in search.split()]
    found = [one for one in receipts if all(_mentions(one, word) for word in words)]
    counted = Counter(one.state for one in found)
    wanted = WAITING if state in WAITING else (state,)
    chosen = [one for one in found if state is None or one.state in wanted]
    chosen.sort(key=lambda one: one.order, reverse=True)
    return FileList(tuple(chosen), {one: counted[one] for one in FileState}, {one.order: one.name for one in receipts})


def file_row(receipt: Receipt, found: FileList, units: Sequence[Unit] | Spellings) -> FileRow:
    """A file for the list."""
    return FileRow(
        receipt.order,
        receipt.name,
        size_text(receipt.size),
        receipt.arrived,
        receipt.state,
        receipt.reason,
        receipt.advice,
        f"/returns/{receipt.order}-1" if receipt.state in READ else "",
        receipt.of,
        found.names.get(receipt.of, "") if receipt.of is not None else "",
        units_in_name(receipt.name, units) if receipt.state is FileState.FAILED else (),
    )


def size_text(size: int) -> str:
    """Bytes as people read them."""
    if size < KILO:
        return f"{size} B"
    if size < KILO**2:
        return f"{size / KILO:.0f} KB"
    return f"{size / KILO**2:.1f} MB"


def _mentions(receipt: Receipt, word: str) -> bool:
    return word in receipt.name.casefold() or word == str(receipt.order) or word in receipt.reason.casefold()
