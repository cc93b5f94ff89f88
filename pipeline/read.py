"""The flow: a file to its readings, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from extractors.cells import corners_of, find_cells
from extractors.glyphs import Alphabet, GlyphReader, chars_to_glyphs, form_to_alphabet, load_glyph_reader
from extractors.lines import chars_to_lines, region_to_lines, region_to_source
from extractors.orient import UpsideDown, load_direction_classifier, orient
from extractors.pages import open_pages
from extractors.rectify import rectify, turn
from extractors.slots import INK_OF_A_STROKE, slot_to_crop
from extractors.tesseract import SlotReader, load_slot_reader
from pipeline.align import name_cell, place_header
from pipeline.group import tables_to_returns
from pipeline.judge import ErrorBudget
from schemas.errors import DocumentError, NoTable, UnknownForm
from schemas.flow import Cell, Evidence, GlyphLine, Matrix, Page, Placement, SecondReading, TableFind, Upright
from schemas.form import Form, SlotKind
from schemas.reading import Problem, Reading

# The fields above a table stand within this height above it and may reach beyond its sides by this much, in working
# pixels: two lines of 14 pt and a gap; the title above them is not needed.
HEADER_HEIGHT, HEADER_MARGIN, HEADER_LINES = 220.0, 60.0, 3


@dataclass(frozen=True)
class Readers:
    """The engines of one process, loaded once. `second` is None where Tesseract is not installed."""

    alphabet: Alphabet
    glyphs: GlyphReader
    is_upside_down: UpsideDown
    second: SlotReader | None


@dataclass(frozen=True, eq=False)
class FileRead:
    """A file's returns, and by page the outline of every cell, float64 (4, 2), as fractions of the page."""

    readings: tuple[Reading, ...]
    outlines: tuple[tuple[int, Matrix], ...]


def load_readers(form: Form, *, threads: int = 0) -> Readers:
    """Load every engine; `threads` 0 lets each use all cores."""
    alphabet = form_to_alphabet(form)
    return Readers(
        alphabet,
        load_glyph_reader(alphabet, threads=threads),
        load_direction_classifier(threads=threads),
        load_slot_reader(),
    )


def read(
    path: Path,
    *,
    form: Form,
    readers: Readers,
    budget: ErrorBudget = ErrorBudget(),
    roster: Sequence[str] = (),
    on_page: Callable[[int], None] = lambda page: None,
) -> FileRead:
    """Every return in a file. Pages are held one at a time.

    A file that fails after some good pages is read as far as it goes, and its readings say so.

    Raises a DocumentError where no return can be read at all: UnreadableFile, EncryptedFile, FileTooLarge, NoTable,
    UnknownForm; TransientError where trying again may help.
    """
    finds: list[TableFind] = []
    tables, failure = 0, None
    try:
        for page in open_pages(path):
            found = find_tables(page, form, readers)
            tables += len(found)
            finds += [table for table in found if table.items]
            on_page(page.number)
    except DocumentError as error:
        if not finds:
            raise
        failure = error
    if not finds:
        raise UnknownForm() if tables else NoTable()
    problems = [Problem.FILE_CUT_SHORT] if failure else []
    if readers.second is None:
        problems.append(Problem.NO_SECOND_READER)
    readings = tables_to_returns(path, finds, form, readers.alphabet, budget, roster=roster, problems=problems)
    return FileRead(readings, tuple((table.page, outline) for table in finds for outline in table.outlines))


def find_tables(page: Page, form: Form, readers: Readers) -> list[TableFind]:
    """The tables of a page with the slots found in them; a table that no sentence names has no items."""
    upright, cells = orient(rectify(page), readers.is_upside_down)
    tables = _read_tables(upright, cells, form, readers)
    for quarters in (2, 1, 3):
        if not cells or page.chars or any(table.items for table in tables):
            break
        # The page's rhythm or its few words misled: it may stand any other way.
        turned = turn(upright, quarters)
        tables = _read_tables(turned, find_cells(turned), form, readers)
    return tables


def _read_tables(upright: Upright, cells: Sequence[Cell], form: Form, readers: Readers) -> list[TableFind]:
    """Recognise every line of a page in one go, name its cells and gather evidence on their slots."""
    tables = [list(group) for _, group in groupby(cells, key=lambda cell: cell.table)]
    regions = [_regions(table) for table in tables]
    glyphs = iter(_read_regions(upright, [region for strips in regions for region in strips], readers))
    found = []
    for strips in regions:
        header = place_header(form, next(glyphs), readers.alphabet)
        named = [name_cell(form, next(glyphs), readers.alphabet) for _ in strips[1:]]
        found.append((header, [cell for cell in named if cell is not None]))
    placements = [placement for _, named in found for cell in named for placement in cell.placements]
    evidence = iter(_gather(placements, readers))
    return [
        TableFind(
            upright.page.number,
            tuple(_outline(upright, cell) for cell in table),
            header,
            tuple((cell.item, tuple(next(evidence) for _ in cell.placements)) for cell in named),
        )
        for table, (header, named) in zip(tables, found, strict=True)
    ]


def _outline(upright: Upright, cell: Cell) -> Matrix:
    height, width = upright.page.pixels.shape[:2]
    fractions: Matrix = region_to_source(upright, cell.corners) / (width, height)
    return fractions


def _regions(table: Sequence[Cell]) -> list[tuple[Matrix, bool]]:
    """Where to read: the strip above a table, then its cells but for the leftmost column, which holds headings.

    Each region is its four corners in upright pixels, and whether rules bound it.
    """
    corners = np.concatenate([cell.corners for cell in table])
    (left, top), (right, _) = corners.min(axis=0), corners.max(axis=0)
    strip = corners_of((max(left - HEADER_MARGIN, 0), max(top - HEADER_HEIGHT, 0), right + HEADER_MARGIN, top))
    columns = 1 + max(cell.column for cell in table)
    cells = [cell for cell in table if columns == 1 or cell.column > 0]
    return [(strip, False), *((cell.corners, True) for cell in cells)]


def _read_regions(upright: Upright, regions: Sequence[tuple[Matrix, bool]], readers: Readers) -> list[list[GlyphLine]]:
    """The recognised lines of each region: from the text layer where the page has one, else from pixels."""
    page = upright.page
    if page.chars:
        return [
            [
                chars_to_glyphs(line, chars, edges, readers.alphabet)
                for line, chars, edges in chars_to_lines(page, region_to_source(upright, corners))
            ]
            for corners, _ in regions
        ]
    lines = [region_to_lines(upright, corners, bounded=bounded) for corners, bounded in regions]
    lines = [cut if bounded else cut[-HEADER_LINES:] for cut, (_, bounded) in zip(lines, regions, strict=True)]
    glyphs = iter(readers.glyphs([line for cut in lines for line in cut]))
    return [[next(glyphs) for _ in cut] for cut in lines]


def _gather(placements: Sequence[Placement], readers: Readers) -> list[Evidence]:
    """What pixels and second reader say of each slot; one call of the second reader for all."""
    crops = [slot_to_crop(placement) for placement in placements]
    asked = [
        place
        for place, (placement, crop) in enumerate(zip(placements, crops, strict=True))
        if crop is not None
        and crop.ink > INK_OF_A_STROKE
        and placement.slot.kind is SlotKind.COUNT
        and not placement.certain
    ]
    second: dict[int, SecondReading] = {}
    if readers.second is not None:
        seen = readers.second([crop.gray for place in asked if (crop := crops[place]) is not None])
        second = dict(zip(asked, seen, strict=True))
    nothing = SecondReading("", 0.0) if readers.second is not None else None
    return [
        Evidence(placement, 0, 0.0, 0.0, nothing)
        if crop is None
        else Evidence(placement, crop.ink, crop.seal, crop.pen, second.get(place, nothing))
        for place, (placement, crop) in enumerate(zip(placements, crops, strict=True))
    ]
