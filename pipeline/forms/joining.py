"""Tables that a page end has parted, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.forms.blank import BlankLine, BlankTable
from pipeline.forms.fields import field_rows, is_title

# What may stand between the parts of a table: page numbers, a scanner app's name, （续表）. In characters.
LONGEST_BREAK = 24


def join_tables(tables: Sequence[BlankTable]) -> list[BlankTable]:
    """Tables with those put together that a page end has parted: as many columns, and no title between them.

    A table of nothing but fields and room for them is part of the lines above the next one.
    """
    joined: list[BlankTable] = []
    for table in _without_fields(tables):
        if joined and _goes_on(joined[-1], table):
            joined[-1] = _append(joined[-1], table)
        else:
            joined.append(table)
    return joined


def _without_fields(tables: Sequence[BlankTable]) -> list[BlankTable]:
    kept: list[BlankTable] = []
    above: tuple[BlankLine, ...] = ()
    for table in tables:
        labels, rows = field_rows(table)
        if len(rows) < table.rows:
            kept.append(replace(table, above=(*above, *table.above)))
            above = ()
        elif kept and table is tables[-1]:
            kept[-1] = replace(kept[-1], below=(*kept[-1].below, BlankLine(" ".join(labels)), *table.below))
        else:
            above = (*above, *table.above, BlankLine(" ".join(labels)))
    return kept


def _goes_on(first: BlankTable, second: BlankTable) -> bool:
    between = [line.text for line in (*first.below, *second.above)]
    short = sum(map(len, between)) <= LONGEST_BREAK and not any(is_title(text) for text in between)
    return first.columns == second.columns and short


def _append(first: BlankTable, second: BlankTable) -> BlankTable:
    """Both parts as one; headings that are printed again are left out."""
    start = 0
    while start < min(first.rows, second.rows) and _texts(first, start) == _texts(second, start):
        start += 1
    shift = first.rows - start
    more = tuple(replace(cell, row=cell.row + shift) for cell in second.cells if cell.row >= start)
    return BlankTable((*first.cells, *more), first.above, second.below)


def _texts(table: BlankTable, row: int) -> list[str]:
    return [cell.text for cell in table.row(row)]
