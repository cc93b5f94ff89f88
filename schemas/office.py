"""What the office remembers: files and what became of them, returns with a person's corrections, units, collections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.flow import State
from schemas.reading import Reading
from schemas.values import Value


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
    before: tuple[State, Value]
    after: tuple[State, Value]
    why: str = ""


class DecisionKind(StrEnum):
    """What a person can decide about a whole return: the last decision of a kind counts."""

    UNIT = "unit"
    """The unit it counts for; "" takes that back."""
    PREFERRED = "preferred"
    """Chosen over later returns of its unit: "1" or, taken back, ""."""
    DISMISSED = "dismissed"
    """Counts for nothing: one of `DISMISSALS`, or "" to take that back."""
    SETTLED = "settled"
    """Looked at, and nothing is open: "1" or ""."""
    PART_OF = "part_of"
    """Its pages belong to another return, by file and number ("12-1"): it counts for that one's unit, item by item."""
    SPLIT = "split"
    """From this page of its file on ("3") it is a return of its own, which is shown as a further one of the file."""
    COLLECTION = "collection"
    """The collection that it belongs to, by id ("2"), whatever was found by itself."""


DISMISSALS = ("not_a_return", "wrong_form", "superseded", "1")
"""Why a return counts for nothing; "1" gives no reason."""


class Role(StrEnum):
    """What a person may do."""

    REVIEWER = "reviewer"
    ADMIN = "admin"


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in. `generation` is raised by whatever must end their sessions: a new password, a dismissal."""

    name: str
    role: Role
    active: bool
    generation: int
    added: datetime


@dataclass(frozen=True)
class StoredReturn:
    """A return as the office has it: the machine's reading and, by slot path, the corrections that count.

    `order` and `arrived` are those of the receipt of its file; `number` tells the returns of one file apart, from 1.
    `unit` is the roster's unit it counts for, None where that is not known. `preferred` marks a return that a person has
    chosen over later ones of the same unit; `dismissed` one that counts for nothing (not a return, wrong form). `accepted`:
    nothing in its file is open, which a superseded file's receipt does not say any more. `settled`: a person has looked at
    it, and nothing in it is open. `part_of` names the return, by file and number, whose part it is. `disputes` hold what was
    entered in a slot the second time, by path, where that is not what its correction says. `collection` is the id of the
    collection it belongs to; it is not `placed` where several may fit and nobody has said which.
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
    settled: bool = False
    part_of: tuple[int, int] | None = None
    disputes: Mapping[str, tuple[State, Value]] = field(default_factory=dict)
    collection: int = 0
    placed: bool = True


@dataclass(frozen=True)
class Unit:
    """A unit that is expected to return the form: other names it goes by, and the unit above it."""

    name: str
    aliases: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True)
class Collection:
    """What is collected: a form, from these units, by a deadline (a moment in UTC; None for no deadline).

    `title` are words by which its returns' titles are told from those of another collection of the same form (2027年); ""
    for those of its name. `notice` tells by which notice it was asked for. Nothing more is taken for it once it is `closed`.
    `id` is the store's, 0 of one that is not on record.
    """

    name: str
    form: str
    units: tuple[Unit, ...]
    deadline: datetime | None = None
    title: str = ""
    notice: str = ""
    closed: datetime | None = None
    opened: datetime | None = field(default=None, compare=False)
    id: int = field(default=0, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether returns that come are taken for it."""
        return self.closed is None
