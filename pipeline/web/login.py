"""Signing in and out, and the language."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from pipeline.store import Store, failed_logins, password_hash, people, person, record_login, set_password
from pipeline.web.context import session_of, sessions_of, signed_in, web_of
from pipeline.web.pages import LANG_COOKIE, cookie_name, lang_of, page, set_session
from pipeline.web.passwords import LONGEST, check_name, hash_password, is_password, needs_rehash
from pipeline.web.texts import LANGUAGES, translate
from schemas.errors import ConfigError
from schemas.office import Person

NAME_LIMITS = ((60, 5), (15 * 60, 10), (60 * 60, 20))
"""Seconds, and how many attempts may fail within them under a name: the more, the longer the wait."""

ADDRESS_LIMITS = ((60, 20), (15 * 60, 60), (60 * 60, 120))
"""The same from an address, be the names what they may: an office behind one address makes its slips together."""

NOBODY = "\n"
"""No name, and no address."""

AT_ONCE = BoundedSemaphore(2)
"""Passwords checked at once: each takes 64 MiB and a core."""

PATIENCE = 10.0
"""Seconds that an attempt waits for its turn."""

WRONG, TOO_OFTEN = "姓名或密码不对。", "登录失败次数过多，请在 {minutes} 分钟后再试。"

LANG_LIFE = 365 * 24 * 60 * 60

router = APIRouter()


@router.get("/login")
def login_page(request: Request, after: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Name and password; whoever has signed in goes on."""
    if signed_in(request) is not None:
        return RedirectResponse(safe_next(after), HTTPStatus.SEE_OTHER)
    return page(request, "login.html", next=safe_next(after), name="", problem="", lost=not people(web_of(request).store))


@router.post("/login")
def login(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=4 * LONGEST)] = "",
    after: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Begin a session, where name and password are right and not too many were wrong."""
    web = web_of(request)
    address = request.client.host if request.client is not None else ""
    given = _kept_name(name)
    if not AT_ONCE.acquire(timeout=PATIENCE):
        raise HTTPException(503, "正在登录的人太多，请稍后再试。")
    try:
        wait = _wait(web.store, given, address)
        known = None if wait else _check(web.store, given, password)
        if not wait:
            record_login(web.store, given, address, known is not None)
    finally:
        AT_ONCE.release()
    if known is None:
        status, problem = (429, TOO_OFTEN) if wait else (401, WRONG)
        problem = translate(lang_of(request), problem, minutes=-(-wait // 60))
        headers = {"Retry-After": str(wait)} if wait else {}
        response = page(
            request, "login.html", status=status, next=safe_next(after), name=name[:200], problem=problem, lost=False
        )
        response.headers.update(headers)
        return response
    sessions = sessions_of(request)
    # What the visitor brought is not taken over, for somebody else may have put it there; nor does it go on beside.
    _end(request)
    answer = RedirectResponse(safe_next(after), HTTPStatus.SEE_OTHER)
    set_session(request, answer, sessions.begin(known.name, known.generation))
    return answer


@router.post("/logout")
def logout(request: Request) -> Response:
    """End the session, here and wherever else its cookie may be."""
    _end(request)
    answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    web = web_of(request)
    answer.delete_cookie(cookie_name(web), secure=web.secure, httponly=True, samesite="lax")
    return answer


@router.post("/language")
def language(
    request: Request,
    lang: Annotated[str, Form()],
    after: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Change the language of this browser's pages."""
    if lang not in LANGUAGES:
        raise HTTPException(422)
    answer = RedirectResponse(safe_next(after), HTTPStatus.SEE_OTHER)
    answer.set_cookie(LANG_COOKIE, lang, max_age=LANG_LIFE, httponly=True, samesite="lax", secure=web_of(request).secure)
    return answer


def safe_next(address: str) -> str:
    """Where to go next, on this server alone: a path with its query; "/" for whatever a browser could take elsewhere."""
    # Two slashes begin a host's name, and browsers take a backslash for one and leave line breaks out.
    if not address.startswith("/") or address.startswith("//") or "\\" in address or not address.isprintable():
        return "/"
    path, _, query = address.partition("#")[0].partition("?")
    return quote(path, safe="/%") + (f"?{quote(query, safe='=&%+')}" if query else "")


def _end(request: Request) -> None:
    """End the session of somebody who has signed in; a visitor's opens nothing, and anybody can have thousands."""
    session = session_of(request)
    if session.name:
        sessions_of(request).end(session)


def _kept_name(name: str) -> str:
    """A name as it would be on record; "" where it can be nobody's."""
    try:
        return check_name(name)
    except ConfigError:
        return ""


def _wait(store: Store, name: str, address: str) -> int:
    """Seconds for which nobody of this name or from this address may try; 0 where they may."""
    now = store.clock()
    full = [
        seconds
        for limits, whose in ((NAME_LIMITS, (name, NOBODY)), (ADDRESS_LIMITS, (NOBODY, address)))
        for seconds, most in limits
        if failed_logins(store, *whose, now - timedelta(seconds=seconds)) >= most
    ]
    return max(full, default=0)


def _check(store: Store, name: str, password: str) -> Person | None:
    """Whose name and password these are. An unknown name takes as long as a wrong password."""
    known = person(store, name)
    kept = password_hash(store, name) if known is not None and known.active else None
    if not is_password(kept, password) or kept is None:
        return None
    if needs_rehash(kept):
        # Their other sessions end with it, once in many years.
        set_password(store, name, hash_password(password))
        return person(store, name)
    return known
