"""Invented notices with their truth: printed, stamped, taken as returns are taken.

    python -m samples.notices --out /tmp/notices --seed 7 --count 10 --captures digital,photo

The n-th notice of a seed says the same in every capture.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pypdfium2
from pydantic import BaseModel, ConfigDict

from samples import containers
from samples.capture import CAPTURES, Picture, capture, render, sheet_dpi
from samples.fonts import FontMissing
from samples.layout import draw_layout
from samples.notice_print import Look, draw_look, print_notice
from samples.notice_words import Words, invent_notice
from samples.printer import print_return
from samples.returns import blank_return
from samples.seal import Seal, draw_seal, press
from schemas.flow import Box
from schemas.safety_month import SAFETY_MONTH

_TURN_SHARE = 0.1
_FORM_SHARE = 0.75


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoticePlace(_Frozen):
    """Where a field's first line stands: page from 1, box as fractions of the page as it came in."""

    page: int
    box: Box


class NoticeTruth(_Frozen):
    """What a made notice says; None and empty for what it does not. `sections` are level and heading in printed order."""

    file: str
    capture: str
    seed: int
    modifiers: tuple[str, ...]
    pages: int
    issuer: str
    number: str | None
    title: str
    issued: str
    addressees: tuple[str, ...]
    theme: str | None
    period: tuple[str | None, str | None]
    sections: tuple[tuple[int, str], ...]
    deadline: str | None
    time: str | None
    sentence: str
    contacts: tuple[str, ...]
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    links: tuple[str, ...]
    annexes: tuple[str, ...]
    form_pages: tuple[int, ...]
    places: dict[str, NoticePlace]


@dataclass(frozen=True, eq=False)
class _Printed:
    words: Words
    look: Look
    pdf: Path
    pages: int
    form_pages: tuple[int, ...]
    places: dict[str, tuple[int, Box]]
    seals: tuple[Seal, ...]


def make_notice(kind: str, seed: int, stem: Path, *, turn: int | None = None) -> NoticeTruth:
    """Make one notice as `kind` of capture takes it, and NAME.truth.json beside it; `stem` has no suffix.

    `turn` is by how many degrees clockwise its pictures are turned; None leaves it to chance.
    """
    # What is taken and how draws on a generator of its own: the words stay the same in every capture.
    rng = np.random.default_rng((seed, 1))
    digital = kind == "digital"
    with tempfile.TemporaryDirectory() as folder:
        printed = _print(seed, Path(folder), with_seals=digital)
        modifiers = [
            f"head-{printed.look.head}",
            *(["seal"] if printed.seals else []),
            *(["plan"] if printed.words.plan else []),
        ]
        path = stem.with_name(f"{stem.name}.pdf")
        if digital:
            path.write_bytes(printed.pdf.read_bytes())
            pictures = [Picture(np.zeros((1, 1, 3), np.uint8), np.eye(3))] * printed.pages
        else:
            dpi = sheet_dpi(kind, rng)
            sheets = list(render(printed.pdf, dpi))
            for seal in printed.seals:
                sheets[seal.page - 1] = press(sheets[seal.page - 1], seal)
            if turn is None:
                turn = int(rng.choice([90, 180, 270])) if rng.random() < _TURN_SHARE else 0
            captured = capture(sheets, kind, rng, dpi=dpi, turn=turn)
            pictures = list(captured.pictures)
            footer = "camscanner" in kind and bool(rng.random() < 0.5)
            modifiers += [*captured.modifiers, *(["footer-text"] if footer else [])]
            if kind == "fax":
                path = path.with_suffix(".tif")
            containers.save(captured, path, footer=footer)
    truth = _truth(path.name, kind, seed, tuple(modifiers), printed, pictures)
    path.with_suffix(".truth.json").write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return truth


def read_notice_truth(path: Path) -> NoticeTruth:
    """The truth in a .truth.json file."""
    return NoticeTruth.model_validate_json(path.read_text(encoding="utf-8"))


def _print(seed: int, folder: Path, *, with_seals: bool) -> _Printed:
    rng = np.random.default_rng(seed)
    words = invent_notice(rng)
    look = draw_look(rng, words)
    pdf = folder / "notice.pdf"
    pages, places = print_notice(words, look, pdf)
    seals = (draw_seal(words.issuer, places["issued"][0], places["issued"][1], rng),) if look.seal else ()
    if seals and with_seals:
        print_notice(words, look, pdf, seals=seals)
    form_pages: tuple[int, ...] = ()
    if words.topic.name.startswith("“安全生产月”") and words.annexes and rng.random() < _FORM_SHARE:
        blank = folder / "form.pdf"
        form = replace(SAFETY_MONTH, title=words.annexes[0].removeprefix(f"{words.city}总工会"))
        layout = replace(draw_layout(rng), heading="columns")
        more = print_return(form, blank_return(form), layout, blank, office=f"{words.city}总工会").pages
        pdf = _joined(pdf, blank, folder / "joined.pdf")
        form_pages = tuple(range(pages + 1, pages + more + 1))
        pages += more
    return _Printed(words, look, pdf, pages, form_pages, places, seals)


def _joined(first: Path, second: Path, path: Path) -> Path:
    whole = pypdfium2.PdfDocument.new()
    for part in (first, second):
        document = pypdfium2.PdfDocument(part)
        whole.import_pages(document)
        document.close()
    whole.save(path)
    whole.close()
    return path


def _truth(
    file: str, kind: str, seed: int, modifiers: tuple[str, ...], printed: _Printed, pictures: Sequence[Picture]
) -> NoticeTruth:
    words = printed.words
    sections = tuple((part.level, part.text) for part in words.body if part.kind != "text")
    places = {
        key: NoticePlace(page=page, box=_moved(pictures[page - 1], box)) for key, (page, box) in printed.places.items()
    }
    return NoticeTruth(
        file=file, capture=kind, seed=seed, modifiers=modifiers, pages=printed.pages, issuer=words.issuer,
        number=words.number, title=words.title, issued=words.issued.isoformat(), addressees=words.addressees,
        theme=words.theme, period=words.period, sections=sections,
        deadline=words.deadline.isoformat() if words.deadline else None, time=words.deadline_time,
        sentence=words.sentence, contacts=words.contacts, phones=words.phones, emails=words.emails, links=words.links,
        annexes=words.annexes, form_pages=printed.form_pages, places=places,
    )  # fmt: skip


def _moved(picture: Picture, box: Box) -> Box:
    """The box around a page's box in its picture."""
    left, top, right, bottom = box
    points = picture.fractions(np.array([[left, top], [right, top], [right, bottom], [left, bottom]])).round(5)
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m samples.notices", description="Make invented notices, with truth.")
    parser.add_argument("--out", type=Path, default=Path("output/notices"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument(
        "--captures", type=lambda text: tuple(text.split(",")), default=("digital",), help=",".join(CAPTURES)
    )
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        for place in range(options.count):
            for kind in options.captures:
                make_notice(kind, options.seed * 1000 + place, options.out / f"{place:03d}-{kind}")
    except (FontMissing, ValueError, OSError) as error:
        print(f"samples: {error}", file=sys.stderr)
        return 1
    print(f"{options.count * len(options.captures)} notices with their truth are in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
