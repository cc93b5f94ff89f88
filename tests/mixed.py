"""An invented form with everything that a form may hold, and returns of it: for tests of what is done with values."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from schemas.form_file import toml_to_form
from schemas.values import Value, is_number, plain_number

FORM = toml_to_form(
    """
id = "mixed-2027"
title = "2027年职工服务情况统计表"
columns = ["序号", "服务项目", "服务情况", "投入（元）", "备注"]
header = [
    {key = "reporter", label = "报送单位（公章）", kind = "unit", also = ["报送单位"]},
    {key = "chair", label = "工会主席", kind = "name"},
    {key = "staff", label = "职工人数", kind = "text"},
]

[[items]]
key = "lectures"
heading = "政策宣讲"
slots = [
    {printed = "首场时间（），", key = "day", kind = "date"},
    {printed = "宣讲＿＿场，", key = "talks", unit = "场"},
    {printed = "参与（）人次；", key = "people", unit = "人次", events = "talks"},
    {printed = "□线上 ", key = "online", choice = "way"},
    {printed = "□线下。", key = "onsite", choice = "way"},
    {column = "投入（元）", key = "cost", kind = "money", unit = "元"},
    {column = "备注", key = "note", kind = "text"},
]

[[items]]
key = "checkups"
heading = "健康体检"
slots = [
    {printed = "体检（）人次，", key = "people", unit = "人次"},
    {printed = "其中慢病（含高血压）（）人。", key = "ill", unit = "人"},
    {column = "投入（元）", key = "cost", kind = "money", unit = "元"},
]

[[items]]
key = "places"
heading = "服务阵地"
repeats = true
slots = [
    {column = "阵地名称", key = "name", kind = "text"},
    {column = "面积（平方米）", key = "area", kind = "money", unit = "平方米"},
    {column = "服务人次", key = "people"},
    {column = "已挂牌", key = "signed", kind = "tick"},
]

[[items]]
key = "sum"
heading = "合计"
sums = "places"
slots = [
    {column = "面积（平方米）", key = "area", kind = "money", unit = "平方米"},
    {column = "服务人次", key = "people"},
]
"""
)

NOTES = ("首次开展", "与街道合办", "=1+1", "")

PLACES = ("职工驿站", "妈妈小屋", "暖“新”小站", "+职工书屋")


def invent(rng: np.random.Generator) -> dict[str, Value]:
    """What a unit might fill in, by path: now and then blank or 0; of places as many as it has, and their sum."""
    values: dict[str, Value] = {}
    for item in FORM.items[:2]:
        for slot in item.slots:
            if rng.random() >= 0.15:
                values[slot.path] = _value(slot.path.partition(".")[2], rng)
    if "lectures.online" in values:
        values.pop("lectures.onsite", None)
    count = int(rng.integers(0, 5))
    for turn in range(1, count + 1):
        head = "places" if turn == 1 else f"places[{turn}]"
        for name in ("name", "area", "people", "signed"):
            if rng.random() >= 0.1:
                values[f"{head}.{name}"] = _value(name, rng)
    for name in ("area", "people"):
        rows = [value for path, value in values.items() if path.startswith("places") and path.endswith(f".{name}")]
        if rows:
            values[f"sum.{name}"] = plain_number(sum((row for row in rows if is_number(row)), Decimal(0)))
    return {path: value for path, value in values.items() if value != ""}


def _value(name: str, rng: np.random.Generator) -> Value:
    if name == "day":
        return f"2027-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"
    if name in ("online", "onsite", "signed"):
        return 1
    if name in ("note", "name"):
        return str(rng.choice(NOTES if name == "note" else PLACES))
    if name in ("cost", "area"):
        return plain_number(Decimal(int(rng.integers(0, 10_000_000))) / (100 if name == "cost" else 10_000))
    return 0 if rng.random() < 0.08 else int(rng.integers(1, 2000))
