"""A slot, or a field above the table, as a reviewer meets it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from pipeline.collection.form_layout import is_listed, words_alone
from pipeline.web.review.entries import doubtful_from
from schemas.flow import Box, State
from schemas.form import FieldKind, Form, Slot, SlotKind
from schemas.paths import path_in_turn, turn_of
from schemas.values import Value, value_to_json


@dataclass(frozen=True)
class SlotView:
    """A slot, or a field above the table, as a reviewer meets it.

    `before` and `after` are the printed words around it, `opening` and `closing` what encloses it, `context` what its
    words follow on. `read_state` and `read_value` are the machine's, `state` and `value` what counts. `box` is on the
    upright page. `doubtful_from`: a number from which on the reviewer is asked once more. `crop` is the address of its
    picture, "" where it stands on no page.
    """

    key: str
    path: str
    number: str
    before: str
    after: str
    context: str
    kind: str
    state: State
    value: Value
    read_state: State
    read_value: Value
    sureness: str
    reasons: tuple[str, ...]
    candidates: tuple[str, ...]
    flagged: bool
    open: bool
    version: int
    doubtful_from: int
    who: str = ""
    when: str = ""
    page: int | None = None
    box: Box | None = None
    opening: str = "："
    closing: str = ""
    crop: str = ""
    foot: float | None = None
    title: str = ""

    def model(self) -> dict[str, Any]:
        """What the page's script is given."""
        return {**asdict(self), "value": value_to_json(self.value), "read_value": value_to_json(self.read_value)}


def printed_view(key: str, path: str, slot: Slot, form: Form, state: State, value: Value) -> SlotView:
    words = words_alone(slot)
    view = plain_view(key, path, words.before, words.after, _context(path, slot, form), slot.kind, state, value)
    return replace(view, number=_number(path, form), opening=words.opening, closing=words.closing)


def _context(path: str, slot: Slot, form: Form) -> str:
    """What a slot's own words follow on: the events that people attended, a question with several boxes, a list's row."""
    item = next(item for item in form.items if slot in item.slots)
    if is_listed(item):
        return f"{item.heading} {turn_of(path)} "
    if slot.choice:
        others = [one for one in item.slots[: item.slots.index(slot)] if one.choice == slot.choice]
        return "".join(f"{one.before}{one.mark.value}{one.after}" for one in others)
    leading = {one.path: one for one in item.slots}.get(slot.events or "")
    if leading is None:
        return ""
    words = words_alone(leading)
    return f"{words.before}{words.opening}…{words.closing}{words.after}" + (" " if words.opening == "：" else "")


def plain_view(
    key: str,
    path: str,
    before: str,
    after: str,
    context: str,
    kind: SlotKind | FieldKind,
    state: State,
    value: Value,
) -> SlotView:
    """A slot, or a field, of which no more is known than what was read."""
    value = value if state is State.VALUE else None
    return SlotView(
        key, path, "", before, after, context, kind.value, state, value, state, value, "", (), (), False, False, 0, 0
    )


def unseen_view(key: str, path: str, slot: Slot, form: Form) -> SlotView:
    """A slot of an activity that nobody has filled in or seen so far."""
    view = printed_view(key, path, slot, form, State.BLANK, None)
    return replace(view, doubtful_from=doubtful_from(None, ()))


def _number(path: str, form: Form) -> str:
    for number, item in enumerate(form.items, 1):
        for place, slot in enumerate(item.slots, 1):
            if path_in_turn(slot.path, turn_of(path)) == path:
                return f"{number}.{place}"
    return ""
