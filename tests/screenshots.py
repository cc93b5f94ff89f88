"""`python -m tests.screenshots`: every page of the review server as a picture, at two widths of a screen and a tablet's.

An office is made for it: the committed sample returns are read by the real readers, some slots decided, one person added.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page

from pipeline.collection.corrections import effective_slots
from pipeline.settings import Settings
from pipeline.store import correct, list_returns, list_slots, load_return, open_store
from schemas.flow import State
from schemas.office import Correction
from schemas.safety_month import SAFETY_MONTH
from tests.browser import DESKTOP, LAPTOP, MISSING, TABLET, find_chromium, open_chromium, serving

ROOT = Path(__file__).parent.parent

SIZES = {"1366": LAPTOP, "1920": DESKTOP, "1024": TABLET}

SLOT = "item1.lectures"
"""The slot whose own pages are shown."""


def main() -> None:
    """Make the office, then the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("output/screenshots"))
    parser.add_argument("--home", type=Path, help="an office that is there already; nothing is added to it")
    parser.add_argument("--sizes", default="1366,1920", help=f"of {', '.join(SIZES)}")
    parser.add_argument("--only", default="", help="names of pages, separated by commas")
    options = parser.parse_args()
    browser_path = find_chromium()
    if browser_path is None:
        sys.exit(MISSING)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or _make_office(Path(folder))
        wanted = options.only.split(",") if options.only else []
        with open_chromium(browser_path) as browser:
            for size in options.sizes.split(","):
                _shoot(browser, home, options.out, size, wanted)


def _make_office(folder: Path) -> Path:
    """The samples, read; a few flagged slots decided."""
    inbox, home = folder / "收件", folder / "办公室"
    inbox.mkdir()
    for path in sorted((ROOT / "samples" / "returns").iterdir()):
        if path.suffix != ".json":
            shutil.copy(path, inbox)
    due = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    roster = str(ROOT / "samples" / "roster.csv")
    _kuohao("collection", "--home", str(home), "--name", "安全生产月活动统计", "--roster", roster, "--deadline", due)
    _kuohao("run", "--once", "--inbox", str(inbox), "--home", str(home))
    store = open_store(Settings(home=home).database_url)
    for row in list_slots(store, open=True, limit=25).rows:
        held = load_return(store, row.order, row.number)
        slot = next(one for one in effective_slots(held.stored.reading, {}, SAFETY_MONTH) if one.path == row.path)
        after = slot.worth if slot.state is State.VALUE else (State.BLANK, None)
        correct(store, row.order, row.number, Correction(row.path, "王芳", datetime.now(UTC), slot.worth, after))
    store.close()
    return home


def _shoot(browser: Browser, home: Path, out: Path, size: str, wanted: Sequence[str]) -> None:
    with serving(home) as served:
        context = browser.new_context(viewport=SIZES[size], locale="zh-CN", base_url=served.url)  # type: ignore[arg-type]  # a dict of two ints
        page = context.new_page()
        for name, address in _addresses(home).items():
            if not wanted or name in wanted:
                page.goto(address)
                _take(page, out / f"{name}-{size}.png")
        context.close()


def _addresses(home: Path) -> dict[str, str]:
    """Every page, by the name of its picture."""
    store = open_store(Settings(home=home).database_url)
    rows = list_returns(store, limit=50).rows
    store.close()
    row = max(rows, key=lambda row: row.open)
    units = sorted({row.unit for row in rows if row.unit})
    return {
        "dashboard": "/",
        "queue": "/queue",
        "return": f"/returns/{row.order}-{row.number}",
        "by-slot": f"/slots?slot={SLOT}",
        "slots": "/slots",
        "impact": "/impact",
        "second": "/second",
        "audit": "/audit",
        "totals": "/totals",
        "total": f"/totals/{SLOT}",
        "units": "/units",
        **({"unit": f"/units/{quote(units[0])}"} if units else {}),
        "files": "/files",
        "history": "/history",
        "collection": "/collection",
        "forms": "/forms",
        "notices": "/notices",
        "api": "/api/docs",
    }


def _take(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    # The viewer moves to the slot in hand; the picture is of what the reviewer sees then.
    page.wait_for_timeout(700)
    page.screenshot(path=path)
    print(path, flush=True)


def _kuohao(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pipeline.cli", *arguments], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
