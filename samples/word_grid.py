"""A table of more than two columns of words in a Word file: merged headings, rows of cells, sentences among them."""

from __future__ import annotations

import numpy as np
from docx.table import Table, _Cell

from samples.clauses import Manner, TypedReturn
from samples.typed_grid import GridCell, GridRow
from samples.word_tables import Holder, add_table, new_cells
from samples.word_text import fill, type_value


def write_grid(holder: Holder, typed: TypedReturn, layout: str, manner: Manner, rng: np.random.Generator) -> None:
    """The table of a return, in one piece; in the layout `split` in two, the second with or without its heading."""
    grid = typed.grid
    if grid is None:
        raise ValueError("the return's table is two columns of words")
    parted = int(rng.integers(1, len(grid.body))) if layout == "split" and len(grid.body) > 1 else len(grid.body)
    table = add_table(holder, grid.columns)
    _write_rows(table, grid.heading, layout, manner, rng)
    _write_rows(table, grid.body[:parted], layout, manner, rng)
    if parted < len(grid.body):
        holder.add_paragraph("" if rng.random() < 0.5 else "（续表）")
        table = add_table(holder, grid.columns)
        if rng.random() < 0.5:
            _write_rows(table, grid.heading, layout, manner, rng)
        _write_rows(table, grid.body[parted:], layout, manner, rng)


def _write_rows(table: Table, rows: tuple[GridRow, ...], layout: str, manner: Manner, rng: np.random.Generator) -> None:
    placed = [new_cells(table) for _ in rows]
    for number, row in enumerate(rows):
        for cell in row:
            corner = placed[number][cell.first]
            far = placed[number + cell.down - 1][cell.last - 1]
            _write_cell(corner if far is corner else corner.merge(far), cell, layout, manner, rng)


def _write_cell(cell: _Cell, content: GridCell, layout: str, manner: Manner, rng: np.random.Generator) -> None:
    paragraph = cell.paragraphs[0]
    if content.text:
        paragraph.add_run(content.text)
    elif content.clauses:
        fill(paragraph, content.clauses, layout, manner, rng)
    elif content.raw is not None:
        type_value(paragraph, content.raw, layout, rng)
