"""The workbook put together, and its bytes made the same for the same input."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml.etree import LxmlError
from openpyxl import Workbook
from openpyxl.styles.cell_style import StyleArray

from pipeline.collection.form_layout import is_listed, lay_out
from pipeline.collection.ledger import Ledger
from pipeline.collection.totals import Total
from pipeline.collection.workbook.cells import Look, Paper, clean_text
from pipeline.collection.workbook.figures_sheet import figures_sheet
from pipeline.collection.workbook.lists_sheet import list_sheet
from pipeline.collection.workbook.names import FORM, SOURCES
from pipeline.collection.workbook.sources_sheet import aside_sheet, source_rows, sources_sheet
from pipeline.collection.workbook.totals_sheet import form_sheet
from pipeline.collection.workbook.units_sheet import parents_sheet, units_sheet
from schemas.form import Form

# The earliest moment that a zip file can tell.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)

# Where openpyxl writes the moment of saving, and nothing turns that off.
PROPERTIES = "docProps/core.xml"
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def workbook_bytes(ledger: Ledger, totals: Sequence[Total], form: Form, as_of: date) -> bytes:
    """The whole workbook as a file: the same bytes for the same values."""
    book = Workbook()
    links = {path: f"'{SOURCES}'!A{row}" for path, row in source_rows(totals).items()}
    book.remove(book.worksheets[0])
    looks: dict[Look, StyleArray] = {}

    def paper(title: str) -> Paper:
        return Paper(book.create_sheet(title), looks)

    for number, layout in enumerate(lay_out(form), 1):
        form_sheet(paper(FORM if number == 1 else f"{FORM}{number}"), ledger, totals, form, layout, as_of, links)
    figures_sheet(paper("合计明细"), totals, form, links)
    units_sheet(paper("各单位"), ledger, totals, form)
    by_path = {total.slot.path: total for total in totals}
    for number, item in enumerate(filter(is_listed, form.items), 1):
        list_sheet(paper("明细" if number == 1 else f"明细{number}"), ledger, by_path, item)
    if ledger.parents:
        parents_sheet(paper("分上级"), ledger)
    sources_sheet(paper(SOURCES), totals, f"'{FORM}'!A1")
    aside_sheet(paper("其他来件"), ledger, form)
    book.properties.creator = "Kuohao"
    book.properties.title = clean_text(f"{ledger.collection.name} {form.title}")
    book.properties.created = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC).replace(tzinfo=None)
    saved = BytesIO()
    try:
        book.save(saved)
    except LxmlError as error:
        # Sheets are drafted in temporary files, and of those lxml, which openpyxl writes with, tells no more than this.
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from error
    return _without_clock(saved.getvalue(), as_of)


def _without_clock(data: bytes, as_of: date) -> bytes:
    """The same parts in a fixed order, stamped with a fixed time."""
    stamp = rf"\g<1>{as_of.isoformat()}T00:00:00Z\g<2>".encode()
    frozen = BytesIO()
    with ZipFile(BytesIO(data)) as parts, ZipFile(frozen, "w", ZIP_DEFLATED) as zipped:
        # [Content_Types].xml comes first by its name too, where some programs look for it.
        for name in sorted(parts.namelist()):
            part = parts.read(name)
            info = ZipInfo(name, ZIP_TIME)
            info.compress_type = ZIP_DEFLATED
            zipped.writestr(info, MODIFIED.sub(stamp, part) if name == PROPERTIES else part)
    return frozen.getvalue()
