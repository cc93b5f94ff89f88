"""A batch of 300 returns on a cluster, with its workers killed and its database restarted on the way."""

from __future__ import annotations

from pathlib import Path

from tests.cluster_kills import Plan, prove
from tests.postgres import Server


def test_300_returns_are_read_once_and_alike_everywhere(tmp_path: Path, postgres: Server) -> None:
    """Two workers killed, PostgreSQL restarted: nothing lost or repeated, and the tables of undisturbed executors."""
    report = prove(tmp_path, postgres, Plan(files=300, scans=2))
    assert report.faults == ()
    assert sum(report.states.values()) == 300
    assert report.died >= 2
    assert report.compared > 100_000
