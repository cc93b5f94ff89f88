"""A table's rules as printers, copiers and careless hands leave them: whole, double, dotted, faint, broken, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from reportlab.pdfgen.canvas import Canvas

STYLES = ("solid", "double", "dotted", "dashed", "faint", "broken", "none")
"""What a rule looks like."""

_NEAR = 0.01
"""Points within which two edges are the same rule: two cells share it."""


@dataclass(frozen=True)
class Rules:
    """How a table is ruled.

    `missing` holds the rows that have no rule beneath them. `open_cut` leaves the rule out where a row is cut by the page
    end. `seed` decides the rest: where rules are broken, how faint they are.
    """

    style: str = "solid"
    left: bool = True
    right: bool = True
    missing: frozenset[int] = frozenset()
    open_cut: bool = False
    seed: int = 0


PLAIN = Rules()
"""Every rule there, and whole."""


@dataclass(frozen=True)
class Edge:
    """A straight rule in points, from the page's bottom left as reportlab has it; left to right or bottom to top."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def level(self) -> bool:
        """Whether the rule is horizontal."""
        return self.y0 == self.y1


def unique_edges(edges: Sequence[Edge], dropped: Sequence[Edge]) -> tuple[Edge, ...]:
    """Every edge once, without those dropped."""
    kept: list[Edge] = []
    for edge in edges:
        if not any(_same(edge, other) for other in (*dropped, *kept)):
            kept.append(edge)
    return tuple(kept)


def draw_rules(canvas: Canvas, edges: Sequence[Edge], rules: Rules, width: float, *, page: int) -> None:
    """Draw a page's edges in the style of the rules, `width` points wide.

    Raises ValueError for an unknown style.
    """
    if rules.style not in STYLES:
        raise ValueError(f"no such rules: {rules.style!r}; choose from {', '.join(STYLES)}")
    if rules.style == "none":
        return
    rng = np.random.default_rng((rules.seed, page))
    # One look for the whole return, whatever the page.
    look = np.random.default_rng((rules.seed, 0))
    canvas.saveState()
    canvas.setLineWidth(width)
    if rules.style == "dotted":
        canvas.setLineCap(1)
        canvas.setDash([0.01, float(look.uniform(1.8, 3.2))])
    elif rules.style == "dashed":
        canvas.setDash([float(look.uniform(2.5, 6)), float(look.uniform(1.5, 4))])
    elif rules.style == "faint":
        canvas.setLineWidth(0.35)
        canvas.setStrokeGray(float(look.uniform(0.6, 0.84)))
    gap = float(look.uniform(1.5, 2.6))
    for edge in edges:
        for piece in _pieces(edge, rules.style, gap, rng):
            canvas.line(piece.x0, piece.y0, piece.x1, piece.y1)
    canvas.restoreState()


def _pieces(edge: Edge, style: str, gap: float, rng: np.random.Generator) -> Iterator[Edge]:
    """What is drawn for one edge: itself, two beside each other, or what gaps leave of it."""
    if style == "double":
        for side in (-gap / 2, gap / 2):
            across, down = (0.0, side) if edge.level else (side, 0.0)
            yield Edge(edge.x0 + across, edge.y0 + down, edge.x1 + across, edge.y1 + down)
    elif style == "broken":
        yield from _broken(edge, rng)
    else:
        yield edge


def _broken(edge: Edge, rng: np.random.Generator) -> Iterator[Edge]:
    """The edge with gaps of 2 to 40 points, some 100 points apart: a worn drum, a copy of a copy."""
    length = edge.x1 - edge.x0 if edge.level else edge.y1 - edge.y0
    start = 0.0
    while start < length:
        end = min(length, start + float(rng.exponential(100)))
        if end > start:
            if edge.level:
                yield Edge(edge.x0 + start, edge.y0, edge.x0 + end, edge.y0)
            else:
                yield Edge(edge.x0, edge.y0 + start, edge.x0, edge.y0 + end)
        start = end + float(min(2 + rng.exponential(9), 40))


def _same(one: Edge, other: Edge) -> bool:
    ends = ((one.x0, other.x0), (one.y0, other.y0), (one.x1, other.x1), (one.y1, other.y1))
    return all(abs(a - b) < _NEAR for a, b in ends)
