"""Invented names: cities, units, people, activities. None is meant to be anybody's."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

CITY = "云川市"

_FIRST = "青白云清南北东西金长"
_SECOND = "禾石溪岭浦桥塘湾泉坪"
_WORKS = ("电力", "纺织", "化工", "机械", "铁路", "邮政", "建材", "食品", "医药", "煤业")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡林何高罗谢"
_GIVEN = "文明国建平海云志强秀英桂芳丽晓静伟东春红梅玉兰亮宁"
_WHAT = ("安全", "应急", "隐患", "消防", "防汛", "职工", "班组", "劳动保护", "一线员工", "家属")
_HOW = ("知识竞赛", "书画展", "随手拍", "微视频征集", "家书诵读", "演讲比赛", "大讲堂", "技能比武", "文艺汇演", "金点子征集")


def unit_names() -> tuple[str, ...]:
    """The 60 units of the invented city, always the same: 24 counties, 8 districts, 28 industries and works."""
    rng = np.random.default_rng(20260628)
    pairs = [first + second for first in _FIRST for second in _SECOND]
    names = ["青禾", "白石"] + [str(name) for name in rng.permutation([p for p in pairs if p not in ("青禾", "白石")])]
    counties = ["青禾县总工会"] + [f"{name}县总工会" for name in names[2:25]]
    districts = ["白石区总工会"] + [f"{name}区总工会" for name in names[25:32]]
    industries = [f"{CITY}{works}工会" for works in _WORKS]
    works = [f"{name}{works}有限公司工会" for name, works in zip(names[32:50], _WORKS * 2, strict=False)]
    return (*counties, *districts, *industries, *works)


def write_roster(path: Path) -> None:
    """The unit names as a CSV file with the header `name`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["name"], *([name] for name in unit_names())])


def person(rng: np.random.Generator) -> str:
    """A person of two or three characters."""
    given = "".join(pick(rng, _GIVEN) for _ in range(int(rng.integers(1, 3))))
    return pick(rng, _SURNAMES) + given


def phone(rng: np.random.Generator) -> str:
    """A telephone number in an exchange that does not exist."""
    number = f"55{rng.integers(0, 100000):05d}"
    return pick(rng, (f"0990-{number}", f"0990-{number}", number, f"0990{number}", f"(0990){number}"))


def activity(rng: np.random.Generator) -> str:
    """The name of an activity, 4 to 14 characters."""
    name = pick(rng, _WHAT) + pick(rng, _HOW)
    return pick(rng, (name, name, f"“{name}”", f"{pick(rng, ('全市', '基层', '夏季', '我身边的'))}{name}"))


def pick(rng: np.random.Generator, options: str | tuple[str, ...]) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]
