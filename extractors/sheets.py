"""An Excel file's sheets to rows of cells: what is typed, formulas by the value that the sheet shows.

openpyxl reads the workbook twice, for its values and for its formulas: a formula whose value nobody has saved is no blank.
Hidden sheets, rows and columns are not what a unit returns.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet.worksheet import Worksheet

from extractors.package import Package
from extractors.runs import Run, runs_to_lines, visible
from schemas.errors import FileTooLarge, UnreadableFile
from schemas.typed import UNKNOWN, Span, TypedBlock, TypedCell, TypedFile

MAX_SHEETS = 200
"""A hundred returns in one file, two sheets each."""

MAX_CHARS = 400_000
"""Characters of a file, as of a Word file's."""

MAX_CELLS = 1_000_000
"""Rows times columns that hold anything; a return has 60."""

# Text in drawings that lie over a sheet: numbers in them stand in no cell.
DRAWING = re.compile(r"xl/drawings/drawing\d+\.xml")
DRAWN_NUMBER = re.compile(rb"<(?:\w+:)?t>\s*[0-9][0-9,.]*\s*</(?:\w+:)?t>")


def sheets_to_typed(data: bytes, package: Package, source: Path) -> TypedFile:
    """Each visible sheet as a table of its rows.

    Raises FileTooLarge, UnreadableFile; other exceptions are the caller's to translate.
    """
    values = load_workbook(BytesIO(data), data_only=True, rich_text=True, keep_links=False)
    formulas = load_workbook(BytesIO(data), keep_links=False)
    if not values.worksheets:
        raise UnreadableFile("no sheets")
    if len(values.worksheets) > MAX_SHEETS:
        raise FileTooLarge(f"{len(values.worksheets)} > {MAX_SHEETS} sheets")
    blocks = [
        block
        for sheet in values.worksheets
        if sheet.sheet_state == "visible" and (block := _block(sheet, formulas[sheet.title])).rows
    ]
    if sum(len(line) for block in blocks for row in block.rows for cell in row for line in cell) > MAX_CHARS:
        raise FileTooLarge("text")
    overlaid = any(DRAWN_NUMBER.search(part) for name, part in package.parts.items() if DRAWING.fullmatch(name))
    return TypedFile(source, tuple(blocks), overlaid)


def _block(sheet: Worksheet, formulas: Worksheet) -> TypedBlock:
    """A sheet's rows and columns in which anything stands."""
    hidden_rows = {number for number, row in sheet.row_dimensions.items() if row.hidden}
    hidden_columns = [(column.min or 0, column.max or 0) for column in sheet.column_dimensions.values() if column.hidden]
    # Walking a sheet by its range would make every empty cell in it, a million rows of them for one stray mark.
    lines = {
        (row, column): found
        for row, column in sorted(sheet._cells)
        if row not in hidden_rows
        and not any(first <= column <= last for first, last in hidden_columns)
        and (found := _lines(sheet, formulas, row, column))
    }
    columns = sorted({column for _, column in lines})
    rows = sorted({row for row, _ in lines})
    if len(columns) * len(rows) > MAX_CELLS:
        raise FileTooLarge("cells")
    merged = _merged(sheet, rows, columns)
    # As the sheet counts its columns: what goes on in another sheet stands in the same ones.
    spans = (tuple(merged.get((row, column), (column - 1, column)) for column in columns) for row in rows)
    cells = (tuple(lines.get((row, column), ()) for column in columns) for row in rows)
    return TypedBlock(tuple(cells), ruled=True, spans=tuple(spans))


def _merged(sheet: Worksheet, rows: Sequence[int], columns: Sequence[int]) -> dict[tuple[int, int], Span]:
    """The columns over which merged cells stand, by row and column of those given; none for the cells they cover.

    Raises FileTooLarge where they cover more than a sheet can hold.
    """
    found: dict[tuple[int, int], Span] = {}
    covered = 0
    for merged in sheet.merged_cells.ranges:
        top, bottom = bisect_left(rows, merged.min_row), bisect_right(rows, merged.max_row)
        left, right = bisect_left(columns, merged.min_col), bisect_right(columns, merged.max_col)
        covered += (bottom - top) * (right - left)
        if covered > MAX_CELLS:
            raise FileTooLarge("cells")
        found |= {(row, column): (column, column) for row in rows[top:bottom] for column in columns[left:right]}
        if (merged.min_row, merged.min_col) in found:
            found[merged.min_row, merged.min_col] = merged.min_col - 1, merged.max_col
    return found


def _lines(sheet: Worksheet, formulas: Worksheet, row: int, column: int) -> TypedCell:
    cell, value = sheet._cells[row, column], sheet._cells[row, column].value
    if value is None:
        formula = formulas._cells.get((row, column))
        return (UNKNOWN,) if formula is not None and formula.data_type == "f" else ()
    if cell.data_type == "e":
        return (UNKNOWN,)
    whole = Run("", underlined=bool(cell.font.u), struck=bool(cell.font.strike))
    if isinstance(value, CellRichText):
        return runs_to_lines(_part(part, whole) for part in value)
    return runs_to_lines([whole._replace(text=_text(value))])


def _part(part: str | TextBlock, whole: Run) -> Run:
    """A stretch of a cell; what has a font of its own has nothing of the cell's."""
    if isinstance(part, str):
        return whole._replace(text=visible(part))
    font = part.font
    return Run(visible(part.text), underlined=bool(font.u), struck=bool(font.strike))


def _text(value: object) -> str:
    """A value as a sheet shows it: whole numbers without a point, days as they are written in Chinese."""
    match value:
        case bool():
            return str(value).upper()
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
        case datetime():
            day = f"{value.year}年{value.month}月{value.day}日"
            return day if value.time() == time() else f"{day} {value:%H:%M}"
        case date():
            return f"{value.year}年{value.month}月{value.day}日"
        case _:
            return visible(str(value))
