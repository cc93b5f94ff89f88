"""A cell, or a strip above the table, to its text lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from extractors.ink import flags_to_runs
from extractors.strokes import stroke_pixels
from extractors.warp import Mapping, mapping_to_mesh, project, sample, sides_to_mesh
from schemas.flow import LINE_HEIGHT, Box, Cell, Image, Line, Matrix, Mesh, Page, PageChar, Upright
from schemas.seal import Seal

Region: TypeAlias = Cell | Matrix
"""A cell, or four corners, (4, 2) clockwise from the top left, in upright pixels."""

# What a rule may reach into a cell from its middle, in working pixels: half a thick rule and the fit's error.
RULE_MARGIN = 4

# Share of a side that must be dark for a row or column at a cell's border to be the rule's, not writing's.
RULE_SHARE = 0.55

# Lowest and highest text line in working pixels: 6 pt and 30 pt at A4.
MIN_LINE, MAX_LINE = 8, 60

# A row of pixels belongs to a text line when it holds this share of the ink that a full line's rows hold. Where white rows
# set it apart, a line may be fainter: a last line may hold one pair of parentheses.
ROW_SHARE, FAINT_SHARE, FAINT_PIXELS = 0.12, 0.035, 1.2

# Bands with less than this share of the fullest one's ink in a row, a line of three characters, do not tell lines' height.
TELLING = 0.1

# Lines that faint ink joins (a curled page, a pen's tail) make a band higher than this multiple of the usual line.
JOINED = 1.5

# Least step from line to line, as a multiple of a line's ink: tight leading is 1.2.
LINE_STEP = 1.25

# Room left above and below a line and at its ends, as a share of its height: the recogniser was trained on loose crops.
PADDING = 0.16

# Widest line that is recognised in one go, in line pixels: longer ones come from a misread layout, not from a form.
MAX_WIDTH = 3200


@dataclass(frozen=True, eq=False)
class Flat:
    """A region flattened to a rectangle at the working scale, grey uint8 (h, w), and the way back to the upright page.

    `ink` is 255 on 0, without the rules on its sides.
    """

    gray: Image
    ink: Image
    mesh: Mesh


def region_to_lines(upright: Upright, region: Region, *, bounded: bool = True) -> list[Line]:
    """The text lines of a region, from top to bottom, cut from the page's own pixels.

    A Cell is flattened between its own sides; otherwise `region` is four corners, (4, 2) clockwise from the top left, in
    upright pixels. `bounded` regions have rules on their sides, which are left out; a Cell may say itself that it has none.
    """
    return regions_to_lines(upright, [region], bounded=bounded)[0]


def regions_to_lines(upright: Upright, regions: Sequence[Region], *, bounded: bool = True) -> list[list[Line]]:
    """The text lines of several regions of a page, which share a height: one that is as high as two lines there is two.

    In a cell of two lines nothing else tells a tall digit, or a name by pen, that joins them from larger print.
    """
    flats = [flatten(upright, region, bounded=bounded) for region in regions]
    bands = [ink_to_bands(flat.ink) for flat in flats]
    usual = float(np.median([bottom - top for boxes in bands for _, top, _, bottom in boxes] or [MAX_LINE]))
    bands = [
        ink_to_bands(flat.ink, usual) if any(bottom - top > JOINED * usual for _, top, _, bottom in boxes) else boxes
        for flat, boxes in zip(flats, bands, strict=True)
    ]
    return [[cut_band(upright, flat, box) for box in boxes] for flat, boxes in zip(flats, bands, strict=True)]


def flatten(upright: Upright, region: Region, *, bounded: bool = True) -> Flat:
    """A region as a rectangle, with its ink; `region` and `bounded` as in `region_to_lines`."""
    mesh, width, height = sides_to_mesh(region_to_sides(region))
    # White beyond the picture's edge would look like a rule.
    gray = sample(upright.gray, mesh, width, height, border=cv2.BORDER_REPLICATE)
    bounded = bounded and (not isinstance(region, Cell) or region.bounded)
    small = min(width, height) < MIN_LINE
    ink = np.zeros_like(gray) if small else _without_rules(stroke_pixels(gray), bounded=bounded)
    return Flat(gray, ink, mesh)


def ink_to_bands(ink: Image, usual: float | None = None) -> list[Box]:
    """The boxes of the text lines in a picture of ink (255 on 0), from top to bottom.

    `usual` is a line's height where that is known; else the picture's own lines tell it.
    """
    rows = (ink > 0).sum(axis=1).astype(np.float64)
    if rows.max(initial=0.0) < 2:
        return []
    smooth = cv2.GaussianBlur(rows[:, None], (1, 5), 1.0)[:, 0]
    full = float(np.percentile(smooth[smooth > 0], 80))
    strong = flags_to_runs(smooth > max(ROW_SHARE * full, FAINT_PIXELS))
    faint = flags_to_runs(smooth > max(FAINT_SHARE * full, FAINT_PIXELS))
    known = usual
    if usual is None:
        usual = float(np.median([bottom - top for top, bottom in strong if bottom - top >= MIN_LINE] or [MAX_LINE]))
    bands = [
        band
        for top, bottom in faint
        for band in (
            [(top, bottom)]
            if bottom - top <= JOINED * usual
            else [run for run in strong if top <= run[0] and run[1] <= bottom]
        )
    ]
    return [box for top, bottom in _regular(bands, smooth, known) if (box := _trim(ink, top, bottom)) is not None]


def region_to_sides(region: Region) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Top, right, bottom and left side of a region: top and bottom run to the right, left and right down."""
    if isinstance(region, Cell) and region.sides:
        top, right, bottom, left = region.sides
        return top, right, bottom, left
    corners = region.corners if isinstance(region, Cell) else region
    return corners[[0, 1]], corners[[1, 2]], corners[[3, 2]], corners[[0, 3]]


def _without_rules(ink: Image, *, bounded: bool) -> Image:
    """Ink with what belongs to the region's border wiped out."""
    ink = ink.copy()
    if not bounded:
        return ink
    reach = 3 * RULE_MARGIN
    for side in range(4):
        turned = np.rot90(ink, side)
        dark = (turned[:reach] > 0).mean(axis=1) > RULE_SHARE
        last = int(np.max(np.flatnonzero(dark), initial=-1)) + 2
        turned[: max(last, RULE_MARGIN)] = 0
    return ink


def _regular(bands: list[tuple[int, int]], profile: NDArray[np.float64], known: float | None) -> list[tuple[int, int]]:
    """Bands of about one height: specks dropped, splinters given to their neighbour, joined lines parted."""
    heights = [bottom - top for top, bottom in bands if bottom - top >= MIN_LINE]
    if not heights:
        return []
    usual = known or float(np.median([height for height in heights if height <= MAX_LINE] or [MAX_LINE // 2]))
    merged: list[tuple[int, int]] = []
    for top, bottom in bands:
        splinter = min(bottom - top, merged[-1][1] - merged[-1][0] if merged else MAX_LINE) < 0.45 * usual
        if merged and splinter and top - merged[-1][1] < 0.3 * usual and bottom - merged[-1][0] < 1.5 * usual:
            merged[-1] = (merged[-1][0], bottom)
        else:
            merged.append((top, bottom))
    inked = known or max(
        usual, _inked_height([(top, bottom) for top, bottom in merged if bottom - top <= MAX_LINE], profile)
    )
    parted = [part for top, bottom in merged for part in _part(top, bottom, inked, profile)]
    return [(top, bottom) for top, bottom in parted if bottom - top >= max(0.4 * usual, 4)]


def _inked_height(bands: Sequence[tuple[int, int]], profile: NDArray[np.float64]) -> float:
    """The median height of the bands that hold a line's ink, by which bands are parted; 0 where there are no bands.

    A last line of a character or two may fall apart into flat strokes: as many bands as there are lines, but little ink.
    """
    peaks = [float(profile[top:bottom].max()) for top, bottom in bands]
    telling = [bottom - top for (top, bottom), peak in zip(bands, peaks, strict=True) if peak >= TELLING * max(peaks)]
    return float(np.median(telling)) if telling else 0.0


def _part(top: int, bottom: int, usual: float, profile: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Cut a band that is as high as several lines at its emptiest rows."""
    count = round((bottom - top) / (LINE_STEP * usual))
    if count < 2:
        return [(top, bottom)]
    pitch = (bottom - top) / count
    cuts = [top]
    for number in range(1, count):
        low, high = int(top + (number - 0.35) * pitch), int(top + (number + 0.35) * pitch)
        cuts.append(low + int(np.argmin(profile[low:high])))
    return list(zip(cuts, [*cuts[1:], bottom], strict=True))


def _trim(ink: Image, top: int, bottom: int) -> Box | None:
    """The box of a band's ink, or None for a speck."""
    columns = np.flatnonzero((ink[top:bottom] > 0).any(axis=0))
    if len(columns) < 3:
        return None
    return float(columns[0]), float(top), float(columns[-1] + 1), float(bottom)


def cut_band(upright: Upright, flat: Flat, box: Box) -> Line:
    """Sample a line of a flattened region, padded, from the page as it came in."""
    left, top, right, bottom = box
    pad = PADDING * (bottom - top)
    left, top, right, bottom = left - 2 * pad, top - pad, right + 2 * pad, bottom + pad
    line = cut_line(upright.page, (left, top, right, bottom), lambda at: project(flat.mesh.at(at), upright.to_source))
    return replace(line, seals=_seals_near(line, upright.seals))


def _seals_near(line: Line, seals: Sequence[Seal]) -> tuple[Seal, ...]:
    """The seals that lie on a line, or no farther from it than the line is high."""
    if not seals:
        return ()
    width = line.bgr.shape[1]
    places = line.to_page(np.array([(x, y) for x in (0, width / 2, width) for y in (-LINE_HEIGHT, 2 * LINE_HEIGHT)], float))
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    boxes = ((seal, seal.box) for seal in seals)
    return tuple(seal for seal, box in boxes if left <= box[2] and box[0] <= right and top <= box[3] and box[1] <= bottom)


def cut_line(page: Page, box: Box, to_page: Mapping) -> Line:
    """A line of LINE_HEIGHT pixels sampled from a page; `box` is in the pixels that `to_page` takes to the page."""
    left, top, right, bottom = box
    scale = (bottom - top) / LINE_HEIGHT
    width = int(min(max(round((right - left) / scale), LINE_HEIGHT // 2), MAX_WIDTH))
    mesh = mapping_to_mesh(lambda at: to_page(at * scale + (left, top)), width, LINE_HEIGHT)
    flags = cv2.INTER_CUBIC if _enlarges(mesh) else cv2.INTER_LINEAR
    height, breadth = page.pixels.shape[:2]
    return Line(page.number, (breadth, height), sample(page.pixels, mesh, width, LINE_HEIGHT, flags=flags), mesh)


def _enlarges(mesh: Mesh) -> bool:
    """Whether a line has more pixels than the part of the page that it shows."""
    down = np.diff(mesh.points, axis=0) / mesh.step
    return bool(np.median(np.hypot(down[..., 0], down[..., 1])) < 1.0)


def region_to_source(upright: Upright, region: Region) -> Matrix:
    """A region's outline, (n, 2) clockwise from the top left, in pixels of the page as it came in.

    Four corners stay four; a Cell's bent sides have more points.
    """
    return project(region.outline if isinstance(region, Cell) else region, upright.to_source)


def chars_to_lines(page: Page, region: Matrix) -> list[tuple[Line, list[PageChar], NDArray[np.float32]]]:
    """The lines of a text layer inside a four-cornered region of the page: the pixels, the characters, their edges.

    Edges are float32 (chars, 2), left and right of each character on its line.
    """
    lines = []
    for row in _chars_to_rows(page.chars, region):
        boxes = np.array([char.box for char in row])
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        pad = PADDING * (bottom - top)
        line = cut_line(page, (left - 2 * pad, top - pad, right + 2 * pad, bottom + pad), lambda at: at)
        start, scale = line.mesh.points[0, 0, 0], (bottom - top + 2 * pad) / LINE_HEIGHT
        lines.append((line, row, ((boxes[:, [0, 2]] - start) / scale).astype(np.float32)))
    return lines


def _chars_to_rows(chars: tuple[PageChar, ...], region: Matrix) -> list[list[PageChar]]:
    """The characters whose middle lies in a region, line by line and from left to right."""
    outline = region.astype(np.float32).reshape(-1, 1, 2)
    within = [char for char in chars if cv2.pointPolygonTest(outline, _middle(char), False) >= 0]
    rows: list[list[PageChar]] = []
    for char in sorted(within, key=lambda char: _middle(char)[1]):
        height = char.box[3] - char.box[1]
        if rows and abs(_middle(char)[1] - _middle(rows[-1][-1])[1]) < 0.5 * height:
            rows[-1].append(char)
        else:
            rows.append([char])
    return [sorted(row, key=lambda char: char.box[0]) for row in rows]


def _middle(char: PageChar) -> tuple[float, float]:
    return (char.box[0] + char.box[2]) / 2, (char.box[1] + char.box[3]) / 2
