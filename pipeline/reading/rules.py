"""Rules across fields and across returns: they flag, never change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import log10
from statistics import median

from schemas.flow import State
from schemas.form import Form, SlotKind
from schemas.paths import form_path
from schemas.reading import Reading, Reason, SlotReading
from schemas.values import Number, is_number

# People at one event beyond which a number is out of line: no hall holds more.
MOST_PEOPLE_AN_EVENT = 20_000

# A number is out of line when it is this many powers of ten from the median of at least so many other returns'. Counties
# and works unions differ by a factor of a hundred without fault.
POWERS_OUT_OF_LINE, LEAST_RETURNS = 2.5, 8

# What floats may err by is less by far.
NEARLY = 1.001

# Of the rows of a total that is not their sum, those read more surely than this are not shown beside it: one in ten
# thousand is misread, and more totals than that are added up wrongly.
SURE = 0.9995

# Slots from which a return that holds nothing at all is doubted: nobody sends in an empty form, but a fax may have lost
# what a faint pen wrote.
EMPTY_FORM = 10


def judge_together(form: Form, slots: Sequence[SlotReading]) -> tuple[SlotReading, ...]:
    """Flag attendance without an event, more events than people, crowds beyond reason, choices of which none or several are
    ticked, sums that are none, and a return that holds nothing."""
    counts = {slot.path: slot for slot in slots}
    events_of = {slot.path: slot.events for slot in form.slots if slot.events}
    doubts: dict[str, list[Reason]] = defaultdict(list)
    for attended in slots:
        events = events_of.get(form_path(attended.path))
        counted = counts.get(_same_turn(events, attended.path)) if events else None
        reason = _doubt_of_pair(counted, attended) if counted else None
        if counted and reason:
            doubts[attended.path].append(reason)
            doubts[counted.path].append(reason)
    for rule in (_doubts_of_choices, _doubts_of_sums):
        for path, reason in rule(form, counts):
            doubts[path].append(reason)
    found = [slot for slot in slots if Reason.SLOT_MISSING not in slot.reasons]
    if len(found) >= EMPTY_FORM and all(slot.state is State.BLANK for slot in found):
        doubts |= {slot.path: [Reason.NOTHING_WRITTEN] for slot in found}
    return _flagged(slots, doubts)


def judge_across(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Flag numbers that are orders of magnitude away from the same slot's in the other returns."""
    written: dict[str, tuple[list[Number], list[int]]] = defaultdict(lambda: ([], []))
    for place, reading in enumerate(readings):
        for slot in reading.slots:
            # Without a call for each of some hundred thousand, most of which are counts.
            if (value := slot.value) and (type(value) is int or is_number(value)) and value > 0:
                numbers, places = written[slot.path]
                numbers.append(value)
                places.append(place)
    doubts: dict[int, dict[str, list[Reason]]] = defaultdict(dict)
    for path, (numbers, places) in written.items():
        if len(numbers) >= LEAST_RETURNS:
            for at in _out_of_line(numbers):
                doubts[places[at]][path] = [Reason.OUT_OF_LINE]
    return tuple(
        reading.model_copy(update={"review": True, "slots": _flagged(reading.slots, doubts[place])})
        if place in doubts
        else reading
        for place, reading in enumerate(readings)
    )


def _out_of_line(numbers: Sequence[Number]) -> Iterator[int]:
    """The places of those that are too many powers of ten from the median."""
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    # The median of the sizes, without a logarithm of each: they have the order of the numbers.
    first = middle if len(ordered) % 2 else middle - 1
    usual = median([log10(number) for number in ordered[first : middle + 1]])
    # Looked at number by number only where one is near the bounds or beyond.
    low, high = 10 ** (usual - POWERS_OUT_OF_LINE) * NEARLY, 10 ** (usual + POWERS_OUT_OF_LINE) / NEARLY
    if ordered[0] > low and ordered[-1] < high:
        return
    for at, number in enumerate(numbers):
        if not low < number < high and abs(log10(number) - usual) > POWERS_OUT_OF_LINE:
            yield at


def _flagged(slots: Sequence[SlotReading], doubts: Mapping[str, Sequence[Reason]]) -> tuple[SlotReading, ...]:
    return tuple(
        slot.model_copy(update={"review": True, "reasons": tuple(dict.fromkeys((*slot.reasons, *doubts[slot.path])))})
        if slot.path in doubts
        else slot
        for slot in slots
    )


def _doubt_of_pair(events: SlotReading, attended: SlotReading) -> Reason | None:
    if not is_number(attended.value) or attended.value == 0 or events.state is State.UNREADABLE:
        return None
    held: Number = events.value if is_number(events.value) else 0
    if held == 0:
        return Reason.NO_EVENT
    if held > attended.value:
        return Reason.MORE_EVENTS
    return Reason.OUT_OF_LINE if attended.value > held * MOST_PEOPLE_AN_EVENT else None


def _doubts_of_choices(form: Form, slots: Mapping[str, SlotReading]) -> Iterator[tuple[str, Reason]]:
    """Of the boxes of one question, in one activity, exactly one is ticked."""
    boxes: dict[tuple[str, str], list[SlotReading]] = defaultdict(list)
    choices = {slot.path: slot.choice for slot in form.slots if slot.choice and slot.kind is SlotKind.TICK}
    for path, slot in slots.items():
        if choice := choices.get(form_path(path)):
            boxes[path.partition(".")[0], choice].append(slot)
    for together in boxes.values():
        ticked = sum(slot.state is State.VALUE for slot in together)
        if ticked > 1 or (ticked == 0 and all(slot.state is State.BLANK for slot in together)):
            reason = Reason.SEVERAL_CHOICES if ticked else Reason.NO_CHOICE
            yield from ((slot.path, reason) for slot in together)


def _doubts_of_sums(form: Form, slots: Mapping[str, SlotReading]) -> Iterator[tuple[str, Reason]]:
    """A total is the sum of its rows: where it is not, the unit has added up wrongly, or an unsure row is misread."""
    for slot in form.slots:
        total = slots.get(slot.path)
        if not slot.sums or total is None or not is_number(total.value):
            continue
        added = [one for path, one in slots.items() if form_path(path) in slot.sums]
        if any(one.state is State.UNREADABLE for one in added):
            continue
        if sum(one.value for one in added if is_number(one.value)) != total.value:
            unsure = [one for one in added if one.confidence < SURE]
            yield from ((one.path, Reason.WRONG_SUM) for one in (total, *unsure))


def _same_turn(path: str, beside: str) -> str:
    """The path of a slot in the same activity as another: item7.sessions beside item7[2].attendance is item7[2]'s."""
    return f"{beside.partition('.')[0]}.{path.partition('.')[2]}"
