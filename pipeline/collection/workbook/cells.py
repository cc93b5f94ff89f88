"""Cells as an official expects them: 宋体, ruled, wrapped, wide enough, and never a formula."""

from __future__ import annotations

import re
import unicodedata
from copy import copy
from dataclasses import dataclass
from math import ceil

from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.whole import FORMULA_STARTS, printable
from schemas.values import Value

# The typeface of documents; every Chinese Windows and WPS has it.
FONT = "宋体"

# Points that a line of 11-point 宋体 takes in a row, and what a row has besides.
LINE, BESIDES = 14.5, 4.0

# Code points that XML forbids besides control characters.
NO_CHARACTERS = re.compile("[\ufffe\uffff]")

# More than this Excel does not take in one cell.
LONGEST_TEXT = 32_767

# A row with less than this looks squeezed.
LOWEST_ROW = 20.0

# Rows are no higher than this in Excel.
HIGHEST_ROW = 409.0

WHOLE_NUMBER = "#,##0"

YELLOW, GREY, RED, BLUE = "FFF2CC", "EDEDED", "C00000", "1F4E9A"

# A4 as OOXML numbers it.
A4 = 9


@dataclass(frozen=True)
class Look:
    """How a cell looks."""

    bold: bool = False
    size: float = 11.0
    colour: str = "000000"
    fill: str = ""
    across: str = "left"
    down: str = "center"
    sides: str = "ltrb"
    number: str = "General"


@dataclass(frozen=True, eq=False)
class Paper:
    """A sheet, and the looks that its workbook has met: openpyxl takes long over each new one, and there are few."""

    sheet: Worksheet
    looks: dict[Look, StyleArray]

    def dress(self, cell: Cell, look: Look) -> None:
        """Give a cell its look."""
        if look not in self.looks:
            left, right, top, bottom = (Side(style="thin") if side in look.sides else Side() for side in "lrtb")
            # Text that touches its rule is hard to read.
            indent = 1 if look.across == "left" and look.sides else 0
            cell.font = Font(name=FONT, bold=look.bold, size=look.size, color=look.colour)
            cell.alignment = Alignment(horizontal=look.across, vertical=look.down, wrap_text=True, indent=indent)
            cell.border = Border(left=left, right=right, top=top, bottom=bottom)
            cell.fill = PatternFill("solid", start_color=look.fill, end_color=look.fill) if look.fill else PatternFill()
            cell.number_format = look.number
            self.looks[look] = cell._style  # type: ignore[attr-defined]  # the stubs leave it out
        cell._style = copy(self.looks[look])  # type: ignore[attr-defined]


PLAIN = Look()
BARE = Look(sides="")
CENTRED = Look(across="center")
HEADING = Look(bold=True, across="center", fill=GREY)
NUMBER = Look(across="right", number=WHOLE_NUMBER)


def number_format(decimals: int = 0, behind: str = "") -> str:
    """How Excel shows a number: thousands in groups, so many decimals, words behind it that are no part of its value."""
    return WHOLE_NUMBER + (f".{'0' * decimals}" if decimals else "") + (f'"{behind}"' if behind else "")


def put(paper: Paper, row: int, column: int, value: Value, look: Look = PLAIN, *, link: str = "", tip: str = "") -> None:
    """Fill a cell. Text is text, whatever it begins with; `link` is a place in this workbook, 'sheet'!A1."""
    cell = paper.sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        # Hidden under its neighbour.
        return
    if isinstance(value, str):
        text = clean_text(value)
        cell.value = text
        # Not "f" for what begins with =, nor "e" for #N/A.
        cell.data_type = "s"
    elif value is not None:
        cell.value = value
    paper.dress(cell, look)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        # Nor does it become a formula when a person edits the cell.
        cell.quotePrefix = True
    if link:
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=link, tooltip=tip or None)


def merge(paper: Paper, top: int, left: int, bottom: int, right: int, value: Value, look: Look = PLAIN) -> None:
    """Fill a block of cells as one."""
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            put(paper, row, column, value if (row, column) == (top, left) else None, look)
    if (top, left) != (bottom, right):
        paper.sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)


def clean_text(text: str) -> str:
    """Text that a workbook can hold: no control characters, no more than fits."""
    return NO_CHARACTERS.sub(" ", ILLEGAL_CHARACTERS_RE.sub(" ", printable(text)))[:LONGEST_TEXT]


def widths(paper: Paper, *columns: float) -> None:
    """Widths of the columns from the first, in characters of which a Chinese one takes two."""
    for number, width in enumerate(columns, 1):
        paper.sheet.column_dimensions[get_column_letter(number)].width = width


def fit_row(paper: Paper, row: int, *texts: tuple[str, float], size: float = 11.0) -> None:
    """Make a row as high as its texts need, each in the width of its column."""
    paper.sheet.row_dimensions[row].height = row_height(*texts, size=size)


def row_height(*texts: tuple[str, float], size: float = 11.0) -> float:
    """Points that texts need, each in the width of its column."""
    lines = max((_lines(text, width * 11.0 / size) for text, width in texts), default=1)
    return min(max(lines * LINE * size / 11.0 + BESIDES, LOWEST_ROW), HIGHEST_ROW)


def page_set_up(
    paper: Paper, *, wide: bool, rows: str = "", columns: str = "", fit: bool = True, one_page: bool = False
) -> None:
    """A4, narrow margins, heading rows and columns again on every page, and its number at the foot."""
    sheet = paper.sheet
    sheet.page_setup.paperSize = A4
    sheet.page_setup.orientation = "landscape" if wide else "portrait"
    if fit:
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, int(one_page)
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.header, margins.footer = 0.6, 0.6, 0.3, 0.3
    sheet.print_options.horizontalCentered = True
    sheet.HeaderFooter.oddFooter = HeaderFooterItem(center=_HeaderFooterPart("第 &P 页，共 &N 页"))
    if rows:
        sheet.print_title_rows = rows
    if columns:
        sheet.print_title_cols = columns


def _lines(text: str, width: float) -> int:
    """Lines that a text takes in a column, each of its own lines wrapped."""
    # A column holds a little less than its width, and words do not break just where they should.
    room = max(width - 2.5, 2.0)
    return sum(max(1, ceil(_width(line) / room)) for line in text.split("\n"))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)
