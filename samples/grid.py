"""The table of a form that is more than two columns of words: its columns, their widths, and the cells of its heading."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from enum import StrEnum

from samples.paging import CellPlan
from schemas.flow import Box
from schemas.form import Form, FormItem, Mark, SlotKind

LEVEL = "·"
"""Parts a column's heading where a heading above stands over several: 培训·期数."""

_NUMBERS = frozenset({"序号", "编号", "项次"})
_UNITS = frozenset({"单位", "计量单位"})

_WIDTHS = {SlotKind.COUNT: 5.5, SlotKind.MONEY: 7.0, SlotKind.TEXT: 12.0, SlotKind.DATE: 8.0, SlotKind.TICK: 4.0}
"""Widths of columns of cells beside each other, by what the cells hold; only their proportions count."""

_SENTENCE_WIDTH = 26.0
_HEADING_WIDTH = 11.0
_SMALL_WIDTH = 3.4


class Role(StrEnum):
    """What a column holds in each row."""

    NUMBER = "number"
    HEADING = "heading"
    UNIT = "unit"
    SENTENCE = "sentence"
    CELLS = "cells"
    EMPTY = "empty"


def is_simple(form: Form) -> bool:
    """Whether the form's table is a heading on the left and a sentence on the right."""
    return len(form.columns) == 2 and all(slot.mark is not Mark.CELL for slot in form.slots)


def column_roles(form: Form) -> tuple[Role, ...]:
    """What each column holds. Sentences without a column of their own stand across all columns of cells."""
    own = {slot.column for slot in form.slots if slot.mark is Mark.CELL}
    free = [Role.SENTENCE] if any(item.sentence for item in form.items) and set(form.columns) - own else []
    if any(not item.repeats or not item.in_cells for item in form.items):
        free.insert(0, Role.HEADING)
    roles = []
    for column in form.columns:
        if column in own:
            roles.append(Role.CELLS)
        elif column in _NUMBERS:
            roles.append(Role.NUMBER)
        elif column in _UNITS:
            roles.append(Role.UNIT)
        else:
            roles.append(free.pop(0) if free else Role.EMPTY)
    return tuple(roles)


def column_edges(form: Form, left_share: float) -> tuple[float, ...]:
    """Where columns begin and end, from 0 to 1; `left_share` widens the headings' column as it does a simple table's."""
    kinds = {slot.column: slot.kind for slot in form.slots if slot.mark is Mark.CELL}
    roles = column_roles(form)
    widths = []
    for column, role in zip(form.columns, roles, strict=True):
        if role is Role.CELLS:
            alone = roles.count(Role.CELLS) == 1 and Role.SENTENCE not in roles
            widths.append(_SENTENCE_WIDTH if alone else _WIDTHS[kinds[column]])
        elif role is Role.HEADING:
            widths.append(_HEADING_WIDTH * left_share / 0.3)
        else:
            widths.append(_SENTENCE_WIDTH if role is Role.SENTENCE else _SMALL_WIDTH)
    ends = list(itertools.accumulate(widths, initial=0.0))
    return tuple(end / ends[-1] for end in ends)


def heading_cells(form: Form, edges: Sequence[float]) -> list[tuple[str, CellPlan]]:
    """The heading row's words and where they stand: columns of one group below a cell that names it."""
    levels = 2 if any(LEVEL in column for column in form.columns) else 1
    found = []
    start = 0
    for group, columns in itertools.groupby(form.columns, key=_group):
        names = list(columns)
        if group:
            found.append((group, _plan((edges[start], 0.0, edges[start + len(names)], 0.5))))
        for place, name in enumerate(names, start):
            top = 0.5 if group else 0.0
            found.append((name.rpartition(LEVEL)[2], _plan((edges[place], top, edges[place + 1], 1.0))))
        start += len(names)
    return found if levels == 2 else [(name, plan) for name, plan in found]


def row_cells(form: Form, item: FormItem, number: int, edges: Sequence[float]) -> list[tuple[str | int, CellPlan]]:
    """A row's cells from left to right: printed words, the place in the item of the slot that is the cell, or -1 where
    the item's sentence stands. `number` is the row's in its column of numbers."""
    roles = column_roles(form)
    slots = {slot.column: place for place, slot in enumerate(item.slots) if slot.mark is Mark.CELL}
    first = min((form.columns.index(column) for column in slots), default=len(roles))
    if not item.repeats and Role.HEADING not in roles[:first]:
        # The heading of a totals row, which stands where the other rows have number and name.
        return [(item.heading, _plan((0.0, 0.0, edges[first], 1.0))), *_cells_from(form, item, first, number, edges)]
    return _cells_from(form, item, 0, number, edges)


def _cells_from(
    form: Form, item: FormItem, start: int, number: int, edges: Sequence[float]
) -> list[tuple[str | int, CellPlan]]:
    roles = column_roles(form)
    slots = {slot.column: place for place, slot in enumerate(item.slots) if slot.mark is Mark.CELL}
    across = Role.SENTENCE not in roles and not slots
    found: list[tuple[str | int, CellPlan]] = []
    for place, (column, role) in enumerate(zip(form.columns, roles, strict=True)):
        if place < start:
            continue
        box = (edges[place], 0.0, edges[place + 1], 1.0)
        if role is Role.SENTENCE and item.sentence:
            found.append((-1, _plan(box, centred=False)))
        elif across and role is Role.CELLS:
            found.append((-1, _plan((edges[place], 0.0, edges[-1], 1.0), centred=False)))
            break
        elif column in slots:
            found.append((slots[column], _plan(box, slot=slots[column])))
        else:
            found.append((_words(role, item, number), _plan(box, centred=role is not Role.HEADING)))
    return found


def _words(role: Role, item: FormItem, number: int) -> str:
    units = sorted({slot.unit for slot in item.slots if slot.unit})
    return {
        Role.NUMBER: str(number), Role.HEADING: item.heading, Role.UNIT: "、".join(units),
    }.get(role, "")  # fmt: skip


def _group(column: str) -> str:
    return column.partition(LEVEL)[0] if LEVEL in column else ""


def _plan(box: Box, *, centred: bool = True, slot: int = -1) -> CellPlan:
    return CellPlan(box, centred, slot)
