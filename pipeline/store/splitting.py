"""A reading in parts: the pages from some page on as a return of their own, because a person has said so.

Nothing that is stored changes: each part is made of the whole reading anew, so that taking a split back is forgetting it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.flow import State
from schemas.paths import form_path
from schemas.reading import HeaderReading, Problem, Reading, Reason, SlotReading


@dataclass(frozen=True)
class Piece:
    """A return that is made of a reading, or of the pages of one from `first` on, before `end`."""

    number: int
    reading: int
    first: int | None = None
    end: int | None = None


def pieces(readings: Sequence[int], split: Mapping[int, int], ever: Sequence[int]) -> list[Piece]:
    """The returns of a source: its readings by number, split where a person says so, at the page given by return.

    `ever` are the returns that have ever been split, in the order in which they first were: a further return has its number
    from there, so that it is the same one when a split is made again.
    """
    numbers = {number: max(readings, default=0) + place for place, number in enumerate(ever, 1)}
    found: list[Piece] = []
    left = [Piece(number, number) for number in readings]
    while left:
        piece = left.pop()
        page = split.get(piece.number)
        if page is None or not _lies_in(page, piece):
            found.append(piece)
            continue
        found.append(Piece(piece.number, piece.reading, piece.first, page))
        left.append(Piece(numbers[piece.number], piece.reading, page, piece.end))
    return sorted(found, key=lambda piece: piece.number)


def pages_of(reading: Reading, first: int | None, end: int | None) -> Reading:
    """The return that stands on the pages from `first` on, before `end`: all of them for None.

    Each activity goes with the first page on which any slot of it stands. Other items are missing; the fields above the
    table stand on the first page of all.
    """
    if first is None and end is None:
        return reading
    starts = _starts(reading)
    here = {key for key, page in starts.items() if (first is None or page >= first) and (end is None or page < end)}
    have = {form_path(key) for key in here}
    slots = [
        slot if _activity(slot.path) in here else _missing(slot)
        for slot in reading.slots
        if _activity(slot.path) in here or ("[" not in slot.path and form_path(_activity(slot.path)) not in have)
    ]
    problems = [*reading.problems, Problem.ITEMS_MISSING]
    header = reading.header
    if first is not None:
        problems.append(Problem.NO_HEADER)
        header = {key: HeaderReading() for key in header}
    begin = reading.first_page if first is None else first
    behind = reading.first_page + reading.pages if end is None else end
    return reading.model_copy(
        update={
            "review": True,
            "header": header,
            "problems": tuple(dict.fromkeys(problems)),
            "slots": tuple(slots),
            "first_page": begin,
            "pages": max(behind - begin, 1),
        }
    )


def page_of(reading: Reading, path: str) -> int | None:
    """The page on which a slot's activity begins; None where it stands on no page."""
    return _starts(reading).get(_activity(path))


def can_split(reading: Reading, page: int) -> bool:
    """Whether something stands on either side of a page's beginning."""
    starts = _starts(reading).values()
    return any(start < page for start in starts) and any(start >= page for start in starts)


def _lies_in(page: int, piece: Piece) -> bool:
    return (piece.first is None or page > piece.first) and (piece.end is None or page < piece.end)


def _starts(reading: Reading) -> dict[str, int]:
    """The page on which each activity (item4, item7, item7[2]) begins; those that stand on no page are left out."""
    found: dict[str, int] = {}
    for slot in reading.slots:
        if slot.page is not None:
            key = _activity(slot.path)
            found[key] = min(found.get(key, slot.page), slot.page)
    return found


def _activity(path: str) -> str:
    return path.partition(".")[0]


def _missing(slot: SlotReading) -> SlotReading:
    gone = {"state": State.UNREADABLE, "value": None, "raw": "", "confidence": 0.0, "review": True}
    return slot.model_copy(update={**gone, "reasons": (Reason.SLOT_MISSING,), "page": None, "box": None, "candidates": ()})
