"""Downloads: tables made at that moment, and those of last night."""

from __future__ import annotations

import hashlib
from pathlib import PurePath

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from pipeline.exporting import export_folder
from pipeline.publish import CHANGES_TEXT
from pipeline.times import local_date
from pipeline.web.dashboard.downloads import (
    MAKERS,
    TOLD,
    TYPES,
    dated_name,
    disposition,
    fresh_table,
    in_chunks,
    night_bytes,
    night_files,
)
from pipeline.web.dashboard.shared import Anybody, Held, Pictured, show

router = APIRouter()


@router.get("/exports")
def exports(request: Request, web: Held, who: Anybody, kept: Pictured) -> HTMLResponse:
    """What there is to take home, and what last night's export has written."""
    told = night_bytes(export_folder(web.settings), CHANGES_TEXT)
    return show(
        request,
        "exports.html",
        office=kept.latest(),
        tables=[(name, TOLD[name]) for name in MAKERS],
        night=night_files(web.store, web.settings),
        changes=told.decode("utf-8-sig", "replace").strip() if told else "",
    )


@router.get("/exports/{name}")
def fresh(name: str, web: Held, who: Anybody, kept: Pictured) -> Response:
    """A table, made of what is on record right now."""
    if name not in MAKERS:
        raise HTTPException(404)
    today = local_date(web.store.clock())
    units = len(kept.latest().collection.units)
    return _download(fresh_table(web.store, web.settings, name, today, units=units), dated_name(name, today))


@router.get("/exports/nightly/{name}")
def nightly(name: str, web: Held, who: Anybody) -> Response:
    """A file as the last export has left it."""
    data = night_bytes(export_folder(web.settings), name)
    if data is None:
        raise HTTPException(404)
    return _download(data, name)


def _download(data: bytes, name: str) -> Response:
    headers = {
        "Content-Disposition": disposition(name),
        "Content-Length": str(len(data)),
        "Cache-Control": "no-store",
        "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
    }
    return StreamingResponse(in_chunks(data), headers=headers, media_type=TYPES[PurePath(name).suffix])
