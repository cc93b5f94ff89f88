"""A blank table as it stands in a file: cells with their printed lines, and the lines above and below it.

Word, Excel, text layers and pixels all come to this one shape, so that the rest is one path.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.flow import Box


@dataclass(frozen=True)
class BlankLine:
    """A printed line, spelled as forms spell it (see `pipeline.forms.spelling`); a wide gap is one space.

    `ends` tells that a paragraph ends with it: the next line is no mere continuation. `unsure` are the printed characters
    that a recogniser was not sure of, each with the words around it. `chars` are what stands on a line above or below a
    table of a file with pages, one by one, each with its page and box (fractions of it).
    """

    text: str
    ends: bool = True
    unsure: tuple[str, ...] = ()
    chars: tuple[tuple[str, int, Box], ...] = ()


@dataclass(frozen=True)
class BlankCell:
    """A cell of a blank table, rows and columns counted from 0.

    `number` is its place among all cells of its file, by which what is written into the blank finds it; `spot` are page and
    box (fractions of it), where the file has pages.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    lines: tuple[BlankLine, ...]
    number: int = -1
    spot: tuple[int, Box] | None = None

    @property
    def text(self) -> str:
        """What is printed in it; a line feed where a paragraph ends."""
        return "".join(f"{line.text}\n" if line.ends else line.text for line in self.lines).strip()


@dataclass(frozen=True)
class BlankTable:
    """A table with the lines above it (after the table before it) and below it, from top to bottom."""

    cells: tuple[BlankCell, ...]
    above: tuple[BlankLine, ...] = ()
    below: tuple[BlankLine, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return max((cell.row + cell.row_span for cell in self.cells), default=0)

    @property
    def columns(self) -> int:
        """How many columns it has, the finest rows counted."""
        return max((cell.column + cell.column_span for cell in self.cells), default=0)

    def row(self, number: int) -> tuple[BlankCell, ...]:
        """The cells that stand in a row, those included that reach into it from above, from left to right."""
        found = [cell for cell in self.cells if cell.row <= number < cell.row + cell.row_span]
        return tuple(sorted(found, key=lambda cell: cell.column))


def compact(table: BlankTable) -> BlankTable:
    """The table with columns and rows counted by where cells begin: no row or column in which none does.

    Of several cells in one place, as a doubled rule makes them, the one with most words stays.
    """
    places: dict[tuple[int, int], BlankCell] = {}
    for cell in table.cells:
        other = places.setdefault((cell.row, cell.column), cell)
        if len(cell.text) > len(other.text):
            places[cell.row, cell.column] = cell
    table = replace(table, cells=tuple(places.values()))
    rows, columns = (sorted({getattr(cell, side) for cell in table.cells}) for side in ("row", "column"))
    cells = tuple(
        replace(
            cell,
            row=rows.index(cell.row),
            column=columns.index(cell.column),
            row_span=sum(cell.row <= row < cell.row + cell.row_span for row in rows),
            column_span=sum(cell.column <= column < cell.column + cell.column_span for column in columns),
        )
        for cell in table.cells
    )
    return replace(table, cells=cells)
