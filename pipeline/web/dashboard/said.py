"""Sentences with places in them, told in the reader's language: what the ledger says in Chinese alone, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.collection.filing import Filed, Standing
from pipeline.collection.ledger import UnitLine
from pipeline.collection.totals import Total
from pipeline.reading.units import unit_field
from schemas.form import Form


@dataclass(frozen=True)
class Said:
    """A Chinese sentence and what belongs in its {places}. Templates tell it: `_(said.text, **said.values)`."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)


def say(text: str, /, **values: object) -> Said:
    """A sentence with its values."""
    return Said(text, values)


def line_notes(line: UnitLine, form: Form) -> tuple[Said, ...]:
    """What there is to say about a unit's returns: in Chinese, what `ledger_text.line_note` says."""
    told: list[Said] = []
    if line.missing_items:
        told.append(items_said(line.missing_items, form))
    if line.open_slots:
        told.append(say("{n} 项待审核", n=line.open_slots))
    if line.open_fields:
        labels = {field.key: field.label for field in form.header}
        fields = "、".join(dict.fromkeys(labels.get(key, key) for key in line.open_fields))
        told.append(say("表头待核对：{fields}", fields=fields))
    told += [Said(problem.chinese) for problem in dict.fromkeys(line.problems)]
    if line.late:
        told.append(say("逾期"))
    if len(line.counted) > 1:
        told.append(say("由 {n} 份来件拼成", n=len(line.counted)))
    for standing, text in _ASIDE.items():
        names = [filed.stored.name for filed in line.returns if filed.standing is standing]
        if names:
            told.append(say(text, files="、".join(names)))
    return tuple(told)


def items_said(keys: Iterable[str], form: Form) -> Said:
    """Items that are missing, by their numbers."""
    wanted = set(keys)
    numbers = [str(number) for number, item in enumerate(form.items, 1) if item.key in wanted]
    if len(numbers) == len(form.items):
        return say("缺全部项目")
    return say("缺第{items}项", items="、".join(numbers))


def range_notes(total: Total) -> tuple[Said, ...]:
    """How far a total is provisional, and whether it is astray: in Chinese, what `Total.notes` says."""
    astray = total.astray and total.rows is not None
    told = [say("合计行与各行之和 {rows} 不一致", rows=total.in_words(total.rows or 0))] if astray else []
    if not total.provisional:
        return tuple(told)
    told.append(say("{n} 项待审核", n=total.open))
    if total.slot.kind.summed and total.low != total.high:
        told.append(say("{low}～{high}", low=total.in_words(total.low), high=total.in_words(total.high)))
    if total.unknown:
        told.append(say("不含未辨出数字的 {n} 项", n=total.unknown))
    return tuple(told)


def standing_notes(filed: Filed, form: Form) -> tuple[Said, ...]:
    """What became of a return: its standing, whose it says it is, and what it stands behind."""
    told = [Said(filed.standing.chinese)]
    if filed.standing is Standing.UNKNOWN:
        told.append(say("表上写的是“{unit}”", unit=unit_field(filed.stored.reading, form).value or "—"))
    if filed.of is not None:
        told.append(say(_RELATIONS.get(filed.standing, "与此件数据全同，可能是同一份：{file}"), file=filed.of.name))
    return tuple(told)


_ASIDE = {
    Standing.SUPERSEDED: "已被替换，不计入：{files}",
    Standing.DUPLICATE: "疑似重复，不计入：{files}",
    Standing.UNCONFIRMED: "填报单位待确认，暂不计入：{files}",
    Standing.DISMISSED: "审核员已剔除：{files}",
}

_RELATIONS = {Standing.SUPERSEDED: "以此件为准：{file}", Standing.DUPLICATE: "与此件数据全同：{file}"}
