"""A filled form to a PDF, with the exact place of every slot and cell on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from samples import fonts
from samples.layout import Layout
from samples.names import CITY
from samples.returns import Filled, FilledSlot
from samples.seal import Seal, seal_picture
from samples.typeset import Glyph, Line, Placed, Role, set_lines
from schemas.flow import Box
from schemas.form import Form, FormItem

PAGE = (595.28, 841.89)
"""A4, in points."""

# A full-width character's box over and under its baseline, in em, much the same in all print fonts.
_ABOVE, _BELOW = 0.88, 0.14

_HALF = str.maketrans("（），；。、：", "(),;.,:")
_RADICALS = str.maketrans("工人生大心用网比力行方水火", "⼯⼈⽣⼤⼼⽤⽹⽐⼒⾏⽅⽔⽕")

_FIELD_WIDTHS = {"unit": 9.0, "contact": 4.0, "phone": 6.5, "date": 6.5}
"""Least length of a header field's underline, in em."""


@dataclass(frozen=True)
class PrintedSlot:
    """Where a slot stands: page from 1, boxes as fractions of the page; `room` is what a pen may fill."""

    page: int
    box: Box
    value_box: Box | None
    room: Box | None


@dataclass(frozen=True)
class PrintedCell:
    """Where a cell stands: row 0 is the heading row."""

    page: int
    row: int
    column: int
    box: Box


@dataclass(frozen=True)
class Printed:
    """A printed return: slots in the return's order, header fields by key (always on page 1)."""

    path: Path
    pages: int
    slots: tuple[PrintedSlot, ...]
    cells: tuple[PrintedCell, ...]
    fields: dict[str, Box]


@dataclass(frozen=True)
class _RowPart:
    """The part of a table row that stands on one page; `top` and `height` in points, from the page's top."""

    page: int
    row: int
    columns: tuple[tuple[Line, ...], tuple[Line, ...]]
    top: float
    height: float
    whole: bool


def print_return(form: Form, filled: Filled, layout: Layout, path: Path, *, seals: Sequence[Seal] = ()) -> Printed:
    """Print a return to `path`: title, header fields, the ruled table.

    A pen's return (`filled.filling` other than typed) is printed with open slots, whose `room` the pen fills.
    `seals` are set into the PDF as pictures.
    """
    canvas = Canvas(str(path), pagesize=PAGE, invariant=True)
    top, fields = _print_head(canvas, form, filled, layout)
    parts = tuple(_fill_pages(_rows(form, filled, layout), top, layout))
    pages = max(part.page for part in parts)
    for page in range(1, pages + 1):
        here = [part for part in parts if part.page == page]
        for part in here:
            _print_part(canvas, part, layout)
        for seal in seals:
            if seal.page == page:
                _print_seal(canvas, seal)
        if layout.page_numbers:
            font = fonts.pdf_font(layout.print_font)
            canvas.setFont(font, 9)
            canvas.drawCentredString(PAGE[0] / 2, 30, layout.page_numbers.format(page))
        canvas.showPage()
    canvas.save()
    slots = _slots(parts, layout, len(filled.slots))
    return Printed(path, pages, slots, tuple(_cells(parts, layout)), fields)


def _print_head(canvas: Canvas, form: Form, filled: Filled, layout: Layout) -> tuple[float, dict[str, Box]]:
    """Print title and header fields; give the table's top and the boxes of the fields' underlined room."""
    y = layout.margin_top
    canvas.setFont(fonts.pdf_font(layout.title_font), layout.title_size)
    canvas.drawCentredString(PAGE[0] / 2, PAGE[1] - y, f"{CITY}总工会{form.title}")
    y += layout.title_size * 1.9
    size = min(layout.size, 12)
    values = filled.header.model_dump()
    widths = []
    for field in form.header:
        value = values[field.key] or ""
        needed = _width(value, _value_font(layout, value), size) + size
        widths.append((_width(field.label, layout.print_font, size), max(needed, _FIELD_WIDTHS[field.key] * size)))
    total = sum(label + room for label, room in widths) + 3 * 0.5 * size
    free = PAGE[0] - 2 * layout.margin_x
    if total > free and layout.header_lines == 1 and total * 0.84 <= free:
        size, widths, total = size * 0.84, [(a * 0.84, b * 0.84) for a, b in widths], total * 0.84
    breaks = {0} if layout.header_lines == 1 and total <= free else {0, 2}
    fields: dict[str, Box] = {}
    x = layout.margin_x
    for place, (field, (label, room)) in enumerate(zip(form.header, widths, strict=True)):
        if place in breaks:
            x = layout.margin_x
            y += size * 1.9 if place else 0
        _draw_run(canvas, field.label, layout.print_font, size, x, y)
        left, right = x + label, x + label + room
        canvas.setLineWidth(0.5)
        canvas.line(left, PAGE[1] - y - 2.5, right, PAGE[1] - y - 2.5)
        value = values[field.key]
        if value and filled.filling == "typed":
            font = _value_font(layout, value)
            _draw_run(canvas, value, font, size, (left + right - _width(value, font, size)) / 2, y)
        fields[field.key] = _fraction((left, y - size * 1.3, right, y + 2.5))
        x = right + 0.5 * size
    return y + size * 0.9, fields


def _rows(form: Form, filled: Filled, layout: Layout) -> Iterator[tuple[tuple[Line, ...], tuple[Line, ...]]]:
    """The lines of both cells of every row, the heading row first."""
    left, right = _column_widths(layout)
    yield _plain(form.columns[0], layout, left), _plain(form.columns[1], layout, right)
    first = 0
    for item, row in zip(form.items, filled.rows, strict=True):
        glyphs = _row_glyphs(item, row, first, filled.filling, layout)
        first += len(row)
        lines = set_lines(glyphs, right, kinsoku=layout.kinsoku, justify=layout.justify)
        yield _plain(item.heading, layout, left), lines


def _row_glyphs(item: FormItem, row: Sequence[FilledSlot], first: int, filling: str, layout: Layout) -> list[Glyph]:
    """The running text of a row's right cell; `first` is the place of its first slot in the return."""
    glyphs: list[Glyph] = []
    for place, filled in enumerate(row):
        words = item.slots[place % len(item.slots)]
        if place and place % len(item.slots) == 0:
            glyphs.append(Glyph("\n", "", 0, 0))
        glyphs += _print_glyphs(words.before, layout)
        glyphs += _slot_glyphs(filled, first + place, filling, layout)
        glyphs += _print_glyphs(words.after, layout)
        if layout.line_each and words.after.endswith("；"):
            glyphs.append(Glyph("\n", "", 0, 0))
    return glyphs


def _slot_glyphs(filled: FilledSlot, slot: int, filling: str, layout: Layout) -> list[Glyph]:
    opening, closing = ("(", ")") if layout.half_parentheses else ("（", "）")

    def glyph(char: str, role: Role, font: str, size: float) -> Glyph:
        return Glyph(char, font, size, fonts.char_width(font, char) * size, role, slot)

    def spaces(text: str) -> list[Glyph]:
        return [glyph(char, Role.SPACE, layout.print_font, layout.size) for char in text]

    raw = filled.raw or ""
    inside: list[Glyph]
    if filling != "typed":
        room = layout.pen_room * (1 if len(raw) < 6 else len(raw) / 3.2)
        inside = [Glyph("", layout.print_font, layout.size, room * layout.size, Role.ROOM, slot)]
    elif raw:
        pad = spaces(layout.pads[slot % len(layout.pads)])
        font = _value_font(layout, raw)
        inside = [*pad, *(glyph(char, Role.VALUE, font, layout.value_size) for char in raw), *pad]
    else:
        inside = spaces(layout.gaps[slot % len(layout.gaps)])
    first, last = (glyph(*one, layout.print_font, layout.size) for one in ((opening, Role.OPEN), (closing, Role.CLOSE)))
    return [first, *inside, last]


def _print_glyphs(text: str, layout: Layout) -> list[Glyph]:
    """Printed words in the layout's widths."""
    if layout.half_points:
        text = text.translate(_HALF)
    elif layout.half_parentheses:
        text = text.replace("（", "(").replace("）", ")")
    font, size = layout.print_font, layout.size
    return [Glyph(char, font, size, fonts.char_width(font, char) * size) for char in text]


def _plain(text: str, layout: Layout, width: float) -> tuple[Line, ...]:
    return set_lines(_print_glyphs(text, layout), width, kinsoku=layout.kinsoku, justify=False)


def _fill_pages(rows: Iterator[tuple[tuple[Line, ...], tuple[Line, ...]]], top: float, layout: Layout) -> Iterator[_RowPart]:
    """Rows to pages: a row that does not fit is split or goes to the next page as a whole."""
    page = 1
    step = layout.size * layout.leading
    extra = 2 * layout.padding
    bottom = PAGE[1] - layout.margin_bottom
    for row, (left, right) in enumerate(rows):
        if layout.break_after is not None and row == layout.break_after + 1:
            page, top = page + 1, layout.margin_top
        lines = max(len(left), len(right))
        height = (lines * step + extra) * (layout.stretch if row else 1)
        fit = int((bottom - top - extra) // step)
        if top + height <= bottom:
            yield _RowPart(page, row, (left, right), top, height, True)
            top += height
        elif layout.split_rows and 1 <= fit < lines:
            yield _RowPart(page, row, (left[:fit], right[:fit]), top, fit * step + extra, False)
            page, top = page + 1, layout.margin_top
            height = (lines - fit) * step + extra
            yield _RowPart(page, row, (left[fit:], right[fit:]), top, height, False)
            top += height
        else:
            page, top = page + 1, layout.margin_top
            yield _RowPart(page, row, (left, right), top, height, True)
            top += height


def _print_part(canvas: Canvas, part: _RowPart, layout: Layout) -> None:
    """Rules around a row's two cells, and their lines."""
    canvas.setLineWidth(layout.rule_width)
    for left, upper, right, lower in (_cell_box(part, column, layout) for column in (0, 1)):
        canvas.rect(left, PAGE[1] - lower, right - left, lower - upper)
    for column in (0, 1):
        for line, x, baseline in _line_places(part, column, layout):
            for text, glyph, offset, spread in _runs(line):
                shown = text.translate(_RADICALS) if layout.radicals else text
                if not fonts.has(glyph.font, shown):
                    shown = text
                _draw_run(canvas, shown, glyph.font, glyph.size, x + offset, baseline, spread)


def _print_seal(canvas: Canvas, seal: Seal) -> None:
    side = seal.diameter * PAGE[0]
    left, bottom = seal.x * PAGE[0] - side / 2, (1 - seal.y) * PAGE[1] - side / 2
    canvas.drawImage(ImageReader(seal_picture(seal)), left, bottom, side, side, mask="auto")


def _line_places(part: _RowPart, column: int, layout: Layout) -> Iterator[tuple[Line, float, float]]:
    """Lines of a cell with x of their left edge and y of their baseline, in points from the page's top left."""
    left, upper, right, lower = _cell_box(part, column, layout)
    step = layout.size * layout.leading
    lines = part.columns[column]
    free = lower - upper - len(lines) * step
    centred = part.whole and (column == 1 or layout.left_centred)
    start = upper + (free / 2 if centred else layout.padding)
    for place, line in enumerate(lines):
        x = left + layout.padding
        if part.row == 0 and line:
            x = (left + right - line[-1].right) / 2
        yield line, x, start + place * step + (step - layout.size) / 2 + _ABOVE * layout.size


def _runs(line: Line) -> Iterator[tuple[str, Glyph, float, float]]:
    """Characters drawn by one command: text, first glyph, its x, and the space added after each character."""
    run: list[Placed] = []
    spread = 0.0
    for placed in line:
        if not placed.glyph.char:
            continue
        gap = placed.x - run[-1].right if run else 0.0
        alike = run and (placed.glyph.font, placed.glyph.size) == (run[0].glyph.font, run[0].glyph.size)
        if not alike or (len(run) > 1 and abs(gap - spread) > 0.01):
            if run:
                yield "".join(one.glyph.char for one in run), run[0].glyph, run[0].x, spread
            run = []
        spread = gap if len(run) == 1 else (spread if run else 0.0)
        run.append(placed)
    if run:
        yield "".join(one.glyph.char for one in run), run[0].glyph, run[0].x, spread


def _slots(parts: Sequence[_RowPart], layout: Layout, count: int) -> tuple[PrintedSlot, ...]:
    """The place of every slot: of its part that holds the value, the room, or else the opening parenthesis."""
    found: dict[int, PrintedSlot] = {}
    for part in parts:
        for line, x, baseline in _line_places(part, 1, layout):
            for slot in dict.fromkeys(placed.glyph.slot for placed in line if placed.glyph.slot >= 0):
                own = [placed for placed in line if placed.glyph.slot == slot]
                printed = _printed_slot(own, x, baseline, part.page, layout)
                if slot not in found or (found[slot].value_box is None and printed.value_box is not None):
                    found[slot] = printed
    return tuple(found[slot] for slot in range(count))


def _printed_slot(own: Sequence[Placed], x: float, baseline: float, page: int, layout: Layout) -> PrintedSlot:
    size = layout.size

    def box(glyphs: Sequence[Placed], em: float) -> Box:
        return _fraction((x + glyphs[0].x, baseline - _ABOVE * em, x + glyphs[-1].right, baseline + _BELOW * em))

    value = [placed for placed in own if placed.glyph.role is Role.VALUE]
    room = [placed for placed in own if placed.glyph.role is Role.ROOM]
    return PrintedSlot(
        page, box(own, size), box(value, layout.value_size) if value else None, box(room, size) if room else None
    )


def _cells(parts: Sequence[_RowPart], layout: Layout) -> Iterator[PrintedCell]:
    for part in parts:
        for column in (0, 1):
            yield PrintedCell(part.page, part.row, column, _fraction(_cell_box(part, column, layout)))


def _cell_box(part: _RowPart, column: int, layout: Layout) -> Box:
    """A cell's rules, in points from the page's top left."""
    left, right = layout.margin_x, PAGE[0] - layout.margin_x
    middle = left + (right - left) * layout.left_share
    return ((left, middle)[column], part.top, (middle, right)[column], part.top + part.height)


def _column_widths(layout: Layout) -> tuple[float, float]:
    """The widths of both cells' text, in points."""
    free = PAGE[0] - 2 * layout.margin_x
    return free * layout.left_share - 2 * layout.padding, free * (1 - layout.left_share) - 2 * layout.padding


def _draw_run(canvas: Canvas, text: str, font: str, size: float, x: float, y: float, spread: float = 0.0) -> None:
    """Draw text, `y` being the baseline's distance from the page's top."""
    canvas.setFont(fonts.pdf_font(font), size)
    canvas.drawString(x, PAGE[1] - y, text, charSpace=spread)


def _value_font(layout: Layout, text: str) -> str:
    return fonts.fitting((layout.value_font, layout.print_font, "wenkai"), text)


def _width(text: str, font: str, size: float) -> float:
    return sum(fonts.char_width(font, char) for char in text) * size


def _fraction(box: Box) -> Box:
    """A box in points to fractions of the page."""
    return box[0] / PAGE[0], box[1] / PAGE[1], box[2] / PAGE[0], box[3] / PAGE[1]
