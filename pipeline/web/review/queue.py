"""The list of returns: which wait for a person, which are done, which are set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from pipeline.store import ReturnRow, Sort, View, list_returns, view_counts
from pipeline.times import local_text
from pipeline.web.chosen import Chosen, chosen_of
from pipeline.web.context import Web, Who, reviewer, web_of
from pipeline.web.pages import page
from pipeline.web.review.views import key_of
from pipeline.web.review.words import DISMISSALS
from schemas.office import FileState

router = APIRouter()

ROWS = 50
"""Lines on a page of the list: two screens."""

VIEWS = {View.OPEN: "待审核", View.ACCEPTED: "已采用", View.SET_ASIDE: "已剔除/替换", View.ALL: "全部"}

SORTS = {Sort.RECEIVED: "收件时间", Sort.OPEN: "待审核多的在前", Sort.UNIT: "单位"}

BAR = 60
"""Width of the bar of flagged slots, in its own pixels."""

MOST_IN_BAR = 39
"""Flagged slots of a full bar: all of a form's."""


@dataclass(frozen=True)
class Line:
    """A return in the list. `all_width` and `open_width` are of its bar: slots flagged, and those still open."""

    key: str
    title: str
    sure: bool
    name: str
    state: str
    kind: str
    flagged: int
    open: int
    problems: int
    parts: int
    all_width: float
    open_width: float
    received: str


@dataclass(frozen=True)
class Asked:
    """What is asked of the list, and the addresses of other lists."""

    view: View
    search: str
    sort: Sort
    page: int

    def link(self, **other: object) -> str:
        """The address of the same list but for these."""
        asked: dict[str, object] = {
            "view": self.view.value,
            "search": self.search,
            "sort": self.sort.value,
            "page": self.page,
        }
        asked |= {"page": 1, **other}
        usual = {"view": View.OPEN.value, "search": "", "sort": Sort.RECEIVED.value, "page": 1}
        given = {name: value for name, value in asked.items() if value != usual[name]}
        return "/queue" + (f"?{urlencode(given)}" if given else "")


def asked_of(
    view: View = View.OPEN,
    search: Annotated[str, Query(max_length=100)] = "",
    sort: Sort = Sort.RECEIVED,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Asked:
    """A request's wishes."""
    return Asked(view, search.strip(), sort, page)


@router.get("/queue")
def queue(
    request: Request,
    asked: Annotated[Asked, Depends(asked_of)],
    web: Annotated[Web, Depends(web_of)],
    who: Annotated[Who, Depends(reviewer)],
    chosen: Annotated[Chosen, Depends(chosen_of)],
) -> HTMLResponse:
    """The list as a page."""
    return page(request, "review/queue.html", active="queue", **_values(web, asked, chosen.id))


@router.get("/queue/rows")
def queue_rows(
    request: Request,
    asked: Annotated[Asked, Depends(asked_of)],
    web: Annotated[Web, Depends(web_of)],
    who: Annotated[Who, Depends(reviewer)],
    chosen: Annotated[Chosen, Depends(chosen_of)],
) -> HTMLResponse:
    """The list alone, while somebody types into the search."""
    response = page(request, "review/_rows.html", **_values(web, asked, chosen.id))
    response.headers["HX-Push-Url"] = asked.link(page=asked.page)
    return response


def line_of(row: ReturnRow) -> Line:
    """A line of the list."""
    state, kind = _state(row)
    scale = BAR / max(row.flagged, MOST_IN_BAR)
    return Line(
        key_of(row.order, row.number),
        row.unit or row.title,
        row.unit is not None,
        row.name,
        state,
        kind,
        row.flagged,
        row.open,
        row.problems,
        row.parts,
        round(row.flagged * scale, 1),
        round(row.open * scale, 1),
        local_text(row.received),
    )


def _state(row: ReturnRow) -> tuple[str, str]:
    """What became of a return, as a text and the kind of its tag."""
    if row.dismissed:
        return DISMISSALS.get(row.dismissed, DISMISSALS["1"]), ""
    if row.superseded_by is not None or row.state is FileState.SUPERSEDED:
        return FileState.SUPERSEDED.chinese, ""
    waits = row.open or row.problems
    if row.state in (FileState.REVIEW, FileState.ACCEPTED):
        state = FileState.REVIEW if waits else FileState.ACCEPTED
        return state.chinese, "warn" if waits else "ok"
    return row.state.chinese, ""


def _values(web: Web, asked: Asked, collection: int) -> dict[str, Any]:
    found = list_returns(
        web.store,
        view=asked.view,
        search=asked.search,
        sort=asked.sort,
        offset=(asked.page - 1) * ROWS,
        limit=ROWS,
        collection=collection,
    )
    counts = view_counts(web.store, collection=collection)
    last = max(1, -(-found.total // ROWS))
    return {
        "asked": asked,
        "lines": [line_of(row) for row in found.rows],
        "total": found.total,
        "first": (asked.page - 1) * ROWS,
        "pages": last,
        "views": [
            (asked.link(view=view.value), label, counts.get(view, 0), view is asked.view) for view, label in VIEWS.items()
        ],
        "sorts": [(sort.value, label) for sort, label in SORTS.items()],
        "bar": BAR,
    }
