"""What is collected: looked at by anybody, changed by administrators, who see first what would be different."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pipeline.ledger import UnitState
from pipeline.store import set_collection
from pipeline.web.dashboard.rosters import (
    Refused,
    compare,
    deadline_field,
    pack_units,
    read_roster,
    state_mark,
    unpack_units,
    unread_heading,
    wanted_collection,
)
from pipeline.web.dashboard.said import Said, say
from pipeline.web.dashboard.shared import Admin, Anybody, Held, Pictured, show
from pipeline.web.dashboard.snapshot import Snapshot

SHOWN_CHANGES = 200
"""Units that a difference names of each kind; the rest is counted."""

router = APIRouter()


@router.get("/collection")
def collection(request: Request, who: Anybody, kept: Pictured, done: bool = False) -> HTMLResponse:
    """What is collected, from whom, by when."""
    office = kept.now()
    known = office.collection
    return _form(request, office, known.name, deadline_field(known.deadline), done=done)


@router.post("/collection")
def change_collection(
    request: Request,
    web: Held,
    who: Admin,
    kept: Pictured,
    name: Annotated[str, Form()] = "",
    deadline: Annotated[str, Form()] = "",
    units: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    step: Annotated[str, Form()] = "look",
    roster: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Show what would change; change it where that has been `seen`, of the very collection that it was compared with."""
    office = kept.now()
    known = office.collection
    notes: list[Said] = []
    try:
        wanted_units = None
        uploaded = roster.file.read() if roster is not None and roster.filename else b""
        if uploaded:
            wanted_units = read_roster(uploaded)
            heading = unread_heading(uploaded)
            if heading:
                notes.append(say("第一行“{heading}”被当作列名，没有算作单位。", heading=heading))
        elif units:
            wanted_units = unpack_units(units)
        wanted = wanted_collection(known, name, deadline, wanted_units)
    except Refused as error:
        return _form(request, office, name, deadline, problems=error.problems, status=422)
    difference = compare(known, wanted, _returned(office))
    if difference.is_none:
        return _form(request, office, name, deadline, problems=(say("没有要修改的内容。"),))
    if step == "apply" and seen == state_mark(known):
        set_collection(web.store, wanted)
        return RedirectResponse("/collection?done=1", 303)
    if step == "apply":
        notes.append(say("在此期间收集任务已被修改，请重新核对后再保存。"))
    return show(
        request,
        "difference.html",
        office=office,
        difference=difference,
        notes=notes,
        name=wanted.name,
        deadline=deadline_field(wanted.deadline),
        units=pack_units(wanted.units) if wanted_units is not None else "",
        seen=state_mark(known),
        most=SHOWN_CHANGES,
    )


def _form(
    request: Request,
    office: Snapshot,
    name: str,
    deadline: str,
    *,
    problems: tuple[Said, ...] = (),
    done: bool = False,
    status: int = 200,
) -> HTMLResponse:
    return show(
        request,
        "collection.html",
        status=status,
        office=office,
        name=name,
        deadline=deadline,
        problems=problems,
        done=done,
    )


def _returned(office: Snapshot) -> frozenset[str]:
    return frozenset(line.unit.name for line in office.ledger.lines if line.state is not UnitState.MISSING)
