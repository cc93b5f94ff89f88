"""The commands' way to the collection: what is collected, who has returned, and its tables written to a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from pipeline.desk import open_office
from pipeline.exporting import Done, export_folder, export_store
from pipeline.ledger import TO_REMIND, UnitLine, make_ledger
from pipeline.ledger_text import ledger_view, line_note
from pipeline.settings import Settings
from pipeline.store import Store, collected, forms, set_collection
from pipeline.times import CHINA, local_text
from pipeline.words import pick
from schemas.errors import ConfigError
from schemas.form import Form
from schemas.office import Collection, Unit

NO_DEADLINE = "none"


def parse_deadline(text: str) -> datetime | None:
    """A deadline as people write it: a moment of China's clock, or a day, which lasts to its end; None for "none".

    Raises ConfigError for anything else.
    """
    if text == NO_DEADLINE:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-12-01"):
            moment += timedelta(days=1, seconds=-1)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"--deadline {text}") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=CHINA)).astimezone(UTC)


def change_collection(
    settings: Settings,
    *,
    name: str | None = None,
    units: tuple[Unit, ...] | None = None,
    deadline: datetime | None = None,
    set_deadline: bool = False,
) -> None:
    """Say what is collected; what is not given stays as it was. Raises ConfigError for a name that means two units."""
    with _opened(settings) as store:
        known = collected(store)[0]
        now = Collection(
            name=known.name if name is None else name,
            form=known.form,
            units=known.units if units is None else units,
            deadline=deadline if set_deadline else known.deadline,
        )
        if now != known:
            set_collection(store, now)


def show_collection(settings: Settings) -> None:
    """Print what is collected."""
    with known_office(settings) as store:
        known = collected(store)[0]
    due = local_text(known.deadline) if known.deadline else pick("无", "none")
    console = Console(soft_wrap=True, highlight=False)
    console.print(known.name, markup=False)
    units = len(known.units)
    console.print(pick(f"应报单位 {units} 个；填报期限：{due}", f"{units} units; deadline: {due} (China)"))


def show_ledger(settings: Settings, *, as_json: bool, missing: bool) -> None:
    """Print how every unit stands, or only those to remind: a line of JSON each, or a table for people."""
    with known_office(settings) as store:
        known, returns, receipts = collected(store)
        form = forms(store)[known.form]
    ledger = make_ledger(known, returns, receipts, form)
    lines = [line for line in ledger.lines if not missing or line.state in TO_REMIND]
    if as_json:
        for line in lines:
            print(json.dumps(line_to_json(line, form), ensure_ascii=False))
        return
    if not known.units:
        Console(stderr=True, soft_wrap=True).print(
            pick("还没有单位名单：请运行 kuohao collection --roster 名单.csv", "No roster: kuohao collection --roster FILE"),
            style="yellow",
            highlight=False,
        )
    Console().print(ledger_view(ledger, form, only=TO_REMIND if missing else None), highlight=False)


def line_to_json(line: UnitLine, form: Form) -> dict[str, object]:
    """A unit for programs; times are UTC."""
    return {
        "unit": line.unit.name,
        "parent": line.unit.parent,
        "state": line.state.value,
        "late": line.late,
        "returns": [
            {
                "order": filed.stored.order,
                "number": filed.stored.number,
                "name": filed.stored.name,
                "arrived": filed.stored.arrived.isoformat(),
                "standing": filed.standing.value,
            }
            for filed in line.returns
        ],
        "missing_items": list(line.missing_items),
        "open_slots": line.open_slots,
        "open_fields": list(line.open_fields),
        "note": line_note(line, form),
    }


def export_office(settings: Settings, folder: Path | None = None, *, as_of: date | None = None) -> Done:
    """Write the collection's tables, by default to HOME/汇总 and for today; every file is noted in the store.

    Raises TransientError with the old tables standing; StoreUnavailable; DiskFull.
    """
    with known_office(settings) as store:
        return export_store(store, folder or export_folder(settings), as_of=as_of)


def show_export(done: Done) -> None:
    """Print what was written and what changed."""
    console = Console(soft_wrap=True, highlight=False)
    for file in done.files:
        same = "" if file.name in done.fresh else pick("（与上次相同）", " (as last time)")
        console.print(f"{done.folder / file.name}{same}", markup=False)
    console.print(done.changes, markup=False, end="")


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    store = open_office(settings)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def known_office(settings: Settings) -> Iterator[Store]:
    """The office's store, which must be there: asking makes none."""
    if not settings.database and not (settings.home / "kuohao.db").exists():
        raise ConfigError(f"--home {settings.home}: {pick('这里还没有收集任务', 'no office here')}")
    with _opened(settings) as store:
        yield store
