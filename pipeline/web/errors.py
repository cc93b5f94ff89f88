"""What goes wrong, as a page for people and as JSON for programs; a defect reaches the log without anybody's data."""

from __future__ import annotations

import logging
import traceback
from contextlib import suppress
from http import HTTPStatus
from pathlib import PurePath
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from pipeline.web.context import NotSignedIn, signed_in
from pipeline.web.pages import lang_of, page
from pipeline.web.texts import CHINESE, translate
from schemas.errors import Conflict, DiskFull, DocumentError, KuohaoError, NoSuchNotice, NoSuchReturn, TransientError

TOLD = {
    400: ("请求有误", "页面可能已过期，请刷新后重试。"),
    401: ("请先登录", "登录已过期，或者尚未登录。"),
    403: ("没有权限", "您没有做这项操作的权限，或页面已过期。请刷新页面后重试。"),
    404: ("找不到页面", "这份报表或页面不存在，可能地址有误。"),
    405: ("请求有误", "页面可能已过期，请刷新后重试。"),
    409: ("已有人处理", "别人刚刚处理过这一项，请刷新后核对。"),
    413: ("内容过大", "文件或内容超过允许的大小，请分开上传或降低分辨率。"),
    422: ("内容有误", "所填内容不符合要求，请改正后重试。"),
    429: ("尝试过多", "登录失败次数过多，请稍后再试。"),
    500: ("程序出错", "程序出现错误，已记入日志。您的数据没有丢失，请刷新后重试。"),
    503: ("暂时无法使用", "数据库暂时连不上，恢复后会自动继续，请稍后再试。"),
    507: ("磁盘已满", "服务器磁盘已满，请通知管理员腾出空间后重试。"),
}
"""Title and sentence by status; others are told by 400's or 500's."""

KINDS = (
    (NoSuchReturn, 404),
    (NoSuchNotice, 404),
    (Conflict, 409),
    (DiskFull, 507),
    (TransientError, 503),
    (DocumentError, 422),
    (KuohaoError, 422),
)
"""Our own errors' statuses, the first that fits."""

log = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Let the app tell every error in our words."""
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(KuohaoError, _our_error)


def told(
    request: Request, status: int, *, title: str = "", message: str = "", headers: dict[str, str] | None = None
) -> Response:
    """An error as the asker reads it; `title` and `message` are Chinese texts with an English one on record."""
    usual = TOLD.get(status, TOLD[400 if status < 500 else 500])
    lang = lang_of(request)
    title, message = translate(lang, title or usual[0]), translate(lang, message or usual[1])
    if wants_json(request):
        return JSONResponse({"detail": message, "message": message}, status, headers)
    response = page(request, "error.html", status=status, code=status, headline=title, message=message)
    response.headers.update(headers or {})
    return response


def wants_json(request: Request) -> bool:
    """Whether a program or a script asks, which can do nothing with a page."""
    headers = request.headers
    accepts = headers.get("accept", "")
    return (
        request.url.path.startswith("/api/")
        or headers.get("sec-fetch-mode", "navigate") != "navigate"
        or headers.get("hx-request") == "true"
        or headers.get("content-type", "").startswith("application/json")
        or ("application/json" in accepts and "text/html" not in accepts)
    )


def log_defect(error: Exception) -> None:
    """A defect by its kind and its place alone: its message and the values around it may hold people's names."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames[-8:]))
    log.error("defect: %s at %s", type(error).__name__, places)
    log.debug("defect", exc_info=error)


def _not_signed_in(request: Request, _: Exception) -> Response:
    if wants_json(request):
        headers = {"WWW-Authenticate": "Bearer"} if request.url.path.startswith("/api/") else None
        return told(request, 401, headers=headers)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(here)}" if request.method == "GET" and here != "/" else ""
    return RedirectResponse(f"/login{back}", HTTPStatus.SEE_OTHER)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    usual = error.detail == HTTPStatus(error.status_code).phrase
    _recognise(request)
    return told(
        request,
        error.status_code,
        message="" if usual else error.detail,
        headers=dict(error.headers) if error.headers else None,
    )


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not wants_json(request):
        # An address that makes no sense leads nowhere; what stands in it is not repeated.
        _recognise(request)
        return told(request, 404 if request.method == "GET" else 422)
    # Without the values, which may be people's.
    wrong = [{"where": [str(part) for part in one["loc"]], "what": one["msg"]} for one in error.errors()]
    message = translate(lang_of(request), TOLD[422][1])
    return JSONResponse({"detail": message, "message": message, "errors": wrong}, 422)


def _our_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, KuohaoError)
    status = next(status for kind, status in KINDS if isinstance(error, kind))
    lang = lang_of(request)
    if status >= 500:
        log.warning("%s", error.code)
    else:
        _recognise(request)
    message = "" if status == 404 else error.told(chinese=lang == CHINESE)
    return told(request, status, message=message, headers={"Retry-After": "10"} if status == 503 else None)


def _recognise(request: Request) -> None:
    """Let the error's page have its menu, where somebody has signed in."""
    if not wants_json(request) and not hasattr(request.state, "who"):
        with suppress(KuohaoError):
            request.state.who = signed_in(request)
