"""What a reviewer waits for a crop: drawn from the original, brought from another server, or kept on this one.

    python -m tests.bench.pictures [FILE ...]

Reads the files (those of samples/returns where none are named), keeps them in an object store's server on this machine, and
asks two servers with homes of their own for a crop and a page of each: the first draws, the second has never seen an
original. Prints medians in milliseconds and the sizes that travel.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from fsspec.core import url_to_fs

from pipeline.office.archive import Archive, keep_original
from pipeline.office.inbox import look_at
from pipeline.reading.work import Job, read_all
from pipeline.store import ReturnInHand, ReturnRow
from pipeline.web.images import Pictures, picture_key
from schemas.office import FileState, StoredReturn
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.bucket import running_bucket

SAMPLES = Path(__file__).parents[2] / "samples" / "returns"

NOW = datetime(2026, 6, 20, tzinfo=UTC)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    files = parser.parse_args().files or sorted(path for path in SAMPLES.iterdir() if path.suffix != ".json")
    logging.disable(logging.INFO)
    took: defaultdict[str, list[float]] = defaultdict(list)
    with running_bucket("bench") as address, tempfile.TemporaryDirectory() as folder:
        taken, first, second = (Path(folder) / name for name in ("taken", "first", "second"))
        held = [one for file in files for one in _returns(file, Archive(taken, address))]
        # A process to draw in and a connection are there already, as at a server that has run for a minute.
        warm, *held = held
        for name, home in (("drawn", first), ("brought", second), ("kept", second)):
            with closing(Pictures(Archive(home, address), home / "cache")) as pictures:
                _ask(pictures, warm, defaultdict(list), name)
                for one in held:
                    _ask(pictures, one, took, name)
        store, root = url_to_fs(address)
        for part in ("slots", "pages"):
            places = [f"{root}/pictures/{(key := picture_key(one))[:2]}/{key}/{part}.zip" for one in held]
            print(f"{part}: {statistics.median(store.info(place)['size'] for place in places) / 1000:.0f} kB a return")
    for name, seconds in took.items():
        print(
            f"{name:16} {1000 * statistics.median(seconds):8.1f} ms  worst {1000 * max(seconds):8.1f} ms  n={len(seconds)}"
        )


def _returns(file: Path, archive: Archive) -> list[ReturnInHand]:
    look = look_at(file)
    original = keep_original(file, look, archive) if look is not None else None
    [outcome] = read_all([Job(file)], workers=1)
    readings = outcome.read.readings if outcome.read is not None and original is not None else ()
    return [_held(reading, original.kept) for reading in readings if original is not None]


def _held(reading: Reading, kept: str) -> ReturnInHand:
    stored = StoredReturn(1, 1, "x", "0" * 64, NOW, reading)
    row = ReturnRow(1, 1, "x", None, "", NOW, FileState.REVIEW, 0, 0, 0, "", None, 0)
    return ReturnInHand(stored, SAFETY_MONTH, row, {}, {}, frozenset(), (("x", kept),))


def _ask(pictures: Pictures, one: ReturnInHand, took: defaultdict[str, list[float]], name: str) -> None:
    reading = one.stored.reading
    slot = next(slot.path for slot in reading.slots if slot.box is not None)
    took[f"{name}: crop"].append(_timed(lambda: pictures.slot(one, slot)))
    took[f"{name}: page"].append(_timed(lambda: pictures.page(one, reading.first_page)))


def _timed(work: Callable[[], Path | None]) -> float:
    began = time.perf_counter()
    assert work() is not None
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
