"""How slots become pictures: what each look shows, and what a window changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.digits import CONTEXT, PEN_LOOK, PLAIN_VIEW, PRINT_LOOK, STEP, Look, View, strip_to_picture, strip_to_views
from schemas.flow import Image

LOOKS = pytest.mark.parametrize("look", [PRINT_LOOK, PEN_LOOK], ids=["print", "pens"])

BLUE, RED, BLACK = (200, 60, 30), (30, 40, 200), (40, 40, 40)


def strip_of(look: Look, width: int, colour: tuple[int, int, int], paper: tuple[int, int, int] = (255, 255, 255)) -> Image:
    """A strip of paper with a slot of a width between printed bars, and a square of colour in its middle."""
    strip = np.full((look.bottom - look.top, width + 2 * (look.reach + CONTEXT), 3), paper, np.uint8)
    beside = look.reach + CONTEXT
    strip[20:60, beside - 14 : beside - 4] = strip[20:60, 4 - beside : 14 - beside] = BLACK
    row, column = strip.shape[0] // 2, strip.shape[1] // 2
    strip[row - 8 : row + 8, column - 8 : column + 8] = colour
    return strip


def seen(look: Look, strip: Image, view: View = PLAIN_VIEW) -> np.ndarray:
    """The planes of a slot in the middle of a strip."""
    beside = look.reach + CONTEXT
    return strip_to_views(strip, beside, strip.shape[1] - beside, look, (view,), under=np.zeros(strip.shape[:2], bool))[
        0
    ].planes


@LOOKS
@given(width=st.integers(10, 400))
def test_a_picture_has_whole_steps(look: Look, width: int) -> None:
    """A picture of any slot has the look's planes and rows and a whole number of steps, and most of the slot is marked."""
    planes = seen(look, strip_of(look, width, BLACK))
    assert planes.shape[:2] == (look.planes, look.height)
    assert planes.shape[2] % STEP == 0
    assert planes[1, 0].sum() == pytest.approx(width * look.scale, abs=2)


@LOOKS
def test_ink_is_dark_and_paper_light(look: Look) -> None:
    """Ink is 1 where the pen wrote and 0 on paper, on white paper as on grey."""
    for paper in ((255, 255, 255), (200, 205, 210)):
        ink = seen(look, strip_of(look, 100, BLACK, paper))[0]
        assert ink[look.height // 2, ink.shape[1] // 2] == pytest.approx(1.0, abs=0.05)
        assert abs(ink[2, 2]) < 0.05


def test_colour_tells_pens_from_print() -> None:
    """Blue pens are above nought, red ones below it, black print at nought; tinted paper has no colour of its own."""
    found = {}
    for name, colour in (("blue", BLUE), ("red", RED), ("black", BLACK)):
        planes = seen(PEN_LOOK, strip_of(PEN_LOOK, 100, colour, (235, 245, 255)))
        found[name] = planes[2, PEN_LOOK.height // 2, planes.shape[2] // 2]
        assert abs(planes[2, 2, 2]) < 0.05
    assert found["blue"] > 0.4
    assert found["red"] < -0.4
    assert abs(found["black"]) < 0.15


@pytest.mark.parametrize("across", [-6.0, 6.0])
def test_a_window_moves_ink_and_slot_together(across: float) -> None:
    """A window moved to the right shows the digit and its slot as far to the left."""
    strip = strip_of(PEN_LOOK, 100, BLACK)
    plain, moved = (seen(PEN_LOOK, strip, view) for view in (View(), View(across=across)))
    columns = np.arange(plain.shape[2])
    for plane in (0, 1):
        # The bars stand on both sides alike, and are seen whole.
        before, after = ((part[plane].clip(0).sum(axis=0) @ columns) / part[plane].clip(0).sum() for part in (plain, moved))
        assert after - before == pytest.approx(-across * PEN_LOOK.scale, abs=0.6)


def test_a_zoom_enlarges() -> None:
    """What is looked at through a zoom of 1.25 has that much more ink to either side, and up and down."""
    strip = strip_of(PEN_LOOK, 200, BLACK)
    plain, large = (seen(PEN_LOOK, strip, view)[0, :, 80:-80].clip(0).sum() for view in (View(), View(zoom=1.25)))
    assert large / plain == pytest.approx(1.25**2, rel=0.1)


def test_a_picture_is_the_plain_view() -> None:
    """Training and reading see the same picture of a slot."""
    strip = strip_of(PEN_LOOK, 100, BLUE)
    beside = PEN_LOOK.reach + CONTEXT
    own = strip_to_picture(strip, beside, strip.shape[1] - beside, PEN_LOOK, under=np.zeros(strip.shape[:2], bool)).planes
    assert np.array_equal(own, seen(PEN_LOOK, strip))
