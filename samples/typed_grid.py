"""A filled form's table as rows of cells for office programs, where it is more than two columns of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from samples.clauses import Clause
from samples.grid import heading_cells, is_simple, row_cells
from samples.names import pick
from samples.returns import Filled, FilledSlot
from schemas.form import Form, FormItem
from schemas.values import Value


@dataclass(frozen=True)
class GridCell:
    """A cell over the columns from `first` to before `last`, and over so many rows (`down`).

    It holds printed words (`text`), a sentence's `clauses`, or what is typed (`raw`, and what it means).
    """

    first: int
    last: int
    text: str = ""
    clauses: tuple[Clause, ...] = ()
    raw: str | None = None
    value: Value = None
    down: int = 1


GridRow = tuple[GridCell, ...]


@dataclass(frozen=True)
class Grid:
    """A table of so many columns: rows of its heading, then of its body."""

    columns: int
    heading: tuple[GridRow, ...]
    body: tuple[GridRow, ...]


def form_to_grid(form: Form, filled: Filled, clauses: Sequence[Sequence[Clause]], *, spare: int) -> Grid | None:
    """The table of a form with what is filled in, None where it is two columns of words.

    `clauses` are each item's, `spare` the rows left empty below those of units.
    """
    if is_simple(form):
        return None
    edges = [float(place) for place in range(len(form.columns) + 1)]
    rows: list[GridRow] = []
    for number, (item, slots, own) in enumerate(zip(form.items, filled.rows, clauses, strict=True), 1):
        turns = len(slots) // len(item.slots) if item.in_cells else 1
        size = len(slots) // turns
        for turn in range(turns):
            shown = turn + 1 if item.repeats and item.in_cells else number
            rows.append(_row(form, item, slots[turn * size : (turn + 1) * size], own, shown, edges))
        if item.repeats and item.in_cells:
            rows += [_row(form, item, (), (), place + 1, edges) for place in range(turns, turns + spare)]
    return Grid(len(form.columns), _heading(form, edges), tuple(rows))


def retype_grid(grid: Grid, rng: np.random.Generator) -> Grid:
    """The table as a careless unit types it anew: headings without their units, parted or numbered, a column of remarks."""
    changed = {cell.text: _retyped(cell.text, rng) for row in (*grid.heading, *grid.body) for cell in row if cell.text}
    changed |= {text: text for text in changed if text.isdecimal()}
    heading, body = (
        tuple(tuple(replace(cell, text=changed.get(cell.text, "")) for cell in row) for row in rows)
        for rows in (grid.heading, grid.body)
    )
    if rng.random() < 0.5:
        return Grid(grid.columns, heading, body)
    last = grid.columns
    title = GridCell(last, last + 1, "备注", down=len(heading))
    notes = ("", "", "", "含下属企业", "见附件2", "新增3家")
    rows = tuple((*row, GridCell(last, last + 1, pick(rng, notes))) for row in body)
    return Grid(last + 1, ((*heading[0], title), *heading[1:]), rows)


def _retyped(text: str, rng: np.random.Generator) -> str:
    """A heading typed in another way."""
    kind = int(rng.integers(5))
    if kind == 0:
        return re.sub("（[^（）]*）$", "", text)
    if kind == 1:
        return text.replace("（", "\n(").replace("）", ")")
    if kind == 2 and len(text) == 2:
        return f"{text[0]}  {text[1]}"
    if kind == 3 and len(text) > 4:
        return f"{text[:2]} {text[2:]}"
    return text


def _heading(form: Form, edges: Sequence[float]) -> tuple[GridRow, ...]:
    cells = heading_cells(form, edges)
    two = any(plan.box[3] < 1 for _, plan in cells)
    upper = tuple(
        GridCell(int(plan.box[0]), int(plan.box[2]), text, down=2 if two and plan.box[3] == 1 else 1)
        for text, plan in cells
        if plan.box[1] == 0
    )
    lower = tuple(GridCell(int(plan.box[0]), int(plan.box[2]), text) for text, plan in cells if plan.box[1] > 0)
    return (upper, lower) if two else (upper,)


def _row(
    form: Form, item: FormItem, slots: Sequence[FilledSlot], clauses: Sequence[Clause], number: int, edges: Sequence[float]
) -> GridRow:
    found = []
    for content, plan in row_cells(form, item, number, edges):
        first, last = int(plan.box[0]), int(plan.box[2])
        if isinstance(content, str):
            found.append(GridCell(first, last, content))
        elif content < 0:
            found.append(GridCell(first, last, clauses=tuple(clauses)))
        elif slots:
            found.append(GridCell(first, last, raw=slots[content].raw, value=slots[content].value))
        else:
            found.append(GridCell(first, last))
    return tuple(found)
