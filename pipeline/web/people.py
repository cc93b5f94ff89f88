"""The people page: who may sign in, and the tokens of their programs. No name stands in an address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from pipeline.store import (
    add_person,
    add_token,
    people,
    person,
    revoke_token,
    set_active,
    set_password,
    tokens,
)
from pipeline.web.context import Web, Who, admin, sessions_of, web_of
from pipeline.web.pages import lang_of, page, set_session
from pipeline.web.passwords import (
    ALREADY,
    DIFFERENT,
    LONGEST,
    NOBODY,
    check_label,
    check_name,
    check_password,
    hash_password,
    make_token,
    token_hash,
)
from pipeline.web.texts import translate
from schemas.errors import ConfigError
from schemas.office import Person, Role

LAST_ADMIN = "这是最后一位管理员，不能停用。"

TOLD = {
    "added": "已添加。",
    "password": "密码已重设，此人的登录已全部失效。",
    "stopped": "已停用，此人的登录和令牌已全部失效。",
    "started": "已启用。",
    "revoked": "令牌已作废。",
}
"""What has been done, by the word that stands in the address of the page that says so."""

Office = Annotated[Web, Depends(web_of)]
Admin = Annotated[Who, Depends(admin)]
Text = Annotated[str, Form(max_length=4 * LONGEST)]
Given = Annotated[Role, Form()]

router = APIRouter(prefix="/people")


@router.get("")
def people_page(request: Request, web: Office, who: Admin, done: str = "") -> Response:
    """Everybody, with what may be done about them."""
    return _page(request, web, done=TOLD.get(done, ""))


@router.post("/add")
def add(
    request: Request, web: Office, who: Admin, role: Given, name: Text = "", password: Text = "", again: Text = ""
) -> Response:
    """Make a person. The first one is an administrator: from then on nobody gets in without signing in."""
    try:
        known, kept = check_name(name), _hashed(password, again)
        if person(web.store, known) is not None:
            raise ConfigError(ALREADY)
        add_person(web.store, known, kept, role if people(web.store) else Role.ADMIN)
    except ConfigError as error:
        return _page(request, web, problem=error.detail, name=name)
    made = _known(web, known)
    answer = RedirectResponse("/people?done=added", HTTPStatus.SEE_OTHER)
    if who.local:
        # Whoever made the first person is that person.
        set_session(request, answer, sessions_of(request).begin(made.name, made.generation))
    return answer


@router.post("/password")
def password(request: Request, web: Office, who: Admin, name: Text = "", password: Text = "", again: Text = "") -> Response:
    """Set somebody's password."""
    known = _known(web, name)
    try:
        kept = _hashed(password, again)
    except ConfigError as error:
        return _page(request, web, problem=error.detail)
    set_password(web.store, known.name, kept)
    answer = RedirectResponse("/people?done=password", HTTPStatus.SEE_OTHER)
    if known.name == who.name:
        # One's own session would have ended too.
        now = _known(web, name)
        set_session(request, answer, sessions_of(request).begin(now.name, now.generation))
    return answer


@router.post("/active")
def active(request: Request, web: Office, who: Admin, name: Text, active: Annotated[bool, Form()]) -> Response:
    """Let somebody in no more, or again. The last administrator stays."""
    known = _known(web, name)
    others = [one for one in people(web.store) if one.active and one.role is Role.ADMIN and one.name != known.name]
    if not active and not others:
        return _page(request, web, problem=LAST_ADMIN)
    set_active(web.store, known.name, active)
    return RedirectResponse(f"/people?done={'started' if active else 'stopped'}", HTTPStatus.SEE_OTHER)


@router.post("/tokens")
def make(request: Request, web: Office, who: Admin, name: Text, label: Text = "") -> Response:
    """Make a token for somebody's program: this answer is the only place where it ever stands."""
    known = _known(web, name)
    try:
        label = check_label(label)
    except ConfigError as error:
        return _page(request, web, problem=error.detail)
    token = make_token()
    add_token(web.store, known.name, label, token_hash(token))
    return _page(request, web, token=token, label=label)


@router.post("/tokens/revoke")
def revoke(web: Office, who: Admin, token: Annotated[int, Form(ge=1, le=2**31 - 1)]) -> Response:
    """Make a token worthless."""
    if all(one.id != token for one in tokens(web.store)):
        raise HTTPException(404)
    revoke_token(web.store, token)
    return RedirectResponse("/people?done=revoked", HTTPStatus.SEE_OTHER)


def _page(
    request: Request, web: Web, *, problem: str = "", done: str = "", name: str = "", token: str = "", label: str = ""
) -> Response:
    lang = lang_of(request)
    return page(
        request,
        "people.html",
        status=422 if problem else 200,
        active="people",
        people=people(web.store),
        tokens=tokens(web.store),
        problem=translate(lang, problem) if problem else "",
        done=translate(lang, done) if done else "",
        name=name,
        token=token,
        label=label,
    )


def _known(web: Web, name: str) -> Person:
    known = person(web.store, name)
    if known is None:
        raise HTTPException(404, NOBODY)
    return known


def _hashed(password: str, again: str) -> str:
    if password != again:
        raise ConfigError(DIFFERENT)
    return hash_password(check_password(password))
