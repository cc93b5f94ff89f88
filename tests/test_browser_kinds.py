"""Amounts, dates, boxes and cells of their own under review in a real browser, by keys alone; then the totals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.settings import Settings
from pipeline.store import Store, add_form, load_return, open_store, set_collection
from schemas.flow import State
from schemas.form_file import form_to_toml
from tests.browser import LAPTOP, serving
from tests.filled import fill
from tests.mixed import FORM
from tests.office import UNREADABLE, collection_of, reading_of, stored

UNIT = "青禾县总工会"

FLAGGED = ("lectures.day", "lectures.online", "lectures.onsite", "lectures.cost", "places.area", "places[2].signed")

PATIENCE = 60.0
"""Seconds that a page or a decision may take on a busy machine."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A return with a flagged slot of each kind."""
    opened = open_store(Settings(home=tmp_path).database_url)
    add_form(opened, form_to_toml(FORM), who="王")
    set_collection(opened, collection_of(UNIT, form=FORM))
    values = {
        "lectures.day": UNREADABLE,
        "lectures.online": None,
        "lectures.onsite": 1,
        "lectures.cost": Decimal("12.5"),
        "places.area": Decimal("30.25"),
        "places[2].signed": UNREADABLE,
    }
    fill(opened, tmp_path, [stored(1, reading_of(values, unit=UNIT, flagged=FLAGGED, form=FORM), name="一.png")])
    yield opened
    opened.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_each_kind_by_its_keys(tmp_path: Path, store: Store, chromium: Browser) -> None:
    """A date with its dashes, a box by one key, an amount by digits and a point, a row of a list: then the exact total."""
    expect.set_options(timeout=PATIENCE * 1000)
    complaints: list[str] = []
    with serving(tmp_path) as served:
        context = chromium.new_context(viewport=LAPTOP, locale="zh-CN", base_url=served.url)  # type: ignore[arg-type]  # two ints
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/returns/1-1")
        number = page.locator("#dock .c-number")
        expect(number).to_have_text("1.1")
        press(page, *"2027-6-3", "Enter")
        expect(number).to_have_text("1.4")
        # Read as empty: the space bar says that it is ticked. Read as ticked: 0 says that it is not.
        press(page, " ")
        expect(page.locator("#dock .c-input")).to_have_value("√")
        press(page, "Enter")
        expect(number).to_have_text("1.5")
        press(page, "0", "Enter")
        expect(number).to_have_text("1.6")
        press(page, *"1,280.05")
        expect(page.locator('.place[data-path="lectures.cost"]')).to_have_text("1280.05")
        # Unlike what was read: asked once more.
        press(page, "Enter", "Enter")
        expect(number).to_have_text("3.2")
        press(page, "Enter")
        expect(number).to_have_text("3.4")
        press(page, "1", "Enter")
        expected = {
            "lectures.day": (State.VALUE, "2027-06-03"),
            "lectures.online": (State.VALUE, 1),
            "lectures.onsite": (State.BLANK, None),
            "lectures.cost": (State.VALUE, Decimal("1280.05")),
            "places.area": (State.VALUE, Decimal("30.25")),
            "places[2].signed": (State.VALUE, 1),
        }
        end = time.monotonic() + PATIENCE
        while (found := {path: fix.after for path, fix in load_return(store, 1, 1).stored.corrections.items()}) != expected:
            assert time.monotonic() < end, found
            time.sleep(0.05)
        # With nothing left to decide the page goes to the list by itself: two journeys at once would end one of them.
        page.wait_for_url("**/queue")
        page.goto("/totals")
        expect(page.locator('a[href="/totals/lectures.cost"]')).to_have_text("1,280.05")
        expect(page.locator('a[href="/totals/lectures.online"]')).to_have_text("1 个单位")
        context.close()
    assert complaints == []
