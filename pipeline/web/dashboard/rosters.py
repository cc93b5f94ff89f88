"""What is collected, as somebody wants to change it on a page: checked, and compared with what it was."""

from __future__ import annotations

import csv
import hashlib
import json
import unicodedata
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline.reading.units import NAME_HEADINGS, clashes, table_rows, units_in_table
from pipeline.times import CHINA, as_utc
from pipeline.web.dashboard.said import Said, say
from schemas.errors import FormFileError
from schemas.form import Form
from schemas.form_file import toml_to_form
from schemas.office import Collection, Unit

MOST_UNITS = 20_000
"""Units of a roster: a province's grass-roots unions come in several."""

LONGEST_NAME = 100
"""Characters of a name: anything longer is a column of something else."""

MOST_TOLD = 8
"""Mistakes that are told at once."""

MOST_PACKED = 16_000_000
"""Bytes of a packed roster, unpacked: what is larger was not packed here."""

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How Excel's workbooks begin, new ones and those of before 2007."""


class Refused(Exception):
    """What is wrong with what was filled in, sentence by sentence."""

    def __init__(self, problems: tuple[Said, ...]) -> None:
        super().__init__()
        self.problems = problems


@dataclass(frozen=True)
class UnitChange:
    """A unit that stays on the roster with another parent or other names."""

    before: Unit
    after: Unit


@dataclass(frozen=True)
class Difference:
    """What would change. `lost` are units that go although they have returned something."""

    before: Collection
    after: Collection
    added: tuple[Unit, ...]
    removed: tuple[Unit, ...]
    changed: tuple[UnitChange, ...]
    lost: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing would change."""
        return self.before == self.after


def read_roster(data: bytes) -> tuple[Unit, ...]:
    """The units of an uploaded CSV, by the rules of `units.read_units`. Raises Refused."""
    if data.startswith(WORKBOOKS):
        raise Refused((say("这是 Excel 工作簿。请在 Excel 中另存为“CSV UTF-8（逗号分隔）”，再上传。"),))
    if b"\0" in data:
        raise Refused((say("这不是 CSV 文件。请上传逗号分隔的单位名单。"),))
    try:
        units = units_in_table(data)
    except csv.Error:
        raise Refused((say("这不是 CSV 文件。请上传逗号分隔的单位名单。"),)) from None
    problems = unit_problems(units)
    if problems:
        raise Refused(problems)
    return units


def unread_heading(data: bytes) -> str:
    """What stands at the top of a roster, where that is none of the column names that we know: perhaps a unit; else ""."""
    rows = table_rows(data)
    known = any(cell.strip().lower() in NAME_HEADINGS for cell in rows[0]) if rows else True
    return "" if known else rows[0][0].strip()[:LONGEST_NAME]


def unit_problems(units: Sequence[Unit]) -> tuple[Said, ...]:
    """What is wrong with a roster, the first few mistakes."""
    if not units:
        return (say("名单中没有单位：第一行是列名（名称、别名、上级），从第二行起每行一个单位。"),)
    if len(units) > MOST_UNITS:
        return (say("名单有 {n} 个单位，最多 {most} 个。", n=len(units), most=MOST_UNITS),)
    problems = []
    for unit in units:
        for name in (unit.name, *unit.aliases, unit.parent):
            if len(name) > LONGEST_NAME:
                problems.append(say("“{name}…”过长：名称最多 {most} 个字。", name=name[:20], most=LONGEST_NAME))
            elif any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
                shown = "".join(char if char.isprintable() else "□" for char in name[:20])
                problems.append(say("“{name}”中有换行、制表符等不可见的字符。列与列之间请用逗号分隔。", name=shown))
    for spelling, first, second in clashes(units):
        problems.append(say("“{name}”同时指“{first}”和“{second}”，请改正。", name=spelling, first=first, second=second))
    if len(problems) > MOST_TOLD:
        return (*problems[:MOST_TOLD], say("另有 {n} 处错误。", n=len(problems) - MOST_TOLD))
    return tuple(problems)


def read_name(text: str) -> str:
    """What a collection is called. Raises Refused for none, or for more than a line."""
    name = " ".join(text.split())
    if not name:
        raise Refused((say("请填写收集任务的名称。"),))
    if len(name) > LONGEST_NAME:
        raise Refused((say("名称最多 {most} 个字。", most=LONGEST_NAME),))
    return name


def read_deadline(text: str) -> datetime | None:
    """A deadline as a browser's field gives it (China's clock), in UTC; None for "". A minute lasts to its end.

    Raises Refused for anything else.
    """
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment
        whole = moment.replace(second=59) if moment.second == 0 else moment
        return whole.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused((say("填报期限应为日期和时间，如 2026-06-30 18:00。"),)) from None


def deadline_field(moment: datetime | None) -> str:
    """A deadline as a browser's field takes it: a minute of China's clock; "" for none."""
    return "" if moment is None else as_utc(moment).astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")


@dataclass(frozen=True)
class Asked:
    """What was filled in for another collection: its name, its title's words, its deadline, and a known form's id.

    `notice` is the one that asks for it, `units` its addressees, packed.
    """

    name: str
    title: str
    deadline: str
    form: str
    notice: str = ""
    units: str = ""


def wanted_new(asked: Asked, form_file: bytes, roster: bytes, known: Mapping[str, Form]) -> tuple[Collection, str | None]:
    """Another collection, and the text of its form file where it came with one. Raises Refused, telling what is wrong."""
    problems: list[Said] = []
    form, text = known.get(asked.form), None
    if form_file:
        try:
            text = form_file.decode("utf-8-sig")
            form = toml_to_form(text)
        except UnicodeDecodeError:
            problems.append(say("表样文件不是 UTF-8 编码的文本。"))
        except FormFileError as error:
            problems.append(say("表样文件有误：{detail}", detail=error.detail))
    elif form is None:
        problems.append(say("请选择表样，或上传表样文件。"))
    made = Collection("", "" if form is None else form.id, ())
    try:
        units = read_roster(roster) if roster else unpack_units(asked.units) if asked.units else ()
        made = wanted_collection(made, asked.name or (form.title if form else ""), asked.deadline, units, title=asked.title)
    except Refused as error:
        problems += error.problems
    if problems:
        raise Refused(tuple(problems))
    return replace(made, notice=" ".join(asked.notice.split())), text


def wanted_collection(
    known: Collection, name: str, deadline: str, units: tuple[Unit, ...] | None, *, title: str = ""
) -> Collection:
    """What somebody wants to collect: without a roster, from the same units. Raises Refused, telling all that is wrong."""
    problems: list[Said] = []
    wanted = replace(known, title=" ".join(title.split())[:LONGEST_NAME], units=known.units if units is None else units)
    try:
        wanted = replace(wanted, name=read_name(name))
    except Refused as error:
        problems += error.problems
    try:
        # A deadline that was not touched keeps its seconds.
        if deadline != deadline_field(known.deadline):
            wanted = replace(wanted, deadline=read_deadline(deadline))
    except Refused as error:
        problems += error.problems
    if problems:
        raise Refused(tuple(problems))
    return wanted


def compare(before: Collection, after: Collection, returned: frozenset[str]) -> Difference:
    """What would change; `returned` are the units that have returned something."""
    was = {unit.name: unit for unit in before.units}
    now = {unit.name: unit for unit in after.units}
    removed = tuple(unit for name, unit in was.items() if name not in now)
    return Difference(
        before,
        after,
        tuple(unit for name, unit in now.items() if name not in was),
        removed,
        tuple(UnitChange(was[name], unit) for name, unit in now.items() if name in was and was[name] != unit),
        tuple(unit.name for unit in removed if unit.name in returned),
    )


def pack_units(units: Sequence[Unit]) -> str:
    """A roster as a page's hidden field holds it between two looks: packed, for a form's field may hold a megabyte."""
    rows = [[unit.name, unit.aliases, unit.parent] for unit in units]
    return b64encode(zlib.compress(json.dumps(rows, ensure_ascii=False).encode())).decode("ascii")


def unpack_units(text: str) -> tuple[Unit, ...]:
    """The same back, checked again. Raises Refused."""
    try:
        match json.loads(zlib.decompressobj().decompress(b64decode(text, validate=True), MOST_PACKED)):
            case list(rows):
                units = tuple(_unpacked(row) for row in rows)
            case _:
                raise ValueError
    except (ValueError, RecursionError, zlib.error):
        raise Refused((say("名单没有完整传来，请重新上传。"),)) from None
    problems = unit_problems(units)
    if problems:
        raise Refused(problems)
    return units


def state_mark(known: Collection) -> str:
    """What tells a collection from what it was before: the page that was looked at may be old."""
    told = repr((known.id, known.name, known.title, known.form, known.units, known.deadline))
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _unpacked(row: object) -> Unit:
    match row:
        case [str(name), list(aliases), str(parent)] if name and all(isinstance(alias, str) for alias in aliases):
            return Unit(name, tuple(aliases), parent)
    raise ValueError
