"""The form that a command is told to read: a form file, or one that the program knows by its id."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import ConfigError, FormFileError
from schemas.form import Form
from schemas.form_file import toml_to_form
from schemas.forms import FORMS
from schemas.safety_month import SAFETY_MONTH

FormName = Annotated[
    str | None,
    typer.Option("--form", metavar="FILE|ID", help="Form file (TOML), or the id of a known form. 表样文件或内置表样名。"),
]

# Largest form file that is read, in bytes: one of 2,000 slots has a tenth of it.
LARGEST = 4_000_000


def find_form(name: str | None) -> Form:
    """The form that is meant: none is the built-in one.

    Raises ConfigError where there is no such form, FormFileError where its file cannot be used.
    """
    if name is None:
        return SAFETY_MONTH
    if name in FORMS:
        return FORMS[name]
    return toml_to_form(form_text_of(Path(name)))


def form_text_of(path: Path) -> str:
    """What stands in a form file. Raises ConfigError where there is none, FormFileError where it cannot be one."""
    name = str(path)
    if not path.is_file():
        raise ConfigError(f"--form {name}")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise FormFileError(f"{name}: {LARGEST} bytes at most")
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise FormFileError(f"{name}: UTF-8") from None
    except OSError as error:
        raise ConfigError(f"--form {name}: {error.strerror}") from error
