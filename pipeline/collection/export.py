"""What `kuohao run` has read, as CSV with Chinese headings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.collection.totals import heading_of
from pipeline.whole import Row, csv_bytes, write_whole
from schemas.flow import State
from schemas.form import Form
from schemas.reading import Reading, SlotReading
from schemas.values import Value

STATES = {State.VALUE: "有值", State.BLANK: "空白", State.UNREADABLE: "无法辨认"}

# What a returns.csv cell shows for a slot in which somebody wrote something that nobody could read: never a number,
# never empty.
UNREADABLE_MARK = "？"


@dataclass(frozen=True)
class ReadFile:
    """A file as it stands in the tables: its name there, its readings, and its flagged slots' crops by "RETURN-SLOT"."""

    name: str
    readings: tuple[Reading, ...]
    crops: Mapping[str, Path]


def write_returns(path: Path, files: Sequence[ReadFile], form: Form) -> None:
    """A row a return: where it is from, whether it needs a person, fields above the table, and a column a slot."""
    headings = _slot_headings(form, files)
    rows = [_return_row(file, reading, form, headings) for file in files for reading in file.readings]
    first = ["文件", "首页", "页数", "待审核", "待审核项数", "问题", *(field.label for field in form.header)]
    _write(path, rows, [*first, *headings.values()])


def write_slots(path: Path, files: Sequence[ReadFile], form: Form) -> None:
    """A row a slot: value, state, confidence, reasons, file, page, box."""
    headings = _slot_headings(form, files)
    rows = [
        _slot_row(file, reading, slot, form, headings)
        for file in files
        for reading in file.readings
        for slot in reading.slots
    ]
    columns = ["文件", "首页", "填报单位", "项目", "名称", "状态", "数值", "原文", "可信度", "待审核", "原因", "页", *_BOX]
    _write(path, rows, columns)


def write_review(path: Path, files: Sequence[ReadFile], form: Form) -> None:
    """A row a flagged slot, with the path of its crop, relative to the table's folder."""
    headings = _slot_headings(form, files)
    rows = []
    for file in files:
        for number, reading in enumerate(file.readings, 1):
            for slot in reading.slots:
                if slot.review:
                    crop = file.crops.get(f"{number}-{slot.path}")
                    image = Path(os.path.relpath(crop, path.parent)).as_posix() if crop else None
                    rows.append({**_slot_row(file, reading, slot, form, headings), "图片": image})
    columns = ["文件", "首页", "填报单位", "项目", "名称", "状态", "数值", "原文", "可信度", "原因", "页", "图片"]
    _write(path, rows, columns)


def write_failed(path: Path, failed: Mapping[str, str]) -> None:
    """A row a file that could not be read, with the reason and what to do."""
    _write(path, [{"文件": name, "原因": reason} for name, reason in failed.items()], ["文件", "原因"])


_BOX = ["左", "上", "右", "下"]


def _slot_headings(form: Form, files: Sequence[ReadFile]) -> dict[str, str]:
    """Heading by slot path: the form's, and behind them those of further activities that some return has."""
    known = dict(form.headings)
    for file in files:
        for reading in file.readings:
            for slot in reading.slots:
                known.setdefault(slot.path, heading_of(slot.path, form))
    return known


def _return_row(file: ReadFile, reading: Reading, form: Form, headings: Mapping[str, str]) -> Row:
    row: Row = {
        "文件": file.name,
        "首页": reading.first_page if reading.pages else None,
        "页数": reading.pages or None,
        "待审核": "是" if reading.review else "否",
        "待审核项数": sum(slot.review for slot in reading.slots),
        "问题": "；".join(problem.chinese for problem in reading.problems),
    }
    row |= {field.label: reading.header[field.key].value for field in form.header}
    row |= {headings[slot.path]: _shown(slot) for slot in reading.slots}
    return row


def _slot_row(file: ReadFile, reading: Reading, slot: SlotReading, form: Form, headings: Mapping[str, str]) -> Row:
    row: Row = {
        "文件": file.name,
        "首页": reading.first_page if reading.pages else None,
        "填报单位": reading.header[form.unit.key].value if form.unit else None,
        "项目": slot.path,
        "名称": headings[slot.path],
        "状态": STATES[slot.state],
        "数值": slot.value,
        "原文": slot.raw,
        "可信度": slot.confidence,
        "待审核": "是" if slot.review else "否",
        "原因": "；".join(reason.chinese for reason in slot.reasons),
        "页": slot.page,
    }
    if slot.box is not None:
        row |= {side: round(place, 5) for side, place in zip(_BOX, slot.box, strict=True)}
    return row


def _shown(slot: SlotReading) -> Value:
    return UNREADABLE_MARK if slot.state is State.UNREADABLE else slot.value


def _write(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    write_whole(path, csv_bytes(rows, columns))
