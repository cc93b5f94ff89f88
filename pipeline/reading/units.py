"""The units that are expected to return a form: read from a CSV, and the one that a return's header names."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from schemas.errors import ConfigError
from schemas.form import FieldKind, Form
from schemas.office import Unit
from schemas.reading import HeaderReading, Reading

# What people call the columns. Without any of the first, the first column holds the names.
NAME_HEADINGS = ("name", "名称", "单位", "单位名称", "填报单位")
ALIAS_HEADINGS = ("aliases", "alias", "别名", "简称", "曾用名")
PARENT_HEADINGS = ("parent", "上级", "上级单位", "上级工会", "主管单位")

# What stands between two aliases in one cell.
BETWEEN_ALIASES = "；;、|"


def read_units(path: Path) -> tuple[Unit, ...]:
    """The units of a CSV (UTF-8 or GB 18030, as Chinese Excel saves it) with columns name, aliases and parent, in its order.

    A unit that stands there twice has the aliases of both rows. Raises ConfigError when the file cannot be read, or when a
    name means two units.
    """
    try:
        units = units_in_table(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"--roster {path}: {error.strerror}") from error
    except csv.Error as error:
        raise ConfigError(f"--roster {path}: {error}") from error
    names_by_spelling(units)
    return units


def units_in_table(data: bytes) -> tuple[Unit, ...]:
    """The same of a CSV's bytes, whatever its names mean (see `clashes`). Raises csv.Error where it is no CSV."""
    rows = table_rows(data)
    if not rows:
        return ()
    heading = [cell.strip().lower() for cell in rows[0]]
    name_at = _column(heading, NAME_HEADINGS)
    columns = (0 if name_at is None else name_at, _column(heading, ALIAS_HEADINGS), _column(heading, PARENT_HEADINGS))
    units: dict[str, Unit] = {}
    for row in rows[1:]:
        name, aliases, parent = (row[at].strip() if at is not None and at < len(row) else "" for at in columns)
        if name:
            before = units.get(name, Unit(name))
            units[name] = Unit(name, _distinct([*before.aliases, *_split(aliases)], name), before.parent or parent)
    return tuple(units.values())


def table_rows(data: bytes) -> list[list[str]]:
    """The rows of a CSV that hold anything, headings first. Raises csv.Error where it is no CSV."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    return [row for row in csv.reader(StringIO(text, newline="")) if row]


def unit_spellings(units: Iterable[Unit]) -> tuple[str, ...]:
    """Every name and alias: what a reader looks for on a page."""
    return tuple(dict.fromkeys(spelling for unit in units for spelling in (unit.name, *unit.aliases)))


def names_by_spelling(units: Iterable[Unit]) -> Mapping[str, str]:
    """The unit's name by each of its spellings, folded: what `unit_named` looks up.

    Raises ConfigError where one spelling means two units: a return would count for either.
    """
    names: dict[str, str] = {}
    for spelling, first, second in _spelled(units, names):
        raise ConfigError(f"--roster: {spelling} = {first} = {second}")
    return names


def clashes(units: Iterable[Unit]) -> tuple[tuple[str, str, str], ...]:
    """Every spelling that means two units, with both."""
    return tuple(_spelled(units, {}))


def unit_named(text: str | None, names: Mapping[str, str]) -> str | None:
    """The name of the unit that a text names, by name or alias; spaces and widths of characters do not matter."""
    return names.get(as_compared(text)) if text else None


def unit_of_return(reading: Reading, form: Form, names: Mapping[str, str]) -> str | None:
    """The unit that a return's header names, None where it names none of them."""
    return unit_named(unit_field(reading, form).value, names)


def unit_field(reading: Reading, form: Form) -> HeaderReading:
    """What was read where the form asks for the unit."""
    return reading.header.get(unit_key(form), HeaderReading())


def unit_key(form: Form) -> str:
    """The key of the field where a form asks for the unit; "" where it does not."""
    return next((field.key for field in form.header if field.kind is FieldKind.UNIT), "")


def _spelled(units: Iterable[Unit], names: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Put every spelling into `names`, folded, with the unit that it means first; those that mean another one too."""
    for unit in units:
        for spelling in (unit.name, *unit.aliases):
            first = names.setdefault(as_compared(spelling), unit.name)
            if first != unit.name:
                yield spelling, first, unit.name


def _column(heading: Sequence[str], names: Sequence[str]) -> int | None:
    return next((place for place, cell in enumerate(heading) if cell in names), None)


def _split(aliases: str) -> list[str]:
    for mark in BETWEEN_ALIASES[1:]:
        aliases = aliases.replace(mark, BETWEEN_ALIASES[0])
    return aliases.split(BETWEEN_ALIASES[0])


def _distinct(aliases: Iterable[str], name: str) -> tuple[str, ...]:
    stripped = (alias.strip() for alias in aliases)
    return tuple(dict.fromkeys(alias for alias in stripped if alias and alias != name))


def as_compared(text: str) -> str:
    """Words as they are compared however they were typed: NFKC, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())
