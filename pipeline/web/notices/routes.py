"""The pages about notices: a list, a notice beside its pages; anybody who reviews confirms and corrects its fields."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Depends, File, UploadFile
from fastapi import Form as Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from pipeline.forms.showing import apart
from pipeline.notice import read_notice
from pipeline.notice.record import HeldNotice, keep_notice, list_notices, load_notice, say
from pipeline.office.archive import find_original, office_archive
from pipeline.office.names import fitting_name
from pipeline.web.context import Web, Who, reviewer, web_of
from pipeline.web.notices.pictures import around, draw_pages, page_picture, picture_size, turned
from pipeline.web.originals import saved_original
from pipeline.web.pages import lang_of, page
from pipeline.web.texts import CHINESE, translate
from schemas.errors import KuohaoError
from schemas.flow import Box
from schemas.notice import EXPECTED, LABELS, LISTS, FieldState, NoticeCorrection, NoticeField

Held = Annotated[Web, Depends(web_of)]
Anybody = Annotated[Who, Depends(reviewer)]

NO_FILE = "请选择一个文件。"

ADDED = ("addressees", "contacts", "phones", "emails", "links", "annexes")
"""Lists to which a person may add on the page."""

router = APIRouter(prefix="/notices")


@dataclass(frozen=True)
class Row:
    """A field as the page shows it: `mark` is where it stands, `view` what is shown around it, in pixels of the picture."""

    path: str
    label: str
    place: int | None
    field: NoticeField
    mark: Box | None
    view: Box | None
    said: NoticeCorrection | None

    @property
    def found(self) -> bool:
        """Whether it has a value."""
        return self.field.state is FieldState.FOUND

    @property
    def indent(self) -> str:
        """What stands before a heading, by its level."""
        return "\u3000" * (getattr(self.field, "level", 1) - 1) + getattr(self.field, "mark", "")


@router.get("")
def notices_page(request: Request, web: Held, who: Anybody) -> Response:
    """Every notice, and where one is read."""
    return _list(request, web)


@router.post("")
def add(request: Request, web: Held, who: Anybody, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Read a file as a notice and keep it."""
    if file is None or not file.filename:
        return _list(request, web, problem=translate(lang_of(request), NO_FILE))
    with tempfile.TemporaryDirectory(prefix="kuohao-notice-") as folder:
        path = Path(folder) / fitting_name(PurePosixPath(file.filename.replace("\\", "/")).name or "notice")
        path.write_bytes(file.file.read())
        try:
            notice = apart(read_notice, path)
            number = keep_notice(web.store, office_archive(web.settings), path, notice, who=who.name)
        except KuohaoError as error:
            return _list(request, web, problem=error.told(chinese=lang_of(request) == CHINESE))
    return RedirectResponse(f"/notices/{number}", HTTPStatus.SEE_OTHER)


@router.get("/{number}")
def notice_page(request: Request, web: Held, who: Anybody, number: int) -> Response:
    """A notice: its pages, its fields with what is doubtful in them."""
    return _notice(request, web, load_notice(web.store, number))


@router.post("/{number}")
def correct(
    request: Request,
    web: Held,
    who: Anybody,
    number: int,
    path: Annotated[str, Field(max_length=60)] = "",
    value: Annotated[str, Field(max_length=2000)] = "",
    seen: Annotated[int, Field(ge=0)] = 0,
) -> Response:
    """Confirm a field, where its value is what it was, or correct it."""
    try:
        held = say(web.store, number, path, value, seen=seen, who=who.name)
    except KuohaoError as error:
        told = error.told(chinese=lang_of(request) == CHINESE)
        return _notice(request, web, load_notice(web.store, number), problem=told, wrong=path)
    following = next((one for one, field in held.shown.fields() if field.review), path)
    return RedirectResponse(f"/notices/{number}#{following}", HTTPStatus.SEE_OTHER)


@router.get("/{number}/pages/{page}.jpg")
def picture(web: Held, who: Anybody, number: int, page: int) -> Response:
    """A page of a notice, upright."""
    held = load_notice(web.store, number)
    path = page_picture(_cache(web), held.sha256, page)
    if not 1 <= page <= held.notice.pages or not path.is_file():
        raise HTTPException(404)
    headers = {"Cache-Control": "private, max-age=86400"}
    return FileResponse(path, media_type="image/jpeg", headers=headers)


@router.get("/{number}/original")
def original(web: Held, who: Anybody, number: int) -> Response:
    """The notice as it came, to be saved."""
    held = load_notice(web.store, number)
    return saved_original(office_archive(web.settings), held.kept, held.name)


@router.get("/{number}/json")
def contract(web: Held, who: Anybody, number: int) -> Response:
    """The notice as it counts, by its contract."""
    held = load_notice(web.store, number)
    return Response(held.notice.model_dump_json(indent=1), media_type="application/json")


def _cache(web: Web) -> Path:
    return web.home / "cache"


def _list(request: Request, web: Web, *, problem: str = "") -> Response:
    rows = [(one, sum(field.review for _, field in one.notice.fields())) for one in list_notices(web.store)]
    return page(request, "notices/list.html", status=422 if problem else 200, rows=rows, problem=problem)


def _notice(request: Request, web: Web, held: HeldNotice, *, problem: str = "", wrong: str = "") -> Response:
    sizes = _sizes(web, held)
    rows = list(_rows(held, sizes))
    return page(
        request,
        "notices/notice.html",
        status=422 if problem else 200,
        held=held,
        rows=rows,
        sizes=sizes,
        lost=[LABELS[key] for key in held.notice.missing if key in EXPECTED and key in LISTS],
        doubtful=sum(row.field.review for row in rows),
        more=[(f"{key}[{len(getattr(held.shown, key)) + 1}]", LABELS[key]) for key in ADDED],
        problem=problem,
        wrong=wrong,
    )


def _sizes(web: Web, held: HeldNotice) -> dict[int, tuple[int, int]]:
    """The pages that can be shown, with their pictures' sizes; drawn where nobody has looked yet."""
    cache, pages = _cache(web), range(1, held.notice.pages + 1)
    if pages and not page_picture(cache, held.sha256, 1).is_file():
        with find_original(office_archive(web.settings), held.kept) as path:
            apart(draw_pages, path, cache, held.sha256, held.notice.turns)
    drawn = {number: page_picture(cache, held.sha256, number) for number in pages}
    return {number: picture_size(path) for number, path in drawn.items() if path.is_file()}


def _rows(held: HeldNotice, sizes: dict[int, tuple[int, int]]) -> Iterator[Row]:
    for path, field in held.shown.fields():
        key, _, place = path.rstrip("]").partition("[")
        if key in LISTS and field.value is None and not field.review:
            # A person has taken it away.
            continue
        mark = view = None
        if field.page in sizes and field.box is not None:
            box = turned(field.box, held.notice.turns[field.page - 1] if field.page <= len(held.notice.turns) else 0)
            mark, view = _pixels(box, sizes[field.page]), _pixels(around(box), sizes[field.page])
        yield Row(path, LABELS[key], int(place) if place else None, field, mark, view, held.last(path))


def _pixels(box: Box, size: tuple[int, int]) -> Box:
    """Left, top, width and height in pixels."""
    left, top, right, bottom = box
    wide, high = size
    return round(left * wide, 1), round(top * high, 1), round((right - left) * wide, 1), round((bottom - top) * high, 1)
