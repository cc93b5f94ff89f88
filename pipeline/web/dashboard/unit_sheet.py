"""The form as one unit has filled it in, of whichever files it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.collection.corrections import EffectiveSlot
from pipeline.collection.form_layout import words_around
from pipeline.collection.ledger import UnitLine
from pipeline.web.dashboard.links import crop_link, slot_link
from pipeline.web.dashboard.sheet import kind_of, value_text
from schemas.flow import State
from schemas.form import Form, Slot, SlotKind
from schemas.paths import form_path, turn_of


@dataclass(frozen=True)
class SlotCell:
    """A slot of one unit: what it is worth, and where that can be seen. `kind` tells blank, 0 and unreadable apart."""

    path: str
    label: str
    before: str
    opening: str
    closing: str
    after: str
    mark: str
    text: str
    kind: str
    open: bool
    who: str
    file: str
    link: str
    crop: str


@dataclass(frozen=True)
class UnitItem:
    """A row of the form as a unit has filled it in; `missing`: it stands on a page that has not come."""

    key: str
    heading: str
    cells: tuple[SlotCell, ...]
    missing: bool

    def turns(self) -> tuple[Mapping[str, SlotCell], ...]:
        """The cells of each of its activities or rows, by the form's own path."""
        found: dict[int, dict[str, SlotCell]] = {}
        for cell in self.cells:
            found.setdefault(turn_of(cell.path), {})[form_path(cell.path)] = cell
        return tuple(found.values())


def unit_sheet(line: UnitLine, form: Form) -> tuple[UnitItem, ...]:
    """The form as a unit has filled it in, of whichever files it counts; further activities stand behind the first."""
    printed = {slot.path: slot for slot in form.slots}
    items = []
    for item in form.items:
        own = {slot.path for slot in item.slots}
        cells = []
        for filed, slot in line.slots:
            base = form_path(slot.path)
            if base not in own:
                continue
            cells.append(
                SlotCell(
                    slot.path,
                    printed[base].label,
                    *words_around(printed[base]),
                    printed[base].mark.name.lower(),
                    *_text_and_kind(slot, printed[base]),
                    slot.open,
                    slot.who,
                    filed.stored.name,
                    slot_link(filed.stored, slot.own_path),
                    crop_link(filed.stored, slot.own_path) if slot.box is not None else "",
                )
            )
        items.append(UnitItem(item.key, item.heading, tuple(cells), item.key in line.missing_items))
    return tuple(items)


def _text_and_kind(slot: EffectiveSlot, printed: Slot) -> tuple[str, str]:
    """What a slot is worth and what stands in it; an empty box is drawn, for that says more than that nobody wrote."""
    if printed.kind is not SlotKind.TICK or slot.state is State.UNREADABLE:
        return value_text(slot), kind_of(slot)
    return ("☑", "number") if slot.value == 1 else ("□", "box")
