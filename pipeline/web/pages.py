"""Templates to pages, in the reader's language."""

from __future__ import annotations

import hashlib
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline.times import local_text
from pipeline.web.chosen import address_of, chooser, remember_choice
from pipeline.web.context import Web, session_of, sessions_of, web_of
from pipeline.web.sessions import LIFE, Session
from pipeline.web.texts import CHINESE, LANGUAGES, translate

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

LANG_COOKIE = "lang"

VERSION = version("kuohao")

TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, /, *, status: int = 200, **values: object) -> HTMLResponse:
    """A template as a page.

    Every one has `who` (None before signing in), `_`, `lang`, `csrf`, `here`, `version`, `asset`, `local` (a time in China),
    `chooser` (the collections) and `address_of` (the page about another one).
    """
    lang, session = lang_of(request), session_of(request)
    given: dict[str, object] = {
        "who": getattr(request.state, "who", None),
        "_": partial(translate, lang),
        "lang": lang,
        "csrf": sessions_of(request).csrf(session),
        "here": request.url.path,
        "version": VERSION,
        "asset": asset,
        "local": local_text,
        "chooser": partial(chooser, request),
        "address_of": partial(address_of, request),
        # What base.html shows only where a page says so.
        "active": "",
    }
    response = HTMLResponse(TEMPLATES.get_template(template).render(given | values), status)
    if request.state.session_is_new:
        # The page's CSRF token is worth nothing without the visit that it belongs to.
        set_session(request, response, session)
    remember_choice(request, response)
    return response


def lang_of(request: Request) -> str:
    """The language that the reader has chosen, else Chinese; a program says it by its Accept-Language."""
    chosen = request.cookies.get(LANG_COOKIE, CHINESE)
    if request.url.path.startswith("/api/"):
        chosen = request.headers.get("accept-language", chosen)[:2].lower()
    return chosen if chosen in LANGUAGES else CHINESE


def asset(path: str) -> str:
    """The address of a static file, which changes with its content: browsers may keep it for ever."""
    stamp = (STATIC / path).stat().st_mtime_ns
    return f"/static/{path}?v={_digest(path, stamp)}"


def cookie_name(web: Web) -> str:
    """The session's cookie: with HTTPS, one that no other host and no plain HTTP can have set."""
    return "__Host-kuohao" if web.secure else "kuohao"


def set_session(request: Request, response: Response, session: Session) -> None:
    """Let the browser keep a session."""
    web = web_of(request)
    response.set_cookie(
        cookie_name(web),
        sessions_of(request).seal(session),
        max_age=LIFE,
        httponly=True,
        samesite="lax",
        secure=web.secure,
    )


@lru_cache(maxsize=256)
def _digest(path: str, stamp: int) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
