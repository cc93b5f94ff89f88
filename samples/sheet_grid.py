"""A table of more than two columns of words in an Excel file: merged headings, text or numbers and days in cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO

import numpy as np
from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.worksheet.worksheet import Worksheet

from samples.clauses import Manner, TypedReturn, clauses_text
from samples.typed_grid import Grid, GridCell, GridRow
from schemas.values import is_number

_FORMATS = ("0.00", "#,##0.00", "General")
_DAYS = ("yyyy-mm-dd", 'yyyy"年"m"月"d"日"', "yyyy/m/d")

_UNSAVED = re.compile(rb"(<f>[^<]*?(-?[0-9.]+)\*1</f>)(?:<v\s*/>|<v></v>)")
"""A formula in which the value that a program would have saved stands as a factor of one."""


def write_sheet_grid(
    book: Workbook, sheet: Worksheet, grid: Grid, row: int, layout: str, manner: Manner, rng: np.random.Generator
) -> None:
    """The table from a row down; in the layout `sheets` it goes on on another sheet."""
    for heading in grid.heading:
        _write_row(sheet, row, heading, layout, manner, rng)
        row += 1
    parted = int(rng.integers(1, len(grid.body))) if layout == "sheets" and len(grid.body) > 1 else len(grid.body)
    for place, cells in enumerate(grid.body):
        if place == parted:
            sheet, row = book.create_sheet(), 1
        _write_row(sheet, row, cells, layout, manner, rng)
        row += 1


def _write_row(sheet: Worksheet, row: int, cells: GridRow, layout: str, manner: Manner, rng: np.random.Generator) -> None:
    for content in cells:
        cell = sheet.cell(row, content.first + 1)
        _write_cell(cell, content, layout, manner, rng)
        if content.last - content.first > 1 or content.down > 1:
            sheet.merge_cells(
                start_row=row, start_column=content.first + 1, end_row=row + content.down - 1, end_column=content.last
            )


def _write_cell(cell: Cell | MergedCell, content: GridCell, layout: str, manner: Manner, rng: np.random.Generator) -> None:
    if content.text:
        cell.value = content.text
    elif content.clauses:
        cell.value = clauses_text(content.clauses, manner)
    elif content.raw is None:
        return
    elif layout not in {"numbers", "formulas"}:
        cell.value = content.raw
    elif is_number(content.value):
        cell.value = content.value
        if isinstance(content.value, Decimal):
            cell.number_format = _FORMATS[int(rng.integers(len(_FORMATS)))]
        if layout == "formulas" and rng.random() < 0.2:
            cell.value = f"=0+{content.value}*1"
    else:
        _write_words(cell, content, rng)


def _write_words(cell: Cell | MergedCell, content: GridCell, rng: np.random.Generator) -> None:
    """Words, or a day that the program knows for one."""
    value = str(content.value)
    if re.fullmatch(r"20\d\d-\d\d-\d\d", value):
        cell.value = date.fromisoformat(value)
        cell.number_format = _DAYS[int(rng.integers(len(_DAYS)))]
    else:
        cell.value = content.raw


def save_totals(data: bytes, returns: Sequence[TypedReturn]) -> bytes:
    """The file with its formulas' values saved, as a spreadsheet program does and the library cannot."""
    memory = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                content = _UNSAVED.sub(
                    lambda found: (found[1] or found[3]) + b"<v>" + (found[2] or found[4]) + b"</v>", content
                )
            new.writestr(entry, content)
    return memory.getvalue()
