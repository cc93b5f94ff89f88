"""The whole day in a browser: files dropped on a page, read by the real readers, reviewed by keys, totalled, exported."""

from __future__ import annotations

import base64
import csv
import json
import time
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from pipeline.reading.units import read_units
from pipeline.settings import Settings
from pipeline.store import counts, list_slots, open_store, set_collection
from schemas.office import Collection, FileState
from schemas.safety_month import SAFETY_MONTH
from tests.browser import LAPTOP, serving

SAMPLES = Path(__file__).parent.parent / "samples"

FILES = ("弯曲.jpg", "云川市电力.pdf", "扫描-2.jpg")
"""Typed returns: a bent page of which something is flagged, a PDF with a text layer, a scan."""

READ = (FileState.REVIEW, FileState.ACCEPTED)

PATIENCE = 180.0
"""Seconds in which a busy machine loads the readers and reads three files."""

MOST_SLOTS = 60
"""Of three typed returns far fewer are flagged."""

DROP = """files => {
    const carried = new DataTransfer();
    for (const [name, data] of files) {
        const bytes = Uint8Array.from(atob(data), each => each.charCodeAt(0));
        carried.items.add(new File([bytes], name));
    }
    for (const kind of ['dragenter', 'dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
    }
}"""


def test_from_dropped_files_to_the_exported_totals(tmp_path: Path, chromium: Browser) -> None:
    home, inbox = tmp_path / "办公室", tmp_path / "收件"
    inbox.mkdir()
    store = open_store(Settings(home=home).database_url)
    set_collection(store, Collection("安全生产月", SAFETY_MONTH.id, read_units(SAMPLES / "roster.csv")))
    truth = {name: _truth(name) for name in FILES}
    with serving(home, inbox=inbox, options=("--workers", "1")) as served:
        context = chromium.new_context(viewport=LAPTOP, locale="zh-CN", base_url=served.url)  # type: ignore[arg-type]  # two ints
        page = context.new_page()
        page.goto("/")
        page.evaluate(DROP, [(name, base64.b64encode((SAMPLES / "returns" / name).read_bytes()).decode()) for name in FILES])
        expect(page.locator("#upload .upload-row", has_text="已收下")).to_have_count(len(FILES), timeout=1000 * PATIENCE)
        page.goto("/files")
        _until(lambda: sum(counts(store)[state] for state in READ) == len(FILES))
        reviewed = _review(page, truth)
        assert reviewed > 0
        _until(lambda: list_slots(store, open=True).total == 0)
        totals = _totals(truth)
        page.goto("/totals")
        expect(page.locator("main")).to_contain_text(f"{totals['item1.lecture_attendance']:,}")
        with page.expect_download() as begun:
            page.evaluate("() => location.assign('/exports/slots.csv')")
        assert _exported(begun.value.path()) == totals
        context.close()
    store.close()


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.2)


def _review(page: Page, truth: dict[str, dict[str, Any]]) -> int:
    """Go through everything flagged by keys alone, typing what the paper says; how many there were."""
    page.goto("/queue")
    expect(page.locator("#rows tr.in-hand")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/returns/*")
    done = 0
    for _ in range(MOST_SLOTS):
        if "/returns/" not in page.url:
            break
        place = page.locator(".place.in-hand").first
        path = place.get_attribute("data-path") or ""
        name = next(name for name in FILES if name in page.locator("body").inner_text())
        said = truth[name][path]
        if said is None:
            page.keyboard.press("Alt+b" if "header." in path or path.endswith(".name") else "-")
        else:
            page.keyboard.press("Control+a")
            page.keyboard.type(str(said))
        page.keyboard.press("Enter")
        done += 1
        # The next slot is in hand, or the next return, or there is none.
        page.wait_for_timeout(150)
    return done


def _truth(name: str) -> dict[str, Any]:
    """What stands on a sample, by path; None for nothing."""
    told = json.loads((SAMPLES / "returns" / name).with_suffix(".truth.json").read_text("utf-8"))["returns"][0]
    slots = {slot["path"]: slot["value"] for slot in told["slots"]}
    return slots | {f"header.{key}": value for key, value in told["header"].items()}


def _totals(truth: dict[str, dict[str, Any]]) -> Counter[str]:
    """What the returns add up to, by slot."""
    totals: Counter[str] = Counter()
    for said in truth.values():
        totals.update({path: value for path, value in said.items() if isinstance(value, int)})
    return +totals


def _exported(path: Path) -> Counter[str]:
    """The same from slots.csv."""
    totals: Counter[str] = Counter()
    for row in csv.DictReader(StringIO(path.read_text("utf-8-sig"))):
        value = row["数值"]
        if value.isdecimal():
            totals[row["项目"]] += int(value)
    return +totals
