"""Downloads: tables made at that moment, and those of last night."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline.collection.publish import CHANGES_TEXT
from pipeline.web.dashboard.downloads import (
    EXPORTS,
    TOLD,
    as_download,
    make_export,
    night_bytes,
    night_files,
    night_folder,
)
from pipeline.web.dashboard.shared import Anybody, Held, Picked, Pictured, show

router = APIRouter()


@router.get("/exports")
def exports(request: Request, web: Held, who: Anybody, kept: Pictured, chosen: Picked) -> HTMLResponse:
    """What there is to take home, and what last night's export has written."""
    told = night_bytes(night_folder(web.settings, chosen), CHANGES_TEXT)
    return show(
        request,
        "exports.html",
        office=kept.latest(),
        tables=[(name, TOLD[name]) for name in EXPORTS],
        night=night_files(web.store, web.settings, chosen),
        changes=told.decode("utf-8-sig", "replace").strip() if told else "",
    )


@router.get("/exports/{name}")
def fresh(name: str, web: Held, who: Anybody, chosen: Picked) -> Response:
    """A table, made of what is on record right now."""
    if name not in EXPORTS:
        raise HTTPException(404)
    return make_export(web, name, chosen)


@router.get("/exports/nightly/{name}")
def nightly(name: str, web: Held, who: Anybody, chosen: Picked) -> Response:
    """A file as the last export has left it."""
    data = night_bytes(night_folder(web.settings, chosen), name)
    if data is None:
        raise HTTPException(404)
    return as_download(data, name)
