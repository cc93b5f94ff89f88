"""What stays of a run: figures as JSON with where they come from, and a row a slot as CSV."""

from __future__ import annotations

import csv
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.figures import to_plain
from tests.bench.score import SlotRow

COLUMNS = (
    *("file", "capture", "filling", "hard", "path", "truth_state", "truth_value", "truth_raw", "read_state", "read_value"),
    *("read_raw", "confidence", "review", "reasons", "right", "page", "sealed", "struck", "hand", "oddity", "digits"),
    "illegible",
)


def origin_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Where figures come from: command, commit and what was changed since, time, machine and options.

    To be asked before anything is read: in a tree that somebody works in, the code may be another afterwards.
    """
    return {
        "command": shlex.join(("python", "-m", "tests.bench.bench", *sys.argv[1:])),
        "commit": _git("rev-parse", "HEAD"),
        "changed_files": (_git("status", "--porcelain") or "").splitlines(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()},
        "options": {key: str(value) if isinstance(value, Path) else value for key, value in options.items()},
    }


def write_figures(path: Path, origin: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """Save all figures with their origin, so that a printed one can be traced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"origin": origin, **to_plain(figures)}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def write_slots(path: Path, rows: Sequence[SlotRow]) -> None:
    """Save a row a slot; Excel reads UTF-8 by its mark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row) for row in rows)


def _cells(row: SlotRow) -> tuple[object, ...]:
    truth, read = row.truth, row.read
    return (
        *(row.file, row.capture, row.filling, " ".join(row.modifiers), row.path),
        *((truth.state.value, truth.value, truth.raw) if truth else ("absent", None, None)),
        *((read.state.value, read.value, read.raw, read.confidence) if read else ("absent", None, None, None)),
        int(row.flagged),
        " ".join(reason.value for reason in read.reasons) if read else "",
        int(row.right),
        row.place[0] if row.place else None,
        *((int(truth.sealed), int(truth.struck)) if truth else (None, None)),
        *(row.hand, row.oddity, row.digits),
        int(row.illegible),
    )


def _git(*arguments: str) -> str | None:
    """What git says; None where there is no git or no repository."""
    try:
        done = subprocess.run(("git", *arguments), capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
