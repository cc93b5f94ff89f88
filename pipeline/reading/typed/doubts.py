"""What typed text leaves open about a slot: whether its words are the form's own, and what nobody can know of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from extractors.glyphs import DIGITS, fold, fold_words
from pipeline.judging.strings import spell
from pipeline.reading.typed.lines import POINTS, TypedLine, span_of, struck_places
from schemas.flow import Evidence, NamedCell, Placement
from schemas.form import Form, Slot
from schemas.reading import Reason

# Beyond the printed words of a first and a last slot, so many characters are looked at for numbers that stand outside.
BEYOND = 6

FOLDED_POINTS = frozenset(fold(point) for point in POINTS)
"""Units drop and change points; no slot's place depends on one."""


def cell_to_evidence(
    form: Form, cell: NamedCell, lines: Sequence[TypedLine], *, overlaid: bool, beside: bool
) -> tuple[Evidence, ...]:
    """The evidence on a cell's slots, found in these lines.

    `overlaid` says that something is written over the text nobody knows where, `beside` that a number stands in a cell of
    the table that no sentence explains: either may belong into any slot that is blank.
    """
    letters = "".join(line.letters for line in lines)
    struck = struck_places(lines)
    spans = [span_of(placement, lines) for placement in cell.placements]
    found = []
    for place, (seen, span) in enumerate(zip(cell.placements, spans, strict=True)):
        # A parenthesis of certain text is there or not; what is next to nothing in a search would make half a slot whole.
        placement = replace(seen, parentheses=(float(seen.parentheses[0] > 0.5), float(seen.parentheses[1] > 0.5)))
        piece = Evidence(placement, 0, 0.0, 0.0, None)
        if span is None or placement.line is None:
            found.append(piece)
            continue
        before = next((one[1] for one in reversed(spans[:place]) if one), None)
        behind = next((one[0] for one in spans[place + 1 :] if one), None)
        slot, neighbours = placement.slot, _printed_beside(form, cell, place)
        left, right = _words_beside(letters, span, before, behind, neighbours, _line_end(span[1], lines))
        exact = min(placement.parentheses) > 0.5 and _same(left, neighbours[0]) and _same(right, neighbours[1])
        doubts = [Reason.STRUCK] if any(span[0] < at <= span[1] for at in struck) else []
        blank = not placement.spelling or not "".join(placement.spelling).strip("_ ")
        if _has_more_numbers(left, neighbours[0]) or _has_more_numbers(right, neighbours[1]):
            doubts.append(Reason.PLACE_UNSURE)
        if blank and (overlaid or beside):
            doubts.append(Reason.INK_IN_BLANK)
        if slot.kind.numeric and _apart(placement):
            doubts.append(Reason.UNUSUAL_NUMBER)
        found.append(replace(piece, exact=exact and not doubts, doubts=tuple(doubts)))
    return tuple(found)


def _printed_beside(form: Form, cell: NamedCell, place: int) -> tuple[str, str]:
    """The printed words between a slot and the one before it, and the one behind it."""
    slots: list[Slot] = [placement.slot for placement in cell.placements]
    before = slots[place - 1].after if place else ""
    behind = slots[place + 1].before if place + 1 < len(slots) else ""
    return fold_words(before + slots[place].before), fold_words(slots[place].after + behind)


def _words_beside(
    letters: str, span: tuple[int, int], before: int | None, behind: int | None, printed: tuple[str, str], line_end: int
) -> tuple[str, str]:
    """What really stands there; beside a first and a last slot as much as is printed, and numbers behind it on its line."""
    start = before if before is not None else max(span[0] - len(printed[0]), 0)
    stop = behind if behind is not None else span[1] + len(printed[1])
    if behind is None and re.match(r"[0-9]", letters[stop : min(stop + 1, line_end)]):
        stop = min(stop + BEYOND, line_end)
    return letters[start : span[0]], letters[span[1] : stop]


def _line_end(place: int, lines: Sequence[TypedLine]) -> int:
    """Where the line ends that holds a place among all letters."""
    end = 0
    for line in lines:
        end += len(line.letters)
        if place <= end:
            break
    return end


def _same(words: str, printed: str) -> bool:
    return _without_points(words) == _without_points(printed)


def _has_more_numbers(words: str, printed: str) -> bool:
    """Whether numbers stand there that are not printed: one outside its parentheses, most likely."""
    return bool(Counter(re.findall("[0-9]+", words)) - Counter(re.findall("[0-9]+", printed)))


def _apart(placement: Placement) -> bool:
    """Whether spaces part a number: nobody knows whether it is one or two."""
    return re.search(rf"[{DIGITS}] +[{DIGITS}]", spell(placement)[0]) is not None


def _without_points(text: str) -> str:
    return "".join(char for char in text if char not in FOLDED_POINTS)
