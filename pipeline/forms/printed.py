"""A form with its totals in words, row by row, as both Word files and PDFs of our own making print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.collection.form_layout import NUMBERED, LaidRow, Place, TableLayout, is_listed, words_of_total
from pipeline.forms.figures import Filling
from schemas.form import Form, Mark, Slot

# Columns from which a table lies on the page's long side.
WIDE = 7

# How wide columns are beside each other: numbers of rows, numbers, headings and words, sentences.
SHARES = {"number": 0.6, "figure": 1.2, "heading": 2.0, "sentence": 5.0}


def header_line(form: Form, header: Mapping[str, str]) -> str:
    """The fields with their values, those without one with room for it."""
    return "    ".join(f"{field.label}：{header.get(field.key) or '＿＿＿＿＿＿'}" for field in form.header)


def sentence_text(slots: Sequence[Slot], filling: Filling) -> str:
    """A sentence with its totals; what has none keeps its mark."""
    parts = []
    for slot in slots:
        text = filling.texts.get(slot.path, "")
        if slot.mark is Mark.BOX and not text:
            parts.append(f"{slot.before}{slot.mark.value}{slot.after}")
            continue
        words = words_of_total(slot)
        inside = text or ("" if slot.mark is not Mark.LINE else "＿＿")
        parts.append(f"{words.before}{words.opening}{inside}{words.closing}{words.after}")
    return "".join(parts)


def table_rows(laid: LaidRow, filling: Filling) -> list[list[str]]:
    """What stands in an item's places: one row, of a list one for each of its rows."""
    if not is_listed(laid.item):
        return [[_place_text(place, filling.texts, filling) for place in laid.places]]
    rows = filling.rows.get(laid.item.key, ()) or ({},)
    return [
        [
            str(number) if place_number == 0 and not place.slots else _place_text(place, row, filling)
            for place_number, place in enumerate(laid.places)
        ]
        for number, row in enumerate(rows, 1)
    ]


def _place_text(place: Place, texts: Mapping[str, str], filling: Filling) -> str:
    if place.sentence:
        return sentence_text(place.sentence, filling)
    if place.cells:
        return " ".join(texts.get(slot.path, "") for slot in place.cells).strip()
    return place.words


def column_shares(layout: TableLayout) -> list[float]:
    """How wide each column is, by the widest kind of thing in it."""
    shares = [SHARES["number" if column in NUMBERED else "figure"] for column in layout.columns]
    for laid in layout.rows:
        at = 0
        for place in laid.places:
            kind = "sentence" if place.sentence else "heading" if place.words and place.span == 1 else "figure"
            if place.cells and any(not slot.kind.summed for slot in place.cells):
                kind = "heading"
            if layout.columns[at] not in NUMBERED:
                shares[at] = max(shares[at], SHARES[kind])
            at += place.span
    return shares
