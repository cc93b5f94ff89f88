"""An Excel file's sheets as blank tables: what is ruled is the table; where nothing is, what has several columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText
from openpyxl.worksheet.worksheet import Worksheet

from extractors.package import open_package
from extractors.runs import Run, runs_to_lines, visible
from pipeline.forms.blank import BlankCell, BlankLine, BlankTable
from pipeline.forms.spelling import spell

# A form has a few dozen columns and rows; a sheet that says more has stray marks far away.
MOST_COLUMNS, MOST_ROWS = 80, 1000


@dataclass(frozen=True)
class Area:
    """A cell, or several merged into one: rows and columns from 1, last ones included."""

    top: int
    left: int
    bottom: int
    right: int


def sheets_to_blanks(data: bytes) -> list[BlankTable]:
    """The visible sheets of an Excel file, each one table. Raises UnreadableFile, EncryptedFile, FileTooLarge."""
    open_package(data)
    book = load_workbook(BytesIO(data), rich_text=True, keep_links=False)
    return [table for sheet in book.worksheets if sheet.sheet_state == "visible" and (table := _blank(sheet)) is not None]


def _blank(sheet: Worksheet) -> BlankTable | None:
    areas = _areas(sheet)
    texts = {area: lines for area in areas if (lines := cell_lines(sheet.cell(area.top, area.left).value))}
    ruled = [area for area in areas if _is_ruled(sheet, area)]
    inside = ruled if len(ruled) > 1 else _by_columns(areas, texts)
    if not inside:
        return None
    first, last = min(area.top for area in inside), max(area.bottom for area in inside)
    rows = [row for row in range(first, last + 1) if not sheet.row_dimensions[row].hidden]
    cells = tuple(
        BlankCell(
            rows.index(area.top),
            area.left,
            sum(area.top <= row <= area.bottom for row in rows),
            area.right - area.left + 1,
            texts.get(area, ()),
            number,
        )
        for number, area in enumerate(inside)
        if area.top in rows
    )
    above = tuple(line for area in areas if area.bottom < first for line in _joined(area, areas, texts))
    below = tuple(line for area in areas if area.top > last for line in _joined(area, areas, texts))
    return BlankTable(cells, above, below)


def cell_lines(value: object) -> tuple[BlankLine, ...]:
    """The printed lines of a sheet's cell."""
    if value is None:
        return ()
    parts = value if isinstance(value, CellRichText) else [value]
    runs = (
        Run(visible(part if isinstance(part, str) else str(getattr(part, "text", part))), underlined=_underlined(part))
        for part in parts
    )
    return tuple(BlankLine(text) for line in runs_to_lines(runs) if (text := spell(line)))


def _underlined(part: object) -> bool:
    return bool(getattr(getattr(part, "font", None), "u", None))


def _areas(sheet: Worksheet) -> list[Area]:
    """Every cell of a sheet, merged ones as one, row by row; hidden columns are left out."""
    merged = {(one.min_row, one.min_col): Area(one.min_row, one.min_col, one.max_row, one.max_col)
              for one in sheet.merged_cells.ranges}  # fmt: skip
    covered = {
        (row, column)
        for area in merged.values()
        if area.bottom <= MOST_ROWS and area.right <= MOST_COLUMNS
        for row in range(area.top, area.bottom + 1)
        for column in range(area.left, area.right + 1)
    } - set(merged)
    hidden = {
        column
        for one in sheet.column_dimensions.values()
        if one.hidden
        for column in range(one.min or 0, min(one.max or 0, MOST_COLUMNS) + 1)
    }
    return [
        merged.get((row, column), Area(row, column, row, column))
        for row, column in sorted(sheet._cells)
        if (row, column) not in covered and column not in hidden and row <= MOST_ROWS and column <= MOST_COLUMNS
    ]


def _is_ruled(sheet: Worksheet, area: Area) -> bool:
    """Whether lines are drawn on at least two sides of a cell that meet."""
    first, last = sheet.cell(area.top, area.left).border, sheet.cell(area.bottom, area.right).border
    drawn = [side is not None and bool(side.style) for side in (first.left, first.top, last.right, last.bottom)]
    return sum(drawn) >= 3


def _by_columns(areas: list[Area], texts: dict[Area, tuple[BlankLine, ...]]) -> list[Area]:
    """Without lines: from the first row with several texts that are no fields above the table."""
    rows: dict[int, list[Area]] = {}
    for area in texts:
        rows.setdefault(area.top, []).append(area)
    several = [row for row, own in sorted(rows.items()) if len(own) > 1 and not _are_fields(own, texts)]
    if not several:
        return []
    bottom = max(row for row in rows if row >= several[0])
    right = max(area.right for area in texts if area.top >= several[0])
    found = {(area.top, area.left): area for area in areas if several[0] <= area.top <= bottom and area.right <= right}
    covered = {
        (row, column)
        for area in found.values()
        for row in range(area.top, area.bottom + 1)
        for column in range(area.left, area.right + 1)
    }
    own = {column for area in texts if area.top >= several[0] for column in range(area.left, area.right + 1)}
    empty = [
        Area(row, column, row, column)
        for row in sorted(rows)
        if row >= several[0]
        for column in sorted(own)
        if (row, column) not in covered
    ]
    return sorted([*(area for area in found.values() if area.left in own), *empty], key=lambda area: (area.top, area.left))


def _are_fields(row: list[Area], texts: dict[Area, tuple[BlankLine, ...]]) -> bool:
    from pipeline.forms.fields import is_label

    return all(is_label(line.text) for area in row for line in texts[area])


def _joined(area: Area, areas: list[Area], texts: dict[Area, tuple[BlankLine, ...]]) -> Iterator[BlankLine]:
    """A row above or below the table as one line: labels in cells side by side are fields, gaps between them."""
    own = [one for one in areas if one.top == area.top and one in texts]
    if not own or own[0] != area:
        return
    if len(own) == 1:
        yield from texts[area]
        return
    yield BlankLine(" ".join(line.text for one in own for line in texts[one]))
