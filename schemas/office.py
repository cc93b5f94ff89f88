"""What the office remembers: files and what became of them, returns with a person's corrections, units, collections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.flow import State
from schemas.reading import Reading


class FileState(StrEnum):
    """What became of a file; at any time it is in exactly one of these."""

    WAITING = "waiting"
    READING = "reading"
    REVIEW = "review"
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    FAILED = "failed"

    @property
    def chinese(self) -> str:
        """The state as the clerk reads it."""
        return _FILE_STATES[self]


_FILE_STATES = {
    FileState.WAITING: "等待读取",
    FileState.READING: "正在读取",
    FileState.REVIEW: "待审核",
    FileState.ACCEPTED: "已采用",
    FileState.DUPLICATE: "重复",
    FileState.SUPERSEDED: "已被后来的报表替换",
    FileState.FAILED: "无法读取",
}


@dataclass(frozen=True)
class Receipt:
    """A file that has arrived: the name it came with, relative to the inbox, and what became of it.

    `order` numbers arrivals, for a clock may be set back; times are UTC. `reason` says in Chinese why the file is in its
    state and `advice` what to do, "" where nothing is to be done. `of` is the receipt that a duplicate is a duplicate of, or
    by which it was superseded. `code` is the reason for programs: an error's code, else "".
    """

    order: int
    name: str
    sha256: str
    size: int
    arrived: datetime
    changed: datetime
    state: FileState
    reason: str = ""
    advice: str = ""
    of: int | None = None
    code: str = ""


@dataclass(frozen=True)
class Correction:
    """What a person decided about a slot: append-only, the last one counts. A state other than `value` has no value."""

    path: str
    who: str
    when: datetime
    before: tuple[State, int | str | None]
    after: tuple[State, int | str | None]
    why: str = ""


class DecisionKind(StrEnum):
    """What a person can decide about a whole return: the last decision of a kind counts."""

    UNIT = "unit"
    """The unit it counts for; "" takes that back."""
    PREFERRED = "preferred"
    DISMISSED = "dismissed"
    SETTLED = "settled"
    """Looked at, and nothing is open. Like the two above "1" or, taken back, ""."""


@dataclass(frozen=True)
class StoredReturn:
    """A return as the office has it: the machine's reading and, by slot path, the corrections that count.

    `order` and `arrived` are those of the receipt of its file; `number` tells the returns of one file apart, from 1.
    `unit` is the roster's unit it counts for, None where that is not known. `preferred` marks a return that a person has
    chosen over later ones of the same unit; `dismissed` one that counts for nothing (not a return, wrong form). `accepted`:
    nothing in its file is open, which a superseded file's receipt does not say any more.
    """

    order: int
    number: int
    name: str
    sha256: str
    arrived: datetime
    reading: Reading
    unit: str | None = None
    corrections: Mapping[str, Correction] = field(default_factory=dict)
    preferred: bool = False
    dismissed: bool = False
    accepted: bool = False


@dataclass(frozen=True)
class Unit:
    """A unit that is expected to return the form: other names it goes by, and the unit above it."""

    name: str
    aliases: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True)
class Collection:
    """What is collected: a form, from these units, by a deadline (a moment in UTC; None for no deadline)."""

    name: str
    form: str
    units: tuple[Unit, ...]
    deadline: datetime | None = None
