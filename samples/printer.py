"""A filled form to a PDF, with the exact place of every slot and cell on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from samples import fonts
from samples.layout import Layout
from samples.names import CITY
from samples.paging import PAGE, RowPart, cell_boxes, fill_pages, line_places
from samples.places import PrintedCell, PrintedSlot, cell_places, slot_places, to_fraction
from samples.returns import Filled
from samples.rows import paragraph, return_rows, text_width, value_font
from samples.rules import PLAIN, Edge, draw_rules, unique_edges
from samples.seal import Seal, seal_picture
from samples.typeset import Glyph, Line, Placed
from samples.wordings import DRAWN
from schemas.flow import Box
from schemas.form import Form

_RADICALS = str.maketrans("工人生大心用网比力行方水火", "⼯⼈⽣⼤⼼⽤⽹⽐⼒⾏⽅⽔⽕")

_FIELD_WIDTHS = {"unit": 9.0, "contact": 4.0, "phone": 6.5, "date": 6.5}
"""Least length of a header field's underline, in em."""

_OTHER_FIELD = 6.0
"""The same of a field that only some forms have."""

_ASIDE = 0.9
"""Size of paragraphs outside the table, of the table's own."""

_TICK = ((0.16, 0.42), (0.4, 0.1), (0.98, 0.86))
"""A drawn tick's corners in em from a box's left edge and base line."""

_TICK_SIZE = 1.1
"""Size of a tick that is typed over a box, of the box's own."""

_EDGE = 28
"""Points at the foot of a page that printers leave empty."""


@dataclass(frozen=True)
class Printed:
    """A printed return: slots in the return's order, header fields by key (always on page 1)."""

    path: Path
    pages: int
    slots: tuple[PrintedSlot, ...]
    cells: tuple[PrintedCell, ...]
    fields: dict[str, Box]


def print_return(
    form: Form, filled: Filled, layout: Layout, path: Path, *, seals: Sequence[Seal] = (), office: str = f"{CITY}总工会"
) -> Printed:
    """Print a return to `path`: title, header fields, the ruled table.

    A pen's return (`filled.filling` other than typed) is printed with open slots, whose `room` the pen fills.
    `seals` are set into the PDF as pictures; `office` is whose form it is, before its title.
    """
    canvas = Canvas(str(path), pagesize=PAGE, invariant=True)
    top, fields = _print_head(canvas, form, filled, layout, office)
    parts = tuple(fill_pages(return_rows(form, filled, layout), top, layout))
    pages = max(part.page for part in parts)
    for page in range(1, pages + 1):
        here = [part for part in parts if part.page == page]
        if layout.rules != PLAIN:
            draw_rules(canvas, _edges(parts, page, layout), layout.rules, layout.rule_width, page=page)
        for part in here:
            _print_part(canvas, part, layout)
        if page == pages:
            _print_paragraphs(canvas, layout.below, here[-1].top + here[-1].height + layout.size, layout)
        for seal in seals:
            if seal.page == page:
                _print_seal(canvas, seal)
        if layout.page_numbers:
            font = fonts.pdf_font(layout.print_font)
            canvas.setFont(font, 9)
            canvas.drawCentredString(PAGE[0] / 2, 30, layout.page_numbers.format(page))
        canvas.showPage()
    canvas.save()
    slots = slot_places(parts, layout, len(filled.slots))
    return Printed(path, pages, slots, tuple(cell_places(parts, layout)), fields)


def _print_head(canvas: Canvas, form: Form, filled: Filled, layout: Layout, office: str) -> tuple[float, dict[str, Box]]:
    """Print title and header fields; give the table's top and the boxes of the fields' underlined room."""
    y = layout.margin_top
    if layout.heading != "titled":
        canvas.setFont(fonts.pdf_font(layout.title_font), layout.title_size)
        canvas.drawCentredString(PAGE[0] / 2, PAGE[1] - y, f"{office}{form.title}")
    y += layout.title_size * 1.9
    if layout.above:
        y = _print_paragraphs(canvas, layout.above, y - layout.title_size * 0.9, layout) + layout.size * 1.6
    size = min(layout.size, 12)
    values = filled.header.model_dump()
    widths = []
    for field in form.header:
        value = values.get(field.key) or ""
        needed = text_width(value, value_font(layout, value), size) + size
        least = _FIELD_WIDTHS.get(field.key, _OTHER_FIELD) * size
        widths.append((text_width(field.label, layout.print_font, size), max(needed, least)))
    total = sum(label + room for label, room in widths) + 3 * 0.5 * size
    free = PAGE[0] - 2 * layout.margin_x
    if total > free and layout.header_lines == 1 and total * 0.84 <= free:
        size, widths, total = size * 0.84, [(a * 0.84, b * 0.84) for a, b in widths], total * 0.84
    breaks = {0} if layout.header_lines == 0 or (layout.header_lines == 1 and total <= free) else {0, 2}
    fields: dict[str, Box] = {}
    x = layout.margin_x
    for place, (field, (label, room)) in enumerate(zip(form.header, widths, strict=True)):
        if place in breaks or (layout.header_lines == 0 and x + label + room > layout.margin_x + free):
            x = layout.margin_x
            y += size * 1.9 if place else 0
        _draw_run(canvas, field.label, layout.print_font, size, x, y)
        left, right = x + label, x + label + room
        canvas.setLineWidth(0.5)
        canvas.line(left, PAGE[1] - y - 2.5, right, PAGE[1] - y - 2.5)
        value = values.get(field.key)
        if value and filled.filling == "typed":
            font = value_font(layout, value)
            _draw_run(canvas, value, font, size, (left + right - text_width(value, font, size)) / 2, y)
        fields[field.key] = to_fraction((left, y - size * 1.3, right, y + 2.5))
        x = right + 0.5 * size
    return y + size * 0.9, fields


def _print_paragraphs(canvas: Canvas, texts: Sequence[str], top: float, layout: Layout) -> float:
    """Print paragraphs from `top` down, as many lines as the page has room for; give where they end."""
    size = layout.size * _ASIDE
    step = size * 1.5
    width = PAGE[0] - 2 * layout.margin_x
    for text in texts:
        for line in paragraph(text, replace(layout, size=size), width):
            if top + step > PAGE[1] - _EDGE:
                return top
            for run, glyph, offset, spread in _runs(line):
                _draw_run(canvas, run, glyph.font, glyph.size, layout.margin_x + offset, top + size, spread)
            top += step
    return top


def _print_part(canvas: Canvas, part: RowPart, layout: Layout) -> None:
    """Rules around a row's cells where all are there, and the cells' lines."""
    canvas.setLineWidth(layout.rule_width)
    if layout.rules == PLAIN:
        for left, upper, right, lower in cell_boxes(part, layout):
            canvas.rect(left, PAGE[1] - lower, right - left, lower - upper)
    for column in range(len(part.columns)):
        for line, x, baseline in line_places(part, column, layout):
            for text, glyph, offset, spread in _runs(line):
                shown = text.translate(_RADICALS) if layout.radicals else text
                if not fonts.has(glyph.font, shown):
                    shown = text
                _draw_run(canvas, shown, glyph.font, glyph.size, x + offset, baseline, spread)
            for placed in line:
                if placed.glyph.over:
                    _draw_tick(canvas, placed, x, baseline)
            for slot in {placed.glyph.slot for placed in line if placed.glyph.underlined}:
                own = [placed for placed in line if placed.glyph.slot == slot]
                under = PAGE[1] - baseline - layout.size * 0.16
                canvas.setLineWidth(0.6)
                canvas.line(x + own[0].x, under, x + own[-1].right, under)


def _draw_tick(canvas: Canvas, box: Placed, x: float, baseline: float) -> None:
    """A tick over a box: drawn with two strokes, or typed."""
    size, left = box.glyph.size, x + box.x
    if box.glyph.over != DRAWN:
        font = fonts.fitting((box.glyph.font, "microhei"), box.glyph.over)
        _draw_run(canvas, box.glyph.over, font, size * _TICK_SIZE, left + size * 0.1, baseline - size * 0.05)
        return
    # From the left down to the foot, then up and out of the box.
    points = [(left + size * across, PAGE[1] - baseline + size * up) for across, up in _TICK]
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    canvas.setLineWidth(size * 0.09)
    canvas.drawPath(path)


def _edges(parts: Sequence[RowPart], page: int, layout: Layout) -> tuple[Edge, ...]:
    """The rules that a page has."""
    rules = layout.rules
    edges: list[Edge] = []
    dropped: list[Edge] = []
    for part in parts:
        if part.page != page:
            continue
        boxes = cell_boxes(part, layout)
        for left, upper, right, lower in boxes:
            high, low = PAGE[1] - upper, PAGE[1] - lower
            top, bottom = Edge(left, high, right, high), Edge(left, low, right, low)
            before, after = Edge(left, low, left, high), Edge(right, low, right, high)
            edges += [top, bottom, before, after]
            if part.row in rules.missing and part.last:
                dropped.append(bottom)
            if rules.open_cut and not part.whole:
                dropped.append(top if part.last else bottom)
            if not rules.left and left == boxes[0][0]:
                dropped.append(before)
            if not rules.right and right == boxes[-1][2]:
                dropped.append(after)
    return unique_edges(edges, dropped)


def _print_seal(canvas: Canvas, seal: Seal) -> None:
    side = seal.diameter * PAGE[0]
    left, bottom = seal.x * PAGE[0] - side / 2, (1 - seal.y) * PAGE[1] - side / 2
    canvas.drawImage(ImageReader(seal_picture(seal)), left, bottom, side, side, mask="auto")


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


def _draw_run(canvas: Canvas, text: str, font: str, size: float, x: float, y: float, spread: float = 0.0) -> None:
    """Draw text, `y` being the baseline's distance from the page's top."""
    canvas.setFont(fonts.pdf_font(font), size)
    canvas.drawString(x, PAGE[1] - y, text, charSpace=spread)
