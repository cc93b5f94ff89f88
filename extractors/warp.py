"""Bent regions to level pictures and the way back: a patch between four sides, kept as a coarse mesh.

The patch is the one of S. A. Coons, *Surfaces for Computer-Aided Design of Space Forms* (MIT, 1967): the sum of what lies
evenly between top and bottom and of what lies evenly between left and right, less what lies evenly between the corners.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.flow import Image, Matrix, Mesh

Mapping: TypeAlias = Callable[[Matrix], Matrix]
"""(n, 2) points of one picture to (n, 2) points of another."""

# Distance of knots in the picture's pixels: between them a page as curled as can be read leaves the straight line by a tenth
# of a pixel. Odd, so that a knot falls on the middle of a pixel when the mesh is scaled up.
STEP = 25

# How far a patch goes on beyond its sides, in knots: a line's crop is a little higher and longer than its ink.
MARGIN = 1


def sides_to_mesh(sides: tuple[Matrix, Matrix, Matrix, Matrix]) -> tuple[Mesh, int, int]:
    """The mesh that flattens the region between four sides, and the flat picture's width and height.

    Sides are polylines in the order top, right, bottom, left; top and bottom run to the right, left and right down.
    """
    top, right, bottom, left = sides
    width, height = max(_length(top), _length(bottom)), max(_length(left), _length(right))
    flat_width, flat_height = max(round(width), 1), max(round(height), 1)
    xs, ys = _knots(flat_width), _knots(flat_height)
    u, v = xs / flat_width, ys / flat_height
    upper, lower = _along(top, u)[None], _along(bottom, u)[None]
    near, far = _along(left, v)[:, None], _along(right, v)[:, None]
    u, v = u[None, :, None], v[:, None, None]
    corners = (1 - v) * ((1 - u) * top[0] + u * top[-1]) + v * ((1 - u) * bottom[0] + u * bottom[-1])
    points = (1 - v) * upper + v * lower + (1 - u) * near + u * far - corners
    return Mesh((-MARGIN * STEP, -MARGIN * STEP), STEP, points), flat_width, flat_height


def mapping_to_mesh(mapping: Mapping, width: int, height: int) -> Mesh:
    """A mesh of any smooth mapping, over a picture of this size."""
    columns, rows = (-(-side // STEP) + 1 for side in (width, height))
    knots = np.stack(np.meshgrid(STEP * np.arange(columns), STEP * np.arange(rows)), axis=2).reshape(-1, 2)
    return Mesh((0, 0), STEP, mapping(knots.astype(np.float64)).reshape(rows, columns, 2))


def sample(
    pixels: Image, mesh: Mesh, width: int, height: int, *, flags: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_CONSTANT
) -> Image:
    """The picture of `width` and `height` whose pixels the mesh finds in `pixels`; white where it leaves them."""
    rows, columns = mesh.points.shape[:2]
    size = (columns * mesh.step, rows * mesh.step)
    fine = cv2.resize(mesh.points.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    # A knot is spread over `step` pixels and is itself on the middle one of them.
    left, top = (mesh.step // 2 - start for start in mesh.origin)
    xs, ys = cv2.split(fine[top : top + height, left : left + width])
    found = cv2.remap(pixels, xs, ys, flags, borderMode=border, borderValue=(255.0, 255.0, 255.0))
    return np.asarray(found, dtype=np.uint8)


def project(points: Matrix, homography: Matrix) -> Matrix:
    """(n, 2) points through a 3 × 3 homography."""
    moved = np.asarray(points, dtype=np.float64) @ homography[:, :2].T + homography[:, 2]
    result: Matrix = moved[:, :2] / moved[:, 2:]
    return result


def _length(side: Matrix) -> float:
    return float(np.hypot(*np.diff(side, axis=0).T).sum())


def _knots(length: int) -> NDArray[np.float64]:
    """Places of knots from a margin before 0 to a margin behind `length`."""
    return STEP * np.arange(-MARGIN, -(-length // STEP) + MARGIN + 1, dtype=np.float64)


def _along(side: Matrix, places: NDArray[np.float64]) -> Matrix:
    """Points on a polyline at shares of its length; below 0 and above 1 its ends go straight on."""
    lengths = np.hypot(*np.diff(side, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    if at[-1] <= 0:
        return np.repeat(side[:1], len(places), axis=0)
    wanted = places * at[-1]
    points = np.column_stack([np.interp(wanted, at, side[:, axis]) for axis in (0, 1)])
    for end, direction in ((0, _direction(side[::-1])), (-1, _direction(side))):
        beyond = np.maximum(at[end] - wanted, 0) if end == 0 else np.maximum(wanted - at[end], 0)
        points = points + beyond[:, None] * direction
    result: Matrix = points
    return result


def _direction(side: Matrix) -> NDArray[np.float64]:
    """Where a polyline is heading at its end: a unit vector, from its last STEP pixels or more."""
    away = np.hypot(*(side - side[-1]).T)
    far = np.flatnonzero(away >= STEP)
    start = side[far[-1]] if len(far) else side[0]
    run = side[-1] - start
    return np.asarray(run / max(float(np.hypot(*run)), 1e-9), dtype=np.float64)
