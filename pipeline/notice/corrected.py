"""A notice as people have corrected it: what they typed checked and put into its field's own spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from pipeline.notice.dates import find_dates, find_period
from pipeline.notice.heads import NUMBER, said
from schemas.errors import WrongValue
from schemas.notice import (
    EXPECTED,
    LISTS,
    SINGLE,
    Annex,
    BlankForm,
    FieldState,
    Notice,
    NoticeCorrection,
    NoticeField,
    Section,
    missing_fields,
)

LONGEST = 500
"""Characters of a field: a title has 80, a heading 40."""

_PATH = re.compile(r"(?P<key>[a-z]+)(?:\[(?P<place>[1-9]\d{0,3})\])?")
_HOUR = re.compile(r"(?P<hour>[01]?\d|2[0-4])\s*[:：时点]\s*(?P<minute>[0-5]\d)?")
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
_LINK = re.compile(r"[\x21-\x7e]+\.[\x21-\x7e]+")
_PHONE = re.compile(r"[0-9][0-9\-转]{4,20}")


def apply_corrections(notice: Notice, corrections: Iterable[NoticeCorrection]) -> Notice:
    """The notice as corrected, in the order given. What a person said is certain, and needs nobody else."""
    for one in corrections:
        key, place = split_path(one.path)
        if place is None:
            changed: Any = _said_field(getattr(notice, key), one.path, one.after)
        else:
            # Taken away is kept as a field without a value, so that other paths stay what they are.
            listed = list(getattr(notice, key))
            if place > len(listed):
                listed.append(_said_field(_empty(key), one.path, one.after))
            else:
                listed[place - 1] = _said_field(listed[place - 1], one.path, one.after)
            changed = tuple(listed)
        notice = notice.model_copy(update={key: changed})
    missing = missing_fields(notice)
    doubtful = any(field.review for _, field in notice.fields()) or any(key in EXPECTED and key in LISTS for key in missing)
    review = doubtful or bool(notice.unread) or notice.cut_short
    return notice.model_copy(update={"review": review, "missing": missing})


def without_gaps(notice: Notice) -> Notice:
    """The notice without list items that people have taken away."""
    lists = {key: tuple(one for one in getattr(notice, key) if one.value is not None or one.review) for key in LISTS}
    return notice.model_copy(update=lists)


def split_path(path: str) -> tuple[str, int | None]:
    """Key and place of a path. Raises WrongValue for one that names no field."""
    match = _PATH.fullmatch(path)
    if match is None or match["key"] not in (LISTS if match["place"] else SINGLE):
        raise WrongValue(path[:40])
    return match["key"], int(match["place"]) if match["place"] else None


def checked_value(path: str, text: str) -> str | None:
    """What a person typed in its field's spelling; None for nothing. Raises WrongValue where it is none."""
    value = " ".join(text.split())
    if not value:
        return None
    if len(value) > LONGEST:
        raise WrongValue(f"{LONGEST}")
    key, _ = split_path(path)
    told = str(_parts(key, value).get("value", value))
    patterns = {"emails": (_EMAIL, "name@example.com"), "links": (_LINK, "https://…"), "phones": (_PHONE, "0990-5551234")}
    if key in patterns and not patterns[key][0].fullmatch(told):
        raise WrongValue(patterns[key][1])
    return told


def _parts(key: str, value: str) -> dict[str, Any]:
    """What a value tells besides itself: its days, its parts. Raises WrongValue."""
    if key == "number":
        match = NUMBER.fullmatch(value)
        if match is None:
            raise WrongValue("云工基〔2026〕10号")
        office, year, ordinal = match["office"], int(match["year"]), int(match["ordinal"])
        return {"value": f"{office}〔{year}〕{ordinal}号", "office": office, "year": year, "ordinal": ordinal}
    if key in {"issued", "deadline"}:
        found = next(iter(find_dates(value)), None)
        day: date | None = found.last() if found is not None and (found.day or found.part) else None
        if found is None or day is None:
            raise WrongValue("2026年6月30日" if key == "issued" else "2026年6月30日 18:00")
        if key == "issued":
            return {"value": said(day), "iso": day.isoformat()}
        hour = _HOUR.search(value, found.end)
        time = f"{int(hour['hour']):02d}:{hour['minute'] or '00'}" if hour else None
        return {"value": said(day) + (time or ""), "iso": day.isoformat(), "time": time}
    if key == "period":
        span = find_period(value)
        until = span.until.last(span.start.year if span.start else None) if span else None
        start = span.start.first(span.until.year) if span and span.start else None
        return {"start": start.isoformat() if start else None, "end": until.isoformat() if until else None}
    return {}


def _said_field(field: NoticeField, path: str, value: str | None) -> NoticeField:
    key, _ = split_path(path)
    empty = {name: None for name in ("iso", "time", "start", "end", "office", "year", "ordinal") if hasattr(field, name)}
    given = _parts(key, value) if value is not None else {}
    # Days that the notice's own words told stay, where a person has confirmed those words.
    kept = empty if value != field.value else {}
    state = FieldState.FOUND if value is not None else FieldState.NOT_FOUND
    sure = {"value": value, "state": state, "confidence": 1.0 if value is not None else 0.0, "review": False, "reasons": ()}
    if value == field.value:
        given = {}
    return field.model_copy(update={**kept, **given, **sure})


def _empty(key: str) -> NoticeField:
    match key:
        case "sections":
            return Section(level=1, mark="")
        case "annexes":
            return Annex()
        case "forms":
            return BlankForm()
        case _:
            return NoticeField()
