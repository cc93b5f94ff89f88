"""The command's way to an office's own calibration: slots from its store, the fit, HOME/calibration.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from pipeline.judging.judge import BOUNDS, CERTAIN
from pipeline.judging.office_calibration import FILE
from pipeline.office.recalibrate import LEAST_AUDITED, LEAST_REVIEWED, Fitted, Observation, fit
from pipeline.store import Store, audited, audited_slots, count_accepted, stored_returns
from pipeline.times import local_text
from pipeline.whole import write_whole
from pipeline.words import pick
from schemas.errors import TooFewSlots
from schemas.flow import State
from schemas.office import StoredReturn
from schemas.reading import Reason, SlotReading

FOR_WANT_OF_CONFIDENCE = frozenset({Reason.LOW_CONFIDENCE, Reason.SEAL})
"""Reasons of slots that would be accepted if they were claimed surer; the others are shown whatever is claimed of them."""


@dataclass(frozen=True)
class Recalibrated:
    """An office's calibration of print and of pens, how many slots its machine has accepted, who made it and when."""

    print: Fitted
    pens: Fitted
    accepted: int
    who: str
    made: datetime


def recalibrate(store: Store, *, who: str) -> Recalibrated:
    """The calibration that an office's slots make. Raises TooFewSlots with what is missing."""
    observations = [*_reviewed(stored_returns(store)), *_audited(store)]
    audits, accepted = audited(store).n, count_accepted(store)
    weight = max(accepted / audits, 1.0) if audits else 1.0
    by_pen = [one for one in observations if one.pen]
    # What was read before readings told of pens counts as print, which most of it is.
    printed = [one for one in observations if not one.pen]
    made = Recalibrated(
        print=fit(printed, weight, by_pen=False),
        pens=fit(by_pen, weight, by_pen=True),
        accepted=accepted,
        who=who,
        made=store.clock(),
    )
    if not (made.print.suffices or made.pens.suffices):
        raise TooFewSlots(_missing(max((made.print, made.pens), key=lambda one: one.reviewed + one.audited)))
    return made


def save(made: Recalibrated, home: Path) -> Path:
    """Write it where `run` and `serve` look for it when they start; the file's place."""
    path = home / FILE
    stored = {
        "made": made.made.isoformat(),
        "who": made.who,
        "accepted": made.accepted,
        "print": to_json(made.print),
        "pens": to_json(made.pens),
    }
    write_whole(path, (json.dumps(stored, ensure_ascii=False, indent=1) + "\n").encode())
    return path


def to_json(fitted: Fitted) -> dict[str, object]:
    """What was fitted, with the numbers of slots that it stands on."""
    return {
        "intercept": fitted.adjustment.intercept,
        "slope": fitted.adjustment.slope,
        "thresholds": [[one.budget, one.least] for one in fitted.thresholds],
        "shown": [one.budget for one in fitted.thresholds if one.shown],
        "reviewed": fitted.reviewed,
        "reviewed_wrong": fitted.reviewed_wrong,
        "audited": fitted.audited,
        "audited_wrong": fitted.audited_wrong,
    }


def show(made: Recalibrated, path: Path) -> None:
    """Print what came of it."""
    console = Console(soft_wrap=True, highlight=False)
    for name, fitted in ((pick("印刷", "print"), made.print), (pick("手写", "pens"), made.pens)):
        for line in _told(name, fitted):
            console.print(line, markup=False)
    by = f"{made.who}，{local_text(made.made)}"
    console.print(
        pick(f"已写入 {path}（{by}）；重新启动后生效。", f"{path} ({by}): counts from the next start."), markup=False
    )


def claim_of(slot: SlotReading) -> float | None:
    """The probability that was claimed of a slot; None where a text layer told its characters, or a finding hides it."""
    if slot.claim is not None:
        return slot.claim
    bound = min((BOUNDS.get(reason, 1.0) for reason in slot.reasons), default=1.0)
    # A reading from before claims were told: its confidence is what was claimed, unless something has lowered it.
    return slot.confidence if slot.confidence < min(bound, CERTAIN) else None


def _reviewed(returns: Sequence[StoredReturn]) -> Iterator[Observation]:
    """Slots that were flagged for want of confidence, and what people found in them."""
    for stored in returns:
        if stored.dismissed:
            continue
        for slot in stored.reading.slots:
            said = stored.corrections.get(slot.path)
            doubtful = slot.review and FOR_WANT_OF_CONFIDENCE.issuperset(slot.reasons) and slot.state is not State.UNREADABLE
            if said is None or not doubtful or slot.path in stored.disputes or said.after[0] is State.UNREADABLE:
                continue
            claim = claim_of(slot)
            if claim is not None:
                yield Observation(claim, (slot.state, slot.value) == said.after, accepted=False, pen=slot.pen)


def _audited(store: Store) -> Iterator[Observation]:
    for one in audited_slots(store):
        claim = claim_of(one.slot)
        if claim is not None:
            yield Observation(claim, one.right, accepted=True, pen=one.slot.pen)


def _missing(fitted: Fitted) -> str:
    """What there is and what there must be."""
    return pick(
        f"已审核 {fitted.reviewed} 项，至少 {LEAST_REVIEWED} 项；已抽查 {fitted.audited} 项，至少 {LEAST_AUDITED} 项；"
        f"还差审核 {max(LEAST_REVIEWED - fitted.reviewed, 0)} 项、抽查 {max(LEAST_AUDITED - fitted.audited, 0)} 项",
        f"{fitted.reviewed} of {LEAST_REVIEWED} reviewed, {fitted.audited} of {LEAST_AUDITED} audited; "
        f"missing: {max(LEAST_REVIEWED - fitted.reviewed, 0)} and {max(LEAST_AUDITED - fitted.audited, 0)}",
    )


def _told(name: str, fitted: Fitted) -> Iterator[str]:
    """What came of a kind, line by line."""
    if not fitted.suffices:
        yield pick(f"{name}：不变（{_missing(fitted)}）", f"{name}: unchanged ({_missing(fitted)})")
        return
    line = fitted.adjustment
    reviewed, audits = (fitted.reviewed, fitted.reviewed_wrong), (fitted.audited, fitted.audited_wrong)
    yield pick(
        "{}：审核 {} 项（误 {}），抽查 {} 项（误 {}）；截距 {:+.3f}，斜率 {:.3f}",
        "{}: {} reviewed ({} wrong), {} audited ({} wrong); intercept {:+.3f}, slope {:.3f}",
    ).format(name, *reviewed, *audits, line.intercept, line.slope)
    for one in fitted.thresholds:
        wanted = pick(f"尚未证明，约需抽查 {one.wanted} 项无误", f"not shown yet: about {one.wanted} audited, none wrong")
        proof = pick("已证明", "shown") if one.shown else wanted
        yield pick("  误差预算 {:g}：置信度 ≥ {:.4f}（{}）", "  budget {:g}: from {:.4f} on ({})").format(
            one.budget, one.least, proof
        )
