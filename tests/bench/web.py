"""`python -m tests.bench.web`: how fast the review pages answer when thousands of returns wait.

Fills a store with made returns, starts `kuohao serve` on it and asks it from outside, one request after the other: each
page several times, then decisions about flagged slots. Prints the median and the slowest of each, in milliseconds.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
from rich.progress import track

from pipeline.settings import Settings
from pipeline.store import add_collection, list_slots, open_store, set_collection
from tests.browser import serving
from tests.filled import fill
from tests.office import made_office

PAGES = (
    "/queue",
    "/queue?search=县",
    "/api/returns?limit=50",
    "/slots",
    "/impact",
    "/audit",
    "/",
    "/totals",
    "/units",
    "/files",
)
"""What a reviewer and whoever waits for the figures open."""

CSRF = re.compile(r'<meta name="csrf" content="([^"]+)"')


def main() -> None:
    """Measure, on a store in a temporary folder or in `--folder`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--returns", type=int, default=5000)
    parser.add_argument("--decisions", type=int, default=200)
    parser.add_argument("--times", type=int, default=15, help="how often each page is asked for")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--collections", type=int, default=1, help="among which the returns are dealt out")
    parser.add_argument("--folder", type=Path, help="where the store is made; a temporary one by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        home = Path(folder) / "home"
        slots = _fill(home, options.returns, options.seed, options.decisions, options.collections)
        with serving(home) as served, httpx.Client(base_url=served.url, timeout=60) as client:
            print(f"{options.returns} returns; milliseconds: first, median of {options.times}, slowest of these")
            for page in PAGES:
                times = _asked(options.times + 1, lambda page=page: client.get(page))  # type: ignore[misc]  # its own page
                print(f"{page:24} {times[0]:8.1f} {statistics.median(times[1:]):8.1f} {max(times[1:]):8.1f}", flush=True)
            _decide(client, slots)


def _fill(home: Path, count: int, seed: int, decisions: int, several: int) -> list[tuple[str, str]]:
    """Make the store; addresses and paths of flagged slots to decide about."""
    settings = Settings(home=home)
    store = open_store(settings.database_url)
    collection, returns, _ = made_office(seed=seed, units=count)
    set_collection(store, replace(collection, title="0"))
    for turn in range(1, several):
        add_collection(store, replace(collection, name=f"{collection.name}{turn}", title=f"{turn}", id=0))
    dealt = (
        replace(one, reading=one.reading.model_copy(update={"title": f"{turn % several}"}))
        for turn, one in enumerate(returns)
    )
    fill(store, home, track(dealt, description="filling", total=len(returns)), originals=False)
    found = list_slots(store, open=True, limit=decisions, collection=several)
    store.close()
    return [(f"{row.order}-{row.number}", row.path) for row in found.rows]


def _decide(client: httpx.Client, slots: Sequence[tuple[str, str]]) -> None:
    found = CSRF.search(client.get("/queue").text)
    headers = {"X-CSRF-Token": found[1] if found else ""}
    times = []
    for place, (key, path) in enumerate(slots):
        body = {"state": "value", "value": str(place), "seen": 0, "mode": "return"}
        if path.endswith(".name"):
            body = {"state": "blank", "value": None, "seen": 0, "mode": "return"}
        times += _asked(1, lambda: client.post(f"/returns/{key}/slots/{path}", json=body, headers=headers))  # noqa: B023 - asked at once
    print(f"{'a slot decided':24} {times[0]:8.1f} {statistics.median(times):8.1f} {max(times):8.1f}  ({len(times)} slots)")


def _asked(count: int, ask: Callable[[], httpx.Response]) -> list[float]:
    """Milliseconds of each answer. Raises HTTPStatusError for a refusal."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        answer = ask()
        times.append(1000 * (time.perf_counter() - start))
        answer.raise_for_status()
    return times


if __name__ == "__main__":
    main()
