"""Where the review pages are put together."""

from __future__ import annotations

from fastapi import APIRouter

from pipeline.web.review import decisions, modes, queue, slots, trail

router = APIRouter()
for part in (queue.router, slots.router, decisions.router, modes.router, trail.router):
    router.include_router(part)
