"""A filled form to the rows of its table: glyphs in the layout's fonts and widths, broken into lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from samples import fonts
from samples.grid import column_edges, heading_cells, is_simple, row_cells
from samples.layout import Layout
from samples.names import CITY
from samples.paging import PAGE, CellPlan, Row, column_widths
from samples.returns import Filled, FilledSlot
from samples.typeset import Glyph, Line, Role, set_lines
from samples.wordings import DRAWN
from schemas.form import EMPTY_BOX, Form, FormItem, Mark, SlotKind

_HALF = str.maketrans("（），；。、：", "(),;.,:")

_UNDERLINED_GAP = 3.5
"""Width of an underlined gap in em, where its value needs no more."""

_LEAST_WORDS = 2.6
"""Least width in em of a slot for words, in a return whose slots for numbers are narrower."""


def return_rows(form: Form, filled: Filled, layout: Layout) -> Iterator[Row]:
    """The lines of every row's cells, the heading row first, or the merged title before it."""
    if not is_simple(form):
        yield from _grid_rows(form, filled, layout)
        return
    left, right = column_widths(layout)
    both = left + right + 2 * layout.padding
    if layout.heading == "titled":
        yield Row(-1, (paragraph(f"{CITY}总工会{form.title}", layout, both),))
    if layout.heading == "merged":
        yield Row(0, (paragraph("及".join(form.columns), layout, both),))
    else:
        yield Row(0, (paragraph(form.columns[0], layout, left), paragraph(form.columns[1], layout, right)))
    first = 0
    for number, (item, slots) in enumerate(zip(form.items, filled.rows, strict=True), 1):
        glyphs = _row_glyphs(item, slots, first, filled.filling, layout)
        first += len(slots)
        lines = set_lines(glyphs, right, kinsoku=layout.kinsoku, justify=layout.justify)
        yield Row(number, (paragraph(item.heading, layout, left), lines))


def _grid_rows(form: Form, filled: Filled, layout: Layout) -> Iterator[Row]:
    """The rows of a table with more columns, or with cells to fill: the heading first, empty rows behind those of units."""
    edges = column_edges(form, layout.left_share)
    if layout.heading == "titled":
        whole = CellPlan((0.0, 0.0, 1.0, 1.0))
        yield Row(-1, (paragraph(f"{CITY}总工会{form.title}", layout, _plan_width(whole, layout)),), (whole,))
    heading = heading_cells(form, edges)
    words = tuple(paragraph(text, layout, _plan_width(plan, layout)) for text, plan in heading)
    yield Row(0, words, tuple(plan for _, plan in heading))
    first = 0
    for number, (item, slots) in enumerate(zip(form.items, filled.rows, strict=True), 1):
        turns = len(slots) // len(item.slots) if item.in_cells else 1
        size = len(slots) // turns
        for turn in range(turns):
            own = slots[turn * size : (turn + 1) * size]
            shown = turn + 1 if item.repeats and item.in_cells else number
            yield _grid_row(form, item, own, first, (number, shown), filled.filling, edges, layout)
            first += size
        if item.repeats and item.in_cells:
            for spare in range(turns, turns + layout.spare_rows):
                yield _grid_row(form, item, (), -1, (number, spare + 1), filled.filling, edges, layout)


def _grid_row(
    form: Form, item: FormItem, slots: Sequence[FilledSlot], first: int, numbers: tuple[int, int], filling: str,
    edges: Sequence[float], layout: Layout,
) -> Row:  # fmt: skip
    """A row; `first` is the place of its first slot in the return, `numbers` the item's in the form and the one printed.

    A row without slots is one that nobody has written in.
    """
    columns, plans = [], []
    for content, plan in row_cells(form, item, numbers[1], edges):
        width = _plan_width(plan, layout)
        if isinstance(content, str):
            columns.append(paragraph(content, layout, width))
            plans.append(plan)
        elif content < 0:
            glyphs = _row_glyphs(item, slots, first, filling, layout)
            columns.append(set_lines(glyphs, width, kinsoku=layout.kinsoku, justify=layout.justify))
            plans.append(plan)
        else:
            glyphs = _cell_glyphs(slots[content], first + content, filling, layout) if slots else []
            columns.append(set_lines(glyphs, width, kinsoku=False, justify=False))
            plans.append(replace(plan, slot=first + content if slots else -1))
    return Row(numbers[0], tuple(columns), tuple(plans))


def _plan_width(plan: CellPlan, layout: Layout) -> float:
    """The width in points of a planned cell's text."""
    return (plan.box[2] - plan.box[0]) * (PAGE[0] - 2 * layout.margin_x) - 2 * layout.padding


def _cell_glyphs(filled: FilledSlot, slot: int, filling: str, layout: Layout) -> list[Glyph]:
    """What is typed into a cell; a pen has the whole cell."""
    raw = filled.raw or ""
    if filling != "typed":
        return []
    font, size = value_font(layout, raw), layout.value_size
    return [Glyph(char, font, size, fonts.char_width(font, char) * size, Role.VALUE, slot) for char in raw]


def paragraph(text: str, layout: Layout, width: float) -> tuple[Line, ...]:
    """Printed words as lines of at most `width` points."""
    return set_lines(_print_glyphs(text, layout), width, kinsoku=layout.kinsoku, justify=False)


def text_width(text: str, font: str, size: float) -> float:
    """The width of a text in points."""
    return sum(fonts.char_width(font, char) for char in text) * size


def value_font(layout: Layout, text: str) -> str:
    """The font for a value: the layout's, or one that has its characters."""
    return fonts.fitting((layout.value_font, layout.print_font, "wenkai"), text)


def _row_glyphs(item: FormItem, row: Sequence[FilledSlot], first: int, filling: str, layout: Layout) -> list[Glyph]:
    """The running text of a row's right cell; `first` is the place of its first slot in the return."""
    glyphs: list[Glyph] = []
    times = len(row) // len(item.slots)
    for place, filled in enumerate(row):
        words = item.slots[place % len(item.slots)]
        if place % len(item.slots) == 0:
            if place:
                glyphs.append(Glyph("\n", "", 0, 0))
            if times > 1 and layout.mark:
                glyphs += _print_glyphs(layout.mark.format(place // len(item.slots) + 1), layout)
        glyphs += _print_glyphs(words.before, layout)
        glyphs += _slot_glyphs(filled, first + place, filling, layout)
        glyphs += _print_glyphs(words.after, layout)
        if layout.line_each and words.after.endswith("；"):
            glyphs.append(Glyph("\n", "", 0, 0))
    return glyphs


def _slot_glyphs(filled: FilledSlot, slot: int, filling: str, layout: Layout) -> list[Glyph]:
    if filled.slot.mark is Mark.BOX:
        return [_box_glyph(filled, slot, filling, layout)]
    if slot in layout.underlined or filled.slot.mark is Mark.LINE:
        return _underlined_glyphs(filled, slot, filling, layout)
    opening, closing = ("(", ")") if layout.half_parentheses else ("（", "）")

    def glyph(char: str, role: Role, font: str, size: float) -> Glyph:
        return Glyph(char, font, size, fonts.char_width(font, char) * size, role, slot)

    def spaces(text: str) -> list[Glyph]:
        return [glyph(char, Role.SPACE, layout.print_font, layout.size) for char in text]

    raw = filled.raw or ""
    inside: list[Glyph]
    if filling != "typed":
        inside = [Glyph("", layout.print_font, layout.size, _pen_room(filled, layout), Role.ROOM, slot)]
    elif raw:
        pad = spaces(layout.pads[slot % len(layout.pads)])
        font = value_font(layout, raw)
        inside = [*pad, *(glyph(char, Role.VALUE, font, layout.value_size) for char in raw), *pad]
    else:
        inside = spaces(layout.gaps[slot % len(layout.gaps)])
    first, last = (glyph(*one, layout.print_font, layout.size) for one in ((opening, Role.OPEN), (closing, Role.CLOSE)))
    return [first, *inside, last]


def _box_glyph(filled: FilledSlot, slot: int, filling: str, layout: Layout) -> Glyph:
    """A box to tick, with its tick: in its place, or over it."""

    def glyph(char: str, role: Role, over: str = "") -> Glyph:
        font = fonts.fitting((layout.print_font, "microhei", "seto"), char)
        return Glyph(char, font, layout.size, fonts.char_width(font, char) * layout.size, role, slot, over=over)

    if filling != "typed":
        return glyph(EMPTY_BOX, Role.ROOM)
    if filled.raw is None:
        return glyph(EMPTY_BOX, Role.OPEN)
    if filled.raw == DRAWN or (filled.raw == "√" and layout.over_box):
        return glyph(EMPTY_BOX, Role.VALUE, filled.raw)
    return glyph(filled.raw, Role.VALUE)


def _underlined_glyphs(filled: FilledSlot, slot: int, filling: str, layout: Layout) -> list[Glyph]:
    """A gap with a line beneath and the value on it; its ends take the part of the parentheses."""
    raw = filled.raw or ""
    char = "_" if layout.underscores else " "
    blank = fonts.char_width(layout.print_font, char)

    def blanks(role: Role, width: float) -> list[Glyph]:
        one = Glyph(char, layout.print_font, layout.size, blank * layout.size, role, slot, True, not layout.underscores)
        return [one] * max(1, round(width / blank))

    if filling != "typed":
        inside = [Glyph("", layout.print_font, layout.size, _pen_room(filled, layout), Role.ROOM, slot, True, True)]
        return [*blanks(Role.OPEN, 0), *inside, *blanks(Role.CLOSE, 0)]
    font, size = value_font(layout, raw), layout.value_size
    inside = [
        Glyph(one, font, size, fonts.char_width(font, one) * size, Role.VALUE, slot, False, not layout.underscores)
        for one in raw
    ]
    free = max(0.5, _UNDERLINED_GAP - text_width(raw, font, size) / layout.size)
    return [*blanks(Role.OPEN, free / 2), *inside, *blanks(Role.CLOSE, free / 2)]


def _pen_room(filled: FilledSlot, layout: Layout) -> float:
    """The width in points that a slot has for a pen: wider for long texts, and never so narrow for words as for numbers."""
    raw = filled.raw or ""
    room = layout.pen_room if filled.slot.kind is SlotKind.COUNT else max(layout.pen_room, _LEAST_WORDS)
    return room * (1 if len(raw) < 6 else len(raw) / 3.2) * layout.size


def _print_glyphs(text: str, layout: Layout) -> list[Glyph]:
    """Printed words in the layout's widths."""
    if layout.half_points:
        text = text.translate(_HALF)
    elif layout.half_parentheses:
        text = text.replace("（", "(").replace("）", ")")
    font, size = layout.print_font, layout.size
    return [Glyph(char, font, size, fonts.char_width(font, char) * size) for char in text]
