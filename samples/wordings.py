"""What units write into slots that are no plain counts: amounts, days, words, ticks; how it is written and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from samples import names
from schemas.form import Form, Slot
from schemas.values import Number, Value, plain_number

DRAWN = "✓"
"""A tick that is drawn, by hand or by a program, into a box."""

TICKS = ("☑", "☑", "■", "√", DRAWN)
"""How a box is ticked: a ticked one typed, a black one, √ in its place or over it, a tick drawn into it."""

DEFAULT_YEAR = 2026
"""The year of a form that names none."""

_WHOLE_SHARE = 0.3
_PLACES = ("一楼会议室", "职工之家", "文化广场东侧", "办公楼201室", "体育馆", "滨河路18号", "建设路北段", "科技园3号楼")
_HONOURS = ("市级职工书屋示范点", "省级示范单位", "全市先进集体", "市五一劳动奖状", "无")
_SAYINGS = (
    "建立定期轮换制度，图书每季度更新一次", "由专人管理，工作日延时开放到20点", "与企业班组结对，送书到一线",
    "以读书会带动职工学技能、提素质", "职工参与率明显提高", "阅读氛围更加浓厚，借阅量翻了一番",
    "经费不足，部分图书较旧", "场地偏小，座位不够", "工作基础扎实，示范作用明显", "服务职工成效突出，群众评价好",
)  # fmt: skip


_WORDS: Mapping[str, Callable[[np.random.Generator], str]] = {
    "姓名|负责人|联系人": names.person,
    "单位|企业": lambda rng: names.pick(rng, names.unit_names()),
    "地址|地点": lambda rng: names.pick(rng, _PLACES),
    "荣誉": lambda rng: names.pick(rng, _HONOURS),
    "做法|成效|困难|理由|说明|建议|备注": lambda rng: names.pick(rng, _SAYINGS),
    "书屋": lambda rng: f"{names.pick(rng, names.unit_names()).removesuffix('工会').removesuffix('总')}职工书屋",
}
"""What is written where such words are asked for."""


@dataclass(frozen=True)
class Wording:
    """What is written, and what it means."""

    raw: str
    value: Value


def form_year(form: Form) -> int:
    """The year that a form's title names."""
    found = re.search(r"20\d\d", form.title)
    return int(found.group()) if found else DEFAULT_YEAR


def words_for(slot: Slot, rng: np.random.Generator) -> str:
    """Words that fit the ones printed before a slot, or its column's heading."""
    asked = slot.column or slot.before
    said = next((said for pattern, said in _WORDS.items() if re.search(pattern, asked)), names.activity)
    return said(rng)


def draw_day(form: Form, after: date | None, rng: np.random.Generator) -> date:
    """A day in the form's year: `after` another one where that is given, mostly in the first half."""
    year = form_year(form)
    first = after or date(year, 1, 4)
    day = first + timedelta(days=int(rng.integers(1, 60 if after else 175)))
    return min(day, date(year, 12, 28))


def spell_day(day: date, form: Form, rng: np.random.Generator) -> Wording:
    """A day as people write it; without a year only where the form names that."""
    short = f"{day.month}月{day.day}日"
    full = f"{day.year}年{short}"
    spellings = [full, full, f"{day.year}.{day.month}.{day.day}", day.isoformat(), short]
    known = len(spellings) if str(day.year) in form.title else len(spellings) - 1
    return Wording(spellings[int(rng.integers(known))], day.isoformat())


def draw_amount(slot: Slot, rng: np.random.Generator, *, scale: float) -> Decimal:
    """An amount in the slot's unit: thousands or millions of yuan, single yuan and cents, square metres."""
    if slot.unit == "万元":
        exact = min(rng.lognormal(1.6, 1.3) * scale, 9000)
        return _rounded(max(exact, 0.05), 0 if rng.random() < _WHOLE_SHARE else int(rng.integers(1, 3)))
    if slot.unit == "元":
        exact = min(rng.lognormal(7.2, 1.2) * scale, 900_000)
        if rng.random() < 0.5:
            return _rounded(max(exact, 100) / 100, 0) * 100
        return _rounded(max(exact, 20), 0 if rng.random() < _WHOLE_SHARE else int(rng.integers(1, 3)))
    return _rounded(rng.uniform(15, 400), 0 if rng.random() < _WHOLE_SHARE else 1)


def spell_amount(amount: Number, slot: Slot, rng: np.random.Generator, *, odd_share: float) -> Wording:
    """An amount as people write it: with noughts behind it, commas in it, seldom with its unit."""
    value = plain_number(amount)
    plain = f"{Decimal(value):f}"
    chance = rng.random()
    if slot.unit in {"元", "万元"} and chance < 0.35:
        plain = f"{Decimal(value):.2f}"
    if Decimal(value) >= 1000 and rng.random() < 0.3:
        whole, point, rest = plain.partition(".")
        plain = f"{int(whole):,}{point}{rest}"
    if slot.unit and rng.random() < odd_share:
        if slot.unit == "元" and value >= 10_000 and plain_number(Decimal(value) / 100) == Decimal(value) // 100:
            return Wording(f"{plain_number(Decimal(value) / 10_000)}万元", value)
        return Wording(plain + slot.unit, value)
    return Wording(plain, value)


def _rounded(exact: float, places: int) -> Decimal:
    return round(Decimal(str(exact)), places)
