"""A typed return as a Word file, in one of the layouts that units use."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import docx
import numpy as np
from docx.document import Document
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from samples.electronic import Clause, Manner, TypedReturn

Element: TypeAlias = Any
"""An XML element of python-docx, which has no types for what is put in by hand."""

Holder: TypeAlias = "Document | _Cell"

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
    elif layout not in {"header-cells", "header-rows", "below"}:
        for line in _header_lines(typed, manner, rng):
            _field_line(holder.add_paragraph(), line)
    if layout == "paragraphs":
        for heading, turns in typed.rows:
            holder.add_paragraph(heading)
            for turn in turns:
                _fill(holder.add_paragraph(), turn, layout, manner, rng)
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
        _header_rows(table, typed, layout)
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
    table = _add_table(holder, 4 if layout in {"header-cells", "header-rows"} else 2)
    table.style = "Table Grid"
    if heading and layout not in {"header-cells", "header-rows"}:
        _heading(table, typed)
    return table


def _add_table(holder: Holder, columns: int) -> Table:
    return holder.add_table(rows=0, cols=columns)


def _new_cells(table: Table) -> Sequence[_Cell]:
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]  # python-docx leaves this one without types
    return row.cells


def _heading(table: Table, typed: TypedReturn) -> None:
    cells = _new_cells(table)
    cells[0].text = typed.columns[0]
    _last(cells).text = typed.columns[1]


def _header_rows(table: Table, typed: TypedReturn, layout: str) -> None:
    """The fields in the table's first rows: beside their labels, or below them."""
    if layout == "header-rows":
        for texts in ([label for label, _ in typed.fields], [value or "" for _, value in typed.fields]):
            for cell, text in zip(_new_cells(table), texts, strict=True):
                cell.text = text
    else:
        for start in (0, 2):
            cells = _new_cells(table)
            for place, (label, value) in enumerate(typed.fields[start : start + 2]):
                cells[2 * place].text, cells[2 * place + 1].text = label, value or ""
    _heading(table, typed)


def _row(
    table: Table, heading: str, turns: Sequence[Sequence[Clause]], layout: str, manner: Manner, rng: np.random.Generator
) -> None:
    clauses = [[clause] for turn in turns for clause in turn] if layout == "clauses" else None
    first: _Cell | None = None
    for turn in [list(turns)] if clauses is None else [[one] for one in clauses]:
        cells = _new_cells(table)
        cell = _last(cells)
        if first is None:
            first = cells[0]
            first.text = heading
        else:
            first.merge(cells[0])
        for number, one in enumerate(turn):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            _fill(paragraph, one, layout, manner, rng)


def _last(cells: Sequence[_Cell]) -> _Cell:
    """A row's right cell: of a table with more columns for its fields, those on the right run together."""
    return cells[1].merge(cells[-1]) if len(cells) > 2 else cells[1]


def _fill(paragraph: Paragraph, clauses: Sequence[Clause], layout: str, manner: Manner, rng: np.random.Generator) -> None:
    """A paragraph of clauses, typed in the layout's way."""
    type_value: Callable[[Element, str, np.random.Generator], None] = {
        "changes": _changed, "controls": _controlled,
    }.get(layout, _plain)  # fmt: skip
    for clause in clauses:
        left, value, right = manner.parts(clause)
        if manner.underlined:
            paragraph.add_run(clause.before)
            _underlined(paragraph, clause.raw, rng)
            paragraph.add_run(clause.after)
            continue
        if layout == "runs":
            for piece in _pieces(manner.text(clause), rng):
                paragraph.add_run(piece).bold = bool(rng.random() < 0.2)
            continue
        paragraph.add_run(clause.before + left)
        if clause.raw is None and layout != "controls":
            paragraph.add_run(value)
        else:
            type_value(paragraph._p, value if clause.raw is not None else "", rng)
        paragraph.add_run(right + clause.after)


def _pieces(text: str, rng: np.random.Generator) -> Iterator[str]:
    """A text in runs of any length, as spelling checkers and many hands leave it."""
    start = 0
    while start < len(text):
        length = int(rng.integers(1, 9))
        yield text[start : start + length]
        start += length


def _underlined(paragraph: Paragraph, raw: str | None, rng: np.random.Generator) -> None:
    """A gap with a line beneath: drawn under spaces, or typed."""
    if rng.random() < 0.3:
        paragraph.add_run(f"__{raw or '_'}__")
        return
    for text in ("  ", raw or "  ", "  "):
        paragraph.add_run(text).underline = True


def _plain(paragraph: Element, value: str, rng: np.random.Generator) -> None:
    paragraph.append(_run(value))


def _changed(paragraph: Element, value: str, rng: np.random.Generator) -> None:
    """A value put in while changes were tracked, often in place of another one that is still in the file."""
    if rng.random() < 0.6:
        gone = _marked("w:del")
        gone.append(_run(str(rng.integers(1, 999)), "w:delText"))
        paragraph.append(gone)
    put = _marked("w:ins")
    put.append(_run(value))
    paragraph.append(put)


def _marked(tag: str) -> Element:
    element = OxmlElement(tag)
    for name, value in (("w:id", "1"), ("w:author", "填报人"), ("w:date", "2026-06-25T09:00:00Z")):
        element.set(qn(name), value)
    return element


def _controlled(paragraph: Element, value: str, rng: np.random.Generator) -> None:
    """A content control, or a form field of older Word; one in which nobody has written shows its own prompt."""
    if rng.random() < 0.5:
        control, properties, content = (OxmlElement(tag) for tag in ("w:sdt", "w:sdtPr", "w:sdtContent"))
        if not value:
            properties.append(OxmlElement("w:showingPlcHdr"))
        content.append(_run(value or "单击或点击此处输入文字。"))
        control.append(properties)
        control.append(content)
        paragraph.append(control)
        return
    for part in ("begin", " FORMTEXT ", "separate", value or "\u2002" * 5, "end"):
        if part in {"begin", "separate", "end"}:
            run, mark = _run(""), OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), part)
            run.append(mark)
            paragraph.append(run)
        else:
            paragraph.append(_run(part, "w:instrText" if "FORMTEXT" in part else "w:t"))


def _run(text: str, tag: str = "w:t") -> Element:
    run, element = OxmlElement("w:r"), OxmlElement(tag)
    element.text = text
    element.set(qn("xml:space"), "preserve")
    run.append(element)
    return run


def _box(document: Document, lines: Sequence[str]) -> None:
    """Lines in a text box, said twice as Word does: for itself and for older programs."""
    paragraphs = "".join(f"<w:p><w:r><w:t xml:space='preserve'>{line}</w:t></w:r></w:p>" for line in lines)
    document.add_paragraph()._p.append(parse_xml(_BOX.format(nsdecls("w"), paragraphs)))
