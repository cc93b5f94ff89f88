"""The roster's columns, and the unit that a header names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.reading.roster import read_roster
from pipeline.reading.units import names_by_spelling, read_units, unit_named, unit_of_return
from schemas.errors import ConfigError
from schemas.office import Unit
from schemas.safety_month import SAFETY_MONTH
from tests.office import reading_of

QINGHE = Unit("青禾县总工会", ("青禾工会", "青禾县工会"), "云川市总工会")

ROSTERS: dict[str, tuple[bytes, tuple[Unit, ...]]] = {
    "English headings": ("name,aliases,parent\n青禾县总工会,青禾工会；青禾县工会,云川市总工会\n".encode(), (QINGHE,)),
    "Chinese headings": ("名称,别名,上级\n青禾县总工会,青禾工会;青禾县工会,云川市总工会\n".encode(), (QINGHE,)),
    "as Excel saves it": (
        "名称,别名,上级\r\n青禾县总工会,青禾工会；青禾县工会,云川市总工会\r\n".encode("gb18030"),
        (QINGHE,),
    ),
    "other order, other columns": (
        "序号,上级,单位,简称\n1,云川市总工会,青禾县总工会,青禾工会、青禾县工会\n".encode(),
        (QINGHE,),
    ),
    "names alone": ("name\n青禾县总工会\n".encode(), (Unit("青禾县总工会"),)),
    "unknown heading": ("各单位,电话\n青禾县总工会,1\n".encode(), (Unit("青禾县总工会"),)),
    "short row": ("名称,别名,上级\n青禾县总工会\n".encode(), (Unit("青禾县总工会"),)),
    "twice": ("名称,别名,上级\n青禾县总工会,青禾工会,云川市总工会\n青禾县总工会,青禾县工会,\n".encode(), (QINGHE,)),
    "its own alias": ("名称,别名\n甲,甲；；\n".encode(), (Unit("甲"),)),
    "nothing": (b"", ()),
}


@pytest.mark.parametrize(("data", "units"), ROSTERS.values(), ids=ROSTERS.keys())
def test_read_units(data: bytes, units: tuple[Unit, ...], tmp_path: Path) -> None:
    """Names, aliases and parents by the columns' headings, in UTF-8 or GB 18030; a column of names alone is a roster."""
    path = tmp_path / "名单.csv"
    path.write_bytes(data)
    assert read_units(path) == units


def test_a_spelling_is_one_units(tmp_path: Path) -> None:
    """An alias that is also another unit's name is a wrong setting: a return would count for either."""
    path = tmp_path / "名单.csv"
    path.write_text("名称,别名\n青禾县总工会,总工会\n白石区总工会,总工会\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="总工会"):
        read_units(path)


def test_readers_look_for_aliases_too(tmp_path: Path) -> None:
    """What may stand on a page is every name and every alias."""
    path = tmp_path / "名单.csv"
    path.write_text("名称,别名\n青禾县总工会,青禾工会\n白石区总工会,\n", encoding="utf-8")
    assert read_roster(path) == ("青禾县总工会", "青禾工会", "白石区总工会")


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("青禾县总工会", "青禾县总工会"),
        ("青禾工会", "青禾县总工会"),
        (" 青禾县 总工会", "青禾县总工会"),
        ("⻘禾县总工会", None),
        ("ＡＢ厂工会", "AB厂工会"),
        ("青禾县", None),
        ("", None),
        (None, None),
    ],
)
def test_the_unit_of_a_return(written: str | None, unit: str | None) -> None:
    """A header names a unit by name or alias, whatever the widths and spaces, and no unit by anything else."""
    names = names_by_spelling((QINGHE, Unit("AB厂工会")))
    assert unit_named(written, names) == unit
    assert unit_of_return(reading_of({}, unit=written), SAFETY_MONTH, names) == unit
