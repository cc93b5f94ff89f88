"""What a unit types into an office program, and how: clauses with their slots, a whole return of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.form import EMPTY_BOX, Mark

if TYPE_CHECKING:
    from samples.typed_grid import Grid

TICK = "√"
"""The tick that is typed beside its box or in its place."""


@dataclass(frozen=True)
class Clause:
    """A slot with the words printed around it: `raw` is what is written, None where nobody wrote."""

    before: str
    raw: str | None
    after: str
    words: bool
    mark: Mark = Mark.PARENTHESES


@dataclass(frozen=True)
class TypedReturn:
    """What a unit types: title, fields by label, column headings, by row a heading and its clauses, once or more often.

    A table that is more than two columns of words is a `grid`, and its rows are there.
    """

    title: str
    fields: tuple[tuple[str, str | None], ...]
    columns: tuple[str, str]
    rows: tuple[tuple[str, tuple[tuple[Clause, ...], ...]], ...]
    grid: Grid | None = None


@dataclass(frozen=True)
class Manner:
    """How a unit types: `half` parentheses, what it leaves in a blank slot and around a value, colons behind labels.

    `underlined` units have gaps with a line beneath instead of parentheses. `boxes` are characters (char), signs of a
    font of signs (symbol) or controls to click at (control); a √ stands `beside` its box or in its place.
    """

    half: bool = False
    gap: str = ""
    pad: str = ""
    colon: str = "："
    underlined: bool = False
    boxes: str = "char"
    beside: bool = False

    def lined(self, clause: Clause) -> bool:
        """Whether a clause's slot is a gap with a line beneath."""
        return clause.mark is Mark.LINE or (self.underlined and clause.mark is Mark.PARENTHESES)

    def text(self, clause: Clause) -> str:
        """A clause in one piece; a gap with a line beneath is typed with underscores."""
        return f"{clause.before}{''.join(self.parts(clause))}{clause.after}"

    def parts(self, clause: Clause) -> tuple[str, str, str]:
        """What stands left of the value, the value or what is left blank, and what stands right of it."""
        inside = f"{self.pad}{clause.raw}{self.pad}" if clause.raw is not None else self.gap
        if self.lined(clause):
            return "__", clause.raw or "_", "__"
        if clause.mark is Mark.BOX:
            return EMPTY_BOX if clause.raw == TICK and self.beside else "", clause.raw or EMPTY_BOX, ""
        return ("(", inside, ")") if self.half else ("（", inside, "）")


def clauses_text(clauses: Sequence[Clause], manner: Manner) -> str:
    """A sentence in one piece."""
    return "".join(manner.text(clause) for clause in clauses)
