"""A collection as CSV: a row a unit, a row a slot, and whom to remind."""

from __future__ import annotations

from datetime import date

from pipeline.collection.corrections import HEADER, EffectiveSlot
from pipeline.collection.export import STATES, UNREADABLE_MARK
from pipeline.collection.file_names import units_in_name
from pipeline.collection.filing import Filed, Standing
from pipeline.collection.ledger import TO_REMIND, Ledger, UnitLine
from pipeline.collection.ledger_text import items_text, line_note
from pipeline.collection.totals import heading_of
from pipeline.times import local_date, local_text
from pipeline.whole import Row, csv_bytes
from schemas.flow import State
from schemas.form import Form
from schemas.paths import form_path, turn_of
from schemas.values import Value

MACHINE = "机器识别"

_BOX = ("左", "上", "右", "下")


def returns_csv(ledger: Ledger, form: Form) -> bytes:
    """A row a unit that has returned: state, files, fields above the table, and a column a slot."""
    headings = slot_headings(ledger, form)
    first = ["单位", "上级", "状态", "到达时间", "文件", "首页", "页数", "待审核项数", "说明"]
    rows = [_return_row(line, form, headings) for line in ledger.lines if line.slots]
    return csv_bytes(rows, [*first, *(field.label for field in form.header), *headings.values()])


def slots_csv(ledger: Ledger, form: Form) -> bytes:
    """A row a slot that counts: value, state, by machine or by whom, file, page, box."""
    columns = ["单位", "上级", "项目", "名称", "状态", "数值", "待审核", "来源", "审核时间", "机器识别为", "原文", "可信度"]
    headings = slot_headings(ledger, form)
    rows = [_slot_row(line, filed, slot, headings) for line in ledger.lines for filed, slot in line.slots]
    return csv_bytes(rows, [*columns, "文件", "首页", "页", *_BOX])


def missing_csv(ledger: Ledger, form: Form, as_of: date) -> bytes:
    """The list of units to remind (催报): who, under whom, since when, of what."""
    columns = ["单位", "上级", "状态", "填报期限", "逾期天数", "缺少", "说明"]
    rows = [_missing_row(line, ledger, form, as_of) for line in ledger.lines if line.state in TO_REMIND]
    return csv_bytes(rows, columns)


def slot_headings(ledger: Ledger, form: Form) -> dict[str, str]:
    """Heading by slot path: the form's, and behind them those of further activities that some return has."""
    further = {slot.path for line in ledger.lines for _, slot in line.slots} - set(form.headings)
    place = {path: number for number, path in enumerate(form.headings)}
    order = sorted(further, key=lambda path: (turn_of(path), place.get(form_path(path), 0)))
    return {**form.headings, **{path: heading_of(path, form) for path in order}}


def shown(slot: EffectiveSlot) -> Value:
    """A slot as a cell shows it: never a number and never empty where nobody could read what somebody wrote."""
    return UNREADABLE_MARK if slot.state is State.UNREADABLE else slot.value


def decided_by(slot: EffectiveSlot) -> str:
    """Who says so: the machine, or a reviewer by name."""
    return f"审核员 {slot.who}" if slot.who else MACHINE


def header_value(line: UnitLine, key: str) -> str | None:
    """A field above the table as it counts: what a person decided, or what was read, of the first part that has it."""
    for filed in line.counted:
        correction = filed.stored.corrections.get(HEADER + key)
        field = filed.stored.reading.header.get(key)
        value = correction.after[1] if correction is not None else field.value if field is not None else None
        if value is not None:
            return str(value)
    return None


def _return_row(line: UnitLine, form: Form, headings: dict[str, str]) -> Row:
    parts = line.counted
    row: Row = {
        **_unit_cells(line),
        "到达时间": local_text(parts[-1].stored.arrived),
        "文件": "；".join(dict.fromkeys(filed.stored.name for filed in parts)),
        "首页": _first_page(parts[0]),
        "页数": sum(filed.stored.reading.pages for filed in parts) or None,
        "待审核项数": line.open_slots,
        "说明": line_note(line, form),
    }
    row |= {field.label: header_value(line, field.key) for field in form.header}
    row |= {headings[slot.path]: shown(slot) for _, slot in line.slots}
    return row


def _first_page(filed: Filed) -> int | None:
    """None for a return that was never on paper."""
    reading = filed.stored.reading
    return reading.first_page if reading.pages else None


def _slot_row(line: UnitLine, filed: Filed, slot: EffectiveSlot, headings: dict[str, str]) -> Row:
    machine_state, machine_value = slot.machine
    row: Row = {
        "单位": line.unit.name,
        "上级": line.unit.parent,
        "项目": slot.path,
        "名称": headings[slot.path],
        "状态": STATES[slot.state],
        "数值": slot.value,
        "待审核": "是" if slot.open else "否",
        "来源": decided_by(slot),
        "审核时间": local_text(slot.when),
        "机器识别为": UNREADABLE_MARK if machine_state is State.UNREADABLE else machine_value,
        "原文": slot.raw,
        "可信度": slot.confidence,
        "文件": filed.stored.name,
        "首页": _first_page(filed),
        "页": slot.page,
    }
    if slot.box is not None:
        row |= {side: round(place, 5) for side, place in zip(_BOX, slot.box, strict=True)}
    return row


def _missing_row(line: UnitLine, ledger: Ledger, form: Form, as_of: date) -> Row:
    deadline = ledger.collection.deadline
    due = local_date(deadline) if deadline is not None else None
    return {
        **_unit_cells(line),
        "填报期限": due.isoformat() if due else None,
        "逾期天数": max(0, (as_of - due).days) if due else None,
        "缺少": items_text(line.missing_items, form) if line.slots else "整份报表",
        "说明": "；".join(_hints(line, ledger)),
    }


def _hints(line: UnitLine, ledger: Ledger) -> list[str]:
    """What the office should look at before it reminds a unit: something of theirs may be here already."""
    unit = [line.unit]
    told = [f"有文件无法读取，可能是该单位的：{one.name}" for one in ledger.failed if units_in_name(one.name, unit)]
    told += [f"有文件等待读取：{one.name}" for one in ledger.pending if units_in_name(one.name, unit)]
    told += [
        f"有报表未归入任何单位，可能是该单位的：{filed.stored.name}"
        for filed in ledger.apart
        if filed.standing is Standing.UNKNOWN and units_in_name(filed.stored.name, unit)
    ]
    told += [f"已剔除：{filed.stored.name}" for filed in line.returns if filed.standing is Standing.DISMISSED]
    return told


def _unit_cells(line: UnitLine) -> Row:
    return {"单位": line.unit.name, "上级": line.unit.parent, "状态": line.state.chinese}
