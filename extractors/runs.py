"""Runs of text with their marks, as office programs keep them, to plain lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from schemas.typed import STRUCK, UNKNOWN

NUMBER = re.compile(r"\s*[0-9０-９][0-9０-９,，]*\s*")

# What is neither seen nor space: joiners, direction marks, soft hyphens; and our own signs, which no file may bring along.
UNSEEN = re.compile(f"[{STRUCK}{UNKNOWN}]")


class Run(NamedTuple):
    """Some text, and whether it is underlined or struck through. A line feed ends its line."""

    text: str
    underlined: bool = False
    struck: bool = False


def runs_to_lines(runs: Iterable[Run]) -> tuple[str, ...]:
    """The lines that runs make; empty ones are left out.

    Spaces with a line beneath become underscores, and so do the ends of a number that has one: such a gap stands for
    parentheses. What is struck through becomes the sign STRUCK.
    """
    parts = []
    for underlined, group in groupby(runs, key=lambda run: run.underlined):
        text = "".join(_shown(run) for run in group)
        parts.append(_gap(text) if underlined else text)
    lines = "".join(parts).splitlines()
    return tuple(line for line in (line.strip() for line in lines) if line)


def visible(text: str) -> str:
    """Text without what nobody sees."""
    return "".join(char for char in UNSEEN.sub("", text) if unicodedata.category(char) != "Cf")


def _shown(run: Run) -> str:
    if run.struck:
        return STRUCK if run.text.strip() else run.text
    return run.text


def _gap(text: str) -> str:
    """An underlined stretch: a gap to fill in, or printed words that somebody has underlined."""
    if NUMBER.fullmatch(text):
        return f"_{text.strip()}_"
    inner = text.strip(" \t\u3000\xa0\u2002\u2003")
    left = len(text) - len(text.lstrip(" \t\u3000\xa0\u2002\u2003"))
    right = len(text) - left - len(inner)
    if not inner:
        return "_" * len(text)
    return "_" * left + inner + "_" * right
