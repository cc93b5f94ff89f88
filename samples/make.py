"""Make returns with their truth: `python -m samples.make --out DIR --seed 1 --count 20`."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from samples.capture import CAPTURES
from samples.digits import SPLITS, DigitBank, load_digits
from samples.fonts import FontMissing
from samples.forms import sample_forms
from samples.hard import KINDS, NONE, capture_for, check_kinds
from samples.maker import Recipe, make_file
from samples.oddities import ODD_SHARE
from samples.styles import STYLES, check_styles, parse_styles
from samples.truth import Truth
from schemas.form import Form
from schemas.safety_month import SAFETY_MONTH

FILLINGS = ("typed", "font", "digits")


@dataclass(frozen=True)
class _Job:
    index: int
    stem: Path
    recipe: Recipe
    seed: int
    digits: Path | str | None
    form: Form


def make_set(
    out: Path,
    *,
    seed: int,
    count: int,
    captures: Sequence[str] = CAPTURES,
    fillings: Sequence[str] = ("typed",),
    digits: Path | str | None = None,
    workers: int = 1,
    hard: Sequence[str] = (),
    hands: Sequence[str] = (),
    odd: float = ODD_SHARE,
    form: Form = SAFETY_MONTH,
    blank: bool = False,
) -> list[Truth]:
    """Make `count` returns in `out`, each a file and its truth; captures, fillings, hard kinds and hands take turns.

    The same seed makes the same bytes, whatever the number of workers. Digital returns are always typed. A hard kind
    (`samples.hard.KINDS`, or none) that a capture cannot have is taken with one that can. `digits` is a bank
    (`samples.digits`). `hands` are styles of the pen (`samples.styles.STYLES`), and `odd` is the share of counts about
    which something is odd in returns that have one (`samples.oddities`). `blank` forms are those that nobody has written
    on.
    Raises FontMissing where a font is not installed, ValueError for digits without a file of them, a file that holds
    none, an unknown kind or hand.
    """
    jobs = _jobs(
        out, seed=seed, count=count, captures=captures, fillings=fillings, digits=digits, hard=hard, hands=hands, odd=odd,
        form=form, blank=blank,
    )  # fmt: skip
    return [truth for _, truth in sorted(_run(jobs, workers), key=lambda done: done[0])]


def recipe_in_turn(
    index: int, *, captures: Sequence[str], fillings: Sequence[str], hard: Sequence[str], hands: Sequence[str] = (),
    odd: float = ODD_SHARE,
) -> Recipe:  # fmt: skip
    """What the return at a place of a set is: captures, fillings, hard kinds and hands take turns."""
    kind, capture = NONE, captures[index % len(captures)]
    filling = fillings[(index // len(captures) + index) % len(fillings)]
    if hard:
        kind = hard[index % len(hard)]
        capture = capture_for(kind, captures[_turn(index, len(captures), len(hard))])
        filling = fillings[_turn(index, len(fillings), len(hard))]
    elif hands:
        # The turns of sets without hands stay as they are, though with one capture the second filling never comes.
        filling = fillings[_turn(index, len(fillings), len(captures))]
    recipe = Recipe(capture, "typed" if capture == "digital" else filling, hard=(kind,) if kind != NONE else ())
    if not hands or recipe.filling == "typed":
        return recipe
    # After so many returns captures and fillings begin anew together.
    round_ = len(hard) or math.lcm(len(captures), len(fillings)) * len(fillings)
    return replace(recipe, hand=hands[_turn(index, len(hands), round_)], odd=odd)


def _turn(index: int, count: int, kinds: int) -> int:
    """Whose turn it is among `count`, so that each meets every kind: a step more whenever both turns begin anew."""
    return (index + index // math.lcm(count, kinds)) % count


def _jobs(
    out: Path,
    *,
    seed: int,
    count: int,
    captures: Sequence[str],
    fillings: Sequence[str],
    digits: Path | str | None,
    hard: Sequence[str],
    hands: Sequence[str],
    odd: float,
    form: Form,
    blank: bool,
) -> list[_Job]:
    check_kinds(hard)
    check_styles(hands)
    if not 0 <= odd <= 1:
        raise ValueError(f"a share of odd slots is between 0 and 1, not {odd}")
    out.mkdir(parents=True, exist_ok=True)
    jobs = []
    for index in range(count):
        recipe = recipe_in_turn(index, captures=captures, fillings=fillings, hard=hard, hands=hands, odd=odd)
        own = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
        stem = "-".join((f"{index:04d}", recipe.capture, recipe.filling, *filter(None, (recipe.hand,)), *recipe.hard))
        jobs.append(_Job(index, out / stem, replace(recipe, blank=blank), own, digits, form))
    return jobs


def _run(jobs: Sequence[_Job], workers: int) -> Iterator[tuple[int, Truth]]:
    """Jobs done, in any order."""
    if workers <= 1:
        yield from map(_do, jobs)
        return
    with ProcessPoolExecutor(workers) as pool:
        for future in as_completed([pool.submit(_do, job) for job in jobs]):
            yield future.result()


def _do(job: _Job) -> tuple[int, Truth]:
    # One thread each: the workers are the parallelism.
    cv2.setNumThreads(1)
    bank = _bank(job.digits) if job.digits else None
    return job.index, make_file([job.recipe], job.seed, job.stem, form=job.form, bank=bank).returns[0]


@lru_cache(maxsize=1)
def _bank(path: Path | str) -> DigitBank:
    return load_digits(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code."""
    options = _options(arguments)
    try:
        if options.committed:
            from samples.committed import make_committed

            folder = make_committed()
            print(f"the project's own sample returns are in {folder}")
            return 0
        jobs = _jobs(
            options.out,
            seed=options.seed,
            count=options.count,
            captures=options.captures,
            fillings=options.fillings,
            digits=options.digits,
            hard=options.hard,
            hands=options.hands,
            odd=options.odd,
            form=sample_forms()[options.form] if options.form else SAFETY_MONTH,
            blank=options.blank,
        )
        _show(jobs, options.workers)
    except (FontMissing, ValueError, OSError) as error:
        print(f"samples: {error}", file=sys.stderr)
        return 1
    print(f"{len(jobs)} returns with their truth are in {options.out}")
    return 0


def _show(jobs: Sequence[_Job], workers: int) -> None:
    from rich.progress import track

    for _ in track(_run(jobs, workers), total=len(jobs), description="making returns"):
        pass


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    def names(text: str) -> tuple[str, ...]:
        return tuple(text.split(","))

    parser = argparse.ArgumentParser(
        prog="python -m samples.make",
        description="Make invented returns of the form, with their truth.",
        epilog="example: python -m samples.make --out /tmp/set --seed 7 --count 24 --captures flatbed,photo",
    )
    parser.add_argument("--out", type=Path, default=Path("output/samples"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--captures", type=names, default=CAPTURES, help=",".join((*CAPTURES, "photo-strong")))
    parser.add_argument("--fillings", type=names, default=("typed",), help=",".join(FILLINGS))
    parser.add_argument("--hard", type=names, default=(), help=",".join((NONE, *KINDS)))
    parser.add_argument("--hands", type=parse_styles, default=(), help=f"all, or {','.join(STYLES)}")
    parser.add_argument(
        "--odd", type=float, default=ODD_SHARE, help="share of counts with an oddity, where --hands is given"
    )
    parser.add_argument("--digits", help=f".npz or .zip of handwritten digits, a part of it as FILE:{'|'.join(SPLITS)}")
    parser.add_argument("--form", choices=sorted(sample_forms()), help="a form of samples/forms instead of the built-in one")
    parser.add_argument("--blank", action="store_true", help="forms that nobody has written on")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--committed", action="store_true", help="make samples/returns and samples/roster.csv anew")
    options = parser.parse_args(arguments)
    unknown = {*options.captures} - {*CAPTURES, "photo-strong"} | {*options.fillings} - {*FILLINGS}
    unknown |= {*options.hard} - {NONE, *KINDS} | {*options.hands} - {*STYLES}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
