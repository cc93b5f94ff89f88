"""The guard at the door: who may call, how much may be sent, from where; and what browsers are told to keep to.

It stands before every route, those of static files and those that do not exist too.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.web.context import Web
from pipeline.web.errors import log_defect, told
from pipeline.web.pages import cookie_name
from pipeline.web.sessions import Sessions

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}

MAX_BODY = 1_000_000
"""Bytes of a form or of JSON: a hundred decisions are some kilobytes."""

MAX_TABLE = 8_000_000
"""Bytes of a form with a roster: ten thousand units are one megabyte."""

MAX_UPLOAD = 4_000_000_000
"""Bytes of files sent at once: a province's returns, or twenty of the largest file that is opened."""

STREAMED = {"/uploads": MAX_UPLOAD, "/api/uploads": 1_000_000_000}
"""Paths that take files, which go to the disk as they come; any other body is held in memory, checked and handed on. What
comes to the API lies in the system's temporary folder first."""

MAX_BLANK = 60_000_000
"""Bytes of a form with a blank: a notice of twenty pages in colour."""

LIMITS = {
    **STREAMED,
    "/collection": MAX_TABLE,
    "/collections": MAX_TABLE,
    "/collections/notice": MAX_BLANK,
    "/forms": MAX_BLANK,
    "/notices": MAX_BLANK,
}

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/]+)(?::[0-9]+)?")

TOKEN_HEADER, TOKEN_FIELD = "x-csrf-token", "csrf"


class Guard:
    """The outermost layer of ours around the app."""

    def __init__(self, app: ASGIApp, web: Web, sessions: Sessions) -> None:
        self._app = app
        self._web = web
        self._sessions = sessions
        self._headers = HEADERS | (HTTPS_HEADERS if web.secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is not HTTP is the server's own (its start and its end)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = self._recognised(scope)
        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._add_headers(request, MutableHeaders(scope=message))
            await send(message)

        try:
            try:
                receive = await self._checked(request, receive)
                await self._app(scope, receive, send_guarded)
            except HTTPException as refusal:
                # One of a body's limits, met where no handler was left to tell it.
                if begun:
                    raise
                headers = {"Connection": "close"} if refusal.status_code == 413 else None
                message = refusal.detail if refusal.status_code in {400, 403} else ""
                await told(request, refusal.status_code, message=message, headers=headers)(scope, receive, send_guarded)
        except Exception as error:
            log_defect(error)
            if begun:
                # Half an answer cannot be taken back: the connection ends, and the browser knows.
                raise Broken from None
            await told(request, 500)(scope, receive, send_guarded)

    def _recognised(self, scope: Scope) -> Request:
        """The request with the visit it belongs to, on its `state`."""
        scope.setdefault("state", {})
        request = Request(scope)
        session = self._sessions.open(request.cookies.get(cookie_name(self._web), ""))
        request.state.session_is_new = session is None
        request.state.session = session or self._sessions.begin()
        return request

    async def _checked(self, request: Request, receive: Receive) -> Receive:
        """What the request's body is to be read from. Raises HTTPException for whatever is refused."""
        self._check_host(request)
        limit = MAX_BODY if request.method in SAFE else LIMITS.get(request.url.path, MAX_BODY)
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            raise HTTPException(413)
        streamed = request.url.path in STREAMED
        body = b"" if streamed else await _whole_body(receive, limit)
        if request.method not in SAFE:
            self._check_origin(request)
            await self._check_token(request, body)
        return _counted(receive, limit) if streamed else _replayed(body, receive)

    def _check_host(self, request: Request) -> None:
        """On loopback, refuse names that only somebody's DNS leads here: pages elsewhere would share our origin."""
        if self._web.local and _host_name(request.headers.get("host", "")) not in self._web.names:
            raise HTTPException(400, "请用 http://127.0.0.1 或 http://localhost 开头的地址打开本系统。")

    def _check_origin(self, request: Request) -> None:
        """Refuse what another site's page has sent. Programs that are no browsers send neither header."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
        if foreign or site not in {"same-origin", "none"}:
            raise HTTPException(403, "请求来自其他网站，已拒绝。")

    async def _check_token(self, request: Request, body: bytes) -> None:
        """Refuse what was not sent from a page of this session.

        A program that brings a token of its own needs no page; where there are no users, one that asks the API says so by
        a header: neither can be sent by another site's page without asking first.
        """
        if request.url.path.startswith("/api/") and (
            "authorization" in request.headers or "x-requested-with" in request.headers
        ):
            return
        given = request.headers.get(TOKEN_HEADER) or await _field(request.headers, body)
        if request.state.session_is_new or not self._sessions.is_csrf(request.state.session, given):
            raise HTTPException(403, "页面已过期，请刷新后重试。")

    def _add_headers(self, request: Request, headers: MutableHeaders) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if not request.url.path.startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")


class Broken(Exception):
    """An answer broke off; what there is to say is in the log."""


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; "" where it is none."""
    found = HOST.fullmatch(host.lower())
    return found[1] if found is not None else ""


async def _whole_body(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            # The browser went away.
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > limit:
            raise HTTPException(413)
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    told_already = False

    async def again() -> Message:
        nonlocal told_already
        if told_already:
            return await receive()
        told_already = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _counted(receive: Receive, limit: int) -> Receive:
    come = 0

    async def counting() -> Message:
        nonlocal come
        message = await receive()
        come += len(message.get("body", b""))
        if come > limit:
            raise HTTPException(413)
        return message

    return counting


async def _field(headers: Headers, body: bytes) -> str:
    """The token in a form's field; "" where there is none, or no form."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        if kind == "application/x-www-form-urlencoded":
            form = await FormParser(headers, stream()).parse()
        elif kind == "multipart/form-data":
            form = await MultiPartParser(headers, stream(), max_files=20, max_fields=200).parse()
        else:
            return ""
    except MultiPartException:
        return ""
    given = form.get(TOKEN_FIELD)
    await form.close()
    return given if isinstance(given, str) else ""
