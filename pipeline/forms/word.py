"""A Word file's tables as blank tables, and the cells of them, for what is later written into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any, TypeAlias

import docx
from docx.document import Document
from docx.oxml.ns import qn

from extractors.package import open_package
from extractors.runs import Run, runs_to_lines
from extractors.typed import told_plainly
from pipeline.forms.blank import BlankCell, BlankLine, BlankTable
from pipeline.forms.spelling import spell

Element: TypeAlias = Any
"""An lxml element; the library has no types."""


@dataclass(frozen=True, eq=False)
class WordCell:
    """A cell of a Word table, its place in the grid, and its element."""

    row: int
    column: int
    row_span: int
    column_span: int
    element: Element


@dataclass(frozen=True, eq=False)
class WordTable:
    """A Word table's cells, and the paragraphs above and below it up to the next table."""

    cells: tuple[WordCell, ...]
    above: tuple[Element, ...]
    below: tuple[Element, ...]


def open_word(data: bytes) -> Document:
    """A Word file whose parts have been looked through first. Raises UnreadableFile, EncryptedFile, FileTooLarge."""
    with told_plainly():
        open_package(data)
        return docx.Document(BytesIO(data))


def word_tables(document: Document) -> list[WordTable]:
    """Every table, in reading order; a table within a cell stands for itself."""
    found: list[WordTable] = []
    loose: list[Element] = []
    pending: Element | None = None
    above: list[Element] = []
    for child in _flat(document.element.body):
        if child.tag == qn("w:tbl"):
            if pending is not None:
                found.append(WordTable(tuple(_cells(pending)), tuple(above), tuple(loose)))
            pending, above, loose = child, loose, []
        else:
            loose.append(child)
    if pending is not None:
        found.append(WordTable(tuple(_cells(pending)), tuple(above), tuple(loose)))
    return found


def word_to_blanks(data: bytes) -> list[BlankTable]:
    """The tables of a Word file, blank. Raises as `open_word`."""
    return tables_to_blanks(word_tables(open_word(data)))


def tables_to_blanks(tables: Sequence[WordTable]) -> list[BlankTable]:
    """Word tables as blank ones; cells are numbered through all of them."""
    numbers = count()
    return [
        BlankTable(
            tuple(
                BlankCell(cell.row, cell.column, cell.row_span, cell.column_span, tuple(_lines(cell.element)), next(numbers))
                for cell in table.cells
            ),
            tuple(line for paragraph in table.above for line in paragraph_lines(paragraph)),
            tuple(line for paragraph in table.below for line in paragraph_lines(paragraph)),
        )
        for table in tables
    ]


def cell_paragraphs(cell: Element) -> Iterator[Element]:
    """The paragraphs of a cell, those of tables within it left out."""
    for child in cell.iterchildren():
        if child.tag == qn("w:p"):
            yield child
        elif child.tag == qn("w:sdt"):
            yield from (paragraph for content in child.iterchildren(qn("w:sdtContent")) for paragraph in content)


def paragraph_lines(paragraph: Element) -> tuple[BlankLine, ...]:
    """A paragraph's printed lines."""
    runs = (
        Run(_run_text(run), underlined=_underlined(run))
        for run in paragraph.iter(qn("w:r"))
        if run.find(f"{qn('w:rPr')}/{qn('w:vanish')}") is None
    )
    return tuple(BlankLine(text) for line in runs_to_lines(runs) if (text := spell(line)))


def _flat(body: Element) -> Iterator[Element]:
    """Paragraphs and tables in reading order; a table whose cells hold tables is taken apart."""
    for child in body.iterchildren():
        if child.tag == qn("w:p"):
            yield child
        elif child.tag == qn("w:tbl"):
            if next(child.iterdescendants(qn("w:tbl")), None) is None:
                yield child
                continue
            for cell in child.iterchildren(qn("w:tr")):
                for inner in cell.iterchildren(qn("w:tc")):
                    yield from _flat(inner)
        elif child.tag in {qn("w:sdt"), qn("w:sdtContent")}:
            yield from _flat(child)


def _cells(table: Element) -> Iterator[WordCell]:
    """The cells with their place in the grid, those merged downwards as one."""
    open_cells: dict[int, int] = {}
    found: list[WordCell] = []
    for row, line in enumerate(table.iterchildren(qn("w:tr"))):
        column = _skipped(line)
        for cell in line.iterchildren(qn("w:tc")):
            span = int(cell.grid_span)
            merged = cell.vMerge
            if merged == "continue" and column in open_cells:
                place = open_cells[column]
                head = found[place]
                found[place] = WordCell(head.row, head.column, row - head.row + 1, head.column_span, head.element)
            else:
                open_cells[column] = len(found)
                found.append(WordCell(row, column, 1, span, cell))
            column += span
    return iter(found)


def _skipped(row: Element) -> int:
    """Columns that a row leaves out at its beginning."""
    mark = row.find(f"{qn('w:trPr')}/{qn('w:gridBefore')}")
    return int(mark.get(qn("w:val"), 0)) if mark is not None else 0


def _lines(cell: Element) -> Iterator[BlankLine]:
    for paragraph in cell_paragraphs(cell):
        yield from paragraph_lines(paragraph)


def _run_text(run: Element) -> str:
    signs = {qn("w:tab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:sym"): "□"}
    return "".join((child.text or "") if child.tag == qn("w:t") else signs.get(child.tag, "") for child in run)


def _underlined(run: Element) -> bool:
    mark = run.find(f"{qn('w:rPr')}/{qn('w:u')}")
    return mark is not None and mark.get(qn("w:val"), "single") != "none"
