"""Lines of cells to placed slots: the scout looks at everything, the recogniser only at what matters.

Laid through what the scout sees, the printed sentence places the slots. Lines on which that leaves a doubt are read whole by
the recogniser and laid again; what it sees of the slots on all others is for `look` to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from extractors.glyphs import DIGITS, NUMBER_WORDS, Alphabet, GlyphReader
from extractors.underline import underscores_to_paper, wipe_underlines
from pipeline.alignment.align import Expected, name_items
from schemas.flow import LINE_HEIGHT, GlyphLine, Line, NamedCell, Placement
from schemas.form import Form, Mark, SlotKind

# Parentheses and the printed words beside them, seen by the scout this well, vouch for a slot's place.
SEEN = 0.5

# Steps of ink in a count slot that are no number, from which the slot may have swallowed printed words: two characters.
MOST_WORDS = 4

# In its place among cells that are named a sentence explains a cell with this gain, in nats: a long name by pen, or digits
# over parentheses, leave a short one 9 to 14; other sentences have less than nought there.
LEAST_IN_ORDER = 5.0

# Lines that no sentence explains are read whole if they are this long together, in line heights: a heading is shorter.
LEAST_UNKNOWN = 12.0


def place_slots(
    form: Form,
    cells: Sequence[Sequence[Line]],
    alphabet: Alphabet,
    *,
    expected: Sequence[Expected],
    scout: GlyphReader | None,
    glyphs: GlyphReader,
) -> list[tuple[NamedCell, ...]]:
    """The items of each cell, given its lines, with their slots placed and read: three calls of the engines for all.

    `expected` is what is known of each cell before.
    """
    if scout is None:
        return _place_by_recogniser(form, cells, alphabet, expected, glyphs)
    scouted = _by_cell(scout(_all(cells)), cells)
    named = [
        name_items(form, lines, alphabet, scouted=lines, expected=of) for lines, of in zip(scouted, expected, strict=True)
    ]
    doubtful = [
        sorted(_doubtful_lines(lines, items, of, alphabet))
        for lines, items, of in zip(scouted, named, expected, strict=True)
    ]
    read_whole = _read_whole(cells, scouted, doubtful, alphabet, scout=scout, glyphs=glyphs)
    for cell, places in enumerate(doubtful):
        if places:
            lines = [
                read_whole.get((cell, place), pair)
                for place, pair in enumerate(zip(scouted[cell], scouted[cell], strict=True))
            ]
            read, seen = [line for line, _ in lines], [line for _, line in lines]
            named[cell] = name_items(form, read, alphabet, scouted=seen, expected=expected[cell])
    for cell, key in _left_out(form, scouted, named):
        lines = [read_whole.get((cell, place), (line, line)) for place, line in enumerate(scouted[cell])]
        least = replace(expected[cell], least=LEAST_IN_ORDER)
        found = name_items(form, [read for read, _ in lines], alphabet, scouted=[seen for _, seen in lines], expected=least)
        if [item.item for item in found] == [key]:
            named[cell] = found
    whole = {id(line.line) for line, _ in read_whole.values()}
    return [tuple(_told_apart(item, whole) for item in items) for items in named]


def _left_out(
    form: Form, lines: Sequence[Sequence[GlyphLine]], named: Sequence[Sequence[NamedCell]]
) -> list[tuple[int, str]]:
    """Cells that no sentence explains between those of the items before and behind one that is nowhere, and its key.

    The last item has none behind it.
    """
    keys = [item.key for item in form.items]
    told = [keys.index(item.item) for items in named for item in items]
    held = [cell for cell, own in enumerate(lines) if own]
    found = []
    for place, cell in enumerate(held[1:], 1):
        before = named[held[place - 1]]
        if named[cell] or not before:
            continue
        own = keys.index(before[-1].item) + 1
        behind = named[held[place + 1]] if place + 1 < len(held) else ()
        closed = keys.index(behind[0].item) == own + 1 if behind else place + 1 == len(held) and own == len(keys) - 1
        if own not in told and closed:
            found.append((cell, keys[own]))
    return found


def _place_by_recogniser(
    form: Form, cells: Sequence[Sequence[Line]], alphabet: Alphabet, expected: Sequence[Expected], glyphs: GlyphReader
) -> list[tuple[NamedCell, ...]]:
    """The same where no scout knows the form's characters: the recogniser reads all lines in its stead.

    What it sees of a slot on the whole line stands for the scout's view; between parentheses it can look again.
    """
    lined = any(slot.mark is Mark.LINE for slot in form.slots)
    cut = [[wipe_underlines(line) for line in cell] if lined else cell for cell in cells]
    read = _by_cell([underscores_to_paper(line, alphabet) for line in glyphs(_all(cut))], cut)
    named = [name_items(form, lines, alphabet, scouted=lines, expected=of) for lines, of in zip(read, expected, strict=True)]
    if not lined:
        # Where parentheses are not made out there may be none.
        doubtful = [_doubtful_lines(*of, alphabet) for of in zip(read, named, expected, strict=True)]
        keys = [(cell, place) for cell, places in enumerate(doubtful) for place in sorted(places)]
        wiped = {key: line for key in keys if (line := wipe_underlines(cells[key[0]][key[1]])).underlines}
        seen = dict(zip(wiped, (underscores_to_paper(line, alphabet) for line in glyphs(list(wiped.values()))), strict=True))
        for cell in {cell for cell, _ in wiped}:
            lines = [seen.get((cell, place), line) for place, line in enumerate(read[cell])]
            named[cell] = name_items(form, lines, alphabet, scouted=lines, expected=expected[cell])
    return [tuple(_without_double(item) for item in items) for items in named]


def _without_double(item: NamedCell) -> NamedCell:
    """The item with its slots marked at which the recogniser may look again; at others it has looked, once."""
    return replace(
        item,
        placements=tuple(
            replace(placement, looked=False)
            if max(placement.parentheses) > 0.0
            else replace(placement, looked=True, scouted=None)
            for placement in item.placements
        ),
    )


def _told_apart(item: NamedCell, whole: set[int]) -> NamedCell:
    """The item with its slots marked that the recogniser has read on whole lines."""
    return replace(
        item,
        placements=tuple(
            replace(
                placement,
                looked=all(id(line) in whole for line, _ in placement.stretches),
                # The scout has hardly seen a decimal point.
                scouted=placement.scouted if placement.slot.kind is not SlotKind.MONEY else None,
            )
            for placement in item.placements
        ),
    )


def _all(cells: Sequence[Sequence[Line]]) -> list[Line]:
    return list(chain.from_iterable(cells))


def _by_cell(glyphs: Sequence[GlyphLine], cells: Sequence[Sequence[Line]]) -> list[list[GlyphLine]]:
    lines = iter(glyphs)
    return [[next(lines) for _ in cell] for cell in cells]


def _doubtful_lines(
    lines: Sequence[GlyphLine], items: Sequence[NamedCell], expected: Expected, alphabet: Alphabet
) -> set[int]:
    """Places of the lines that the recogniser must read whole: around slots that the scout has not made out."""
    if not items:
        length = sum(line.line.bgr.shape[1] for line in lines)
        worthy = length > LEAST_UNKNOWN * LINE_HEIGHT or expected.goes_on
        return set(range(len(lines))) if worthy else set()
    place_of = {id(line.line): place for place, line in enumerate(lines)}
    doubtful: set[int] = set()
    numbers = [alphabet.index(char) for char in DIGITS + NUMBER_WORDS]
    for item in items:
        on = [[place_of[id(line)] for line, _ in placement.stretches] for placement in item.placements]
        for number, placement in enumerate(item.placements):
            if _is_sure(placement, numbers):
                continue
            before = next((max(places) for places in reversed(on[:number]) if places), 0)
            behind = next((min(places) for places in on[number + 1 :] if places), len(lines) - 1)
            own = on[number]
            doubtful.update(range(min(own or [before]), max(own or [behind]) + 1))
    return doubtful


def _read_whole(
    cells: Sequence[Sequence[Line]],
    scouted: Sequence[Sequence[GlyphLine]],
    doubtful: Sequence[Sequence[int]],
    alphabet: Alphabet,
    *,
    scout: GlyphReader,
    glyphs: GlyphReader,
) -> dict[tuple[int, int], tuple[GlyphLine, GlyphLine]]:
    """The doubtful lines, by cell and place, as the recogniser and as the scout see them.

    Where parentheses are not made out there may be none: lines beneath gaps, in their stead, are wiped out first.
    """
    keys = [(cell, place) for cell, places in enumerate(doubtful) for place in places]
    lines = [wipe_underlines(cells[cell][place]) for cell, place in keys]
    anew = iter(scout([line for line in lines if line.underlines]))
    seen = [next(anew) if line.underlines else scouted[cell][place] for (cell, place), line in zip(keys, lines, strict=True)]
    read = [underscores_to_paper(line, alphabet) for line in glyphs(lines)]
    return dict(zip(keys, zip(read, seen, strict=True), strict=True))


def _is_sure(placement: Placement, numbers: Sequence[int]) -> bool:
    """Whether the scout saw a slot's parentheses and the words beside it, and no words in it that belong elsewhere."""
    sides = [max(pair) for pair in zip(placement.parentheses, placement.anchors, strict=True)]
    if placement.slot.mark is Mark.BOX:
        return placement.line is not None and min(placement.anchors) >= SEEN
    if placement.line is None or min(sides) < SEEN or max(placement.parentheses) < SEEN or max(placement.anchors) < SEEN:
        return False
    if not placement.slot.kind.numeric:
        return True
    classes = placement.log_probs.argmax(axis=1)
    words = np.count_nonzero((classes != 0) & ~np.isin(classes, numbers))
    return bool(words <= MOST_WORDS)
