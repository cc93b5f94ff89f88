"""Where a red seal lies on a page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Seal:
    """A red seal on a page: its middle in pixels of the page as it came in, and how far it reaches from there.

    `radii` is float64 (n,): the distance of its outline in n equal directions, clockwise from the right.
    """

    x: float
    y: float
    radii: NDArray[np.float64]

    @property
    def outline(self) -> NDArray[np.float64]:
        """The outline's points in each direction, (n, 2)."""
        angles = np.arange(len(self.radii)) * (2 * np.pi / len(self.radii))
        return np.column_stack([self.x + self.radii * np.cos(angles), self.y + self.radii * np.sin(angles)])

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The box around it."""
        (left, top), (right, bottom) = self.outline.min(axis=0), self.outline.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def covers(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of (n, 2) points of the page lie under it."""
        across, down = points[:, 0] - self.x, points[:, 1] - self.y
        directions = np.arctan2(down, across) * (len(self.radii) / (2 * np.pi))
        reach = np.interp(directions, np.arange(len(self.radii)), self.radii, period=len(self.radii))
        return np.asarray(np.hypot(across, down) <= reach, np.bool_)
