"""What is decided about a return as a whole, and the way back from whatever was said last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from pipeline.store import (
    DecisionKind,
    ReturnInHand,
    Undone,
    View,
    correct,
    decide,
    known_collections,
    list_returns,
    load_return,
    undo_last,
)
from pipeline.web.chosen import Chosen
from pipeline.web.context import Web, Who, reviewer, web_of
from pipeline.web.review.office import in_hand, tell_of
from pipeline.web.review.views import key_of, slot_name
from pipeline.web.review.words import Tell, worth_text
from schemas.errors import ConfigError, Conflict
from schemas.flow import State
from schemas.form import Form
from schemas.office import Correction
from schemas.paths import form_path
from schemas.values import value_to_json

router = APIRouter()

Held = Annotated[Web, Depends(web_of)]
Reviewer = Annotated[Who, Depends(reviewer)]

ASK_AGAIN = "ask_again"
"""Every open slot is marked unreadable, for its unit is asked again: a correction of each, not one decision."""

FOUND = 8
"""Returns that are offered when another one is looked for."""


@dataclass(frozen=True)
class Choice:
    """A line of the menu: its key, what it does, its effect in one line, and what it asks for.

    That is a unit, a return, a collection, a page or why.
    """

    key: str
    kind: str
    value: str
    label: str
    effect: str
    asks: str = ""
    question: str = ""


CHOICES = (
    Choice("1", "settled", "1", "全部按识读确认", "其余 {count} 项按识读采用，本件的问题视为已核对"),
    Choice("2", "dismissed", "not_a_return", "不是统计表", "剔除本件：不是统计表，不计入汇总"),
    Choice("3", "dismissed", "wrong_form", "表样不对", "剔除本件：表样不对，不计入汇总"),
    Choice(
        "4",
        "dismissed",
        "superseded",
        "已被另一份替换",
        "剔除本件：由另一份替换，不计入汇总",
        "return",
        "由哪一份替换（单位或文件名）",
    ),
    Choice(
        "5",
        ASK_AGAIN,
        "",
        "请单位重报",
        "其余 {count} 项标为看不清，并注明请单位重报",
        "why",
        "说明：字迹看不清，请单位重报",
    ),
    Choice("6", "unit", "", "改填报单位", "本件改为计入下面的单位", "unit", "单位名称"),
    Choice(
        "7", "part_of", "", "并入另一份", "本件的页属于另一份，按栏目计入那份的单位", "return", "属于哪一份（单位或文件名）"
    ),
    Choice("8", "split", "", "从某页起另成一份", "从这一页起另成一份报表", "page", "页码（在文件中的第几页）"),
    Choice("9", "preferred", "1", "以本件为准", "同一单位有几份时，以本件为准，后来的不替换它"),
    Choice("C", "collection", "", "移到另一收集任务", "本件改为属于下面的收集任务", "collection", "收集任务名称"),
    Choice("0", "take_back", "", "恢复", "取消剔除、并入、拆分、以本件为准和整体确认"),
)
"""The menu, in the order in which it is needed."""


def choices_for(chosen: Chosen) -> tuple[Choice, ...]:
    """The menu for a return: without what needs another collection of its form, where there is none."""
    same = sum(known.form.id == chosen.form.id for known in chosen.every.values())
    return tuple(choice for choice in CHOICES if same > 1 or choice.kind != "collection")


TOLD = {
    ("settled", "1"): "本件已整体确认",
    ("dismissed", "not_a_return"): "已剔除：不是统计表",
    ("dismissed", "wrong_form"): "已剔除：表样不对",
    ("dismissed", "superseded"): "已剔除：被其他报表替换",
    ("preferred", "1"): "已选定以本件为准",
}

TAKEN_BACK = ("settled", "dismissed", "preferred", "part_of", "split")


class Said(BaseModel):
    """A decision as it is sent."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["unit", "preferred", "dismissed", "settled", "part_of", "split", "collection", "ask_again", "take_back"]
    value: str = Field(default="", max_length=100)
    why: str = Field(default="", max_length=200)


@router.post("/returns/{order}-{number}/decisions")
def decide_return(request: Request, order: int, number: int, said: Said, web: Held, who: Reviewer) -> JSONResponse:
    """Take a decision about a return."""
    tell = tell_of(request)
    held, form = in_hand(web.store, order, number)
    if said.kind == ASK_AGAIN:
        count = _ask_again(web, held, form, who, said.why.strip())
        return JSONResponse({"told": tell("{count} 项已标为看不清，请单位重报", count=count)})
    if said.kind == "take_back":
        count = 0
        for name in TAKEN_BACK:
            if held.decisions.get(DecisionKind(name)):
                decide(web.store, order, number, DecisionKind(name), "", who=who.name)
                count += 1
        return JSONResponse({"told": tell("已恢复") if count else tell("没有要恢复的决定")})
    kind = DecisionKind(said.kind)
    value = said.value.strip()
    if kind in (DecisionKind.UNIT, DecisionKind.PART_OF, DecisionKind.SPLIT, DecisionKind.COLLECTION) and not value:
        return JSONResponse({"message": tell("请先填写")}, 422)
    if kind is DecisionKind.COLLECTION:
        value = next((id for id, name in collections_of(web, form) if name == value), "-")
    try:
        decide(web.store, order, number, kind, value, who=who.name, why=said.why.strip())
    except ConfigError:
        return JSONResponse({"message": tell(REFUSED.get(kind, "内容有误，请改正后重试"))}, 422)
    return JSONResponse({"told": told_decision(kind, said.value, tell)})


REFUSED = {
    DecisionKind.PART_OF: "不能并入这一份：它是本件自己，或者已并入本件",
    DecisionKind.SPLIT: "不能从这一页拆分：这一页不在本件中，或者它是第一页",
    DecisionKind.COLLECTION: "没有这个名称的收集任务，或者它的表样与本件不同",
}


@router.get("/returns/{order}-{number}/collections")
def find_collections(
    order: int, number: int, web: Held, who: Reviewer, q: Annotated[str, Query(max_length=100)] = ""
) -> dict[str, list[str]]:
    """Other collections of a return's form, by name, to choose one from: the newest first."""
    held, form = in_hand(web.store, order, number)
    names = [name for id, name in collections_of(web, form) if id != str(held.row.collection) or not held.stored.placed]
    return {"names": [name for name in reversed(names) if q.strip() in name][:FOUND]}


def collections_of(web: Web, form: Form) -> list[tuple[str, str]]:
    """The ids and names of the collections of a form."""
    every = known_collections(web.store).values()
    return [(str(one.collection.id), one.collection.name) for one in every if one.form.id == form.id]


@router.get("/returns/{order}-{number}/others")
def find_others(
    order: int, number: int, web: Held, who: Reviewer, q: Annotated[str, Query(max_length=100)] = ""
) -> dict[str, Any]:
    """Other returns by unit or file name, to choose one from."""
    wanted = [q.strip()]
    if not q.strip():
        # Before anything is typed, those of the same unit come first: one of them it mostly is.
        row = load_return(web.store, order, number).row
        wanted = [row.unit or row.title, ""]
    # Of any collection: what a page belongs to may be known while its own collection is not.
    rows = [row for search in wanted for row in list_returns(web.store, view=View.ALL, search=search, limit=FOUND + 1).rows]
    others = [row for row in dict.fromkeys(rows) if (row.order, row.number) != (order, number)][:FOUND]
    return {
        "returns": [
            {
                "key": key_of(row.order, row.number),
                "words": f"{key_of(row.order, row.number)} {row.unit or row.title} {row.name}",
            }
            for row in others
        ]
    }


@router.post("/undo")
def undo(request: Request, web: Held, who: Reviewer) -> JSONResponse:
    """Take back what this person has said last, in whichever return."""
    tell = tell_of(request)
    try:
        undone = undo_last(web.store, who.name)
    except Conflict as conflict:
        message = tell("{who} 后来也改过这一项，不能撤销；请直接改", who=conflict.correction.who)
        return JSONResponse({"message": message}, 409)
    if undone is None:
        return JSONResponse({"message": tell("没有可以撤销的")}, 404)
    return JSONResponse({"undone": undone_json(web, undone, tell)})


def undone_json(web: Web, undone: Undone, tell: Tell) -> dict[str, Any]:
    """What was taken back, where, and what counts again."""
    key = key_of(undone.order, undone.number)
    if undone.kind is not None:
        now = decided_text(undone.kind, str(undone.after), web)
        return {"key": key, "path": "", "what": tell(KINDS[undone.kind]), "told": now or tell("未决定")}
    held, form = in_hand(web.store, undone.order, undone.number)
    state, value = (State.BLANK, None) if isinstance(undone.after, str) else undone.after
    kind = next((slot.kind for slot in form.slots if slot.path == form_path(undone.path)), None)
    return {
        "key": key,
        "path": undone.path,
        "what": slot_name(undone.path, form),
        "told": worth_text(state, value, tell, kind),
        "state": state,
        "value": value_to_json(value),
        "version": held.versions.get(undone.path, 0),
        "open": undone.path in held.open,
    }


KINDS = {
    DecisionKind.UNIT: "填报单位",
    DecisionKind.PREFERRED: "以本件为准",
    DecisionKind.DISMISSED: "剔除",
    DecisionKind.SETTLED: "整体确认",
    DecisionKind.PART_OF: "并入另一份",
    DecisionKind.SPLIT: "拆分",
    DecisionKind.COLLECTION: "收集任务",
}
"""What is decided, by kind."""

VALUES = {"1": "是", "not_a_return": "不是统计表", "wrong_form": "表样不对", "superseded": "被其他报表替换"}
"""What a decision says, by its value; other values tell themselves."""


def decided_text(kind: DecisionKind, value: str, web: Web) -> str:
    """What a decision says, where that is another thing's number."""
    if kind is not DecisionKind.COLLECTION or not value:
        return value
    known = known_collections(web.store).get(int(value))
    return value if known is None else known.collection.name


def told_decision(kind: DecisionKind, value: str, tell: Tell) -> str:
    """A decision's effect, for whoever has just made it."""
    if kind is DecisionKind.UNIT:
        return tell("本件计入 {unit}", unit=value)
    if kind is DecisionKind.PART_OF:
        return tell("已并入 {key}", key=value)
    if kind is DecisionKind.COLLECTION:
        return tell("本件属于 {name}", name=value)
    if kind is DecisionKind.SPLIT:
        return tell("从第 {page} 页起另成一份", page=value)
    return tell(TOLD.get((kind.value, value), "已记录"))


def _ask_again(web: Web, held: ReturnInHand, form: Form, who: Who, why: str) -> int:
    """Mark every open slot unreadable, saying why; how many. One that somebody else has just decided stays as that is."""
    stored, count = held.stored, 0
    unreadable = (State.UNREADABLE, None)
    for path in sorted(held.open):
        said = Correction(path, who.name, web.store.clock(), unreadable, unreadable, why)
        with suppress(Conflict):
            correct(web.store, stored.order, stored.number, said, seen=held.versions.get(path, 0))
            count += 1
    return count
