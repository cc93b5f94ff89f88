"""The totals written onto a blank's own pages: a PDF keeps its pages with a layer upon them, a picture becomes one.

Slots between marks stand where the reading that returns go through finds them, cells and fields where the blank's own table
has them. What has no room between tight parentheses is written over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pypdfium2 as pdfium
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from extractors.ink import dark_pixels
from extractors.pages import open_pages
from extractors.textlayer import page_box
from pipeline.forms.blank import BlankCell, BlankLine, BlankTable
from pipeline.forms.figures import Filling, told_provisional
from pipeline.forms.finding import open_blank
from pipeline.forms.marks import find_boxes
from pipeline.forms.matching import Matched, match_slots
from pipeline.forms.pdf_font import chinese_font, width_of
from pipeline.forms.places import find_places
from pipeline.forms.spelling import without_spaces
from schemas.flow import LINE_HEIGHT, Box, Image
from schemas.form import Form, Mark

# Letters, in points: as large as documents have them, as small as can be read.
LARGEST, SMALLEST = 11.0, 5.0

# Between parentheses that are so much wider than what is written, in points, it stands as people write it.
ROOM = 6.0

# How much of a line's height its letters take, and where their feet stand above its lower side.
LETTERS, FEET = 0.72, 0.22

# Fields stand within this share of the page's width behind their label where nothing else follows.
FIELD = 0.3

# Parentheses reach beyond their place by so much of its height at the most.
MORE = 0.12

# The gap before a box, as a share of its height.
GAP = 0.4

# A picture without a size of its own is printed on A4; its JPEG's quality.
QUALITY = 88


@dataclass(frozen=True)
class Note:
    """What to write where: page, box (fractions of it), text; `mark` is what is printed there."""

    page: int
    box: Box
    text: str
    mark: Mark


def fill_pdf(blank: Path, form: Form, filling: Filling, header: Mapping[str, str]) -> bytes | None:
    """A blank's pages on which the form stands, with the totals; None where not every total has its place and room there.

    `header` are values by field key. Raises what `open_pages` raises.
    """
    tables = open_blank(blank)
    notes = _notes(form, filling, blank, tables)
    if notes is None:
        return None
    notes += _field_notes(form, tables, header)
    pages = {note.page for note in notes}
    pictures = {page.number: page.pixels for page in open_pages(blank, wanted=pages) if page.number in pages}
    return _print(blank, pictures, notes, told_provisional(filling))


def _notes(form: Form, filling: Filling, blank: Path, tables: Sequence[BlankTable]) -> list[Note] | None:
    found = find_places(form, blank).found
    matched = match_slots(form, tables)
    cells = {cell.number: cell for table in tables for cell in table.cells}
    notes = []
    for slot in form.slots:
        text = filling.texts.get(slot.path)
        if text is None:
            continue
        place = _cell_place(matched, cells, slot.path) if slot.mark is Mark.CELL else found.get(slot.path)
        if place is None:
            return None
        notes.append(Note(*place, text, slot.mark))
    for key, rows in filling.rows.items():
        places = matched.rows.get(key, ())
        if len(rows) > len(places):
            return None
        for row, own in zip(rows, places, strict=False):
            for path, text in row.items():
                spot = cells[own[path]].spot if path in own else None
                if spot is None:
                    return None
                notes.append(Note(*spot, text, Mark.CELL))
    return notes if all(_fits(note) for note in notes) else None


def _cell_place(matched: Matched, cells: Mapping[int, BlankCell], path: str) -> tuple[int, Box] | None:
    at = matched.slots.get(path)
    return cells[at.cell].spot if at is not None and at.cell in cells else None


def _fits(note: Note) -> bool:
    """Whether a text can be read where it is to stand, on a page as wide as A4 at the least."""
    room = (note.box[2] - note.box[0]) * A4[0] + (0 if note.mark is Mark.CELL else ROOM)
    return bool(width_of(note.text, SMALLEST) <= room)


def _field_notes(form: Form, tables: Sequence[BlankTable], header: Mapping[str, str]) -> list[Note]:
    """Fields behind their labels, in the lines above and below the tables, and in cells beside labels."""
    wanted = {without_spaces(field.label): header[field.key] for field in form.header if header.get(field.key)}
    labels = [without_spaces(field.label) for field in form.header]
    notes = []
    for table in tables:
        for line in (*table.above, *table.below):
            notes += _line_notes(line, wanted, labels)
        for cell in table.cells:
            words = without_spaces(cell.text).rstrip("：＿")
            beside = next((one for one in table.row(cell.row) if one.column == cell.column + cell.column_span), None)
            if words in wanted and beside is not None and not beside.text and beside.spot is not None:
                notes.append(Note(*beside.spot, wanted.pop(words), Mark.CELL))
    return notes


def _line_notes(line: BlankLine, wanted: dict[str, str], labels: Iterable[str]) -> list[Note]:
    chars = [char for char in line.chars if char[0].strip()]
    text = "".join(char[0].translate(str.maketrans("()", "（）"))[:1] for char in chars)
    starts = sorted(text.find(label) for label in labels if label in text)
    notes = []
    for label in [label for label in wanted if label in text]:
        start = text.index(label)
        _, page, (_, top, right, bottom) = chars[start + len(label) - 1]
        following = next((place for place in starts if place > start), None)
        end = chars[following][2][0] if following is not None else min(right + FIELD, 0.97)
        notes.append(Note(page, (right, top, end, bottom), wanted.pop(label), Mark.LINE))
    return notes


def _print(blank: Path, pictures: Mapping[int, Image], notes: Sequence[Note], told: str) -> bytes:
    """The pages with their notes, in order."""
    source = pdfium.PdfDocument(blank) if blank.suffix == ".pdf" else None
    made = pdfium.PdfDocument.new()
    try:
        for number, pixels in sorted(pictures.items()):
            own = [note for note in notes if note.page == number]
            page = source[number - 1] if source is not None else None
            if source is not None and page is not None and page.get_rotation() == 0:
                made.import_pages(source, [number - 1])
                left, bottom, right, top = page_box(page)
                layer = pdfium.PdfDocument(_layer(own, pixels, (right - left, top - bottom), told, picture=False))
                target = made[len(made) - 1]
                drawn = layer.page_as_xobject(0, made).as_pageobject()
                drawn.set_matrix(pdfium.PdfMatrix().translate(left, bottom))
                target.insert_obj(drawn)
                target.gen_content()
                layer.close()
            else:
                layer = pdfium.PdfDocument(_layer(own, pixels, _paper(pixels), told, picture=True))
                made.import_pages(layer)
                layer.close()
        bytes_made = BytesIO()
        made.save(bytes_made)
        return bytes_made.getvalue()
    finally:
        made.close()
        if source is not None:
            source.close()


def _paper(pixels: Image) -> tuple[float, float]:
    """The size in points that a picture of a page is printed in: as wide as A4, or as high where it lies."""
    height, width = pixels.shape[:2]
    scale = (A4[0] if height >= width else A4[1]) / width
    return width * scale, height * scale


def _layer(notes: Sequence[Note], pixels: Image, size: tuple[float, float], told: str, *, picture: bool) -> bytes:
    """A page of this size with the notes, upon its picture or upon nothing; at its foot what is `told` of them."""
    made = BytesIO()
    canvas = Canvas(made, pagesize=size)
    if picture:
        encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        canvas.drawImage(ImageReader(BytesIO(encoded.tobytes())), 0, 0, *size)
    for note in notes:
        _write(canvas, note, pixels, size)
    if told:
        canvas.setFont(chinese_font(), 9)
        canvas.drawString(0.1 * size[0], 14, told)
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def _write(canvas: Canvas, note: Note, pixels: Image, size: tuple[float, float]) -> None:
    box = _square(pixels, note.box) if note.mark is Mark.BOX else note.box
    left, top, right, bottom = (share * side for share, side in zip(box, (*size, *size), strict=True))
    width, height = right - left, bottom - top
    text = note.text
    largest = min(LARGEST, LETTERS * height)
    tight = note.mark is Mark.PARENTHESES and width - height < width_of(text, largest) + ROOM
    if tight or note.mark is Mark.BOX:
        # The paper's own colour takes the mark away; parentheses are written anew.
        text = f"({text})" if tight else text
        more = MORE * height
        canvas.setFillColorRGB(*_paper_colour(pixels, box))
        canvas.rect(left - more, size[1] - bottom, width + 2 * more, height, stroke=0, fill=1)
    if note.mark is Mark.BOX:
        # Before a box there is a gap.
        left, width = left - GAP * height, width + GAP * height
    points = min(largest, largest * (width - 1) / max(width_of(text, largest), 1e-6))
    points = max(points, SMALLEST)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.setFont(chinese_font(), points)
    foot = size[1] - bottom + (FEET * height if note.mark is not Mark.CELL else (height - LETTERS * points) / 2)
    if note.mark is Mark.LINE and width > 1.5 * width_of(text, points):
        canvas.drawString(left + 4, foot, text)
    else:
        canvas.drawCentredString((left + right) / 2, foot, text)


def _square(pixels: Image, box: Box) -> Box:
    """The printed box within a slot's place; its middle, as wide as high, where none is seen."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = (round(share * side) for share, side in zip(box, (width, height) * 2, strict=True))
    crop = pixels[max(top, 0) : bottom, max(left, 0) : right]
    if crop.size:
        scale = LINE_HEIGHT / crop.shape[0]
        gray = cv2.cvtColor(cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2GRAY)
        found = find_boxes(dark_pixels(np.asarray(gray, dtype=np.uint8)))
        if found:
            return (left + found[0][0] / scale) / width, box[1], (left + found[0][1] / scale) / width, box[3]
    middle, half = (left + right) / 2, (bottom - top) / 2
    return (middle - half) / width, box[1], (middle + half) / width, box[3]


def _paper_colour(pixels: Image, box: Box) -> tuple[float, float, float]:
    """The colour of the paper in a box, red, green and blue from 0 to 1."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = (round(share * side) for share, side in zip(box, (width, height) * 2, strict=True))
    area = pixels[max(top, 0) : bottom + 1, max(left, 0) : right + 1].reshape(-1, 3).astype(np.float64)
    light = area[area.sum(axis=1) >= np.percentile(area.sum(axis=1), 60)]
    blue, green, red = np.median(light, axis=0) / 255
    return float(red), float(green), float(blue)
