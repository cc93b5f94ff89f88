"""The totals written into a blank's own Word file: between its parentheses, behind its boxes, into its cells and lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from io import BytesIO
from itertools import count
from typing import NamedTuple

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from pipeline.forms.blank import compact
from pipeline.forms.figures import Filling, told_provisional
from pipeline.forms.joining import join_tables
from pipeline.forms.matching import Matched, match_slots
from pipeline.forms.spelling import BOXES
from pipeline.forms.word import Element, WordTable, cell_paragraphs, open_word, tables_to_blanks, word_tables
from schemas.form import EMPTY_BOX, FieldKind, Form, Mark, Slot

_DAY = r"[\s＿]*年[\s＿]*月(?:[\s＿]*日)?"

# As `sentence.MARK`, on text whose length has not changed.
_MARK = re.compile(
    rf"（(?P<inside>[\s＿]*(?:{_DAY})?[\s＿]*)）|(?P<box>□)|(?P<dated>＿{_DAY})|(?P<line>＿(?:[ \u3000＿]*＿)?)"
)

_PLAIN = str.maketrans({**dict.fromkeys(BOXES, EMPTY_BOX), **dict(zip("()_﹍﹎﹏", "（）＿＿＿＿", strict=True))})


class Char(NamedTuple):
    """A character of a paragraph as forms spell it, the text element that holds it (None for a tab), and where in it."""

    char: str
    element: Element | None
    place: int


class Edit(NamedTuple):
    """Characters of a paragraph to be replaced, half-open, and by what."""

    start: int
    stop: int
    text: str


def fill_word(data: bytes, form: Form, filling: Filling, header: Mapping[str, str]) -> tuple[bytes, list[str]]:
    """A blank Word file with the totals in it, and the paths of slots that have a total and were not found in it.

    `header` are values by field key. Raises UnreadableFile, EncryptedFile, FileTooLarge.
    """
    document = open_word(data)
    tables = word_tables(document)
    matched = match_slots(form, join_tables([compact(table) for table in tables_to_blanks(tables) if table.cells]))
    cells = {number: cell.element for number, cell in zip(count(), (one for table in tables for one in table.cells))}
    left = {path for path in filling.texts if path not in matched.slots}
    left |= {key for key, rows in filling.rows.items() if rows and key not in matched.rows}
    by_cell: dict[int, dict[int, tuple[Slot, str]]] = {}
    for slot in form.slots:
        if slot.path in filling.texts and slot.path in matched.slots:
            at = matched.slots[slot.path]
            by_cell.setdefault(at.cell, {})[at.nth] = (slot, filling.texts[slot.path])
    for number, found in by_cell.items():
        left |= _fill_cell(cells[number], found)
    for key, rows in filling.rows.items():
        _fill_rows(cells, matched, key, rows)
    _fill_header(tables, form, header)
    if told := told_provisional(filling):
        document.add_paragraph(told)
    made = BytesIO()
    document.save(made)
    return made.getvalue(), [path for path in (*filling.texts, *filling.rows) if path in left]


def _fill_cell(cell: Element, found: Mapping[int, tuple[Slot, str]]) -> set[str]:
    """Write into the marks of a cell, or into the cell itself; the paths of slots whose mark is not there."""
    missing = {slot.path for slot, _ in found.values()}
    if all(slot.mark is Mark.CELL for slot, _ in found.values()):
        for _, text in found.values():
            write_cell(cell, text)
        return set()
    nth = count()
    for paragraph in cell_paragraphs(cell):
        chars = paragraph_chars(paragraph)
        edits = []
        for match in _MARK.finditer("".join(char.char for char in chars)):
            here = found.get(next(nth))
            if here is not None:
                edits.append(_edit(match, chars, *here))
                missing.discard(here[0].path)
        apply_edits(chars, edits)
    return missing


def _edit(match: re.Match[str], chars: Sequence[Char], slot: Slot, text: str) -> Edit:
    """How a mark is filled in: between parentheses, on a line, or in parentheses behind a box and its words."""
    if match["inside"] is not None:
        return Edit(match.start("inside"), match.end("inside"), text)
    if not match["box"]:
        start, stop = match.span()
        room = chars[start].char == "＿" and stop - start > 2
        return Edit(start + room, stop - room, f" {text} " if room else text)
    words = "".join(slot.after.split()).rstrip("，；。、")
    place, seen = match.end(), 0
    while seen < len(words) and place < len(chars):
        seen += not chars[place].char.isspace()
        place += 1
    return Edit(place, place, f"（{text}）")


def paragraph_chars(paragraph: Element) -> list[Char]:
    """The characters of a paragraph's runs; spaces with a line beneath are that line."""
    chars: list[Char] = []
    for run in paragraph.iter(qn("w:r")):
        mark = run.find(f"{qn('w:rPr')}/{qn('w:u')}")
        lined = mark is not None and mark.get(qn("w:val"), "single") != "none"
        for child in run:
            if child.tag == qn("w:t"):
                for place, char in enumerate(child.text or ""):
                    plain = "＿" if lined and char.isspace() else " " if char.isspace() else char.translate(_PLAIN)
                    chars.append(Char(plain, child, place))
            elif child.tag in {qn("w:tab"), qn("w:br"), qn("w:cr")}:
                chars.append(Char(" ", None, 0))
            elif child.tag == qn("w:sym"):
                chars.append(Char(EMPTY_BOX, None, 0))
    return chars


def apply_edits(chars: Sequence[Char], edits: Sequence[Edit]) -> None:
    """Change a paragraph's text elements, from the last edit to the first so that places stay."""
    for edit in sorted(edits, reverse=True):
        held = [char for char in chars[edit.start : edit.stop] if char.element is not None]
        before = next((char for char in reversed(chars[: edit.start]) if char.element is not None), None)
        if held:
            target, place = held[0].element, held[0].place
        elif before is not None:
            target, place = before.element, before.place + 1
        else:
            continue
        for char in reversed(held):
            _replace(char.element, char.place, char.place + 1, "")
        _replace(target, place, place, edit.text)


def _replace(element: Element, start: int, stop: int, text: str) -> None:
    whole = element.text or ""
    element.text = whole[:start] + text + whole[stop:]
    element.set(qn("xml:space"), "preserve")


def write_cell(cell: Element, text: str) -> None:
    """Write into an empty cell, in the font that its paragraph is kept for."""
    paragraph = next(cell_paragraphs(cell), None)
    if paragraph is None:
        return
    run, element = OxmlElement("w:r"), OxmlElement("w:t")
    look = paragraph.find(f"{qn('w:pPr')}/{qn('w:rPr')}")
    if look is not None:
        run.append(deepcopy(look))
    element.text = text
    element.set(qn("xml:space"), "preserve")
    run.append(element)
    paragraph.append(run)


def _fill_rows(cells: Mapping[int, Element], matched: Matched, key: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Write a list's rows into the blank's; where these do not suffice, more like the last one are made."""
    places = list(matched.rows.get(key, ()))
    if not places:
        return
    own = [[{path: cells[number] for path, number in place.items()}] for place in places]
    line = next(iter(own[-1][0].values())).getparent()
    kept = deepcopy(line)
    for number, row in enumerate(rows):
        if number < len(places):
            found = own[number][0]
        else:
            line.addnext(more := deepcopy(kept))
            order = list(line.iterchildren(qn("w:tc")))
            fresh = list(more.iterchildren(qn("w:tc")))
            found = {path: fresh[order.index(cell)] for path, cell in own[-1][0].items() if cell in order}
            _number(fresh[0], number + 1, taken=fresh[0] in found.values())
            line, own[-1][0] = more, found
        for path, text in row.items():
            if path in found:
                write_cell(found[path], text)


def _number(cell: Element, number: int, *, taken: bool) -> None:
    """A further row's number, where rows have numbers."""
    texts = [] if taken else list(cell.iter(qn("w:t")))
    if texts:
        texts[0].text = str(number)
        for text in texts[1:]:
            text.text = ""


def _fill_header(tables: Sequence[WordTable], form: Form, header: Mapping[str, str]) -> None:
    """Write fields behind their labels: in the lines around the tables, and in cells beside or below labels."""
    wanted = {field.label: header[field.key] for field in form.header if header.get(field.key)}
    dated = {field.label for field in form.header if field.kind is FieldKind.DATE}
    for table in tables:
        for paragraph in (*table.above, *table.below):
            _fill_line(paragraph, wanted, dated)
        for cell in table.cells:
            label = "".join(char.char for line in cell_paragraphs(cell.element) for char in paragraph_chars(line))
            if (words := label.strip(" ：:＿")) in wanted:
                beside = [
                    one.element
                    for one in table.cells
                    if (one.row == cell.row and one.column == cell.column + cell.column_span)
                    or (one.column == cell.column and one.row == cell.row + cell.row_span)
                ]
                empty = next((one for one in beside if not any(one.itertext())), None)
                if empty is not None:
                    write_cell(empty, wanted.pop(words))


def _fill_line(paragraph: Element, wanted: dict[str, str], dated: set[str]) -> None:
    """Put values behind the labels of one line, in place of the gap or the line there; each label once."""
    chars = paragraph_chars(paragraph)
    text = "".join(char.char for char in chars)
    edits: list[Edit] = []
    for label in sorted(wanted, key=len, reverse=True):
        pattern = (
            r"\s*".join(map(re.escape, label))
            + r"\s*[：:]?(?P<gap>[\s＿]*"
            + (r"(?:年[\s＿]*月[\s＿]*日?)?" * (label in dated))
            + ")"
        )
        match = re.search(pattern, text)
        if match is None or any(edit.start < match.end("gap") and match.start() < edit.stop for edit in edits):
            continue
        start, stop = match.span("gap")
        last = stop >= len(text)
        edits.append(Edit(start, stop, wanted[label] if last else f"{wanted[label]}  "))
    for edit in edits:
        wanted.pop(next(label for label, value in wanted.items() if edit.text.startswith(value)))
    apply_edits(chars, edits)
