"""The dashboard's figures: who has returned, how fast, how far the review is, what somebody should look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from pipeline.collection.filing import Standing
from pipeline.collection.ledger import Ledger, ParentLine, UnitLine, UnitState
from pipeline.office.intervals import interval
from pipeline.times import as_utc, local_date
from pipeline.web.dashboard.said import Said, say
from pipeline.web.dashboard.snapshot import Snapshot
from schemas.office import Correction, FileState, Receipt

ONE_SITTING = timedelta(minutes=2)
"""Between two decisions of one person: after a longer pause they had been away, and the pause says nothing about pace."""

LEAST_DECISIONS = 5
"""Pauses between decisions from which a pace can be told."""

MOST_DAYS = 92
"""Days that the chart of arrivals shows at most: a quarter."""


@dataclass(frozen=True)
class Share:
    """So many of a whole, in one state."""

    state: UnitState
    count: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class ParentFigures:
    """The units right below one: "" for those without."""

    parent: str
    expected: int
    returned: int
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Day:
    """A day in China: files that came, units whose first return came, and how many had returned by its end."""

    day: date
    files: int
    units: int
    returned: int


@dataclass(frozen=True)
class PersonFigures:
    """What a person has decided, in all and today, and when last."""

    name: str
    decided: int
    today: int
    last: datetime


@dataclass(frozen=True)
class ReviewFigures:
    """The review: flagged slots of returns that count, found on a page; `absent` stand on pages that have not come.

    `seconds_each` is the usual time between two decisions of one person, None before there are enough.
    """

    slots: int
    flagged: int
    open: int
    fields: int
    absent: int
    people: tuple[PersonFigures, ...]
    seconds_each: float | None

    @property
    def decided(self) -> int:
        """Flagged slots that somebody has decided about."""
        return self.flagged - self.open

    @property
    def left(self) -> timedelta | None:
        """How long one person needs for what is open."""
        return None if self.seconds_each is None else timedelta(seconds=self.seconds_each * (self.open + self.fields))


@dataclass(frozen=True)
class ErrorRate:
    """Wrong ones among accepted slots drawn at random, and the bounds of their true share (Clopper and Pearson, 95 %)."""

    checked: int
    wrong: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """As observed."""
        return self.wrong / self.checked if self.checked else 0.0


@dataclass(frozen=True)
class ToDo:
    """Something that somebody should look at: what, how many, where. `grave`: figures are wrong or lacking meanwhile."""

    what: Said
    count: int
    link: str
    grave: bool = False


@dataclass(frozen=True)
class Overview:
    """Everything on the dashboard that a picture of the office tells."""

    expected: int
    returned: int
    shares: tuple[Share, ...]
    parents: tuple[ParentFigures, ...]
    days: tuple[Day, ...]
    review: ReviewFigures
    to_do: tuple[ToDo, ...]
    provisional: int
    totals: int


def make_overview(snapshot: Snapshot, now: datetime) -> Overview:
    """The dashboard's figures at a moment."""
    ledger = snapshot.ledger
    states = ledger.states
    expected = len(ledger.lines)
    return Overview(
        expected,
        expected - states[UnitState.MISSING],
        _shares(states, expected),
        tuple(_parent(line) for line in ledger.parents),
        arrivals(ledger.lines, snapshot.receipts, now),
        review_figures(snapshot, local_date(now)),
        to_do(ledger),
        sum(total.provisional for total in snapshot.totals),
        len(snapshot.totals),
    )


def time_left(deadline: datetime, now: datetime) -> Said:
    """How far off a deadline is, or how long ago it was."""
    left = as_utc(deadline) - as_utc(now)
    past = left < timedelta()
    days, hours, minutes = _parts(abs(left))
    if days:
        return say("已过期 {days} 天", days=days) if past else say("还剩 {days} 天 {hours} 小时", days=days, hours=hours)
    if past:
        return say("已过期 {hours} 小时 {minutes} 分钟", hours=hours, minutes=minutes)
    return say("还剩 {hours} 小时 {minutes} 分钟", hours=hours, minutes=minutes)


def length_said(length: timedelta) -> Said:
    """A length of work, roughly."""
    days, hours, minutes = _parts(length)
    if days or hours:
        return say("约 {hours} 小时 {minutes} 分钟", hours=24 * days + hours, minutes=minutes)
    return say("约 {minutes} 分钟", minutes=max(1, round(length.total_seconds() / 60)))


def error_rate(wrong: int, checked: int) -> ErrorRate | None:
    """The measured error rate; None before anything has been checked."""
    if not checked:
        return None
    return ErrorRate(checked, wrong, *interval(wrong, checked))


def arrivals(lines: Sequence[UnitLine], receipts: Sequence[Receipt], now: datetime) -> tuple[Day, ...]:
    """Day by day, from the first arrival to today, or to the last one where the clock says otherwise."""
    moments = (_first_arrival(line) for line in lines)
    firsts = Counter(local_date(moment) for moment in moments if moment is not None)
    files = Counter(local_date(receipt.arrived) for receipt in receipts)
    seen = {*firsts, *files}
    if not seen:
        return ()
    # An office that has been idle for months shows the months in which something came.
    end = min(max(*seen, local_date(now)), max(seen) + timedelta(days=MOST_DAYS // 2))
    first = max(min(seen), end - timedelta(days=MOST_DAYS - 1))
    returned = sum(count for day, count in firsts.items() if day < first)
    days = []
    for place in range((end - first).days + 1):
        day = first + timedelta(days=place)
        returned += firsts[day]
        days.append(Day(day, files[day], firsts[day], returned))
    return tuple(days)


def review_figures(snapshot: Snapshot, today: date) -> ReviewFigures:
    """How far the review is."""
    lines = snapshot.ledger.lines
    slots, flagged, opened, absent = (
        sum(part) for part in zip((0, 0, 0, 0), *(line.reviewed for line in lines), strict=True)
    )
    fields = sum(len(line.open_fields) for line in lines)
    fixes = [fix for stored in snapshot.returns for fix in stored.corrections.values()]
    return ReviewFigures(slots, flagged, opened, fields, absent, _people(fixes, today), pace(fixes))


def pace(fixes: Iterable[Correction]) -> float | None:
    """Seconds between two decisions of one person who sits at it; None where there are too few to tell."""
    by_person: dict[str, list[datetime]] = defaultdict(list)
    for fix in fixes:
        by_person[fix.who].append(as_utc(fix.when))
    pauses: list[float] = []
    for moments in by_person.values():
        moments.sort()
        steps = (later - earlier for earlier, later in pairwise(moments))
        pauses += [step.total_seconds() for step in steps if timedelta() < step <= ONE_SITTING]
    return median(pauses) if len(pauses) >= LEAST_DECISIONS else None


def to_do(ledger: Ledger) -> tuple[ToDo, ...]:
    """What somebody should look at, the gravest first; what there is none of is left out."""
    standings = Counter(filed.standing for filed in ledger.aside)
    again = sum(bool(line.ask_again) for line in ledger.lines)
    found = (
        ToDo(say("无法读取的文件"), len(ledger.failed), "/files?state=failed", True),
        ToDo(say("未归入任何单位的报表"), standings[Standing.UNKNOWN], "/units?list=apart", True),
        ToDo(say("填报单位待确认的报表"), standings[Standing.UNCONFIRMED], "/units?list=apart", True),
        ToDo(say("表样不符的报表"), standings[Standing.OTHER_FORM], "/units?list=apart", True),
        ToDo(say("缺页的单位"), ledger.states[UnitState.PARTIAL], "/units?state=partial", True),
        ToDo(say("有内容要请其重新核实的单位"), again, "/units?list=ask"),
        ToDo(say("疑似重复的报表"), standings[Standing.DUPLICATE], "/units?list=apart"),
        ToDo(say("等待读取的文件"), len(ledger.pending), f"/files?state={FileState.WAITING}"),
        ToDo(say("重复来件"), len(ledger.duplicates), "/files?state=duplicate"),
    )
    return tuple(one for one in found if one.count)


def _shares(states: Mapping[UnitState, int], of: int) -> tuple[Share, ...]:
    return tuple(Share(state, states[state], of) for state in UnitState)


def _parent(line: ParentLine) -> ParentFigures:
    returned = line.expected - line.states[UnitState.MISSING]
    return ParentFigures(line.parent, line.expected, returned, _shares(line.states, line.expected))


def _first_arrival(line: UnitLine) -> datetime | None:
    if line.state is UnitState.MISSING:
        return None
    return min(filed.stored.arrived for filed in line.returns if filed.standing is not Standing.DISMISSED)


def _people(fixes: Iterable[Correction], today: date) -> tuple[PersonFigures, ...]:
    """Who has decided how much, the busiest first."""
    by_person: dict[str, list[datetime]] = defaultdict(list)
    for fix in fixes:
        by_person[fix.who].append(as_utc(fix.when))
    figures = [
        PersonFigures(name, len(moments), sum(local_date(moment) == today for moment in moments), max(moments))
        for name, moments in by_person.items()
    ]
    return tuple(sorted(figures, key=lambda one: (-one.decided, one.name)))


def _parts(length: timedelta) -> tuple[int, int, int]:
    """Days, hours and minutes."""
    return length.days, length.seconds // 3600, length.seconds // 60 % 60
