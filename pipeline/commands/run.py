"""A folder of returns to tables and pictures, once over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.collection.export import ReadFile, write_failed, write_returns, write_review, write_slots
from pipeline.judging.judge import ErrorBudget
from pipeline.office.inbox import list_inbox
from pipeline.reading.read import FileRead
from pipeline.reading.rules import judge_across
from pipeline.reading.work import Drawing, Job, draw_all, read_all
from pipeline.stages import Spent, Stage, add_up
from schemas.errors import ConfigError, KuohaoError
from schemas.form import Form


@dataclass(frozen=True)
class Summary:
    """What a run made: returns, files that failed with their reasons, files left alone, flagged and all slots.

    `seconds` are by stage of reading, all workers' together.
    """

    returns: int
    clear: int
    slots: int
    flagged: int
    failed: dict[str, KuohaoError]
    left_alone: int
    seconds: Mapping[Stage, float]


Progress = Callable[[str, int, int], None]
"""Told after each file: what is done ("read" or "draw"), how many are, of how many."""


def run(
    inbox: Path,
    output: Path,
    *,
    form: Form,
    budget: ErrorBudget,
    roster: Sequence[str] = (),
    workers: int = 0,
    chinese: bool = True,
    progress: Progress = lambda stage, done, total: None,
) -> Summary:
    """Read every file of a folder and write the tables; originals stay where and as they are.

    Raises ConfigError where the folder is not there or the output cannot be written, before anything is read.
    """
    paths, left_alone = list_inbox(inbox)
    _prepare(output, inbox)
    jobs = [Job(path, form, budget, tuple(roster)) for path in paths]
    reads: dict[Path, FileRead] = {}
    failed: dict[str, KuohaoError] = {}
    spent: list[Spent] = []
    for done, outcome in enumerate(read_all(jobs, workers=workers), 1):
        spent.append(outcome.spent)
        if outcome.read is not None:
            reads[outcome.path] = outcome.read
        elif outcome.error is not None:
            failed[_name(outcome.path, inbox)] = outcome.error
        progress("read", done, len(jobs))
    reads = _compare(dict(sorted(reads.items())))
    drawings = [
        Drawing(path, found, output / "overlays" / _name(path, inbox), output / "crops" / _name(path, inbox))
        for path, found in reads.items()
        # What was never on paper has no pages to draw.
        if any(reading.pages for reading in found.readings)
    ]
    crops: dict[Path, dict[str, Path]] = {}
    for done, (path, cut) in enumerate(draw_all(drawings, workers=workers), 1):
        crops[path] = cut
        progress("draw", done, len(drawings))
    files = [ReadFile(_name(path, inbox), found.readings, crops.get(path, {})) for path, found in reads.items()]
    write_returns(output / "returns.csv", files, form)
    write_slots(output / "slots.csv", files, form)
    write_review(output / "review.csv", files, form)
    failed = dict(sorted(failed.items()))
    write_failed(output / "failed.csv", {name: error.told(chinese=chinese) for name, error in failed.items()})
    return _summary(files, failed, left_alone, add_up(spent))


def _prepare(output: Path, inbox: Path) -> None:
    """The output folder, made and found writable; it must not lie where it would be read as an inbox."""
    if output.resolve().is_relative_to(inbox.resolve()):
        raise ConfigError(f"--output {output} ⊂ --inbox {inbox}")
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = output / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"--output {output}: {error.strerror}") from error


def _name(path: Path, inbox: Path) -> str:
    return path.relative_to(inbox).as_posix()


def _compare(reads: dict[Path, FileRead]) -> dict[Path, FileRead]:
    """The same files with numbers flagged that are out of line with the other returns'."""
    compared = iter(judge_across([reading for found in reads.values() for reading in found.readings]))
    return {path: replace(found, readings=tuple(next(compared) for _ in found.readings)) for path, found in reads.items()}


def _summary(
    files: Sequence[ReadFile], failed: dict[str, KuohaoError], left_alone: int, seconds: Mapping[Stage, float]
) -> Summary:
    readings = [reading for file in files for reading in file.readings]
    slots = [slot for reading in readings for slot in reading.slots]
    return Summary(
        returns=len(readings),
        clear=sum(not reading.review for reading in readings),
        slots=len(slots),
        flagged=sum(slot.review for slot in slots),
        failed=failed,
        left_alone=left_alone,
        seconds=seconds,
    )
