"""Scout and recogniser share the work: the scout places slots, the recogniser reads them, and doubts are read whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from extractors.glyphs import DIGITS, chars_to_glyphs
from pipeline.alignment.align import Expected
from pipeline.alignment.look import look_closely
from pipeline.alignment.place import _left_out, place_slots
from pipeline.judging.strings import best_strings
from pipeline.reading.read import read
from pipeline.reading.readers import Readers
from samples.maker import Recipe, make_file
from schemas.flow import LINE_HEIGHT, GlyphLine, Line, NamedCell, PageChar, State
from schemas.safety_month import SAFETY_MONTH
from tests.bench.score import is_right
from tests.conftest import ALPHABET, CHAR, blank_line, filled_sentence

ITEM = SAFETY_MONTH.items[0]
VALUES = ("12", "345", "6", "", "78901")
SENTENCE = filled_sentence(ITEM, VALUES)

# Codes of characters in painted lines: a pixel's grey is twice its character's, and odd at every other character.
LETTERS = sorted({*SENTENCE, *DIGITS, "_"})


def painted_line(text: str) -> Line:
    """A line whose pixels say which character stands where, so that a reader may be shown any part of it."""
    line = blank_line(len(text))
    for place, char in enumerate(text):
        line.bgr[:, place * CHAR : (place + 1) * CHAR] = 2 * LETTERS.index(char) + place % 2
    return line


def letters_on(line: Line) -> list[tuple[str, int, int]]:
    """The characters on a part of a painted line of which more than half is seen, with left and right."""
    row = line.bgr[0, :, 0].astype(int)
    starts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
    return [(LETTERS[row[left] // 2], left, right) for left, right in pairwise(starts) if right - left > CHAR // 2]


@dataclass
class PaintReader:
    """Reads painted lines: `blind` sees nothing, `swaps` are misread. It keeps account of how much it was shown."""

    blind: bool = False
    swaps: dict[str, str] = field(default_factory=dict)
    columns: int = 0

    def __call__(self, lines: Sequence[Line]) -> list[GlyphLine]:
        self.columns += sum(line.bgr.shape[1] for line in lines)
        return [self._read(line) for line in lines]

    def _read(self, line: Line) -> GlyphLine:
        letters = letters_on(line)
        if self.blind:
            letters = [(" ", left, right) for _, left, right in letters]
        chars = [PageChar(self.swaps.get(char, char), (left, 0, right, LINE_HEIGHT)) for char, left, right in letters]
        edges = np.array([(left, right) for _, left, right in letters], np.float32).reshape(-1, 2)
        return replace(chars_to_glyphs(line, chars, edges, ALPHABET), certain=False)


def cut(*places: int) -> list[Line]:
    """The filled sentence on several lines, broken at these places."""
    ends = (0, *places, len(SENTENCE))
    return [painted_line(SENTENCE[start:end]) for start, end in pairwise(ends)]


def placed(lines: Sequence[Line], scout: PaintReader | None, glyphs: PaintReader) -> NamedCell:
    """The item as it is placed, each slot looked at closely."""
    item = glanced(lines, scout, glyphs)
    return replace(item, placements=tuple(look_closely(item.placements, ALPHABET, glyphs)))


def glanced(lines: Sequence[Line], scout: PaintReader | None, glyphs: PaintReader) -> NamedCell:
    (items,) = place_slots(SAFETY_MONTH, [lines], ALPHABET, expected=[Expected()], scout=scout, glyphs=glyphs)
    (item,) = items
    return item


def values_of(item: NamedCell) -> tuple[str, ...]:
    return tuple(best_strings(placement.log_probs, ALPHABET)[0].text for placement in item.placements)


@pytest.mark.parametrize("scout", [None, PaintReader(), PaintReader(blind=True)], ids=["none", "clear", "blind"])
@pytest.mark.parametrize("places", [(), (20, 41), (SENTENCE.index("345") + 1,)], ids=["one line", "three", "broken slot"])
def test_slots_are_read_whatever_the_scout_sees(scout: PaintReader | None, places: Sequence[int]) -> None:
    """With a scout, without one, and with one that sees nothing, every slot's value is the recogniser's."""
    item = placed(cut(*places), scout, PaintReader())
    assert (item.item, values_of(item)) == (ITEM.key, VALUES)


def test_the_recogniser_reads_slots_alone() -> None:
    """Where the scout makes a line out, the recogniser is shown less than half of it."""
    glyphs = PaintReader()
    placed(cut(30), PaintReader(), glyphs)
    assert glyphs.columns < len(SENTENCE) * CHAR / 2


def test_a_blind_scout_leaves_whole_lines_to_the_recogniser() -> None:
    """What the scout does not make out is read whole, and once."""
    glyphs = PaintReader()
    placed(cut(30), PaintReader(blind=True), glyphs)
    assert glyphs.columns == len(SENTENCE) * CHAR


def test_the_recogniser_has_the_last_word() -> None:
    """A scout that misreads digits changes no value; what it saw stays beside the recogniser's as evidence."""
    item = placed(cut(), PaintReader(swaps={"6": "8"}), PaintReader())
    assert values_of(item) == VALUES
    scouted = item.placements[2].scouted
    assert scouted is not None
    assert best_strings(scouted, ALPHABET)[0].text == "8"


def test_at_a_glance_only_the_scout_has_looked() -> None:
    """Where the scout makes a line out, its slots are placed without the recogniser, and say so."""
    glyphs = PaintReader()
    item = glanced(cut(30), PaintReader(), glyphs)
    assert (glyphs.columns, values_of(item)) == (0, VALUES)
    assert not any(placement.looked for placement in item.placements)


def test_no_slot_is_looked_at_twice() -> None:
    """The recogniser is not asked again about slots that it has read on whole lines, nor about those of a second look."""
    glyphs = PaintReader()
    item = placed(cut(30), PaintReader(blind=True), glyphs)
    before = glyphs.columns
    assert look_closely(item.placements, ALPHABET, glyphs) == list(item.placements)
    assert glyphs.columns == before


def test_a_word_that_the_scout_misses_is_read_whole() -> None:
    """Where the printed words beside one slot are not made out, its line is read whole, and no other."""
    lines = cut(SENTENCE.index("）场") + 2)
    glyphs = PaintReader()
    item = placed(lines, PaintReader(swaps=dict.fromkeys("组织宣讲", "人")), glyphs)
    assert values_of(item) == VALUES
    first = lines[0].bgr.shape[1]
    assert first < glyphs.columns < sum(line.bgr.shape[1] for line in lines)


UNDERLINED = "".join(
    f"{slot.before}___{value}___{slot.after}" if value else f"{slot.before}______{slot.after}"
    for slot, value in zip(ITEM.slots, VALUES, strict=True)
)


def test_underscores_that_are_read_are_paper() -> None:
    """A recogniser that spells the line beneath a gap as underscores reads the value all the same."""
    item = placed([painted_line(UNDERLINED)], PaintReader(swaps={"_": ""}), PaintReader())
    assert values_of(item) == VALUES
    assert all(placement.underlined for placement in item.placements)


def test_an_underlined_return_is_read(readers: Readers, tmp_path: Path) -> None:
    """A scan of a form retyped with lines beneath gaps is read as others are, blanks among them."""
    from samples.truth import read_truth, truth_path

    recipe = Recipe("flatbed", pages=1, suffix=".png", turn=0, seal=False, retyped=False, hard=("underlined",))
    path = tmp_path / make_file([recipe], 6300, tmp_path / "return").file
    (truth,) = read_truth(truth_path(path)).returns
    (reading,) = read(path, form=SAFETY_MONTH, readers=readers).readings
    slots = {slot.path: slot for slot in reading.slots}
    assert {slot.state for slot in truth.slots} >= {State.BLANK, State.VALUE}
    assert [slot.path for slot in truth.slots if not is_right(slot, slots[slot.path])] == []


ORDERS: dict[str, tuple[list[int | None], list[tuple[int, int]]]] = {
    "between its neighbours": ([None, 0, 1, None, 3, 4, 5, 6], [(3, 2)]),
    "the last one": ([None, 0, 1, 2, 3, 4, 5, None], [(7, 6)]),
    "two are missing": ([0, 1, None, 4, 5, 6], []),
    "two cells for one": ([0, 1, None, None, 3, 4, 5, 6], []),
    "the page ends before": ([0, 1, 2, None], []),
    "read elsewhere": ([2, 0, 1, None, 3], []),
    "a title above the first": ([None, 0, 1], []),
    "none is missing": ([0, 1, 2], []),
}


@pytest.mark.parametrize(("cells", "expected"), ORDERS.values(), ids=ORDERS)
def test_an_item_left_out_is_told_by_its_neighbours(cells: list[int | None], expected: list[tuple[int, int]]) -> None:
    """Only a cell alone between those of the items before and behind it, or behind the last but one, has its item told."""
    keys = [item.key for item in SAFETY_MONTH.items]
    line = PaintReader()([painted_line("12")])
    named = [() if item is None else (NamedCell(keys[item], 50.0, ()),) for item in cells]
    assert _left_out(SAFETY_MONTH, [line] * len(cells), named) == [(cell, keys[item]) for cell, item in expected]
