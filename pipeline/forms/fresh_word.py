"""A form with its totals as a Word file of our own making, where there is no Word blank to write into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from pipeline.collection.form_layout import TableLayout, lay_out
from pipeline.forms.figures import Filling, told_provisional
from pipeline.forms.printed import WIDE, column_shares, header_line, table_rows
from schemas.form import Form

# Fonts by the names that Word and WPS know: documents are set in them.
SONG, TITLE_POINTS, TEXT_POINTS = "宋体", 18, 11


def write_word(form: Form, filling: Filling, header: Mapping[str, str]) -> bytes:
    """The form with its totals, ready to be stamped; `header` are values by field key."""
    document = docx.Document()
    tables = lay_out(form)
    _set_up(document, wide=max(len(table.columns) for table in tables) >= WIDE)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(title, form.title, size=TITLE_POINTS, bold=True)
    _write(document.add_paragraph(), header_line(form, header))
    for table in tables:
        _add_table(document, table, filling)
    if told := told_provisional(filling):
        _write(document.add_paragraph(), told)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def _set_up(document: Document, *, wide: bool) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = (Cm(29.7), Cm(21)) if wide else (Cm(21), Cm(29.7))
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)
    style = document.styles["Normal"]
    style.font.name, style.font.size = SONG, Pt(TEXT_POINTS)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), SONG)


def _add_table(document: Document, layout: TableLayout, filling: Filling) -> None:
    table = document.add_table(rows=0, cols=len(layout.columns))
    table.style = "Table Grid"
    section = document.sections[0]
    width = (section.page_width or Cm(21)) - (section.left_margin or Cm(2)) - (section.right_margin or Cm(2))
    shares = column_shares(layout)
    table.autofit = False
    for column, share in zip(table.columns, shares, strict=True):
        column.width = Emu(round(width * share / sum(shares)))
    _add_heads(table, layout)
    for laid in layout.rows:
        for texts in table_rows(laid, filling):
            cells = _new_row(table)
            column = 0
            for place, text in zip(laid.places, texts, strict=True):
                cell = cells[column] if place.span == 1 else cells[column].merge(cells[column + place.span - 1])
                centred = not place.sentence and bool(place.cells or len(layout.columns) > 2)
                _write(cell.paragraphs[0], text, centred=centred)
                column += place.span


def _add_heads(table: Table, layout: TableLayout) -> None:
    """The columns' headings, in one row or two."""
    rows = [_new_row(table) for _ in layout.heads]
    taken: set[tuple[int, int]] = set()
    for row, heads in enumerate(layout.heads):
        column = 0
        for head in heads:
            while (row, column) in taken:
                column += 1
            corner = rows[row + head.rows - 1][column + head.columns - 1]
            cell = rows[row][column] if (head.rows, head.columns) == (1, 1) else rows[row][column].merge(corner)
            _write(cell.paragraphs[0], head.words, bold=True, centred=True)
            taken |= {(row + down, column + right) for down in range(head.rows) for right in range(head.columns)}
            column += head.columns


def _new_row(table: Table) -> Sequence[_Cell]:
    row = table.add_row()  # type: ignore[no-untyped-call]  # python-docx leaves this one without types
    cells: Sequence[_Cell] = row.cells
    return cells


def _write(paragraph: Paragraph, text: str, *, size: int = TEXT_POINTS, bold: bool = False, centred: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(size), bold
    run.font.name = SONG
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), SONG)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
