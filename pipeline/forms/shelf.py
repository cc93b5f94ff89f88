"""The forms of an office on their shelf: their files in the store, in HOME/forms the blanks that they were made of.

HOME/forms/ID/blank.EXT is the blank's original bytes; HOME/forms/ID/shown holds what was found on it, to be looked at. A
folder that is missing or half made costs pictures, never a form.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from extractors.pages import PDF_HEADER_WITHIN, format_of
from extractors.typed import typed_format
from pipeline.store import Store, add_form, forms
from schemas.errors import DiskFull, UnreadableFile
from schemas.form import Form
from schemas.forms import FORMS

BLANK, SHOWN, FOUND = "blank", "shown", "found.json"


@dataclass(frozen=True)
class Shelved:
    """A form of an office: `built_in` ones cannot be changed, `blank` is the file that it was made of, if any."""

    form: Form
    built_in: bool
    blank: Path | None


def list_forms(store: Store, home: Path) -> tuple[Shelved, ...]:
    """Every form that the office knows, the built-in one first."""
    return tuple(Shelved(form, form.id in FORMS, blank_of(home, form.id)) for form in forms(store).values())


def save_form(store: Store, home: Path, text: str, *, who: str, blank: Path | None = None) -> Form:
    """Keep a form file, and the blank it was made of; without a new one, the one that is there stays.

    Raises FormFileError, FormInUse where returns have been read by other slots of that id; DiskFull, UnreadableFile for a
    blank that is of no known kind.
    """
    form = add_form(store, text, who=who)
    if blank is not None:
        put_blank(home, form.id, blank)
    return form


def put_blank(home: Path, form_id: str, blank: Path) -> Path:
    """Keep a blank's bytes for a form, instead of an earlier one."""
    kind = blank_kind(blank)
    with _replaced(home / "forms", form_id) as folder:
        kept = shutil.copyfile(blank, folder / f"{BLANK}.{kind}")
    return home / "forms" / form_id / kept.name


def blank_of(home: Path, form_id: str) -> Path | None:
    """The file that a form was made of; None for none."""
    found = sorted((home / "forms" / form_id).glob(f"{BLANK}.*"))
    return found[0] if found else None


def keep_shown(home: Path, form_id: str, make: Callable[[Path], None]) -> None:
    """Let `make` fill a folder with what is shown of a form's blank, and put it in the place of an earlier one."""
    with _replaced(home / "forms" / form_id, SHOWN) as folder:
        make(folder)


def shown_pages(home: Path, form_id: str) -> list[int]:
    """The numbers of the pages that can be shown."""
    return sorted(int(path.stem) for path in (home / "forms" / form_id / SHOWN).glob("*.jpg") if path.stem.isdecimal())


def shown_page(home: Path, form_id: str, number: int) -> Path:
    """Where a page's picture lies, if there is one."""
    return home / "forms" / form_id / SHOWN / f"{number}.jpg"


def found_slots(home: Path, form_id: str) -> frozenset[str] | None:
    """The slots that were found on a form's blank; None where nobody has looked."""
    try:
        return frozenset(json.loads((home / "forms" / form_id / SHOWN / FOUND).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def blank_kind(blank: Path) -> str:
    """What a blank is by its bytes, as the ending of its name. Raises UnreadableFile for what is no kind of blank."""
    kind = typed_format(blank)
    if kind is None:
        with blank.open("rb") as opened:
            kind = format_of(opened.read(PDF_HEADER_WITHIN))
    if kind is None:
        raise UnreadableFile
    return {"JPEG": "jpg", "TIFF": "tif", "HEIF": "heic"}.get(kind, kind.lower())


@contextmanager
def _replaced(parent: Path, name: str) -> Iterator[Path]:
    """A new folder that takes the place of another one of that name when all in it has been written; DiskFull else."""
    made: Path | None = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=parent, prefix=".new-"))
        yield made
        there = parent / name
        if there.exists():
            # Between the two renames a page finds nothing to show, and says so.
            gone = Path(tempfile.mkdtemp(dir=parent, prefix=".old-"))
            there.rename(gone / name)
            made.rename(there)
            shutil.rmtree(gone, ignore_errors=True)
        else:
            made.rename(there)
    except OSError as error:
        raise DiskFull(os.strerror(error.errno or 0)) from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
