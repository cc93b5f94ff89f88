"""The forms that the office knows: the built-in one, and those whose files are kept in the store."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Connection, delete, insert, select

from pipeline.store.engine import Store, lock_standings, read, write
from pipeline.store.tables import forms as forms_table
from pipeline.store.tables import readings
from schemas.errors import FormInUse
from schemas.form import Form
from schemas.form_file import toml_to_form
from schemas.forms import FORMS


def forms(store: Store) -> Mapping[str, Form]:
    """Every form by id, the built-in one first."""
    return read(store, load_forms)


def form_text(store: Store, id: str) -> str | None:
    """A form's file as somebody has written it; None for the built-in form, and for one that there is not."""
    query = select(forms_table.c.toml).where(forms_table.c.id == id)
    return read(store, lambda connection: connection.execute(query).scalar())


def add_form(store: Store, text: str, *, who: str) -> Form:
    """Keep a form file, instead of an earlier one of its id where that has the same slots or has not been used.

    Raises FormFileError for a file that is none, FormInUse where returns have been read by other slots of that id.
    """
    form = toml_to_form(text)

    def work(connection: Connection) -> None:
        lock_standings(connection)
        known = load_forms(connection).get(form.id)
        if known == form and form.id in FORMS:
            return
        if form.id in FORMS or (known is not None and _shape(known) != _shape(form) and _is_used(connection, form.id)):
            raise FormInUse(form.id)
        connection.execute(delete(forms_table).where(forms_table.c.id == form.id))
        row = {"id": form.id, "toml": text, "who": who, "when": store.clock()}
        connection.execute(insert(forms_table).values(**row))

    write(store, work)
    return form


def load_forms(connection: Connection) -> dict[str, Form]:
    """The same within a transaction. A file is parsed once a process: what is new, or has changed, is seen at once."""
    kept = connection.execute(select(forms_table.c.id, forms_table.c.toml).order_by(forms_table.c.id))
    return {**FORMS, **{row.id: _parsed(row.toml) for row in kept}}


@lru_cache(maxsize=64)
def _parsed(text: str) -> Form:
    return toml_to_form(text)


def _shape(form: Form) -> tuple[object, ...]:
    """What readings of a form refer to: words and labels may change without harm to them."""
    slots = tuple((one.path, one.kind, one.mark, one.repeats, one.choice, one.sums) for one in form.slots)
    return slots, tuple((field.key, field.kind) for field in form.header)


def _is_used(connection: Connection, id: str) -> bool:
    # As Pydantic writes it: no white space. The form stands in a reading's first few characters, but has no column.
    used = readings.c.reading.contains(f'"form":"{id}"', autoescape=True)
    return connection.execute(select(readings.c.source).where(used).limit(1)).first() is not None
