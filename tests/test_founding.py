"""A collection from its notice: what is taken, from where, what is doubtful, and what is not made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pipeline.forms.compose import FoundForm
from pipeline.forms.doubts import Doubt, Why
from pipeline.notice.founding import Founding, Taken, found
from pipeline.notice.record import keep_notice
from pipeline.notice.record import say as correct
from pipeline.office.archive import Archive
from pipeline.store import collections, forms
from pipeline.web.dashboard import collection as page
from samples.forms import sample_forms
from schemas.form import Form
from schemas.form_file import toml_to_form
from schemas.notice import DateField, DeadlineField, DocumentNumber, FieldReason, FieldState, Notice, NoticeField
from schemas.office import Unit
from schemas.safety_month import SAFETY_MONTH
from tests.web import Visitor, opened_web

ROOMS = sample_forms()["rooms-2027"]

KNOWN = {SAFETY_MONTH.id: SAFETY_MONTH, ROOMS.id: ROOMS}


def field(value: str) -> NoticeField:
    """Something that was found beyond doubt."""
    return NoticeField(value=value, state=FieldState.FOUND, confidence=1.0)


def notice(
    title: str = "关于开展女职工关爱行动的通知", *addressees: str, deadline: str = "2027-06-30", time: str = ""
) -> Notice:
    """A notice of 20 May 2027."""
    return Notice(
        source="通知.pdf",
        pages=2,
        review=False,
        title=field(title),
        number=DocumentNumber(value="云工发〔2027〕8号", state=FieldState.FOUND, confidence=1.0),
        issued=DateField(value="2027年5月20日", iso="2027-05-20", state=FieldState.FOUND, confidence=1.0),
        addressees=tuple(field(name) for name in addressees),
        deadline=DeadlineField(iso=deadline or None, time=time or None, sentence="请于6月30日前报送。"),
    )


def taken(made: Founding, what: str) -> Taken:
    """What is told of one thing."""
    return next(one for one in made.taken if one.what == what)


@pytest.mark.parametrize(
    ("title", "name", "source"),
    [
        ("云川市总工会关于印发《2027年“安全生产月”活动实施方案》的通知", "2027年“安全生产月”活动", "通知标题"),
        ("关于开展女职工关爱行动的通知", "2027年女职工关爱行动", "通知标题；年份取自成文日期"),
        ("云川市总工会关于进一步做好2027年困难职工摸底调查工作的通知", "2027年困难职工摸底调查工作", "通知标题"),
        ("关于报送二〇二七年统计报表的函", "二〇二七年统计报表", "通知标题"),
        ("紧急通知", "", "活动主题"),
    ],
)
def test_name_comes_from_the_title(title: str, name: str, source: str) -> None:
    """What is collected, and the year, from the date of the notice where the title has none; else it is missing."""
    made = found(notice(title), None, KNOWN)
    assert made.wanted.name == name
    assert (taken(made, "名称").words, taken(made, "名称").source) == (name, source)
    assert bool(taken(made, "名称").doubts) is (not name)


@pytest.mark.parametrize(
    ("day", "time", "due"),
    [
        ("2027-06-30", "", datetime(2027, 6, 30, 15, 59, 59, tzinfo=UTC)),
        ("2027-06-30", "18:00", datetime(2027, 6, 30, 10, tzinfo=UTC)),
        ("", "", None),
    ],
)
def test_deadline_is_a_moment_of_china_s_clock(day: str, time: str, due: datetime | None) -> None:
    """A day lasts to its end; with its sentence beside it; without one it is told to be missing."""
    made = found(notice(deadline=day, time=time), None, KNOWN)
    assert made.wanted.deadline == due
    assert ("没有找到填报期限" in taken(made, "填报期限").doubts) is (due is None)


def test_doubts_of_the_notice_are_told() -> None:
    """Each with the field that it is about."""
    doubtful = DeadlineField(iso="2027-06-30", review=True, reasons=(FieldReason.YEAR_ASSUMED,))
    made = found(notice().model_copy(update={"deadline": doubtful}), None, KNOWN)
    assert taken(made, "填报期限").doubts == ("报送期限：没有写年份，按发文日期推算",)


@pytest.mark.parametrize(
    ("addressees", "units", "doubtful"),
    [
        (("青禾县总工会", "白塘区总工会", "青禾县总工会"), ("青禾县总工会", "白塘区总工会"), False),
        (("青禾县总工会", "各县（市、区）总工会"), (), True),
        (("市属各基层工会",), (), True),
        ((), (), True),
    ],
)
def test_addressees_are_units_where_all_of_them_are(
    addressees: tuple[str, ...], units: tuple[str, ...], doubtful: bool
) -> None:
    """各县（市、区）总工会 is no unit: the roster stays empty, which is told."""
    made = found(notice("关于开展调查的通知", *addressees), None, KNOWN)
    assert made.wanted.units == tuple(Unit(name) for name in units)
    assert bool(taken(made, "单位名单").doubts) is doubtful
    assert taken(made, "单位名单").words == "、".join(addressees)


def test_blank_of_a_known_form_is_that_form() -> None:
    """Whatever its id; a character that was misread is told; other slots, or other words, are another form."""
    again = replace(ROOMS, id="form-1234")
    made = found(notice(), FoundForm(again, ()), KNOWN)
    assert (made.form, made.text, taken(made, "表样").doubts) == (ROOMS, None, ())
    first, *rest = ROOMS.items
    misread = replace(first.slots[0], before=first.slots[0].before[:-1] + "土")
    one_off = replace(again, items=(replace(first, slots=(misread, *first.slots[1:])), *rest))
    made = found(notice(), FoundForm(one_off, ()), KNOWN)
    assert made.form == ROOMS
    assert [doubt.startswith("字样不完全相同") for doubt in taken(made, "表样").doubts] == [True]
    other = replace(again, items=(replace(first, slots=first.slots[1:]), *rest))
    assert found(notice(), FoundForm(other, ()), KNOWN).form == other


def test_new_form_has_an_id_of_its_own_and_tells_its_doubts() -> None:
    """A blank that nobody knows becomes a form file; what is doubtful in it stands there, and is told."""
    other = replace(ROOMS, items=ROOMS.items[1:])
    made = found(notice(), FoundForm(other, (Doubt(Why.UNSURE, "土"),)), KNOWN)
    assert made.form is not None
    assert made.text is not None
    assert made.wanted.form == made.form.id == f"{ROOMS.id}-2"
    assert toml_to_form(made.text) == made.form
    assert "土" in made.text.splitlines()[1]
    assert taken(made, "表样").doubts == (Doubt(Why.UNSURE, "土").told(chinese=True),)


def test_without_a_blank_a_form_must_be_named() -> None:
    """None is guessed; the one that is given is taken."""
    made = found(notice(), None, KNOWN)
    assert (made.form, made.wanted.form) == (None, "")
    assert taken(made, "表样").doubts == ("没有找到空白表，请指定表样",)
    assert found(notice(), None, KNOWN, ROOMS).wanted.form == ROOMS.id


def test_page_shows_what_a_notice_says_and_opens_nothing_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The collection's form is filled in for a person to look at; the new form is on its shelf; then it is opened."""
    new = replace(ROOMS, id="rooms-new", items=ROOMS.items[1:])
    said = notice("关于开展女职工关爱行动的通知", "青禾县总工会", deadline="2027-06-30")

    def read(path: Path, known: dict[str, Form]) -> Founding:
        assert path.read_bytes() == b"%PDF-notice"
        return found(said, FoundForm(new, (Doubt(Why.UNSURE, "土"),)), known)

    monkeypatch.setattr(page, "apart", lambda work, *given: read(*given))
    with opened_web(tmp_path) as web:
        visitor = Visitor(web)
        assert send(visitor, b"").status_code == 422
        told = send(visitor, b"%PDF-notice").text
        for words in ("2027年女职工关爱行动", "2027-06-30T23:59", "青禾县总工会", "还没有新建", "这些字可能认错"):
            assert words in told
        assert [one.id for one in collections(web.store)] == [0]
        assert "rooms-new" in forms(web.store)
        fields = {
            "name": "2027年女职工关爱行动",
            "form": "rooms-new",
            "notice": "云工发〔2027〕8号",
            "deadline": "2027-06-30T23:59",
        }
        assert visitor.submit("/collections", **fields).status_code == 303
        (made,) = collections(web.store)
        assert (made.name, made.form, made.notice) == ("2027年女职工关爱行动", "rooms-new", "云工发〔2027〕8号")


def test_notice_on_record_is_taken_as_people_have_corrected_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the notice's own page: a deadline that somebody has put right is the collection's."""
    monkeypatch.setattr(page, "apart", lambda work, *given: work(*given))
    with opened_web(tmp_path) as web:
        path = tmp_path / "通知.pdf"
        path.write_bytes(b"no document, and no blank")
        id = keep_notice(web.store, Archive(web.home), path, notice("关于开展调查的通知", "青禾县总工会"), who="甲")
        correct(web.store, id, "deadline", "2027年7月15日", seen=0, who="甲")
        visitor = Visitor(web)
        told = visitor.submit("/collections/notice", of=id).text
        assert "2027-07-15T23:59" in told
        assert "没有找到空白表" in told
        assert visitor.submit("/collections/notice", of=99).status_code in {404, 422}


def send(visitor: Visitor, data: bytes) -> httpx.Response:
    """Upload a notice."""
    files = {"notice": ("通知.pdf", data)}
    answer: httpx.Response = visitor.client.post(
        "/collections/notice", data={"csrf": visitor.token("/collection")}, files=files
    )
    return answer
