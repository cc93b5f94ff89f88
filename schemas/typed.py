"""What stands in a file that was never on paper: paragraphs and tables, as text, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

STRUCK = "\ufdd0"
"""Stands where words were that the writer has struck through: a noncharacter, which no file means."""

UNKNOWN = "\ufdd1"
"""Stands for something that is shown and cannot be known: a formula without its value, a symbol of an unknown font."""

TypedCell: TypeAlias = tuple[str, ...]
"""A cell's lines, none for an empty cell. A gap with a line beneath it is spelled with underscores."""

TypedRow: TypeAlias = tuple[TypedCell, ...]
"""A row's cells from left to right."""


Span: TypeAlias = tuple[int, int]
"""The columns that a cell stands over, half-open; none where a merged cell covers it."""


@dataclass(frozen=True)
class TypedBlock:
    """A table's rows, or (not `ruled`) the paragraphs between two tables, each a row of one cell.

    The rows of a table within a cell stand behind the row that holds it. `spans` are those of each row's cells, where cells
    may be merged.
    """

    rows: tuple[TypedRow, ...]
    ruled: bool
    spans: tuple[tuple[Span, ...], ...] = ()

    def spans_of(self, row: int) -> tuple[Span, ...]:
        """The columns that a row's cells stand over."""
        return self.spans[row] if self.spans else tuple((place, place + 1) for place in range(len(self.rows[row])))


@dataclass(frozen=True)
class TypedFile:
    """A file's blocks. `overlaid` tells of writing over them whose place nobody knows: ink, numbers in boxes."""

    source: Path
    blocks: tuple[TypedBlock, ...]
    overlaid: bool = False
