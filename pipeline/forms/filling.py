"""The form filled in with a collection's totals, ready to be stamped and reported upwards: as a Word file or a PDF.

Where the form was made from a Word file, the totals go into that file; where from a PDF, a scan or a photo, onto its pages.
Where there is none, or not every total found its place in it, the form is made afresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path

from extractors.typed import typed_format
from pipeline.collection.ledger import make_ledger
from pipeline.collection.totals import make_totals
from pipeline.forms.figures import Filling, totals_to_filling
from pipeline.forms.shelf import blank_of
from pipeline.store import Store, collected, collections, forms
from pipeline.times import day_text
from schemas.errors import ConfigError, KuohaoError
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
