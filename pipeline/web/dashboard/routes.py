"""The dashboard's pages: what is asked for is looked up in the last picture of the office, and shown."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline.collection.file_names import spellings_of
from pipeline.collection.form_layout import lay_out, words_alone, words_of_total
from pipeline.collection.ledger import TO_REMIND, UnitState
from pipeline.store import Store, audited, receipts, the_collection
from pipeline.times import as_utc, local_date
from pipeline.web.context import Web
from pipeline.web.dashboard import collection, exports
from pipeline.web.dashboard.charts import arrivals_chart, units_chart
from pipeline.web.dashboard.files import choose_files, file_row
from pipeline.web.dashboard.links import total_link, unit_link, with_query
from pipeline.web.dashboard.overview import error_rate, length_said, make_overview, time_left
from pipeline.web.dashboard.shared import Anybody, Held, PageNumber, Pictured, Search, one_of, part_of, show
from pipeline.web.dashboard.sheet import SORTS, bars_of, entries_of, median_of, sheet_of
from pipeline.web.dashboard.snapshot import Kept, Snapshot, kept_for
from pipeline.web.dashboard.unit_sheet import unit_sheet
from pipeline.web.dashboard.units import (
    NO_PARENT,
    aside_rows,
    ask_rows,
    choose_units,
    header_cells,
    make_reminder,
    return_rows,
    unit_row,
)
from schemas.errors import KuohaoError
from schemas.form import Mark, SlotKind
from schemas.office import FileState

UNITS_A_PAGE, FILES_A_PAGE, ENTRIES_A_PAGE = 100, 100, 50

LISTS = ("", "remind", "ask", "apart")
"""The lists of the units' page: all, whom to remind, whom to ask again, returns of no unit."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The first picture is made while the server starts."""
    web: Web = app.state.web
    # Whoever asks for a page is told what is wrong.
    with suppress(KuohaoError):
        kept_for(web, the_collection(web.store)[0].id).warm()
    yield


router = APIRouter(lifespan=lifespan)
router.include_router(exports.router)
router.include_router(collection.router)


@router.get("/")
def dashboard(request: Request, web: Held, who: Anybody, kept: Pictured) -> HTMLResponse:
    """The office at a glance; what to do first, where nothing has been done."""
    return show(request, "dashboard.html", **_figures(web.store, kept.latest()))


@router.get("/dashboard/parts/figures")
def dashboard_figures(request: Request, web: Held, who: Anybody, kept: Pictured, seen: str = "") -> Response:
    """The same without the page around it; 204 where it says what has been `seen` already."""
    values = _figures(web.store, kept.latest())
    return Response(status_code=204) if values["stamp"] == seen else show(request, "parts/figures.html", **values)


@router.get("/totals")
def totals(request: Request, who: Anybody, kept: Pictured, view: str = "") -> HTMLResponse:
    """The totals, as the form has them or as a table."""
    office = kept.latest()
    items = office.once("sheet", lambda: sheet_of(office.totals, office.form))
    tables, by_item = lay_out(office.form), {item.key: item for item in items}
    return show(
        request,
        "totals.html",
        office=office,
        items=items,
        tables=tables,
        by_item=by_item,
        view="table" if view == "table" else "sheet",
    )


@router.get("/totals/{path}")
def total(
    request: Request, path: str, who: Anybody, kept: Pictured, sort: str = "value", page: PageNumber = 1
) -> HTMLResponse:
    """What a total is made of."""
    office = kept.latest()
    found = office.total(path)
    if found is None:
        raise HTTPException(404)
    sort = sort if sort in SORTS else "value"
    counted = found.slot.kind.summed
    shown, pager = part_of(sorted(found.contributions, key=SORTS[sort]), page, ENTRIES_A_PAGE, total_link(path), sort=sort)
    leading = next((slot for slot in office.form.slots if slot.path == found.slot.events), None)
    # Of ticks, each of which is 1, neither a median nor bars tell anything.
    measured = counted and found.slot.kind is not SlotKind.TICK
    middle = median_of([one.value for one in found.contributions]) if measured else 0.0
    paths = [one.slot.path for one in office.totals]
    place = paths.index(path)
    return show(
        request,
        "total.html",
        office=office,
        total=found,
        rows=entries_of(found, office.form, shown),
        pager=pager,
        sort=sort,
        middle=middle,
        counted=counted,
        words=words_of_total(found.slot) if found.slot.mark is not Mark.CELL else words_alone(found.slot),
        lead=words_alone(leading) if leading is not None else None,
        chart=units_chart(bars_of(found, middle), middle) if measured else None,
        before=office.totals[place - 1] if place else None,
        behind=office.totals[place + 1] if place + 1 < len(paths) else None,
        item=next(item for item in office.form.items if any(slot.path == path for slot in item.slots)),
    )


@router.get("/units")
def units(
    request: Request,
    who: Anybody,
    kept: Pictured,
    state: str = "",
    parent: str = "",
    search: Search = "",
    page: PageNumber = 1,
    unit: str = "",
    listed: Annotated[str, Query(alias="list")] = "",
) -> HTMLResponse:
    """The ledger: a line a unit, or one of the lists made of it; `unit` names a unit whose page no other address has."""
    if unit:
        return unit_page(request, unit, who, kept)
    office = kept.latest()
    wanted = listed if listed in LISTS else ""
    chosen = one_of(UnitState, state)
    found = choose_units(office.ledger, state=chosen, parent=parent, search=search)
    reminder = make_reminder(office.ledger, office.form, parent=parent) if wanted == "remind" else None
    asked = office.once("asked", lambda: ask_rows(office.ledger, office.form))
    aside = office.once("aside", lambda: aside_rows(office.ledger, office.form))
    listing: dict[str, Sequence[Any]] = {"": found.lines, "ask": asked, "apart": aside}
    listing |= {"remind": (*reminder.missing, *reminder.partial)} if reminder is not None else {}
    query = {"list": wanted, "state": chosen or "", "parent": parent, "search": search}
    shown, pager = part_of(listing[wanted], page, UNITS_A_PAGE, "/units", **query)
    return show(
        request,
        "units.html",
        office=office,
        list=wanted,
        found=found,
        rows=shown if wanted else [unit_row(line, office.form) for line in shown],
        pager=pager,
        state=chosen,
        states=tuple(UnitState),
        parent=parent,
        parents=[line.parent or NO_PARENT for line in office.ledger.parents],
        search=search,
        to_remind=sum(office.ledger.states[one] for one in TO_REMIND),
        reminder=reminder,
        asked=len(asked),
        aside=len(aside),
        with_query=with_query,
    )


@router.get("/units/{name:path}")
def unit_page(request: Request, name: str, who: Anybody, kept: Pictured) -> HTMLResponse:
    """A unit: its returns, what counts of them, its values."""
    office = kept.latest()
    line = office.line(name)
    if line is None:
        raise HTTPException(404)
    names = [one.unit.name for one in office.ledger.lines]
    place = names.index(name)
    items = unit_sheet(line, office.form)
    return show(
        request,
        "unit.html",
        office=office,
        line=line,
        row=unit_row(line, office.form),
        returns=return_rows(line, office.form),
        header=header_cells(line, office.form),
        items=items,
        by_item={item.key: item for item in items},
        tables=lay_out(office.form),
        asked=next((one for one in ask_rows(office.ledger, office.form) if one.name == name), None),
        before=unit_link(names[place - 1]) if place else "",
        behind=unit_link(names[place + 1]) if place + 1 < len(names) else "",
    )


@router.get("/files")
def files(
    request: Request, web: Held, who: Anybody, kept: Pictured, state: str = "", search: Search = "", page: PageNumber = 1
) -> HTMLResponse:
    """Every file that has come, and what became of it."""
    return show(request, "files.html", **_files(web.store, kept, state, search, page))


@router.get("/dashboard/parts/files")
def files_part(
    request: Request,
    web: Held,
    who: Anybody,
    kept: Pictured,
    state: str = "",
    search: Search = "",
    page: PageNumber = 1,
    seen: str = "",
) -> Response:
    """The same list without the page around it; 204 where it says what has been `seen` already."""
    values = _files(web.store, kept, state, search, page)
    return Response(status_code=204) if values["stamp"] == seen else show(request, "parts/files.html", **values)


def _figures(store: Store, office: Snapshot) -> dict[str, Any]:
    """What the dashboard shows, and a stamp that changes with it."""
    now = as_utc(store.clock()).replace(second=0, microsecond=0)
    checked = audited(store)
    rate = error_rate(checked.wrong, checked.n)
    overview = office.once(("overview", now), lambda: make_overview(office, now))
    deadline = office.collection.deadline
    return {
        "office": office,
        "overview": overview,
        "chart": arrivals_chart(overview.days, overview.expected, deadline, now),
        "left": time_left(deadline, now) if deadline is not None else None,
        "past": deadline is not None and as_utc(deadline) < now,
        "work": length_said(overview.review.left) if overview.review.left is not None else None,
        "rate": rate,
        "kinds": [(kind, checked.kinds[kind]) for kind in ("print", "pen") if kind in checked.kinds],
        "empty": not office.collection.units and not office.receipts,
        "today": local_date(now),
        "stamp": _stamp(office.stamp, now, checked),
    }


def _files(store: Store, kept: Kept, state: str, search: str, number: int) -> dict[str, Any]:
    chosen = one_of(FileState, state)
    office = kept.latest().collection
    found = choose_files(receipts(store, collection=office.id or None), state=chosen, search=search)
    query = {"state": chosen or "", "search": search}
    shown, pager = part_of(found.receipts, number, FILES_A_PAGE, "/files", **query)
    known = spellings_of(office.units)
    rows = [file_row(receipt, found, known) for receipt in shown]
    return {
        "found": found,
        "rows": rows,
        "pager": pager,
        "state": chosen,
        "states": tuple(FileState),
        "search": search,
        "again": with_query("/dashboard/parts/files", **query, page=number),
        "with_query": with_query,
        "stamp": _stamp(rows, found.states),
    }


def _stamp(*values: object) -> str:
    """Changes with what is shown."""
    return hashlib.sha256(repr(values).encode("utf-8", "backslashreplace")).hexdigest()[:16]
