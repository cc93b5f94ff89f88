"""Forms of other offices and other years, all invented: for reading, filling and reporting what is not the built-in form."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from schemas.form import Form
from schemas.form_file import toml_to_form

FOLDER = Path(__file__).with_name("forms")


@cache
def sample_forms() -> dict[str, Form]:
    """The forms in samples/forms, by id."""
    forms = (toml_to_form(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml")))
    return {form.id: form for form in forms}
