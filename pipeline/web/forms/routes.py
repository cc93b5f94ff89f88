"""The pages about forms. Anybody looks at them; administrators make and change them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, File, UploadFile
from fastapi import Form as Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from pipeline.forms.checking import Odd, Oddity, check_form
from pipeline.forms.comments import DOUBT, ID
from pipeline.forms.shelf import (
    Shelved,
    blank_of,
    found_slots,
    list_forms,
    put_blank,
    save_form,
    shown_page,
    shown_pages,
)
from pipeline.forms.showing import apart, blank_to_text, missing_on, show_blank
from pipeline.store import form_text
from pipeline.web.context import Web, Who, admin, reviewer, web_of
from pipeline.web.dashboard.downloads import disposition
from pipeline.web.pages import lang_of, page
from pipeline.web.texts import CHINESE, translate
from schemas.errors import KuohaoError
from schemas.form import Form, Slot
from schemas.form_file import form_to_toml, toml_to_form

Held = Annotated[Web, Depends(web_of)]
Anybody = Annotated[Who, Depends(reviewer)]
Admin = Annotated[Who, Depends(admin)]

NO_FILE, BAD_ID = "请选择一个文件。", "编号只能用小写字母、数字和连字符。"

LARGEST_FILE = 200_000
"""Bytes of a form file: one of a thousand slots has a hundred thousand."""

router = APIRouter(prefix="/forms")


@dataclass(frozen=True)
class SlotRow:
    """A slot as the page lists it: its number, what kind it is, the slots it has to do with, and whether it was found."""

    number: int
    slot: Slot
    events: int | None
    sums: tuple[int, ...]
    found: bool | None


@router.get("")
def forms_page(request: Request, web: Held, who: Anybody) -> Response:
    """Every form, and where an administrator makes one."""
    return _list(request, web)


@router.post("")
def make(
    request: Request,
    web: Held,
    who: Admin,
    id: Annotated[str, Field(max_length=60)] = "",
    of: Annotated[str, Field(max_length=60)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Make a form from a blank or a form file; `of` a form that there is, keep the blank beside it."""
    if file is None or not file.filename:
        return _list(request, web, problem=NO_FILE)
    if id and not ID.fullmatch(id):
        return _list(request, web, problem=BAD_ID)
    with tempfile.TemporaryDirectory(prefix="kuohao-form-") as folder:
        path = Path(folder) / "blank"
        path.write_bytes(file.file.read())
        try:
            if of:
                form = _known(web, of).form
                put_blank(web.home, form.id, path)
            else:
                text = _form_file(path)
                made = apart(blank_to_text, path, id) if text is None else text
                form = save_form(web.store, web.home, made, who=who.name, blank=path if text is None else None)
            apart(show_blank, web.home, form)
        except KuohaoError as error:
            return _list(request, web, problem=error.told(chinese=lang_of(request) == CHINESE))
    return RedirectResponse(f"/forms/{form.id}", HTTPStatus.SEE_OTHER)


@router.get("/{form_id}")
def form_page(request: Request, web: Held, who: Anybody, form_id: str, done: bool = False) -> Response:
    """A form: its blank with numbered slots, the slots, and its file."""
    shelved = _known(web, form_id)
    text = form_text(web.store, form_id) or form_to_toml(shelved.form)
    return _form(request, web, shelved, text, shelved.form, found_slots(web.home, form_id), done=done)


@router.post("/{form_id}")
def change(
    request: Request,
    web: Held,
    who: Admin,
    form_id: str,
    text: Annotated[str, Field(max_length=LARGEST_FILE)] = "",
    step: Annotated[str, Field()] = "check",
) -> Response:
    """Check a changed form file, or save it: under another id it is another form, with the same blank."""
    shelved = _known(web, form_id)
    text = text.replace("\r\n", "\n")
    try:
        form = toml_to_form(text)
        if step != "save":
            found = _look(form, shelved.blank)
            return _form(request, web, shelved, text, form, found, checked=True)
        moved = form.id != form_id and blank_of(web.home, form.id) is None
        save_form(web.store, web.home, text, who=who.name, blank=shelved.blank if moved else None)
        apart(show_blank, web.home, form)
    except KuohaoError as error:
        told = error.told(chinese=lang_of(request) == CHINESE)
        return _form(request, web, shelved, text, shelved.form, None, problem=told)
    return RedirectResponse(f"/forms/{form.id}?done=1", HTTPStatus.SEE_OTHER)


@router.get("/{form_id}/file")
def file(web: Held, who: Anybody, form_id: str) -> Response:
    """The form file, to take along."""
    shelved = _known(web, form_id)
    text = form_text(web.store, form_id) or form_to_toml(shelved.form)
    headers = {"Content-Disposition": disposition(f"{form_id}.toml"), "Cache-Control": "no-store"}
    return Response(text, headers=headers, media_type="application/toml; charset=utf-8")


@router.get("/{form_id}/blank")
def blank(web: Held, who: Anybody, form_id: str) -> Response:
    """The blank as it came."""
    shelved = _known(web, form_id)
    if shelved.blank is None:
        raise HTTPException(404)
    name = f"{form_id}{shelved.blank.suffix}"
    headers = {"Content-Disposition": disposition(name), "Cache-Control": "no-store"}
    return FileResponse(shelved.blank, headers=headers, media_type="application/octet-stream")


@router.get("/{form_id}/pages/{number}")
def picture(web: Held, who: Anybody, form_id: str, number: int) -> Response:
    """A page of the blank with its slots numbered."""
    path = shown_page(web.home, _known(web, form_id).form.id, number)
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, headers={"Cache-Control": "no-store"}, media_type="image/jpeg")


def _known(web: Web, form_id: str) -> Shelved:
    found = next((one for one in list_forms(web.store, web.home) if one.form.id == form_id), None)
    if found is None:
        raise HTTPException(404)
    return found


def _form_file(path: Path) -> str | None:
    """An uploaded file as text where it is a form file; None for a blank."""
    with path.open("rb") as opened:
        data = opened.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE or b"\0" in data:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if "[[items]]" in text else None


def _look(form: Form, blank: Path | None) -> frozenset[str] | None:
    """The slots found on a blank; None where there is none."""
    if blank is None:
        return None
    missing = set(apart(missing_on, form, blank))
    return frozenset(slot.path for slot in form.slots if slot.path not in missing)


def _list(request: Request, web: Web, *, problem: str = "") -> Response:
    lang = lang_of(request)
    return page(
        request,
        "forms/list.html",
        status=422 if problem else 200,
        forms=list_forms(web.store, web.home),
        problem=translate(lang, problem) if problem in {NO_FILE, BAD_ID} else problem,
    )


def _form(
    request: Request,
    web: Web,
    shelved: Shelved,
    text: str,
    form: Form,
    found: frozenset[str] | None,
    *,
    problem: str = "",
    checked: bool = False,
    done: bool = False,
) -> Response:
    chinese = lang_of(request) == CHINESE
    oddities = list(check_form(form))
    if found is not None:
        oddities += [Oddity(Odd.NOT_FOUND, slot.label) for slot in form.slots if slot.path not in found]
    return page(
        request,
        "forms/form.html",
        status=422 if problem else 200,
        shelved=shelved,
        form=form,
        text=text,
        rows=_rows(form, found),
        fields=form.header,
        doubts=_doubts(text),
        odd=[one.told(chinese=chinese) for one in oddities],
        pages=shown_pages(web.home, shelved.form.id),
        problem=problem,
        checked=checked,
        done=done,
    )


def _doubts(text: str) -> list[str]:
    """What was doubtful when the form was made, as its file says until somebody takes it out."""
    return [line.removeprefix(DOUBT) for line in text.splitlines() if line.startswith(DOUBT)]


def _rows(form: Form, found: frozenset[str] | None) -> list[tuple[str, Sequence[SlotRow]]]:
    """The items' headings with their slots."""
    numbers = {slot.path: number for number, slot in enumerate(form.slots, 1)}
    return [
        (
            item.heading,
            [
                SlotRow(
                    numbers[slot.path],
                    slot,
                    numbers.get(slot.events or ""),
                    tuple(numbers[path] for path in slot.sums),
                    None if found is None else slot.path in found,
                )
                for slot in item.slots
            ],
        )
        for item in form.items
    ]
