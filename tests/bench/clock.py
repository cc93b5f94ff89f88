"""Where the time of reading goes: a clock that charges each stage with its own time, without the stages it calls.

Stages are measured from outside: the functions that `pipeline.reading.read` and `pipeline.reading.page` call are wrapped
where they look them up, in a process of the bench's own. What is wrapped is listed here; a name that is gone is an error
that says what to bring up to date.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar

Value = TypeVar("Value")

OTHER = "other"

# The stages in the order in which a page goes through them, as they are printed.
STAGES = (
    *("decode", "rectify", "orient + cells", "lines", "scout", "recogniser", "alignment", "digits", "crops"),
    *("second reader", "judging", OTHER),
)


@dataclass(frozen=True)
class Clocked:
    """A function as `module` looks it up, and the stage that its time belongs to."""

    module: str
    name: str
    stage: str


CLOCKED = (
    Clocked("pipeline.reading.read", "open_pages", "decode"),
    Clocked("pipeline.reading.page", "rectify", "rectify"),
    Clocked("pipeline.reading.page", "turn", "rectify"),
    Clocked("pipeline.reading.page", "orient", "orient + cells"),
    Clocked("pipeline.reading.page", "turn_cells", "orient + cells"),
    Clocked("pipeline.reading.page", "find_blocks", "orient + cells"),
    Clocked("pipeline.reading.page", "region_to_lines", "lines"),
    Clocked("pipeline.reading.page", "chars_to_lines", "lines"),
    Clocked("pipeline.reading.page", "chars_to_glyphs", "lines"),
    Clocked("pipeline.reading.page", "name_items", "alignment"),
    Clocked("pipeline.reading.page", "place_slots", "alignment"),
    Clocked("pipeline.reading.page", "find_grid", "alignment"),
    Clocked("pipeline.reading.page", "place_header", "alignment"),
    Clocked("pipeline.reading.gathering", "look_closely", "alignment"),
    Clocked("pipeline.reading.gathering", "read_digits", "digits"),
    Clocked("pipeline.reading.gathering", "read_closely", "digits"),
    Clocked("pipeline.reading.gathering", "read_over", "digits"),
    Clocked("pipeline.reading.gathering", "slot_to_crop", "crops"),
    Clocked("pipeline.reading.gathering", "find_gray_seals", "crops"),
    Clocked("pipeline.reading.gathering", "glance_suffices", "judging"),
    Clocked("pipeline.reading.gathering", "wants_second", "judging"),
    Clocked("pipeline.reading.read", "tables_to_returns", "judging"),
)

READER_STAGES: Mapping[str, str] = {
    "scout": "scout",
    "glyphs": "recogniser",
    "digits": "digits",
    "pens": "digits",
    "is_upside_down": "orient + cells",
    "second": "second reader",
}
"""Stages of the engines, by their field in `Readers`. An engine that is not listed is a stage of its own name."""


class StageMissing(Exception):
    """Functions of `CLOCKED` that are not where it says."""


class StageClock:
    """Time by stage. Entering a stage stops the one around it until the inner one is left.

    Only the thread that made the clock is charged: what runs beside it costs it nothing but waiting.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._now = now
        self._thread = threading.get_ident()
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge what happens inside to a stage."""
        if threading.get_ident() != self._thread:
            yield
            return
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def timed(self, name: str, function: Callable[..., Value]) -> Callable[..., Value]:
        """The same function, its time charged to a stage; of an iterator's, the time of each step."""

        @wraps(function)
        def wrapper(*arguments: Any, **options: Any) -> Any:
            with self.stage(name):
                result = function(*arguments, **options)
            return self._steps(name, result) if isinstance(result, Iterator) else result

        return wrapper

    def _steps(self, name: str, steps: Iterator[Value]) -> Iterator[Value]:
        try:
            while True:
                with self.stage(name):
                    try:
                        step = next(steps)
                    except StopIteration:
                        return
                yield step
        finally:
            # A generator that is not read to its end still has files to close.
            close = getattr(steps, "close", None)
            if close is not None:
                close()

    def _charge(self) -> None:
        now = self._now()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now


def missing_stages(clocked: tuple[Clocked, ...] = CLOCKED) -> list[str]:
    """The functions to be wrapped that are not there, as module.name."""
    return [
        f"{item.module}.{item.name}"
        for item in clocked
        if not callable(getattr(import_module(item.module), item.name, None))
    ]


def clock_functions(clock: StageClock, clocked: tuple[Clocked, ...] = CLOCKED) -> None:
    """Wrap the listed functions where their callers look them up, for the rest of this process.

    Raises StageMissing, before anything is wrapped, where one is not there.
    """
    if missing := missing_stages(clocked):
        raise StageMissing(f"not found: {', '.join(missing)}; bring CLOCKED in tests/bench/clock.py up to date")
    for item in clocked:
        module = import_module(item.module)
        setattr(module, item.name, clock.timed(item.stage, getattr(module, item.name)))


def clock_engines(clock: StageClock, readers: Value) -> Value:
    """Readers whose engines, the callables among their fields, are charged to stages."""
    if not is_dataclass(readers) or isinstance(readers, type):
        raise StageMissing("Readers is no dataclass any more; bring tests/bench/clock.py up to date")
    engines = {field.name: getattr(readers, field.name) for field in fields(readers)}
    timed = {
        name: clock.timed(READER_STAGES.get(name, name), engine) for name, engine in engines.items() if callable(engine)
    }
    return replace(readers, **timed)
