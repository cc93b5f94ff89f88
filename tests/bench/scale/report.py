"""What was measured, as Markdown for docs/scale.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.scale.busy import PARTS


def workers_table(figures: Mapping[str, Any]) -> str:
    """A line for each number of workers."""
    head = ("workers", "runs", "returns an hour", "least to most", "gain", "efficiency", *(f"{part}, ms" for part in PARTS))
    rows = [
        (
            f"{pace['workers']}",
            f"{pace['runs']}",
            f"{pace['per_hour']:,.0f}",
            f"{pace['least']:,.0f} to {pace['most']:,.0f}",
            f"{pace['gain']:.2f} x",
            f"{100 * pace['efficiency']:.0f} %",
            *(f"{1000 * pace['busy'][part]:.0f}" for part in PARTS),
        )
        for pace in figures["paces"]
    ]
    memory = max(pace["memory"] for pace in figures["paces"])
    load = max(run["load"] for run in figures["runs"])
    told = (
        f"{figures['pages_each']:.2f} pages and {figures['bytes_each'] / 1e6:.1f} MB a return, {figures['roster']} units"
        f" asked. Milliseconds are of processor, a return. A worker holds {memory:.0f} MiB at most. Load before a run:"
        f" {load:.1f} at most."
    )
    return f"{table(head, rows)}\n\n{told}"


def store_table(stored: Sequence[Mapping[str, Any]]) -> str:
    """A line for each question, a column for each number of stored returns: by the clock, and by the processor."""
    head = ("milliseconds: median, processor", *(f"{one['returns']:,}" for one in stored))
    by_name = [{took["what"]: took for took in one["took"]} for one in stored]
    rows = [
        (name, *(f"{took[name]['median']:,.1f}, {took[name]['busy']:,.1f}" if name in took else "" for took in by_name))
        for name in by_name[0]
    ]
    rows += [
        ("collections, of so many at most", *(f"{one['collections']}, {one['largest']:,}" for one in stored)),
        ("bytes a return", *(f"{one['bytes_each']:,.0f}" for one in stored)),
        ("seconds to fill", *(f"{one['fill_seconds']:,.0f}" for one in stored)),
    ]
    return table(head, rows)


def day_lines(day: Mapping[str, Any]) -> list[str]:
    """What came of the day, a line each."""
    each = max(day["returns"], 1)
    parts = ", ".join(f"{part} {1000 * seconds / each:.1f} ms" for part, seconds in day["busy"].items())
    return [
        f"- {day['returns']:,} returns in {day['span']:.0f} s, a day of ten hours at {day['speed']:.0f} x; busiest hour"
        f" {day['busiest_per_second']:.0f} a second; reading simulated, {1000 * day['service'] / day['speed']:.1f} ms each,"
        f" by {day['workers']} workers.",
        f"- {day['kills']} kills, {day['died']} returns under way in a killed worker: done {day['done']:,}, twice"
        f" {day['twice']}, lost {day['lost']}.",
        f"- All read after {day['seconds']:.0f} s, {day['per_second']:.1f} a second; longest wait"
        f" {day['longest_wait']:.1f} s, usual {day['usual_wait']:.2f} s.",
        f"- Storing took {1000 * day['store'] / each:.1f} ms a return by the clock. Processor a return: {parts}."
        f" Load before: {day['load']:.1f}.",
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, numbers to the right."""
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
