"""Charts as numbers: where lines, bars and ticks go on a picture whose units are pixels of its own. Templates draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import ceil, floor, log10

from pipeline.times import CHINA, as_utc
from pipeline.web.dashboard.overview import Day
from schemas.values import Number, decimals_of, number_text, plain_number

WIDTH, HEIGHT = 560.0, 214.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 14.0, 22.0, 24.0
"""The picture of arrivals, and the margins in which its words stand."""

MOST_DATES = 7
"""Dates below the chart: more would touch each other."""

BARS_HEIGHT = 132.0
"""The picture of units, with its axis."""

MOST_BARS = 120
"""Units that are drawn, the largest: narrower bars could not be told apart."""


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A point of the line, with what it says."""

    x: float
    y: float
    width: float
    day: Day


@dataclass(frozen=True)
class ArrivalsChart:
    """Units that have returned, day by day. `line` and `area` are what SVG takes as points and as a path; `deadline` and
    `today` are places on the x axis, None where they lie outside; `base` and `goal` heights of none and all."""

    line: str
    area: str
    marks: tuple[Mark, ...]
    dates: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    base: float
    goal: float
    deadline: float | None
    today: float | None


def arrivals_chart(days: Sequence[Day], expected: int, deadline: datetime | None, now: datetime) -> ArrivalsChart | None:
    """The chart of arrivals; None before anything has come."""
    if not days:
        return None
    start = _midnight(days[0].day)
    end = _midnight(days[-1].day) + timedelta(days=1)
    if deadline is not None and start < as_utc(deadline) <= end + (end - start):
        # The deadline is on the picture while it is near enough to be aimed at.
        end = max(end, as_utc(deadline) + (end - start) * 0.04)
    highest = max(expected, days[-1].returned, 1)
    base, goal = HEIGHT - BOTTOM, TOP

    def across(moment: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((as_utc(moment) - start) / (end - start)), 1)

    def up(count: float) -> float:
        return round(base - (base - goal) * count / highest, 1)

    marks = []
    points = [(across(start), up(days[0].returned - days[0].units))]
    for day in days:
        # What came on a day is there by its end; of today, by now.
        begin, until = _midnight(day.day), _midnight(day.day) + timedelta(days=1)
        point = across(min(until, as_utc(now)) if begin < as_utc(now) else until)
        points.append((point, up(day.returned)))
        marks.append(Mark(point, up(day.returned), round(across(until) - across(begin), 1), day))
    line = " ".join(f"{x},{y}" for x, y in points)
    area = f"M{points[0][0]},{base} " + " ".join(f"L{x},{y}" for x, y in points) + f" L{points[-1][0]},{base} Z"
    return ArrivalsChart(
        line,
        area,
        tuple(marks),
        tuple(Tick(across(_midnight(day)), f"{day.month}/{day.day}") for day in _spread(start, end)),
        tuple(Tick(up(count), str(count)) for count in nice_steps(highest)),
        base,
        goal=up(expected),
        deadline=across(deadline) if deadline is not None and start <= as_utc(deadline) <= end else None,
        today=across(now) if start <= as_utc(now) < end else None,
    )


@dataclass(frozen=True)
class Bar:
    """One unit's bar: its place among those of the picture, its height, whether it is open, and whether it stands out."""

    x: float
    y: float
    width: float
    height: float
    unit: str
    value: Number
    open: bool
    outlier: bool


@dataclass(frozen=True)
class UnitsChart:
    """The units' values, the largest first. `median` is a height; `beyond` units have smaller values and no bar."""

    bars: tuple[Bar, ...]
    counts: tuple[Tick, ...]
    base: float
    median: float
    beyond: int


def units_chart(values: Sequence[tuple[str, Number, bool, bool]], middle: float) -> UnitsChart | None:
    """Bars of units (name, value, open, standing out); None where nobody has given a number. `middle` is their median."""
    if not values:
        return None
    ordered = sorted(values, key=lambda one: -one[1])
    shown = ordered[:MOST_BARS]
    highest = float(shown[0][1])
    base, top = BARS_HEIGHT - 10.0, 12.0
    step = (2 * WIDTH - LEFT * 2 - RIGHT) / max(len(shown), 24)

    def up(value: Number | float) -> float:
        return round(base - (base - top) * float(value) / highest, 1)

    bars = tuple(
        Bar(
            round(LEFT * 2 + place * step, 1), min(up(value), base - 1), round(step * 0.72, 1), 0.0, unit, value, opened, out
        )
        for place, (unit, value, opened, out) in enumerate(shown)
    )
    return UnitsChart(
        tuple(Bar(**{**vars(bar), "height": round(base - bar.y, 1)}) for bar in bars),
        tuple(Tick(up(count), number_text(count)) for count in nice_amounts(shown[0][1], most=3)),
        base,
        up(middle),
        len(ordered) - len(shown),
    )


def nice_steps(highest: int, most: int = 4) -> tuple[int, ...]:
    """Round numbers from nought up to a highest: at most so many steps of 1, 2 or 5 and noughts."""
    rough = max(highest / most, 1)
    power = 10 ** floor(log10(rough))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough)
    return tuple(range(0, highest + 1, step))


def nice_amounts(highest: Number, most: int = 4) -> tuple[Number, ...]:
    """The same for amounts, which may all be below 1."""
    scale = 10 ** decimals_of(highest)
    return tuple(plain_number(Decimal(step) / scale) for step in nice_steps(int(highest * scale), most))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _spread(start: datetime, end: datetime) -> tuple[date, ...]:
    """Days to be named below a chart, evenly spread."""
    count = ceil((end - start) / timedelta(days=1))
    step = max(1, ceil(count / MOST_DATES))
    return tuple((start + timedelta(days=place)).date() for place in range(0, count, step))
