"""The log for machines: one JSON object a line, with what it is about in fields of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SAYS = """
import logging
from pipeline.logs import LogFormat, begin_log
begin_log(LogFormat({form!r}))
logging.getLogger("pipeline.office.reads").info("source %d: %s", 12, "done", extra={{"source": 12, "outcome": "done"}})
logging.getLogger("pipeline.office.reads").debug("not told")
"""


@pytest.fixture(params=["text", "json"])
def said(request: pytest.FixtureRequest) -> tuple[str, list[str]]:
    """The log's format, and what stands on standard error."""
    code = SAYS.format(form=request.param)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return request.param, done.stderr.splitlines()


def test_a_line_is_told_once_in_its_format(said: tuple[str, list[str]]) -> None:
    """A line for people ends with its words; one for machines has each thing under its name."""
    form, lines = said
    assert len(lines) == 1
    if form == "text":
        assert lines[0].endswith(" source 12: done")
        return
    found = json.loads(lines[0])
    assert found.pop("time")
    assert found == {
        "level": "INFO", "logger": "pipeline.office.reads", "message": "source 12: done", "source": 12, "outcome": "done",
    }  # fmt: skip
