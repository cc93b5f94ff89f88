"""The commands' way to the collection: what is collected, who has returned, and its tables written to a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.collection.ledger import TO_REMIND, Ledger, UnitLine, make_ledger
from pipeline.collection.ledger_text import ledger_view, line_note
from pipeline.commands.desk import open_office
from pipeline.office.exporting import Done, export_folder, export_open, export_store
from pipeline.settings import Settings
from pipeline.store import (
    Store,
    View,
    collected,
    collections,
    forms,
    set_collection,
    view_counts,
)
from pipeline.times import CHINA, local_text
from pipeline.words import pick
from schemas.errors import ConfigError
from schemas.form import Form
from schemas.forms import FORMS
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


@dataclass(frozen=True)
class Change:
    """What is said of a collection; what is not said stays as it was."""

    name: str | None = None
    title: str | None = None
    units: tuple[Unit, ...] | None = None
    deadline: datetime | None = None
    set_deadline: bool = False

    def of(self, known: Collection) -> Collection:
        """A collection as it is then."""
        return replace(
            known,
            name=known.name if self.name is None else self.name,
            title=known.title if self.title is None else self.title,
            units=known.units if self.units is None else self.units,
            deadline=self.deadline if self.set_deadline else known.deadline,
        )


def change_collection(settings: Settings, change: Change, *, collection: str | None = None) -> str:
    """Say what is collected by the collection of a name, or by the only open one; its name then.

    Raises ConfigError for a name that means two units, and where nobody has said which of several is meant.
    """
    with opened(settings) as store:
        known = find_collection(store, collection)
        now = change.of(known)
        if now != known:
            set_collection(store, now)
    return now.name


def close_collection(settings: Settings, name: str, *, closed: bool = True) -> str:
    """Take no more returns for a collection, or take them again; its name."""
    with known_office(settings) as store:
        known = find_collection(store, name)
        if known.is_open is closed:
            set_collection(store, replace(known, closed=store.clock() if closed else None))
    return known.name


def find_collection(store: Store, name: str | None) -> Collection:
    """A collection by its name or a part of it that no other has; without one the only open one.

    Raises ConfigError, telling which there are.
    """
    every = collections(store)
    if name is None:
        found = [one for one in every if one.is_open] or list(every[-1:])
    else:
        found = [one for one in every if one.name == name] or [one for one in every if name in one.name]
    if len(found) != 1:
        raise ConfigError(f"--collection: {pick('、', ', ').join(one.name for one in every)}")
    return found[0]


def show_collection(settings: Settings, name: str | None = None) -> None:
    """Print what is collected: by one collection, by the only open one, or else by all."""
    with known_office(settings) as store:
        every, known = collections(store), forms(store)
        wanted = _named_or_open(store, name)
    console = Console(soft_wrap=True, highlight=False)
    for one in wanted:
        due = local_text(one.deadline) if one.deadline else pick("无", "none")
        units = len(one.units)
        console.print(one.name, markup=False)
        console.print(pick(f"应报单位 {units} 个；填报期限：{due}", f"{units} units; deadline: {due} (China)"))
        if len(every) > 1 or one.form not in FORMS:
            console.print(pick(f"表样：{known[one.form].title}（{one.form}）", f"form: {one.form}"), markup=False)
        if one.notice:
            console.print(pick(f"通知：{one.notice}", f"notice: {one.notice}"), markup=False)


def show_collections(settings: Settings) -> None:
    """Print every collection, open or closed."""
    with known_office(settings) as store:
        every, known = collections(store), forms(store)
        counts = {one.id: view_counts(store, collection=one.id)[View.ALL] if one.id else 0 for one in every}
    table = Table(box=None, pad_edge=False)
    headings = (
        ("名称", "name"),
        ("表样", "form"),
        ("单位", "units"),
        ("报表", "returns"),
        ("期限", "deadline"),
        ("状态", "state"),
    )
    for zh, en in headings:
        table.add_column(pick(zh, en), overflow="fold")
    for one in every:
        state = pick("进行中", "open") if one.is_open else pick("已结束", "closed")
        cells = (one.name, known[one.form].title, str(len(one.units)), str(counts[one.id]), local_text(one.deadline), state)
        table.add_row(*map(Text, cells))
    Console().print(table, highlight=False)


def show_ledger(settings: Settings, *, as_json: bool, missing: bool, collection: str | None = None) -> None:
    """Print how every unit stands, or only those to remind: a line of JSON each, or a table for people.

    Of one collection, of the only open one, or of all that are open.
    """
    with known_office(settings) as store:
        known = forms(store)
        found = [(collected(store, one.id), known[one.form]) for one in _named_or_open(store, collection)]
    for (one, returns, receipts), form in found:
        _show_ledger(make_ledger(one, returns, receipts, form), form, as_json=as_json, missing=missing)


def _show_ledger(ledger: Ledger, form: Form, *, as_json: bool, missing: bool) -> None:
    lines = [line for line in ledger.lines if not missing or line.state in TO_REMIND]
    if as_json:
        for line in lines:
            told = {"collection": ledger.collection.name, **line_to_json(line, form)}
            print(json.dumps(told, ensure_ascii=False))
        return
    if not ledger.collection.units:
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


def export_office(
    settings: Settings, folder: Path | None = None, *, as_of: date | None = None, collection: str | None = None
) -> list[Done]:
    """Write the tables of every open collection, by default below HOME/汇总 and for today; every file is noted in the store.

    Those of a `collection` that is named go right into a `folder` that is. Raises TransientError with the old tables
    standing; StoreUnavailable; DiskFull.
    """
    with known_office(settings) as store:
        id = find_collection(store, collection).id if collection is not None else None
        if id is not None and folder is not None:
            return [export_store(store, folder, collection=id, as_of=as_of)]
        return export_open(store, folder or export_folder(settings), collection=id, as_of=as_of)


def show_exports(every: Sequence[Done]) -> None:
    """Print what was written and what changed."""
    console = Console(soft_wrap=True, highlight=False)
    for done in every:
        if len(every) > 1:
            console.print(done.collection, markup=False, style="bold")
        _show_export(done, console)


def _show_export(done: Done, console: Console) -> None:
    for file in done.files:
        same = "" if file.name in done.fresh else pick("（与上次相同）", " (as last time)")
        console.print(f"{done.folder / file.name}{same}", markup=False)
    console.print(done.changes, markup=False, end="")


def _named_or_open(store: Store, name: str | None) -> list[Collection]:
    """The collection of a name, else all that are open; where none is, the last."""
    if name is not None:
        return [find_collection(store, name)]
    every = collections(store)
    return [one for one in every if one.is_open] or list(every[-1:])


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The office's store, made where there is none."""
    store = open_office(settings)
    try:
        yield store
    finally:
        store.close()


def is_office(settings: Settings) -> bool:
    """Whether there is a store already."""
    return bool(settings.database) or (settings.home / "kuohao.db").exists()


@contextmanager
def known_office(settings: Settings) -> Iterator[Store]:
    """The office's store, which must be there: asking makes none."""
    if not is_office(settings):
        raise ConfigError(f"--home {settings.home}: {pick('这里还没有收集任务', 'no office here')}")
    with opened(settings) as store:
        yield store
