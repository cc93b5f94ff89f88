"""Where the time of a file goes: seconds by stage and by page, measured where it is read, told as one value with its result.

Stages are marked at the functions that do them (`with stage(…)`, `@stage(…)`). A page has some twenty marks, of ten
microseconds each; they count only while something is `measuring`, in the same thread: whatever runs beside it costs the file
nothing but waiting.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.flow import Page


class Stage(StrEnum):
    """What is done with a file, in the order in which it comes; each without those that it calls."""

    LOAD = "load"
    FETCH = "fetch"
    FORM = "form"
    OPEN = "open"
    TYPED = "typed"
    STRAIGHTEN = "straighten"
    TABLES = "tables"
    LINES = "lines"
    SCOUT = "scout"
    RECOGNISE = "recognise"
    ALIGN = "align"
    DIGITS = "digits"
    EVIDENCE = "evidence"
    SECOND = "second"
    JUDGE = "judge"
    OTHER = "other"

    @property
    def chinese(self) -> str:
        """The stage as people read it."""
        return _CHINESE[self]


_CHINESE = {
    Stage.LOAD: "载入引擎",
    Stage.FETCH: "取原件",
    Stage.FORM: "辨认表样",
    Stage.OPEN: "打开页面",
    Stage.TYPED: "读电子表",
    Stage.STRAIGHTEN: "校正",
    Stage.TABLES: "找表格",
    Stage.LINES: "切行",
    Stage.SCOUT: "初读",
    Stage.RECOGNISE: "识别文字",
    Stage.ALIGN: "对照表样",
    Stage.DIGITS: "识别数字",
    Stage.EVIDENCE: "查看括号",
    Stage.SECOND: "第二次识别",
    Stage.JUDGE: "判断",
    Stage.OTHER: "其他",
}


@dataclass(frozen=True)
class Spent:
    """Seconds that a file has taken: by stage, and of each page, the first one first.

    `stopped` is the page that could not be opened or read, counted from 1; 0 where there was none, or none came at all.
    """

    stages: Mapping[Stage, float] = field(default_factory=dict)
    pages: tuple[float, ...] = ()
    stopped: int = 0


def add_up(parts: Iterable[Spent]) -> dict[Stage, float]:
    """Seconds by stage of several files together, in the stages' order."""
    sums: defaultdict[Stage, float] = defaultdict(float)
    for part in parts:
        for name, seconds in part.stages.items():
            sums[name] += seconds
    return {name: sums[name] for name in Stage if name in sums}


class Clock:
    """Charges one stage at a time: entering one stops the one around it until the inner one is left.

    It changes in place, as what it stands for does.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.page = 0
        self.stopped = 0
        self._now = now
        self._stages: defaultdict[Stage, float] = defaultdict(float)
        self._pages: defaultdict[int, float] = defaultdict(float)
        self._open = [Stage.OTHER]
        self._since = now()

    def enter(self, name: Stage) -> None:
        """Begin a stage within the one that is under way."""
        self._charge()
        self._open.append(name)

    def leave(self) -> None:
        """End the innermost stage."""
        self._charge()
        self._open.pop()

    def spent(self, *, failed: bool = False) -> Spent:
        """What has been charged so far. Where reading has `failed`, the page at work has stopped it."""
        self._charge()
        pages = tuple(self._pages[number] for number in range(1, max(self._pages, default=0) + 1))
        return Spent(dict(self._stages), pages, self.stopped or (self.page if failed else 0))

    def _charge(self) -> None:
        now = self._now()
        self._stages[self._open[-1]] += now - self._since
        if self.page:
            self._pages[self.page] += now - self._since
        self._since = now


_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)


@contextmanager
def measuring(now: Callable[[], float] = time.perf_counter) -> Iterator[Clock]:
    """While this lasts, stages that this thread goes through are charged to a clock."""
    clock = Clock(now)
    token = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(token)


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Charge what happens inside to a stage. Decorates functions too, and then each of their calls."""
    clock = _clock.get()
    if clock is None:
        yield
        return
    clock.enter(name)
    try:
        yield
    finally:
        clock.leave()


def opening(pages: Iterator[Page], before: int = 0) -> Iterator[Page]:
    """Pages as they come, each charged with being opened and with what is done until the next one; `before` came earlier."""
    clock = _clock.get() or Clock()
    number = before
    while True:
        with stage(Stage.OPEN):
            try:
                page = next(pages)
            except StopIteration:
                break
            except Exception:
                # A file that shows no page at all has not stopped at one.
                clock.page = number + 1 if number > before else 0
                raise
            number += 1
            clock.page = number
        yield page
    clock.page = 0


def page_stopped() -> None:
    """Say that reading ended at the page at work, and goes on elsewhere."""
    clock = _clock.get()
    if clock is not None:
        clock.stopped, clock.page = clock.stopped or clock.page, 0
