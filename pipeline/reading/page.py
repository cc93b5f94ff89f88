"""A page to the tables on it, with the slots found in them and the evidence on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median

from rapidfuzz import fuzz

from extractors.cells import join_cells, turn_cells
from extractors.glyphs import chars_to_glyphs
from extractors.layout import find_blocks, strip_above
from extractors.lines import Region, chars_to_lines, region_to_lines, region_to_source, regions_to_lines
from extractors.orient import orient
from extractors.rectify import rectify, turn
from extractors.regrid import join_parted, without_false_top
from pipeline.alignment.align import LEAST_CUT_GAIN, LEAST_GAIN, Expected, name_items
from pipeline.alignment.headings import heading_likeness, twin_sentences
from pipeline.alignment.labels import place_header
from pipeline.alignment.place import place_slots
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.gathering import gather_evidence
from pipeline.reading.grid import find_grid, read_words
from pipeline.reading.readers import Readers
from pipeline.stages import Stage, stage
from schemas.flow import Cell, Evidence, GlyphLine, Line, Matrix, NamedCell, Page, TableFind, Upright
from schemas.form import Form, Mark

# What says of placed slots all that is seen of them.
Gather = Callable[[Upright, Sequence[Sequence[NamedCell]], Readers, ErrorBudget], list[Evidence]]

# The fields above a table stand within this height above it and may reach beyond its sides by this much, in working
# pixels: two lines of 14 pt and a gap; the title above them is not needed.
HEADER_HEIGHT, HEADER_MARGIN, HEADER_LINES = 220.0, 60.0, 3

# A line is the form's title when it is this much like it, 0 to 100.
LIKE_THE_TITLE = 75

# On a page without a grid the fields stand in the lines above the first item: so many of them at most.
LOOSE_HEADER_LINES = 6


def find_tables(
    page: Page,
    form: Form,
    readers: Readers,
    budget: ErrorBudget = ErrorBudget(),
    *,
    goes_on: str | None = None,
    columns: Sequence[str] = (),
    gather: Gather = gather_evidence,
) -> list[TableFind]:
    """The tables of a page with the slots found in them; a table that no sentence names has no items.

    A page that shows no cell which a sentence names is tried the other ways round, and at last read without a
    grid. `goes_on` is the item that the page before broke off (see `broken_off`), `columns` those of its last table;
    `gather` says what is seen of slots once they are placed.
    """
    with stage(Stage.STRAIGHTEN):
        flat = rectify(page)
    with stage(Stage.TABLES):
        upright, cells = orient(flat, readers.is_upside_down)
    tables = _read_tables(upright, cells, form, readers, budget, goes_on, columns, gather)
    ways = (upright, *(turn(upright, quarters) for quarters in ((2, 1, 3) if not page.chars else ())))
    for quarters, way in zip((0, 2, 1, 3), ways, strict=False):
        if any(table.items for table in tables):
            return tables
        # The page's rhythm or its few words misled: it may stand any other way.
        if quarters and cells:
            turned = turn_cells(cells, quarters, *upright.gray.shape[::-1])
            tables = _read_tables(way, turned, form, readers, budget, goes_on, columns, gather)
    loose = _read_loose(upright, form, readers, budget, goes_on, gather)
    return [loose] if loose.items else tables


@stage(Stage.ALIGN)
def _read_tables(
    upright: Upright,
    cells: Sequence[Cell],
    form: Form,
    readers: Readers,
    budget: ErrorBudget,
    goes_on: str | None,
    columns: Sequence[str],
    gather: Gather,
) -> list[TableFind]:
    """Name every cell of a page's tables, read the slots in them and gather evidence on these."""
    tables = [without_false_top(list(group)) for _, group in groupby(cells, key=lambda cell: cell.table)]
    grids = [find_grid(upright, table, form, readers, columns) for table in tables]
    regions = [_regions(table, form, grid.used) for table, grid in zip(tables, grids, strict=True)]
    headers = [place_header(form, lines, readers.alphabet) for lines in _read_strips(upright, regions, form, readers)]
    headings = [
        like
        for table, (_, inner) in zip(tables, regions, strict=True)
        for like in _headings(upright, table, inner, form, readers)
    ]
    named = iter(_name_cells(upright, [cell for _, inner in regions for cell in inner], form, readers, goes_on, headings))
    found = [
        _in_order(form, [*grid.items, *(item for _ in inner for item in next(named))])
        for grid, (_, inner) in zip(grids, regions, strict=True)
    ]
    evidence = iter(gather(upright, found, readers, budget))
    return [
        TableFind(
            upright.page.number,
            tuple(_outline(upright, cell) for cell in table),
            header,
            tuple((item.item, tuple(next(evidence) for _ in item.placements)) for item in items),
            grid.columns,
        )
        for table, header, items, grid in zip(tables, headers, found, grids, strict=True)
    ]


def _in_order(form: Form, items: list[NamedCell]) -> list[NamedCell]:
    """Items found by headings and by sentences in the form's order, the parts of each put together; those by sentences alone
    stand in the page's order."""
    if not any(slot.mark is Mark.CELL for slot in form.slots):
        return items
    found: dict[str, NamedCell] = {}
    printed = {slot.path: place for place, slot in enumerate(form.slots)}
    last = len(printed)
    for item in items:
        known = found.get(item.item)
        paths = {placement.path for placement in known.placements} if known else set()
        more = [placement for placement in item.placements if placement.path not in paths]
        together = sorted([*known.placements, *more], key=lambda one: printed.get(one.path, last)) if known else []
        found[item.item] = replace(known, placements=tuple(together)) if known else item
    order = {item.key: place for place, item in enumerate(form.items)}
    return sorted(found.values(), key=lambda item: order[item.item])


@stage(Stage.ALIGN)
def _read_loose(
    upright: Upright, form: Form, readers: Readers, budget: ErrorBudget, goes_on: str | None, gather: Gather
) -> TableFind:
    """A page without a grid: its lines, grouped by layout, are laid against the sentences all the same."""
    blocks = find_blocks(upright)
    items = _name_cells(upright, blocks, form, readers, goes_on, [{} for _ in blocks])
    first = next((place for place, named in enumerate(items) if named), 0)
    header = place_header(form, _read_above(upright, blocks[: first + 1], readers), readers.alphabet) if any(items) else ()
    found = [item for named in items for item in named]
    evidence = iter(gather(upright, [found], readers, budget))
    return TableFind(
        upright.page.number,
        tuple(_outline(upright, block) for block in blocks),
        header,
        tuple((item.item, tuple(replace(next(evidence), grid=False) for _ in item.placements)) for item in found),
    )


def _outline(upright: Upright, cell: Cell) -> Matrix:
    height, width = upright.page.pixels.shape[:2]
    fractions: Matrix = region_to_source(upright, cell) / (width, height)
    return fractions


def _regions(table: Sequence[Cell], form: Form, used: Sequence[Cell]) -> tuple[Region, list[Cell]]:
    """Where to read: the strip above a table, and its cells but for the leftmost column, which holds headings where the form
    has any, and for those that headings have named (`used`)."""
    strip = strip_above(table, HEADER_HEIGHT * _header_lines(form) / HEADER_LINES, HEADER_MARGIN)
    if not any(item.sentence for item in form.items):
        return strip, []
    columns = 1 + max(cell.column for cell in table)
    headed = columns > 1 and any(item.heading for item in form.items)
    known = set(map(id, used))
    inner = [cell for cell in table if (cell.column > 0 or not headed) and id(cell) not in known]
    if not inner:
        return strip, []
    rows = [list(row) for _, row in groupby(inner, key=lambda cell: (cell.row, cell.row_span))]
    if median(len(row) for row in rows) > 1:
        return strip, join_parted(table, inner)
    # Parentheses that stand one above the other look like a rule that parts a row or two.
    return strip, [join_cells(row) for row in rows]


def _read_strips(
    upright: Upright, regions: Sequence[tuple[Region, list[Cell]]], form: Form, readers: Readers
) -> list[list[GlyphLine]]:
    """The lines above each table that hold its fields, recognised as a whole: names may hold any character."""
    if upright.page.chars:
        return [_chars_of(upright, strip, readers) for strip, _ in regions]
    with stage(Stage.LINES):
        cut = [region_to_lines(upright, strip, bounded=False)[-_header_lines(form) :] for strip, _ in regions]
    lines = [_lines_with_fields(form, strip, readers) for strip in cut]
    glyphs = iter(readers.glyphs([line for cut in lines for line in cut]))
    return [[next(glyphs) for _ in cut] for cut in lines]


def _header_lines(form: Form) -> int:
    """The lines above a table on which its fields may stand: two fields on each, and the title."""
    return max(HEADER_LINES, 1 + (len(form.header) + 1) // 2)


def _lines_with_fields(form: Form, lines: Sequence[Line], readers: Readers) -> Sequence[Line]:
    """The lines but for the form's title and those on which nothing stands, as the scout sees them.

    It was not trained on the lines above tables, underlined and stamped as they are: more is not asked of it.
    """
    if readers.scout is None or len(lines) < 2:
        return lines
    scouted = readers.scout(lines)
    kept = [line.line for line in scouted if line.text and fuzz.partial_ratio(line.text, form.title) < LIKE_THE_TITLE]
    return kept or lines


def _read_above(upright: Upright, blocks: Sequence[Cell], readers: Readers) -> list[GlyphLine]:
    """The first lines of a page without a grid."""
    if upright.page.chars:
        return [line for block in blocks for line in _chars_of(upright, block, readers)][:LOOSE_HEADER_LINES]
    lines = [line for block in blocks for line in region_to_lines(upright, block, bounded=False)]
    return readers.glyphs(lines[:LOOSE_HEADER_LINES])


def _headings(
    upright: Upright, table: Sequence[Cell], inner: Sequence[Cell], form: Form, readers: Readers
) -> list[dict[str, float]]:
    """How much the words before each of some cells are like items' headings; they are read where sentences are alike."""
    if not twin_sentences(form):
        return [{} for _ in inner]
    before = [[cell for cell in table if _stands_before(cell, one)] for one in inner]
    ahead = list({id(cell): cell for cells in before for cell in cells}.values())
    texts = dict(zip(map(id, ahead), read_words(upright, ahead, readers), strict=True))
    return [heading_likeness(form, [texts[id(cell)] for cell in cells]) for cells in before]


def _stands_before(cell: Cell, other: Cell) -> bool:
    """Whether a cell lies to the left of another one, in one of its rows."""
    beside = cell.row < other.row + other.row_span and other.row < cell.row + cell.row_span
    return beside and cell.column + cell.column_span <= other.column


def _name_cells(
    upright: Upright,
    cells: Sequence[Cell],
    form: Form,
    readers: Readers,
    goes_on: str | None,
    headings: Sequence[Mapping[str, float]],
) -> list[tuple[NamedCell, ...]]:
    """What the form's sentences explain in each cell: in the text layer where the page has one, else in pixels."""
    expected = [replace(one, headings=like) for one, like in zip(_expected(cells, goes_on), headings, strict=True)]
    if upright.page.chars:
        return [
            name_items(form, _chars_of(upright, cell, readers), readers.alphabet, expected=of)
            for cell, of in zip(cells, expected, strict=True)
        ]
    with stage(Stage.LINES):
        lines = regions_to_lines(upright, cells)
    return place_slots(form, lines, readers.alphabet, expected=expected, scout=readers.scout, glyphs=readers.glyphs)


def _expected(cells: Sequence[Cell], goes_on: str | None) -> list[Expected]:
    """In a page's first row, or second under a repeated heading, and in its last one an item may be cut in two."""
    last = max((cell.row + cell.row_span for cell in cells), default=0)
    return [
        Expected(
            LEAST_CUT_GAIN if cell.row == 0 or cell.row + cell.row_span == last else LEAST_GAIN,
            goes_on if cell.row <= 1 else None,
        )
        for cell in cells
    ]


def broken_off(tables: Sequence[TableFind]) -> str | None:
    """The item that ends a page without its last slot."""
    items = [item for table in tables for item in table.items]
    if not items:
        return None
    item, evidence = items[-1]
    last = evidence[-1].placement
    return item if last.line is None or not last.whole else None


def _chars_of(upright: Upright, region: Region, readers: Readers) -> list[GlyphLine]:
    """The text layer's lines in a region."""
    return [
        chars_to_glyphs(line, chars, edges, readers.alphabet)
        for line, chars, edges in chars_to_lines(upright.page, region_to_source(upright, region))
    ]
