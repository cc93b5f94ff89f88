"""The form filled in with a collection's totals, ready to be stamped and reported upwards: as a Word file or a PDF.

Where the form was made from a Word file, the totals go into that file; where from a PDF, a scan or a photo, onto its pages.
Where there is none, or not every total found its place in it, the form is made afresh.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path

from extractors.typed import typed_format
from pipeline.collecting import find_collection, known_office
from pipeline.exporting import export_folder, folder_of
from pipeline.forms.figures import Filling, totals_to_filling
from pipeline.forms.shelf import blank_of
from pipeline.ledger import make_ledger
from pipeline.settings import Settings
from pipeline.store import Store, collected, collections, forms
from pipeline.times import day_text, local_date
from pipeline.totals import make_totals
from schemas.errors import ConfigError, DiskFull, KuohaoError, StillOpen
from schemas.form import FieldKind, Form
from schemas.office import Collection

# What a filled form is called.
FILLED = "上报表"

# The day, where nobody has said another; who and what number are not guessed.
DATED = FieldKind.DATE


class Ending(StrEnum):
    """What a filled form is made as."""

    WORD = ".docx"
    PDF = ".pdf"


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


def fill_collection(store: Store, form_id: str | None = None, collection: Collection | None = None) -> tuple[Form, Filling]:
    """The totals of a collection; of a form's, of several the newest open one; else the only open one, or the newest.

    Raises ConfigError where no collection has the form.
    """
    among = collections(store) if collection is None else [collection]
    wanted = [one for one in among if form_id is None or one.form == form_id]
    if not wanted:
        raise ConfigError(f"--form {form_id}")
    chosen = next((one for one in reversed(wanted) if one.is_open), wanted[-1])
    known, returns, receipts = collected(store, chosen.id)
    form = forms(store)[known.form]
    return form, totals_to_filling(form, make_totals(make_ledger(known, returns, receipts, form), form))


def filled_bytes(home: Path, form: Form, filling: Filling, header: Mapping[str, str], ending: Ending) -> bytes:
    """The filled form as a file; `header` are values by field key.

    Raises what its blank's reader raises where that has been damaged.
    """
    blank = blank_of(home, form.id)
    return _word(blank, form, filling, header) if ending is Ending.WORD else _pdf(blank, form, filling, header)


def header_values(form: Form, given: Mapping[FieldKind, str], today: date) -> dict[str, str]:
    """The fields of a form with what has been said of them, each kind's first field, and the day."""
    values: dict[str, str] = {}
    for kind, text in ({DATED: day_text(today)} | {kind: text for kind, text in given.items() if text}).items():
        field = next((field for field in form.header if field.kind is kind), None)
        if field is not None:
            values[field.key] = text
    return values


def _word(blank: Path | None, form: Form, filling: Filling, header: Mapping[str, str]) -> bytes:
    from pipeline.forms.fill_word import fill_word
    from pipeline.forms.fresh_word import write_word

    if blank is not None and typed_format(blank) == "DOCX":
        try:
            made, left = fill_word(blank.read_bytes(), form, filling, header)
        except KuohaoError:
            left = [form.id]
        if not left:
            return made
    return write_word(form, filling, header)


def _pdf(blank: Path | None, form: Form, filling: Filling, header: Mapping[str, str]) -> bytes:
    from pipeline.forms.fill_pdf import fill_pdf
    from pipeline.forms.fresh_pdf import write_pdf

    if blank is not None and typed_format(blank) is None:
        made = fill_pdf(blank, form, filling, header)
        if made is not None:
            return made
    return write_pdf(form, filling, header)
