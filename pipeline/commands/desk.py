"""The commands' way to the office: an inbox worked on, and what became of every file."""

from __future__ import annotations

import json
import signal
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import time, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.judging.judge import ErrorBudget
from pipeline.judging.office_calibration import load_office_calibration
from pipeline.logs import begin_log
from pipeline.office.inbox import is_remote
from pipeline.office.remote import check_address
from pipeline.reading.units import unit_spellings
from pipeline.settings import Settings
from pipeline.store import (
    Store,
    collections,
    counts,
    forms,
    open_store,
    receipts,
    set_collection,
    the_collection,
)
from pipeline.words import pick, speaks_chinese
from schemas.errors import ConfigError, KuohaoError
from schemas.office import Collection, FileState, Receipt, Unit

if TYPE_CHECKING:
    from pipeline.office.watch import Office
    from pipeline.reading.recognise import Wanted

ENGLISH = {
    "duplicate": "same bytes as an earlier file; nothing to do",
    "review": "some values need a person; see the review pages",
    "cannot_open": "cannot be opened: no permission, or in use; correct that and it is read by itself",
    "gone": "taken away before it was read; put it into the inbox again",
    "reader_died": "the reader died of it twice; scan it again or ask whoever keeps this running",
}
"""What receipts' codes mean; errors' codes are told by the errors themselves."""


@dataclass(frozen=True)
class Nights:
    """When a run that watches writes the collection's tables, and where: else to HOME/汇总."""

    at: time
    folder: Path | None = None


def parse_time(text: str) -> time:
    """A time of day: 02:00. Raises ConfigError."""
    try:
        at = time.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--nightly {text}") from error
    if at.tzinfo is not None:
        raise ConfigError(f"--nightly {text}")
    return at


def parse_budget(text: str) -> ErrorBudget:
    """An error budget written as 1/1000, 0.001 or 0.1%.

    Raises ConfigError for anything that is no share above nought and up to a half.
    """
    try:
        share = Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(f"--max-error {text}") from error
    if not 0 < share <= Fraction(1, 2):
        raise ConfigError(f"--max-error {text}")
    return ErrorBudget(share)


def run_office(
    inbox: Path,
    settings: Settings,
    *,
    budget: ErrorBudget,
    units: tuple[Unit, ...] | None = None,
    workers: int = 0,
    once: bool = False,
    nights: Nights | None = None,
) -> int:
    """Work on an inbox until told to stop (Ctrl+C, SIGTERM), or `once` until all is read; how many files failed.

    `units` become the collection's roster, which is the one on record where none are given. Raises ConfigError with nothing
    touched; StoreUnavailable, DiskFull.
    """
    from pipeline.office.watch import prepare, watch

    prepare(inbox, settings.home)
    begin_log(settings.log)
    store = open_office(settings)
    office = make_office(inbox, settings, store, budget=budget, units=units, workers=workers)

    def end(number: int, frame: object) -> None:
        office.stop.set()
        office.wake.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        failed = counts(store)[FileState.FAILED]
        with by_night(store, settings, nights):
            watch(office, once=once)
        totals = counts(store)
        _show_totals(Console(), totals)
        return totals[FileState.FAILED] - failed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        store.close()


def make_office(
    inbox: Path,
    settings: Settings,
    store: Store,
    *,
    budget: ErrorBudget,
    units: tuple[Unit, ...] | None = None,
    workers: int = 0,
) -> Office:
    """An inbox with what works on it: readers on a cluster or in processes of their own, one a core where `workers` is 0.

    Raises ConfigError where the cluster, or the address of originals, cannot be worked with.
    """
    from pipeline.executors import processes
    from pipeline.office.watch import Office
    from pipeline.reading.recognise import read_wanted
    from pipeline.reading.work import cluster_of

    if settings.originals:
        check_address(settings.originals)
    pool = cluster_of(settings) or processes(workers)
    if units is not None:
        _set_roster(store, units)
    budget = replace(budget, office=load_office_calibration(settings.home))
    reader = partial(read_wanted, budget=budget, threads=pool.threads)
    return Office(inbox, store, settings, lambda: partial(reader, wanted=_wanted(store)), pool)


def _wanted(store: Store) -> tuple[Wanted, ...]:
    """The forms that are collected right now, each with the names of all units of its collections."""
    from pipeline.reading.recognise import Wanted

    opened: dict[str, list[Collection]] = defaultdict(list)
    for one in collections(store):
        if one.is_open:
            opened[one.form].append(one)
    known = forms(store)
    return tuple(
        Wanted(known[form], unit_spellings(unit for one in several for unit in one.units), titled=len(several) > 1)
        for form, several in opened.items()
    )


def _set_roster(store: Store, units: tuple[Unit, ...]) -> None:
    """Put these units on record. Raises ConfigError where several collections are open: nobody has said whose they are."""
    if sum(one.is_open for one in collections(store)) > 1:
        raise ConfigError("--roster: kuohao collection --collection NAME --roster FILE")
    known = the_collection(store)[0]
    if units != known.units:
        set_collection(store, replace(known, units=units))


@contextmanager
def by_night(store: Store, settings: Settings, nights: Nights | None) -> Iterator[None]:
    """While this lasts, the tables are written each night."""
    if nights is None:
        yield
        return
    from pipeline.office.exporting import export_by_night, export_folder
    from pipeline.office.nightly import run_nightly

    schedule = run_nightly(partial(export_by_night, store, nights.folder or export_folder(settings)), nights.at)
    try:
        yield
    finally:
        schedule.shutdown()


def open_office(settings: Settings) -> Store:
    """The office's store."""
    lease = timedelta(seconds=settings.lease_seconds)
    return open_store(settings.database_url, lease=lease, wal=not is_remote(settings.home))


def show_status(settings: Settings, *, as_json: bool, collection: str | None = None) -> None:
    """Print what became of every file, or of those that may be a collection's: a line of JSON each, or a table for people.

    Raises ConfigError for a name that no collection has.
    """
    if not settings.database and not (settings.home / "kuohao.db").exists():
        # Asking must not make an office where there is none.
        found: list[Receipt] = []
    else:
        store = open_office(settings)
        try:
            found = _receipts_of(store, collection)
        finally:
            store.close()
    if as_json:
        for receipt in found:
            print(json.dumps(receipt_to_json(receipt), ensure_ascii=False))
        return
    console = Console()
    table = Table(box=None, pad_edge=False)
    for title in (
        pick("收件号", "no."),
        pick("状态", "state"),
        pick("时间", "time"),
        pick("文件", "file"),
        pick("原因和处理办法", "reason and what to do"),
    ):
        table.add_column(title, overflow="fold")
    for receipt in found:
        style = {FileState.FAILED: "red", FileState.REVIEW: "yellow"}.get(receipt.state, "")
        when = receipt.changed.astimezone().strftime("%m-%d %H:%M:%S")
        # As text: a name may hold what a table would take for markup.
        cells = (str(receipt.order), state_name(receipt.state), when, receipt.name, told(receipt))
        table.add_row(*map(Text, cells), style=style)
    console.print(table, highlight=False)
    _show_totals(console, {state: sum(receipt.state is state for receipt in found) for state in FileState})


def _receipts_of(store: Store, collection: str | None) -> list[Receipt]:
    if collection is None:
        return receipts(store)
    from pipeline.commands.collecting import find_collection

    return receipts(store, collection=find_collection(store, collection).id)


def receipt_to_json(receipt: Receipt) -> dict[str, object]:
    """A receipt for programs: times are UTC."""
    return {
        "order": receipt.order,
        "name": receipt.name,
        "sha256": receipt.sha256,
        "size": receipt.size,
        "arrived": receipt.arrived.isoformat(),
        "changed": receipt.changed.isoformat(),
        "state": receipt.state.value,
        "code": receipt.code,
        "reason": receipt.reason,
        "advice": receipt.advice,
        "of": receipt.of,
    }


def told(receipt: Receipt) -> str:
    """Why a file is in its state and what to do, as the person reads it."""
    if speaks_chinese():
        return "；".join(part for part in (receipt.reason, receipt.advice) if part)
    of = f" ({receipt.of})" if receipt.of else ""
    return ENGLISH.get(receipt.code, _errors().get(receipt.code, "")) + of


def state_name(state: FileState) -> str:
    """A state as the person reads it."""
    return pick(state.chinese, state.value)


def _errors() -> dict[str, str]:
    """English texts of our errors by code."""
    kinds = [KuohaoError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.code: kind.en for kind in kinds}


def _show_totals(console: Console, totals: dict[FileState, int]) -> None:
    parts = [f"{state_name(state)} {count}" for state, count in totals.items() if count]
    console.print(pick("文件：", "Files: ") + ("  ".join(parts) or "0"), highlight=False)
