"""Tables to take home: made afresh, with the same bytes that `kuohao export` writes; and last night's files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePath
from threading import Lock
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from pipeline.collection.publish import CHANGES, CHANGES_TEXT, MISSING, RETURNS, SLOTS, WORKBOOK
from pipeline.collection.tables import missing_csv, returns_csv, slots_csv
from pipeline.collection.workbook.book import workbook_bytes
from pipeline.executors import process_pool
from pipeline.forms.figures import totals_to_filling
from pipeline.forms.filling import FILLED, Ending, filled_bytes, header_values
from pipeline.forms.shelf import blank_of
from pipeline.forms.showing import apart
from pipeline.office.exporting import export_folder, folder_of
from pipeline.settings import Settings
from pipeline.store import Store, counts, last_export, open_store
from pipeline.times import local_date
from pipeline.web.chosen import Chosen
from pipeline.web.context import Web
from pipeline.web.dashboard.said import Said, say
from pipeline.web.dashboard.snapshot import Snapshot, kept_for, take_snapshot
from schemas.errors import DiskFull, TransientError

MANY_FILES = 150
"""Files from which long tables are made in a process of their own: pages are to be answered meanwhile."""

LONG = (WORKBOOK, SLOTS)
"""Tables with a row for every slot: a minute and ten seconds of 5,000 returns."""

CHUNK = 1 << 18
"""Bytes that are sent at once."""

TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
}

MAKERS: Mapping[str, Callable[[Snapshot, date], bytes]] = {
    WORKBOOK: lambda office, as_of: workbook_bytes(office.ledger, office.totals, office.form, as_of),
    RETURNS: lambda office, as_of: returns_csv(office.ledger, office.form),
    SLOTS: lambda office, as_of: slots_csv(office.ledger, office.form),
    MISSING: lambda office, as_of: missing_csv(office.ledger, office.form, as_of),
}
"""How each table is made, for a day in China."""

FORMS = tuple(f"{FILLED}{ending}" for ending in Ending)
"""The form itself with the totals in it."""

EXPORTS = (*MAKERS, *FORMS)
"""The tables that can be had at any moment."""

TOLD = {
    WORKBOOK: say("汇总表、合计明细、各单位、来源，一个 Excel 文件"),
    RETURNS: say("每个单位一行"),
    SLOTS: say("每个数一行，注明文件、页和位置"),
    MISSING: say("未报和缺页的单位，用于催报"),
    f"{FILLED}{Ending.WORD}": say("合计填回统计表，盖章后上报；待审核的带※"),
    f"{FILLED}{Ending.PDF}": say("同上，PDF，可直接打印"),
    CHANGES: say("与前一天相比的变化"),
    CHANGES_TEXT: say("与前一天相比的变化，文字说明"),
}
"""What is in each file."""


@dataclass(frozen=True)
class NightFile:
    """A file of the last export: when it was written, its bytes' sha256, and whether it still lies where exports go.

    `size` is in bytes, 0 where it is gone. `same`: its bytes are those that were written.
    """

    name: str
    told: Said
    made: datetime
    sha256: str
    size: int
    same: bool


def make_export(web: Web, name: str, chosen: Chosen) -> Response:
    """One of `EXPORTS` of a collection, made of what is on record right now, as a download that is called by its day.

    Raises StoreUnavailable, TransientError where the process that makes a workbook is ended, DiskFull.
    """
    as_of = local_date(web.store.clock())
    if name in FORMS:
        data = _made_form(web, name, chosen.id, as_of)
    elif name in LONG and sum(counts(web.store).values()) >= MANY_FILES:
        data = _made_apart(web.settings, name, chosen.id, as_of)
    else:
        data = MAKERS[name](kept_for(web, chosen.id).now(), as_of)
    return as_download(data, dated_name(f"{chosen.collection.name}-{name}" if chosen.others else name, as_of))


def _made_form(web: Web, name: str, collection: int, as_of: date) -> bytes:
    """The form with the totals in it, marked where they are provisional; a PDF's blank is read in a process of its own."""
    office = kept_for(web, collection).now()
    filling = totals_to_filling(office.form, office.totals)
    words = web.home, office.form, filling, header_values(office.form, {}, as_of), Ending(PurePath(name).suffix)
    return apart(filled_bytes, *words) if blank_of(web.home, office.form.id) is not None else filled_bytes(*words)


def as_download(data: bytes, name: str) -> Response:
    """Bytes that a browser puts into a file."""
    headers = {
        "Content-Disposition": disposition(name),
        "Content-Length": str(len(data)),
        "Cache-Control": "no-store",
        "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
    }
    return StreamingResponse(in_chunks(data), headers=headers, media_type=TYPES[PurePath(name).suffix])


def disposition(name: str) -> str:
    """What a browser is to call a download: Chinese by RFC 5987, and something in ASCII for those that do not know that."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "_" for char in name)
    suffix = Path(name).suffix
    plain = plain if plain == name else f"kuohao{suffix}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def dated_name(name: str, as_of: date) -> str:
    """A table's name with its day: what lies in a folder of downloads tells how old it is."""
    path = Path(name)
    return f"{path.stem}-{as_of.isoformat()}{path.suffix}"


def in_chunks(data: bytes) -> Iterator[bytes]:
    """Bytes in pieces."""
    view = memoryview(data)
    for start in range(0, len(view), CHUNK):
        yield bytes(view[start : start + CHUNK])


def night_folder(settings: Settings, chosen: Chosen) -> Path:
    """Where the night's export of a collection lies."""
    return folder_of(export_folder(settings), chosen.collection, [one.collection for one in chosen.every.values()])


def night_files(store: Store, settings: Settings, chosen: Chosen) -> tuple[NightFile, ...]:
    """The files of a collection's last export, as the store has noted them."""
    folder = night_folder(settings, chosen)
    found = []
    for name, told in TOLD.items():
        export = last_export(store, name, chosen.id or None)
        if export is not None:
            data = night_bytes(folder, name)
            same = data is not None and hashlib.sha256(data).hexdigest() == export.sha256
            found.append(NightFile(name, told, export.made, export.sha256, len(data or b""), same))
    return tuple(found)


def night_bytes(folder: Path, name: str) -> bytes | None:
    """A file of the last export; None where it is gone, or `name` is none of ours."""
    if name not in TOLD:
        return None
    with suppress(OSError):
        return (folder / name).read_bytes()
    return None


_one_at_a_time = Lock()


def _made_apart(settings: Settings, name: str, collection: int, as_of: date) -> bytes:
    """A table made in a process of its own, which hands it over as a file: one at a time, for each takes a core."""
    try:
        with _one_at_a_time, tempfile.TemporaryDirectory(dir=settings.home, prefix=".export-") as folder:
            path = Path(folder) / name
            with process_pool(1) as pool:
                pool.submit(_write_table, settings, path, name, collection, as_of).result()
            return path.read_bytes()
    except BrokenProcessPool as error:
        raise TransientError(name) from error
    except OSError as error:
        raise DiskFull(os.strerror(error.errno or 0)) from error


def _write_table(settings: Settings, path: Path, name: str, collection: int, as_of: date) -> None:
    store = open_store(settings.database_url)
    try:
        path.write_bytes(MAKERS[name](take_snapshot(store, collection=collection or None), as_of))
    finally:
        store.close()
