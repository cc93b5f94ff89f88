"""From the store to the tables of a collection, each export noted in the store."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.collection.publish import CHANGES_TEXT, Exported, write_exports
from pipeline.office.names import fitting_name
from pipeline.settings import Settings
from pipeline.store import Export, Store, collected, collections, forms, last_export, record_export
from pipeline.times import local_date
from schemas.errors import KuohaoError
from schemas.office import Collection

UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
"""What Windows, to which shares lead, takes in no name."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """An export of a collection: where its files are, those whose bytes are not the last one's, what changed in words."""

    collection: str
    folder: Path
    files: tuple[Exported, ...]
    fresh: frozenset[str]
    changes: str


def export_folder(settings: Settings) -> Path:
    """Where tables go that nobody has said a place for."""
    return settings.home / "汇总"


def folder_of(base: Path, collection: Collection, every: Sequence[Collection]) -> Path:
    """Where a collection's tables go: into the folder itself where there is no other one, else into one of its name."""
    if len(every) < 2:
        return base
    name = UNFIT.sub("_", collection.name).strip(" .")
    same = sum(UNFIT.sub("_", one.name).strip(" .") == name for one in every)
    return base / fitting_name(name if same == 1 and name else f"{name}-{collection.id}")


def export_open(store: Store, base: Path, *, collection: int | None = None, as_of: date | None = None) -> list[Done]:
    """Write the tables of one collection, or of every open one (where none is, of the last), each to its place.

    See `export_store`.
    """
    every = collections(store)
    wanted = [one for one in every if (one.is_open if collection is None else one.id == collection)] or every[-1:]
    return [export_store(store, folder_of(base, one, every), collection=one.id, as_of=as_of) for one in wanted]


def export_store(store: Store, folder: Path, *, collection: int | None = None, as_of: date | None = None) -> Done:
    """Write the tables of a collection, for today in China if for no other day; every file is noted in the store.

    Without an id it is the only open collection, or the newest of several.
    Raises TransientError with the old tables standing; StoreUnavailable; DiskFull.
    """
    known, returns, receipts = collected(store, collection)
    day = as_of or local_date(store.clock())
    files = write_exports(folder, known, returns, receipts, forms(store)[known.form], day)
    # Before anything has come, there is no collection on record.
    id = known.id or None
    fresh = [file for file in files if (last := last_export(store, file.name, id)) is None or last.sha256 != file.sha256]
    for file in files:
        record_export(store, Export(file.name, store.clock(), file.sha256, id))
    changes = (folder / CHANGES_TEXT).read_text("utf-8-sig").replace("\r\n", "\n")
    return Done(known.name, folder, files, frozenset(file.name for file in fresh), changes)


def export_by_night(store: Store, base: Path) -> None:
    """Every open collection's tables, for a schedule: what goes wrong is in the log, and the next night tries again."""
    try:
        every = collections(store)
    except KuohaoError as error:
        log.warning("export: %s", error.told(chinese=False))
        return
    for one in every:
        if not one.is_open:
            continue
        try:
            done = export_store(store, folder_of(base, one, every), collection=one.id)
        except KuohaoError as error:
            log.warning("export: %s", error.told(chinese=False))
        else:
            log.info("export: %d files in %s", len(done.files), done.folder)
