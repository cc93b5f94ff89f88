"""The pages about forms: made from a blank, shown with numbered slots, checked, corrected and saved by administrators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.forms import shelf
from pipeline.forms.shelf import blank_of, found_slots, put_blank, shown_pages
from pipeline.store import forms
from pipeline.web.context import Web
from pipeline.web.forms import routes
from samples.forms import sample_forms
from schemas.errors import DiskFull
from schemas.form import Form
from schemas.form_file import form_to_toml, toml_to_form
from schemas.safety_month import SAFETY_MONTH
from tests.web import Visitor, add_people, opened_web

BLANK = Path(__file__).parent.parent / "samples" / "blank.pdf"

ROOMS = form_to_toml(sample_forms()["rooms-2027"])


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process of its own does is done in this one."""
    monkeypatch.setattr(routes, "apart", _here)


def _here(work: Callable[..., Any], *words: Any) -> Any:
    return work(*words)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """An office without users: whoever sits here is an administrator."""
    with opened_web(tmp_path) as opened:
        yield opened


def send(visitor: Visitor, name: str, data: bytes, **fields: str) -> httpx.Response:
    """Send a file from the forms' page."""
    form = {"csrf": visitor.token("/forms"), **fields}
    answer: httpx.Response = visitor.client.post("/forms", data=form, files={"file": (name, data)})
    return answer


def change(visitor: Visitor, form: str, text: str, step: str) -> httpx.Response:
    """Send the form's own page with this text."""
    return visitor.submit(f"/forms/{form}", text=text, step=step)


def known(web: Web, form: str) -> Form:
    """A form as the office knows it."""
    return forms(web.store)[form]


def test_a_blank_becomes_a_form_with_its_picture(web: Web) -> None:
    """An uploaded blank is found, kept with its bytes, shown with all slots found, and can be had again."""
    visitor = Visitor(web)
    answer = send(visitor, "通知.pdf", BLANK.read_bytes(), id="mine-2027")
    assert (answer.status_code, answer.headers["location"]) == (303, "/forms/mine-2027")
    assert [slot.label for slot in known(web, "mine-2027").slots] == [slot.label for slot in SAFETY_MONTH.slots]
    page = visitor.get("/forms/mine-2027")
    assert page.text.count('class="ok"') == 39
    for number in (1, 2):
        picture = visitor.get(f"/forms/mine-2027/pages/{number}")
        assert (picture.status_code, picture.content[:3]) == (200, b"\xff\xd8\xff")
    blank = visitor.get("/forms/mine-2027/blank")
    assert blank.content == BLANK.read_bytes()
    assert blank.headers["content-disposition"].startswith("attachment")
    assert toml_to_form(visitor.get("/forms/mine-2027/file").text) == known(web, "mine-2027")
    # Under another id it is another form, which has the blank as well.
    text = visitor.get("/forms/mine-2027/file").text.replace('id = "mine-2027"', 'id = "mine-2028"')
    assert change(visitor, "mine-2027", text, "save").headers["location"] == "/forms/mine-2028?done=1"
    assert blank_of(web.home, "mine-2028") is not None
    assert found_slots(web.home, "mine-2028") == frozenset(slot.path for slot in known(web, "mine-2028").slots)


def test_a_form_file_is_taken_as_it_is(web: Web) -> None:
    """Without a blank there is a list and no picture."""
    visitor = Visitor(web)
    assert send(visitor, "表样.toml", ROOMS.encode()).headers["location"] == "/forms/rooms-2027"
    page = visitor.get("/forms/rooms-2027").text
    assert page.count('<td class="num">') == 8
    assert "<img src=" not in page.split('class="form-view"')[1]
    assert "女职工关爱设施建设情况表" in visitor.get("/forms").text


def test_a_changed_form_is_checked_and_saved(web: Web) -> None:
    """Checking tells odd things and saves nothing; saving changes the form; a broken file is told and changes nothing."""
    visitor = Visitor(web)
    send(visitor, "表样.toml", ROOMS.encode())
    before = known(web, "rooms-2027")
    odd = ROOMS.replace('unit = "场"', 'unit = "份"')
    checked = change(visitor, "rooms-2027", odd, "check")
    assert checked.status_code == 200
    assert "events 所指的不是场次" in checked.text
    assert known(web, "rooms-2027") == before
    assert change(visitor, "rooms-2027", odd, "save").status_code == 303
    assert known(web, "rooms-2027") == toml_to_form(odd)
    for broken in ("x =", ROOMS.replace("{printed", "{sentence", 1), ""):
        answer = change(visitor, "rooms-2027", broken, "save")
        assert answer.status_code == 422
        assert "表样文件有误" in answer.text
    assert known(web, "rooms-2027") == toml_to_form(odd)


def test_the_built_in_form_stays_as_it_is(web: Web) -> None:
    """Its slots cannot be changed under its id."""
    visitor = Visitor(web)
    changed = form_to_toml(SAFETY_MONTH).replace("组织开展宣讲（）场", "开展宣讲（）场")
    answer = change(visitor, SAFETY_MONTH.id, changed, "save")
    assert answer.status_code == 422
    assert "请给新表样换一个编号" in answer.text
    assert known(web, SAFETY_MONTH.id) == SAFETY_MONTH


def test_what_was_doubtful_is_shown_until_it_is_taken_out(web: Web) -> None:
    """The comments at a form file's top stand on its page."""
    visitor = Visitor(web)
    send(visitor, "表样.toml", ("# - 这些字可能认错：甲乙丙\n" + ROOMS).encode())
    assert "这些字可能认错：甲乙丙" in visitor.get("/forms/rooms-2027").text.split("<textarea")[0]
    change(visitor, "rooms-2027", ROOMS, "save")
    assert "甲乙丙" not in visitor.get("/forms/rooms-2027").text


@pytest.mark.parametrize(
    ("name", "data", "fields"),
    [
        ("a.txt", b"nothing of that kind", {}),
        ("a.pdf", b"%PDF-1.7 broken", {}),
        ("a.pdf", BLANK.read_bytes(), {"id": "Not An Id"}),
        ("a.toml", b"[[items]]", {}),
        ("a.bin", b"\0\1\2", {"of": SAFETY_MONTH.id}),
    ],
)
def test_what_is_no_blank_is_told(web: Web, name: str, data: bytes, fields: dict[str, str]) -> None:
    """In a line, and nothing is kept."""
    answer = send(Visitor(web), name, data, **fields)
    assert answer.status_code == 422
    assert 'class="notice bad"' in answer.text
    assert set(forms(web.store)) == {SAFETY_MONTH.id}
    assert blank_of(web.home, SAFETY_MONTH.id) is None


def test_reviewers_look_and_administrators_change(tmp_path: Path) -> None:
    """A reviewer sees the form and can send nothing."""
    with opened_web(tmp_path, local=False) as web:
        add_people(web.store, "王芳", "李明")
        visitor = Visitor(web)
        assert visitor.get("/forms").status_code in {303, 302, 307, 401}
        visitor.sign_in("李明")
        page = visitor.get(f"/forms/{SAFETY_MONTH.id}")
        assert page.status_code == 200
        assert 'name="step"' not in page.text
        token = re.search(r'<meta name="csrf" content="([0-9a-f]+)">', page.text)
        assert token is not None
        for address in ("/forms", f"/forms/{SAFETY_MONTH.id}"):
            answer = visitor.client.post(address, data={"csrf": token[1], "text": ROOMS, "step": "save"})
            assert answer.status_code == 403


@pytest.mark.parametrize(
    "address", ["/forms/none", "/forms/%2e%2e", "/forms/none/blank", "/forms/none/file", "/forms/..%2fx"]
)
def test_forms_that_are_not_are_not_found(web: Web, address: str) -> None:
    """Nor files beside them."""
    assert Visitor(web).get(address).status_code == 404


def test_pages_that_are_not_are_not_found(web: Web) -> None:
    """A form without a blank has no picture and no original."""
    visitor = Visitor(web)
    assert visitor.get(f"/forms/{SAFETY_MONTH.id}/pages/1").status_code == 404
    assert visitor.get(f"/forms/{SAFETY_MONTH.id}/blank").status_code == 404


def test_what_is_shown_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """Pictures that cannot be made leave the earlier ones; a new blank takes its pictures with it."""
    put_blank(tmp_path, "f", BLANK)
    shelf.keep_shown(tmp_path, "f", lambda folder: (folder / "1.jpg").touch())
    assert shown_pages(tmp_path, "f") == [1]

    def fail(folder: Path) -> None:
        (folder / "2.jpg").touch()
        raise OSError(28, "full")

    with pytest.raises(DiskFull):
        shelf.keep_shown(tmp_path, "f", fail)
    assert shown_pages(tmp_path, "f") == [1]
    put_blank(tmp_path, "f", BLANK)
    assert shown_pages(tmp_path, "f") == []
    assert [path.name for path in (tmp_path / "forms").iterdir()] == ["f"]


def test_english_pages(web: Web) -> None:
    """In English nothing but the form's own words is Chinese."""
    visitor = Visitor(web)
    visitor.submit("/language", lang="en", next="/forms")
    assert "From a blank" in visitor.get("/forms").text
    assert "whole number" in visitor.get(f"/forms/{SAFETY_MONTH.id}").text
