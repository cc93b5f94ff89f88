"""The same card in other orders: a slot over all returns, by impact, a blind second entry, an audit of what was accepted."""

from __future__ import annotations

from secrets import randbelow
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from pipeline.collection.corrections import Worth
from pipeline.collection.form_layout import words_alone
from pipeline.office.intervals import interval
from pipeline.store import (
    Store,
    audit_sample,
    audited,
    awaiting_second,
    enter_second,
    list_slots,
    open_by_slot,
    record_audit,
    second_share,
    set_second_share,
)
from pipeline.web.chosen import Chosen, chosen_of
from pipeline.web.context import Web, Who, admin, reviewer, web_of
from pipeline.web.dashboard.snapshot import kept_for
from pipeline.web.pages import page
from pipeline.web.review.entries import Refused, Typed, understand_at
from pipeline.web.review.impact import Stake, by_impact
from pipeline.web.review.office import in_hand, tell_of
from pipeline.web.review.slot_views import SlotView
from pipeline.web.review.views import one_slot_view, row_view
from pipeline.web.review.words import Tell
from schemas.errors import NoSuchReturn
from schemas.flow import State
from schemas.values import number_text, value_to_json

router = APIRouter()

Held = Annotated[Web, Depends(web_of)]
Reviewer = Annotated[Who, Depends(reviewer)]
Admin = Annotated[Who, Depends(admin)]
Picked = Annotated[Chosen, Depends(chosen_of)]
SlotPath = Annotated[str, InPath(max_length=100)]

CARDS = 20
"""Slots side by side: what a screen holds, and a minute's work."""

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Shares of slots for a second entry that are offered."""

MANY_SEEDS = 2**31


class Seen(BaseModel):
    """What somebody who was told nothing sees in a slot; `sure`: asked once more, seeing what was accepted."""

    model_config = ConfigDict(extra="forbid")

    state: State
    value: Typed = None
    sure: bool = False
    seen: int | None = Field(default=None, ge=0)
    mode: str = Field(default="", max_length=20)


@router.get("/slots")
def by_slot(
    request: Request,
    web: Held,
    who: Reviewer,
    chosen: Picked,
    slot: Annotated[str, Query(max_length=100)] = "",
    every: Annotated[bool, Query(alias="all")] = False,
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """One slot of the form over all returns, twenty at a time; without a slot, how many of each are open."""
    tell, form = tell_of(request), chosen.form
    counts = open_by_slot(web.store, collection=chosen.id)
    known = {one.path: one for one in form.slots}
    if slot not in known:
        most = max(counts.values(), default=0)
        words = {path: words_alone(one) for path, one in known.items()}
        return page(
            request,
            "review/slots.html",
            active="slots",
            form=form,
            words=words,
            counts=counts,
            most=most,
            total=sum(counts.values()),
        )
    found = list_slots(
        web.store,
        open=None if every else True,
        form_path=slot,
        collection=chosen.id,
        offset=(page_number - 1) * CARDS if every else 0,
        limit=CARDS,
    )
    paths = list(known)
    at = paths.index(slot)
    behind = [path for path in (*paths[at + 1 :], *paths[:at]) if counts.get(path)]
    return page(
        request,
        "review/by_slot.html",
        active="slots",
        heading=form.headings[slot],
        slot=slot,
        every=every,
        cards=[row_view(row, form, tell) for row in found.rows],
        total=found.total,
        page_number=page_number,
        pages=max(1, -(-found.total // CARDS)),
        more=not every and found.total > len(found.rows),
        following=behind[0] if behind else "",
    )


@router.get("/impact")
def impact(request: Request, web: Held, who: Reviewer, chosen: Picked) -> HTMLResponse:
    """Open slots, those first that could change a total most."""
    tell = tell_of(request)
    stakes = by_impact(kept_for(web, chosen.id).latest().totals)
    shown: list[tuple[Stake, SlotView]] = []
    for stake in stakes:
        if len(shown) == CARDS:
            break
        view = _still_open(web.store, stake, tell)
        if view is not None:
            shown.append((stake, view))
    return page(
        request,
        "review/impact.html",
        active="impact",
        cards=[view for _, view in shown],
        notes=[_told_stake(stake, tell) for stake, _ in shown],
        total=len(stakes),
        more=len(stakes) > len(shown),
    )


@router.get("/second")
def second(request: Request, web: Held, who: Reviewer, chosen: Picked) -> HTMLResponse:
    """Slots that somebody else has decided, to be entered once more without seeing what."""
    tell, form = tell_of(request), chosen.form
    found = awaiting_second(web.store, who.name, limit=CARDS, collection=chosen.id)
    return page(
        request,
        "review/second.html",
        active="second",
        cards=[row_view(row, form, tell, blind=True) for row in found.rows],
        total=found.total,
        more=found.total > len(found.rows),
        share=second_share(web.store),
        shares=SHARES,
    )


@router.post("/second/{order}-{number}/{path}")
def take_second(
    request: Request, order: int, number: int, path: SlotPath, seen: Seen, web: Held, who: Reviewer
) -> JSONResponse:
    """Compare a second entry with the first; where they differ the slot is open again."""
    entered = _entered(request, web, order, number, path, seen)
    if isinstance(entered, JSONResponse):
        return entered
    held, _ = in_hand(web.store, order, number)
    said = held.stored.corrections.get(path)
    agrees = enter_second(web.store, order, number, path, entered, who=who.name)
    first = entered if said is None else said.after
    return JSONResponse({"agrees": agrees, "first": _worth_json(first)})


@router.post("/options")
def set_options(request: Request, web: Held, who: Admin, share: Annotated[float, Form(ge=0, le=1)]) -> RedirectResponse:
    """Say what share of slots is entered twice."""
    set_second_share(web.store, share, who=who.name)
    return RedirectResponse("/second", 303)


@router.get("/audit")
def audit(
    request: Request,
    web: Held,
    who: Reviewer,
    chosen: Picked,
    seed: Annotated[int | None, Query(ge=0, lt=MANY_SEEDS)] = None,
) -> HTMLResponse:
    """Slots that the machine has accepted alone, drawn at random, to be read by a person who does not see what it read."""
    tell, form = tell_of(request), chosen.form
    drawn = randbelow(MANY_SEEDS) if seed is None else seed
    rows = audit_sample(web.store, seed=drawn, limit=CARDS, collection=chosen.id)
    return page(
        request,
        "review/audit.html",
        active="audit",
        cards=[row_view(row, form, tell, blind=True) for row in rows],
        more=bool(rows),
        estimate=estimate(web.store, tell),
    )


@router.post("/audit/{order}-{number}/{path}")
def take_audit(
    request: Request, order: int, number: int, path: SlotPath, seen: Seen, web: Held, who: Reviewer
) -> JSONResponse:
    """Compare what a person sees with what was accepted. `right` is None while they have not been asked once more."""
    entered = _entered(request, web, order, number, path, seen)
    if isinstance(entered, JSONResponse):
        return entered
    held, form = in_hand(web.store, order, number)
    view = one_slot_view(held, form, path, tell_of(request))
    accepted = (view.state, view.value)
    if entered != accepted and not seen.sure:
        return JSONResponse({"right": None, "accepted": _worth_json(accepted)})
    right = record_audit(web.store, order, number, path, entered, who=who.name)
    return JSONResponse(
        {
            "right": right,
            "accepted": _worth_json(accepted),
            "estimate": estimate(web.store, tell_of(request)),
        }
    )


def estimate(store: Store, tell: Tell) -> str:
    """The share of accepted slots that are wrong, as far as audits tell, with the interval in which it lies."""
    figures = audited(store)
    if not figures.n:
        return tell("还没有抽查")
    low, high = interval(figures.wrong, figures.n)
    return tell(
        "已抽查 {n} 项，{wrong} 项有误：错误率 {share}（95% 区间 {low}～{high}）",
        n=figures.n,
        wrong=figures.wrong,
        share=_percent(figures.wrong / figures.n),
        low=_percent(low),
        high=_percent(high),
    )


def _told_stake(stake: Stake, tell: Tell) -> str:
    """What hangs on a slot, in one line."""
    share = f"{100 * stake.share:.3g}%"
    if stake.known:
        return tell("最多变动 {reach}，占合计 {share}", reach=number_text(stake.reach), share=share)
    return tell("未辨出；别家最大 {reach}，占合计 {share}", reach=number_text(stake.reach), share=share)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def _worth_json(worth: Worth) -> dict[str, Any]:
    state, value = worth
    return {"state": state, "value": value_to_json(value)}


def _entered(request: Request, web: Web, order: int, number: int, path: str, seen: Seen) -> Worth | JSONResponse:
    _, form = in_hand(web.store, order, number)
    try:
        return understand_at(path, form, seen.state, seen.value)
    except Refused as refused:
        return JSONResponse({"message": tell_of(request)(refused.text)}, 422)


def _still_open(store: Store, stake: Stake, tell: Tell) -> SlotView | None:
    """A slot at stake as a card; None where somebody has decided since the totals were made."""
    try:
        held, form = in_hand(store, stake.order, stake.number)
    except NoSuchReturn:
        return None
    view = one_slot_view(held, form, stake.path, tell)
    return view if view.open else None
