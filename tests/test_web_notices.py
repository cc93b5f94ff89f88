"""The pages about notices: one is read, shown beside its pages, confirmed and corrected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.notice.record import keep_notice, load_notice
from pipeline.office.archive import Archive
from pipeline.web.context import Web
from pipeline.web.notices import routes
from pipeline.web.notices.pictures import around, turned
from samples.notices import make_notice
from schemas.notice import Notice
from tests.test_notice import notice
from tests.web import Visitor, opened_web


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process of its own does is done in this one."""
    monkeypatch.setattr(routes, "apart", _here)


def _here(work: Callable[..., Any], *words: Any) -> Any:
    return work(*words)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """An office without users."""
    with opened_web(tmp_path) as opened:
        yield opened


def send(visitor: Visitor, name: str, data: bytes) -> httpx.Response:
    """Send a file from the notices' page."""
    form = {"csrf": visitor.token("/notices")}
    answer: httpx.Response = visitor.client.post("/notices", data=form, files={"file": (name, data)})
    return answer


def keep(web: Web, folder: Path, read: Notice) -> int:
    """A notice on record, whose file does not open."""
    path = folder / "通知.docx"
    path.write_bytes(b"PK")
    return keep_notice(web.store, Archive(web.home), path, read, who="王文")


def test_uploaded_notice_is_read_and_shown_beside_its_pages(web: Web, tmp_path: Path) -> None:
    """Its fields with where they stand, its pages as pictures, its file and its contract to take along."""
    truth = make_notice("digital", 72, tmp_path / "通知")
    visitor = Visitor(web)
    answer = send(visitor, "通知.pdf", (tmp_path / truth.file).read_bytes())
    assert answer.headers["location"] == "/notices/1"
    shown = visitor.get("/notices/1")
    assert shown.status_code == 200
    assert all(f'value="{unit}"' in shown.text for unit in truth.addressees)
    assert len(re.findall(r'<svg class="notice-page"', shown.text)) == truth.pages
    picture = visitor.get("/notices/1/pages/1.jpg")
    assert picture.headers["content-type"] == "image/jpeg"
    assert visitor.get("/notices/1/pages/99.jpg").status_code == 404
    assert visitor.get("/notices/1/original").content.startswith(b"%PDF")
    assert Notice.model_validate_json(visitor.get("/notices/1/json").text) == load_notice(web.store, 1).notice
    assert truth.title in visitor.get("/notices").text


def test_person_confirms_and_corrects(web: Web, tmp_path: Path) -> None:
    """What was said counts at once, and the page says by whom; the next doubtful field is gone to."""
    read = notice(sure=0.99)
    number = keep(web, tmp_path, read)
    visitor = Visitor(web)
    address = f"/notices/{number}"
    answer = visitor.submit(address, path="title", value="云川市总工会关于竞赛的通知", seen=0)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{address}#")
    held = load_notice(web.store, number)
    assert held.notice.title.value == "云川市总工会关于竞赛的通知"
    assert held.corrections[0].who == "本机"
    assert "核对记录" in visitor.get(address).text


def test_wrong_value_is_told_and_changes_nothing(web: Web, tmp_path: Path) -> None:
    """The field that it was typed into is marked."""
    number = keep(web, tmp_path, notice())
    visitor = Visitor(web)
    answer = visitor.submit(f"/notices/{number}", path="issued", value="昨天", seen=0)
    assert answer.status_code == 422
    assert "2026年6月30日" in answer.text
    assert load_notice(web.store, number).corrections == ()


def test_list_and_unknown_notices(web: Web) -> None:
    """An office without notices says so; what is not on record is not found."""
    visitor = Visitor(web)
    assert "还没有通知" in visitor.get("/notices").text
    assert visitor.get("/notices/7").status_code == 404
    assert visitor.submit("/notices/7", path="title", value="x", seen=0).status_code == 404


@pytest.mark.parametrize(("name", "data"), [("空.pdf", b""), ("坏.pdf", b"%PDF-1.4 nothing"), ("../../通知.txt", b"words")])
def test_file_that_is_no_notice_is_refused_with_a_reason(web: Web, name: str, data: bytes) -> None:
    """The page says what is wrong; nothing is kept."""
    answer = send(Visitor(web), name, data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_box_turns_with_its_page() -> None:
    """A mark in the top left corner of a page on its side is at the top right once the page stands."""
    box = (0.0, 0.1, 0.2, 0.3)
    assert turned(box, 0) == box
    assert turned(box, 1) == pytest.approx((0.7, 0.0, 0.9, 0.2))
    assert turned(turned(box, 1), 3) == pytest.approx(box)
    assert around((0.0, 0.0, 1.0, 1.0)) == (0.0, 0.0, 1.0, 1.0)
