"""Slots of made returns with their evidence, as a run gathers it, and whether what is decided on them is right."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from rich.progress import track

from extractors.pages import open_pages
from extractors.slots import slot_to_crop
from extractors.tesseract import read_crops
from pipeline.judging.calibration import second_to_features
from pipeline.judging.decide import decide
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.group import gather
from pipeline.reading.page import broken_off, find_tables
from pipeline.reading.readers import Readers, load_readers
from samples.capture import CAPTURES
from samples.hard import KINDS
from samples.make import make_set
from samples.styles import STYLES
from samples.truth import Truth, TruthSlot
from schemas.errors import DocumentError
from schemas.flow import Evidence, State, TableFind
from schemas.reading import SlotReading
from schemas.safety_month import SAFETY_MONTH
from tests.bench.score import is_right

# Captures that are pictures: a text layer is not calibrated.
PICTURES = (*(kind for kind in CAPTURES if kind != "digital"), "photo-strong")

# Share of a pen's count slots in which something else than a number stands.
ODD = 0.06


@dataclass(frozen=True)
class Labelled:
    """A slot's features and whether its decision was right."""

    file: str
    capture: str
    filling: str
    path: str
    kind: str
    state: str
    raw: str
    truth: str
    right: bool
    fixed: bool
    confirmable: bool
    features: Mapping[str, float]
    second: Mapping[str, float]
    glance: Labelled | None = None


@dataclass(frozen=True)
class Gaze(ErrorBudget):
    """A budget that has the recogniser look at every slot, at 2, or only at those on which a glance finds a fault, at 0."""

    glance: float = 0.0

    @property
    def glance_threshold(self) -> float:
        """From which probability on a glance suffices."""
        return self.glance


def label_all(*, seed: int, count: int, hard: int, pens: int, digits: str, workers: int) -> Iterator[Labelled]:
    """The slots of so many returns as units mostly send them, of hard ones, and of those that a pen has filled in.

    `digits` is the pens' bank of digits, as the sample maker takes it.
    """
    typed: dict[str, Any] = {"fillings": ("typed",)}
    written = {"fillings": ("digits", "digits", "font"), "digits": digits, "hands": tuple(STYLES), "odd": ODD}
    sets = (
        ("usual", count, typed),
        ("hard", hard, typed | {"hard": tuple(KINDS)}),
        ("pens", pens, written),
    )
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers) as pool:
        jobs = [
            (Path(folder) / name, truth)
            for place, (name, returns, kinds) in enumerate(sets)
            for truth in make_set(
                Path(folder) / name,
                seed=seed + place,
                count=returns,
                captures=PICTURES,
                workers=workers,
                **kinds,
            )
        ]
        for labelled in track(pool.map(_label_file, jobs), total=len(jobs), description="reading"):
            yield from labelled


def line_to_labelled(line: Mapping[str, Any]) -> Labelled:
    """A slot as `dataclasses.asdict` tells it."""
    glance = line["glance"]
    return Labelled(**{**line, "glance": glance and line_to_labelled(glance)})


@cache
def _readers() -> Readers:
    return replace(load_readers(SAFETY_MONTH, threads=1), second=None)


def _label_file(job: tuple[Path, Truth]) -> list[Labelled]:
    folder, truth = job
    try:
        # What becomes of a slot at a glance, and what when the recogniser looks.
        glanced, looked = (
            {piece.placement.path: piece for piece in _gather(folder, truth, Gaze(glance=at))} for at in (0.0, 2.0)
        )
    except DocumentError:
        return []
    slots = [slot for slot in truth.slots if slot.path in looked]
    crops = [slot_to_crop(looked[slot.path].placement) for slot in slots]
    seconds = read_crops([crop.gray for crop in crops if crop is not None])
    return [
        replace(
            _label(truth, slot, replace(looked[slot.path], second=second)),
            # What a pen wrote may not be looked at in either way: it is one slot, not two.
            glance=_label(truth, slot, glance)
            if glance is not None and not glance.placement.looked and looked[slot.path].placement.looked
            else None,
        )
        for slot, second in zip(slots, seconds, strict=True)
        for glance in (glanced.get(slot.path),)
    ]


def _gather(folder: Path, truth: Truth, budget: ErrorBudget) -> list[Evidence]:
    """The evidence on the slots that are found in a file."""
    tables: list[TableFind] = []
    for page in open_pages(folder / truth.file):
        tables += find_tables(page, SAFETY_MONTH, _readers(), budget, goes_on=broken_off(tables))
    found = gather([table for table in tables if table.items], SAFETY_MONTH)
    pieces = (piece for pieces in found[0].items.values() for piece in pieces) if found else ()
    return [piece for piece in pieces if piece.placement.line is not None]


def _label(truth: Truth, slot: TruthSlot, evidence: Evidence) -> Labelled:
    decision = decide(evidence, _readers().alphabet)
    read = SlotReading(
        path=slot.path,
        label="",
        state=decision.state,
        value=decision.value,
        raw=decision.raw,
        confidence=decision.probability,
        review=False,
    )
    return Labelled(
        truth.file,
        truth.capture,
        truth.filling,
        slot.path,
        decision.kind,
        decision.state,
        decision.raw,
        f"{slot.state} {slot.raw}",
        is_right(slot, read),
        bool(decision.reasons) or decision.state is State.UNREADABLE,
        decision.kind == "count" and decision.state is State.VALUE and decision.digits == decision.raw,
        decision.features,
        second_to_features(evidence, decision.digits),
    )
