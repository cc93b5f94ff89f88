"""How a unit lays the form out, and how it retypes the words: drawn from a generator, then fixed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from samples.fonts import PRINT_FONTS
from samples.names import pick
from samples.rules import PLAIN, Rules
from schemas.form import Form, FormItem, Mark, SlotKind

RETYPED_SHARE = 0.25

_ONE_PAGE = 30
"""So many slots stand on one page; of more, the blank form's table goes on on the next."""

BLANK_ROWS = 8
"""Rows that a blank form leaves for units."""

_OTHER_WORDS = {
    "开展": "举办",
    "参与": "参加",
    "人次": "人",
    "培训": "教育培训",
    "宣讲": "宣讲活动",
    "发布": "上传",
    "曝光": "查找曝光",
    "活动": "专项活动",
    "受众": "受众群众",
    "推动": "",
}
"""Words that units change when they retype; an empty one is dropped."""


@dataclass(frozen=True)
class Layout:
    """Lengths in points, spaces in em of the printed words, `leading` a multiple of `size`.

    `gaps` stand in blank slots and `pads` on both sides of a typed value, taken in turn. `pen_room` is the width of a
    slot that is left open for a pen. `break_after` is the row after which a new page is forced. `header_lines` 0 takes as
    many lines as the header fields need.

    `heading` is columns (two cells), merged (one cell over both) or titled (a merged cell with the title above them).
    `underlined` slots, by their places in the return, are gaps with a line beneath instead of parentheses, typed as
    underscores where `underscores` is set. `mark` stands before each of several activities, its number for {}.
    Paragraphs `above` stand between title and header fields, those `below` under the table. `spare_rows` are left empty
    below the rows of an item that repeats. `over_box` says that a √ stands over its box, not in the place of it.
    """

    print_font: str
    value_font: str
    title_font: str
    size: float
    value_size: float
    title_size: float
    leading: float
    left_share: float
    margin_x: float
    margin_top: float
    margin_bottom: float
    rule_width: float
    padding: float
    gaps: tuple[str, ...]
    pads: tuple[str, ...]
    pen_room: float
    break_after: int | None
    split_rows: bool
    stretch: float
    justify: bool
    kinsoku: bool
    line_each: bool
    header_lines: int
    left_centred: bool
    page_numbers: str
    half_parentheses: bool = False
    half_points: bool = False
    radicals: bool = False
    rules: Rules = PLAIN
    heading: str = "columns"
    underlined: frozenset[int] = frozenset()
    underscores: bool = False
    mark: str = ""
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    spare_rows: int = 0
    over_box: bool = False


def draw_layout(rng: np.random.Generator, *, filling: str = "typed", pages: int | None = None) -> Layout:
    """A layout; for a pen with wider slots and lines. `pages` 1 or 2 asks for a layout that mostly needs as many."""
    pen = filling != "typed"
    two = (pages == 2) if pages else bool(rng.random() < 0.55)
    size = float(rng.uniform(10.5, 14) if two else rng.uniform(10, 11.5 if pen else 12))
    lowest, highest = (1.55, 2.0) if pen else (1.2, 1.8)
    print_font = pick(rng, (*PRINT_FONTS, "song", "song", "song", "kai"))
    other_font = pick(rng, PRINT_FONTS)
    gap = pick(rng, ("", "", " ", "  ", "   ", "    ", "\u3000", "\u3000\u3000"))
    pad = pick(rng, ("", "", "", " ", "  "))
    return Layout(
        print_font=print_font,
        value_font=print_font if rng.random() < 0.5 else other_font,
        title_font=pick(rng, (print_font, print_font, "zenhei", "song")),
        size=round(size * 2) / 2,
        value_size=round(size * (1 if rng.random() < 0.6 else rng.uniform(0.85, 1.2)) * 2) / 2,
        title_size=float(rng.integers(15, 19)),
        leading=float(rng.uniform(lowest, highest if two else (lowest + highest) / 2)),
        left_share=float(rng.uniform(0.2, 0.4)),
        margin_x=float(rng.uniform(40, 80 if two else 62)),
        margin_top=float(rng.uniform(45, 90 if two else 62)),
        margin_bottom=float(rng.uniform(45, 75)),
        rule_width=float(rng.uniform(0.4, 1.2)),
        padding=float(rng.uniform(2.5, 7)),
        gaps=(gap,) if rng.random() < 0.75 else (gap, "", "  "),
        pads=(pad,) if rng.random() < 0.75 else (pad, "", " "),
        pen_room=float(rng.uniform(2.6, 4.4)),
        break_after=3 if two and rng.random() < 0.7 else None,
        split_rows=bool(rng.random() < 0.5),
        stretch=float(rng.uniform(1, 1.35)) if two else 1.0,
        justify=bool(rng.random() < 0.4),
        kinsoku=bool(rng.random() < 0.85),
        line_each=bool(rng.random() < 0.35),
        header_lines=1 if rng.random() < 0.6 else 2,
        left_centred=bool(rng.random() < 0.6),
        page_numbers=pick(rng, ("", "", "{}", "- {} -", "第 {} 页", "— {} —")),
        radicals=bool(rng.random() < 0.12),
    )


def plain_layout() -> Layout:
    """The blank form as the federation sends it out: two pages, tight slots."""
    return Layout(
        print_font="song", value_font="song", title_font="song", size=12, value_size=12, title_size=18, leading=1.6,
        left_share=0.3, margin_x=70, margin_top=80, margin_bottom=60, rule_width=0.6, padding=5, gaps=("",),
        pads=("",), pen_room=3, break_after=3, split_rows=False, stretch=1.2, justify=False, kinsoku=True,
        line_each=True, header_lines=1, left_centred=True, page_numbers="",
    )  # fmt: skip


def fit_form(layout: Layout, form: Form, rng: np.random.Generator) -> Layout:
    """The layout with what only a short form, or one with cells or boxes, needs; any other form's layout as it is."""
    if len(form.slots) <= _ONE_PAGE:
        layout = replace(layout, break_after=None)
    if any(slot.kind is SlotKind.TICK for slot in form.slots):
        layout = replace(layout, over_box=bool(rng.random() < 0.5))
    if any(slot.mark is Mark.CELL for slot in form.slots):
        # Pages end where they end: rows of cells are many.
        spare = int(rng.integers(0, 5)) if rng.random() < 0.6 else 0
        layout = replace(layout, break_after=None, spare_rows=spare, stretch=float(rng.uniform(1, 1.6)))
    return layout


def blank_layout(form: Form) -> Layout:
    """A blank form as the federation sends it out: empty rows for units, and a page break in a long table."""
    plain = plain_layout()
    if all(slot.mark is not Mark.CELL for slot in form.slots):
        return plain if len(form.slots) > _ONE_PAGE else replace(plain, break_after=None)
    return replace(plain, break_after=None, spare_rows=BLANK_ROWS - 1)


def retype(form: Form, layout: Layout, rng: np.random.Generator) -> tuple[Form, Layout]:
    """The form as a careless unit types it anew: half-width points, or words dropped, doubled or changed."""
    manner = int(rng.integers(5))
    if manner in (0, 1):
        layout = replace(layout, half_parentheses=True, half_points=manner == 1)
    if manner == 0 and rng.random() < 0.5:
        return form, layout
    items = [_edit_item(item, rng) for item in form.items]
    return replace(form, items=tuple(items)), layout


def retype_badly(form: Form, rng: np.random.Generator) -> Form:
    """The form with several words missing, doubled or changed in every item."""
    items = []
    for item in form.items:
        edited = item
        for _ in range(2 + len(item.slots) // 2):
            edited = _edit_item(edited, rng)
        items.append(edited)
    return replace(form, items=tuple(items))


def _edit_item(item: FormItem, rng: np.random.Generator) -> FormItem:
    """One item with about one edit; a row's last point is the first to go."""
    slots = list(item.slots)
    place = int(rng.integers(len(slots)))
    slot = slots[place]
    kind = int(rng.integers(5))
    if kind == 0:
        slots[-1] = replace(slots[-1], after=slots[-1].after.rstrip("。；，"))
    elif kind == 1:
        slots[place] = replace(slot, before=_drop(slot.before, rng))
    elif kind == 2:
        slots[place] = replace(slot, before=_double(slot.before, rng))
    elif kind == 3:
        for old, new in _OTHER_WORDS.items():
            if old in slot.before and (new or len(slot.before) > 4):
                slots[place] = replace(slot, before=slot.before.replace(old, new, 1))
                break
            if old in slot.after:
                slots[place] = replace(slot, after=slot.after.replace(old, new, 1))
                break
    return replace(item, slots=tuple(slots))


def _drop(text: str, rng: np.random.Generator) -> str:
    if len(text) < 5:
        return text
    place = int(rng.integers(1, len(text) - 1))
    return text[:place] + text[place + 1 :]


def _double(text: str, rng: np.random.Generator) -> str:
    if len(text) < 4:
        return text
    place = int(rng.integers(0, len(text) - 2))
    return text[: place + 2] + text[place : place + 2] + text[place + 2 :]
