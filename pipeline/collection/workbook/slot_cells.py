"""A unit's slots as cells of the workbook: one slot, or all that a list of rows holds in one column."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.export import UNREADABLE_MARK
from pipeline.collection.tables import shown
from pipeline.collection.totals import Total
from pipeline.collection.workbook.cells import BLUE, RED, YELLOW, Look, number_format
from schemas.flow import State
from schemas.form import SlotKind
from schemas.values import Value, is_number, plain_number

# Words are set smaller than numbers.
SMALL = 9.0

# A tick is worth 1 and looks like one.
TICKED = '"√"'


def slot_cell(slot: EffectiveSlot | None, total: Total) -> tuple[Value, Look]:
    """A slot's value and look: open ones yellow, what a person has decided blue, what nobody can read red."""
    words = not total.slot.kind.summed
    across = "left" if words else "right"
    if slot is None:
        return None, Look(size=10, across=across)
    colour = BLUE if slot.who else RED if slot.state is State.UNREADABLE else "000000"
    shown_as = TICKED if total.slot.kind is SlotKind.TICK else number_format(total.decimals)
    fill = YELLOW if slot.open else ""
    return shown(slot), Look(size=SMALL if words else 10, across=across, colour=colour, fill=fill, number=shown_as)


def list_cell(slots: Sequence[EffectiveSlot], total: Total) -> tuple[Value, Look]:
    """A column of a list that a unit has filled in: its numbers added, its words counted."""
    filled = [slot.value for slot in slots if slot.state is State.VALUE]
    unread = any(slot.state is State.UNREADABLE for slot in slots)
    value: Value = UNREADABLE_MARK if unread else None
    if filled:
        summed = sum((value for value in filled if is_number(value)), Decimal(0))
        value = plain_number(summed) if total.slot.kind.summed else f"{len(filled)} 行"
    fill = YELLOW if any(slot.open for slot in slots) else ""
    colour = RED if unread else "000000"
    return value, Look(size=10, across="right", colour=colour, fill=fill, number=number_format(total.decimals))
