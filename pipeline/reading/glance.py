"""Some words of a page, cheaply: those above its first table, and of its cells a line each. Enough to tell forms apart."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from extractors.cells import turn_cells
from extractors.layout import find_blocks, strip_above
from extractors.lines import Region, chars_to_lines, region_to_lines, region_to_source
from extractors.orient import orient
from extractors.pages import open_pages
from extractors.rectify import rectify, turn
from extractors.typed import is_typed, open_typed
from pipeline.reading.readers import Readers
from schemas.errors import DocumentError
from schemas.flow import Cell, Line, Page, Upright
from schemas.typed import TypedBlock

# The strip above a table that holds its title and fields, in working pixels: four lines of 16 pt; and its margin.
HEIGHT, MARGIN = 420.0, 60.0

# Lines that are looked at above a table and, one of each, in its cells.
LINES_ABOVE, LINES_WITHIN = 6, 10

# Pages in which a table is looked for: a cover, an explanation.
PAGES = 3


@dataclass(frozen=True)
class Glance:
    """Lines above a page's first table from top to bottom, and lines from within it. Page 0 is a file without pages."""

    page: int
    above: tuple[str, ...]
    within: tuple[str, ...]


def glance(
    path: Path, readers: Readers, *, turned: bool = False, enough: Callable[[Sequence[str]], bool] = lambda above: False
) -> Iterator[Glance]:
    """The first pages of a file; `turned` upside down, where a first look made nothing of them.

    Nothing is read within a table where the lines above it are `enough`.
    Raises a DocumentError where the file cannot be opened.
    """
    if is_typed(path):
        if not turned:
            yield _typed(open_typed(path).blocks)
        return
    for page in open_pages(path):
        if page.number > PAGES:
            return
        yield _page(page, readers, turned=turned, enough=enough)


def glance_at(path: Path, wanted: Container[int], readers: Readers) -> Iterator[Glance]:
    """Some pages of a file, as far as it goes: pictures of them, whatever text layer they have."""
    try:
        for page in open_pages(path, wanted=wanted):
            yield _page(page, readers, turned=False)
    except DocumentError:
        return


def words_above(path: Path, page: int, readers: Readers) -> tuple[str, ...]:
    """The lines above the first table of one page; of a file without pages (0) those of the whole."""
    if is_typed(path):
        return _typed(open_typed(path).blocks).above
    for one in open_pages(path):
        if one.number == page:
            return _page(one, readers, turned=False, enough=lambda above: True).above
    return ()


def _typed(blocks: Sequence[TypedBlock]) -> Glance:
    """All words of a typed file; its title may stand in a row of the table."""
    above = [text for block in blocks if not block.ruled for text in _rows(block)]
    within = [text for block in blocks if block.ruled for text in _rows(block)]
    return Glance(0, (*above, *within[:LINES_ABOVE]), tuple(within[LINES_ABOVE:]))


def _rows(block: TypedBlock) -> list[str]:
    return ["".join(line for cell in row for line in cell) for row in block.rows]


def _page(
    page: Page, readers: Readers, *, turned: bool, enough: Callable[[Sequence[str]], bool] = lambda above: False
) -> Glance:
    upright, cells = orient(rectify(page), readers.is_upside_down)
    if turned:
        cells = turn_cells(cells, 2, *upright.gray.shape[::-1])
        upright = turn(upright, 2)
    if not cells:
        return Glance(page.number, (), tuple(_read(upright, find_blocks(upright), readers, LINES_ABOVE + LINES_WITHIN)))
    first = [cell for cell in cells if cell.table == cells[0].table]
    above = _read(upright, [strip_above(first, HEIGHT, MARGIN)], readers, LINES_ABOVE)
    inside = [] if enough(above) else _read_cells(upright, first, readers)
    return Glance(page.number, tuple(above), tuple(inside))


def _read(upright: Upright, regions: Sequence[Region], readers: Readers, most: int) -> list[str]:
    """The last lines of some regions, in which no rules stand."""
    if upright.page.chars:
        return [text for region in regions for text in _chars(upright, region)]
    lines = [line for region in regions for line in region_to_lines(upright, region, bounded=False)]
    return [line.text for line in readers.glyphs(lines[-most:])]


def _read_cells(upright: Upright, cells: Sequence[Cell], readers: Readers) -> list[str]:
    """A line of each of some cells, spread over the table; of a text layer all of these."""
    every = sorted(cells, key=lambda cell: (cell.row, cell.column))
    chosen = [every[place] for place in np.unique(np.linspace(0, len(every) - 1, LINES_WITHIN).round().astype(int))]
    if upright.page.chars:
        return [text for cell in chosen for text in _chars(upright, cell)]
    lines: list[Line] = []
    for cell in chosen:
        own = region_to_lines(upright, cell, bounded=cell.bounded)
        # The longest says most; the first one may be the tail of a row that began on another page.
        lines += sorted(own, key=lambda line: -line.bgr.shape[1])[:1]
    return [line.text for line in readers.glyphs(lines)]


def _chars(upright: Upright, region: Region) -> list[str]:
    found = chars_to_lines(upright.page, region_to_source(upright, region))
    return ["".join(char.text for char in chars) for _, chars, _ in found]
