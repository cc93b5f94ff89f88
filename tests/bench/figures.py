"""What was measured, put together: the one value that tables are printed from and that is saved as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from samples.truth import Truth
from schemas.flow import State
from tests.bench.clock import STAGES
from tests.bench.reliability import (
    BUDGETS,
    COVERAGES,
    Accepted,
    Bin,
    accept_by_claims,
    accept_coverage,
    accept_in_hindsight,
    bin_by_deciles,
    bin_by_edges,
    rows_to_claims,
)
from tests.bench.runs import DIGITAL, Beside, Timing
from tests.bench.score import BLANK, TYPED, FileScore, Score, SlotRow, count_files, count_slots, score_slots


@dataclass(frozen=True)
class Accuracy:
    """Scores by label: of captures and fillings and all, of hard kinds (which overlap), of what stands in a slot.

    The last four are of returns that a pen filled: by its style, by what is odd about a slot, by a count's digits, by
    whether the capture has left enough of it for anybody to read.
    """

    by_kind: Mapping[str, Score]
    by_modifier: Mapping[str, Score]
    by_content: Mapping[str, Score]
    by_hand: Mapping[str, Score]
    by_oddity: Mapping[str, Score]
    by_digits: Mapping[str, Score]
    by_legibility: Mapping[str, Score]


@dataclass(frozen=True)
class Reliability:
    """Claims against outcomes; `accepted` are deciles of the slots that the pipeline accepted."""

    total: int
    deciles: Sequence[Bin]
    edges: Sequence[Bin]
    accepted: Sequence[Bin]
    coverages: Sequence[tuple[float, Accepted | None]]
    believed: Sequence[tuple[Fraction, Accepted | None]]
    hindsight: Sequence[tuple[Fraction, Accepted | None]]


@dataclass(frozen=True)
class Times:
    """Mean seconds a return of ours: by the wall, on all cores together, of the floor, and by stage."""

    returns: int
    wall: float
    cpu: float
    floor: float
    stages: Mapping[str, float]


@dataclass(frozen=True)
class Ratio:
    """A rival against ours on exactly the same files; `times` is rival's time over ours, `cpu_times` on all cores."""

    returns: int
    ours: float
    rival: float
    times: float
    cpu_times: float
    lowest: float
    middle: float
    highest: float
    ours_score: Score
    rival_score: Score


@dataclass(frozen=True)
class Speed:
    """Times by capture and over all, ratios by rival, peaks of memory in MiB by process, and what each file took."""

    by_capture: Mapping[str, Times]
    ratios: Mapping[str, Ratio]
    peaks: Mapping[str, float | None]
    load: float
    files: Mapping[str, Mapping[str, Timing]]


def measure_accuracy(files: Sequence[FileScore]) -> Accuracy:
    """Scores in groups; the last of `by_kind` is all."""
    kinds = dict.fromkeys((file.capture, file.filling) for file in files)
    by_kind = {" ".join(kind): count_files(f for f in files if (f.capture, f.filling) == kind) for kind in kinds}
    modifiers = sorted({modifier for file in files for modifier in file.modifiers})
    by_modifier = {name: count_files(file for file in files if name in file.modifiers) for name in modifiers}
    plain = [file for file in files if not file.modifiers]
    if modifiers and plain:
        by_modifier["none of them"] = count_files(plain)
    rows = rows_of(files)
    by_content = {name: count_slots(filter(holds, rows)) for name, holds in CONTENTS.items() if any(map(holds, rows))}
    pen = [row for row in rows if row.filling != TYPED and row.truth is not None]
    return Accuracy(
        {**by_kind, "all": count_files(files)},
        by_modifier,
        by_content,
        _count_by(pen, lambda row: row.hand or "no style"),
        _count_by(pen, lambda row: row.oddity or "nothing odd"),
        _count_by((row for row in pen if row.digits), lambda row: row.digits),
        _count_by(pen, lambda row: "illegible" if row.illegible else "legible"),
    )


def measure_reliability(rows: Sequence[SlotRow]) -> Reliability:
    """Calibration and risk against coverage."""
    claims, total = rows_to_claims(rows), max(len(rows), 1)
    return Reliability(
        len(rows),
        bin_by_deciles(claims),
        bin_by_edges(claims),
        bin_by_deciles(rows_to_claims([row for row in rows if row.accepted])),
        [(share, accept_coverage(claims, total, share)) for share in COVERAGES],
        [(budget, accept_by_claims(claims, total, budget)) for budget in BUDGETS],
        [(budget, accept_in_hindsight(claims, total, budget)) for budget in BUDGETS],
    )


def measure_speed(read: Sequence[tuple[Truth, Beside]], scores: Mapping[str, FileScore], load: float) -> Speed:
    """Times and ratios from files that all have read; `scores` are ours by file, `load` the machine's before the run."""
    captures = dict.fromkeys(truth.capture for truth, _ in read)
    groups = {capture: [beside for truth, beside in read if truth.capture == capture] for capture in captures}
    if len(groups) > 1:
        if DIGITAL in groups:
            groups["scans"] = [beside for truth, beside in read if truth.capture != DIGITAL]
        groups["all"] = [beside for _, beside in read]
    ratios = {}
    for name in dict.fromkeys(name for _, beside in read for name in beside.rivals):
        asked = [(truth, beside) for truth, beside in read if name in beside.rivals]
        scans = [(truth, beside) for truth, beside in asked if truth.capture != DIGITAL]
        ratios[name] = _ratio(name, asked, scores)
        if 0 < len(scans) < len(asked):
            ratios[f"{name}, scans"] = _ratio(name, scans, scores)
    peaks = {
        "kuohao": _peak(beside.ours.timing for _, beside in read),
        "rivals": _peak(timing for _, beside in read for _, timing in beside.rivals.values()),
    }
    files = {truth.file: _timings(beside) for truth, beside in read}
    return Speed({name: _times(group) for name, group in groups.items()}, ratios, peaks, load, files)


def rows_of(files: Iterable[FileScore]) -> list[SlotRow]:
    """All slots of all files."""
    return [row for file in files for row in file.slots]


def to_plain(value: Any) -> Any:
    """Figures as JSON takes them: dataclasses as objects with their properties, fractions as numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        names += [name for name, member in vars(type(value)).items() if isinstance(member, property)]
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return float(value) if isinstance(value, Fraction) else value


def _count_by(rows: Iterable[SlotRow], label: Callable[[SlotRow], str]) -> dict[str, Score]:
    """Scores by a label, in its order; blank comes before digits."""
    groups: dict[str, list[SlotRow]] = {}
    for row in rows:
        groups.setdefault(label(row), []).append(row)
    return {name: count_slots(groups[name]) for name in sorted(groups, key=lambda name: (name != BLANK, name))}


def _timings(beside: Beside) -> dict[str, Timing]:
    rivals = {name: timing for name, (_, timing) in beside.rivals.items()}
    return {"kuohao": beside.ours.timing, "floor": beside.floor, **rivals}


def _times(group: Sequence[Beside]) -> Times:
    n = max(len(group), 1)
    timings = [beside.ours.timing for beside in group]
    order = dict.fromkeys((*STAGES, *(name for timing in timings for name in timing.stages)))
    return Times(
        len(group),
        sum(timing.wall for timing in timings) / n,
        sum(timing.cpu for timing in timings) / n,
        sum(beside.floor.wall for beside in group) / n,
        {name: sum(timing.stages.get(name, 0.0) for timing in timings) / n for name in order},
    )


def _ratio(name: str, read: Sequence[tuple[Truth, Beside]], scores: Mapping[str, FileScore]) -> Ratio:
    ours = [beside.ours.timing for _, beside in read]
    theirs = [beside.rivals[name][1] for _, beside in read]
    each = [their.wall / our.wall for our, their in zip(ours, theirs, strict=True)]
    wall, rival = sum(timing.wall for timing in ours), sum(timing.wall for timing in theirs)
    return Ratio(
        len(read),
        wall / len(read),
        rival / len(read),
        rival / wall,
        sum(timing.cpu for timing in theirs) / max(sum(timing.cpu for timing in ours), 1e-9),
        min(each),
        median(each),
        max(each),
        count_slots(row for truth, _ in read for row in scores[truth.file].slots),
        count_slots(row for truth, beside in read for row in score_slots(truth, beside.rivals[name][0])),
    )


def _peak(timings: Iterable[Timing]) -> float | None:
    peaks = [timing.peak for timing in timings if timing.peak is not None]
    return max(peaks, default=None)


CONTENTS: Mapping[str, Callable[[SlotRow], bool]] = {
    "blank": lambda row: row.truth is not None and row.truth.state is State.BLANK,
    "count": lambda row: row.truth is not None and isinstance(row.truth.value, int),
    "words": lambda row: row.truth is not None and isinstance(row.truth.value, str),
    "unreadable": lambda row: row.truth is not None and row.truth.state is State.UNREADABLE,
    "under a seal": lambda row: row.truth is not None and row.truth.sealed,
    "struck out": lambda row: row.truth is not None and row.truth.struck,
    "not on paper": lambda row: row.truth is None,
}
"""What stands in a slot; the groups overlap."""
