"""Lines of text to paragraphs: reading order, page numbers left out, lines and pages joined where a sentence goes on.

A paragraph begins where a line is indented, where the line before has left room for what comes, and where its words say so
(一、 附件： 联系人：). Titles, which stand in the middle, are kept line by line: their place tells what they are.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.notice.dates import WHOLE
from pipeline.notice.passages import Passage, Spot, join, tidied
from schemas.text import TextLine, TextPage

PAGE_NUMBER = re.compile(r"[-—–－一_·.\s]*(?:第\s*)?\d{1,3}\s*(?:页)?(?:[/／共，,\s]*\d{1,3}\s*页?)?[-—–－一_·.\s]*")
"""A line that holds nothing but the page's number."""

OPENS = re.compile(
    r"[一二三四五六七八九十]{1,3}[、，,.．]|[（(][一二三四五六七八九十]{1,3}[）)]|[（(]\d{1,2}[）)]|\d{1,2}[.．、](?!\d)"
    r"|附\s*件\s*\d*\s*[:：]|(?:(?:工作)?联\s*系\s*(?:人|方\s*式|电\s*话|单\s*位)|电\s*话|电?子?邮\s*箱|电子邮件|E-?mail)"
    r"[^，。：:]{0,6}[:：]|主送|抄送",
    re.IGNORECASE,
)
"""What a paragraph begins with, wherever it stands."""

NUMBERED = re.compile(r"[\u4e00-\u9fff]{2,10}\s*[〔【\[［（(]\s*20\d\d\s*[〕】\]］）)]\s*第?\s*\d{1,4}\s*号")
"""A line that is a document's number."""

TITLE = re.compile(r"^[^。，；：]*(?:关于[^。；：]*(?:方案|通报|通知)|的\s*(?:通知|意见|函|决定|通报|公告))\s*$")
"""Lines that a title ends with: what follows is another paragraph, however close."""

# Share of a page's height, from above and below, where page numbers stand.
EDGE = 0.12

# Lines whose middles are closer than this share of a line's height stand beside each other.
BESIDE = 0.5

# A line is indented from this many widths of a character on, and ends early where this many are left beyond what comes.
INDENTED, ROOM = 1.2, 1.3

# A line stands in the middle where both margins are at least CENTRED, which is more than an indent, and differ by no more
# than OFF_MIDDLE, in widths of a character.
CENTRED, OFF_MIDDLE = 2.7, 1.6

# A page whose lines reach over less than this share of the width that text has on the page before holds its end only.
SHORT = 0.75

# Larger letters by this share, on a line of more than FEW characters, or white of so many heights between two lines' tops,
# begin a paragraph.
LARGER, FEW, APART = 1.35, 5, 3.2

# Words in letters or digits go to the next line whole where this much room is left, in widths of a character.
PARTED = 0.55

# Least probability of a line, on average: below, it is a pattern that was taken for letters.
LEAST_PROB = 0.4


@dataclass(frozen=True)
class Row:
    """What stands at one height of a page: its words, its margins in widths of a character, its height in pixels.

    `left` and `right` count from the text's own edges; `typed` rows have no place, and each is a paragraph.
    """

    words: Passage
    page: int
    left: float
    right: float
    top: float
    size: float
    red: bool
    typed: bool

    @property
    def centred(self) -> bool:
        """Whether it stands in the middle, with room on both sides."""
        return not self.typed and self.left > CENTRED and abs(self.left - self.right) < OFF_MIDDLE + 0.1 * self.left


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, by the row that it begins with."""

    words: Passage
    first: Row

    @property
    def text(self) -> str:
        """Its words."""
        return self.words.text


def pages_to_rows(pages: Iterable[TextPage]) -> list[Row]:
    """The rows of text outside tables, in reading order."""
    rows: list[Row] = []
    edges = (0.0, 1.0)
    for page in pages:
        lines = [line for line in page.lines if not line.tabled and line.text.strip() and _is_text(line)]
        if lines and page.size == (0, 0):
            rows += [Row(_passage([line]), 0, 0.0, 0.0, line.frame[1], 1.0, red=False, typed=True) for line in lines]
        elif lines:
            edges = _edges(lines, page.size[0], edges)
            rows += _page_rows(page, lines, edges)
    return rows


def rows_to_paragraphs(rows: Sequence[Row]) -> list[Paragraph]:
    """Rows to paragraphs."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and _goes_on(groups[-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [Paragraph(tidied(_joined(group)), group[0]) for group in groups]


def _edges(lines: Sequence[TextLine], width: int, before: tuple[float, float]) -> tuple[float, float]:
    """Left and right of the text, as shares of the page's width: where all lines are short, as on the page before."""
    # A few characters that reach out (a mark in the margin, a page number) do not make the text's edge.
    full = [line for line in lines if len(line.text) > 8] or list(lines)
    left, right = min(line.frame[0] for line in full) / width, max(line.frame[2] for line in full) / width
    return before if right - left < SHORT * (before[1] - before[0]) and before != (0.0, 1.0) else (left, right)


def _page_rows(page: TextPage, lines: Sequence[TextLine], edges: tuple[float, float]) -> list[Row]:
    em = _character(lines)
    left, right = (edge * page.size[0] for edge in edges)
    rows = []
    for beside in _beside(lines):
        words = _passage(beside)
        top, bottom = min(line.frame[1] for line in beside), max(line.frame[3] for line in beside)
        at_edge = top < EDGE * page.size[1] or bottom > (1 - EDGE) * page.size[1]
        if at_edge and PAGE_NUMBER.fullmatch(words.text):
            continue
        rows.append(
            Row(
                words, page.number, (beside[0].frame[0] - left) / em, (right - beside[-1].frame[2]) / em, top,
                statistics.median(line.frame[3] - line.frame[1] for line in beside), all(line.red for line in beside),
                typed=False,
            )
        )  # fmt: skip
    return rows


def _is_text(line: TextLine) -> bool:
    return statistics.mean(line.probs) > LEAST_PROB


def _character(lines: Sequence[TextLine]) -> float:
    """The width of a Chinese character on the page, in upright pixels: of the smaller, that is of running text."""
    widths = [(line.frame[2] - line.frame[0]) / len(line.text) for line in lines if len(line.text) > 8]
    return max(statistics.median(widths), 1.0) if widths else max(statistics.median(_heights(lines)) * 0.8, 1.0)


def _heights(lines: Sequence[TextLine]) -> list[float]:
    return [line.frame[3] - line.frame[1] for line in lines]


def _beside(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """Lines from above to below, those beside each other together and from left to right."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.frame[1] + line.frame[3]):
        middle = (line.frame[1] + line.frame[3]) / 2
        last = rows[-1][-1].frame if rows else None
        height = min(line.frame[3] - line.frame[1], last[3] - last[1]) if last else 0.0
        if last is not None and abs(middle - (last[1] + last[3]) / 2) < BESIDE * height:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.frame[0]) for row in rows]


def _passage(lines: Sequence[TextLine]) -> Passage:
    parts = []
    for line in lines:
        boxes = line.boxes or (None,) * len(line.text)
        parts.append(Passage(line.text, line.probs, tuple(Spot(line.page, box, line.sealed) for box in boxes)))
    words = join(parts, "  ")
    return words.cut(0, len(words.text))


def _goes_on(group: Sequence[Row], row: Row) -> bool:
    """Whether a row goes on with the paragraph of the rows before it."""
    before, first = group[-1], group[0]
    if row.typed or before.typed or before.red != row.red or first.centred:
        return False
    if OPENS.match(row.words.text) or _alone(row.words.text) or (len(group) == 1 and _alone(before.words.text)):
        return False
    if len(group) <= 3 and TITLE.search(_joined(group).text):
        return False
    full = before.right < ROOM + _first_word(row.words.text)
    if row.page != before.page:
        # A page may hold so little that its margins cannot be told: what matters is whether a sentence goes on.
        return full and not re.search(r"[。：:；！）]$", before.words.text)
    if row.left > INDENTED and not _hangs(first, row):
        return False
    # The box of a few characters is rough.
    larger = len(row.words.text) > FEW and row.size > LARGER * before.size
    return full and not larger and row.top - before.top < APART * before.size


def _alone(text: str) -> bool:
    """Whether a row is a paragraph whatever stands beside it: a date, a document's number."""
    plain = text.replace(" ", "")
    return WHOLE.fullmatch(plain) is not None or NUMBERED.fullmatch(plain) is not None


def _hangs(first: Row, row: Row) -> bool:
    """Whether a row is the second one of an annex that is set with a hanging indent."""
    return bool(re.match(r"附\s*件|\d{1,2}[.．、]", first.words.text)) and abs(row.left - first.left) > 1 and row.left > 4


def _first_word(text: str) -> float:
    """The width of what may not be parted from a line's first character, in characters: a word or a number is kept whole."""
    word = re.match(r"[\x21-\x7e]+", text)
    return len(word.group()) * 0.6 if word else 1.0


def _joined(rows: Sequence[Row]) -> Passage:
    """Rows one behind the other; with a space between two words in letters or digits that a line's end keeps apart."""
    whole = rows[0].words
    for before, row in itertools.pairwise(rows):
        both = whole.text[-1:] + row.words.text[:1]
        apart = before.right > PARTED and both.isascii() and len(both) == 2
        whole = join([whole, row.words], " " if apart else "")
    return whole
