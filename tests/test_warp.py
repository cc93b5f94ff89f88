"""Bent regions flattened and found again, and regions without rules."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageDraw

from extractors.cells import corners_of, find_cells
from extractors.layout import find_blocks, strip_above
from extractors.lines import region_to_lines
from extractors.rectify import rectify
from extractors.warp import mapping_to_mesh, project, sample, sides_to_mesh
from samples.fonts import picture_font
from schemas.flow import LINE_HEIGHT, Cell, Image, Matrix, Page, Upright
from tests.test_columns import SENTENCES
from tests.test_orient import form, page_of

TEXT = "组织开展宣讲（5）场，参与（120）人次；发表评论文章（3）篇"


def bowed(width: float, height: float, bow: float) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """A region at (100, 200) whose top and bottom are parabolas that sag by `bow`, its sides plumb."""
    xs = np.linspace(0, width, 40)
    sag = bow * 4 * (xs / width) * (1 - xs / width)
    top, bottom = (np.column_stack([100 + xs, 200 + y + sag]) for y in (0.0, height))
    return top, np.array([top[-1], bottom[-1]]), bottom, np.array([top[0], bottom[0]])


@given(
    width=st.floats(120, 1000), height=st.floats(30, 400), bow=st.floats(-0.06, 0.06), u=st.floats(0, 1), v=st.floats(0, 1)
)
@settings(deadline=None, max_examples=60)
def test_a_flat_point_lies_between_the_sides_it_lay_between(
    width: float, height: float, bow: float, u: float, v: float
) -> None:
    """A point at a share of the flat picture's width and height lies at that share between the region's own sides."""
    top, _, bottom, _ = sides = bowed(width, height, bow * width)
    mesh, flat_width, flat_height = sides_to_mesh(sides)
    ((x, y),) = mesh.at(np.array([[u * flat_width, v * flat_height]]))
    above, below = (float(np.interp(x, side[:, 0], side[:, 1])) for side in (top, bottom))
    assert y == pytest.approx((1 - v) * above + v * below, abs=1.0)
    assert 100 - 1 <= x <= 100 + width + 1


@given(
    width=st.integers(20, 900),
    lean=st.floats(-0.2, 0.2),
    far=st.floats(-2e-5, 2e-5),
    place=st.tuples(st.floats(-20, 920), st.floats(-5, 53)),
)
@settings(deadline=None, max_examples=60)
def test_a_mesh_is_its_mapping(width: int, lean: float, far: float, place: tuple[float, float]) -> None:
    """On a line and a little beyond it, a mesh gives what the mapping gives, and undoing the mapping gives the point."""
    there = np.array([[1.7, lean, 50.0], [-lean, 1.7, 80.0], [far, far, 1.0]])
    mesh = mapping_to_mesh(lambda points: project(points, there), width, LINE_HEIGHT)
    point = np.array([[min(place[0], width + 20.0), place[1]]])
    assert mesh.at(point) == pytest.approx(project(point, there), abs=0.3)
    back = project(mesh.at(point), np.asarray(np.linalg.inv(there), dtype=np.float64))
    assert back == pytest.approx(point, abs=0.3)


def test_sampling_takes_each_pixel_from_where_the_mesh_says() -> None:
    """A picture of its own coordinates, sampled, shows where each sampled pixel came from."""
    ramp = np.asarray(np.tile(np.arange(250, dtype=np.uint8), (120, 1)))
    mesh = mapping_to_mesh(lambda points: points * 0.5 + (30.0, 20.0), 200, 60)
    seen = sample(ramp, mesh, 200, 60).astype(float)
    assert np.abs(seen - (30 + 0.5 * np.arange(200))).max() <= 1


def written_on_a_bow(bow: float) -> tuple[Upright, tuple[Matrix, Matrix, Matrix, Matrix]]:
    """Three lines of text that follow the bow of the rules above and below them."""
    picture = Pillow.new("L", (1200, 600), 255)
    pen = ImageDraw.Draw(picture)
    for line in range(3):
        pen.text((120, 215 + 44 * line), TEXT, font=picture_font("song", 24), fill=10)
    flat = np.asarray(picture, dtype=np.uint8)
    xs = np.arange(1200, dtype=np.float32)
    share = np.clip((xs - 100) / 800, 0, 1)
    ys = np.arange(600, dtype=np.float32)[:, None] - np.float32(4 * bow) * (share * (1 - share))[None]
    columns = np.ascontiguousarray(np.broadcast_to(xs, flat.shape))
    bent: Image = np.asarray(cv2.remap(flat, columns, ys, cv2.INTER_LINEAR, borderValue=255.0), dtype=np.uint8)
    return Upright(page_of(bent), bent, np.eye(3)), bowed(800, 150, bow)


@pytest.mark.parametrize("bow", [-45.0, -20.0, 0.0, 45.0])
def test_lines_of_a_bent_cell_come_out_level(bow: float) -> None:
    """Text that climbs and falls with its cell's rules is cut into level lines, each filling its height."""
    upright, sides = written_on_a_bow(bow)
    top, _, bottom, _ = sides
    corners = np.array([top[0], top[-1], bottom[-1], bottom[0]])
    lines = region_to_lines(upright, Cell(0, 0, 0, 1, 1, corners, sides), bounded=False)
    assert len(lines) == 3
    for line in lines:
        rows = (line.bgr[:, :, 0] < 128).sum(axis=1)
        assert rows[:4].max() <= 8
        assert rows[-4:].max() <= 8
        ends = line.to_page(np.array([[0.0, 24], [line.bgr.shape[1] / 2, 24]]))
        assert abs(ends[1, 1] - ends[0, 1]) == pytest.approx(abs(bow) * 0.85, abs=8)


def test_the_strip_above_a_bent_table_follows_its_top() -> None:
    """The strip's lower side is the table's top rule, its upper one lies the height above it everywhere."""
    cells = find_cells(rectify(page_of(form(curl=0.03))))
    strip = strip_above(cells, 100.0, 30.0)
    lid, _, base, _ = strip.sides
    assert base[:, 1] - lid[:, 1] == pytest.approx(100.0)
    top = np.concatenate([cell.sides[0] for cell in cells if cell.row == 0])
    on_base = np.interp(top[:, 0], base[:, 0], base[:, 1])
    assert np.abs(on_base - top[:, 1]).max() < 2
    assert base[0, 0] < top[:, 0].min() - 25
    assert not strip.bounded


def text_without_rules(*, headings: bool) -> Image:
    """Three items of four lines each, one below the other, with or without a column of headings beside them."""
    picture = Pillow.new("L", (1131, 1600), 255)
    pen, font = ImageDraw.Draw(picture), picture_font("song", 24)
    for row in range(3):
        top = 300 + 260 * row
        if headings:
            pen.text((130, top), f"{row + 1}.活动项目", font=font, fill=10)
        for line in range(4):
            pen.text((420, top + 38 * line), SENTENCES[row][24 * line :][: 22 - line], font=font, fill=10)
    return np.asarray(picture, dtype=np.uint8)


def test_paragraphs_on_a_page_without_a_grid_are_blocks() -> None:
    """Text that white parts is a block for each part, from top to bottom, each with its own lines; none is a cell."""
    upright = rectify(page_of(text_without_rules(headings=False)))
    assert find_cells(upright) == ()
    blocks = find_blocks(upright)
    assert [block.row for block in blocks] == [0, 1, 2]
    assert [len(region_to_lines(upright, block)) for block in blocks] == [4, 4, 4]
    assert not any(block.bounded for block in blocks)


def test_beside_headings_a_page_without_a_grid_has_one_block() -> None:
    """The column beside headings is one block with all its lines and no heading: which item ends where, words tell."""
    upright = rectify(page_of(text_without_rules(headings=True)))
    assert find_cells(upright) == ()
    (block,) = find_blocks(upright)
    assert (block.column, block.bounded) == (1, False)
    assert 400 < block.corners[:, 0].min() < 420
    assert len(region_to_lines(upright, block)) == 12


def test_white_paper_has_no_blocks() -> None:
    """Where nothing is written there is no block."""
    blank = Page(Path("blank.png"), 1, np.full((1600, 1131, 3), 255, np.uint8))
    assert find_blocks(rectify(blank)) == ()


def test_a_straight_cell_s_outline_is_its_corners() -> None:
    """Without sides of its own a region is bounded by straight lines."""
    corners = corners_of((10, 20, 110, 60))
    assert Cell(0, 0, 0, 1, 1, corners).outline.tolist() == corners.tolist()
