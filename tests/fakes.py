"""An office without engines: small made returns, and a reader that makes readings of their bytes in milliseconds.

Light to import: the fault tests start many processes. `python -m tests.fakes INBOX HOME` is one: it works until SIGTERM.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from pipeline.executors import Pool
from pipeline.office.inbox import OWN_FOLDERS
from pipeline.office.watch import Office, prepare, watch
from pipeline.settings import Settings
from pipeline.store import Store, open_store
from schemas.errors import NoTable, TransientError, UnreadableFile
from schemas.flow import State
from schemas.form import Form
from schemas.reading import HeaderReading, Problem, Reading, Reason, SlotReading
from schemas.safety_month import SAFETY_MONTH

FORM: Form = SAFETY_MONTH

BAD, TWO, PAGE, FLAGGED, CRASHING, PASSING = b"BAD", b"TWO", b"PAGE", b"FLAG", b"CRASH", b"PASS"
"""How the bytes of a made return begin that fails, holds two returns, is one page of two, is for review, …"""

UNIT = re.compile(rb"UNIT:(.*)\n")
"""Where its bytes name the unit of a made return; another one is its own unit's."""

NOT_THERE = {"state": State.UNREADABLE, "value": None, "raw": "", "review": True, "reasons": (Reason.SLOT_MISSING,)}
"""What is read in a slot of the second page where that has not come."""

LONG_NAME = "括" * 83 + ".pdf"
"""253 bytes: with any ending, more than a filesystem takes."""

ODD_NAMES = (
    "换\n行.pdf",
    "😀 表🎉.pdf",
    LONG_NAME,
    " 空格 .pdf",
    "-rf.pdf",
    "[red]标签[red].pdf",
    "100%.pdf",
    "'引号\".pdf",
)


@dataclass(frozen=True)
class Desk:
    """Where a made office lies, and how fast it reads."""

    inbox: Path
    home: Path
    database: str = ""
    seconds: float = 0.0
    lease: float = 0.5
    still: float = 0.0
    rescan: float = 0.2

    @property
    def settings(self) -> Settings:
        """Settings under which nothing is waited for."""
        return Settings(
            home=self.home,
            database=self.database,
            still_seconds=self.still,
            rescan_seconds=self.rescan,
            lease_seconds=self.lease,
        )

    def open(self) -> Store:
        """Its store."""
        return open_store(self.settings.database_url, lease=timedelta(seconds=self.lease))


def main() -> None:
    """An office in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("inbox", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--database", default="")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--lease", type=float, default=0.5)
    parser.add_argument("--still", type=float, default=0.0)
    parser.add_argument("--rescan", type=float, default=0.2)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    desk = Desk(options.inbox, options.home, options.database, options.seconds, options.lease, options.still, options.rescan)
    logging.basicConfig(level=logging.WARNING)
    store = desk.open()
    made = office(desk, store)

    def end(number: int, frame: object) -> None:
        made.stop.set()
        made.wake.set()

    signal.signal(signal.SIGTERM, end)
    watch(made, once=options.once)
    store.close()


def drain(desk: Desk, *, workers: int = 1, ready: Callable[[], None] = lambda: None) -> None:
    """Work until everything in the inbox has been read; `ready` is called before the work begins."""
    store = desk.open()
    try:
        ready()
        watch(office(desk, store, workers=workers), once=True)
    finally:
        store.close()


def office(desk: Desk, store: Store, *, workers: int = 1) -> Office:
    """The office with the fast reader, in a thread."""
    prepare(desk.inbox, desk.home)
    reader = partial(fake_reader, seconds=desk.seconds)
    return Office(desk.inbox, store, desk.settings, lambda: reader, Pool(partial(threads, workers), lambda _: workers))


def threads(workers: int) -> Executor:
    """Readers that die with their process."""
    return ThreadPoolExecutor(workers)


def fake_reader(paths: tuple[Path, ...], names: tuple[str, ...], *, seconds: float = 0.0) -> tuple[Reading, ...]:
    """Readings made of the bytes alone, always the same."""
    time.sleep(seconds)
    try:
        contents = [path.read_bytes() for path in paths]
    except FileNotFoundError:
        raise UnreadableFile("gone") from None
    if contents[0].startswith(BAD):
        raise NoTable
    if contents[0].startswith(CRASHING):
        os._exit(9)
    if contents[0].startswith(PASSING):
        raise TransientError("memory")
    number = 2 if contents[0].startswith(TWO) else 1
    return tuple(fake_reading(contents, names[0], turn) for turn in range(1, number + 1))


def fake_reading(contents: list[bytes], name: str, turn: int = 1) -> Reading:
    """A return whose first value is told by its bytes; all others are nought."""
    value = int.from_bytes(hashlib.sha256(b"\0".join(contents)).digest()[:4], "big") + turn
    lacking = contents[0].startswith(PAGE) and len(contents) < 2
    flagged = contents[0].startswith(FLAGGED)
    slots = [
        SlotReading(path=slot.path, label=slot.label, state=State.VALUE, value=0, raw="0", confidence=1.0, review=False)
        for slot in FORM.slots
    ]
    slots[0] = slots[0].model_copy(update={"value": value, "raw": str(value), "review": flagged})
    if lacking:
        slots = [slot if slot.path < "item4" else slot.model_copy(update=NOT_THERE) for slot in slots]
    named = UNIT.search(contents[0])
    name_of = named[1].decode() if named else f"单位{value}"
    unit = HeaderReading(value=name_of, confidence=1.0, review=False, state=State.VALUE)
    return Reading(
        source=name,
        form=FORM.id,
        pages=len(contents),
        review=flagged or lacking,
        problems=(Problem.ITEMS_MISSING,) if lacking else (),
        header={field.key: unit for field in FORM.header},
        slots=tuple(slots),
    )


def fill(inbox: Path, count: int, seed: str = "") -> dict[str, bytes]:
    """Put so many returns of every kind into an inbox: by name, what was put there."""
    made: dict[str, bytes] = {}
    for turn in range(count):
        name = ODD_NAMES[turn] if turn < len(ODD_NAMES) else f"县区{turn % 3}/报表{turn:04}.pdf"
        made[name] = f"{seed} {turn} ".encode() * (turn % 7 + 1)
    names = [name for name in made if name not in ODD_NAMES]
    for turn, name in enumerate(names):
        kinds = {0: BAD, 1: TWO, 2: FLAGGED}
        made[name] = kinds.get(turn % 10, b"") + made[name]
        if turn % 10 == 3:
            # The same bytes twice: one of them is a duplicate.
            made[name] = made[names[turn - 3]]
    for turn in range(4, len(names) - 1, 10):
        for page in (1, 2):
            content = made.pop(names[turn + page - 1])
            made[f"乡镇/{turn}-{page}.jpg".replace("/", "/第")] = PAGE + content
    for name, content in made.items():
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return made


def left_in(inbox: Path) -> list[str]:
    """What the clerk still finds in an inbox besides receipts."""
    found = [path.relative_to(inbox) for path in inbox.rglob("*") if path.is_file()]
    return sorted(str(path) for path in found if path.parts[0] not in OWN_FOLDERS)


if __name__ == "__main__":
    main()
