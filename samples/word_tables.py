"""Tables of python-docx, one row after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from docx.document import Document
from docx.table import Table, _Cell, _Row

Holder: TypeAlias = "Document | _Cell"
"""What may hold a table: the page, or a cell."""


def add_table(holder: Holder, columns: int) -> Table:
    """A ruled table without rows."""
    table = holder.add_table(rows=0, cols=columns)
    table.style = "Table Grid"
    return table


def new_cells(table: Table) -> Sequence[_Cell]:
    """A new row's cells."""
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]  # python-docx leaves this one without types
    return row.cells
