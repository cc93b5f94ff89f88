"""A return's page, and what a reviewer says about its slots."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pipeline.store import Store, correct, load_return, next_open
from pipeline.times import local_text
from pipeline.web.chosen import Chosen, choose_for, chosen_of
from pipeline.web.context import Web, Who, reviewer, web_of
from pipeline.web.errors import wants_json
from pipeline.web.pages import page
from pipeline.web.review.decisions import choices_for
from pipeline.web.review.entries import Refused, Typed, understand_at
from pipeline.web.review.office import in_hand, parse_key, tell_of
from pipeline.web.review.units import units_like
from pipeline.web.review.views import key_of, return_view
from schemas.errors import Conflict
from schemas.flow import State
from schemas.office import Correction
from schemas.values import value_to_json

router = APIRouter()

Held = Annotated[Web, Depends(web_of)]
Reviewer = Annotated[Who, Depends(reviewer)]
Picked = Annotated[Chosen, Depends(chosen_of)]
SlotPath = Annotated[str, InPath(max_length=100)]

UNITS = 20
"""Names of the roster that are offered while one is typed."""


class Entry(BaseModel):
    """What a reviewer says about a slot; `seen` is the version that was before their eyes."""

    model_config = ConfigDict(extra="forbid")

    state: State
    value: Typed = None
    seen: int | None = Field(default=None, ge=0)
    mode: str = Field(default="", max_length=20)


@router.get("/returns/next")
def next_return(
    request: Request, web: Held, who: Reviewer, chosen: Picked, after: Annotated[str, Query(max_length=30)] = ""
) -> Response:
    """The next return with something open: its key for scripts, the way to it for people."""
    found = _next(web.store, after, chosen.id)
    if wants_json(request):
        return JSONResponse({"next": found})
    return RedirectResponse(f"/returns/{found}" if found else "/queue", 303)


@router.get("/returns/units")
def find_units(who: Reviewer, chosen: Picked, q: Annotated[str, Query(max_length=100)] = "") -> dict[str, list[str]]:
    """Names of the roster in which a text stands."""
    return {"names": list(units_like(q.strip(), chosen.collection.units, UNITS))}


@router.get("/returns/{order}-{number}")
def return_page(
    request: Request, order: int, number: int, web: Held, who: Reviewer, more: Annotated[str, Query(max_length=40)] = ""
) -> HTMLResponse:
    """A return, to be worked through."""
    held, form = in_hand(web.store, order, number)
    key, chosen = key_of(order, number), choose_for(request, held.row.collection)
    units, following = chosen.collection.units, _next(web.store, key, chosen.id)
    view = return_view(held, form, units, tell_of(request), next_key=following, more=more)
    return page(request, "review/return.html", active="queue", view=view, choices=choices_for(chosen))


@router.get("/returns/{order}-{number}/state")
def return_state(request: Request, order: int, number: int, web: Held, who: Reviewer) -> dict[str, Any]:
    """What counts in each slot right now, for a page that has been open for a while."""
    held, form = in_hand(web.store, order, number)
    view = return_view(held, form, (), tell_of(request))
    told = ("state", "value", "version", "who", "when", "open")
    slots = {slot.path: slot.model() for slot in (*view.fields, *view.slots.values())}
    return {
        "slots": {path: {name: slot[name] for name in told} for path, slot in slots.items()},
        "next": _next(web.store, view.key, held.row.collection),
    }


@router.post("/returns/{order}-{number}/slots/{path}")
def decide_slot(
    request: Request, order: int, number: int, path: SlotPath, entry: Entry, web: Held, who: Reviewer
) -> JSONResponse:
    """Take what a reviewer has typed into a slot or a field above the table (`header.…`)."""
    held, form = in_hand(web.store, order, number)
    try:
        after = understand_at(path, form, entry.state, entry.value)
    except Refused as refused:
        return JSONResponse({"message": tell_of(request)(refused.text)}, 422)
    said = Correction(path, who.name, web.store.clock(), after, after)
    try:
        version = correct(web.store, order, number, said, seen=entry.seen)
    except Conflict as conflict:
        counts = conflict.correction
        if (counts.who, counts.after) != (who.name, after):
            return JSONResponse({"conflict": conflict_json(conflict)}, 409)
        # Our own, sent again because its answer was lost on the way.
        version = conflict.version
    following = _next(web.store, key_of(order, number), held.row.collection) if entry.mode == "return" else ""
    state, value = after
    # A word about whose return it is may have solved what was wrong with the whole of it.
    problems = load_return(web.store, order, number).row.problems if held.row.problems else 0
    left = {"open": len(held.open - {path}), "problems": problems, "next": following or None}
    return JSONResponse({"version": version, "state": state, "value": value_to_json(value), **left})


def conflict_json(conflict: Conflict) -> dict[str, Any]:
    """What counts instead, and who has said so when."""
    state, value = conflict.correction.after
    return {
        "who": conflict.correction.who,
        "when": local_text(conflict.correction.when),
        "state": state,
        "value": value_to_json(value) if state is State.VALUE else None,
        "version": conflict.version,
    }


def _next(store: Store, after: str, collection: int) -> str:
    found = next_open(store, parse_key(after), collection=collection)
    return "" if found is None else key_of(*found)
