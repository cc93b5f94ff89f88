"""The ledger in words: remarks on a unit, and the whole of it for a terminal."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline.collection.file_names import units_in_name
from pipeline.collection.filing import Filed, Standing
from pipeline.collection.ledger import Ledger, UnitLine, UnitState
from pipeline.reading.units import unit_field
from pipeline.times import day_text, local_date, local_text
from pipeline.whole import printable
from schemas.form import Form

_STYLES = {UnitState.REVIEW: "yellow", UnitState.PARTIAL: "red", UnitState.MISSING: "red", UnitState.LATE: "yellow"}


def ledger_view(ledger: Ledger, form: Form, *, only: Container[UnitState] | None = None) -> Group:
    """The ledger for a terminal: what rich prints; of units in some states alone where asked for."""
    parts: list[Text | Table] = [Text(printable(line)) for line in (ledger.collection.name, summary_line(ledger))]
    parts.append(_units_table(ledger, form, only))
    if only is not None:
        return Group(*parts)
    if ledger.parents:
        parts.append(_parents_table(ledger))
    for title, lines in _leftovers(ledger, form):
        parts += [Text(f"\n{title}（{len(lines)}）", style="bold"), *(Text(f"  {printable(line)}") for line in lines)]
    return Group(*parts)


def summary_line(ledger: Ledger) -> str:
    """How many units have returned, in a sentence."""
    states = ledger.states
    expected, missing = len(ledger.lines), states[UnitState.MISSING]
    shown = (UnitState.REVIEW, UnitState.PARTIAL)
    of_these = [f"{state.chinese} {states[state]} 个" for state in shown if states[state]]
    late = sum(line.late for line in ledger.lines)
    of_these += [f"逾期 {late} 个"] if late else []
    told = f"应报 {expected} 个单位，已报 {expected - missing} 个"
    told += f"（其中{'、'.join(of_these)}）" if of_these else ""
    told += f"，未报 {missing} 个"
    deadline = ledger.collection.deadline
    return told + (f"；填报期限 {day_text(local_date(deadline))}" if deadline else "") + "。"


def line_note(line: UnitLine, form: Form) -> str:
    """What there is to say about a unit's returns."""
    told = []
    if line.missing_items:
        told.append(f"缺{items_text(line.missing_items, form)}")
    if line.open_slots:
        told.append(f"{line.open_slots} 项待审核")
    if line.open_fields:
        labels = {field.key: field.label for field in form.header}
        told.append(f"表头待核对：{'、'.join(dict.fromkeys(labels.get(key, key) for key in line.open_fields))}")
    told += dict.fromkeys(problem.chinese for problem in line.problems)
    if line.late:
        told.append("逾期")
    if len(line.counted) > 1:
        told.append(f"由 {len(line.counted)} 份来件拼成")
    for standing in (Standing.SUPERSEDED, Standing.DUPLICATE, Standing.UNCONFIRMED, Standing.DISMISSED):
        names = [filed.stored.name for filed in line.returns if filed.standing is standing]
        if names:
            told.append(f"{standing.chinese}：{'、'.join(names)}")
    return "；".join(told)


def items_text(keys: Iterable[str], form: Form) -> str:
    """Items by their numbers: 第4、5项; all of them are 全部项目."""
    numbers = [str(number) for number, item in enumerate(form.items, 1) if item.key in set(keys)]
    return "全部项目" if len(numbers) == len(form.items) else f"第{'、'.join(numbers)}项"


def aside_note(filed: Filed, form: Form) -> str:
    """What became of a return that does not count: whose it says it is, and what it stands behind."""
    told = filed.standing.chinese
    if filed.standing is Standing.UNKNOWN:
        told += f"（表上写的是“{unit_field(filed.stored.reading, form).value or '—'}”）"
    if filed.of is not None:
        relation = {Standing.SUPERSEDED: "以此件为准", Standing.DUPLICATE: "与此件数据全同"}
        told += f"；{relation.get(filed.standing, '与此件数据全同，可能是同一份')}：{filed.of.name}"
    return told


def _units_table(ledger: Ledger, form: Form, only: Container[UnitState] | None) -> Table:
    table = Table(box=None, pad_edge=False)
    titles = ["单位", "上级", "状态", "到达", "文件", "说明"] if ledger.parents else ["单位", "状态", "到达", "文件", "说明"]
    for title in titles:
        table.add_column(title, no_wrap=title in ("状态", "到达"))
    for line in (line for line in ledger.lines if only is None or line.state in only):
        files = "、".join(filed.stored.name for filed in line.counted)
        arrived = local_text(line.counted[-1].stored.arrived) if line.counted else ""
        cells = [line.unit.name, line.unit.parent, line.state.chinese, arrived, files, line_note(line, form)]
        shown = cells if ledger.parents else [cells[0], *cells[2:]]
        table.add_row(*(escape(printable(cell)) for cell in shown), style=_STYLES.get(line.state, ""))
    return table


def _parents_table(ledger: Ledger) -> Table:
    table = Table(title="上级小计", title_justify="left", box=None, pad_edge=False)
    for title in ("上级", "应报", "实报", *(state.chinese for state in UnitState)):
        table.add_column(title, justify="left" if title == "上级" else "right")
    for line in ledger.parents:
        counts = [
            line.expected,
            line.expected - line.states[UnitState.MISSING],
            *(line.states[state] for state in UnitState),
        ]
        table.add_row(escape(line.parent or "（无上级）"), *map(str, counts))
    return table


def _leftovers(ledger: Ledger, form: Form) -> list[tuple[str, Sequence[str]]]:
    """What belongs to no unit, by kind; kinds without any are left out."""
    found: list[tuple[str, Sequence[str]]] = [
        ("未归入任何单位的报表", [f"{filed.stored.name}：{aside_note(filed, form)}" for filed in ledger.apart]),
        ("无法读取的文件", [_failed_line(one.name, one.reason, one.advice, ledger) for one in ledger.failed]),
        ("等待读取的文件", [one.name for one in ledger.pending]),
        ("重复来件（内容完全相同）", [one.name for one in ledger.duplicates]),
    ]
    return [(title, lines) for title, lines in found if lines]


def _failed_line(name: str, reason: str, advice: str, ledger: Ledger) -> str:
    units = units_in_name(name, ledger.collection.units)
    told = "：".join(part for part in (name, "；".join(part for part in (reason, advice) if part)) if part)
    return told + (f"（可能是 {'、'.join(units)}）" if units else "")
