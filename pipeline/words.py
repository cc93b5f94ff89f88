"""Messages, Chinese or English, as the person has set it."""

from __future__ import annotations

import locale
import os


def speaks_chinese() -> bool:
    """Whether messages are Chinese: by locale, as the person set it."""
    name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    name = name or locale.getlocale()[0] or ""
    return name.lower().startswith(("zh", "chinese"))


def pick(chinese: str, english: str) -> str:
    """The one of two texts that the person reads."""
    return chinese if speaks_chinese() else english
