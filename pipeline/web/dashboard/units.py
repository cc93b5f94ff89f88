"""The ledger on pages: units by state, parent and name, whom to remind of what, and whom to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.collection.file_names import spellings_of, units_in_name
from pipeline.collection.filing import Filed, Standing
from pipeline.collection.ledger import TO_REMIND, Ledger, UnitLine, UnitState
from pipeline.collection.ledger_text import items_text
from pipeline.collection.tables import header_value
from pipeline.collection.totals import heading_of
from pipeline.times import as_utc, day_text, local_date, local_text
from pipeline.web.dashboard.links import return_link, slot_link, unit_link
from pipeline.web.dashboard.said import Said, line_notes, standing_notes
from schemas.form import Form
from schemas.office import Collection
from schemas.paths import form_path


@dataclass(frozen=True)
class FileLink:
    """A return's file, and where it is reviewed."""

    name: str
    link: str


@dataclass(frozen=True)
class UnitRow:
    """A unit in the list."""

    name: str
    link: str
    parent: str
    state: UnitState
    late: bool
    arrived: datetime | None
    files: tuple[FileLink, ...]
    open: int
    notes: tuple[Said, ...]


@dataclass(frozen=True)
class UnitList:
    """Units that a filter leaves, and how many there are in each state before it is asked for a state."""

    lines: tuple[UnitLine, ...]
    states: dict[UnitState, int]

    @property
    def total(self) -> int:
        """Of all states."""
        return sum(self.states.values())


@dataclass(frozen=True)
class ReturnRow:
    """A return of a unit: what became of it, and which items count from it, by their places."""

    name: str
    link: str
    arrived: datetime
    standing: Standing
    notes: tuple[Said, ...]
    items: tuple[str, ...]
    pages: int
    counts: bool


@dataclass(frozen=True)
class HeaderCell:
    """A field above the table, as it counts."""

    label: str
    value: str
    open: bool


@dataclass(frozen=True)
class AsideRow:
    """A return of no unit, or one that waits for its unit to be confirmed; `like` is a unit whose name its file bears."""

    name: str
    link: str
    arrived: datetime
    unit: str
    notes: tuple[Said, ...]
    like: tuple[str, ...]


@dataclass(frozen=True)
class AskRow:
    """What a unit is to be asked again, and the words to ask with."""

    name: str
    link: str
    slots: tuple[FileLink, ...]
    text: str


@dataclass(frozen=True)
class Reminder:
    """Units to remind, and the words to do it with."""

    missing: tuple[UnitLine, ...]
    partial: tuple[UnitLine, ...]
    text: str


NO_PARENT = "-"
"""What an address says for the units without a parent."""


def choose_units(ledger: Ledger, *, state: UnitState | None = None, parent: str = "", search: str = "") -> UnitList:
    """The units in a state, below a parent, whose name, other name or file holds some words; "" asks for nothing."""
    words = search.split()
    above = "" if parent == NO_PARENT else parent
    found = [
        line
        for line in ledger.lines
        if (not parent or line.unit.parent == above) and all(_mentions(line, word) for word in words)
    ]
    states = {one: sum(line.state is one for line in found) for one in UnitState}
    return UnitList(tuple(line for line in found if state is None or line.state is state), states)


def unit_row(line: UnitLine, form: Form) -> UnitRow:
    """A unit's line for the list."""
    return UnitRow(
        line.unit.name,
        unit_link(line.unit.name),
        line.unit.parent,
        line.state,
        line.late,
        line.counted[-1].stored.arrived if line.counted else None,
        tuple(_file_link(filed) for filed in line.counted),
        line.open_slots + len(line.open_fields),
        # That it is late, and how much is open, columns of their own tell.
        tuple(note for note in line_notes(line, form) if note.text not in {"逾期", "{n} 项待审核"}),
    )


def return_rows(line: UnitLine, form: Form) -> tuple[ReturnRow, ...]:
    """A unit's returns in the order of arrival."""
    return tuple(
        ReturnRow(
            filed.stored.name,
            return_link(filed.stored),
            filed.stored.arrived,
            filed.standing,
            standing_notes(filed, form)[1:],
            tuple(_part_of(filed, item.key) for item in form.items),
            filed.stored.reading.pages,
            filed.standing is Standing.COUNTS,
        )
        for filed in line.returns
    )


def header_cells(line: UnitLine, form: Form) -> tuple[HeaderCell, ...]:
    """The fields above the table as they count."""
    return tuple(
        HeaderCell(field.label, header_value(line, field.key) or "", field.key in line.open_fields) for field in form.header
    )


def aside_rows(ledger: Ledger, form: Form) -> tuple[AsideRow, ...]:
    """Returns that do not count, the newest first."""
    known = spellings_of(ledger.collection.units)
    return tuple(
        AsideRow(
            filed.stored.name,
            return_link(filed.stored),
            filed.stored.arrived,
            filed.stored.unit or "",
            standing_notes(filed, form),
            units_in_name(filed.stored.name, known) if filed.standing is Standing.UNKNOWN else (),
        )
        for filed in reversed(ledger.aside)
    )


def make_reminder(ledger: Ledger, form: Form, *, parent: str = "") -> Reminder:
    """Whom to remind of what (催报), in words that can be sent as they are; only below a parent, where one is named."""
    lines = [line for line in choose_units(ledger, parent=parent).lines if line.state in TO_REMIND]
    missing = tuple(line for line in lines if line.state is UnitState.MISSING)
    partial = tuple(line for line in lines if line.state is UnitState.PARTIAL)
    return Reminder(missing, partial, _reminder_text(ledger.collection, missing, partial, form))


def ask_rows(ledger: Ledger, form: Form) -> tuple[AskRow, ...]:
    """Units of which a person has found something unreadable, each with the words to ask it again."""
    rows = []
    for line in ledger.lines:
        paths = set(line.ask_again)
        if not paths:
            continue
        slots = tuple(
            FileLink(_spoken(slot.path, form), slot_link(filed.stored, slot.own_path))
            for filed, slot in line.slots
            if slot.path in paths
        )
        rows.append(AskRow(line.unit.name, unit_link(line.unit.name), slots, _ask_text(line, slots, ledger.collection)))
    return tuple(rows)


def _mentions(line: UnitLine, word: str) -> bool:
    names = (line.unit.name, *line.unit.aliases, *(filed.stored.name for filed in line.returns))
    return any(word.casefold() in name.casefold() for name in names)


def _file_link(filed: Filed) -> FileLink:
    return FileLink(filed.stored.name, return_link(filed.stored))


def _part_of(filed: Filed, item: str) -> str:
    """An item in a return: "counts", "there" where another return's counts, or "" where it is not on its pages."""
    if item in filed.counts:
        return "counts"
    return "there" if item in filed.items else ""


def _reminder_text(known: Collection, missing: Sequence[UnitLine], partial: Sequence[UnitLine], form: Form) -> str:
    """Always Chinese: it goes to the units."""
    if not missing and not partial:
        return ""
    due = f"，填报期限为{local_text(known.deadline)}" if known.deadline else ""
    told = [f"【催报】{known.name}统计表{due}。"]
    if missing:
        told.append(f"以下 {len(missing)} 个单位尚未报送，请尽快报送：")
        told += _by_parent(missing)
    if partial:
        told.append(f"以下 {len(partial)} 个单位的报表缺页，请补报所缺的页：")
        told += [f"{line.unit.name}（缺{items_text(line.missing_items, form)}）" for line in partial]
    return "\n".join(told)


def _by_parent(lines: Sequence[UnitLine]) -> list[str]:
    """Names, a line below each parent where there are parents."""
    parents = dict.fromkeys(line.unit.parent for line in lines)
    if set(parents) == {""}:
        return ["、".join(line.unit.name for line in lines)]
    return [
        f"{parent or '其他'}：{'、'.join(line.unit.name for line in lines if line.unit.parent == parent)}"
        for parent in parents
    ]


def _ask_text(line: UnitLine, slots: Sequence[FileLink], known: Collection) -> str:
    """Always Chinese: it goes to the unit."""
    arrived = max(as_utc(filed.stored.arrived) for filed in line.counted)
    told = f"贵单位 {day_text(local_date(arrived))}报送的{known.name}统计表中，以下 {len(slots)} 处字迹无法辨认，"
    asked = "\n".join(f"{place}. {slot.name}" for place, slot in enumerate(slots, 1))
    return f"{line.unit.name}：\n{told}请核实后回复准确数字：\n{asked}"


def _spoken(path: str, form: Form) -> str:
    """A slot as people call it: its item and its sentence; of attendance, behind the sentence of the events."""
    number, _, label = heading_of(path, form).partition(" ")
    slots = {slot.path: slot for slot in form.slots}
    events = slots[form_path(path)].events
    before = f"{slots[events].label}，" if events else ""
    return f"第{number.partition('.')[0]}项“{before}{label}”"
