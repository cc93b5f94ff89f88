"""The review pages' server: its parts put together."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from starlette.responses import FileResponse, Response
from starlette.types import Scope

from pipeline.web import login, metrics, uploads
from pipeline.web import people as people_pages
from pipeline.web.api.routes import router as api
from pipeline.web.context import Web
from pipeline.web.dashboard.routes import router as dashboard
from pipeline.web.errors import add_handlers
from pipeline.web.forms.routes import router as forms
from pipeline.web.images import router as pictures
from pipeline.web.notices.routes import router as notices
from pipeline.web.pages import STATIC, VERSION
from pipeline.web.review.routes import router as review
from pipeline.web.security import Guard
from pipeline.web.sessions import Sessions

KEPT = "public, max-age=31536000, immutable"
"""Of a static file asked for by its version: that address never means anything else."""

ASKED_AGAIN = "no-cache"

SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""No address and no message leaves the server, whatever its environment says."""

router = APIRouter()


def make_app(web: Web) -> FastAPI:
    """The app that serves an office. Raises ConfigError where the home folder's key is none."""
    app = FastAPI(
        title="Kuohao 括号",
        version=VERSION,
        openapi_url="/api/openapi.json",
        # The framework's own pages about the API would load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        telemetry=SILENT,
    )
    app.state.web = web
    app.state.sessions = Sessions(web.home)
    add_handlers(app)
    shell = (router, metrics.router, login.router, people_pages.router, uploads.router)
    for pages in (*shell, pictures, review, forms, notices, dashboard):
        app.include_router(pages, include_in_schema=False)
    app.include_router(api)
    app.mount("/static", Static(directory=STATIC), name="static")
    app.add_middleware(Guard, web=web, sessions=app.state.sessions)
    return app


@router.get("/favicon.ico")
def favicon() -> FileResponse:
    """The mark in the browser's tab."""
    return FileResponse(STATIC / "mark.svg", media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


class Static(StaticFiles):
    """Files of the package, kept by browsers for as long as they are asked for by version."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:
        """As the base class has it, with how long it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = KEPT if scope["query_string"].startswith(b"v=") else ASKED_AGAIN
        return response
