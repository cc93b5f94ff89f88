"""What is said of a slot or a return in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from schemas.flow import State
from schemas.form import SlotKind
from schemas.values import Value

Tell: TypeAlias = Callable[..., str]
"""A Chinese text to the reader's language, its places filled in."""

SURENESS = ((0.99, "很有把握"), (0.95, "较有把握"), (0.8, "把握一般"), (0.5, "把握不大"), (0.0, "没有把握"))
"""How sure the machine is, in words, from so much on."""

MOST_SHOWN = 0.999
"""No reading is told to be surer than this: what is shown to a person is in doubt."""

DISMISSALS = {
    "not_a_return": "已剔除：不是统计表",
    "wrong_form": "已剔除：表样不对",
    "superseded": "已剔除：被其他报表替换",
    "1": "已剔除，不计入汇总",
}
"""What a dismissed return is told to be, by the reason's code."""


def told_sureness(confidence: float, tell: Tell) -> str:
    """How sure the machine is, in words and as a figure."""
    words = next(words for least, words in SURENESS if confidence >= least)
    return f"{tell(words)} {100 * min(confidence, MOST_SHOWN):.3g}%"


def worth_text(state: State, value: Value, tell: Tell, kind: SlotKind | None = None) -> str:
    """A slot's worth in a sentence: blank, 0 and unreadable are told apart; of a box (`kind`) whether it is ticked."""
    if kind is SlotKind.TICK and value == 1:
        return "√"
    return {State.BLANK: tell("空"), State.UNREADABLE: tell("看不清")}.get(state, str(value))
