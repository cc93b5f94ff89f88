"""Whole pages as lines of text, for documents that are read by their words and not by the cells of a form."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.flow import Box


@dataclass(frozen=True)
class TextLine:
    """One line of text as it stands on a page, or a paragraph of a file that was never on paper.

    `probs` tells for each character of `text` how sure it is, 0 to 1. `boxes` holds for each where it stands, as fractions
    of the page as it came in; empty for what was never on paper. `frame` is the line in pixels of the page made upright,
    `red` marks red print, `tabled` what stands within a ruled cell, `sealed` what a seal may lie on.
    """

    page: int
    text: str
    probs: tuple[float, ...]
    boxes: tuple[Box, ...] = ()
    frame: Box = (0.0, 0.0, 0.0, 0.0)
    red: bool = False
    tabled: bool = False
    sealed: bool = False


@dataclass(frozen=True)
class TextPage:
    """A page's lines in no certain order, its size when made upright, and the top of its ruled table, if it has one.

    `turn` is by how many quarters clockwise the page as it came in has to be turned to stand upright.
    """

    number: int
    size: tuple[int, int]
    lines: tuple[TextLine, ...]
    table_top: float | None = None
    turn: int = 0
