"""What is ink and what is a shadow."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.ink import dark_pixels
from extractors.strokes import BROAD, stroke_depth, stroke_pixels
from schemas.flow import Image

PAPER = 235


def page(*, thick: int = 3, shadow: int = 0, light: int = PAPER) -> Image:
    """A level rule at row 150 on paper, the right half of which lies in a shadow so much darker, its edge hard."""
    picture = np.full((300, 400), light, np.uint8)
    picture[:, 200:] -= shadow
    cv2.rectangle(picture, (0, 150), (399, 150 + thick - 1), 20, -1)
    return np.asarray(picture, dtype=np.uint8)


@given(shadow=st.integers(20, 150))
@settings(deadline=None, max_examples=25)
def test_a_shadow_s_edge_is_no_ink(shadow: int) -> None:
    """However hard and deep a shadow is, only the rule that runs through it is ink."""
    ink = stroke_pixels(page(shadow=shadow))
    assert ink[:140].max() == 0
    assert ink[160:].max() == 0
    assert (ink[151] > 0).mean() > 0.97


@given(thick=st.integers(2, 8), light=st.integers(150, 255))
@settings(deadline=None, max_examples=25)
def test_on_evenly_lit_paper_ink_is_what_is_dark(thick: int, light: int) -> None:
    """Without a shadow strokes are exactly the dark pixels."""
    even = page(thick=thick, light=light)
    assert np.array_equal(stroke_pixels(even), dark_pixels(even))


@pytest.mark.parametrize(("thick", "depth"), [(1, PAPER - 20), (BROAD - 1, PAPER - 20), (BROAD + 4, 0)])
def test_depth_is_told_of_what_is_thin(thick: int, depth: int) -> None:
    """A stroke is as deep as it is darker than its paper; what is broad has no depth."""
    assert stroke_depth(page(thick=thick))[150 + thick // 2, 100] == depth
