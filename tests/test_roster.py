"""The roster of units, and the name on it that a field holds: never another one for sure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.glyphs import Alphabet, chars_to_glyphs, form_to_alphabet
from pipeline.reading.roster import Match, match_name, read_roster
from samples.names import unit_names
from schemas.errors import ConfigError
from schemas.flow import LINE_HEIGHT, PageChar
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import ALPHABET, CHAR, blank_line

ROSTER = ("青禾县总工会", "白石区总工会", "云川市电力工会", "云川市纺织工会")

SURE = 0.99

WIDE = form_to_alphabet(SAFETY_MONTH, extra="".join(unit_names()))


def matched(
    text: str, roster: tuple[str, ...], *, hidden: frozenset[int] = frozenset(), alphabet: Alphabet = WIDE
) -> Match | None:
    """What a roster makes of a text of which the characters `hidden` are not seen."""
    places = np.arange(len(text), dtype=np.float32)[:, None] * CHAR
    chars = [PageChar(char, (0.0, 0.0, float(CHAR), float(LINE_HEIGHT))) for char in text]
    line = chars_to_glyphs(blank_line(len(text)), chars, np.hstack([places, places + CHAR]), alphabet)
    log_probs, spelling = line.log_probs.copy(), list(line.spelling)
    for place in hidden:
        log_probs[2 * place] = np.log(1e-6)
        log_probs[2 * place, 0], spelling[2 * place] = 0.0, ""
    return match_name(log_probs, spelling, line.sureness, roster, alphabet)


UNITS: list[tuple[str, tuple[str, ...], str | None, bool]] = [
    ("青禾县总工会", ROSTER, "青禾县总工会", True),
    ("青禾县总工会", ("青禾县总工会",), "青禾县总工会", True),
    ("电力工会", ROSTER, "云川市电力工会", True),
    ("青和县总工会", ROSTER, "青禾县总工会", False),
    ("青禾县总工", ROSTER, "青禾县总工会", False),
    ("1青禾县总工会", ROSTER, "青禾县总工会", False),
    ("东青禾县总工会", ROSTER, "青禾县总工会", False),
    ("云川市电力工会委员会", ROSTER, "云川市电力工会", False),
    ("云川市工会", ROSTER, None, False),
    ("青云县总工会", ("青禾县总工会", "青石县总工会"), None, False),
    ("消防支队", ROSTER, None, False),
    ("", ROSTER, None, False),
    ("青禾县总工会", (), None, False),
]


@pytest.mark.parametrize(("written", "roster", "name", "sure"), UNITS)
def test_unit_on_the_roster(written: str, roster: tuple[str, ...], name: str | None, sure: bool) -> None:
    """A name is sure as it is written, with or without its city; with a slip it is offered; two alike or none, no name."""
    match = matched(written, roster)
    assert (match.name if match else None) == name
    assert (match is not None and match.probability >= SURE) == sure


@pytest.mark.parametrize("alphabet", [WIDE, ALPHABET], ids=["roster's characters", "form's characters"])
@pytest.mark.parametrize("name", unit_names())
def test_every_unit_is_itself(name: str, alphabet: Alphabet) -> None:
    """Among sixty names that differ by a character or two, each written as it is is itself, surely."""
    match = matched(name, unit_names(), alphabet=alphabet)
    assert match is not None
    assert match.name == name
    assert match.probability > 0.999


@pytest.mark.parametrize("name", unit_names())
def test_a_unit_off_the_roster_is_never_sure(name: str) -> None:
    """A name that is missing from the roster never passes for a neighbour that differs by one character."""
    match = matched(name, tuple(unit for unit in unit_names() if unit != name))
    assert match is None or match.probability < SURE


@given(data=st.data())
@settings(deadline=None, max_examples=100)
def test_hidden_characters_never_make_another_unit_sure(data: st.DataObject) -> None:
    """Whatever a seal hides of a name, no other unit is taken for sure."""
    name = data.draw(st.sampled_from(unit_names()))
    hidden = data.draw(st.frozensets(st.integers(0, len(name) - 1), max_size=4))
    match = matched(name, unit_names(), hidden=hidden)
    assert match is None or match.name == name or match.probability < SURE


def test_what_a_seal_leaves_tells_units_apart() -> None:
    """Common characters under a seal leave the name to be read from the others, for a person to confirm."""
    match = matched("青禾县总工会", ROSTER, hidden=frozenset({3, 4}))
    assert match is not None
    assert match.name == "青禾县总工会"
    assert match.probability < SURE


def test_a_long_roster_is_searched_whole() -> None:
    """Among thousands of names that differ by one character the one that is written is found."""
    chars = [chr(0x4E00 + place) for place in range(71)]
    roster = tuple(f"{first}{second}县总工会" for first in chars for second in chars)
    alphabet = form_to_alphabet(SAFETY_MONTH, extra="".join(chars))
    for name in (roster[0], roster[2500], roster[-1]):
        match = matched(name, roster, alphabet=alphabet)
        assert match is not None
        assert (match.name, match.probability >= SURE) == (name, True)


FILES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "plain": ("name\n青禾县总工会\n白石区总工会\n".encode(), ("青禾县总工会", "白石区总工会")),
    "as Excel saves it": ("名称,电话\r\n青禾县总工会,1\r\n\r\n".encode("gb18030"), ("青禾县总工会",)),
    "with a mark, quotes and spaces": ('\ufeff名称\n"青禾县总工会 ",1\n'.encode(), ("青禾县总工会",)),
    "a comma within quotes": ('名称\n"甲厂,乙厂工会"\n'.encode(), ("甲厂,乙厂工会",)),
    "twice": ("name\n甲\n甲\n乙\n".encode(), ("甲", "乙")),
    "heading alone": (b"name\n", ()),
    "nothing": (b"", ()),
}


@pytest.mark.parametrize(("data", "names"), FILES.values(), ids=FILES.keys())
def test_read_roster(data: bytes, names: tuple[str, ...], tmp_path: Path) -> None:
    """The first column without its heading, in UTF-8 or GB 18030, each name once."""
    path = tmp_path / "roster.csv"
    path.write_bytes(data)
    assert read_roster(path) == names


def test_no_roster() -> None:
    """No roster has no names; one that cannot be read is a wrong setting."""
    assert read_roster(None) == ()
    with pytest.raises(ConfigError):
        read_roster(Path("no-such-roster.csv"))
