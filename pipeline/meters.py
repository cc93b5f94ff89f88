"""What a process measures of its own work, for Prometheus: how long, how often, with what outcome. No names, no values."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Bounds of the histograms' buckets: judging takes milliseconds, a return under a second, a stack of forty pages half a
minute."""


@dataclass(frozen=True, eq=False)
class Meters:
    """The meters of one process. `seconds` are by stage: `read` from handing a source over to its result, `store` by the
    database, and what `read` is made of in the worker, by its stages' own names (`pipeline.stages`).

    `sources` are by outcome: done, failed, put_off, died, lost (to another process). `slots` are by whether they were
    flagged, which gives the flagged share of what was read lately.
    """

    registry: CollectorRegistry
    seconds: Histogram
    sources: Counter
    slots: Counter


def make_meters() -> Meters:
    """Meters that begin at nought."""
    registry = CollectorRegistry()
    return Meters(
        registry,
        Histogram("kuohao_stage_seconds", "Time a source takes in a stage.", ("stage",), registry=registry, buckets=SECONDS),
        Counter("kuohao_sources", "Sources that came to an end, by outcome.", ("outcome",), registry=registry),
        Counter("kuohao_slots", "Slots read, by whether a person must look.", ("flagged",), registry=registry),
    )
