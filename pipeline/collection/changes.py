"""What changed since the last export: units newly returned, states, figures, totals.

An export leaves behind what it said (`Snapshot`), beside that of the last export of an earlier day. Exports of one day are
all compared with the day before, so that a second one, or one after a power cut, says the same as the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.collection.ledger import Ledger, UnitState
from pipeline.collection.totals import Total, heading_of
from pipeline.times import day_text
from pipeline.whole import csv_bytes
from schemas.flow import State
from schemas.form import Form
from schemas.values import JsonValue, is_number

SlotSaid: TypeAlias = tuple[State, JsonValue, str]
"""State, value and who said so ("" for the machine)."""

TotalSaid: TypeAlias = tuple[int | Decimal, int]
"""A total and how many of its slots are open. In JSON a sum with decimals is text: it may have more digits than a float."""

# A line of the text names no more than this many; the table has them all.
MOST_NAMED = 20

FIRST = "首次汇总，没有可比较的上一次结果。\n"
UNREADABLE_MEMORY = "上一次汇总的记录无法读取，本次按首次汇总处理。\n"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitSaid(_Frozen):
    """What an export said of a unit."""

    state: UnitState
    slots: dict[str, SlotSaid]


class Snapshot(_Frozen):
    """What an export said."""

    as_of: date
    collection: str
    units: dict[str, UnitSaid]
    totals: dict[str, TotalSaid]


class Memory(_Frozen):
    """The last export, and the last one of a day before it."""

    current: Snapshot
    previous: Snapshot | None = None


class ChangeKind(StrEnum):
    """What has changed."""

    RETURNED = "新报"
    STATE = "状态变化"
    VALUE = "数值变化"
    TOTAL = "合计变化"


@dataclass(frozen=True)
class Change:
    """One thing that is no longer as it was: of a unit, of a slot (by its path), or both."""

    kind: ChangeKind
    unit: str
    path: str
    before: str
    after: str
    who: str = ""


def take_snapshot(ledger: Ledger, totals: Sequence[Total], as_of: date) -> Snapshot:
    """What an export of these says."""
    units = {
        line.unit.name: UnitSaid(
            state=line.state, slots={slot.path: (slot.state, slot.value, slot.who) for _, slot in line.slots}
        )
        for line in ledger.lines
    }
    summed: dict[str, TotalSaid] = {total.slot.path: (total.value, total.open) for total in totals if total.slot.kind.summed}
    return Snapshot(as_of=as_of, collection=ledger.collection.name, units=units, totals=summed)


def read_memory(data: bytes | None) -> Memory | None:
    """What the last export left behind; None where there was none, or where somebody has spoilt it."""
    try:
        return Memory.model_validate_json(data) if data is not None else None
    except ValidationError:
        return None


def remember(memory: Memory | None, now: Snapshot) -> Memory:
    """What this export leaves behind."""
    if memory is None or memory.current.collection != now.collection:
        return Memory(current=now)
    return Memory(current=now, previous=memory.previous if memory.current.as_of == now.as_of else memory.current)


def list_changes(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Everything that the later export says otherwise, in its order."""
    changes: list[Change] = []
    for name, unit in after.units.items():
        changes += _unit_changes(name, before.units.get(name, UnitSaid(state=UnitState.MISSING, slots={})), unit)
    gone = [name for name in before.units if name not in after.units]
    changes += [Change(ChangeKind.STATE, name, "", before.units[name].state.chinese, "不在名单中") for name in gone]
    for path, total in after.totals.items():
        was = before.totals.get(path)
        if was is not None and was != total:
            changes.append(Change(ChangeKind.TOTAL, "", path, _total_text(was), _total_text(total)))
    return tuple(changes)


def changes_csv(changes: Sequence[Change], form: Form) -> bytes:
    """A row a change."""
    rows = [
        {
            "类别": change.kind.value,
            "单位": change.unit,
            "项目": heading_of(change.path, form) if change.path else "",
            "原来": change.before,
            "现在": change.after,
            "审核员": change.who,
        }
        for change in changes
    ]
    return csv_bytes([{**row} for row in rows], ["类别", "单位", "项目", "原来", "现在", "审核员"])


def changes_text(before: Snapshot, changes: Sequence[Change], form: Form) -> str:
    """The changes in a few lines, to be read in the morning."""
    lines = [f"与{day_text(before.as_of)}的汇总相比："]
    if not changes:
        return f"{lines[0]}没有变化。\n"
    by_kind = {kind: [change for change in changes if change.kind is kind] for kind in ChangeKind}
    if new := by_kind[ChangeKind.RETURNED]:
        lines.append(f"新报 {len(new)} 个单位：{_named([change.unit for change in new])}。")
    if states := by_kind[ChangeKind.STATE]:
        told = [f"{change.unit}（{change.before}→{change.after}）" for change in states]
        lines.append(f"状态变化 {len(states)} 个单位：{_named(told)}。")
    if values := by_kind[ChangeKind.VALUE]:
        units = tuple(dict.fromkeys(change.unit for change in values))
        lines.append(f"数值变化 {len(values)} 项，涉及 {len(units)} 个单位：{_named(units)}。")
    if totals := by_kind[ChangeKind.TOTAL]:
        lines.append(f"合计变化 {len(totals)} 项：")
        lines += [f"  {heading_of(change.path, form)}：{change.before} → {change.after}" for change in totals]
    return "\n".join(lines) + "\n"


def _unit_changes(name: str, before: UnitSaid, after: UnitSaid) -> Iterator[Change]:
    if not before.slots and after.slots:
        # A new return is one change, not forty.
        yield Change(ChangeKind.RETURNED, name, "", before.state.chinese, after.state.chinese)
        return
    if before.state is not after.state:
        yield Change(ChangeKind.STATE, name, "", before.state.chinese, after.state.chinese)
    for path in dict.fromkeys((*after.slots, *before.slots)) if before.slots else ():
        was, now = before.slots.get(path), after.slots.get(path)
        if _said(was) != _said(now):
            yield Change(ChangeKind.VALUE, name, path, _said(was), _said(now), now[2] if now else "")


def _said(slot: SlotSaid | None) -> str:
    """A slot in words: blank, nought and unreadable are different."""
    if slot is None:
        return "未报"
    state, value, _ = slot
    if state is State.VALUE:
        return f"{value:,}" if is_number(value) else str(value)
    return "空白" if state is State.BLANK else "无法辨认"


def _total_text(total: TotalSaid) -> str:
    value, opened = total
    return f"{value:,}（暂定，{opened} 项待审核）" if opened else f"{value:,}"


def _named(names: Sequence[str]) -> str:
    more = f"等，共 {len(names)} 个" if len(names) > MOST_NAMED else ""
    return "、".join(names[:MOST_NAMED]) + more
