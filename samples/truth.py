"""The truth of a made return: what was written where. One file beside each return, NAME.truth.json."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from schemas.flow import Box, State
from schemas.values import JsonValue

Point = tuple[float, float]
"""x, y as fractions of the picture, origin top left."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TruthHeader(_Frozen):
    """The header as written; None where nobody wrote."""

    unit: str | None
    contact: str | None
    phone: str | None
    date: str | None


def _empty(text: str) -> bool:
    return not text


def _is_false(value: bool) -> bool:
    return not value


class TruthSlot(_Frozen):
    """One slot as written.

    `page` counts from 1. `box` holds both parentheses, `value_box` the value only (None where nobody wrote); both are
    fractions of the page as it came in, EXIF orientation applied. A slot broken over two lines has the box of the part
    with the value, or with the opening parenthesis where it is blank.

    Of a box to tick `box` is the box; of a cell of its own it is the cell. A ticked box has the value 1.

    `hand` is the style of a pen's return (`samples.styles`), `oddity` what is odd about the slot (`samples.oddities`), both
    empty where there is none; `struck_raw` is what was struck out or written over. They are not written where they are
    empty: returns made without hands have the bytes that they always had. `illegible` is a count of which the capture has
    left too little to be read by anybody (`samples.legibility`).
    """

    path: str
    state: State
    value: JsonValue
    raw: str | None
    page: int
    box: Box
    value_box: Box | None
    sealed: bool = False
    struck: bool = False
    hand: str = Field(default="", exclude_if=_empty)
    oddity: str = Field(default="", exclude_if=_empty)
    struck_raw: str = Field(default="", exclude_if=_empty)
    illegible: bool = Field(default=False, exclude_if=_is_false)


class TruthCell(_Frozen):
    """A cell of the table: row 0 is the heading row, row n item n; column 0 or 1; four corners clockwise as printed.

    A row cut by the page end stands on both pages. A merged title is row -1; merged cells are column 0. Corners stand
    where rules would meet, also where there are none.
    """

    page: int
    row: int
    column: int
    corners: tuple[Point, Point, Point, Point]


class Truth(_Frozen):
    """One return: slots in the form's order, further activities of item 7 as item7[2].name, item7[3].name and so on."""

    file: str
    capture: str
    filling: str
    seed: int
    modifiers: tuple[str, ...]
    retyped: bool
    header: TruthHeader
    slots: tuple[TruthSlot, ...]
    cells: tuple[TruthCell, ...]


class TruthFile(_Frozen):
    """All returns of one file."""

    file: str
    returns: tuple[Truth, ...]


def truth_path(file: Path) -> Path:
    """Where the truth of a return's file lies: 青禾县.pdf has 青禾县.truth.json."""
    return file.with_name(f"{file.stem}.truth.json")


def write_truth(truth: TruthFile, folder: Path) -> Path:
    """Write the truth of a file that lies in `folder` beside it."""
    path = truth_path(folder / truth.file)
    path.write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def read_truth(path: Path) -> TruthFile:
    """The truth in a .truth.json file."""
    return TruthFile.model_validate_json(path.read_text(encoding="utf-8"))
