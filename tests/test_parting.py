"""Cells over two columns that writing parts."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.cells import find_cells
from extractors.parting import part_cells
from samples.fonts import picture_font
from schemas.flow import Image
from tests.test_columns import SENTENCES
from tests.test_lines import upright_of

LEFT, MIDDLE, RIGHT = 130, 380, 1000


def table(*, heading: str, lines: int, start: int = MIDDLE + 12) -> Image:
    """Three rows of two columns, the rule between the columns missing in the second; its lines begin at `start`."""
    picture = Pillow.new("L", (1131, 1600), 255)
    pen, font = ImageDraw.Draw(picture), picture_font("song", 24)
    for row in range(3):
        top = 240 + 200 * row
        pen.rectangle((LEFT, top, RIGHT, top + 200), outline=0, width=2)
        if row != 1:
            pen.line((MIDDLE, top, MIDDLE, top + 200), fill=0, width=2)
        pen.text((LEFT + 12, top + 60), heading if row == 1 else "活动项目", font=font, fill=10)
        for line in range(lines if row == 1 else 3):
            pen.text(
                (start if row == 1 else MIDDLE + 12, top + 20 + 42 * line),
                SENTENCES[row][24 * line :][:24],
                font=font,
                fill=10,
            )
    return np.asarray(picture, dtype=np.uint8)


@pytest.mark.parametrize(
    ("picture", "parted"),
    [
        (table(heading="2.着眼于人人", lines=3), True),
        (table(heading="", lines=4, start=LEFT + 40), False),
        (table(heading="2.着眼于人人讲安全个个会应急", lines=0), False),
    ],
    ids=["two columns", "text across", "a heading across"],
)
def test_a_cell_is_parted_where_its_writing_keeps_to_columns(picture: Image, parted: bool) -> None:
    """The way that a missing rule would run is white from top to bottom, or the cell stays whole."""
    upright = upright_of(picture)
    cells = find_cells(upright)
    assert [(cell.row, cell.column, cell.column_span) for cell in cells if cell.row == 1] == [(1, 0, 2)]
    found = [cell for cell in part_cells(upright, cells) if cell.row == 1]
    assert [(cell.column, cell.column_span) for cell in found] == ([(0, 1), (1, 1)] if parted else [(0, 2)])
    if parted:
        left, right = found
        assert left.sides[1] == pytest.approx(right.sides[3])
        assert np.abs(left.sides[1][:, 0] - MIDDLE).max() < 10


def test_cells_of_whole_tables_stay() -> None:
    """Where every rule was found nothing is parted."""
    upright = upright_of(table(heading="", lines=3))
    whole = tuple(cell for cell in find_cells(upright) if cell.column_span == 1)
    assert part_cells(upright, whole) == whole
