"""What pages say: Chinese as it stands in templates and code, English from the tables in texts/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

CHINESE, ENGLISH = "zh", "en"

LANGUAGES = (CHINESE, ENGLISH)

TABLES = Path(__file__).parent / "texts"


def translate(lang: str, text: str, /, **values: object) -> str:
    """A Chinese text in the reader's language, its `{places}` filled in; Chinese where no English is known."""
    told = english().get(text, text) if lang == ENGLISH else text
    return told.format(**values) if values else told


@cache
def english() -> Mapping[str, str]:
    """English by Chinese, of all tables."""
    texts: dict[str, str] = {}
    for table in sorted(TABLES.glob("*.json")):
        texts.update(json.loads(table.read_text(encoding="utf-8")))
    return texts
