"""What is collected: looked at by anybody, changed by administrators, who see first what would be different.

Another collection is opened, and one is closed, here too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pipeline.collection.ledger import UnitState
from pipeline.forms.shelf import save_form
from pipeline.forms.showing import apart
from pipeline.notice.founding import Founding, Taken, confirmed_founding, read_founding
from pipeline.notice.record import load_notice
from pipeline.office.archive import find_original, office_archive
from pipeline.store import (
    View,
    add_collection,
    add_form,
    collections,
    forms,
    known_collections,
    set_collection,
    view_counts,
)
from pipeline.web.context import Web
from pipeline.web.dashboard.rosters import (
    Asked,
    Refused,
    compare,
    deadline_field,
    pack_units,
    read_roster,
    state_mark,
    unpack_units,
    unread_heading,
    wanted_collection,
    wanted_new,
)
from pipeline.web.dashboard.said import Said, say
from pipeline.web.dashboard.shared import Admin, Anybody, Held, Pictured, show
from pipeline.web.dashboard.snapshot import Snapshot
from pipeline.web.pages import lang_of
from pipeline.web.texts import CHINESE
from schemas.errors import ConfigError, FormInUse, KuohaoError

LONGEST_NOTICE = 500
"""Characters of a notice's number and title."""

SHOWN_CHANGES = 200
"""Units that a difference names of each kind; the rest is counted."""

router = APIRouter()


@router.get("/collection")
def collection(request: Request, web: Held, who: Anybody, kept: Pictured, done: bool = False) -> HTMLResponse:
    """What is collected, from whom, by when; all collections, and what another one needs."""
    office = kept.now()
    known = office.collection
    return _form(request, web, office, known.name, deadline_field(known.deadline), title=known.title, done=done)


@router.post("/collections")
def begin_collection(
    request: Request,
    web: Held,
    who: Admin,
    kept: Pictured,
    name: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    deadline: Annotated[str, Form()] = "",
    form: Annotated[str, Form()] = "",
    notice: Annotated[str, Form(max_length=LONGEST_NOTICE)] = "",
    units: Annotated[str, Form()] = "",
    form_file: Annotated[UploadFile | None, File()] = None,
    roster: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Open another collection, of a form that is known or of a form file."""
    asked = Asked(name, title, deadline, form, notice, units)
    try:
        wanted, text = wanted_new(asked, _bytes(form_file), _bytes(roster), forms(web.store))
        if text is not None:
            add_form(web.store, text, who=who.name)
        first = not collections(web.store)[0].id
        id = set_collection(web.store, wanted) if first else add_collection(web.store, wanted)
    except Refused as error:
        return _form(request, web, kept.now(), "", "", asked=asked, problems=error.problems, status=422)
    except FormInUse:
        problem = say("这个编号（id）的表样已有报表，填写处不能再改。请给新表样换一个编号。")
        return _form(request, web, kept.now(), "", "", asked=asked, problems=(problem,), status=422)
    except ConfigError:
        problem = say("已有同名的收集任务“{name}”，请换一个名称。", name=name)
        return _form(request, web, kept.now(), "", "", asked=asked, problems=(problem,), status=422)
    return RedirectResponse(f"/collection?collection={id}&done=1", 303)


@router.post("/collections/notice")
def read_the_notice(
    request: Request,
    web: Held,
    who: Admin,
    kept: Pictured,
    notice: Annotated[UploadFile | None, File()] = None,
    of: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """What a notice asks for, filled in for a person to look at; `of` is one on record. Nothing is opened yet."""
    data = _bytes(notice)
    if not data and not of:
        return _form(request, web, kept.now(), "", "", problems=(say("请选择通知文件。"),), status=422)
    try:
        with _notice(web, of, data) as path:
            made = _founding(web, of, path)
            if made.form is not None and made.text is not None:
                # It is used by nobody yet, and may be looked at and corrected on its page.
                save_form(web.store, web.home, made.text, who=who.name, blank=path)
    except KuohaoError as error:
        problem = Said(error.told(chinese=lang_of(request) == CHINESE))
        return _form(request, web, kept.now(), "", "", problems=(problem,), status=422)
    wanted = made.wanted
    asked = Asked(wanted.name, "", deadline_field(wanted.deadline), wanted.form, wanted.notice, pack_units(wanted.units))
    return _form(request, web, kept.now(), "", "", asked=asked, taken=made.taken)


@router.post("/collections/{id}/closed")
def close_collection(id: int, web: Held, who: Admin, closed: Annotated[bool, Form()]) -> Response:
    """Take no more returns for a collection, or take them again."""
    known = known_collections(web.store).get(id)
    if known is None:
        raise HTTPException(404)
    if known.collection.is_open is closed and id:
        set_collection(web.store, replace(known.collection, closed=web.store.clock() if closed else None))
    return RedirectResponse(f"/collection?collection={id}&done=1", 303)


@router.post("/collection")
def change_collection(
    request: Request,
    web: Held,
    who: Admin,
    kept: Pictured,
    name: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
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
        uploaded = _bytes(roster)
        if uploaded:
            wanted_units = read_roster(uploaded)
            heading = unread_heading(uploaded)
            if heading:
                notes.append(say("第一行“{heading}”被当作列名，没有算作单位。", heading=heading))
        elif units:
            wanted_units = unpack_units(units)
        wanted = wanted_collection(known, name, deadline, wanted_units, title=title)
    except Refused as error:
        return _form(request, web, office, name, deadline, title=title, problems=error.problems, status=422)
    difference = compare(known, wanted, _returned(office))
    if difference.is_none:
        return _form(request, web, office, name, deadline, title=title, problems=(say("没有要修改的内容。"),))
    if step == "apply" and seen == state_mark(known):
        try:
            id = set_collection(web.store, wanted)
        except ConfigError:
            problem = say("已有同名的收集任务“{name}”，请换一个名称。", name=wanted.name)
            return _form(request, web, office, name, deadline, title=title, problems=(problem,), status=422)
        return RedirectResponse(f"/collection?collection={id}&done=1", 303)
    if step == "apply":
        notes.append(say("在此期间收集任务已被修改，请重新核对后再保存。"))
    return show(
        request,
        "difference.html",
        office=office,
        difference=difference,
        notes=notes,
        name=wanted.name,
        title=wanted.title,
        deadline=deadline_field(wanted.deadline),
        units=pack_units(wanted.units) if wanted_units is not None else "",
        seen=state_mark(known),
        most=SHOWN_CHANGES,
    )


def _form(
    request: Request,
    web: Web,
    office: Snapshot,
    name: str,
    deadline: str,
    *,
    title: str = "",
    asked: Asked | None = None,
    taken: tuple[Taken, ...] = (),
    problems: tuple[Said, ...] = (),
    done: bool = False,
    status: int = 200,
) -> HTMLResponse:
    known = office.collection
    every = collections(web.store)
    return show(
        request,
        "collection.html",
        status=status,
        office=office,
        name=name if asked is None else known.name,
        title=title if asked is None else known.title,
        deadline=deadline if asked is None else deadline_field(known.deadline),
        # What was filled in for another one, where that was refused.
        asked=asked,
        taken=taken,
        units_read=unpack_units(asked.units) if asked is not None and asked.units else (),
        every=[(one, view_counts(web.store, collection=one.id)[View.ALL]) for one in reversed(every)],
        forms=forms(web.store),
        problems=problems,
        done=done,
    )


def _founding(web: Web, of: int, path: Path) -> Founding:
    if not of:
        return apart(read_founding, path, forms(web.store))
    return apart(confirmed_founding, load_notice(web.store, of).notice, path, forms(web.store))


@contextmanager
def _notice(web: Web, of: int, data: bytes) -> Iterator[Path]:
    """Where a notice lies while this lasts: the one on record, or the one that came."""
    if of:
        with find_original(office_archive(web.settings), load_notice(web.store, of).kept) as path:
            yield path
        return
    with tempfile.TemporaryDirectory(prefix="kuohao-notice-") as folder:
        path = Path(folder) / "notice"
        path.write_bytes(data)
        yield path


def _bytes(upload: UploadFile | None) -> bytes:
    return upload.file.read() if upload is not None and upload.filename else b""


def _returned(office: Snapshot) -> frozenset[str]:
    return frozenset(line.unit.name for line in office.ledger.lines if line.state is not UnitState.MISSING)
