"""Placed slots to all that pixels and readers say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from extractors.boxes import look_at_box
from extractors.digits import PEN_LOOK, PRINT_LOOK
from extractors.points import count_points
from extractors.seals import RoundSeal, find_gray_seals, seal_covers
from extractors.slots import SlotCrop, inner_part, slot_to_crop
from extractors.warp import project
from pipeline.alignment.look import look_closely
from pipeline.judging.decide import NOTHING, SEEN_BY_DIGITS, written_by_pen
from pipeline.judging.experts import struck_share
from pipeline.judging.figures import likeliest_number, read_closely, read_digits, read_over
from pipeline.judging.judge import ErrorBudget, glance_suffices, wants_second
from pipeline.reading.readers import Readers
from pipeline.stages import Stage, stage
from schemas.flow import LINE_HEIGHT, Evidence, NamedCell, Placement, Upright
from schemas.form import Mark, SlotKind

# A box is shown with this much around its frame, in line pixels.
RIM = 8.0


@stage(Stage.EVIDENCE)
def gather_evidence(
    upright: Upright, found: Sequence[Sequence[NamedCell]], readers: Readers, budget: ErrorBudget
) -> list[Evidence]:
    """What pixels and readers say of each slot; slow readers are asked where quick ones leave a doubt, in one call."""
    placements = [placement for items in found for item in items for placement in item.placements]
    if readers.digits is not None and not upright.page.chars:
        read = read_digits(upright.page, placements, readers.digits)
        placements = [replace(placement, digits=digits) for placement, digits in zip(placements, read, strict=True)]
    hand = _hand(placements)
    seals = find_gray_seals(upright) if placements and not upright.page.chars else ()
    crops = [slot_to_crop(placement) for placement in placements]
    gathered = [
        _placement_to_evidence(upright, placement, crop, hand, seals)
        for placement, crop in zip(placements, crops, strict=True)
    ]
    gathered = _read_pens(upright, gathered, readers)
    placements = [piece.placement for piece in gathered]
    doubtful = [place for place, piece in enumerate(gathered) if not glance_suffices(piece, budget, readers.alphabet)]
    looked = look_closely([placements[place] for place in doubtful], readers.alphabet, readers.glyphs)
    for place, placement in zip(doubtful, looked, strict=True):
        if placement is not placements[place]:
            # The recogniser may have found other parentheses.
            crops[place] = slot_to_crop(placement)
            gathered[place] = _placement_to_evidence(upright, placement, crops[place], hand, seals)
    gathered = _look_over(upright, gathered, readers)
    if readers.second is None:
        return gathered
    asked = [place for place, piece in enumerate(gathered) if wants_second(piece, budget, readers.alphabet)]
    seen = readers.second([crop.gray for place in asked if (crop := crops[place]) is not None])
    for place, second in zip(asked, seen, strict=True):
        gathered[place] = replace(gathered[place], second=second)
    return gathered


def _placement_to_evidence(
    upright: Upright, placement: Placement, crop: SlotCrop | None, hand: float, seals: Sequence[RoundSeal]
) -> Evidence:
    """What the pixels of a slot say."""
    if crop is None:
        return Evidence(placement, 0, 0.0, 0.0, None, hand=hand)
    amount = placement.slot.kind is SlotKind.MONEY
    box = look_at_box(placement) if placement.slot.mark is Mark.BOX else None
    if box is not None and box.frame is not None:
        # Until its frame is seen a box is all that lies between the words.
        placement = replace(placement, outer=(box.frame[0] - RIM, box.frame[1] + RIM))
    return Evidence(
        placement,
        crop.ink,
        crop.seal,
        crop.pen,
        None,
        hand=hand,
        gray_seal=bool(seals) and _is_covered(upright, placement, seals),
        strokes=crop.strokes,
        contrast=crop.contrast,
        sharpness=crop.sharpness,
        touching=crop.touching,
        box=box,
        points=count_points(inner_part(crop, placement)) if amount and not placement.certain else None,
    )


def _hand(placements: Sequence[Placement]) -> float:
    """How likely pens have filled in a page: the middle of what the digit reader says of each slot that is written in."""
    shares = [
        placement.digits.pen
        for placement in placements
        if placement.digits is not None and placement.slot.kind.numeric and placement.digits.strings.get("", 0.0) < NOTHING
    ]
    return median(shares) if shares else 0.0


def _read_pens(upright: Upright, gathered: Sequence[Evidence], readers: Readers) -> list[Evidence]:
    """Evidence with what the pens' own reader makes of what a pen wrote, or left out."""
    if readers.pens is None:
        return list(gathered)
    written = iter(
        read_closely(upright.page, [piece.placement for piece in gathered if written_by_pen(piece)], readers.pens)
    )
    return [replace(piece, placement=next(written)) if written_by_pen(piece) else piece for piece in gathered]


def _look_over(upright: Upright, gathered: Sequence[Evidence], readers: Readers) -> list[Evidence]:
    """Evidence with what stands over each number that is struck out: there a hand writes what it meant."""
    struck = [piece.placement for piece in gathered if struck_share(piece.placement.digits) > SEEN_BY_DIGITS]
    reader, look = (readers.digits, PRINT_LOOK) if readers.pens is None else (readers.pens, PEN_LOOK)
    if reader is None or not struck:
        return list(gathered)
    over = {id(one): digits for one, digits in zip(struck, read_over(upright.page, struck, reader, look), strict=True)}
    return [replace(piece, corrected=likeliest_number(over.get(id(piece.placement)))) for piece in gathered]


def _is_covered(upright: Upright, placement: Placement, seals: Sequence[RoundSeal]) -> bool:
    to_upright = np.asarray(np.linalg.inv(upright.to_source), dtype=np.float64)
    for line, (left, right) in placement.stretches:
        corners = line.to_page(np.array([[left, 0], [right, 0], [right, LINE_HEIGHT], [left, LINE_HEIGHT]], np.float64))
        if seal_covers(seals, project(corners, to_upright)):
            return True
    return False
