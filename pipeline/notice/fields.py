"""Passages to fields: how sure is sure, and what a person should look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pipeline.notice.passages import Passage
from schemas.notice import FieldReason, FieldState, NoticeField

Kind = TypeVar("Kind", bound=NoticeField)

REVIEW_BELOW = 0.9
"""Confidence below which a field goes to a person."""

USUAL = 0.95
"""How well a rule must fit for its field to pass as written in the usual way."""


def found(
    kind: type[Kind], passage: Passage, value: str, *, fit: float, reasons: Sequence[FieldReason] = (), **more: Any
) -> Kind:
    """A field that was found: `fit` is the probability that the rule has taken the right words, all rightly read.

    `reasons` are given where something is odd about it whatever its confidence, so that a person looks.
    """
    confidence = min(max(passage.certainty * fit, 0.0), 1.0)
    told = list(reasons)
    if fit < USUAL and FieldReason.UNUSUAL not in told and confidence < REVIEW_BELOW:
        told.append(FieldReason.UNUSUAL)
    if confidence < REVIEW_BELOW and passage.certainty < USUAL:
        told.append(FieldReason.SEAL if passage.sealed else FieldReason.LOW_CONFIDENCE)
    return kind(
        value=value,
        raw=passage.text,
        state=FieldState.FOUND,
        confidence=round(confidence, 4),
        review=bool(told) or confidence < REVIEW_BELOW,
        reasons=tuple(dict.fromkeys(told)),
        page=passage.page,
        box=_rounded(passage),
        **more,
    )


def missing(kind: type[Kind], *, expected: bool) -> Kind:
    """A field that was not found; a person looks where every notice has it."""
    return kind(review=expected, reasons=(FieldReason.NOT_FOUND,) if expected else ())


def _rounded(passage: Passage) -> tuple[float, float, float, float] | None:
    box = passage.box
    return None if box is None else (round(box[0], 5), round(box[1], 5), round(box[2], 5), round(box[3], 5))
