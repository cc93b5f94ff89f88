"""Pictures that one server has drawn are every server's: neither the original nor another look at it is needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from pipeline.office.archive import Archive, keep_original
from pipeline.office.remote import get_small, put_small
from pipeline.store import ReturnInHand, ReturnRow
from pipeline.web.images import Pictures, picture_key
from pipeline.web.packs import fetch_pictures, share_pictures
from schemas.office import FileState, StoredReturn
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.bucket import running_bucket, silent_bucket
from tests.conftest import sorted_files
from tests.office import START, reading_of
from tests.test_archive import looked

SLOT = SAFETY_MONTH.slots[0].path

KEY = "0123456789abcdef" * 2
PLACE = f"pictures/{KEY[:2]}/{KEY}/slots.zip"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket's address."""
    with running_bucket("pictures") as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address of each kind, with nothing there yet."""
    if request.param == "folder":
        return f"file://{tmp_path / 'shared'}"
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"


@pytest.fixture
def held(tmp_path: Path, address: str) -> ReturnInHand:
    """A return that the machine `one` has taken, with a slot on its page."""
    scan = tmp_path / "修武县.png"
    Pillow.fromarray(np.full((700, 500), 235, np.uint8)).save(scan)
    original = keep_original(scan, looked(scan), Archive(tmp_path / "one", address))
    assert original is not None
    return _return_of(original.kept)


@contextmanager
def server(home: Path, address: str) -> Iterator[Pictures]:
    """The pictures of a machine; at the end it has shared what it drew."""
    with closing(Pictures(Archive(home, address), home / "cache")) as pictures:
        yield pictures


def remove_originals(tmp_path: Path, address: str, kept: str) -> None:
    """As if the store of originals had lost one, and the machine that took it were gone."""
    from fsspec.core import url_to_fs

    store, root = url_to_fs(address)
    store.rm(f"{root}/{kept}")
    (tmp_path / "one" / "archive" / kept).unlink()


def test_a_second_server_needs_no_original(tmp_path: Path, address: str, held: ReturnInHand) -> None:
    """What one machine has drawn another one shows, byte for byte, when the original is nowhere any more."""
    with server(tmp_path / "one", address) as one:
        drawn = _seen(one, held)
    remove_originals(tmp_path, address, held.files[0][1])
    with server(tmp_path / "two", address) as two:
        assert _seen(two, held) == drawn
        assert two._pool is None, "nothing is drawn"
    assert not (tmp_path / "two" / "archive").exists()


def test_a_server_keeps_no_original_that_it_has_drawn(tmp_path: Path) -> None:
    """One that has not taken a return itself draws it from the shared address, and has its pictures alone then."""
    scan, address = tmp_path / "a.png", f"file://{tmp_path / 'shared'}"
    Pillow.fromarray(np.full((700, 500), 235, np.uint8)).save(scan)
    original = keep_original(scan, looked(scan), Archive(tmp_path / "one", address))
    assert original is not None
    with server(tmp_path / "two", address) as two:
        assert len(_seen(two, _return_of(original.kept))) == 2
    assert sorted_files(tmp_path / "two" / "archive") == []


def test_crops_come_without_pages(tmp_path: Path, address: str) -> None:
    """Who asks for slots is not sent the pages, nor the other way round."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    for name in ("slot-item1.lectures.jpg", "slot-item7[2].name.jpg", "page-1.jpg", "clean-1.jpg"):
        (here / name).write_bytes(name.encode())
    share_pictures(here, address, KEY)
    assert fetch_pictures(there, address, KEY, "slots")
    crops = {"slot-item1.lectures.jpg", "slot-item7[2].name.jpg", "slots.done"}
    assert {path.name for path in there.iterdir()} == crops
    assert fetch_pictures(there, address, KEY, "pages")
    assert {path.name for path in there.iterdir()} == crops | {"page-1.jpg", "pages.done"}
    assert all(path.read_bytes() in {path.name.encode(), b""} for path in there.iterdir())
    assert not fetch_pictures(there, address, KEY[::-1], "slots")


def _not_a_pack() -> bytes:
    return b"PK nothing"


def _escaping() -> bytes:
    return _zip({"slot-a.jpg": b"a", "../../../../escaped.jpg": b"b"})


def _swelling() -> bytes:
    return _zip({"slot-a.jpg": bytes(1 << 22)}, zipfile.ZIP_DEFLATED)


def _cut_short() -> bytes:
    return _zip({"slot-a.jpg": bytes(100_000)})[:-200]


@pytest.mark.parametrize("bad", [_not_a_pack, _escaping, _swelling, _cut_short])
def test_what_is_no_pack_is_not_shown(tmp_path: Path, bad: Callable[[], bytes]) -> None:
    """Whatever else lies at a pack's place is taken for nothing, and writes nowhere."""
    address, folder = f"file://{tmp_path / 'shared'}", tmp_path / "a" / "b"
    put_small(bad(), address, PLACE)
    before = sorted(tmp_path.rglob("*"))
    assert not fetch_pictures(folder, address, KEY, "slots")
    assert sorted(tmp_path.rglob("*")) == before
    share_pictures(_drawn(folder), address, KEY)
    assert fetch_pictures(tmp_path / "c", address, KEY, "slots"), "the right one takes its place"


def test_an_address_that_is_away_costs_no_picture(tmp_path: Path) -> None:
    """A machine that has the original draws it while the shared store does not answer, and asks it only once a minute."""
    scan = tmp_path / "a.png"
    Pillow.fromarray(np.full((700, 500), 235, np.uint8)).save(scan)
    home = tmp_path / "one"
    original = keep_original(scan, looked(scan), Archive(home))
    assert original is not None
    with silent_bucket("pictures") as address, server(home, address) as pictures:
        assert _seen(pictures, _return_of(original.kept))
        assert pictures._away_until > 0


def test_a_key_tells_bytes_and_places_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other names of the same bytes have the same pictures; other bytes, places or ways to draw have others."""
    same, renamed = _return_of("ab/abc/a.pdf"), _return_of("ab/abc/b.pdf")
    assert picture_key(same) == picture_key(renamed)
    moved = replace(same, stored=replace(same.stored, reading=_reading(0.3)))
    keys = {picture_key(one) for one in (same, _return_of("ab/abd/a.pdf"), moved)}
    monkeypatch.setattr("pipeline.web.images.DRAWN", 0)
    assert len(keys | {picture_key(same)}) == 4


def test_more_than_asked_for_is_not_taken(tmp_path: Path) -> None:
    """A place that holds more bytes than may be held in memory gives none; and so does one with nothing there."""
    address = f"file://{tmp_path}"
    put_small(b"12345", address, "a/b")
    assert get_small(address, "a/b", 5) == b"12345"
    assert get_small(address, "a/b", 4) is None
    assert get_small(address, "a/c", 4) is None


def _seen(pictures: Pictures, held: ReturnInHand) -> list[bytes]:
    found = [pictures.page(held, 1), pictures.slot(held, SLOT)]
    return [path.read_bytes() for path in found if path is not None]


def _drawn(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "slot-a.jpg").write_bytes(b"a")
    return folder


def _zip(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return packed.getvalue()


def _reading(left: float = 0.2) -> Reading:
    found = reading_of({})
    slots = [slot.model_copy(update={"page": None, "box": None}) for slot in found.slots]
    slots[0] = slots[0].model_copy(update={"page": 1, "box": (left, 0.2, left + 0.1, 0.22)})
    return found.model_copy(update={"slots": tuple(slots), "pages": 1})


def _return_of(kept: str) -> ReturnInHand:
    """A return of one page in an original that lies there."""
    stored = StoredReturn(1, 1, "x", "0" * 64, START, _reading())
    row = ReturnRow(1, 1, "x", None, "", START, FileState.REVIEW, 0, 0, 0, "", None, 0)
    return ReturnInHand(stored, SAFETY_MONTH, row, {}, {}, frozenset(), (("x", kept),))
