"""The command's way to a filled form: an office's totals, written to a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.commands.collecting import find_collection, known_office
from pipeline.forms.filling import FILLED, Ending, fill_collection, filled_bytes, header_values
from pipeline.office.exporting import export_folder, folder_of
from pipeline.settings import Settings
from pipeline.store import collections
from pipeline.times import local_date
from schemas.errors import ConfigError, DiskFull, StillOpen
from schemas.form import FieldKind


def fill_office(
    settings: Settings,
    form_id: str | None,
    output: Path | None,
    said: Mapping[FieldKind, str],
    *,
    provisional: bool,
    collection: str | None = None,
) -> Path:
    """Fill in the form of an office's collection, with what has been `said` of its fields; gives where the file lies.

    Raises ConfigError where no collection has the form, where several are open and nobody has said which, and for another
    ending than .docx and .pdf; StillOpen where slots are open and it is not to be `provisional`; DiskFull.
    """
    if output is not None and output.suffix.lower() not in set(Ending):
        raise ConfigError(f"--output {output}: .docx, .pdf")
    with known_office(settings) as store:
        known = find_collection(store, collection) if collection is not None or form_id is None else None
        form, filling = fill_collection(store, form_id, known)
        folder = export_folder(settings) if known is None else folder_of(export_folder(settings), known, collections(store))
        place = output or folder / f"{FILLED}{Ending.WORD}"
        today = local_date(store.clock())
    if filling.open and not provisional:
        raise StillOpen(str(filling.open))
    data = filled_bytes(settings.home, form, filling, header_values(form, said, today), Ending(place.suffix.lower()))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all, in the place of an earlier one.
        fresh = place.with_name(f".{place.name}.new")
        fresh.write_bytes(data)
        fresh.replace(place)
    except OSError as error:
        raise DiskFull(os.strerror(error.errno or 0)) from error
    return place
