"""A typed return as an Excel file, in one of the layouts that units use."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from samples.clauses import Clause, Manner, TypedReturn
from samples.sheet_grid import save_totals, write_sheet_grid
from samples.word_file import same_times

_LINE = 24
"""Characters after which a unit goes on in the next row (layout `lines`)."""


def write_sheets(path: Path, returns: Sequence[TypedReturn], layout: str, manner: Manner, rng: np.random.Generator) -> None:
    """Write returns into an Excel file: each on a sheet of its own, or two below each other."""
    book = Workbook()
    sheet = book.worksheets[0]
    together = layout == "several" and rng.random() < 0.5
    for number, typed in enumerate(returns):
        if number and not together:
            sheet = book.create_sheet()
        row = sheet.max_row + 2 if number and together else 1
        row = _head(sheet, typed, row, layout, manner)
        if typed.grid is not None:
            write_sheet_grid(book, sheet, typed.grid, row, layout, manner, rng)
            continue
        for place, (heading, turns) in enumerate(typed.rows):
            if layout == "sheets" and place == 3:
                sheet, row = book.create_sheet(), 1
            row = _item(sheet, row, heading, turns, layout, manner, rng)
    memory = BytesIO()
    book.save(memory)
    path.write_bytes(same_times(save_totals(memory.getvalue(), returns) if layout == "formulas" else memory.getvalue()))


def _head(sheet: Worksheet, typed: TypedReturn, row: int, layout: str, manner: Manner) -> int:
    """Title, fields and column headings; gives the next row."""
    sheet.cell(row, 1, typed.title)
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=6)
    row += 1
    if layout == "header-cells":
        for place, (label, value) in enumerate(typed.fields):
            sheet.cell(row + place // 2, 1 + 2 * (place % 2), label)
            sheet.cell(row + place // 2, 2 + 2 * (place % 2), value)
        row += 2
    elif layout == "header-rows":
        for place, (label, value) in enumerate(typed.fields, 1):
            sheet.cell(row, place, label)
            sheet.cell(row + 1, place, value)
        row += 2
    else:
        for start in (0, 2):
            line = "  ".join(f"{label}{manner.colon}{value or ''}" for label, value in typed.fields[start : start + 2])
            sheet.cell(row, 1, line)
            sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=6)
            row += 1
    if typed.grid is not None:
        return row
    sheet.cell(row, 1, typed.columns[0])
    sheet.cell(row, 2, typed.columns[1])
    return row + 1


def _item(
    sheet: Worksheet,
    row: int,
    heading: str,
    turns: Sequence[Sequence[Clause]],
    layout: str,
    manner: Manner,
    rng: np.random.Generator,
) -> int:
    """An item's rows; gives the next row."""
    sheet.cell(row, 1, heading).alignment = Alignment(wrap_text=True)
    for turn in turns:
        if layout == "clauses":
            for clause in turn:
                sheet.cell(row, 2, manner.text(clause))
                row += 1
        elif layout == "pieces":
            # A number has a cell of its own, and is a number to Excel.
            column = 2
            for clause in turn:
                left, value, right = manner.parts(clause)
                number = int(value) if clause.raw is not None and value.strip().isdecimal() else value
                for part in (clause.before + left, number, right + clause.after):
                    sheet.cell(row, column, part)
                    column += 1
            row += 1
        elif layout == "lines":
            text = "".join(manner.text(clause) for clause in turn)
            for start in range(0, len(text), _LINE):
                sheet.cell(row, 2, text[start : start + _LINE])
                row += 1
        elif layout == "underlined":
            sheet.cell(row, 2).value = CellRichText(*_underlined(turn, manner, rng))
            row += 1
        else:
            sheet.cell(row, 2, "".join(manner.text(clause) for clause in turn))
            row += 1
    return row


def _underlined(turn: Sequence[Clause], manner: Manner, rng: np.random.Generator) -> list[str | TextBlock]:
    parts: list[str | TextBlock] = []
    for clause in turn:
        if not manner.lined(clause):
            parts.append(manner.text(clause))
            continue
        if rng.random() < 0.5:
            gap: list[str | TextBlock] = [f"__{clause.raw or '_'}__"]
        else:
            gap = [TextBlock(InlineFont(u="single"), f"  {clause.raw or '  '}  ")]
        parts += [clause.before, *gap, clause.after] if clause.before else [*gap, clause.after]
    return parts
