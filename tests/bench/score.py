"""Readings against the truth: a row a slot, a row a header field, and what they add up to.

A slot is *right* when state and value are those on paper, *flagged* when a person is asked to look at it, *accepted* when
nobody is, and *silent* when it is accepted and wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from pipeline.office.intervals import upper_bound
from samples.truth import Truth, TruthSlot
from schemas.flow import Box, State
from schemas.form import Form
from schemas.reading import Reading, SlotReading

TYPED = "typed"
BLANK = "blank"

# Longer numbers are too rare to be told apart.
MOST_DIGITS = 5


@dataclass(frozen=True)
class SlotRow:
    """One slot, as it stands on paper (`truth`, None where the form has no such slot) and as it was read (`read`).

    `read` is None for a slot that its reading does not list; `told` says whether a person hears of that all the same.
    """

    file: str
    capture: str
    filling: str
    modifiers: tuple[str, ...]
    path: str
    truth: TruthSlot | None
    read: SlotReading | None
    told: bool = False

    @property
    def right(self) -> bool:
        """Same state and same value; words are compared without width and spaces."""
        return self.truth is not None and self.read is not None and is_right(self.truth, self.read)

    @property
    def flagged(self) -> bool:
        return self.told if self.read is None else self.read.review

    @property
    def accepted(self) -> bool:
        return not self.flagged

    @property
    def silent(self) -> bool:
        return self.accepted and not self.right

    @property
    def confidence(self) -> float | None:
        """The claim that the reading is right; None where nothing is claimed: unreadable, or not listed at all."""
        return None if self.read is None or self.read.state is State.UNREADABLE else self.read.confidence

    @property
    def hand(self) -> str:
        """The style of the pen; empty for what is typed, and for a pen of no style."""
        return self.truth.hand if self.truth is not None else ""

    @property
    def oddity(self) -> str:
        """What is odd about the slot on paper, empty for most."""
        return self.truth.oddity if self.truth is not None else ""

    @property
    def illegible(self) -> bool:
        """Whether the capture has left too little of a count for anybody to read."""
        return self.truth is not None and self.truth.illegible

    @property
    def digits(self) -> str:
        """How many digits the count on paper has, 5+ for more than four; blank, or empty where it is no count."""
        if self.truth is not None and self.truth.state is State.BLANK:
            return BLANK
        if self.truth is None or not isinstance(self.truth.value, int):
            return ""
        length = len(str(self.truth.value))
        return str(length) if length < MOST_DIGITS else f"{MOST_DIGITS}+"

    @property
    def place(self) -> tuple[int, Box] | None:
        """Page and box: on paper, else as read."""
        if self.truth is not None:
            return self.truth.page, self.truth.box
        if self.read is not None and self.read.page is not None and self.read.box is not None:
            return self.read.page, self.read.box
        return None


@dataclass(frozen=True)
class HeaderRow:
    """One field above the table, as written and as read; `found` tells whether its return was."""

    file: str
    field: str
    truth: str | None
    read: str | None
    flagged: bool
    found: bool = True

    @property
    def right(self) -> bool:
        return self.found and same(self.truth, self.read)


@dataclass(frozen=True)
class FileScore:
    """One file: how many returns it holds, how many were found, and its rows. `failure` is why it could not be read."""

    file: str
    capture: str
    filling: str
    modifiers: tuple[str, ...]
    returns: int
    found: int
    slots: tuple[SlotRow, ...]
    headers: tuple[HeaderRow, ...]
    failure: str = ""


@dataclass(frozen=True)
class Score:
    """Counts. `extra` are returns found beyond those that are there; `unreadable` are slots read as such."""

    returns: int = 0
    found: int = 0
    extra: int = 0
    failed: int = 0
    slots: int = 0
    right: int = 0
    accepted: int = 0
    silent: int = 0
    flagged: int = 0
    unreadable: int = 0
    headers: int = 0
    headers_right: int = 0
    headers_flagged: int = 0
    headers_silent: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Score)))

    @property
    def silent_per_1000(self) -> float:
        """Silent errors in 1,000 accepted slots."""
        return 1000 * self.silent / max(self.accepted, 1)

    @property
    def silent_bound(self) -> float:
        """The most silent errors in 1,000 accepted slots that the counts allow, one-sided 95 %."""
        return 1000 * upper_bound(self.silent, self.accepted)


def score_file(truths: Sequence[Truth], readings: Sequence[Reading], failure: str = "") -> FileScore:
    """A file's returns in order. A return that was not found counts as wrong and flagged: somebody is told of it."""
    slots: list[SlotRow] = []
    headers: list[HeaderRow] = []
    for place, truth in enumerate(truths):
        reading = readings[place] if place < len(readings) else None
        slots += score_slots(truth, {slot.path: slot for slot in reading.slots} if reading else None)
        headers += _score_header(truth, reading)
    first = truths[0]
    return FileScore(
        first.file,
        first.capture,
        first.filling,
        first.modifiers,
        len(truths),
        len(readings),
        tuple(slots),
        tuple(headers),
        failure,
    )


def score_slots(truth: Truth, read: Mapping[str, SlotReading] | None) -> list[SlotRow]:
    """One return's slots, and slots read that are not on paper. `read` is None for a return that was not found.

    Of a slot that the reading of a found return does not list (an activity that was lost), somebody is told only if
    another slot of the same item is flagged, for then a person looks at that cell.
    """
    flagged = {_item(path) for path, slot in (read or {}).items() if slot.review}
    known = {slot.path: slot for slot in truth.slots}
    return [
        SlotRow(
            truth.file,
            truth.capture,
            truth.filling,
            truth.modifiers,
            path,
            known.get(path),
            None if read is None else read.get(path),
            told=read is None or _item(path) in flagged,
        )
        for path in dict.fromkeys((*known, *(read or {})))
    ]


def count_files(files: Iterable[FileScore]) -> Score:
    """What files add up to."""
    return sum((_count_file(file) for file in files), Score())


def count_slots(rows: Iterable[SlotRow]) -> Score:
    """What slots add up to."""
    rows = tuple(rows)
    return Score(
        slots=len(rows),
        right=sum(row.right for row in rows),
        accepted=sum(row.accepted for row in rows),
        silent=sum(row.silent for row in rows),
        flagged=sum(row.flagged for row in rows),
        unreadable=sum(row.read is not None and row.read.state is State.UNREADABLE for row in rows),
    )


def without_empty_rows(file: FileScore, form: Form) -> FileScore:
    """The score with its form before each file's name, without slots read as blank in rows in which nobody wrote."""
    name = f"{form.id}/{file.file}"
    written = (row for row in file.slots if row.truth or row.read is None or row.read.state is not State.BLANK)
    return replace(file, file=name, slots=tuple(replace(row, file=name) for row in written))


def is_right(truth: TruthSlot, read: SlotReading) -> bool:
    """Same state and same value; words are compared without width and spaces."""
    if isinstance(truth.value, str) or isinstance(read.value, str):
        return truth.state is read.state and same(str(truth.value), str(read.value))
    return truth.state is read.state and truth.value == read.value


def same(truth: str | None, read: str | None) -> bool:
    """Whether two texts say the same, whatever their width and spaces."""
    return _plain(truth) == _plain(read)


def _score_header(truth: Truth, reading: Reading | None) -> list[HeaderRow]:
    rows = []
    for field, written in truth.header.model_dump().items():
        read = reading.header.get(field) if reading else None
        if read is None:
            rows.append(HeaderRow(truth.file, field, written, None, True, found=False))
        else:
            rows.append(HeaderRow(truth.file, field, written, read.value, read.review))
    return rows


def _count_file(file: FileScore) -> Score:
    return count_slots(file.slots) + Score(
        returns=file.returns,
        found=min(file.found, file.returns),
        extra=max(file.found - file.returns, 0),
        failed=int(bool(file.failure)),
        headers=len(file.headers),
        headers_right=sum(row.right for row in file.headers),
        headers_flagged=sum(row.flagged for row in file.headers),
        headers_silent=sum(not (row.right or row.flagged) for row in file.headers),
    )


def _item(path: str) -> str:
    """The item that a slot's path belongs to: item7[2].name is of item7."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _plain(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split())
