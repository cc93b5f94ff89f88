"""`python -m tests.bench.cost output/bench/scale.json`: cores, hours, storage, reviewers and money, from measured figures.

All prices and shares are assumptions in round numbers, to be replaced by one's own: `--help` lists them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Annotated, Any

import typer

from tests.bench.scale.report import table

GB = 1e9

USED = 0.7
"""Share of their time that cores and people are at it: queues grow without bound as it nears 1."""

DAY_HOURS = 8.0
"""A reviewer's day."""


@dataclass(frozen=True)
class Measured:
    """What a return takes: pages, processor seconds by part, seconds in which nobody else can store, bytes of its original
    and of its rows. `hurried` are processor seconds by part where returns come as fast as can be: of what is done by
    the clock, however little there is to do, each then bears less."""

    pages: float
    busy: Mapping[str, float]
    writing: float
    original: float
    rows: float
    hurried: Mapping[str, float]


@dataclass(frozen=True)
class Assumed:
    """What nobody has measured here. Prices are in yuan: a core-hour, a GB-month of objects and of a database's disk, and an
    hour of a reviewer. `flagged` slots and fields of a return, each `seconds` of a person; `crop` bytes kept of each."""

    core_hour: float = 0.3
    object_month: float = 0.15
    database_month: float = 1.0
    person_hour: float = 50.0
    months: float = 12.0
    flagged: float = 1.8
    seconds: float = 6.0
    crop: float = 6000.0


@dataclass(frozen=True)
class Cost:
    """What so many pages take: sizes in GB, money in yuan. `cores` read, `writer` is the share of the time that the store's
    one writer is at work, `people` review, all within `days`."""

    pages: float
    days: float
    returns: float
    core_hours: float
    cores: int
    writer: float
    originals: float
    database: float
    crops: float
    review_hours: float
    people: float
    reading_money: float
    storage_money: float
    review_money: float

    @property
    def money(self) -> float:
        """All of it."""
        return self.reading_money + self.storage_money + self.review_money


def main(
    figures: Annotated[Path, typer.Argument(help="What make bench-scale has kept.")] = Path("output/bench/scale.json"),
    core_hour: Annotated[float, typer.Option(help="Yuan a core-hour.")] = Assumed.core_hour,
    object_month: Annotated[float, typer.Option(help="Yuan a GB-month of originals and crops.")] = Assumed.object_month,
    database_month: Annotated[float, typer.Option(help="Yuan a GB-month of the database.")] = Assumed.database_month,
    person_hour: Annotated[float, typer.Option(help="Yuan an hour of a reviewer.")] = Assumed.person_hour,
    months: Annotated[float, typer.Option(help="Months that everything is kept.")] = Assumed.months,
    flagged: Annotated[float, typer.Option(help="Slots and fields of a return for a person: typed ones.")] = Assumed.flagged,
    pens: Annotated[float, typer.Option(help="The same of returns by pen.")] = 41.0,
    seconds: Annotated[float, typer.Option(help="A person's seconds for each.")] = Assumed.seconds,
) -> None:
    """Print the model for 10,000, a million and a hundred million pages: typed returns, and half of them by pen."""
    measured = to_measured(json.loads(figures.read_text(encoding="utf-8")), os.cpu_count() or 1)
    sizes = ((1e4, 1.0), (1e6, 20.0), (1e8, 250.0))
    for title, share in (("Typed", flagged), ("Half of them by pen", (flagged + pens) / 2)):
        assumed = Assumed(core_hour, object_month, database_month, person_hour, months, share, seconds)
        print(f"{title}, {share:.1f} slots and fields a return for a person:\n")
        print(cost_table([cost_of(pages, days, measured, assumed) for pages, days in sizes]), end="\n\n")
    print("What is full first:\n")
    print(limits_table(measured))


def to_measured(figures: Mapping[str, Any], cores: int) -> Measured:
    """What the model needs of the bench's figures: of as many workers as there were cores, and of the largest store."""
    read, largest = figures["workers"], max(figures["store"], key=lambda stored: float(stored["returns"]))
    pace = max((one for one in read["paces"] if one["workers"] <= cores), key=lambda one: int(one["workers"]))
    took = {one["what"]: one for one in largest["took"]}
    writing = took["save and finish"]["median"] / 1000
    day = figures.get("day")
    hurried = {part: used / day["returns"] for part, used in day["busy"].items()} if day else pace["busy"]
    return Measured(read["pages_each"], pace["busy"], writing, read["bytes_each"], largest["bytes_each"], hurried)


def cost_of(pages: float, days: float, measured: Measured, assumed: Assumed) -> Cost:
    """What so many pages take that come within so many days; machines work all day, people eight hours of it.

    Seconds of all parts a return, times returns, are core-hours; everything is kept for the same number of months.
    """
    returns = pages / measured.pages
    core_hours = returns * sum(measured.busy.values()) / 3600
    hours = 24 * days
    originals, database = returns * measured.original / GB, returns * measured.rows / GB
    crops = returns * assumed.flagged * assumed.crop / GB
    review = returns * assumed.flagged * assumed.seconds / 3600
    return Cost(
        pages=pages,
        days=days,
        returns=returns,
        core_hours=core_hours,
        cores=ceil(core_hours / (USED * hours)),
        writer=returns * measured.writing / (3600 * hours),
        originals=originals,
        database=database,
        crops=crops,
        review_hours=review,
        people=review / (USED * DAY_HOURS * days),
        reading_money=core_hours * assumed.core_hour / USED,
        storage_money=assumed.months * ((originals + crops) * assumed.object_month + database * assumed.database_month),
        review_money=review * assumed.person_hour / USED,
    )


def cost_table(costs: list[Cost]) -> str:
    """A column for each number of pages."""
    rows = {
        "working days": [f"{one.days:.0f}" for one in costs],
        "returns": [f"{one.returns:,.0f}" for one in costs],
        "core-hours": [f"{one.core_hours:,.1f}" for one in costs],
        "cores, 24 hours a day": [f"{one.cores:,}" for one in costs],
        "the store's one writer is busy": [f"{100 * one.writer:.2g} %" for one in costs],
        "originals, GB": [f"{one.originals:,.0f}" for one in costs],
        "database, GB": [f"{one.database:,.1f}" for one in costs],
        "crops of flagged slots, GB": [f"{one.crops:,.2f}" for one in costs],
        "reviewers' hours": [f"{one.review_hours:,.0f}" for one in costs],
        "reviewers": [f"{one.people:,.1f}" for one in costs],
        "reading, yuan": [f"{one.reading_money:,.0f}" for one in costs],
        "storage, yuan": [f"{one.storage_money:,.0f}" for one in costs],
        "review, yuan": [f"{one.review_money:,.0f}" for one in costs],
        "all, yuan": [f"{one.money:,.0f}" for one in costs],
    }
    return table(("pages", *(f"{one.pages:,.0f}" for one in costs)), [(name, *cells) for name, cells in rows.items()])


def limits_table(measured: Measured) -> str:
    """How many returns a second each part that there is once can take, and how many cores read as many."""
    once = {
        "the process that holds the store": measured.hurried["holder"],
        "the scheduler": measured.hurried["scheduler"],
        "the store's one writer": measured.writing,
    }
    rows = []
    for name, seconds in sorted(once.items(), key=lambda one: -one[1]):
        rate = 1 / seconds if seconds else float("inf")
        cores = rate * measured.busy["workers"]
        rows.append(
            (name, f"{1000 * seconds:.0f}", f"{rate:,.0f}", f"{cores:,.0f}", f"{86400 * rate * measured.pages / 1e6:,.1f}")
        )
    return table(("there is one of", "ms a return", "returns a second", "reading cores", "million pages a day"), rows)


if __name__ == "__main__":
    typer.run(main)
