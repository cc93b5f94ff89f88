"""The project's own sample returns: varied, small, made anew by `python -m samples.make --committed`."""

from __future__ import annotations

import shutil
from pathlib import Path

from samples.electronic import make_electronic
from samples.layout import plain_layout
from samples.maker import Recipe, make_file
from samples.names import write_roster
from samples.printer import print_return
from samples.returns import blank_return
from schemas.safety_month import SAFETY_MONTH

HERE = Path(__file__).parent

SEED = 20261124
"""Seed of the first file; the others count on. No threshold was set on these returns."""

FILES: tuple[tuple[str, tuple[Recipe, ...]], ...] = (
    ("青禾县", (Recipe("digital"),)),
    ("白石区", (Recipe("digital", radicals=True),)),
    ("云川市电力", (Recipe("digital", activities=3),)),
    ("扫描-1", (Recipe("flatbed", pages=1, suffix=".pdf", turn=0),)),
    ("扫描-2", (Recipe("flatbed", pages=1, suffix=".jpg", turn=0, retyped=True),)),
    ("扫描-印章压数", (Recipe("flatbed", pages=1, suffix=".jpg", turn=0, seal=True, seal_values=True),)),
    ("全能王-1", (Recipe("camscanner", pages=2, suffix=".pdf", turn=0),)),
    ("全能王-2", (Recipe("camscanner", pages=1, suffix=".jpg", turn=0, activities=2),)),
    ("照片-1", (Recipe("photo", pages=1, suffix=".jpg", turn=0, exif=False),)),
    ("微信-2", (Recipe("wechat", pages=1, suffix=".heic", turn=0),)),
    ("照片-横", (Recipe("photo", pages=1, suffix=".jpg", turn=90, exif=False),)),
    ("微信-1", (Recipe("wechat", pages=1, suffix=".jpg", turn=0),)),
    ("微信-倒", (Recipe("wechat", pages=1, suffix=".jpg", turn=180),)),
    ("微信-侧", (Recipe("wechat", pages=1, suffix=".jpg", turn=270),)),
    ("传真-1", (Recipe("fax", pages=2, suffix=".tif", turn=0),)),
    ("传真-两份", (Recipe("fax", pages=1, suffix=".tif", turn=0), Recipe("fax", pages=1, turn=0))),
    ("弯曲", (Recipe("curled", pages=1, suffix=".jpg", turn=0),)),
    ("手写-1", (Recipe("wechat", "font", pages=2, suffix=".pdf", turn=0),)),
    ("手写-2", (Recipe("fax", "font", pages=1, suffix=".png", turn=0),)),
    ("手写-3", (Recipe("camscanner", "font", pages=1, suffix=".pdf", turn=0),)),
)


ELECTRONIC: tuple[tuple[str, str, str], ...] = (("电子表-1", "docx", "changes"), ("电子表-2", "xlsx", "pieces"))
"""Returns that were never on paper: name, kind and layout; their seeds go on behind the others'."""


def make_committed(folder: Path = HERE) -> Path:
    """Make `folder`/returns, `folder`/roster.csv and the blank form anew; gives the folder of returns."""
    returns = folder / "returns"
    if returns.exists():
        shutil.rmtree(returns)
    returns.mkdir(parents=True)
    for number, (name, recipes) in enumerate(FILES):
        make_file(recipes, SEED + number, returns / name)
    for number, (name, kind, layout) in enumerate(ELECTRONIC, len(FILES)):
        make_electronic(returns / name, kind, layout, SEED + number)
    write_roster(folder / "roster.csv")
    print_return(SAFETY_MONTH, blank_return(SAFETY_MONTH), plain_layout(), folder / "blank.pdf")
    return returns
