"""Imports point one way: schemas ← extractors ← pipeline."""

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

MODULES = [(house, path) for house in MAY_IMPORT for path in sorted((ROOT / house).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    """The packages that a module imports from, inside functions too; its own for a relative import."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield path.relative_to(ROOT).parts[0] if node.level else str(node.module).partition(".")[0]


def test_there_is_something_to_check() -> None:
    """The three packages hold modules; an empty walk would pass everything."""
    assert {house for house, _ in MODULES} == set(MAY_IMPORT)
    assert len(MODULES) > 25


@pytest.mark.parametrize(("house", "path"), MODULES, ids=[str(path.relative_to(ROOT)) for _, path in MODULES])
def test_imports_point_one_way(house: str, path: Path) -> None:
    """A module imports from its own package and those below; nothing shipped needs samples or tests."""
    assert set(imported(path)) & OURS <= MAY_IMPORT[house]


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
