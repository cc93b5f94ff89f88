"""The fields above a typed table: the lines among many that hold them."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from extractors.glyphs import Alphabet, fold_words
from pipeline.alignment.labels import place_header
from pipeline.reading.typed.lines import text_to_line
from schemas.flow import Placement
from schemas.form import Form
from schemas.typed import TypedRow

# A line is the form's title when it is this much like it, 0 to 100, and no longer than twice as long.
LIKE_THE_TITLE = 80

# So many lines at most hold a table's fields: one for each label and one for each value.
MOST_LINES = 16

COLONS = ":_ "
WITHOUT_COLONS = str.maketrans(":：∶", "   ")


def place_typed_header(form: Form, rows: Sequence[TypedRow], alphabet: Alphabet) -> tuple[Placement, ...]:
    """The fields in some rows or paragraphs, in the form's order; empty where there are none.

    What stands above the form's title is not the form's: a notice names people and telephones, too.
    """
    # The colon behind a label is no part of a unit's name, which would be doubted for it.
    texts = [text.translate(WITHOUT_COLONS) for text in _field_lines(form, rows)]
    lines = [line for line in (text_to_line(text, alphabet, spaced=False) for text in texts) if line]
    return place_header(form, [line.glyphs for line in lines], alphabet)


def add_fields(above: Sequence[Placement], more: Sequence[Placement]) -> tuple[Placement, ...]:
    """Fields, with those that were not found taken from others."""
    if not above or not more:
        return tuple(above or more)
    return tuple(theirs if mine.line is None else mine for mine, theirs in zip(above, more, strict=True))


def has_unit(header: Sequence[Placement]) -> bool:
    """Whether the form's first field, whose return it is, is among the fields found."""
    return bool(header) and header[0].line is not None


def _field_lines(form: Form, rows: Sequence[TypedRow]) -> list[str]:
    """The lines with labels, each with its value: behind it, in the cell beside it, or in the cell below it."""
    labels = sorted(
        {fold_words(text) for field in form.header for text in (field.label, *field.also)}, key=len, reverse=True
    )
    rows = _below_title(form, rows)
    found: list[str] = []
    done = False
    for place, row in enumerate(rows):
        if done:
            done = False
            continue
        cells = [" ".join(cell) for cell in row]
        below = rows[place + 1] if place + 1 < len(rows) else ()
        if _values_stand_below(cells, below, labels):
            found += [f"{cell} {' '.join(value)}" for cell, value in zip(cells, below, strict=True) if cell]
            done = True
            continue
        lines = [line for cell in row for line in cell]
        open_label = False
        for line in lines:
            if any(label in fold_words(line) for label in labels):
                found.append(line)
                open_label = any(fold_words(line).rstrip(COLONS).endswith(label) for label in labels)
            elif open_label:
                found.append(line)
                open_label = False
    return found[-MOST_LINES:]


def _below_title(form: Form, rows: Sequence[TypedRow]) -> list[TypedRow]:
    """The rows behind the last one that holds the form's title, without the table's column headings."""
    title, columns = fold_words(form.title), {fold_words(column) for column in form.columns}
    kept: list[TypedRow] = []
    for row in rows:
        cells = {fold_words("".join(cell)) for cell in row} - {""}
        if cells and cells <= columns:
            continue
        text = fold_words("".join(line for cell in row for line in cell))
        if len(text) <= 2 * len(title) and fuzz.partial_ratio(title, text) >= LIKE_THE_TITLE and len(text) > len(title) / 2:
            kept = []
            continue
        kept.append(tuple(() if fold_words("".join(cell)) in columns else cell for cell in row))
    return kept


def _values_stand_below(cells: Sequence[str], below: TypedRow, labels: Sequence[str]) -> bool:
    """Whether a row holds labels alone, and the next one no label: their values."""
    written = [cell for cell in cells if cell]
    if len(written) < 2 or len(below) != len(cells) or not all(_is_label(cell, labels) for cell in written):
        return False
    return not any(_is_label(" ".join(cell), labels) for cell in below)


def _is_label(text: str, labels: Sequence[str]) -> bool:
    return fold_words(text).rstrip(COLONS) in labels
