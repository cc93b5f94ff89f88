"""Notices on record: kept once, corrected by people, and never without who said what and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.notice.corrected import checked_value
from pipeline.notice.record import keep_notice, list_notices, load_notice, say
from pipeline.office.archive import Archive, find_original
from pipeline.store import Store, open_store
from schemas.errors import NoSuchNotice, NoticeChanged, UnreadableFile, WrongValue
from schemas.notice import FieldState, Notice
from tests.test_notice import notice

BODY = ("一、活动时间", "6月1日至6月30日", "请于6月30日前将总结报送市总工会。", "联系人：王平 电话：5501234", "附件：报名表")


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An empty store of each kind."""
    opened = open_store(database)
    yield opened
    opened.close()


def kept(store: Store, folder: Path, read: Notice | None = None, *, data: bytes = b"%PDF-1.4") -> int:
    """A notice kept as its file came."""
    path = folder / "通知.pdf"
    path.write_bytes(data)
    return keep_notice(store, Archive(folder / "办公室"), path, read or notice(*BODY), who="王文")


def test_a_notice_comes_out_as_it_went_in(store: Store, tmp_path: Path) -> None:
    """What was read, by whom it was added, and the file's own bytes."""
    number = kept(store, tmp_path)
    held = load_notice(store, number)
    assert (held.notice, held.who, held.corrections) == (notice(*BODY), "王文", ())
    with find_original(Archive(tmp_path / "办公室"), held.kept) as path:
        assert path.read_bytes() == b"%PDF-1.4"
    assert [one.id for one in list_notices(store)] == [number]


def test_the_same_file_is_one_notice(store: Store, tmp_path: Path) -> None:
    """Read anew it is replaced, until a person has said something about it."""
    number = kept(store, tmp_path)
    assert kept(store, tmp_path, notice()) == number
    assert load_notice(store, number).notice == notice()
    say(store, number, "theme", "比学赶超", seen=0, who="王文")
    assert kept(store, tmp_path) == number
    assert load_notice(store, number).notice.sections == notice().sections
    assert kept(store, tmp_path, data=b"%PDF-1.5") != number


@pytest.mark.parametrize(
    ("path", "text", "value", "more"),
    [
        ("issued", "2026-6-2", "2026年6月2日", {"iso": "2026-06-02"}),
        ("deadline", "2026年7月3日 18时", "2026年7月3日18:00", {"iso": "2026-07-03", "time": "18:00"}),
        ("deadline", "2026年7月底", "2026年7月31日", {"iso": "2026-07-31", "time": None}),
        ("number", "云工发[2026]3号", "云工发〔2026〕3号", {"office": "云工发", "year": 2026, "ordinal": 3}),
        ("period", "2026年7月1日至7月9日", "2026年7月1日至7月9日", {"start": "2026-07-01", "end": "2026-07-09"}),
        ("title", "  关于   竞赛的通知 ", "关于 竞赛的通知", {}),
        ("contacts[1]", "王萍", "王萍", {}),
        ("emails[1]", "a@example.com", "a@example.com", {}),
        ("phones[2]", "13900001234", "13900001234", {}),
    ],
)
def test_correction_counts_from_then_on(
    store: Store, tmp_path: Path, path: str, text: str, value: str, more: dict[str, object]
) -> None:
    """In its field's own spelling, with what follows from it; a place behind a list's end adds to the list."""
    held = say(store, kept(store, tmp_path), path, text, seen=0, who="李芳")
    field = dict(held.notice.fields())[path]
    assert (field.value, field.state, field.confidence, field.review) == (value, FieldState.FOUND, 1.0, False)
    assert {name: getattr(field, name) for name in more} == more
    (said,) = held.corrections
    assert (said.path, said.who, said.after) == (path, "李芳", value)
    assert held.last(path) == said


def test_confirmed_field_keeps_what_was_read(store: Store, tmp_path: Path) -> None:
    """Its days are those that its own words told."""
    before = notice(*BODY).period
    held = say(store, kept(store, tmp_path), "period", before.value or "", seen=0, who="李芳")
    assert (held.notice.period.start, held.notice.period.end) == (before.start, before.end)
    assert held.notice.period.confidence == 1.0


def test_field_taken_away_leaves_other_paths_as_they_are(store: Store, tmp_path: Path) -> None:
    """Of two addressees the first is taken away: the second is still the second, and the only one."""
    number = kept(store, tmp_path)
    second = load_notice(store, number).notice.addressees[1].value
    say(store, number, "addressees[1]", "", seen=0, who="李芳")
    held = say(store, number, "addressees[2]", "市直机关工会", seen=0, who="李芳")
    assert [one.value for one in held.notice.addressees] == ["市直机关工会"]
    assert held.corrections[1].before == second


def test_what_somebody_else_has_said_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    """Whoever has not seen the last correction is told; both are kept, none is changed."""
    number = kept(store, tmp_path)
    held = say(store, number, "title", "关于竞赛的通知", seen=0, who="李芳")
    with pytest.raises(NoticeChanged):
        say(store, number, "title", "关于培训的通知", seen=0, who="王文")
    held = say(store, number, "title", "关于培训的通知", seen=held.corrections[-1].id, who="王文")
    assert [(one.who, one.after) for one in held.corrections] == [("李芳", "关于竞赛的通知"), ("王文", "关于培训的通知")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("issued", "六月"), ("deadline", "尽快"), ("number", "10号"), ("emails[1]", "a@b"), ("phones[1]", "电话"),
        ("links[1]", "网盘"), ("nothing", "1"), ("title[1]", "1"), ("addressees", "1"), ("contacts[9]", "王平"),
        ("title", "长" * 501),
    ],
)  # fmt: skip
def test_what_is_not_written_as_its_field_is_refused(store: Store, tmp_path: Path, path: str, text: str) -> None:
    """Nothing is recorded."""
    number = kept(store, tmp_path)
    with pytest.raises(WrongValue):
        say(store, number, path, text, seen=0, who="李芳")
    assert load_notice(store, number).corrections == ()


def test_notice_that_is_not_there(store: Store, tmp_path: Path) -> None:
    """Neither on record nor in the folder."""
    with pytest.raises(NoSuchNotice):
        load_notice(store, 7)
    with pytest.raises(UnreadableFile):
        keep_notice(store, Archive(tmp_path), tmp_path / "没有.pdf", notice(), who="王文")


def test_nothing_typed_is_nothing() -> None:
    """White is no value."""
    assert checked_value("title", " \t ") is None
