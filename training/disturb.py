"""Slots made other ones each time that a net sees them: cheaper than drawing more."""

from __future__ import annotations

import torch
from torch.nn import functional

# Most that a picture is moved, in pixels across and down; stretched, as a share; slanted, as a tangent.
ACROSS, DOWN = 5.0, 4.0
STRETCH, TALLER, SLANT = 0.14, 0.16, 0.16


def disturb(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures (n, planes, height, w) moved, stretched and slanted; their ink bolder, paler, blurred or with noise."""
    if torch.rand(1) < 0.6:
        pictures = _bend(pictures)
    elif torch.rand(1) < 0.5:
        pictures = torch.roll(pictures, int(torch.randint(-3, 4, (1,))), dims=2)
    ink, rest = pictures[:, :1], pictures[:, 1:]
    kind = float(torch.rand(1))
    if kind < 0.1:
        ink = functional.avg_pool2d(ink, 3, 1, 1)
    elif kind < 0.2:
        # A pen half a pixel broader, or as much thinner.
        broad = functional.max_pool2d(ink, 3, 1, 1) if torch.rand(1) < 0.5 else -functional.max_pool2d(-ink, 3, 1, 1)
        ink = ink + (broad - ink) * 0.5 * torch.rand(len(ink), 1, 1, 1)
    elif kind < 0.35:
        scale = 0.55 + 0.4 * float(torch.rand(1))
        small = functional.interpolate(ink, scale_factor=scale, mode="bilinear", antialias=True)
        ink = functional.interpolate(small, size=ink.shape[2:], mode="bilinear")
    ink = ink * (0.75 + 0.35 * torch.rand(len(ink), 1, 1, 1))
    if torch.rand(1) < 0.4:
        ink = ink + torch.randn_like(ink) * 0.07 * torch.rand(len(ink), 1, 1, 1)
    # At times a scan has no colours.
    rest = torch.cat([rest[:, :1], rest[:, 1:] * (torch.rand(len(ink), 1, 1, 1) > 0.15)], dim=1)
    return torch.cat([ink, rest], dim=1)


def _bend(pictures: torch.Tensor) -> torch.Tensor:
    """An affine map of its own for each picture, about its middle; beyond a picture is paper."""
    count, _, height, width = pictures.shape

    def some(most: float) -> torch.Tensor:
        return (2 * torch.rand(count) - 1) * most

    across, down = torch.exp(some(STRETCH)), torch.exp(some(TALLER))
    # Maps are in shares of half a side: from a place in the new picture to that in the old one.
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = across, down
    theta[:, 0, 1] = some(SLANT) * height / width
    theta[:, 0, 2], theta[:, 1, 2] = some(2 * ACROSS / width), some(2 * DOWN / height)
    grid = functional.affine_grid(theta, [count, 1, height, width], align_corners=False)
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
