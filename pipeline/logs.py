"""What goes on, on standard error: a line for a person, or JSON for what collects it. Numbers, never names or values."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum


class LogFormat(StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


def begin_log(form: LogFormat = LogFormat.TEXT) -> None:
    """Let what goes on be seen on the terminal, in the journal, or by what collects a container's output.

    As JSON each line has `time` (UTC), `level`, `logger` and `message`, and what it is about in fields of its own. For a
    source that came to its end: `source` (its number), `documents` (its files' SHA-256), `outcome`, `files`, `pages`,
    `seconds`, `stages` (seconds by stage), `page_seconds`, and `page`, the one that could not be read, if there was one.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s") if form is LogFormat.TEXT else _json_formatter())
    logging.basicConfig(handlers=[handler])
    logging.getLogger("pipeline").setLevel(logging.INFO)


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        "%(levelname)s %(name)s %(message)s",
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
        json_ensure_ascii=False,
    )
