"""An invented office for tests: units, returns, corrections, receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from pipeline.judging.judge import missing_slot
from pipeline.reading.units import unit_key
from samples.names import CITY, person, unit_names
from schemas.flow import State
from schemas.form import Form, SlotKind
from schemas.office import Collection, Correction, FileState, Receipt, StoredReturn, Unit
from schemas.reading import HeaderReading, Problem, Reading, Reason, SlotReading
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value

DEADLINE = datetime(2026, 6, 30, 15, 59, 59, tzinfo=UTC)
"""The end of 30 June in China."""

START = datetime(2026, 6, 20, 1, 0, tzinfo=UTC)

UNREADABLE = "unreadable"
"""What `read_of` takes for a slot that nobody can read."""


def collection_of(*names: str, parents: Mapping[str, str] | None = None, form: Form = SAFETY_MONTH) -> Collection:
    """A collection of these units."""
    above = parents or {}
    units = tuple(Unit(name, parent=above.get(name, "")) for name in names)
    return Collection("2026年“安全生产月”", form.id, units, DEADLINE)


def reading_of(
    values: Mapping[str, Value],
    *,
    unit: str | None = "青禾县总工会",
    flagged: Sequence[str] = (),
    candidates: Mapping[str, tuple[str, ...]] | None = None,
    lost: Sequence[str] = (),
    unit_doubtful: bool = False,
    form: Form = SAFETY_MONTH,
) -> Reading:
    """A return with these values, by path; the other slots are blank. Items in `lost` stand on no page."""
    read = [
        missing_slot(slot.path, slot)
        if slot.path.partition(".")[0] in lost
        else slot_of(slot.path, values.get(slot.path), slot.path in flagged, (candidates or {}).get(slot.path, ()), form)
        for slot in form.slots
    ]
    read += [slot_of(path, value, path in flagged, form=form) for path, value in values.items() if "[" in path]
    header = {field.key: HeaderReading(confidence=0.999, review=False, state=State.BLANK) for field in form.header}
    header[unit_key(form)] = HeaderReading(value=unit, confidence=0.9, review=unit_doubtful, state=State.VALUE)
    review = bool(lost) or unit_doubtful or any(slot.review for slot in read)
    problems = (Problem.ITEMS_MISSING,) if lost else ()
    return Reading(
        source="x.pdf",
        form=form.id,
        pages=1 if lost else 2,
        review=review,
        problems=problems,
        header=header,
        slots=tuple(read),
    )


def slot_of(
    path: str, value: Value, review: bool = False, candidates: tuple[str, ...] = (), form: Form = SAFETY_MONTH
) -> SlotReading:
    """One slot; None is blank, UNREADABLE what nobody can read."""
    item, _, name = path.partition(".")
    label = next(slot.label for slot in form.slots if slot.path == f"{item.partition('[')[0]}.{name}")
    state = State.BLANK if value is None else State.UNREADABLE if value == UNREADABLE else State.VALUE
    return SlotReading(
        path=path,
        label=label,
        state=state,
        value=value if state is State.VALUE else None,
        raw=str(value) if state is State.VALUE else "",
        confidence=0.5 if review else 0.9995,
        review=review,
        reasons=(Reason.LOW_CONFIDENCE,) if review else (),
        page=1 if item < "item4" else 2,
        box=(0.25, 0.25, 0.5, 0.5),
        candidates=candidates,
    )


def stored(
    order: int,
    reading: Reading,
    *,
    unit: str | None = "青禾县总工会",
    name: str = "",
    arrived: datetime | None = None,
    corrections: Sequence[Correction] = (),
    preferred: bool = False,
    dismissed: bool = False,
    number: int = 1,
) -> StoredReturn:
    """A return as the store gives it back; by default each arrives an hour after the one before."""
    return StoredReturn(
        order,
        number,
        name or f"{order}.pdf",
        f"{order:064x}",
        arrived or START + timedelta(hours=order),
        reading,
        unit,
        {correction.path: correction for correction in corrections},
        preferred,
        dismissed,
    )


def corrected(path: str, after: Value, *, who: str = "王文", before: Value = None) -> Correction:
    """A person's decision about a slot."""

    def worth(value: Value) -> tuple[State, Value]:
        if value is None:
            return (State.BLANK, None)
        return (State.UNREADABLE, None) if value == UNREADABLE else (State.VALUE, value)

    return Correction(path, who, START + timedelta(days=8), worth(before), worth(after), "核对原件")


def receipt(
    order: int, name: str, state: FileState, *, reason: str = "", advice: str = "", of: int | None = None
) -> Receipt:
    """A file that arrived."""
    when = START + timedelta(hours=order)
    return Receipt(order, name, f"{order:064x}", 1000, when, when, state, reason, advice, of)


def made_office(*, seed: int = 7, units: int = 60) -> tuple[Collection, list[StoredReturn], list[Receipt]]:
    """An office in the middle of its work: most have returned, some late, twice, in part or not at all."""
    rng = np.random.default_rng(seed)
    names = (unit_names() * (1 + units // 60))[:units]
    names = tuple(name if place < 60 else f"{name}第{place // 60}分会" for place, name in enumerate(names))
    parents = [_parent(name) for name in names]
    roster = tuple(Unit(name, (), parent) for name, parent in zip(names, parents, strict=True))
    collection = Collection("2026年“安全生产月”活动", SAFETY_MONTH.id, roster, DEADLINE)
    returns: list[StoredReturn] = []
    receipts: list[Receipt] = []
    order = 0
    for name in names:
        kind = rng.choice(["whole", "twice", "twin", "page", "late", "missing"], p=[0.72, 0.06, 0.04, 0.04, 0.06, 0.08])
        if kind == "missing":
            continue
        values = invent_values(rng)
        sheets = [values]
        if kind in ("twice", "twin"):
            sheets.append(values if kind == "twin" else invent_values(rng))
        for place, sheet in enumerate(sheets):
            order += 1
            reviewed = rng.random() < 0.4
            flagged = [path for path in sheet if rng.random() < 0.02]
            unread = {path: UNREADABLE for path in flagged if rng.random() < 0.3}
            reading = reading_of(
                {**sheet, **unread},
                unit=name,
                flagged=flagged,
                candidates={path: (str(sheet[path]), f"{sheet[path]}0") for path in flagged if path not in unread},
                lost=("item4", "item5", "item6", "item7") if kind == "page" else (),
            )
            fixes = [corrected(path, sheet[path], who=person(rng)) for path in flagged if reviewed]
            when = DEADLINE + timedelta(hours=20) if kind == "late" else START + timedelta(hours=3 * order)
            suffix = ("pdf", "jpg")[place]
            file = f"{name.removesuffix('总工会')}.{suffix}"
            returns.append(stored(order, reading, unit=name, name=file, arrived=when, corrections=fixes))
            receipts.append(receipt(order, file, FileState.ACCEPTED))
    order += 1
    stray = reading_of(invent_values(rng), unit="云川市水务工会")
    returns.append(stored(order, stray, unit=None, name="扫描全能王 6-29.pdf"))
    locked = receipt(order + 1, "新建文件夹/全部.pdf", FileState.FAILED, reason="文件有密码", advice="请去掉密码后重新发送")
    receipts.append(locked)
    receipts.append(receipt(order + 2, "青禾县(1).pdf", FileState.DUPLICATE, of=1))
    return collection, returns, receipts


def invent_values(rng: np.random.Generator) -> dict[str, Value]:
    """What a unit might write: now and then blank or 0."""
    values: dict[str, Value] = {}
    for slot in SAFETY_MONTH.slots:
        if rng.random() < 0.08:
            continue
        if slot.kind is SlotKind.TEXT:
            values[slot.path] = str(rng.choice(["安全知识竞赛", "消防演讲比赛", "“家属话安全”书画展"]))
        else:
            scale = 1500 if slot.events or slot.after.startswith("人") else 12
            values[slot.path] = 0 if rng.random() < 0.08 else int(rng.integers(1, scale))
    return values


def _parent(name: str) -> str:
    if name.endswith("有限公司工会"):
        return f"{CITY}直属基层工会"
    return f"{CITY}产业工会" if name.startswith(CITY) else f"{CITY}总工会"
