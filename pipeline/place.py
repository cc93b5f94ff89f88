"""Lines of cells to placed slots: the scout looks at everything, the recogniser only at what matters.

Laid through what the scout sees, the printed sentence places the slots. Lines on which that leaves a doubt are read whole by
the recogniser and laid again; of all others it reads only the slots, from parenthesis to parenthesis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from extractors.glyphs import DIGITS, FLOOR, NUMBER_WORDS, Alphabet, GlyphReader
from extractors.ink import fade_seal
from extractors.underline import underscores_to_paper, wipe_underlines
from pipeline.align import Expected, name_items
from pipeline.automaton import FOREIGN, OUTSIDE, best_path, pieces_to_automaton, state_span
from schemas.flow import LINE_HEIGHT, GlyphLine, Line, NamedCell, Placement
from schemas.form import Form, SlotKind

# Parentheses and the printed words beside them, seen by the scout this well, vouch for a slot's place.
SEEN = 0.5

# A window around a slot reaches this far beyond the steps at which its parentheses were seen, in line pixels: half a
# full-width parenthesis and most of a character. Without one, the recogniser takes an empty () for a 0.
REACH = 0.9 * LINE_HEIGHT

# Steps of ink in a count slot that are no number, from which the slot may have swallowed printed words: two characters.
MOST_WORDS = 4

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
        read_all = _by_cell(glyphs(_all(cells)), cells)
        return [name_items(form, lines, alphabet, expected=of) for lines, of in zip(read_all, expected, strict=True)]
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
    whole = {id(line.line) for line, _ in read_whole.values()}
    return _look_closely(named, whole, alphabet, glyphs)


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
    if placement.line is None or min(sides) < SEEN or max(placement.parentheses) < SEEN or max(placement.anchors) < SEEN:
        return False
    if placement.slot.kind is SlotKind.TEXT:
        return True
    classes = placement.log_probs.argmax(axis=1)
    words = np.count_nonzero((classes != 0) & ~np.isin(classes, numbers))
    return bool(words <= MOST_WORDS)


def _look_closely(
    named: Sequence[tuple[NamedCell, ...]], whole: set[int], alphabet: Alphabet, glyphs: GlyphReader
) -> list[tuple[NamedCell, ...]]:
    """The recogniser's posteriors instead of the scout's in every slot that it has not read yet."""
    windows = [
        window for items in named for item in items for placement in item.placements for window in _windows(placement, whole)
    ]
    faded = {id(line): _without_seal(line) for line, _, _ in windows}
    seen = iter(glyphs([faded[id(line)].part(left, right) for line, left, right in windows]))

    def look(placement: Placement) -> Placement:
        parts = [(next(seen), left) for _, left, _ in _windows(placement, whole)]
        return _reread(placement, parts, alphabet) if parts else placement

    return [tuple(replace(item, placements=tuple(map(look, item.placements))) for item in items) for items in named]


def _without_seal(line: Line) -> Line:
    """A line in grey: whether red is a seal's or writing shows on the whole of it, not in a window."""
    return replace(line, bgr=np.repeat(fade_seal(line.bgr)[:, :, None], 3, axis=2))


def _windows(placement: Placement, whole: set[int]) -> Iterator[tuple[Line, int, int]]:
    """The stretches of a slot to be read closely; none for one that the recogniser has read on whole lines."""
    if all(id(line) in whole for line, _ in placement.stretches):
        return
    for line, (left, right) in placement.stretches:
        yield line, max(int(left - REACH), 0), min(int(right + REACH), line.bgr.shape[1])


def _reread(placement: Placement, parts: Sequence[tuple[GlyphLine, int]], alphabet: Alphabet) -> Placement:
    """A placement with what the recogniser sees between its parentheses, over the parts of a broken slot.

    Each part comes with the column of its line at which it begins.
    """
    gap = np.full((1, alphabet.size), np.log(FLOOR), np.float32)
    gap[0, 0] = 0.0
    log_probs = np.concatenate([piece for part, _ in parts for piece in (part.log_probs, gap)])
    spelling = tuple(char for part, _ in parts for char in (*part.spelling, ""))
    sureness = np.concatenate([np.append(part.sureness, np.float32(1.0)) for part, _ in parts])
    between = pieces_to_automaton([(placement.path, placement.slot)], alphabet)
    # What stands beside a number is never part of it; of words in a window, all between the parentheses are.
    outside = OUTSIDE if placement.slot.kind is SlotKind.COUNT else FOREIGN
    path = best_path(between, log_probs, alphabet, outside=outside)
    slot = between.slots[0][2]
    start, stop = state_span(path, slot)
    seen = [
        float(np.exp(log_probs[path.states == state, between.classes[state]].max(initial=-np.inf)))
        for state in (slot - 1, slot + 1)
    ]
    outer, inner = placement.outer, placement.inner
    if len(parts) == 1 and min(seen) >= SEEN:
        edges = parts[0][0].edges + parts[0][1]
        opening, closing = np.flatnonzero(path.states == slot - 1), np.flatnonzero(path.states == slot + 1)
        outer = float(edges[opening[0], 0]), float(edges[closing[-1], 1])
        inner = float(edges[opening[-1], 1]), float(edges[closing[0], 0])
    return replace(
        placement,
        log_probs=log_probs[start:stop],
        spelling=spelling[start:stop],
        sureness=sureness[start:stop],
        outer=outer,
        inner=inner,
        # Either reader's word is enough for a printed parenthesis: in an empty () the recogniser sees a 0.
        parentheses=(max(seen[0], placement.parentheses[0]), max(seen[1], placement.parentheses[1])),
    )
