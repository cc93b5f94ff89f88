"""Figures as Markdown tables, the number of cases beside every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tests.bench.figures import Accuracy, Reliability, Speed
from tests.bench.reliability import Accepted, Bin, over_budget
from tests.bench.score import Score, SlotRow

SCORE_HEADINGS = (
    *("returns", "found", "extra", "slots", "right %", "accepted", "silent", "silent / 1,000", "≤ (95 %)", "flagged %"),
    *("unreadable", "header fields", "right %", "flagged %", "silent"),
)

BIN_HEADINGS = ("slots", "claimed %", "right %", "95 % interval", "claim")


def accuracy_tables(accuracy: Accuracy) -> str:
    """Accuracy by capture and filling, by hard kind, by what stands in a slot; of pens by style, oddity, digits and ink."""
    parts = [
        "### Accuracy",
        file_table("capture, filling", accuracy.by_kind),
    ]
    if accuracy.by_modifier:
        parts += ["### By hard kind (they overlap)", file_table("kind", accuracy.by_modifier)]
    parts += ["### By what stands in the slot (they overlap)", slot_table("content", accuracy.by_content)]
    for title, heading, scores in (
        ("### Pens, by style", "style", accuracy.by_hand),
        ("### Pens, by what is odd about the slot", "oddity", accuracy.by_oddity),
        ("### Pens, by the digits of the count", "digits", accuracy.by_digits),
        ("### Pens, by what the capture has left of them", "ink", accuracy.by_legibility),
    ):
        if scores:
            parts += [title, slot_table(heading, scores)]
    return "\n\n".join(parts)


def file_table(heading: str, scores: Mapping[str, Score]) -> str:
    """Scores of files: returns, slots and header fields."""
    return _markdown((heading, *SCORE_HEADINGS), [_score(name, score) for name, score in scores.items()])


def slot_table(heading: str, scores: Mapping[str, Score]) -> str:
    """Scores of slots, not of files: without returns and header fields."""
    return _markdown(
        (heading, *SCORE_HEADINGS[3:11]), [[name, *_score(name, score)[4:12]] for name, score in scores.items()]
    )


def reliability_tables(reliability: Reliability, budget: Fraction) -> str:
    """Claims against outcomes; whether accepted slots keep the budget in every decile; risk against coverage."""
    claimed = sum(item.n for item in reliability.edges)
    unclaimed = reliability.total - claimed
    edges = [[f"{item.low:g}–{item.high:g}", *_bin(item)] for item in reliability.edges]
    return "\n\n".join(
        [
            "### Reliability of the claimed confidence, fixed edges",
            f"{claimed} slots read as a value or blank, flagged or not; {unclaimed} of {reliability.total} claim nothing.",
            _markdown(("confidence", *BIN_HEADINGS), edges),
            "### Reliability, deciles of slots (equal confidences stay together)",
            _markdown(("decile", "confidence", *BIN_HEADINGS), _deciles(reliability.deciles), left=2),
            f"### Accepted slots by decile of confidence, budget {_share(budget)}",
            _markdown(("decile", "confidence", *BIN_HEADINGS), _deciles(reliability.accepted), left=2),
            _budget_line(reliability.accepted, budget),
            "### Risk against coverage, by confidence alone",
            _markdown(
                ("coverage wanted", "accepted", "coverage %", "threshold", "errors", "errors / 1,000", "≤ (95 %)"),
                [[f"{100 * share:g} %", *_accepted(accepted)] for share, accepted in reliability.coverages],
            ),
            "### What a budget buys, by confidence alone",
            _markdown(
                ("budget", "chosen by", "accepted", "coverage %", "threshold", "errors", "errors / 1,000", "≤ (95 %)"),
                [
                    [_share(share), how, *_accepted(accepted)]
                    for how, found in (("claims", reliability.believed), ("hindsight", reliability.hindsight))
                    for share, accepted in found
                ],
                left=2,
            ),
        ]
    )


def speed_tables(speed: Speed, threads: int) -> str:
    """Seconds a return, stages' shares, peak memory, and ratios against rivals."""
    times = [
        [name, f"{t.returns}", f"{t.wall:.2f}", f"{t.cpu:.2f}", f"{t.floor:.2f}", f"{t.wall / max(t.floor, 1e-9):.1f} ×"]
        for name, t in speed.by_capture.items()
    ]
    groups = [name for name in ("scans", "all") if name in speed.by_capture] or list(speed.by_capture)
    stages = [
        [stage, *(cell for name in groups for cell in _stage(speed, name, stage))]
        for stage in speed.by_capture[groups[-1]].stages
    ]
    headings = [
        f"{what}, {name} (n = {speed.by_capture[name].returns})" for name in groups for what in ("s / return", "share")
    ]
    peaks = ", ".join(f"{name} {peak:.0f} MiB" for name, peak in speed.peaks.items() if peak is not None)
    parts = [
        f"### Time: one process, {threads} threads, load of the machine before the run {speed.load:.1f}",
        _markdown(("capture", "returns", "s / return", "core-s / return", "floor s", "over the floor"), times),
        "### Where the time goes",
        _markdown(("stage", *headings), stages),
        f"Peak memory of a process: {peaks or 'unknown on this system'}.",
    ]
    if speed.ratios:
        rivals = (
            *("returns", "ours s", "its s", "ratio", "core-s ratio", "lowest", "median", "highest"),
            *("slots", "its right %", "ours", "its silent / 1,000", "ours"),
        )
        parts += ["### Rivals on the same files, read in turns", _markdown(("rival", *rivals), _ratios(speed))]
    return "\n\n".join(parts)


def miss_lines(rows: Sequence[SlotRow], most: int) -> str:
    """Wrong slots, silent ones and the surest of them first."""
    lines = []
    for row in worst_first(rows)[:most]:
        truth = f"{row.truth.state} {row.truth.value} {row.truth.raw!r}" if row.truth else "not on paper"
        read = f"{row.read.state} {row.read.value} {row.read.raw!r} {row.read.confidence}" if row.read else "not listed"
        lines.append(f"{'SILENT ' if row.silent else 'flagged'} {row.file} {row.path}: {truth} read as {read}")
    return "\n".join(lines)


def worst_first(rows: Sequence[SlotRow]) -> list[SlotRow]:
    """Wrong slots: silent before flagged, sure before doubtful."""
    return sorted((row for row in rows if not row.right), key=lambda row: (row.flagged, -(row.confidence or 0.0)))


def _score(name: str, score: Score) -> list[str]:
    return [
        name,
        str(score.returns),
        str(score.found),
        str(score.extra),
        str(score.slots),
        _percent(score.right, score.slots),
        str(score.accepted),
        str(score.silent),
        f"{score.silent_per_1000:.2f}",
        f"{score.silent_bound:.2f}" if score.accepted else "–",
        _percent(score.flagged, score.slots),
        str(score.unreadable),
        str(score.headers),
        _percent(score.headers_right, score.headers),
        _percent(score.headers_flagged, score.headers),
        str(score.headers_silent),
    ]


def _bin(item: Bin) -> list[str]:
    low, high = item.interval
    interval = f"{100 * low:.2f}–{100 * high:.2f}"
    return [str(item.n), f"{100 * item.claimed:.2f}", f"{100 * item.observed:.2f}", interval, item.verdict]


def _deciles(bins: Sequence[Bin]) -> list[list[str]]:
    return [[str(place), f"{item.low:.4f}–{item.high:.4f}", *_bin(item)] for place, item in enumerate(bins, 1)]


def _budget_line(bins: Sequence[Bin], budget: Fraction) -> str:
    above, surely = over_budget(bins, budget)
    if not above:
        return f"Observed error within the budget in every decile ({len(bins)} of {len(bins)})."
    # One error in a hundred slots is above any budget; only the interval tells bad luck from a broken promise.
    return (
        f"Observed error within the budget in {len(bins) - len(above)} of {len(bins)} deciles; "
        f"above it beyond chance (95 %) in {len(surely)}."
    )


def _accepted(accepted: Accepted | None) -> list[str]:
    if accepted is None:
        return ["0", "–", "–", "–", "–", "–"]
    return [
        str(accepted.n),
        f"{100 * accepted.coverage:.1f}",
        f"{accepted.threshold:.4f}",
        str(accepted.errors),
        f"{1000 * accepted.error:.2f}",
        f"{1000 * accepted.bound:.2f}",
    ]


def _stage(speed: Speed, name: str, stage: str) -> tuple[str, str]:
    times = speed.by_capture[name]
    seconds = times.stages.get(stage, 0.0)
    return f"{seconds:.3f}", f"{100 * seconds / max(times.wall, 1e-9):.1f} %"


def _ratios(speed: Speed) -> list[list[str]]:
    return [
        [
            name,
            str(ratio.returns),
            f"{ratio.ours:.2f}",
            f"{ratio.rival:.2f}",
            f"{ratio.times:.1f} ×",
            f"{ratio.cpu_times:.1f} ×",
            f"{ratio.lowest:.1f}",
            f"{ratio.middle:.1f}",
            f"{ratio.highest:.1f}",
            str(ratio.ours_score.slots),
            _percent(ratio.rival_score.right, ratio.rival_score.slots),
            _percent(ratio.ours_score.right, ratio.ours_score.slots),
            f"{ratio.rival_score.silent_per_1000:.1f}",
            f"{ratio.ours_score.silent_per_1000:.1f}",
        ]
        for name, ratio in speed.ratios.items()
    ]


def _share(budget: Fraction) -> str:
    return f"{budget.numerator}/{budget.denominator:,}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "–"


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table; the first `left` columns hold words, the others figures."""
    marks = ["---"] * left + ["--:"] * (len(headings) - left)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (headings, marks, *rows))
