"""Lines of cells to placed slots: the scout looks at everything, the recogniser only at what matters.

Laid through what the scout sees, the printed sentence places the slots. Lines on which that leaves a doubt are read whole by
the recogniser and laid again; of all others it reads only the slots, from parenthesis to parenthesis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, cycle

import numpy as np

from extractors.glyphs import FLOOR, Alphabet, GlyphReader
from extractors.ink import fade_seal
from pipeline.align import Expected, name_items
from pipeline.automaton import best_path, pieces_to_automaton, state_span
from schemas.flow import LINE_HEIGHT, GlyphLine, Line, NamedCell, Placement
from schemas.form import Form, FormItem

# Parentheses and the printed words beside them, seen by the scout this well, vouch for a slot's place.
SEEN = 0.5

# A window around a slot reaches this far beyond the steps at which its parentheses were seen, in line pixels: half a
# full-width parenthesis and most of a character. Without one, the recogniser takes an empty () for a 0.
REACH = 0.9 * LINE_HEIGHT

# So many printed characters on each side of a slot reach into its window.
WORDS = 2

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
    doubtful = [sorted(_doubtful_lines(lines, items, of)) for lines, items, of in zip(scouted, named, expected, strict=True)]
    read_whole = iter(glyphs([cells[cell][place] for cell, places in enumerate(doubtful) for place in places]))
    whole: set[int] = set()
    for cell, places in enumerate(doubtful):
        if not places:
            continue
        lines = list(scouted[cell])
        for place in places:
            lines[place] = next(read_whole)
            whole.add(id(lines[place].line))
        named[cell] = name_items(form, lines, alphabet, scouted=scouted[cell], expected=expected[cell])
    return _look_closely(form, named, whole, alphabet, glyphs)


def _all(cells: Sequence[Sequence[Line]]) -> list[Line]:
    return list(chain.from_iterable(cells))


def _by_cell(glyphs: Sequence[GlyphLine], cells: Sequence[Sequence[Line]]) -> list[list[GlyphLine]]:
    lines = iter(glyphs)
    return [[next(lines) for _ in cell] for cell in cells]


def _doubtful_lines(lines: Sequence[GlyphLine], items: Sequence[NamedCell], expected: Expected) -> set[int]:
    """Places of the lines that the recogniser must read whole: around slots that the scout has not made out."""
    if not items:
        length = sum(line.line.bgr.shape[1] for line in lines)
        worthy = length > LEAST_UNKNOWN * LINE_HEIGHT or expected.goes_on
        return set(range(len(lines))) if worthy else set()
    place_of = {id(line.line): place for place, line in enumerate(lines)}
    doubtful: set[int] = set()
    for item in items:
        on = [[place_of[id(line)] for line, _ in placement.stretches] for placement in item.placements]
        for number, placement in enumerate(item.placements):
            if _is_sure(placement):
                continue
            before = next((max(places) for places in reversed(on[:number]) if places), 0)
            behind = next((min(places) for places in on[number + 1 :] if places), len(lines) - 1)
            own = on[number]
            doubtful.update(range(min(own or [before]), max(own or [behind]) + 1))
    return doubtful


def _is_sure(placement: Placement) -> bool:
    return placement.line is not None and min(placement.parentheses) >= SEEN and min(placement.anchors) >= SEEN


def _look_closely(
    form: Form, named: Sequence[tuple[NamedCell, ...]], whole: set[int], alphabet: Alphabet, glyphs: GlyphReader
) -> list[tuple[NamedCell, ...]]:
    """The recogniser's posteriors instead of the scout's in every slot that it has not read yet."""
    windows = [
        window for items in named for item in items for placement in item.placements for window in _windows(placement, whole)
    ]
    faded = {id(line): _without_seal(line) for line, _, _ in windows}
    seen = iter(glyphs([faded[id(line)].part(left, right) for line, left, right in windows]))

    def look(placement: Placement, words: tuple[str, str]) -> Placement:
        parts = [(next(seen), left) for _, left, _ in _windows(placement, whole)]
        return _reread(placement, parts, words, alphabet) if parts else placement

    def look_at_all(item: NamedCell) -> NamedCell:
        around = cycle(_words_around(next(one for one in form.items if one.key == item.item)))
        return replace(item, placements=tuple(map(look, item.placements, around)))

    return [tuple(look_at_all(item) for item in items) for items in named]


def _without_seal(line: Line) -> Line:
    """A line in grey: whether red is a seal's or writing shows on the whole of it, not in a window."""
    return replace(line, bgr=np.repeat(fade_seal(line.bgr)[:, :, None], 3, axis=2))


def _words_around(item: FormItem) -> list[tuple[str, str]]:
    """The printed words that a window shows before and behind each slot of an item."""
    between = [
        after + slot.before for after, slot in zip(("", *(slot.after for slot in item.slots)), item.slots, strict=False)
    ]
    behind = [*between[1:], item.slots[-1].after]
    return [(before[-WORDS:], after[:WORDS]) for before, after in zip(between, behind, strict=True)]


def _windows(placement: Placement, whole: set[int]) -> Iterator[tuple[Line, int, int]]:
    """The stretches of a slot to be read closely; none for one that the recogniser has read on whole lines."""
    if all(id(line) in whole for line, _ in placement.stretches):
        return
    for line, (left, right) in placement.stretches:
        yield line, max(int(left - REACH), 0), min(int(right + REACH), line.bgr.shape[1])


def _reread(
    placement: Placement, parts: Sequence[tuple[GlyphLine, int]], words: tuple[str, str], alphabet: Alphabet
) -> Placement:
    """A placement with what the recogniser sees between its parentheses, over the parts of a broken slot.

    Each part comes with the column of its line at which it begins; `words` are those printed before and behind the slot.
    """
    gap = np.full((1, alphabet.size), np.log(FLOOR), np.float32)
    gap[0, 0] = 0.0
    log_probs = np.concatenate([piece for part, _ in parts for piece in (part.log_probs, gap)])
    spelling = tuple(char for part, _ in parts for char in (*part.spelling, ""))
    sureness = np.concatenate([np.append(part.sureness, np.float32(1.0)) for part, _ in parts])
    between = pieces_to_automaton([words[0], (placement.path, placement.slot), words[1]], alphabet)
    path = best_path(between, log_probs, alphabet)
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
