"""What the handlers share: the last picture of the office, and pages with the words that every one of them needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from pipeline.times import day_text, local_date, local_text
from pipeline.web.chosen import Chosen, chosen_of
from pipeline.web.context import Web, Who, admin, reviewer, web_of
from pipeline.web.dashboard.links import total_link, unit_link, with_query
from pipeline.web.dashboard.snapshot import Kept, kept_for
from pipeline.web.pages import page

LONGEST_SEARCH = 100
"""Characters of a search: longer than any name."""

Held = Annotated[Web, Depends(web_of)]
Anybody = Annotated[Who, Depends(reviewer)]
Admin = Annotated[Who, Depends(admin)]
Search = Annotated[str, Query(max_length=LONGEST_SEARCH)]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]

Row = TypeVar("Row")
State = TypeVar("State", bound=StrEnum)


Picked = Annotated[Chosen, Depends(chosen_of)]


def kept_of(web: Held, chosen: Picked) -> Kept:
    """The last picture of the collection that is looked at."""
    return kept_for(web, chosen.id)


Pictured = Annotated[Kept, Depends(kept_of)]


@dataclass(frozen=True)
class Pager:
    """A page of a list: which one, of how many, and the addresses of its neighbours, "" where there are none."""

    number: int
    pages: int
    total: int
    first: int
    last: int
    before: str
    behind: str


def part_of(rows: Sequence[Row], number: int, size: int, address: str, **query: object) -> tuple[Sequence[Row], Pager]:
    """A page of a list, the last one where there are fewer; `query` is what its address says besides the number."""
    pages = max(1, ceil(len(rows) / size))
    number = min(number, pages)
    start = (number - 1) * size
    shown = rows[start : start + size]
    before = with_query(address, **query, page=number - 1 if number > 2 else "") if number > 1 else ""
    behind = with_query(address, **query, page=number + 1) if number < pages else ""
    return shown, Pager(number, pages, len(rows), start + 1 if shown else 0, start + len(shown), before, behind)


def one_of(kind: type[State], text: str) -> State | None:
    """The member that an address names; None for none, or for one that there is not."""
    return kind(text) if text in set(kind) else None


def show(request: Request, template: str, /, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page of the dashboard's."""
    words = {"moment": local_text, "day_text": day_text, "day_of": local_date, "unit_link": unit_link}
    return page(request, f"dashboard/{template}", status=status, **{**words, "total_link": total_link, **values})
