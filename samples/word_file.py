"""A typed return as a Word file, in one of the layouts that units use."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import docx
import numpy as np
from docx.document import Document
from docx.enum.text import WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from samples.clauses import Clause, Manner, TypedReturn
from samples.word_grid import write_grid
from samples.word_tables import Holder, add_table, new_cells
from samples.word_text import fill

_WHEN = (2026, 6, 25, 9, 0, 0)
"""Every part's time, so that the same seed makes the same bytes."""

_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*<")
"""When a program says that it made or saved a file."""

_BOX = (
    '<w:r {0}><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<mc:Choice Requires="wps"><w:drawing><wps:wsp xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">'
    "<wps:txbx><w:txbxContent>{1}</w:txbxContent></wps:txbx></wps:wsp></w:drawing></mc:Choice>"
    '<mc:Fallback><w:pict><v:textbox xmlns:v="urn:schemas-microsoft-com:vml"><w:txbxContent>{1}</w:txbxContent></v:textbox>'
    "</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
)


def write_word(path: Path, returns: Sequence[TypedReturn], layout: str, manner: Manner, rng: np.random.Generator) -> None:
    """Write returns one behind the other into a Word file."""
    document = docx.Document()
    for number, typed in enumerate(returns):
        if number:
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        _write_return(document, typed, layout, manner, rng)
    memory = BytesIO()
    document.save(memory)
    path.write_bytes(same_times(memory.getvalue()))


def same_times(data: bytes) -> bytes:
    """An Office package with one time for all its parts."""
    memory = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = _TIMES.sub(rb"\g<1>2026-06-25T09:00:00Z<", old.read(entry))
            new.writestr(zipfile.ZipInfo(entry.filename, _WHEN), content, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


def _write_return(document: Document, typed: TypedReturn, layout: str, manner: Manner, rng: np.random.Generator) -> None:
    holder: Holder = document
    if layout == "nested":
        outer = document.add_table(rows=1, cols=1)
        outer.style = "Table Grid"
        holder = outer.rows[0].cells[0]
    holder.add_paragraph(typed.title)
    if layout == "boxes":
        _box(document, _header_lines(typed, manner, rng))
    elif layout in {"header-cells", "header-rows"} and typed.grid is not None:
        table = add_table(holder, 4)
        _field_rows(table, typed, layout)
        holder.add_paragraph("")
    elif layout not in {"header-cells", "header-rows", "below"}:
        for line in _header_lines(typed, manner, rng):
            _field_line(holder.add_paragraph(), line)
    if layout == "paragraphs":
        for heading, turns in typed.rows:
            holder.add_paragraph(heading)
            for turn in turns:
                fill(holder.add_paragraph(), turn, layout, manner, rng)
    elif typed.grid is not None:
        write_grid(holder, typed, layout, manner, rng)
    else:
        _write_tables(holder, typed, layout, manner, rng)
    if layout == "below":
        for line in _header_lines(typed, manner, rng):
            _field_line(document.add_paragraph(), line)
    holder.add_paragraph("")


def _header_lines(typed: TypedReturn, manner: Manner, rng: np.random.Generator) -> list[str]:
    """The fields on one line, on two or on four; a field that nobody filled in has its line or nothing."""
    fields = [f"{label}{manner.colon}{value or _nothing(rng)}" for label, value in typed.fields]
    lines = int(rng.choice([1, 2, 4]))
    size = -(-len(fields) // lines)
    gap = ("  ", "\t", "\u3000")[int(rng.integers(3))]
    return [gap.join(fields[start : start + size]) for start in range(0, len(fields), size)]


def _nothing(rng: np.random.Generator) -> str:
    return ("", "    ", "______")[int(rng.integers(3))]


def _field_line(paragraph: Paragraph, line: str) -> None:
    for number, piece in enumerate(line.split("\t")):
        run = paragraph.add_run("\t" if number else "")
        run.add_text(piece)


def _write_tables(holder: Holder, typed: TypedReturn, layout: str, manner: Manner, rng: np.random.Generator) -> None:
    """The table, in one piece or in two."""
    parted = int(rng.integers(2, 6)) if layout in {"split", "cut"} else len(typed.rows)
    table = _new_table(holder, typed, layout, heading=True)
    if layout in {"header-cells", "header-rows"}:
        _field_rows(table, typed, layout)
        _heading(table, typed)
    for number, (printed, turns) in enumerate(typed.rows):
        heading, first, rest = printed, turns, turns[:0]
        if number == parted:
            if layout == "cut" and len(turns[0]) > 2:
                # The page end goes through the row.
                middle = int(rng.integers(1, len(turns[0])))
                _row(table, heading, (turns[0][:middle],), layout, manner, rng)
                first, rest = (turns[0][middle:],), turns[1:]
                heading = ""
            holder.add_paragraph("" if rng.random() < 0.5 else "（续表）")
            table = _new_table(holder, typed, layout, heading=bool(rng.random() < 0.5))
        _row(table, heading, first, layout, manner, rng)
        for turn in rest:
            _row(table, "", (turn,), layout, manner, rng)


def _new_table(holder: Holder, typed: TypedReturn, layout: str, *, heading: bool) -> Table:
    table = add_table(holder, 4 if layout in {"header-cells", "header-rows"} else 2)
    if heading and layout not in {"header-cells", "header-rows"}:
        _heading(table, typed)
    return table


def _heading(table: Table, typed: TypedReturn) -> None:
    cells = new_cells(table)
    cells[0].text = typed.columns[0]
    _last(cells).text = typed.columns[1]


def _field_rows(table: Table, typed: TypedReturn, layout: str) -> None:
    """The fields in a table's rows: beside their labels, or below them."""
    if layout == "header-rows":
        for texts in ([label for label, _ in typed.fields], [value or "" for _, value in typed.fields]):
            for cell, text in zip(new_cells(table), texts, strict=True):
                cell.text = text
    else:
        for start in (0, 2):
            cells = new_cells(table)
            for place, (label, value) in enumerate(typed.fields[start : start + 2]):
                cells[2 * place].text, cells[2 * place + 1].text = label, value or ""


def _row(
    table: Table, heading: str, turns: Sequence[Sequence[Clause]], layout: str, manner: Manner, rng: np.random.Generator
) -> None:
    clauses = [[clause] for turn in turns for clause in turn] if layout == "clauses" else None
    first: _Cell | None = None
    for turn in [list(turns)] if clauses is None else [[one] for one in clauses]:
        cells = new_cells(table)
        cell = _last(cells)
        if first is None:
            first = cells[0]
            first.text = heading
        else:
            first.merge(cells[0])
        for number, one in enumerate(turn):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            fill(paragraph, one, layout, manner, rng)


def _last(cells: Sequence[_Cell]) -> _Cell:
    """A row's right cell: of a table with more columns for its fields, those on the right run together."""
    return cells[1].merge(cells[-1]) if len(cells) > 2 else cells[1]


def _box(document: Document, lines: Sequence[str]) -> None:
    """Lines in a text box, said twice as Word does: for itself and for older programs."""
    paragraphs = "".join(f"<w:p><w:r><w:t xml:space='preserve'>{line}</w:t></w:r></w:p>" for line in lines)
    document.add_paragraph()._p.append(parse_xml(_BOX.format(nsdecls("w"), paragraphs)))
