"""What a monitor asks: is it alive, is it ready, how is it getting on. Not a word of what was read is in the answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, Response

from pipeline.office.archive import archive_of
from pipeline.store import gauges, people
from pipeline.store.gauges import Gauges
from pipeline.web.api.access import caller
from pipeline.web.context import Web, Who, web_of
from pipeline.web.pages import VERSION

router = APIRouter()


@router.get("/health")
def health(request: Request) -> JSONResponse:
    """Whether pages and store are at work; 503 where the store is not."""
    people(web_of(request).store)
    return JSONResponse({"status": "ok", "version": VERSION})


@router.get("/ready")
def ready(request: Request) -> JSONResponse:
    """Whether returns can be taken, read and reviewed: 503 with what is missing, for whoever hands requests out."""
    web = web_of(request)
    people(web.store)
    missing = [name for name, there in (("archive", _is_folder(web)), ("reader", web.reading())) if not there]
    return JSONResponse({"ready": not missing, "missing": missing}, status_code=503 if missing else 200)


@router.get("/metrics")
def metrics(request: Request, who: Annotated[Who, Depends(caller)]) -> Response:
    """All meters of this process, and how the office stands. Where there are users it takes a token of one."""
    web = web_of(request)
    office = CollectorRegistry()
    office.register(_Office(gauges(web.store)))
    return Response(generate_latest(web.meters.registry) + generate_latest(office), media_type=CONTENT_TYPE_LATEST)


class _Office(Collector):
    """The office's numbers as Prometheus has them."""

    def __init__(self, found: Gauges) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each number with its name."""
        files = GaugeMetricFamily("kuohao_files", "Files by state.", labels=["state"])
        for state, count in self._found.files.items():
            files.add_metric([state.value], count)
        returns = GaugeMetricFamily("kuohao_returns", "Open collections' returns by shelf of the queue.", labels=["shelf"])
        for shelf, count in self._found.returns.items():
            returns.add_metric([shelf], count)
        yield files
        yield returns
        yield GaugeMetricFamily(
            "kuohao_flagged_slots", "Open collections' slots and fields that were flagged.", self._found.flagged
        )
        yield GaugeMetricFamily("kuohao_open_slots", "Of these, the ones nobody has decided about.", self._found.open)
        yield GaugeMetricFamily(
            "kuohao_unread_age_seconds", "How long the oldest unread file waits.", self._found.unread_seconds
        )
        yield GaugeMetricFamily(
            "kuohao_review_age_seconds", "How long the oldest return waits for a person.", self._found.review_seconds
        )


def _is_folder(web: Web) -> bool:
    try:
        return archive_of(web.home).is_dir()
    except OSError:
        return False
