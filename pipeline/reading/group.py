"""Tables in the order of a file's pages to returns: which belong together, and where the next return begins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractors.glyphs import Alphabet
from pipeline.judging.days import with_year
from pipeline.judging.decide import BY_PEN
from pipeline.judging.doubts import SEEN
from pipeline.judging.judge import ErrorBudget, judge_slot, missing_slot
from pipeline.reading.header import judge_fields
from pipeline.reading.rules import judge_together
from pipeline.stages import Stage, stage
from schemas.flow import Evidence, Placement, TableFind
from schemas.form import FieldKind, Form, FormItem, Mark
from schemas.paths import form_path, path_in_turn, turn_of
from schemas.reading import Problem, Reading, Reason, SlotReading

Items = Mapping[str, tuple[Evidence, ...]]


@dataclass(frozen=True, eq=False)
class Gathered:
    """One return's tables put together: its pages, its fields above the table, and the evidence on its items."""

    pages: tuple[int, ...]
    header: tuple[Placement, ...]
    items: Items


@stage(Stage.JUDGE)
def tables_to_returns(
    path: Path,
    tables: Sequence[TableFind],
    form: Form,
    alphabet: Alphabet,
    budget: ErrorBudget,
    *,
    roster: Sequence[str] = (),
    problems: Sequence[Problem] = (),
) -> tuple[Reading, ...]:
    """A reading for each return among a file's tables; `problems` are the file's own and told in each."""
    return tuple(
        _gathered_to_reading(path, gathered, form, alphabet, budget, roster=roster, problems=problems)
        for gathered in gather(tables, form)
    )


def gather(tables: Sequence[TableFind], form: Form) -> list[Gathered]:
    """Tables joined to returns, in whatever order a return's pages come.

    A table goes on with the return before it unless it brings an item that is there already or a second header. An item
    that the page end cut in two is no second one: its halves hold different slots. Nor is an item with several activities,
    of which a page holds the last ones and nothing else.
    """
    several = {item.key for item in form.items if item.repeats}
    returns: list[Gathered] = []
    for table in tables:
        joined = _join(returns[-1], table, several) if returns else None
        if joined is None:
            returns.append(Gathered((table.page,), table.header, _merge({}, table, several) or {}))
        else:
            returns[-1] = joined
    return returns


def _join(before: Gathered, table: TableFind, several: Collection[str]) -> Gathered | None:
    if before.header and table.header:
        return None
    items = _merge(before.items, table, several)
    if items is None:
        return None
    pages = before.pages if table.page in before.pages else (*before.pages, table.page)
    return Gathered(pages, before.header or table.header, items)


def _merge(items: Items, table: TableFind, several: Collection[str]) -> Items | None:
    """Items with a table's added; None where both hold the same slot. Within a table the first of two wins."""
    merged = dict(items)
    for item, evidence in table.items:
        if item not in merged:
            merged[item] = evidence
        elif (halves := join_halves(merged[item], evidence)) is not None:
            merged[item] = halves
        elif item in items:
            if item not in several or not _is_rest(item, items, table):
                return None
            merged[item] = (*merged[item], *_further(merged[item], evidence))
    return merged


def _is_rest(item: str, items: Items, table: TableFind) -> bool:
    """Whether a table holds the last activities of an item and nothing else; where they are rows of their own, it may hold
    what no table before it does as well."""
    others = {key for key, _ in table.items} - {item}
    return not others or bool(table.columns and not table.header and others.isdisjoint(items))


def _further(before: Sequence[Evidence], evidence: Sequence[Evidence]) -> list[Evidence]:
    """Activities numbered on behind those before."""
    turns = max(turn_of(piece.placement.path) for piece in before)
    found = []
    for piece in evidence:
        own = piece.placement.path
        path = path_in_turn(form_path(own), turn_of(own) + turns)
        found.append(replace(piece, placement=replace(piece.placement, path=path)))
    return found


def join_halves(first: Sequence[Evidence], second: Sequence[Evidence]) -> tuple[Evidence, ...] | None:
    """An item from its two parts on two pages, in either order; None where both hold the same slot whole.

    The cut may go through a slot: its opening half stands in one part and its closing half in the other.
    """
    joined = []
    for mine, theirs in zip(first, second, strict=False):
        if mine.placement.line is None or theirs.placement.line is None:
            joined.append(theirs if mine.placement.line is None else mine)
        elif not (mine.placement.whole and theirs.placement.whole):
            # Words behind the cut may reach back to a slot that stands whole before it.
            joined.append(max(mine, theirs, key=lambda half: (half.placement.whole, half.ink)))
        else:
            return None
    return tuple(joined)


def _gathered_to_reading(
    path: Path,
    gathered: Gathered,
    form: Form,
    alphabet: Alphabet,
    budget: ErrorBudget,
    *,
    roster: Sequence[str],
    problems: Sequence[Problem],
) -> Reading:
    slots = judge_together(form, with_year(form, _slots(gathered, form, alphabet, budget)))
    by_pen = any(piece.hand >= BY_PEN for pieces in gathered.items.values() for piece in pieces)
    header = judge_fields(form, gathered.header, budget, alphabet, roster=tuple(roster), by_pen=by_pen)
    told = list(problems)
    if any(item.key not in gathered.items for item in form.items):
        told.append(Problem.ITEMS_MISSING)
    if form.header and not gathered.header:
        told.append(Problem.NO_HEADER)
    elif roster and any(header[field.key].value not in roster for field in form.header if field.kind is FieldKind.UNIT):
        told.append(Problem.UNIT_UNKNOWN)
    # What was never on paper stands on no page.
    pages = [page for page in gathered.pages if page]
    return Reading(
        source=path.name,
        form=form.id,
        pages=len(pages),
        first_page=min(pages, default=1),
        review=bool(told) or any(slot.review for slot in slots) or any(field.review for field in header.values()),
        problems=tuple(told),
        header=header,
        slots=slots,
    )


def _slots(gathered: Gathered, form: Form, alphabet: Alphabet, budget: ErrorBudget) -> list[SlotReading]:
    """Every slot of the form in printed order, those of further activities behind the first's."""
    slots = []
    for item in form.items:
        evidence = gathered.items.get(item.key)
        if evidence is None:
            slots += [missing_slot(slot.path, slot) for slot in item.slots]
        else:
            judged = [judge_slot(piece, budget, alphabet) for piece in evidence]
            moved = _may_have_moved(evidence) or _may_be_another(item, evidence, judged)
            slots += _whole(item, _unsure(judged) if moved else judged)
    return slots


def _whole(item: FormItem, slots: Sequence[SlotReading]) -> list[SlotReading]:
    """An item's slots with those that no page holds: of one that has a sentence and cells, a part may be lost."""
    read = {slot.path: slot for slot in slots}
    if all(slot.path in read for slot in item.slots):
        return list(slots)
    first = [read.get(slot.path) or missing_slot(slot.path, slot) for slot in item.slots]
    return [*first, *(slot for slot in slots if slot not in first)]


def _may_have_moved(evidence: Sequence[Evidence]) -> bool:
    """Whether a slot of an item was not found, so that its neighbours of like words may have taken its place."""
    lost = [piece.placement.line is None for piece in evidence]
    if all(piece.placement.slot.mark is Mark.CELL for piece in evidence):
        # A cell has headings of its own.
        return False
    return any(lost) and not all(piece.placement.certain for piece, gone in zip(evidence, lost, strict=True) if not gone)


def _may_be_another(item: FormItem, evidence: Sequence[Evidence], slots: Sequence[SlotReading]) -> bool:
    """Whether activities stand behind each other of which one may be lost or told twice, so that those behind it have moved.

    A lost one leaves its parentheses behind, or its place among the others is unsure. Of two that have one name, likelier
    than not, a line was cut twice from the page.
    """
    if item.in_cells or len(evidence) == len(item.slots) or all(piece.placement.certain for piece in evidence):
        return False
    places = [piece.placement for piece in evidence]
    names = [slot.value for slot in slots if isinstance(slot.value, str)]
    shifted = any(place.spare or not (place.underlined or min(place.parentheses) >= SEEN) for place in places)
    return shifted or len(set(names)) < len(names)


def _unsure(slots: Sequence[SlotReading]) -> list[SlotReading]:
    """Slots of whose place nothing is sure; one that was not found has none."""
    return [
        slot
        if Reason.SLOT_MISSING in slot.reasons
        else slot.model_copy(update={"review": True, "reasons": tuple(dict.fromkeys((*slot.reasons, Reason.PLACE_UNSURE)))})
        for slot in slots
    ]
