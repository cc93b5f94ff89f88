"""Which returns there are: a row of `returns` for each reading in force, or for each part of one that a person has split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from pipeline.store.files import AnyRow
from pipeline.store.review_tables import decisions, returns, slots
from pipeline.store.rows import Key, in_effect
from pipeline.store.splitting import Piece, pieces
from pipeline.store.tables import files, readings, source_files, sources
from schemas.office import DecisionKind

SHAPING = (DecisionKind.SPLIT, DecisionKind.PART_OF)


def remake(connection: Connection, some: Some[int]) -> set[Key]:
    """Bring the rows of some sources' returns in line with readings and decisions; those of replaced sources go.

    Gives the rows that are new, which say nothing of themselves yet.
    """
    live = select(readings.c.source, readings.c.number).join(sources, sources.c.id == readings.c.source)
    live = live.where(readings.c.source.in_(some), sources.c.replaced_by.is_(None)).order_by(readings.c.number)
    found: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(live):
        found[row.source].append(row.number)
    shaping = decisions.c.source.in_(some), decisions.c.kind.in_(SHAPING)
    said = connection.execute(select(decisions).where(*shaping).order_by(decisions.c.id)).all()
    before: dict[Key, AnyRow] = {
        (row.source, row.number): row for row in connection.execute(select(returns).where(returns.c.source.in_(some)))
    }
    wanted = {
        (source, piece.number): piece
        for source, numbers in found.items()
        for piece in _pieces(numbers, [row for row in said if row.source == source])
    }
    for source, number in before.keys() - wanted.keys():
        connection.execute(delete(slots).where(slots.c.source == source, slots.c.number == number))
        connection.execute(delete(returns).where(returns.c.source == source, returns.c.number == number))
    mains = {(row.source, row.number): row.value for row in in_effect(said) if row.kind == DecisionKind.PART_OF}
    shaped = {key: {**_bounds(piece), **_main(mains.get(key, ""))} for key, piece in wanted.items()}
    fresh = {key: values for key, values in shaped.items() if key not in before}
    if fresh:
        _insert(connection, fresh)
    for key in shaped.keys() & before.keys():
        if any(before[key]._mapping[column] != value for column, value in shaped[key].items()):
            here = update(returns).where(returns.c.source == key[0], returns.c.number == key[1])
            connection.execute(here.values(**shaped[key]))
    return set(fresh)


def parse_address(text: str) -> tuple[int, int] | None:
    """A return's file and number from "12-1"; None for anything else."""
    order, _, number = text.partition("-")
    plain = order.isdecimal() and number.isdecimal() and text.isascii() and len(text) < 20
    return (int(order), int(number)) if plain else None


def _pieces(numbers: Sequence[int], said: Sequence[AnyRow]) -> list[Piece]:
    splits = [row for row in said if row.kind == DecisionKind.SPLIT]
    last = {row.number: row.value for row in in_effect(splits)}
    pages = {number: int(page) for number, page in last.items() if page}
    ever = list(dict.fromkeys(row.number for row in splits if row.value))
    return pieces(numbers, pages, ever)


def _bounds(piece: Piece) -> dict[str, int | None]:
    return {"reading": piece.reading, "first_page": piece.first, "end_page": piece.end}


def _main(said: str) -> dict[str, int | None]:
    file, number = parse_address(said) or (None, None)
    return {"main_file": file, "main_number": number}


def _insert(connection: Connection, fresh: Mapping[Key, Mapping[str, int | None]]) -> None:
    """New rows; a source of several files goes by the one that came last, which made it whole."""
    last = select(source_files.c.source, func.max(source_files.c.file).label("file"))
    last = last.where(source_files.c.source.in_({source for source, _ in fresh})).group_by(source_files.c.source)
    whole = last.subquery()
    query = select(whole.c.source, files.c.id, files.c.name, files.c.arrived).join(files, files.c.id == whole.c.file)
    goes_by = {row.source: row for row in connection.execute(query)}
    nothing = {"title": "", "by_hand": False, "flagged": 0, "open": 0, "problems": 0, "waiting": False, "dismissed": ""}
    rows = [
        {
            "source": source,
            "number": number,
            "file": goes_by[source].id,
            "name": goes_by[source].name,
            "arrived": goes_by[source].arrived,
            **shape,
            **nothing,
            "parts": 0,
            "shelf": "",
        }
        for (source, number), shape in fresh.items()
    ]
    connection.execute(insert(returns), rows)
