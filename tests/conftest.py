"""What several tests need: engines loaded once, printed returns, and text turned into what a recogniser would see."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from extractors.glyphs import Alphabet, chars_to_glyphs, form_to_alphabet
from pipeline.alignment.align import name_items
from pipeline.alignment.labels import place_header
from pipeline.reading.read import Readers, load_readers
from samples.layout import draw_layout, plain_layout
from samples.printer import Printed, print_return
from samples.returns import Filled, invent_return
from schemas.flow import LINE_HEIGHT, Evidence, GlyphLine, Line, Mesh, PageChar, SecondReading, TableFind
from schemas.form import EMPTY_PARENTHESES, FormItem
from schemas.safety_month import SAFETY_MONTH
from tests import dovecot
from tests.browser import chromium  # noqa: F401 - a fixture is found where it is imported
from tests.postgres import BINARIES, MISSING, Server, running_server

ALPHABET: Alphabet = form_to_alphabet(SAFETY_MONTH)

CHAR = 24
"""Width of a character on a made line, in pixels."""

PAGE_SIZE = (2000, 3000)

HEADER = "填报单位（盖章）青禾县总工会联系人王文电话5500001填报日期2026年6月20日"


@dataclass(frozen=True)
class PrintedReturn:
    """A return as it was filled in, and where it stands on paper."""

    filled: Filled
    printed: Printed


@pytest.fixture(scope="session")
def readers() -> Readers:
    """Every engine, loaded once."""
    return load_readers(SAFETY_MONTH)


@pytest.fixture(scope="session")
def printed_returns(tmp_path_factory: pytest.TempPathFactory) -> tuple[PrintedReturn, ...]:
    """Three typed returns as PDFs with a text layer: the blank form's own layout, then drawn ones."""
    folder = tmp_path_factory.mktemp("printed")
    made = []
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        filled = invent_return(SAFETY_MONTH, rng, filling="typed")
        layout = plain_layout() if seed == 1 else draw_layout(rng)
        # A row on two pages has a test of its own.
        layout = replace(layout, split_rows=False)
        made.append(PrintedReturn(filled, print_return(SAFETY_MONTH, filled, layout, folder / f"{seed}.pdf")))
    return tuple(made)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; in CI it must be there."""
    if not BINARIES:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def running_mail() -> Iterator[dovecot.MailServer]:
    """An IMAP server; in CI it must be there."""
    if dovecot.BINARY is None:
        if os.environ.get("CI") == "true":
            pytest.fail(dovecot.MISSING)
        pytest.skip(dovecot.MISSING)
    with dovecot.running_mail_server() as server:
        yield server


@pytest.fixture
def mail_server(running_mail: dovecot.MailServer) -> dovecot.MailServer:
    """The IMAP server with an empty mailbox."""
    running_mail.empty()
    return running_mail


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind that the store knows."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kuohao.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.database()


def blank_line(chars: int, *, page: int = 1) -> Line:
    """A white line with room for so many characters."""
    bgr = np.full((LINE_HEIGHT, max(chars, 1) * CHAR, 3), 255, np.uint8)
    at_its_own_place = Mesh((0, 0), 1, np.array([[[0.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 1.0]]]))
    return Line(page, PAGE_SIZE, bgr, at_its_own_place)


def glyph_line(text: str, *, page: int = 1, certain: bool = True) -> GlyphLine:
    """A line whose characters are known for sure, one every CHAR pixels."""
    places = np.arange(len(text), dtype=np.float32)[:, None] * CHAR
    chars = [PageChar(char, (place * CHAR, 0, (place + 1) * CHAR, LINE_HEIGHT)) for place, char in enumerate(text)]
    edges = np.hstack([places, places + CHAR])
    return replace(chars_to_glyphs(blank_line(len(text), page=page), chars, edges, ALPHABET), certain=certain)


def filled_sentence(item: FormItem, values: Sequence[str]) -> str:
    """An item's printed sentence with values between its empty parentheses."""
    opening, closing = EMPTY_PARENTHESES[0], EMPTY_PARENTHESES[1]
    slots = zip(item.slots, values, strict=True)
    return "".join(f"{slot.before}{opening}{value}{closing}{slot.after}" for slot, value in slots)


def underscored(item: FormItem, values: Sequence[str], *, gap: str = "___") -> str:
    """An item's sentence with values on typed underscores instead of between parentheses."""
    slots = zip(item.slots, values, strict=True)
    return "".join(f"{slot.before}{gap}{value}{gap if value else ''}{slot.after}" for slot, value in slots)


def table_find(page: int, cells: Sequence[str], *, header: str = "") -> TableFind:
    """A table on a page whose cells hold these words, as `pipeline.reading.read` would hand it on."""
    named = [item for text in cells for item in name_items(SAFETY_MONTH, [glyph_line(text, page=page)], ALPHABET)]
    nothing = SecondReading("", 0.0)
    return TableFind(
        page,
        (),
        place_header(SAFETY_MONTH, [glyph_line(header, page=page)], ALPHABET) if header else (),
        tuple(
            (cell.item, tuple(Evidence(placement, 0, 0.0, 0.0, nothing) for placement in cell.placements)) for cell in named
        ),
    )


def sorted_files(folder: Path) -> list[Path]:
    """The files of a folder and its sub-folders."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
