"""Sentences and values in a Word file's paragraphs, typed in the ways of units: runs, changes, controls, boxes to tick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from samples.clauses import TICK, Clause, Manner
from schemas.form import EMPTY_BOX, Mark

Element: TypeAlias = Any
"""An XML element of python-docx, which has no types for what is put in by hand."""

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W14 = "http://schemas.microsoft.com/office/word/2010/wordml"

_SYMBOL = f'<w:r xmlns:w="{_W}"><w:sym w:font="{{}}" w:char="{{}}"/></w:r>'

_SIGNS = {True: (("Wingdings", "F0FE"), ("Wingdings 2", "F052")), False: (("Wingdings", "F0A8"), ("Wingdings 2", "F0A3"))}
"""Ticked and empty boxes in Word's two fonts of signs."""

_CONTROL = (
    f'<w:sdt xmlns:w="{_W}" xmlns:w14="{_W14}"><w:sdtPr><w14:checkbox><w14:checked w14:val="{{}}"/>'
    '<w14:checkedState w14:val="2612" w14:font="MS Gothic"/><w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/>'
    "</w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>{}</w:t></w:r></w:sdtContent></w:sdt>"
)


def fill(paragraph: Paragraph, clauses: Sequence[Clause], layout: str, manner: Manner, rng: np.random.Generator) -> None:
    """A paragraph of clauses, typed in the layout's way."""
    for clause in clauses:
        left, value, right = manner.parts(clause)
        if clause.mark is Mark.BOX and layout != "runs":
            paragraph.add_run(clause.before)
            _write_box(paragraph, clause.raw, manner)
            paragraph.add_run(clause.after)
            continue
        if manner.lined(clause) and layout != "runs":
            paragraph.add_run(clause.before)
            _underlined(paragraph, clause.raw, rng)
            paragraph.add_run(clause.after)
            continue
        if layout == "runs":
            for piece in _pieces(manner.text(clause), rng):
                paragraph.add_run(piece).bold = bool(rng.random() < 0.2)
            continue
        paragraph.add_run(clause.before + left)
        if clause.raw is None and layout != "controls":
            paragraph.add_run(value)
        else:
            type_value(paragraph, value if clause.raw is not None else "", layout, rng)
        paragraph.add_run(right + clause.after)


def type_value(paragraph: Paragraph, value: str, layout: str, rng: np.random.Generator) -> None:
    """A value at a paragraph's end, typed in the layout's way."""
    typed: Callable[[Element, str, np.random.Generator], None] = {
        "changes": _changed, "controls": _controlled,
    }.get(layout, _plain)  # fmt: skip
    typed(paragraph._p, value, rng)


def _pieces(text: str, rng: np.random.Generator) -> Iterator[str]:
    """A text in runs of any length, as spelling checkers and many hands leave it."""
    start = 0
    while start < len(text):
        length = int(rng.integers(1, 9))
        yield text[start : start + length]
        start += length


def _underlined(paragraph: Paragraph, raw: str | None, rng: np.random.Generator) -> None:
    """A gap with a line beneath: drawn under spaces, or typed."""
    if rng.random() < 0.3:
        paragraph.add_run(f"__{raw or '_'}__")
        return
    for text in ("  ", raw or "  ", "  "):
        paragraph.add_run(text).underline = True


def _plain(paragraph: Element, value: str, rng: np.random.Generator) -> None:
    paragraph.append(_run(value))


def _changed(paragraph: Element, value: str, rng: np.random.Generator) -> None:
    """A value put in while changes were tracked, often in place of another one that is still in the file."""
    if rng.random() < 0.6:
        gone = _marked("w:del")
        gone.append(_run(str(rng.integers(1, 999)), "w:delText"))
        paragraph.append(gone)
    put = _marked("w:ins")
    put.append(_run(value))
    paragraph.append(put)


def _marked(tag: str) -> Element:
    element = OxmlElement(tag)
    for name, value in (("w:id", "1"), ("w:author", "填报人"), ("w:date", "2026-06-25T09:00:00Z")):
        element.set(qn(name), value)
    return element


def _controlled(paragraph: Element, value: str, rng: np.random.Generator) -> None:
    """A content control, or a form field of older Word; one in which nobody has written shows its own prompt."""
    if rng.random() < 0.5:
        control, properties, content = (OxmlElement(tag) for tag in ("w:sdt", "w:sdtPr", "w:sdtContent"))
        if not value:
            properties.append(OxmlElement("w:showingPlcHdr"))
        content.append(_run(value or "单击或点击此处输入文字。"))
        control.append(properties)
        control.append(content)
        paragraph.append(control)
        return
    for part in ("begin", " FORMTEXT ", "separate", value or "\u2002" * 5, "end"):
        if part in {"begin", "separate", "end"}:
            run, mark = _run(""), OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), part)
            run.append(mark)
            paragraph.append(run)
        else:
            paragraph.append(_run(part, "w:instrText" if "FORMTEXT" in part else "w:t"))


def _run(text: str, tag: str = "w:t") -> Element:
    run, element = OxmlElement("w:r"), OxmlElement(tag)
    element.text = text
    element.set(qn("xml:space"), "preserve")
    run.append(element)
    return run


def _write_box(paragraph: Paragraph, raw: str | None, manner: Manner) -> None:
    """A box at a paragraph's end, ticked where something is written in it."""
    ticked = raw is not None
    if manner.boxes == "symbol":
        font, char = _SIGNS[ticked][int(manner.beside)]
        paragraph._p.append(parse_xml(_SYMBOL.format(font, char)))
    elif manner.boxes == "control":
        paragraph._p.append(parse_xml(_CONTROL.format(int(ticked), "☒" if ticked else "☐")))
    else:
        paragraph.add_run((EMPTY_BOX if raw == TICK and manner.beside else "") + (raw or EMPTY_BOX))
