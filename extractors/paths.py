"""Dark paths across a page, however they bend: what rules are made of.

The page is cut into upright strips STRIP pixels wide. A rule crosses a strip as a dark, nearly level dash; text is a dash
here and there. A rule is a path from strip to strip that climbs or falls by a little at each and whose dashes are worth
more than its gaps cost: a path opening (Talbot and Appleton, "Efficient complete and incomplete path openings and closings",
*Image and Vision Computing* 25, 2007) with the scores of a local alignment instead of a count of missing pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.flow import Image

# Width of a strip in working pixels: at the steepest slope a thin rule still is a dash in it.
STRIP = 8

# Most that a rule may climb or fall from one strip to the next, in working pixels: 14 degrees.
CLIMB = 2

# What a strip is worth to a path: its share of ink less WORTH_FROM, which dense text reaches at every other strip, and less
# this share of the ink that lies CLEAR working pixels both above and below: a rule runs through white.
WORTH_FROM, CROWD, CLEAR = 0.6, 0.3, 8

# What a strip of a clean rule is worth.
CLEAN_WORTH = 1 - WORTH_FROM

# Worth of the least strip, so that a hole costs what it costs and no more.
LEAST_WORTH = -0.6

# Least worth of a piece of rule: a clean one of 40 working pixels, longer than the longest stroke of a 14 pt character.
# A shorter one may be the side of a cell of one line.
MIN_WORTH, SHORT_WORTH, MIN_STRIPS = 5 * CLEAN_WORTH, 2.8 * CLEAN_WORTH, 3

# Of paths within this many rows of each other the better is taken; those that differ by less than SAME are one.
NEARBY, SAME = 4, 0.8


def ink_to_strips(dark: Image) -> NDArray[np.float32]:
    """What each row is worth to a rule in each strip: float32 (strips, rows)."""
    # One dilation holds together a rule of a single pixel that climbs within a strip.
    thick = cv2.dilate(dark, np.ones((3, 1), np.uint8))
    height, width = dark.shape
    count = width // STRIP
    if count < 2 or height < 2 * CLEAR + 1:
        return np.zeros((0, 0), np.float32)
    size = (count, height)
    covered, inked = (
        cv2.transpose(cv2.resize(picture[:, : count * STRIP], size, interpolation=cv2.INTER_AREA)).astype(np.float32) / 255
        for picture in (thick, dark)
    )
    crowd = np.zeros_like(inked)
    crowd[:, CLEAR:-CLEAR] = np.minimum(inked[:, : -2 * CLEAR], inked[:, 2 * CLEAR :])
    worth = covered - WORTH_FROM - CROWD * crowd
    return np.maximum(worth, LEAST_WORTH).astype(np.float32)


def on_ink(dark: Image, along: NDArray[np.int64], across: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether there is ink at these places, or a pixel off across."""
    height, width = dark.shape
    rows, columns = np.clip(np.rint(across).astype(int), 1, height - 2), np.clip(along, 0, width - 1)
    return np.asarray((dark[rows - 1, columns] | dark[rows, columns] | dark[rows + 1, columns]) > 0, dtype=np.bool_)


def _accumulate(worth: NDArray[np.float32]) -> NDArray[np.float32]:
    """The worth of the best path from the left that ends in each strip and row; a path may begin anywhere."""
    total = np.empty_like(worth)
    reach = np.ones((1, 2 * CLIMB + 1), np.uint8)
    # Climbing costs next to nothing, but of two equal ways the level one is taken.
    before = np.zeros((1, worth.shape[1]), np.float32)
    for strip, own in enumerate(worth):
        best = np.maximum(before, cv2.dilate(before, reach) - np.float32(0.02))
        before = np.maximum(best, 0) + own
        total[strip] = before[0]
    return total


@dataclass(frozen=True, eq=False)
class Nodes:
    """Where paths cross strips, strip by strip and from the top: all (n,).

    `row` is the middle of a few neighbouring rows, `thick` their number, `total` the worth of the best path through them and
    `own` their own.
    """

    strip: NDArray[np.int64]
    row: NDArray[np.float64]
    thick: NDArray[np.int64]
    total: NDArray[np.float32]
    own: NDArray[np.float32]


def strips_to_nodes(worth: NDArray[np.float32]) -> Nodes:
    """The places where a path worth its while crosses a strip, and no better one crosses it nearby."""
    total = _accumulate(worth) + _accumulate(worth[::-1])[::-1] - worth
    peak = cv2.dilate(total, np.ones((1, 2 * NEARBY + 1), np.uint8))
    strong = (total >= SHORT_WORTH) & (worth > 0) & (total >= peak - SAME)
    strong[:, 0] = strong[:, -1] = False
    edges = np.diff(strong.astype(np.int8).ravel(), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if len(starts) == 0:
        none, no_worth = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return Nodes(none, np.zeros(0), none, no_worth, no_worth)
    rows = worth.shape[1]
    both = np.stack([starts, ends], axis=1).ravel()
    bounds = both[both < worth.size]
    highest, own = (np.maximum.reduceat(values.ravel(), bounds)[::2] for values in (total, worth))
    return Nodes(starts // rows, (starts % rows + ends % rows - 1) / 2, ends - starts, highest, own)


def nodes_to_chains(nodes: Nodes) -> list[list[int]]:
    """Nodes linked from strip to strip, over holes of a strip or two, where each is the other's best neighbour."""
    count = len(nodes.strip)
    after, before = np.full(count, -1), np.full(count, -1)
    for hop in (1, 2, 3):
        onward, back = _best_neighbours(nodes, hop, after < 0), _best_neighbours(nodes, -hop, before < 0)
        mutual = np.flatnonzero((onward >= 0) & (after < 0))
        mutual = mutual[(back[onward[mutual]] == mutual) & (before[onward[mutual]] < 0)]
        after[mutual] = onward[mutual]
        before[onward[mutual]] = mutual
    chains = []
    onward_of = after.tolist()
    for start in np.flatnonzero(before < 0).tolist():
        chain = [start]
        while onward_of[chain[-1]] >= 0:
            chain.append(onward_of[chain[-1]])
        if len(chain) >= MIN_STRIPS:
            chains.append(chain)
    return chains


def _best_neighbours(nodes: Nodes, hop: int, asked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each node asked the one so many strips on that a path may reach and that is worth most; -1 where there is none."""
    spacing = 1e5
    places = nodes.strip * spacing + nodes.row
    reach = CLIMB * abs(hop) + 1.0
    low = np.searchsorted(places, places + hop * spacing - reach)
    high = np.searchsorted(places, places + hop * spacing + reach, side="right")
    best = np.full(len(places), -1)
    worth = np.full(len(places), -np.inf)
    for step in range(int((high - low).max(initial=0))):
        here = low + step
        valid = asked & (here < high)
        candidate = np.where(valid, here, 0)
        value = np.where(valid, nodes.total[candidate] - 0.1 * np.abs(nodes.row[candidate] - nodes.row), -np.inf)
        better = value > worth
        best[better], worth[better] = candidate[better], value[better]
    return best
