"""Work of seconds about forms, in a process of its own: a form from an uploaded blank, pictures of where its slots are."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from threading import Lock
from typing import ParamSpec, TypeVar

import cv2

from pipeline.executors import process_pool
from pipeline.forms.comments import with_comments
from pipeline.forms.finding import find_blank_form
from pipeline.forms.places import QUALITY, Places, can_draw, draw_places, find_places
from pipeline.forms.shelf import FOUND, blank_of, keep_shown
from schemas.errors import KuohaoError, TransientError
from schemas.form import Form
from schemas.form_file import form_to_toml

P = ParamSpec("P")
Result = TypeVar("Result")

_one_at_a_time = Lock()


def apart(work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """A function's result from a process of its own, one at a time: each takes a core and half a gigabyte.

    Raises what the function raises, TransientError where the process is ended from outside.
    """
    try:
        with _one_at_a_time, process_pool(1) as pool:
            return pool.submit(work, *args, **kwargs).result()
    except BrokenProcessPool as error:
        raise TransientError("form") from error


def blank_to_text(blank: Path, form_id: str) -> str:
    """The form file of a blank, with what to look at as comments. Raises as `find_blank_form`."""
    found = find_blank_form(blank, form_id=form_id)
    return with_comments(form_to_toml(found.form), found.doubts, chinese=True)


def missing_on(form: Form, blank: Path) -> list[str]:
    """The paths of slots that are not found on a blank; all, where it cannot be read."""
    return _found_on(form, blank).missing(form)


def show_blank(home: Path, form: Form) -> None:
    """Look for a form's slots on its blank, and keep which were found and the pages with their numbers. Raises DiskFull."""
    blank = blank_of(home, form.id)
    if blank is None:
        return

    def make(folder: Path) -> None:
        places = _found_on(form, blank)
        (folder / FOUND).write_text(json.dumps(list(places.found)), encoding="utf-8")
        try:
            for number, picture in draw_places(form, blank, places) if can_draw(blank) else ():
                encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
                (folder / f"{number}.jpg").write_bytes(encoded.tobytes())
        except KuohaoError:
            # What cannot be drawn is shown as a list alone.
            return

    keep_shown(home, form.id, make)


def _found_on(form: Form, blank: Path) -> Places:
    try:
        return find_places(form, blank)
    except KuohaoError:
        return Places({})
