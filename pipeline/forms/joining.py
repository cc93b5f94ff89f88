"""Tables that a page end has parted, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.forms.blank import BlankTable
from pipeline.forms.fields import is_title

# What may stand between the parts of a table: page numbers, a scanner app's name, （续表）. In characters.
LONGEST_BREAK = 24


def join_tables(tables: Sequence[BlankTable]) -> list[BlankTable]:
    """Tables with those put together that a page end has parted: as many columns, and no title between them."""
    joined: list[BlankTable] = []
    for table in tables:
        if joined and _goes_on(joined[-1], table):
            joined[-1] = _append(joined[-1], table)
        else:
            joined.append(table)
    return joined


def _goes_on(first: BlankTable, second: BlankTable) -> bool:
    between = [line.text for line in (*first.below, *second.above)]
    short = sum(map(len, between)) <= LONGEST_BREAK and not any(is_title(text) for text in between)
    return first.columns == second.columns and short


def _append(first: BlankTable, second: BlankTable) -> BlankTable:
    """Both parts as one; a heading that is printed again is left out."""
    again = [cell.text for cell in first.row(0)] == [cell.text for cell in second.row(0)]
    start, shift = int(again), first.rows - int(again)
    more = tuple(replace(cell, row=cell.row + shift) for cell in second.cells if cell.row >= start)
    return BlankTable((*first.cells, *more), first.above, second.below)
