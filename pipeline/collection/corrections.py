"""What a slot is worth in the end: the machine's reading, or what a person decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.flow import Box, State
from schemas.form import Form
from schemas.office import Correction, StoredReturn
from schemas.paths import form_path
from schemas.reading import Reading, SlotReading
from schemas.values import Value

# A correction of a field above the table stands under this and the field's key; no item of a form is called so.
HEADER = "header."

Worth = tuple[State, Value]

NO_DISPUTES: Mapping[str, Worth] = MappingProxyType({})


class EffectiveSlot(NamedTuple):
    """A slot as it counts: the state and value of the last correction, or the machine's. A tuple, for they are made by the
    hundred thousand, and that takes a third of a dataclass's time.

    `who` and `when` are the correction's, "" and None for the machine; `machine` is what the machine read. `open` is a
    flagged slot that nobody has decided about, or about which two people disagree. `candidates` are other readings of an
    open slot. `at` is its path in its own return, where a list goes on there that another return began: "" where that is
    `path`.
    """

    path: str
    label: str
    state: State
    value: Value
    raw: str
    confidence: float
    open: bool
    machine: Worth
    who: str = ""
    when: datetime | None = None
    page: int | None = None
    box: Box | None = None
    candidates: tuple[str, ...] = ()
    at: str = ""

    @property
    def own_path(self) -> str:
        """Where it stands in its own return."""
        return self.at or self.path

    @property
    def worth(self) -> Worth:
        """State and value: blank, 0 and unreadable are different."""
        return (self.state, self.value)


def effective_slots(
    reading: Reading,
    corrections: Mapping[str, Correction],
    form: Form,
    *,
    settled: bool = False,
    disputes: Mapping[str, Worth] = NO_DISPUTES,
) -> tuple[EffectiveSlot, ...]:
    """Every slot of a return as it counts, in the reading's order; behind them those that only a person has seen.

    A correction counts whatever the machine had read before, for a person has looked at the paper. Of a return that is
    `settled` no flagged slot is open any more; those whose second entry says something else (`disputes`) are.
    """

    def decided(slot: SlotReading) -> EffectiveSlot:
        return _decided(slot, corrections.get(slot.path), settled, disputes.get(slot.path))

    if not corrections:
        return tuple(_decided(slot, None, settled) for slot in reading.slots)
    read = [decided(slot) for slot in reading.slots]
    known = {slot.path for slot in reading.slots}
    more = [path for path in sorted(corrections) if path not in known]
    if not more:
        return tuple(read)
    labels = {slot.path: slot.label for slot in form.slots}
    added = [(path, labels[form_path(path)]) for path in more if form_path(path) in labels]
    return (*read, *(decided(_unseen(path, label)) for path, label in added))


def slots_of(stored: StoredReturn, form: Form) -> tuple[EffectiveSlot, ...]:
    """The same of a return as the office has it."""
    return effective_slots(stored.reading, stored.corrections, form, settled=stored.settled, disputes=stored.disputes)


def open_fields(stored: StoredReturn) -> tuple[str, ...]:
    """The keys of fields above the table that are flagged and that nobody has decided about.

    Pages that belong to another return have that one's header.
    """
    if stored.settled or stored.part_of is not None:
        return ()
    flagged = (key for key, field in stored.reading.header.items() if field.review)
    return tuple(key for key in flagged if HEADER + key not in stored.corrections)


def _decided(
    slot: SlotReading, correction: Correction | None, settled: bool = False, disputed: Worth | None = None
) -> EffectiveSlot:
    machine = (slot.state, slot.value)
    state, value = machine if correction is None else correction.after
    return EffectiveSlot(
        path=slot.path,
        label=slot.label,
        state=state,
        # What is blank or unreadable has no value, whatever came along.
        value=value if state is State.VALUE else None,
        raw=slot.raw,
        confidence=slot.confidence,
        open=disputed is not None if correction is not None else slot.review and not settled,
        machine=machine,
        who="" if correction is None else correction.who,
        when=None if correction is None else correction.when,
        page=slot.page,
        box=slot.box,
        candidates=slot.candidates if correction is None else () if disputed is None else (str(disputed[1] or ""),),
    )


def _unseen(path: str, label: str) -> SlotReading:
    """A slot that the machine has not seen at all."""
    return SlotReading(path=path, label=label, state=State.BLANK, value=None, raw="", confidence=0.0, review=False)
