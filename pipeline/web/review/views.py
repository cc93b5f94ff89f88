"""What pages show of a return and its slots, made of what the store has: plain values, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pipeline.collection.corrections import HEADER, slots_of
from pipeline.collection.totals import heading_of
from pipeline.store import DecisionKind, ReturnInHand, SlotRow
from pipeline.times import local_text
from pipeline.web.images import picture_key
from pipeline.web.review.entries import doubtful_from
from pipeline.web.review.sentences import Sheet, sheets_of
from pipeline.web.review.slot_views import SlotView, plain_view, printed_view, unseen_view
from pipeline.web.review.units import unit_choices
from pipeline.web.review.words import DISMISSALS, Tell, told_sureness
from pipeline.web.turns import page_turn, turn_box
from schemas.flow import State
from schemas.form import FieldKind, Form, HeaderField
from schemas.office import Correction, Unit
from schemas.paths import form_path
from schemas.reading import HeaderReading, Problem, Reading, Reason
from schemas.values import Value


@dataclass(frozen=True)
class PageView:
    """A page of a return: its number in the file, and the addresses of its picture with and without seals."""

    number: int
    original: str
    clean: str


@dataclass(frozen=True)
class ReturnView:
    """A return on its page."""

    key: str
    title: str
    name: str
    form_title: str
    fields: tuple[SlotView, ...]
    sheets: tuple[Sheet, ...]
    slots: Mapping[str, SlotView]
    pages: tuple[PageView, ...]
    problems: tuple[str, ...]
    state: str
    notes: tuple[str, ...]
    received: str
    next: str
    unplaced: bool

    def model(self) -> dict[str, Any]:
        """What the page's script is given."""
        return {
            "key": self.key,
            "title": self.title,
            "slots": [slot.model() for slot in (*self.fields, *self.slots.values())],
            "pages": [asdict(page) for page in self.pages],
            "problems": list(self.problems),
            "next": self.next,
            "unplaced": self.unplaced,
        }


def key_of(order: int, number: int) -> str:
    """A return in addresses."""
    return f"{order}-{number}"


def return_view(
    held: ReturnInHand, form: Form, units: Sequence[Unit], tell: Tell, *, next_key: str = "", more: str = ""
) -> ReturnView:
    """A return as its page shows it; of the item `more` an activity that nobody has seen is shown too."""
    stored, row = held.stored, held.row
    reading = stored.reading
    key, stamp = key_of(stored.order, stored.number), picture_key(held)[:8]
    slots = _slot_views(held, form, key, stamp, tell)
    sheets = sheets_of(form, tuple(slots), more=more)
    rows = [row for sheet in sheets for row in sheet.rows]
    every = [segment for row in rows for cell in row.cells for activity in cell.activities for segment in activity]
    numbers = {segment.path: segment.number for segment in every}
    printed = {slot.path: slot for slot in form.slots}
    for path in numbers.keys() - slots.keys():
        slots[path] = unseen_view(key, path, printed[form_path(path)], form)
    return ReturnView(
        key=key,
        title=row.title or stored.unit or "",
        name=stored.name,
        form_title=form.title,
        fields=tuple(_field_views(held, form, key, stamp, units, tell)),
        sheets=sheets,
        slots={path: replace(slots[path], number=numbers[path]) for path in numbers},
        pages=tuple(_page(key, number, stamp) for number in range(reading.first_page, reading.first_page + reading.pages)),
        # Which of several a person has solved the store does not tell; none is shown when all are.
        problems=tuple(tell(problem.chinese) for problem in _problems(held)) if row.problems else (),
        state=row.state.value,
        notes=tuple(_notes(held, tell)),
        received=local_text(stored.arrived),
        next=next_key,
        unplaced=not stored.placed and row.problems > 0,
    )


def row_view(row: SlotRow, form: Form, tell: Tell, *, blind: bool = False) -> SlotView:
    """A slot among those of other returns; `blind`: without anything that anybody has read in it."""
    key = key_of(row.order, row.number)
    title = row.unit or row.title or row.name
    if row.path.startswith(HEADER):
        printed = _field_words(form)[row.path]
        view = plain_view(key, row.path, printed.label, "", "", printed.kind, row.state, row.value)
    else:
        slot = {slot.path: slot for slot in form.slots}[form_path(row.path)]
        view = printed_view(key, row.path, slot, form, row.state, row.value)
    crop = _crop(key, row.path) if row.box is not None else ""
    view = replace(view, flagged=row.flagged, open=row.open, version=row.version, page=row.page, crop=crop, title=title)
    if blind:
        return replace(view, state=State.UNREADABLE, value=None, read_state=State.UNREADABLE, read_value=None)
    return replace(
        view,
        sureness=told_sureness(row.confidence, tell),
        reasons=_told(row.reasons, tell),
        candidates=_choices(row.value, row.candidates),
        doubtful_from=doubtful_from(row.value, row.candidates),
    )


def one_slot_view(held: ReturnInHand, form: Form, path: str, tell: Tell) -> SlotView:
    """One slot of a return, or one field above its table, as a card among those of other returns. Raises KeyError."""
    key, stamp = key_of(held.stored.order, held.stored.number), picture_key(held)[:8]
    fields = {view.path: view for view in _field_views(held, form, key, stamp, (), tell)}
    view = fields.get(path) or _slot_views(held, form, key, stamp, tell)[path]
    return replace(view, title=held.row.unit or held.row.title or held.stored.name)


def slot_name(path: str, form: Form) -> str:
    """A slot, or a field above the table, as people call it."""
    field = _field_words(form).get(path)
    return heading_of(path, form) if field is None else field.label


def _slot_views(held: ReturnInHand, form: Form, key: str, stamp: str, tell: Tell) -> dict[str, SlotView]:
    reading = held.stored.reading
    turns = {number: page_turn(reading, number) for number in {slot.page for slot in reading.slots if slot.page is not None}}
    read = {slot.path: slot for slot in reading.slots}
    printed = {slot.path: slot for slot in form.slots}
    views = {}
    for slot in slots_of(held.stored, form):
        if form_path(slot.path) not in printed:
            continue
        state, value = slot.machine
        view = printed_view(key, slot.path, printed[form_path(slot.path)], form, state, value)
        machine = read.get(slot.path)
        flagged = machine is not None and machine.review
        box = turn_box(slot.box, turns[slot.page]) if slot.box is not None and slot.page is not None else None
        disputed = slot.path in held.stored.disputes
        reasons = (Reason.DISPUTED,) if disputed else machine.reasons if machine is not None else ()
        # Of a disputed slot they are what was entered the second time.
        candidates = slot.candidates if disputed else machine.candidates if machine is not None else ()
        views[slot.path] = replace(
            view,
            state=slot.state,
            value=slot.value,
            sureness=told_sureness(slot.confidence, tell),
            reasons=_told(reasons, tell),
            candidates=_choices(slot.value if disputed else value, candidates),
            flagged=flagged or disputed,
            open=slot.path in held.open,
            version=held.versions.get(slot.path, 0),
            doubtful_from=doubtful_from(value, candidates),
            who=slot.who,
            when=local_text(slot.when),
            page=slot.page,
            box=box,
            crop=_crop(key, slot.path, stamp) if box is not None else "",
        )
    return views


def _field_views(held: ReturnInHand, form: Form, key: str, stamp: str, units: Sequence[Unit], tell: Tell) -> list[SlotView]:
    first, foot = _head_of(held.stored.reading)
    crop = "" if foot is None else _page(key, first, stamp).original
    views = []
    for field in form.header:
        path = HEADER + field.key
        read = held.stored.reading.header.get(field.key, HeaderReading(review=False))
        said: Correction | None = held.stored.corrections.get(path)
        state, value = (read.state, read.value) if said is None else said.after
        view = plain_view(key, path, field.label, "", "", field.kind, read.state, read.value)
        is_unit = field.kind is FieldKind.UNIT
        views.append(
            replace(
                view,
                state=state,
                value=value if state is State.VALUE else None,
                sureness=told_sureness(read.confidence, tell),
                candidates=unit_choices(read.value or "", held.stored.name, units) if is_unit and read.review else (),
                flagged=read.review,
                open=path in held.open,
                version=held.versions.get(path, 0),
                who="" if said is None else said.who,
                when="" if said is None else local_text(said.when),
                page=first,
                crop=crop,
                foot=foot,
            )
        )
    return views


def _head_of(reading: Reading) -> tuple[int, float | None]:
    """The page with the fields above the table, and where on it the first slot begins; None where that is not known."""
    first = next((slot for slot in reading.slots if slot.box is not None and slot.page is not None), None)
    if first is None or first.page is None or first.box is None:
        return reading.first_page, None
    return first.page, turn_box(first.box, page_turn(reading, first.page))[1]


def _problems(held: ReturnInHand) -> list[Problem]:
    placed = held.stored.placed
    return [one for one in held.stored.reading.problems if not placed or one is not Problem.COLLECTION_UNSURE]


def _notes(held: ReturnInHand, tell: Tell) -> list[str]:
    """What has been decided about a return as a whole, and what follows from that."""
    row, decided = held.row, held.decisions
    notes = []
    if row.dismissed:
        notes.append(tell(DISMISSALS.get(row.dismissed, "已剔除，不计入汇总")))
    if row.superseded_by is not None:
        notes.append(tell("已被第 {order} 号文件替换", order=row.superseded_by))
    if decided.get(DecisionKind.PREFERRED):
        notes.append(tell("已选定以本件为准"))
    if decided.get(DecisionKind.PART_OF):
        notes.append(tell("已并入 {key}", key=decided[DecisionKind.PART_OF]))
    if decided.get(DecisionKind.SPLIT):
        notes.append(tell("从第 {page} 页起另成一份", page=decided[DecisionKind.SPLIT]))
    if decided.get(DecisionKind.SETTLED):
        notes.append(tell("已整体确认"))
    return notes


def _field_words(form: Form) -> dict[str, HeaderField]:
    return {HEADER + field.key: field for field in form.header}


def _choices(value: Value, candidates: Sequence[str]) -> tuple[str, ...]:
    """What may be chosen instead of typed: the machine's other readings; with them its own, for it may be chosen back."""
    others = [text for text in candidates if text != str(value)]
    own = [str(value)] if value is not None and others else []
    return tuple(dict.fromkeys([*own, *others]))


def _told(reasons: Sequence[Reason], tell: Tell) -> tuple[str, ...]:
    return tuple(tell(reason.chinese) for reason in reasons)


def _page(key: str, number: int, stamp: str) -> PageView:
    address = f"/returns/{key}/pages/{number}.jpg?v={stamp}"
    return PageView(number, address, f"{address}&view=clean")


def _crop(key: str, path: str, stamp: str = "") -> str:
    return f"/returns/{key}/slots/{path}.jpg" + (f"?v={stamp}" if stamp else "")
