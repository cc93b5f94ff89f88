"""Pages to blank tables: cells and lines as on a return, every printed word recognised, marks also by their pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby, pairwise
from pathlib import Path

import numpy as np

from extractors.cells import corners_of, join_cells
from extractors.glyphs import Alphabet, GlyphReader, load_glyph_reader
from extractors.ink import dark_pixels, flags_to_runs, line_to_gray
from extractors.layout import strip_above
from extractors.lines import PADDING, Region, chars_to_lines, cut_line, region_to_lines, region_to_source
from extractors.orient import UpsideDown, load_direction_classifier, orient
from extractors.pages import open_pages
from extractors.rectify import rectify
from extractors.regrid import without_false_top
from extractors.underline import UNDERSCORES
from pipeline.forms.blank import BlankCell, BlankLine, BlankTable
from pipeline.forms.marks import Sign, line_to_signs
from pipeline.forms.spelling import mend, spell
from schemas.flow import LINE_HEIGHT, Box, Cell, GlyphLine, Line, Page, Upright
from schemas.form import EMPTY_BOX, EMPTY_LINE

# The title and fields stand within this height above a table, in working pixels: eight lines of 14 pt.
ABOVE, BELOW, MARGIN = 420.0, 260.0, 60.0

# What a recogniser takes an empty box for.
LIKE_A_BOX = "□口囗日曰0OoDＯ回"

# What it takes what is left of a line to write on for.
LIKE_A_LINE = "☑☐□—–-_＿一丶ー"

IDEOGRAPH = re.compile(r"[\u4e00-\u9fff]")

# A character less sure than this is told to the person; punctuation and signs for digits are not.
SURE = 0.6

# So many characters on either side show which one is meant.
WORDS = 3

# White wider than this between two characters is a gap, in line pixels: a character and a half.
GAP = 60.0

# A row of a line holds print when it has so much of the ink that rows have.
INKED = 0.25

# What a rule on its side may reach into a region, in pixels of a page born digital.
RULE = 6.0

# So near a line's ends, in line pixels, the printed words beside it may reach: half a character.
ENDS = 20.0

# A line that ends so far from its cell's right side ends a paragraph, in line pixels: two characters.
SHORT = 110.0


@dataclass(frozen=True)
class BlankReaders:
    """The engines for a blank: a recogniser of the whole vocabulary, and which side of a page is up."""

    glyphs: GlyphReader
    is_upside_down: UpsideDown
    alphabet: Alphabet


def load_blank_readers() -> BlankReaders:
    """Load the engines, once a process."""
    alphabet = Alphabet(_simplified())
    return BlankReaders(load_glyph_reader(alphabet), load_direction_classifier(), alphabet)


def _simplified() -> tuple[str, ...]:
    """The characters of GB 2312, in which notices are printed: the recogniser knows their traditional shapes as well."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return tuple(sorted({char for code in rows if (char := code.decode("gb2312", errors="ignore"))}))


def pages_to_blanks(path: Path, readers: BlankReaders) -> list[BlankTable]:
    """The tables on the pages of a file, in reading order. Raises as `open_pages`."""
    numbers = count()
    return [table for page in open_pages(path) for table in _page_to_blanks(page, readers, numbers)]


def _page_to_blanks(page: Page, readers: BlankReaders, numbers: Iterator[int]) -> list[BlankTable]:
    """The tables of a page, from top to bottom; cells get the next `numbers`."""
    upright, cells = orient(rectify(page), readers.is_upside_down)
    tables = [_from_row_0(without_false_top(list(group))) for _, group in groupby(cells, key=lambda cell: cell.table)]
    return [_to_blank(upright, table, tables[place + 1 : place + 2], readers, numbers) for place, table in enumerate(tables)]


def _from_row_0(cells: Sequence[Cell]) -> list[Cell]:
    first = min(cell.row for cell in cells)
    return [replace(cell, row=cell.row - first) for cell in cells]


def _to_blank(
    upright: Upright,
    table: Sequence[Cell],
    following: Sequence[Sequence[Cell]],
    readers: BlankReaders,
    numbers: Iterator[int],
) -> BlankTable:
    strips: list[Region] = [strip_above(table, ABOVE, MARGIN), _strip_below(upright, table, following)]
    above, below, *lines = _read(upright, [*strips, *table], readers)
    while (parted := _parted(table, lines)) is not None:
        # Parentheses that stand one above the other look like a rule.
        joined = join_cells(table[parted : parted + 2])
        table = [*table[:parted], joined, *table[parted + 2 :]]
        lines[parted : parted + 2] = _read(upright, [joined], readers)
    cells = tuple(
        BlankCell(cell.row, cell.column, cell.row_span, cell.column_span, tuple(own), next(numbers), _spot(upright, cell))
        for cell, own in zip(table, lines, strict=True)
    )
    return BlankTable(cells, tuple(above), tuple(below))


def _spot(upright: Upright, cell: Cell) -> tuple[int, Box]:
    """The page a cell is on, and its box as fractions of it."""
    height, width = upright.page.pixels.shape[:2]
    points = region_to_source(upright, cell) / (width, height)
    (left, top), (right, bottom) = np.clip(points.min(axis=0), 0, 1), np.clip(points.max(axis=0), 0, 1)
    return upright.page.number, (float(left), float(top), float(right), float(bottom))


def _parted(table: Sequence[Cell], lines: Sequence[Sequence[BlankLine]]) -> int | None:
    """The first of two cells side by side of which one opens parentheses that the other closes."""
    for place, (left, right) in enumerate(pairwise(table)):
        if (left.row, left.row_span, left.column + left.column_span) != (right.row, right.row_span, right.column):
            continue
        opened = any(line.text.endswith("（") for line in lines[place])
        if opened and any(line.text.startswith("）") for line in lines[place + 1]):
            return place
    return None


def _strip_below(upright: Upright, table: Sequence[Cell], following: Sequence[Sequence[Cell]]) -> Region:
    """The lines below a table, down to the next one or the page's end."""
    points = np.concatenate([cell.corners for cell in table])
    (left, _), (right, bottom) = points.min(axis=0), points.max(axis=0)
    height, width = upright.gray.shape
    end = min([float(cell.corners[:, 1].min()) for other in following for cell in other] + [height - 1.0, bottom + BELOW])
    return corners_of(
        (max(left - MARGIN, 0.0), min(bottom + 4, height - 3.0), min(right + MARGIN, width - 1.0), max(end, bottom + 8))
    )


def _read(upright: Upright, regions: Sequence[Region], readers: BlankReaders) -> Iterator[list[BlankLine]]:
    """The printed lines of regions, recognised all at once."""
    if upright.page.chars:
        for region in regions:
            yield _typed(upright, region)
        return
    lines = [region_to_lines(upright, region, bounded=isinstance(region, Cell) and region.bounded) for region in regions]
    read = iter(_recognise([line for own in lines for line in own], readers))
    for region, own in zip(regions, lines, strict=True):
        ends = _right_end(upright, region, own)
        made = [_to_blank_line(next(read), readers.alphabet, ends=end) for end in ends]
        yield [line for line in made if line.text]


def _recognise(lines: Sequence[Line], readers: BlankReaders) -> Iterator[tuple[GlyphLine, list[Sign]]]:
    """What is spelled on each line, lines to write on wiped out, and the marks on it.

    Feet of characters may look like a line to write on: where a character is spelled over it on the line as it is, it is
    none.
    """
    found = [line_to_signs(line) for line in lines]
    lined = [place for place, (_, signs) in enumerate(found) if any(sign.text == EMPTY_LINE for sign in signs)]
    whole = dict(zip(lined, readers.glyphs([lines[place] for place in lined]), strict=True))
    for place in lined:
        written = [
            sign
            for sign, _ in _characters(whole[place], readers.alphabet)
            if sign.text not in UNDERSCORES and sign.text not in LIKE_A_LINE
        ]
        if any(_spelled(sign, char) for sign in found[place][1] for char in written if sign.text == EMPTY_LINE):
            boxes = [sign for sign in found[place][1] if sign.text == EMPTY_BOX]
            kept = [sign for sign in found[place][1] if not any(_spelled(sign, char) for char in written)]
            # Wiping has hurt characters: the line is read as it is, with the lines that do stand beneath gaps.
            found[place] = (lines[place], [*boxes, *(sign for sign in kept if sign.text == EMPTY_LINE)])
    for (_, signs), glyphs in zip(found, readers.glyphs([line for line, _ in found]), strict=True):
        yield glyphs, signs


def _typed(upright: Upright, region: Region) -> list[BlankLine]:
    """A text layer's lines in a region, with the marks that are drawn on them or beside them."""
    outline = region_to_source(upright, region)
    found = chars_to_lines(upright.page, outline)
    ends = _right_end(upright, region, [line for line, _, _ in found])
    left, right = float(outline[:, 0].min()) + RULE, float(outline[:, 0].max()) - RULE
    made = []
    for (_, chars, _), end in zip(found, ends, strict=True):
        boxes = np.array([char.box for char in chars])
        top, bottom = float(boxes[:, 1].min()), float(boxes[:, 3].max())
        pad = PADDING * (bottom - top)
        # As wide as the region: a line to write on may stand at either end of the words.
        wide = cut_line(upright.page, (left, top - pad, right, bottom + pad), lambda at: at)
        scale = (bottom - top + 2 * pad) / LINE_HEIGHT
        written = [Sign(char.text, (char.box[0] - left) / scale, (char.box[2] - left) / scale) for char in chars]
        _, signs = line_to_signs(wide)
        text = spell(_joined([*written, *_unspelled(signs, written)]))
        made.append(BlankLine(text, end, (), _placed(wide, written)))
    return [line for line in made if line.text]


def _to_blank_line(read: tuple[GlyphLine, list[Sign]], alphabet: Alphabet, *, ends: bool) -> BlankLine:
    """What a recogniser spells on a line, with the marks that only pixels tell."""
    glyphs, signs = read
    written, unsure = [], []
    boxes = [sign for sign in signs if sign.text == EMPTY_BOX]
    for char, sure in _characters(glyphs, alphabet):
        if char.text in LIKE_A_BOX and any(box.left <= _middle(char) <= box.right for box in boxes):
            continue
        if char.text in LIKE_A_LINE and any(_spelled(sign, char) for sign in signs if sign.text == EMPTY_LINE):
            continue
        written.append(char)
        if sure < SURE and char.text.isalnum():
            unsure.append(len(written) - 1)
    apart = [place for place, before in zip(unsure, [-9, *unsure], strict=False) if place - before > WORDS]
    around = tuple("".join(sign.text for sign in written[max(place - WORDS, 0) : place + WORDS + 1]) for place in apart)
    text = mend(spell(_joined([*written, *_unspelled(signs, written)])))
    return BlankLine(text, ends, around, _placed(glyphs.line, written))


def _placed(line: Line, written: Sequence[Sign]) -> tuple[tuple[str, int, Box], ...]:
    """Characters with their page and boxes, as high as the print on their line: what one is to write on lies below it."""
    rows = (dark_pixels(line_to_gray(line)) > 0).sum(axis=1)
    runs = flags_to_runs(rows > INKED * float(np.median(rows[rows > 0])) if rows.any() else rows > 0)
    # A rule below the print is a run of its own, and a flat one.
    first, last = max(runs, key=lambda run: run[1] - run[0], default=(0, LINE_HEIGHT))
    high, bottom = first - PADDING * LINE_HEIGHT, last + PADDING * LINE_HEIGHT
    placed = []
    for sign in written:
        corners = line.to_page(np.array([(x, y) for x in (sign.left, sign.right) for y in (high, bottom)]))
        (left, top), (right, low) = (corners / line.page_size).min(axis=0), (corners / line.page_size).max(axis=0)
        placed.append((sign.text, line.page, (float(left), float(top), float(right), float(low))))
    return tuple(placed)


def _characters(glyphs: GlyphLine, alphabet: Alphabet) -> Iterator[tuple[Sign, float]]:
    """The characters that a line spells, each with its place and how sure it is; traditional ones as simplified ones."""
    start = 0
    for spelled, group in groupby(glyphs.spelling):
        stop = start + len(list(group))
        if spelled:
            char = spelled
            left, right = float(glyphs.edges[start, 0]), float(glyphs.edges[stop - 1, 1])
            sure = float(glyphs.sureness[start:stop].max())
            if IDEOGRAPH.match(spelled) and alphabet.index(char) == alphabet.other:
                likely = glyphs.log_probs[start:stop, 1 : alphabet.other].max(axis=0)
                char, sure = alphabet.name(int(likely.argmax()) + 1), 0.0
            yield Sign(char, left, right), sure
        start = stop


def _unspelled(signs: Sequence[Sign], written: Sequence[Sign]) -> list[Sign]:
    """The marks seen in pixels that no character spells. Above a line to write on nothing is printed."""
    return [sign for sign in signs if not any(_spelled(sign, one) for one in written)]


def _spelled(sign: Sign, char: Sign) -> bool:
    """Whether a character stands where a mark is seen: over a line, but for its ends, or in a box's place."""
    if sign.text == EMPTY_BOX:
        return sign.left - 4 <= _middle(char) <= sign.right + 4
    return sign.left + ENDS < _middle(char) < sign.right - ENDS


def _joined(signs: Sequence[Sign]) -> str:
    """Characters and marks in their order, a space where the paper between them is wide."""
    text, last = "", None
    for sign in sorted(signs, key=lambda sign: (sign.left + sign.right) / 2):
        if last is not None and _middle(sign) - _middle(last) - (sign.right - sign.left + last.right - last.left) / 2 > GAP:
            text += " "
        text += sign.text
        last = sign
    return text


def _middle(sign: Sign) -> float:
    return (sign.left + sign.right) / 2


def _right_end(upright: Upright, region: Region, lines: Sequence[Line]) -> list[bool]:
    """For each line whether it ends before its region does, so that the next one begins a paragraph."""
    if not lines:
        return []
    right = float(region_to_source(upright, region)[:, 0].max())
    tips = np.array([[line.bgr.shape[1], LINE_HEIGHT / 2] for line in lines])
    rights = [float(line.to_page(tip[None])[0, 0]) for line, tip in zip(lines, tips, strict=True)]
    # A cell's margin may be wide: the longest line tells where lines break.
    right = min(right, max(rights))
    ends = []
    for line, end in zip(lines, rights, strict=True):
        across = line.to_page(np.array([[0.0, LINE_HEIGHT / 2], [10.0, LINE_HEIGHT / 2]]))
        scale = float(np.hypot(*(across[1] - across[0]))) / 10.0
        ends.append((right - end) / max(scale, 1e-6) > SHORT)
    return [*ends[:-1], True]
