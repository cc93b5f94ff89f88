"""`python -m tests.bench.recognise`: of how many returns the form is told among thirteen, and what that costs.

Makes returns of the built-in form and of the twelve in samples/forms, one of each in each capture, and asks which of all
these forms each one is of. Prints, by capture, how many were told right, and the processor's time for that beside its time
to read the return by that form.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from rich.progress import track

from pipeline.judging.judge import ErrorBudget
from pipeline.reading.recognise import Wanted, rank
from pipeline.reading.work import read_source
from samples.capture import CAPTURES
from samples.forms import sample_forms
from samples.maker import Recipe, make_file
from schemas.errors import DocumentError
from schemas.safety_month import SAFETY_MONTH


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--captures", default=",".join(("digital", *CAPTURES)))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    wanted = [Wanted(form) for form in (SAFETY_MONTH, *sample_forms().values())]
    right: dict[str, list[bool]] = defaultdict(list)
    telling: dict[str, list[float]] = defaultdict(list)
    reading: dict[str, list[float]] = defaultdict(list)
    captures = list(dict.fromkeys(options.captures.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        for turn, (capture, one) in enumerate(track([(capture, one) for capture in captures for one in wanted])):
            made = make_file([Recipe(capture)], options.seed * 1000 + turn, Path(folder) / f"{turn}", form=one.form)
            path = Path(folder) / made.file
            begun = time.process_time()
            ranked = rank([path], wanted, options.threads)
            told = time.process_time()
            # Where it cannot be read, that costs what it costs.
            with suppress(DocumentError):
                read_source([path], [path.name], form=one.form, budget=ErrorBudget(), roster=(), threads=options.threads)
            right[capture].append(ranked[0].form == one.form)
            telling[capture].append(told - begun)
            reading[capture].append(time.process_time() - told)
    print("capture      right     telling s  reading s (medians)")
    for capture in captures:
        times = statistics.median(telling[capture]), statistics.median(reading[capture])
        print(f"{capture:12} {sum(right[capture])}/{len(right[capture])}     {times[0]:.2f}       {times[1]:.2f}")


if __name__ == "__main__":
    main()
