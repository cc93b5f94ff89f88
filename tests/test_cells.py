"""Ruled tables to cells. The oracle is arithmetic: grids are drawn, so every cell and corner is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.cells import corners_of, find_cells
from extractors.lines import region_to_source
from extractors.rectify import rectify
from schemas.flow import Cell, Image, Matrix, Page

WIDTH, HEIGHT = 1131, 1600

TOLERANCE = 8.0
"""Pixels of the page as it came in by which a corner may be off."""

Place = tuple[int, int, int, int]
"""Row, column, row span, column span."""


@dataclass(frozen=True)
class Grid:
    """A table to draw: heights and widths of rows and columns from a top left corner, and which cells are merged."""

    left: int
    top: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    merged: tuple[Place, ...] = ()
    thick: int = 2

    @property
    def places(self) -> list[Place]:
        """Every cell, row by row."""
        hidden = {
            (row, column)
            for top, left, high, wide in self.merged
            for row in range(top, top + high)
            for column in range(left, left + wide)
        }
        single = [
            (row, column, 1, 1)
            for row in range(len(self.rows))
            for column in range(len(self.columns))
            if (row, column) not in hidden
        ]
        return sorted([*self.merged, *single])

    def corners(self, place: Place) -> Matrix:
        """A cell's corners on the middle of its rules."""
        row, column, high, wide = place
        xs, ys = np.cumsum([self.left, *self.columns]), np.cumsum([self.top, *self.rows])
        return corners_of((xs[column], ys[row], xs[column + wide], ys[row + high]))


def drawn(grids: Sequence[Grid], *, gaps: Sequence[tuple[float, int]] = ()) -> Image:
    """A page with these tables. Each gap, a place from 0 to 1 and a length, is cut out of a long side of a cell."""
    picture = np.full((HEIGHT, WIDTH), 255, np.uint8)
    sides = []
    for grid in grids:
        for place in grid.places:
            corners = grid.corners(place).astype(int)
            cv2.polylines(picture, [corners.reshape(-1, 1, 2)], True, 0, grid.thick)
            sides += [(corners[0], corners[1]), (corners[0], corners[3])]
    # A rule in short pieces is no rule: a gap has a character's length of rule on both sides.
    long = [(start, end) for start, end in sides if np.abs(end - start).max() >= 140]
    for where, length in gaps:
        start, end = long[int(where * len(long)) % len(long)]
        middle = (start + end) // 2
        reach = np.array([length // 2, 5]) if start[1] == end[1] else np.array([5, length // 2])
        (x0, y0), (x1, y1) = middle - reach, middle + reach
        picture[y0 : y1 + 1, x0 : x1 + 1] = 255
    return picture


def bent(degrees: float, moves: Sequence[tuple[float, float]] = ((0.0, 0.0),) * 4) -> Matrix:
    """A rotation about the page's middle, then its corners moved by shares of its size."""
    turn = np.vstack([cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1.0), [0, 0, 1]])
    corners = corners_of((0, 0, WIDTH, HEIGHT))
    moved = corners + np.array(moves) * (WIDTH, HEIGHT)
    lean = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    return np.asarray(lean @ turn, dtype=np.float64)


def photographed(picture: Image, bend: Matrix) -> Page:
    """The picture as a page that was laid down and photographed askew."""
    seen = cv2.warpPerspective(picture, bend, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderValue=255.0)
    return Page(Path("grid.png"), 1, np.asarray(cv2.cvtColor(seen, cv2.COLOR_GRAY2BGR), dtype=np.uint8))


def place_of(cell: Cell) -> Place:
    return cell.row, cell.column, cell.row_span, cell.column_span


def check(grids: Sequence[Grid], bend: Matrix, *, gaps: Sequence[tuple[float, int]] = ()) -> None:
    """The cells found are the cells drawn: places, spans, tables, and corners on the page as it came in."""
    upright = rectify(photographed(drawn(grids, gaps=gaps), bend))
    cells = find_cells(upright)
    tables = sorted({cell.table for cell in cells})
    assert tables == list(range(len(grids)))
    for number, grid in enumerate(grids):
        own = [cell for cell in cells if cell.table == number]
        assert [place_of(cell) for cell in own] == grid.places
        for cell in own:
            truth = cv2.perspectiveTransform(grid.corners(place_of(cell)).reshape(-1, 1, 2), bend).reshape(-1, 2)
            found = region_to_source(upright, cell.corners)
            assert np.hypot(*(found - truth).T).max() < TOLERANCE, place_of(cell)


def merge(draw: st.DrawFn, rows: int, columns: int) -> tuple[Place, ...]:
    """No merged cell, one in the heading row, or one over rows, that leaves every rule of the grid on the page."""
    kind = draw(st.sampled_from(["none", "heading", "rows"]))
    if kind == "heading" and rows > 1 and columns > 2:
        start = draw(st.integers(0, columns - 2))
        return ((0, start, 1, 2),)
    if kind == "rows" and rows > 2 and columns > 1:
        start = draw(st.integers(0, rows - 2))
        return ((start, draw(st.integers(0, columns - 1)), 2, 1),)
    return ()


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """One table well inside the page: two to eight rows, two to five columns, rules one to four pixels thick."""
    rows, columns = draw(st.integers(2, 8)), draw(st.integers(2, 5))
    heights = tuple(draw(st.integers(60, 140)) for _ in range(rows))
    widths = tuple(draw(st.integers(90, 150)) for _ in range(columns))
    thick = draw(st.integers(1, 4))
    return Grid(160, 200, heights, widths, merge(draw, rows, columns), thick)


shifts = st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))


@given(grid=grids(), degrees=st.floats(-5, 5))
@settings(deadline=None, max_examples=25)
def test_cells_of_a_turned_grid(grid: Grid, degrees: float) -> None:
    """Up to five degrees of skew change no cell."""
    check([grid], bent(degrees))


@given(grid=grids(), degrees=st.floats(-5, 5), moves=st.lists(shifts, min_size=4, max_size=4))
@settings(deadline=None, max_examples=25)
def test_cells_of_a_grid_in_perspective(grid: Grid, degrees: float, moves: list[tuple[float, float]]) -> None:
    """A page photographed from the side, its corners off by up to a twentieth, has the same cells."""
    check([grid], bent(degrees, moves))


@given(
    grid=grids(),
    degrees=st.floats(-5, 5),
    gaps=st.lists(st.tuples(st.floats(0, 0.999), st.integers(4, 20)), min_size=1, max_size=6),
)
@settings(deadline=None, max_examples=25)
def test_cells_of_a_grid_with_gaps(grid: Grid, degrees: float, gaps: list[tuple[float, int]]) -> None:
    """Rules broken by a seal's edge, a fold or a dropout of up to 20 pixels still bound their cells."""
    tall = Grid(grid.left, grid.top, grid.rows, (150, 180, 150), (), max(grid.thick, 2))
    check([tall], bent(degrees), gaps=gaps)


@pytest.mark.parametrize("degrees", [-4.0, 0.0, 2.5])
@pytest.mark.parametrize("apart", [80, 200])
def test_two_tables_are_two(apart: int, degrees: float) -> None:
    """Tables one below the other, their sides in line, are told apart and counted from the top."""
    first = Grid(160, 200, (60, 120, 90), (200, 420), thick=2)
    second = Grid(160, 200 + 270 + apart, (70, 70), (200, 420), thick=2)
    check([first, second], bent(degrees))


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_a_heading_over_two_columns_spans_them(columns: int) -> None:
    """A merged heading cell is one cell of column span 2, and the cells below keep their columns."""
    grid = Grid(160, 200, (80, 100, 100), (160,) * columns, ((0, 0, 1, 2),))
    check([grid], bent(1.5))
    assert grid.places[0] == (0, 0, 1, 2)


NO_TABLE: dict[str, Image] = {
    "white": np.full((HEIGHT, WIDTH), 255, np.uint8),
    "black": np.zeros((HEIGHT, WIDTH), np.uint8),
    "noise": np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8),
    "one line": cv2.line(np.full((HEIGHT, WIDTH), 255, np.uint8), (200, 800), (900, 800), 0, 2).astype(np.uint8),
    "underlines": drawn([]),
    "one box": drawn([Grid(200, 300, (400,), (600,))]),
}
for _y in range(300, 1300, 90):
    cv2.line(NO_TABLE["underlines"], (200, _y), (900, _y), 0, 2)


@pytest.mark.parametrize("picture", NO_TABLE.values(), ids=NO_TABLE.keys())
def test_what_is_no_table_has_no_cells(picture: Image) -> None:
    """White paper, a dark scan, noise, rules that do not cross and a lone box are no table."""
    assert find_cells(rectify(photographed(picture, np.eye(3)))) == ()


def test_writing_in_cells_makes_no_cells() -> None:
    """Text, boxed words and long strokes inside cells bound no cells of their own."""
    grid = Grid(160, 200, (200, 240), (240, 480))
    picture = drawn([grid])
    for line in range(3):
        cv2.putText(picture, "12350 HHH TTT EEE LLL", (430, 260 + 50 * line), cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
    cv2.line(picture, (430, 500), (800, 500), 0, 2)
    cells = find_cells(rectify(photographed(picture, bent(2.0))))
    assert [place_of(cell) for cell in cells] == grid.places


def curled(picture: Image, lift: float) -> Image:
    """The picture bent along its height, its middle `lift` of the height lower than its sides."""
    xs = np.arange(WIDTH, dtype=np.float32)
    sag = np.float32(lift * HEIGHT) * np.sin(np.pi * xs / WIDTH)
    ys = np.arange(HEIGHT, dtype=np.float32)[:, None] - sag[None]
    columns = np.ascontiguousarray(np.broadcast_to(xs, (HEIGHT, WIDTH)))
    return np.asarray(cv2.remap(picture, columns, ys, cv2.INTER_LINEAR, borderValue=255.0), dtype=np.uint8)


@given(grid=grids(), lift=st.floats(-0.04, 0.04))
@settings(deadline=None, max_examples=20)
def test_cells_of_a_curled_grid(grid: Grid, lift: float) -> None:
    """A page bent until its rules slope by ten degrees has the same cells, and their sides follow the bend."""
    upright = rectify(photographed(curled(drawn([grid]), lift), np.eye(3)))
    cells = find_cells(upright)
    assert [place_of(cell) for cell in cells] == grid.places
    for cell in cells:
        flat = grid.corners(place_of(cell))
        along = np.linspace(flat[0], flat[1], 9)
        bent = along + np.column_stack([np.zeros(9), lift * HEIGHT * np.sin(np.pi * along[:, 0] / WIDTH)])
        top = region_to_source(upright, cell.sides[0])
        assert np.abs(np.interp(bent[:, 0], top[:, 0], top[:, 1]) - bent[:, 1]).max() < TOLERANCE


TWO_COLUMNS = Grid(160, 200, (60, 120, 90, 150), (240, 560), thick=2)


def ruled(
    *, sides: bool = True, bottom: int = HEIGHT, dash: tuple[int, int] = (HEIGHT, 0), double: int = 0, missing: int = -1
) -> Image:
    """TWO_COLUMNS with or without its outer sides, cut at a height, dashed, doubled or with a horizontal rule missing."""
    picture = np.full((HEIGHT, WIDTH), 255, np.uint8)
    xs, ys = (np.cumsum(start) for start in ([160, *TWO_COLUMNS.columns], [200, *TWO_COLUMNS.rows]))
    level = [((xs[0], y), (xs[-1], y)) for place, y in enumerate(ys) if place != missing]
    plumb = [((x, ys[0]), (x, ys[-1])) for x in (xs if sides else xs[1:2])]
    for start, end in (*level, *plumb):
        (x0, y0), (x1, y1) = start, end
        for at in range(0, max(x1 - x0, y1 - y0) + 1, sum(dash)):
            stop = min(at + dash[0], max(x1 - x0, y1 - y0))
            for off in {0, double}:
                if y0 == y1:
                    cv2.line(picture, (int(x0 + at), int(y0 + off)), (int(x0 + stop), int(y0 + off)), 0, 2)
                else:
                    cv2.line(picture, (int(x0 + off), int(y0 + at)), (int(x0 + off), int(y0 + stop)), 0, 2)
    picture[bottom:] = 255
    return picture


HARD = {
    "no sides": ruled(sides=False),
    "dashed": ruled(dash=(15, 5)),
    "double": ruled(double=5),
    "curled without sides": curled(ruled(sides=False), 0.03),
    "cut by the page end": ruled(bottom=560),
}


@pytest.mark.parametrize("picture", HARD.values(), ids=HARD.keys())
def test_cells_of_hard_grids(picture: Image) -> None:
    """Sides that nobody ruled, dashed and double rules, and rows that the page cuts have their cells too."""
    cells = find_cells(rectify(photographed(picture, bent(1.0))))
    assert [place_of(cell) for cell in cells] == TWO_COLUMNS.places


def test_a_missing_rule_joins_two_rows() -> None:
    """Where the rule between two rows is missing, they are one cell in each column."""
    cells = find_cells(rectify(photographed(ruled(missing=2), np.eye(3))))
    assert [(cell.row, cell.column) for cell in cells] == [(row, column) for row in range(3) for column in range(2)]
