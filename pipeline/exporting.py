"""From the store to the tables of a collection, each export noted in the store."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.publish import CHANGES_TEXT, Exported, write_exports
from pipeline.settings import Settings
from pipeline.store import Export, Store, collected, forms, last_export, record_export
from pipeline.times import local_date
from schemas.errors import KuohaoError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """An export: where its files are, those whose bytes are not the last one's, and what changed in words."""

    folder: Path
    files: tuple[Exported, ...]
    fresh: frozenset[str]
    changes: str


def export_folder(settings: Settings) -> Path:
    """Where tables go that nobody has said a place for."""
    return settings.home / "汇总"


def export_store(store: Store, folder: Path, *, as_of: date | None = None) -> Done:
    """Write the tables of what is on record, for today in China if for no other day; every file is noted in the store.

    Raises TransientError with the old tables standing; StoreUnavailable; DiskFull.
    """
    known, returns, receipts = collected(store)
    day = as_of or local_date(store.clock())
    files = write_exports(folder, known, returns, receipts, forms(store)[known.form], day)
    fresh = [file for file in files if (last := last_export(store, file.name)) is None or last.sha256 != file.sha256]
    for file in files:
        record_export(store, Export(file.name, store.clock(), file.sha256))
    changes = (folder / CHANGES_TEXT).read_text("utf-8-sig").replace("\r\n", "\n")
    return Done(folder, files, frozenset(file.name for file in fresh), changes)


def export_by_night(store: Store, folder: Path) -> None:
    """The same, for a schedule: what goes wrong is in the log, and the next night tries again."""
    try:
        done = export_store(store, folder)
    except KuohaoError as error:
        log.warning("export: %s", error.told(chinese=False))
    else:
        log.info("export: %d files in %s", len(done.files), done.folder)
