"""A batch of returns as they come in: mostly Word and Excel files, some PDFs and scans, some sent twice, some damaged."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from samples.electronic import make_electronic
from samples.make import make_set
from samples.truth import read_truth
from schemas.form import SlotKind
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import filled_sentence
from tests.office_files import paragraph, run, word_file

SCANS = ("flatbed", "camscanner", "wechat", "fax")

LAYOUTS = (
    ("docx", "plain"), ("xlsx", "retyped"), ("docx", "nested"), ("xlsx", "activities"), ("docx", "boxes"),
    ("xlsx", "underlined"), ("docx", "changes"), ("xlsx", "several"), ("docx", "header-cells"),
)  # fmt: skip

DUPLICATE, DAMAGED, AGAIN = 12, 25, 15
"""Every so manieth file has the bytes of an earlier one, is damaged, is a unit's second return."""

DIGITAL, TYPED = 100, 10
"""Every so manieth is a PDF with a text layer, a Word or Excel file of many layouts; others are Word files of one."""


def make_batch(folder: Path, count: int, scans: int, seed: int) -> tuple[dict[str, bytes], list[str]]:
    """So many files by name, always the same for a seed, and the names of their units and of one that sends nothing."""
    rng = random.Random(seed)
    drawn, units = _drawn(folder, count, scans, seed)
    quick = (_quick(rng, f"青禾县第{turn}总工会") for turn in range(count))
    files: list[tuple[str, bytes]] = []
    places = set(rng.sample(range(count), len(drawn)))
    waiting = iter(drawn)
    for place in range(count):
        if place in places:
            files.append(next(waiting))
        elif files and place % DUPLICATE == 5:
            files.append(rng.choice(files))
        elif place % DAMAGED == 9:
            suffix, content = next(quick)
            files.append((suffix, content[: len(content) // 2]))
        elif place % AGAIN == 7:
            unit = f"青禾县第{rng.randrange(place)}总工会"
            files.append(_quick(rng, unit))
        else:
            files.append(next(quick))
    named = {f"县区{place % 3}/报表{place:04}{suffix}": content for place, (suffix, content) in enumerate(files)}
    return named, sorted({*units, *(f"青禾县第{turn}总工会" for turn in range(count)), "未报工会"})


def _drawn(folder: Path, count: int, scans: int, seed: int) -> tuple[list[tuple[str, bytes]], set[str]]:
    """Those that `samples` makes, as suffix and bytes, and their units."""
    made = [*_electronic(folder, count // TYPED, seed)]
    for name, number, captures in (("digital", count // DIGITAL, ("digital",)), ("scans", scans, SCANS)):
        make_set(folder / name, seed=seed, count=number, captures=captures, workers=2 if number > 20 else 1)
        made += sorted(path for path in (folder / name).iterdir() if path.suffix != ".json")
    truths = [read_truth(path) for path in folder.rglob("*.truth.json")]
    units = {one.header.unit for truth in truths for one in truth.returns if one.header.unit}
    return [(path.suffix, path.read_bytes()) for path in made], units


def _electronic(folder: Path, count: int, seed: int) -> Iterator[Path]:
    folder.mkdir(parents=True)
    for turn in range(count):
        kind, layout = LAYOUTS[turn % len(LAYOUTS)]
        yield folder / make_electronic(folder / f"typed{turn}", kind, layout, seed * 10_000 + turn).file


def _quick(rng: random.Random, unit: str) -> tuple[str, bytes]:
    """A plain Word file, made in a millisecond."""
    fields = f"填报单位（盖章）：{unit} 联系人：王文 电话：0990-{rng.randrange(10**6, 10**7)} 填报日期：2026年6月20日"
    rows = []
    for item in SAFETY_MONTH.items:
        values = [str(rng.randrange(3000)) if slot.kind is SlotKind.COUNT else "消防演练" for slot in item.slots]
        cells = [f"<w:tc>{paragraph(run(text))}</w:tc>" for text in (item.heading, filled_sentence(item, values))]
        rows.append(f"<w:tr>{''.join(cells)}</w:tr>")
    head = paragraph(run(SAFETY_MONTH.title)) + paragraph(run(fields))
    return ".docx", word_file(f"{head}<w:tbl>{''.join(rows)}</w:tbl>")
