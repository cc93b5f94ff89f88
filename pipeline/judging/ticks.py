"""A box to tick: whether it is ticked, by its glyph and by its pixels, which must not contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

from extractors.glyphs import OPEN_BOXES, TICKED_BOXES
from schemas.flow import BoxLook, Evidence, State
from schemas.reading import Reason

# Share of what lies within a frame that is dark: of empty boxes on made scans at most 0.02, of ticked ones 0.2 and more.
EMPTY, FILLED = 0.05, 0.12

# The same where no glyph was made out, for a frame of so many line pixels: squares in characters are smaller, or hold much.
CLEARLY_EMPTY, CLEARLY_FILLED, LEAST_CLEAR = 0.02, 0.18, 20.0

# Words beside a box seen this well, on either side, vouch for its place.
SEEN = 0.5

# How sure it is what glyph and pixels say together, and what one of them says alone.
BOTH, ONE = 0.9995, 0.995


@dataclass(frozen=True)
class Tick:
    """Whether a box is ticked: `state` is value, blank or unreadable, `raw` what is spelled there."""

    state: State
    raw: str
    probability: float
    reasons: tuple[Reason, ...]


def read_tick(evidence: Evidence) -> Tick:
    """Whether a box is ticked. Characters known for sure say so, unless something is drawn over an empty one."""
    placement = evidence.placement
    raw = "".join(dict.fromkeys(char for char in placement.spelling if char))
    glyph = _glyph_says(raw)
    pixels = _pixels_say(evidence.box)
    lost = () if min(placement.anchors) >= SEEN or placement.certain else (Reason.PLACE_UNSURE,)
    if placement.certain and glyph is not None:
        ticked = glyph or bool(pixels)
        return Tick(State.VALUE if ticked else State.BLANK, raw if ticked else "", 1.0, lost)
    if pixels is None and glyph is None:
        return Tick(State.UNREADABLE, raw, 0.0, (Reason.TICK_UNSURE, *lost))
    # Of two that contradict each other the one that saw a tick is mostly right.
    ticked = bool(glyph) or bool(pixels)
    unsure = _is_unsure(glyph, pixels, evidence.box)
    probability = BOTH if glyph is pixels else ONE
    reasons = (Reason.TICK_UNSURE, *lost) if unsure else lost
    return Tick(State.VALUE if ticked else State.BLANK, raw if ticked else "", probability, reasons)


def _glyph_says(raw: str) -> bool | None:
    """Whether the characters between the words are a ticked box, or an empty one; None where they tell of neither."""
    if any(char in TICKED_BOXES for char in raw):
        return True
    return False if any(char in OPEN_BOXES for char in raw) else None


def _is_unsure(glyph: bool | None, pixels: bool | None, box: BoxLook | None) -> bool:
    if glyph is None:
        return not _is_clear(box)
    # Without its frame nothing shows that a box is empty.
    return not glyph if pixels is None else glyph is not pixels


def _is_clear(box: BoxLook | None) -> bool:
    """Whether the pixels leave no doubt, though no glyph was made out: a whole frame, and much in it or nothing."""
    if box is None or box.frame is None or box.frame[1] - box.frame[0] < LEAST_CLEAR:
        return False
    return box.filled <= CLEARLY_EMPTY or box.filled >= CLEARLY_FILLED


def _pixels_say(box: BoxLook | None) -> bool | None:
    """The same by the frame and what lies within; None where no frame is seen, or too little ink to tell."""
    if box is None or box.frame is None:
        return None
    return True if box.filled >= FILLED else False if box.filled <= EMPTY else None
