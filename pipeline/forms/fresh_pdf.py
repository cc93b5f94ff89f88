"""A form with its totals as a PDF of our own making, where there is no blank with pages to write onto."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from pipeline.collection.form_layout import TableLayout, lay_out
from pipeline.forms.figures import Filling, told_provisional
from pipeline.forms.pdf_font import chinese_font
from pipeline.forms.printed import WIDE, column_shares, header_line, table_rows
from schemas.form import Form

# Points: the margins of a document, its title and its text, and the line.
MARGIN, TITLE, TEXT, LEADING = 57.0, 18.0, 10.5, 16.0


def write_pdf(form: Form, filling: Filling, header: Mapping[str, str]) -> bytes:
    """The form with its totals, ready to be stamped; `header` are values by field key."""
    tables = lay_out(form)
    size = landscape(A4) if max(len(table.columns) for table in tables) >= WIDE else A4
    text = ParagraphStyle("text", fontName=chinese_font(), fontSize=TEXT, leading=LEADING, wordWrap="CJK")
    title = ParagraphStyle("title", text, fontSize=TITLE, leading=1.5 * TITLE, alignment=TA_CENTER)
    parts: list[Flowable] = [
        Paragraph(escape(form.title), title), Spacer(1, 8), Paragraph(escape(header_line(form, header)), text), Spacer(1, 4),
    ]  # fmt: skip
    for table in tables:
        parts += [_table(table, filling, text, size[0] - 2 * MARGIN), Spacer(1, 10)]
    if told := told_provisional(filling):
        parts.append(Paragraph(escape(told), text))
    made = BytesIO()
    SimpleDocTemplate(
        made, pagesize=size, title=form.title, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN
    ).build(parts)
    return made.getvalue()


def _table(layout: TableLayout, filling: Filling, text: ParagraphStyle, width: float) -> Table:
    centred = ParagraphStyle("centred", text, alignment=TA_CENTER)
    columns = len(layout.columns)
    rows: list[list[Paragraph | str]] = []
    spans: list[tuple[str, tuple[int, int], tuple[int, int]]] = []
    taken: set[tuple[int, int]] = set()
    for number, heads in enumerate(layout.heads):
        row: list[Paragraph | str] = [""] * columns
        column = 0
        for head in heads:
            while (number, column) in taken:
                column += 1
            row[column] = Paragraph(escape(head.words), centred)
            last = column + head.columns - 1, number + head.rows - 1
            spans.append(("SPAN", (column, number), last))
            taken |= {(number + down, column + right) for down in range(head.rows) for right in range(head.columns)}
            column += head.columns
        rows.append(row)
    for laid in layout.rows:
        for texts in table_rows(laid, filling):
            row = [""] * columns
            column = 0
            for place, words in zip(laid.places, texts, strict=True):
                row[column] = Paragraph(escape(words), text if place.sentence or columns < 3 else centred)
                if place.span > 1:
                    spans.append(("SPAN", (column, len(rows)), (column + place.span - 1, len(rows))))
                column += place.span
            rows.append(row)
    shares = column_shares(layout)
    table = Table(rows, colWidths=[width * share / sum(shares) for share in shares], repeatRows=len(layout.heads))
    table.setStyle([("GRID", (0, 0), (-1, -1), 0.7, "black"), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *spans])
    return table
