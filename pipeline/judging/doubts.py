"""What no probability excuses about a slot: such doubts send it to a person, however surely it is read."""

from __future__ import annotations

from schemas.flow import Evidence, Placement
from schemas.form import Mark, SlotKind
from schemas.reading import Reason

# Parentheses and neighbours seen at least this well vouch for a slot's place.
SEEN = 0.5

# A slot is under a seal when red paste covers this share of it, and in pen when this share of its ink is coloured.
SEALED, PENNED = 0.04, 0.35

# Original pixels for each pixel of a line below which colours under a seal cannot be told apart: JPEG halves them again.
COARSE = 0.6

# Of slots such as calibration has hardly seen, a page on which the digit reader sees this much of a pen may be a pen's: on
# print the middle of what it says is next to nothing, on pens that write like print 0.2 and more.
MAYBE_PEN = 0.3


def doubts_in_any_case(evidence: Evidence, *, written: bool) -> list[Reason]:
    """What no probability excuses: a place that nothing vouches for, pens (the recognisers know print), seals that no
    colour takes away, no grid."""
    doubts = [Reason.PLACE_UNSURE] if _misplaced(evidence.placement) else []
    if evidence.placement.certain:
        return doubts
    found = {
        # Words by pen are read as far as the recogniser goes, and it knows print.
        Reason.PEN: (written and evidence.pen > PENNED and evidence.placement.digits is None)
        or (is_seldom(evidence.placement) and evidence.hand > MAYBE_PEN),
        # Phones' messengers leave too little colour to divide a dense seal out by.
        Reason.SEAL: evidence.gray_seal or (evidence.seal > SEALED and evidence.sharpness < COARSE),
        Reason.NO_GRID: not evidence.grid,
    }
    return doubts + [reason for reason, holds in found.items() if holds]


def is_seldom(placement: Placement) -> bool:
    """Whether a slot is of a kind or shape of which calibration has hardly seen any: there every doubt counts."""
    seldom = {SlotKind.MONEY, SlotKind.DATE, SlotKind.TICK}
    return placement.slot.kind in seldom or placement.slot.mark is not Mark.PARENTHESES


def _misplaced(placement: Placement) -> bool:
    """A side of the slot counts as seen by its parenthesis or by the printed words behind it; one parenthesis must be.

    A slot on three lines has swallowed a line. An underlined one has the printed characters right beside it seen; more of
    the sentence must be on one side. A cell stands beside its row's heading and below its column's.
    """
    if placement.ambiguous:
        return True
    if placement.underlined:
        return max(placement.anchors) < SEEN
    if placement.slot.mark is Mark.CELL:
        return min(placement.anchors) < SEEN
    if len(placement.stretches) > 2:
        return True
    sides = [max(pair) >= SEEN for pair in zip(placement.parentheses, placement.anchors, strict=True)]
    return not (all(sides) and max(placement.parentheses) >= SEEN)
