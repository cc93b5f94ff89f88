"""A Word file's main part to paragraphs and tables.

python-docx parses the part, with entities off; its document model leaves out what units do with a form (content controls,
tracked changes, text boxes, tables within tables, merged cells), so the XML is walked here. What the printed page would
not show does not count: deletions, hidden text, a control's own prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from docx.oxml import parse_xml

from extractors.package import Package
from extractors.runs import Run, runs_to_lines, visible
from schemas.errors import FileTooLarge
from schemas.typed import UNKNOWN, Span, TypedBlock, TypedCell, TypedFile, TypedRow

MAX_CHARS = 400_000
"""Characters of a file: a hundred returns of 1,500 and as much beside them; the search takes 10 ms for a thousand."""

Element: TypeAlias = Any
"""An lxml element; the library has no types."""

PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.microsoft.com/office/word/2010/wordml": "w14",
}

# What is not shown, or is no text: deletions, moved text at its old place, properties, fields' commands, ruby.
SKIPPED = frozenset({"w:del", "w:moveFrom", "w:rPr", "w:pPr", "w:instrText", "w:delText", "w:rt", "w:sdtPr", "w:tblPr"})

# What stands for a character.
SIGNS = {"w:tab": " ", "w:ptab": " ", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}

# Signs of Word's fonts of signs with which forms draw boxes, by font and character; any other sign may be anything.
SYMBOLS = {
    ("Wingdings", "A8"): "□", ("Wingdings", "6F"): "□", ("Wingdings", "FE"): "☑", ("Wingdings", "FD"): "☒",
    ("Wingdings", "FC"): "✓", ("Wingdings", "6E"): "■", ("Wingdings 2", "A3"): "□", ("Wingdings 2", "2A"): "□",
    ("Wingdings 2", "52"): "☑", ("Wingdings 2", "54"): "☒", ("Wingdings 2", "50"): "✓", ("Wingdings 2", "A2"): "■",
}  # fmt: skip

PLAIN = Run("")

ONLY_A_NUMBER = re.compile(r"[\s0-9０-９,，.]*[0-9０-９][\s0-9０-９,，.]*")

Content: TypeAlias = "list[TypedCell | _Table]"
"""What a cell, a box or the page holds: a paragraph's lines, or a table."""


@dataclass(frozen=True)
class _Table:
    """Rows of cells, each with the columns that it stands over."""

    rows: tuple[tuple[tuple[Content, Span], ...], ...]


@dataclass
class _Walk:
    """What is noticed on the way: writing that lies over the text, and how much text there is."""

    overlaid: bool = False
    chars: int = field(default=0)

    def count(self, text: str) -> None:
        self.chars += len(text)
        if self.chars > MAX_CHARS:
            raise FileTooLarge("text")


@dataclass
class _Place:
    """How far a row's cells have come, in columns of its table."""

    column: int


def word_to_typed(package: Package, source: Path) -> TypedFile:
    """The text of a Word file. Raises FileTooLarge; other exceptions for damaged XML are the caller's to translate."""
    walk = _Walk()
    root = parse_xml(package.parts[package.main])
    body = next((child for child in root if _tag(child) == "w:body"), root)
    return TypedFile(source, tuple(_blocks(_content(body, walk))), walk.overlaid)


def _tag(element: Element) -> str:
    """An element's name with the usual prefix, "" for comments and for what has none of the names known here."""
    if not isinstance(element.tag, str):
        return ""
    space, _, name = element.tag[1:].partition("}") if element.tag.startswith("{") else ("", "", element.tag)
    prefix = PREFIXES.get(space)
    return f"{prefix}:{name}" if prefix else name


def _content(container: Element, walk: _Walk) -> Content:
    found: Content = []
    for child in container:
        match _tag(child):
            case "w:p":
                found += _paragraph(child, walk)
            case "w:tbl":
                found.append(_Table(tuple(_rows(child, walk))))
            case "mc:AlternateContent":
                found += _content(_alternative(child), walk)
            case "" | "w:sectPr" | "w:tcPr":
                continue
            case tag if tag not in SKIPPED and not _is_prompt(child):
                # Content controls, insertions, smart tags: what is in them is as good as text.
                found += _content(child, walk)
    return found


def _paragraph(paragraph: Element, walk: _Walk) -> Content:
    """A paragraph's lines, and behind them what stands in boxes that hang on it."""
    boxes: list[Element] = []
    lines = runs_to_lines(_runs(paragraph, boxes, walk))
    found: Content = [lines] if lines else []
    for box in boxes:
        inside = _content(box, walk)
        text = "".join(line for piece in inside if isinstance(piece, tuple) for line in piece)
        walk.overlaid |= ONLY_A_NUMBER.fullmatch(text) is not None
        found += inside
    return found


def _runs(element: Element, boxes: list[Element], walk: _Walk, run: Run = PLAIN) -> Iterator[Run]:
    """The runs within an element; `run` tells how it is underlined and struck through itself."""
    for child in element:
        tag = _tag(child)
        if tag in {"w:t", "m:t"}:
            text = visible(child.text or "")
            walk.count(text)
            yield run._replace(text=text)
        elif tag in SIGNS:
            yield run._replace(text=SIGNS[tag])
        elif tag == "w:sym":
            yield run._replace(text=_symbol(child))
        elif tag == "w:txbxContent":
            boxes.append(child)
        elif tag == "mc:AlternateContent":
            yield from _runs(_alternative(child), boxes, walk, run)
        elif tag in {"w14:contentPart", "w:contentPart"}:
            walk.overlaid = True
        elif tag and tag not in SKIPPED and not _is_prompt(child):
            own = run if tag != "w:r" else _marked(child)
            if own is not None:
                yield from _runs(child, boxes, walk, own)


def _symbol(sign: Element) -> str:
    """The character that a sign of a font of signs shows; fonts of signs begin at F000."""
    marks = {name.rpartition("}")[2]: value for name, value in sign.attrib.items()}
    return SYMBOLS.get((marks.get("font", ""), marks.get("char", "").upper().removeprefix("F0")), UNKNOWN)


def _marked(run: Element) -> Run | None:
    """A run without its text: underlined, struck through; None for hidden text."""
    marks = {_tag(mark): _value(mark) for properties in run if _tag(properties) == "w:rPr" for mark in properties}
    off = {"0", "false", "off", "none"}
    on = {mark for mark, value in marks.items() if value not in off}
    if "w:vanish" in on or "w:webHidden" in on:
        return None
    return Run("", underlined="w:u" in on, struck=bool(on & {"w:strike", "w:dstrike"}))


def _value(element: Element) -> str:
    return next((value for name, value in element.attrib.items() if name.endswith("}val")), "")


def _alternative(element: Element) -> Element:
    """Of several ways to say one thing the first: the others are for older programs."""
    choices = [child for child in element if _tag(child) in {"mc:Choice", "mc:Fallback"}]
    return choices[0] if choices else element


def _is_prompt(control: Element) -> bool:
    """Whether a content control still shows its own prompt: nobody has written in it."""
    if _tag(control) != "w:sdt":
        return False
    properties = (child for child in control if _tag(child) == "w:sdtPr")
    return any(_tag(mark) == "w:showingPlcHdr" for one in properties for mark in one)


def _rows(table: Element, walk: _Walk) -> Iterator[tuple[tuple[Content, Span], ...]]:
    for child in table:
        tag = _tag(child)
        if tag == "w:tr":
            marks = {_tag(mark): _value(mark) for one in child if _tag(one) == "w:trPr" for mark in one}
            if not {"w:del", "w:hidden"} & marks.keys():
                yield tuple(_cells(child, walk, _Place(_columns(marks.get("w:gridBefore", "0")))))
        elif tag and tag not in SKIPPED:
            yield from _rows(child, walk)


def _cells(row: Element, walk: _Walk, place: _Place) -> Iterator[tuple[Content, Span]]:
    for child in row:
        tag = _tag(child)
        if tag == "w:tc":
            marks = {_tag(mark): _value(mark) for one in child if _tag(one) == "w:tcPr" for mark in one}
            first = place.column
            place.column += max(_columns(marks.get("w:gridSpan", "1")), 1)
            covered = marks.get("w:vMerge", "restart") != "restart"
            if not covered and "w:cellDel" not in marks:
                yield _content(child, walk), (first, place.column)
        elif tag and tag not in SKIPPED and tag != "w:trPr":
            yield from _cells(child, walk, place)


def _columns(text: str) -> int:
    """A number of columns; none where it is no number that a table can have."""
    return int(text) if re.fullmatch("[0-9]{1,3}", text) else 0


def _blocks(content: Content) -> Iterator[TypedBlock]:
    """Tables, and the paragraphs between them."""
    loose: list[TypedRow] = []
    for piece in content:
        if isinstance(piece, _Table):
            if loose:
                yield TypedBlock(tuple(loose), ruled=False)
                loose = []
            if rows := tuple(_flat_rows(piece)):
                yield TypedBlock(tuple(row for row, _ in rows), ruled=True, spans=tuple(spans for _, spans in rows))
        else:
            loose.append((piece,))
    if loose:
        yield TypedBlock(tuple(loose), ruled=False)


def _flat_rows(table: _Table) -> Iterator[tuple[TypedRow, tuple[Span, ...]]]:
    """A table's rows; those of a table within a cell, and what stands behind that in the cell, follow the cell's own."""
    for row in table.rows:
        own: list[TypedCell] = []
        behind: list[tuple[TypedRow, tuple[Span, ...]]] = []
        for content, _ in row:
            places = [place for place, piece in enumerate(content) if isinstance(piece, _Table)]
            first = places[0] if places else len(content)
            own.append(_lines(content[:first]))
            for piece in content[first:]:
                behind += list(_flat_rows(piece)) if isinstance(piece, _Table) else [((piece,), ((0, 1),))]
        if any(own):
            yield tuple(own), tuple(span for _, span in row)
        yield from behind


def _lines(content: Content) -> TypedCell:
    return tuple(line for piece in content if not isinstance(piece, _Table) for line in piece)
