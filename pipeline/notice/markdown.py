"""A notice as Markdown, for people to read and to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemas.notice import LABELS, FieldState, Notice, NoticeField, path_label

NOT_FOUND = "（没有找到）"

_SINGLE = ("issuer", "number", "issued", "theme", "period", "deadline")
_LISTS = ("addressees", "contacts", "phones", "emails", "links", "annexes", "forms")


def to_markdown(notice: Notice) -> str:
    """The notice: what it says in a table, its chapters, and what a person should look at."""
    lines = [f"# {_said(notice.title)}", "", "| 项目 | 内容 | 可信度 | 待审核 |", "|---|---|--:|---|"]
    lines += [_row(LABELS[key], [getattr(notice, key)]) for key in _SINGLE]
    lines += [_row(LABELS[key], getattr(notice, key)) for key in _LISTS]
    if notice.deadline.sentence:
        lines += ["", f"> {_escaped(notice.deadline.sentence)}"]
    lines += ["", *_chapters(notice)]
    if notice.unread:
        lines += [f"没有读清的页：{' '.join(map(str, notice.unread))}", ""]
    doubts = [(path, field) for path, field in notice.fields() if field.review]
    if doubts:
        lines += ["## 待审核", ""]
        lines += [f"- {path_label(path)}：{_said(field)}（{_why(field)}）" for path, field in doubts]
    return "\n".join(lines).rstrip() + "\n"


def _row(label: str, fields: Sequence[NoticeField]) -> str:
    if not fields:
        return f"| {label} | {NOT_FOUND} |  |  |"
    found = [field.confidence for field in fields if field.state is FieldState.FOUND]
    sure = f"{min(found):.3f}" if found else ""
    return f"| {label} | {'<br>'.join(_said(field) for field in fields)} | {sure} | {'是' if _doubted(fields) else ''} |"


def _doubted(fields: Sequence[NoticeField]) -> bool:
    return any(field.review for field in fields)


def _chapters(notice: Notice) -> Iterator[str]:
    for section in notice.sections:
        yield f"{'#' * (section.level + 1)} {section.mark}{_said(section)}"
        yield ""
        for text in section.text.splitlines():
            yield _escaped(text)
            yield ""


def _why(field: NoticeField) -> str:
    return "；".join(reason.chinese for reason in field.reasons) or f"可信度 {field.confidence:.2f}"


def _said(field: NoticeField) -> str:
    return _escaped(field.value) if field.value is not None else NOT_FOUND


def _escaped(text: str) -> str:
    """Text that is text in Markdown: a notice may hold anything."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)
