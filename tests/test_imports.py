"""Imports point one way: schemas ← extractors ← pipeline; in the pipeline reading ← store ← office ← web ← commands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

OURS = {"schemas", "extractors", "pipeline", "samples", "tests"}

MAY_IMPORT = {
    "schemas": {"schemas"},
    "extractors": {"extractors", "schemas"},
    "pipeline": {"pipeline", "extractors", "schemas"},
}

# The pipeline's packages, each with those that it may import from; modules beside them, which serve all, import from none.
OF_A_PAGE = {"alignment", "judging", "reading"}
OF_THE_OFFICE = OF_A_PAGE | {"collection", "store", "office"}
WAYS_IN = {"mail", "forms", "notice"}
MAY_USE = {
    "": set(),
    "alignment": set(),
    "judging": set(),
    "reading": {"alignment", "judging"},
    "collection": OF_A_PAGE,
    "store": OF_A_PAGE | {"collection"},
    "office": OF_A_PAGE | {"collection", "store"},
    "mail": OF_THE_OFFICE,
    "forms": OF_THE_OFFICE,
    "notice": OF_THE_OFFICE | {"forms"},
    "web": OF_THE_OFFICE | WAYS_IN,
    "commands": OF_THE_OFFICE | WAYS_IN | {"web"},
    "cli": OF_A_PAGE | {"commands"},
}

MODULES = [(house, path) for house in MAY_IMPORT for path in sorted((ROOT / house).rglob("*.py"))]

INSIDE = sorted((ROOT / "pipeline").rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The packages that a module imports from, inside functions too; its own for a relative import."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield path.relative_to(ROOT).parts[0] if node.level else str(node.module).partition(".")[0]


def imported_modules(path: Path) -> Iterator[str]:
    """The modules that a module may import from, by their dotted names: of `from a import b` a.b, be it a module or not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str:
    """Which of the pipeline's packages a module lies in; "" for those beside them."""
    room = module.split(".")[1]
    return room if room in MAY_USE else ""


def test_there_is_something_to_check() -> None:
    """The three packages hold modules; an empty walk would pass everything."""
    assert {house for house, _ in MODULES} == set(MAY_IMPORT)
    assert len(MODULES) > 25


@pytest.mark.parametrize(("house", "path"), MODULES, ids=[str(path.relative_to(ROOT)) for _, path in MODULES])
def test_imports_point_one_way(house: str, path: Path) -> None:
    """A module imports from its own package and those below; nothing shipped needs samples or tests."""
    assert set(imported(path)) & OURS <= MAY_IMPORT[house]


def test_every_package_has_its_place() -> None:
    """A new package of the pipeline says here what it may import from; no name stands here that is gone."""
    rooms = {path.parent.name for path in (ROOT / "pipeline").glob("*/__init__.py")}
    assert rooms == set(MAY_USE) - {"", "cli"}


@pytest.mark.parametrize("path", INSIDE, ids=[str(path.relative_to(ROOT)) for path in INSIDE])
def test_reading_knows_no_office_and_the_office_no_pages(path: Path) -> None:
    """Within the pipeline imports point one way too, those inside functions not excepted."""
    room = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    used = {room_of(module) for module in imported_modules(path) if module.startswith("pipeline.")}
    assert used <= MAY_USE[room] | {room, ""}


@pytest.mark.parametrize("path", sorted((ROOT / "schemas").rglob("*.py")), ids=lambda path: path.name)
def test_schemas_see_no_pixels_and_do_no_io(path: Path) -> None:
    """What things are is told without OpenCV, Pillow, engines or the system's files."""
    assert not set(imported(path)) & {
        "cv2",
        "PIL",
        "onnxruntime",
        "pypdfium2",
        "pdfplumber",
        "pandas",
        "os",
        "io",
        "subprocess",
    }
