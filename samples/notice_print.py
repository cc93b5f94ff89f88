"""Notices to PDF: letterhead, number, title, addressees, chapters, contacts, annexes, signature and date, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from samples import fonts
from samples.names import pick
from samples.notice_words import Part, Words
from samples.paging import ABOVE, BELOW, PAGE
from samples.seal import Seal, seal_picture
from samples.typeset import Glyph, Line, set_lines
from schemas.flow import Box

_RED = (0.86, 0.06, 0.08)


@dataclass(frozen=True)
class Look:
    """How an office lays its notices out; lengths in points.

    `head` is file (a red name with 文件), name (a red name alone) or none; `number_at` is middle, right, or below the title.
    """

    head: str
    number_at: str
    body_font: str
    heading_font: str
    title_font: str
    size: float
    leading: float
    title_size: float
    margin_x: float
    margin_top: float
    margin_bottom: float
    page_numbers: str
    justify: bool
    seal: bool
    signed_right: float
    indent: int


@dataclass
class _Sheet:
    """A canvas, the page it is at, how far down it is filled, and where things came to stand."""

    canvas: Canvas
    look: Look
    page: int = 1
    top: float = 0.0
    places: dict[str, tuple[int, Box]] = field(default_factory=dict)
    seals: Sequence[Seal] = ()


def draw_look(rng: np.random.Generator, words: Words) -> Look:
    """A look; long titles and names are printed smaller."""
    size = float(pick(rng, ("12", "14", "14", "15", "16", "16")))
    body = pick(rng, ("song", "song", "song", "kai", "wenkai"))
    head = pick(rng, ("file", "file", "name", "none"))
    return Look(
        head=head,
        number_at=pick(rng, ("middle", "middle", "right")) if head != "none" else pick(rng, ("below", "right")),
        body_font=body,
        heading_font=pick(rng, (body, "zenhei", "microhei", "song")),
        title_font=pick(rng, ("song", "zenhei", body)),
        size=size,
        leading=float(rng.uniform(1.45, 1.9)),
        title_size=float(rng.uniform(18, 22)),
        margin_x=float(rng.uniform(62, 86)),
        margin_top=float(rng.uniform(70, 105)),
        margin_bottom=float(rng.uniform(70, 95)),
        page_numbers=pick(rng, ("", "- {} -", "— {} —", "{}", "第 {} 页")),
        justify=bool(rng.random() < 0.6),
        seal=bool(rng.random() < 0.8),
        signed_right=float(rng.uniform(1, 4)),
        indent=2 if rng.random() < 0.95 else 0,
    )


def print_notice(
    words: Words, look: Look, path: Path, *, seals: Sequence[Seal] = ()
) -> tuple[int, dict[str, tuple[int, Box]]]:
    """Print a notice; give its pages and where number, title, issuer, date and deadline begin (page, fractions of it).

    `seals` are set into the PDF as pictures.
    """
    canvas = Canvas(str(path), pagesize=PAGE, invariant=True)
    sheet = _Sheet(canvas, look, top=look.margin_top, seals=seals)
    _head(sheet, words)
    _paragraph(sheet, "、".join(words.addressees) + "：", key="addressees")
    if words.plan:
        _paragraph(sheet, f"现将《{words.plan}》印发给你们，请结合实际，认真贯彻落实。", indent=True)
        if words.annexes_numbered:
            _annexes(sheet, words)
        _signature(sheet, words)
        _next_page(sheet)
        _centred(sheet, words.plan, look.title_font, look.title_size)
        sheet.top += look.size
    for part in words.body:
        _part(sheet, part, words)
    if not (words.plan and words.annexes_numbered):
        _annexes(sheet, words)
    if not words.plan:
        _signature(sheet, words)
    if words.printed_by:
        _imprint(sheet, words)
    _finish_page(sheet)
    canvas.save()
    return sheet.page, sheet.places


def _head(sheet: _Sheet, words: Words) -> None:
    look, canvas = sheet.look, sheet.canvas
    if look.head != "none":
        text = words.issuer + ("文件" if look.head == "file" else "")
        size = min(52.0, (PAGE[0] - 2 * look.margin_x) / len(text) * 0.96)
        sheet.top += size
        _words(sheet, text, look.title_font, size, PAGE[0] / 2 - _width(text, look.title_font, size) / 2, red=True)
        sheet.top += look.size * 1.8
    if look.number_at != "below":
        _number(sheet, words)
    if look.head != "none":
        canvas.setStrokeColorRGB(*_RED)
        canvas.setLineWidth(1.6)
        y = PAGE[1] - sheet.top - look.size * 0.2
        canvas.line(look.margin_x, y, PAGE[0] - look.margin_x, y)
        canvas.setStrokeColorRGB(0, 0, 0)
        sheet.top += look.size * 1.5
    sheet.top += look.size
    _centred(sheet, words.title, look.title_font, look.title_size, key="title")
    if look.number_at == "below":
        sheet.top += look.size * 0.4
        _number(sheet, words)
    sheet.top += look.size * 1.2


def _number(sheet: _Sheet, words: Words) -> None:
    look = sheet.look
    if words.number_printed is None:
        return
    sheet.top += look.size
    width = _width(words.number_printed, look.body_font, look.size)
    x = PAGE[0] - look.margin_x - width if look.number_at == "right" else PAGE[0] / 2 - width / 2
    _words(sheet, words.number_printed, look.body_font, look.size, x, key="number")
    sheet.top += look.size * 0.5


def _part(sheet: _Sheet, part: Part, words: Words) -> None:
    look = sheet.look
    key = "deadline" if words.sentence and words.sentence in part.text + part.behind else ""
    if part.kind == "text":
        _paragraph(sheet, part.text, indent=True, key=key)
    elif part.kind == "heading":
        _paragraph(sheet, part.mark + part.text, indent=True, font=look.heading_font)
    else:
        _paragraph(sheet, f"{part.mark}{part.text}。{part.behind}", indent=True, key=key)


def _annexes(sheet: _Sheet, words: Words) -> None:
    if not words.annexes:
        return
    sheet.top += sheet.look.size * 0.6
    if not words.annexes_numbered:
        _paragraph(sheet, f"附件：{words.annexes[0]}", indent=True)
        return
    for place, annex in enumerate(words.annexes, 1):
        before = "附件：" if place == 1 else "\u3000\u3000\u3000"
        _paragraph(sheet, f"{before}{place}.{annex}", indent=True)


def _signature(sheet: _Sheet, words: Words) -> None:
    look = sheet.look
    step = look.size * look.leading
    if sheet.top + 5 * step > PAGE[1] - look.margin_bottom:
        _next_page(sheet)
    sheet.top += 2 * step
    right = PAGE[0] - look.margin_x - look.signed_right * look.size
    wide = max(_width(text, look.body_font, look.size) for text in (words.issuer, words.issued_printed))
    for key, text in (("issuer", words.issuer), ("issued", words.issued_printed)):
        x = right - wide / 2 - _width(text, look.body_font, look.size) / 2
        sheet.top += step
        _words(sheet, text, look.body_font, look.size, x, key=key)
    sheet.top += step


def _imprint(sheet: _Sheet, words: Words) -> None:
    look = sheet.look
    size = look.size * 0.85
    y = PAGE[1] - look.margin_bottom - 0.2 * size
    if sheet.top > y - size * 2.5:
        _next_page(sheet)
    for line in (y - size * 1.4, y + size * 0.5):
        sheet.canvas.setLineWidth(0.7)
        sheet.canvas.line(look.margin_x, PAGE[1] - line, PAGE[0] - look.margin_x, PAGE[1] - line)
    sheet.top = y
    _words(sheet, words.printed_by or "", look.body_font, size, look.margin_x + size)
    day = f"{words.issued.year}年{words.issued.month}月{words.issued.day}日印发"
    _words(sheet, day, look.body_font, size, PAGE[0] - look.margin_x - size - _width(day, look.body_font, size))


def _centred(sheet: _Sheet, text: str, font: str, size: float, key: str = "") -> None:
    width = PAGE[0] - 2 * sheet.look.margin_x
    lines = _balanced(text, font, size, width)
    for place, line in enumerate(lines):
        sheet.top += size * (1.45 if place else 1.0)
        _words(sheet, line, font, size, PAGE[0] / 2 - _width(line, font, size) / 2, key=key if place == 0 else "")
    sheet.top += size * 0.4


def _balanced(text: str, font: str, size: float, width: float) -> list[str]:
    """A title in lines of about the same length, as people set them."""
    count = int(np.ceil(_width(text, font, size) / (width * 0.95)))
    each = int(np.ceil(len(text) / count))
    return [text[start : start + each] for start in range(0, len(text), each)]


def _paragraph(sheet: _Sheet, text: str, *, indent: bool = False, font: str = "", key: str = "") -> None:
    look = sheet.look
    font = font or look.body_font
    size, step = look.size, look.size * look.leading
    shown = "\u3000" * (look.indent if indent else 0) + text
    for place, line in enumerate(_lines(shown, font, look)):
        if sheet.top + step > PAGE[1] - look.margin_bottom:
            _next_page(sheet)
        sheet.top += step
        _line(sheet, line, look.margin_x, key=key if place == 0 else "", size=size)


def _lines(text: str, font: str, look: Look) -> tuple[Line, ...]:
    glyphs = [Glyph(char, _font_of(font, char), look.size, _advance(font, char, look.size)) for char in text]
    return set_lines(glyphs, PAGE[0] - 2 * look.margin_x, kinsoku=True, justify=look.justify)


def _line(sheet: _Sheet, line: Line, left: float, *, key: str, size: float) -> None:
    for placed in line:
        sheet.canvas.setFont(fonts.pdf_font(placed.glyph.font), size)
        sheet.canvas.drawString(left + placed.x, PAGE[1] - sheet.top, placed.glyph.char)
    if key and line:
        _note(sheet, key, left + line[0].x, left + line[-1].right, size)


def _words(sheet: _Sheet, text: str, font: str, size: float, x: float, *, red: bool = False, key: str = "") -> None:
    """One line at the present height, without wrapping."""
    canvas = sheet.canvas
    canvas.setFillColorRGB(*(_RED if red else (0, 0, 0)))
    start = x
    for char in text:
        canvas.setFont(fonts.pdf_font(_font_of(font, char)), size)
        canvas.drawString(x, PAGE[1] - sheet.top, char)
        x += _advance(font, char, size)
    canvas.setFillColorRGB(0, 0, 0)
    if key:
        _note(sheet, key, start, x, size)


def _note(sheet: _Sheet, key: str, left: float, right: float, size: float) -> None:
    upper, lower = sheet.top - ABOVE * size, sheet.top + BELOW * size
    sheet.places.setdefault(key, (sheet.page, (left / PAGE[0], upper / PAGE[1], right / PAGE[0], lower / PAGE[1])))


def _next_page(sheet: _Sheet) -> None:
    _finish_page(sheet)
    sheet.page += 1
    sheet.top = sheet.look.margin_top


def _finish_page(sheet: _Sheet) -> None:
    for seal in sheet.seals:
        if seal.page == sheet.page:
            side = seal.diameter * PAGE[0]
            left, bottom = seal.x * PAGE[0] - side / 2, (1 - seal.y) * PAGE[1] - side / 2
            sheet.canvas.drawImage(ImageReader(seal_picture(seal)), left, bottom, side, side, mask="auto")
    if sheet.look.page_numbers:
        sheet.canvas.setFont(fonts.pdf_font(sheet.look.body_font), 11)
        sheet.canvas.drawCentredString(PAGE[0] / 2, 36, sheet.look.page_numbers.format(sheet.page))
    sheet.canvas.showPage()


def _font_of(font: str, char: str) -> str:
    return font if fonts.has(font, char) else "wenkai"


def _advance(font: str, char: str, size: float) -> float:
    return fonts.char_width(_font_of(font, char), char) * size


def _width(text: str, font: str, size: float) -> float:
    return sum(_advance(font, char, size) for char in text)
