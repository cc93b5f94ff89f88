"""`/api`: returns, slots, uploads and exports, paged; `/api/openapi.json` describes it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, UploadFile
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, Response

from pipeline.store import (
    Sort,
    View,
    collections,
    known_collections,
    list_returns,
    list_slots,
    load_return,
    main_collection,
    receipts,
)
from pipeline.web.api.access import caller
from pipeline.web.api.models import (
    CollectionItem,
    ExportItem,
    Paged,
    Problem,
    ReturnItem,
    ReturnWhole,
    SlotItem,
    Upload,
    Uploaded,
    collection_item,
    return_item,
    return_whole,
    slot_item,
    upload_item,
)
from pipeline.web.chosen import Chosen, collection_by
from pipeline.web.context import Web, Who, web_of
from pipeline.web.dashboard.downloads import EXPORTS, make_export
from pipeline.web.pages import page
from pipeline.web.uploads import take_uploads
from schemas.errors import NoSuchReturn
from schemas.office import FileState

REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No session, or a token that is none or no longer."},
    503: {"model": Problem, "description": "The store does not answer, or is busy: try again."},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such thing."}}

router = APIRouter(prefix="/api", responses=REFUSED)

Here = Annotated[Web, Depends(web_of)]
Caller = Annotated[Who, Depends(caller)]
# The largest number of both databases' integers that count rows: beyond it the question itself is no number.
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to pass over.")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Words = Annotated[str, Query(max_length=100)]
Of = Annotated[Words | None, Query(description="A collection, by its id or its name; else all.")]


@router.get("/collections", summary="What is collected")
def all_collections(web: Here, who: Caller) -> list[CollectionItem]:
    """Every collection, the oldest first."""
    return [collection_item(one) for one in collections(web.store)]


@router.get("/returns", summary="Returns, newest last", responses=NOT_FOUND)
def returns(
    web: Here,
    who: Caller,
    view: View = View.ALL,
    search: Words = "",
    sort: Sort = Sort.RECEIVED,
    collection: Of = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Paged[ReturnItem]:
    """Returns by what is still to do on them; `search` looks at unit and file name."""
    of = collection_by(web.store, collection)
    found = list_returns(web.store, view=view, search=search, sort=sort, offset=offset, limit=limit, collection=of)
    return Paged(total=found.total, offset=offset, items=[return_item(row) for row in found.rows])


@router.get("/returns/{id}", summary="One return", responses=NOT_FOUND)
def one_return(web: Here, who: Caller, id: Annotated[str, InPath(pattern=r"^[0-9]{1,9}-[0-9]{1,9}$")]) -> ReturnWhole:
    """What the machine read in a return, with the contract's fields, and what people decided."""
    order, number = map(int, id.split("-"))
    try:
        return return_whole(load_return(web.store, order, number))
    except NoSuchReturn:
        raise HTTPException(404, "no such return") from None


@router.get("/slots", summary="Slots across returns", responses=NOT_FOUND)
def slots(
    web: Here,
    who: Caller,
    open: bool | None = None,
    flagged: bool | None = None,
    slot: Annotated[Words | None, Query(description="A slot of the form, as item1.lectures.")] = None,
    unit: Words | None = None,
    collection: Of = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Paged[SlotItem]:
    """Slots as they count, of all returns that are in force."""
    of = collection_by(web.store, collection)
    found = list_slots(
        web.store, open=open, flagged=flagged, form_path=slot, unit=unit, collection=of, offset=offset, limit=limit
    )
    return Paged(total=found.total, offset=offset, items=[slot_item(row) for row in found.rows])


@router.get("/uploads", summary="Files that have arrived", responses=NOT_FOUND)
def uploads(
    web: Here,
    who: Caller,
    state: FileState | None = None,
    collection: Of = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Paged[Upload]:
    """Every file that ever arrived, by the inbox or by this door, and what became of it."""
    found = receipts(web.store, states=() if state is None else (state,), collection=collection_by(web.store, collection))
    return Paged(total=len(found), offset=offset, items=[upload_item(one) for one in found[offset : offset + limit]])


@router.post("/uploads", summary="Send files", status_code=202)
def send(web: Here, who: Caller, files: list[UploadFile]) -> list[Uploaded]:
    """Put files into the inbox: PDF, TIFF, JPEG, PNG, HEIC, WEBP or BMP by their content. They are read soon after."""
    return [Uploaded(name=one.name, taken=one.taken, reason=one.reason) for one in take_uploads(web, files)]


@router.get("/exports", summary="Tables that can be had")
def exports(web: Here, who: Caller) -> list[ExportItem]:
    """Workbook and CSV files of the collection."""
    return [ExportItem(name=name, href=f"/api/exports/{name}") for name in EXPORTS]


@router.get(
    "/exports/{name}",
    summary="A table, made now",
    responses={**NOT_FOUND, 200: {"content": {"application/octet-stream": {}}}},
    response_class=Response,
)
def export(
    web: Here,
    who: Caller,
    name: Annotated[str, InPath(max_length=60)],
    collection: Annotated[
        Words | None, Query(description="A collection, by its id or its name; else the newest that is open.")
    ] = None,
) -> Response:
    """The table of a collection as it would be exported at this moment."""
    if name not in EXPORTS:
        raise HTTPException(404, "no such table")
    every = known_collections(web.store)
    id = collection_by(web.store, collection)
    return make_export(web, name, Chosen(main_collection(every) if id is None else every[id], every))


@router.get("/docs", include_in_schema=False)
def docs(request: Request, who: Caller) -> HTMLResponse:
    """The API on one page, for people: made from its own description."""
    described = request.app.openapi()
    ways = [
        {"path": path, "method": method.upper(), **way}
        for path, methods in described["paths"].items()
        for method, way in methods.items()
    ]
    return page(request, "api.html", ways=ways, active="")
