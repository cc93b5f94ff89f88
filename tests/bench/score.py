"""Readings against the truth, counted."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from samples.truth import Truth, TruthSlot
from schemas.reading import Reading, SlotReading


@dataclass(frozen=True)
class Miss:
    """A slot that came out wrong: what it is, what stands there, what was read, and whether it was flagged."""

    file: str
    path: str
    truth: str
    read: str
    flagged: bool


@dataclass(frozen=True)
class Score:
    """Counts over slots; `silent` are wrong and not flagged. `headers` counts right header fields of 4 a return."""

    returns: int = 0
    slots: int = 0
    right: int = 0
    silent: int = 0
    flagged: int = 0
    headers: int = 0
    seconds: float = 0.0
    misses: tuple[Miss, ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(
            self.returns + other.returns,
            self.slots + other.slots,
            self.right + other.right,
            self.silent + other.silent,
            self.flagged + other.flagged,
            self.headers + other.headers,
            self.seconds + other.seconds,
            self.misses + other.misses,
        )


def score_file(truths: Sequence[Truth], readings: Sequence[Reading], seconds: float) -> Score:
    """A file's returns in order. A return that was not found counts as wrong and flagged: somebody is told of it."""
    total = Score(seconds=seconds)
    for place, truth in enumerate(truths):
        reading = readings[place] if place < len(readings) else None
        read = {slot.path: slot for slot in reading.slots} if reading else {}
        total += score_slots(truth, read)
        if reading:
            fields = truth.header.model_dump()
            total += Score(headers=sum(same(fields[key], reading.header[key].value) for key in fields))
    return total


def score_slots(truth: Truth, read: Mapping[str, SlotReading]) -> Score:
    """One return's slots."""
    right = silent = flagged = 0
    misses = []
    for slot in truth.slots:
        found = read.get(slot.path)
        review = found is None or found.review
        good = found is not None and is_right(slot, found)
        right, flagged, silent = right + good, flagged + review, silent + (not good and not review)
        if not good:
            told = f"{found.state} {found.value} {found.raw!r}" if found else "not found"
            misses.append(Miss(truth.file, slot.path, f"{slot.state} {slot.value} {slot.raw!r}", told, review))
    return Score(1, len(truth.slots), right, silent, flagged, misses=tuple(misses))


def is_right(truth: TruthSlot, read: SlotReading) -> bool:
    """Same state and same value; words are compared without width and spaces."""
    if isinstance(truth.value, str) or isinstance(read.value, str):
        return truth.state is read.state and same(str(truth.value), str(read.value))
    return truth.state is read.state and truth.value == read.value


def same(truth: str | None, read: str | None) -> bool:
    """Whether two texts say the same, whatever their width and spaces."""
    return _plain(truth) == _plain(read)


def _plain(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split())
