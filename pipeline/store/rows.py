"""Rows to values, within a transaction: returns in force, what people corrected and decided."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from sqlalchemy import Connection, Select, select

from pipeline.collection.corrections import HEADER, Worth
from pipeline.reading.units import unit_field, unit_key
from pipeline.store.files import AnyRow
from pipeline.store.forms import load_forms
from pipeline.store.review_tables import corrections, decisions, returns, seconds
from pipeline.store.splitting import page_of, pages_of
from pipeline.store.tables import files as files_table
from pipeline.store.tables import readings, sources
from schemas.flow import State
from schemas.form import Form
from schemas.office import Correction, DecisionKind, FileState, StoredReturn
from schemas.reading import Problem, Reading
from schemas.values import is_number, plain_number, value_to_json

Key = tuple[int, int]
"""A return: its source, and its number within it."""

Sources: TypeAlias = Some[int] | Select[tuple[int]] | None
"""Some sources by their ids, or by what finds them; None for all."""

_in_use: WeakValueDictionary[bytes, Reading] = WeakValueDictionary()


@dataclass(frozen=True)
class Loaded:
    """A return with its row of `returns`, its decisions that count by kind, and by path the correction that counts.

    `form` is None where the store does not have it. `entered` are the paths of slots that were entered a second time.
    """

    stored: StoredReturn
    form: Form | None
    row: AnyRow
    decided: Mapping[str, AnyRow]
    versions: Mapping[str, int]
    entered: frozenset[str]

    @property
    def key(self) -> Key:
        """Its source and number."""
        return (self.row.source, self.row.number)

    def decision(self, kind: DecisionKind) -> str:
        """What counts of a kind; "" for nothing."""
        row = self.decided.get(kind)
        return "" if row is None else str(row.value)


def load_returns(
    connection: Connection, some: Some[int] | None = None, *, collection: int | None = None
) -> Iterator[StoredReturn]:
    """Returns that nothing has replaced, by order of arrival: all, or those of some sources, or of a collection."""
    return (loaded.stored for loaded in load(connection, some, collection=collection).values())


def load(
    connection: Connection,
    some: Some[int] | None = None,
    *,
    collection: int | None = None,
    forms: Mapping[str, Form] | None = None,
) -> dict[Key, Loaded]:
    """The same with their rows, by source and number. `forms` are those of this transaction, where they have been loaded."""
    if some is not None and not some:
        return {}
    here = returns.c.collection == collection
    of = some if collection is None or some is not None else select(returns.c.source).where(here)
    said = _said(connection, of)
    decided = load_decisions(connection, of)
    doubts = _second_entries(connection, of)
    found_in = readings.c.collection.label("found_in")
    query = select(returns, readings.c.reading.label("json"), found_in, sources.c.state, files_table.c.sha256)
    query = query.join(readings, (readings.c.source == returns.c.source) & (readings.c.number == returns.c.reading))
    query = query.join(sources, sources.c.id == returns.c.source).join(files_table, files_table.c.id == returns.c.file)
    if collection is not None:
        query = query.where(here)
    rows = connection.execute(_of(query, returns, some).order_by(returns.c.file, returns.c.number)).all()
    in_force = _in_force(connection, rows)
    forms = load_forms(connection) if forms is None else forms
    found = {}
    for row in rows:
        key = (row.source, row.number)
        whole = parse_reading(row.json)
        every = [one for one in said.get((row.source, row.reading), ()) if _is_of(row, whole, one, in_force)]
        reading = pages_of(whole, row.first_page, row.end_page)
        found[key] = _loaded(row, reading, forms.get(reading.form), every, decided.get(key, {}), doubts)
    return found


def load_decisions(connection: Connection, some: Sources = None) -> dict[Key, dict[str, AnyRow]]:
    """The decisions that count, by return and kind."""
    found: dict[Key, dict[str, AnyRow]] = defaultdict(dict)
    for row in in_effect(connection.execute(_of(select(decisions), decisions, some).order_by(decisions.c.id)).all()):
        found[row.source, row.number][row.kind] = row
    return found


def in_effect(rows: Iterable[AnyRow]) -> list[AnyRow]:
    """What people said without what was taken back: neither that nor the word that took it back."""
    every = list(rows)
    undone = {row.undoes for row in every if row.undoes is not None}
    return [row for row in every if row.undoes is None and row.id not in undone]


def to_correction(row: AnyRow) -> Correction:
    """A row as a person's correction."""
    return Correction(row.path, row.who, row.when, to_worth(row.before), to_worth(row.after), row.why)


def to_worth(text: str) -> Worth:
    """JSON to state and value, amounts to the last decimal."""
    state, value = json.loads(text, parse_float=Decimal)
    return (State(state), plain_number(value) if is_number(value) else value)


def from_worth(worth: Worth) -> str:
    """State and value to JSON."""
    state, value = worth
    return json.dumps([state, value_to_json(value)], ensure_ascii=False)


@lru_cache(maxsize=512)
def parse_reading(text: str) -> Reading:
    """A reading from its JSON; the last ones are kept, for a person who works on a return asks for it again and again.

    One that anybody still holds is not made twice: thousands take hundreds of megabytes, and pages look at them all.
    """
    key = sha256(text.encode()).digest()
    held = _in_use.get(key)
    if held is None:
        held = _in_use[key] = Reading.model_validate_json(text)
    return held


def _of(query: Select[Any], table: Any, some: Sources) -> Select[Any]:
    return query if some is None else query.where(table.c.source.in_(some))


def _in_force(connection: Connection, rows: Sequence[AnyRow]) -> set[Key]:
    """The returns of sources that somebody has split, those in other collections too."""
    split = {row.source for row in rows if row.first_page is not None or row.end_page is not None}
    if not split:
        return set()
    query = select(returns.c.source, returns.c.number).where(returns.c.source.in_(split))
    return {(row.source, row.number) for row in connection.execute(query)}


def _said(connection: Connection, some: Sources) -> dict[Key, list[AnyRow]]:
    """The corrections that nobody has taken back, by source and reading, the oldest first."""
    found: dict[Key, list[AnyRow]] = defaultdict(list)
    for row in in_effect(connection.execute(_of(select(corrections), corrections, some).order_by(corrections.c.id)).all()):
        found[row.source, row.reading].append(row)
    return found


def _second_entries(connection: Connection, some: Sources) -> dict[int, Worth | None]:
    """By correction what was entered the second time where that is something else; None where both agree."""
    rows = connection.execute(_of(select(seconds), seconds, some).order_by(seconds.c.id))
    return {row.version: None if row.agrees else to_worth(row.entered) for row in rows}


def _is_of(row: AnyRow, whole: Reading, said: AnyRow, in_force: Some[Key]) -> bool:
    """Whether a correction of a reading counts in a return that is made of it.

    A field above the table is the return's own. A slot goes with the page that it stands on, whichever return it was
    corrected in: so a split, and taking it back, loses nothing. One that stands on no page is its return's, or, where that
    is no more, the first one's.
    """
    if said.path.startswith(HEADER):
        return bool(said.number == row.number)
    if row.first_page is None and row.end_page is None:
        return True
    page = page_of(whole, said.path)
    if page is not None:
        return (row.first_page is None or page >= row.first_page) and (row.end_page is None or page < row.end_page)
    homeless = (said.source, said.number) not in in_force
    return bool(said.number == row.number or (homeless and row.number == row.reading))


def _loaded(
    row: AnyRow,
    reading: Reading,
    form: Form | None,
    said: Sequence[AnyRow],
    decided: Mapping[str, AnyRow],
    doubts: Mapping[int, Worth | None],
) -> Loaded:
    counting = {one.path: one for one in said}
    fixes = {path: to_correction(one) for path, one in counting.items()}
    choices = {kind for kind, each in decided.items() if each.value}
    if DecisionKind.UNIT in choices and form is not None:
        fixes |= _unit_as_correction(reading, form, decided[DecisionKind.UNIT])
    placed = DecisionKind.COLLECTION in choices or row.main_file is not None
    disputes = {path: doubt for path, one in counting.items() if (doubt := doubts.get(one.id)) is not None}
    stored = StoredReturn(
        order=row.file,
        number=row.number,
        name=row.name,
        sha256=row.sha256,
        arrived=row.arrived,
        reading=reading,
        unit=row.unit,
        corrections=fixes,
        preferred=DecisionKind.PREFERRED in choices,
        dismissed=DecisionKind.DISMISSED in choices,
        accepted=row.state == FileState.ACCEPTED,
        settled=DecisionKind.SETTLED in choices,
        part_of=None if row.main_file is None else (row.main_file, row.main_number),
        disputes=disputes,
        collection=row.collection or 0,
        placed=placed or Problem.COLLECTION_UNSURE not in reading.problems,
    )
    versions = {path: one.id for path, one in counting.items()}
    return Loaded(stored, form, row, decided, versions, frozenset(one.path for one in said if one.id in doubts))


def _unit_as_correction(reading: Reading, form: Form, decided: AnyRow) -> dict[str, Correction]:
    """A unit that a person has chosen is a correction of what stands on the paper."""
    path, read = HEADER + unit_key(form), unit_field(reading, form)
    before, after = (read.state, read.value), (State.VALUE, decided.value)
    return {path: Correction(path, decided.who, decided.when, before, after, decided.why)}
