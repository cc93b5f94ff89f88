"""`python -m tests.bench.storage`: what taking, recording and telling of small returns costs; the reader is a fake one.

Prints, for each part of the batch, milliseconds a return by the clock and by the processor, and the process's memory: all
should stay as they are from the first part to the last.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from pipeline.office.watch import watch
from pipeline.store import counts
from tests.fakes import Desk, office


def main() -> None:
    """Measure a batch, part by part: files come in, and are all read before the next ones come."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--folder", type=Path, help="where to work: /dev/shm leaves the disk's flushing out")
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        desk = Desk(Path(folder) / "inbox", Path(folder) / "home", options.database, lease=60)
        desk.inbox.mkdir()
        store = desk.open()
        part = options.count // options.parts
        for first in range(0, options.count, part):
            for turn in range(first, first + part):
                (desk.inbox / f"报表{turn:05}.pdf").write_bytes(b"%d " % turn * 5000)
            clock, processor = time.perf_counter(), time.process_time()
            watch(office(desk, store), once=True)
            each = 1000 * (time.perf_counter() - clock) / part
            busy = 1000 * (time.process_time() - processor) / part
            print(f"{first + part:6} returns  {each:6.1f} ms  {busy:5.1f} ms of processor  {_memory():4.0f} MiB", flush=True)
        print({state.value: count for state, count in counts(store).items() if count}, _size(desk))
        store.close()


def _memory() -> float:
    """What the process holds now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _size(desk: Desk) -> str:
    file = desk.home / "kuohao.db"
    return f"store {file.stat().st_size / 2**20:.1f} MiB" if file.exists() else ""


if __name__ == "__main__":
    main()
