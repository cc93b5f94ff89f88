"""Banks of real handwritten digits, from the files they are published in: where to find them, how to choose from them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samples.cheques import SIDE, cut_cheques
from schemas.flow import Image

SPLITS = ("train", "test", "val")
"""Parts of a bank, named behind its file: mnist.npz:train."""

_BETWEEN = "|"
"""Stands between the digits of different numbers."""


@dataclass(frozen=True, eq=False)
class DigitBank:
    """Pictures of handwritten digits: uint8 (n, h, w), ink 255; labels (n,).

    `numbers` (n,) says which number a digit was written in, its digits in order; none are known to belong together
    where it is None. `tall` and `drop` are a digit's height against its number's middle digit and its foot below the
    number's, in that height.
    """

    pictures: Image
    labels: NDArray[np.uint8]
    numbers: NDArray[np.int32] | None = None
    tall: NDArray[np.float32] | None = None
    drop: NDArray[np.float32] | None = None

    @cached_property
    def spelled(self) -> tuple[str, NDArray[np.int32]]:
        """All digits as one text, numbers kept apart, and the digit that each character is; -1 between numbers."""
        numbers = np.arange(len(self.labels)) if self.numbers is None else self.numbers
        breaks = np.flatnonzero(np.diff(numbers)) + 1
        chars = np.insert(np.array([str(label) for label in self.labels]), breaks, _BETWEEN)
        return "".join(chars), np.insert(np.arange(len(self.labels), dtype=np.int32), breaks, -1)


def load_digits(source: Path | str) -> DigitBank:
    """The bank in a file: an .npz with test_x and test_y (train_x and train_y for FILE.npz:train), or a .zip of amounts.

    A .zip holds pictures of numbers, in train/ and val/, and labels.json; FILE.zip takes all of them.
    Raises ValueError where the file is no such bank, FileNotFoundError where it is not there.
    """
    path, split = _parted(source)
    if not path.is_file():
        raise FileNotFoundError(f"no file of digits at {path}")
    if path.suffix == ".zip":
        return _load_cheques(path, split)
    if path.suffix == ".npz":
        return _load_arrays(path, split or "test")
    raise ValueError(f"{path} is no bank of digits: it should be an .npz of arrays or a .zip of labelled numbers")


def choose_digits(bank: DigitBank, text: str, rng: np.random.Generator) -> list[int]:
    """Places of digits that spell a text, in pieces as long as one hand in the bank wrote them."""
    chosen: list[int] = []
    spelled, places = bank.spelled
    while len(chosen) < len(text):
        rest = text[len(chosen) :]
        for length in range(len(rest), 1, -1):
            hits = [hit.start() for hit in re.finditer(f"(?={rest[:length]})", spelled)] if bank.numbers is not None else []
            if hits:
                start = hits[int(rng.integers(len(hits)))]
                found = [int(place) for place in places[start : start + length]]
                break
        else:
            found = [int(rng.choice(np.flatnonzero(bank.labels == int(rest[0]))))]
        chosen += found
    return chosen


def _parted(source: Path | str) -> tuple[Path, str]:
    """The file and the split behind it: mnist.npz:train."""
    head, colon, tail = str(source).rpartition(":")
    if colon and tail in SPLITS:
        return Path(head), tail
    if colon and Path(head).suffix in {".npz", ".zip"}:
        raise ValueError(f"no such split: {tail}; choose from {', '.join(SPLITS)}")
    return Path(source), ""


def _load_arrays(path: Path, split: str) -> DigitBank:
    try:
        with np.load(path) as arrays:
            pictures, labels = arrays[f"{split}_x"], arrays[f"{split}_y"]
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no bank of digits: it needs arrays {split}_x and {split}_y ({error})") from error
    if pictures.ndim != 3 or pictures.dtype != np.uint8 or labels.shape != pictures.shape[:1]:
        raise ValueError(f"{path} is no bank of digits: {split}_x should be uint8 (n, h, w), {split}_y (n,)")
    if {*np.unique(labels).tolist()} != {*range(10)}:
        raise ValueError(f"{path} is no bank of digits: {split}_y should have each of 0 to 9, and nothing else")
    return DigitBank(pictures, labels.astype(np.uint8))


def _load_cheques(path: Path, split: str) -> DigitBank:
    digits = cut_cheques(path, split)
    missing = {*range(10)} - {digit.label for digit in digits}
    if missing:
        raise ValueError(f"{path} has no clean digit {', '.join(map(str, sorted(missing)))}")
    return DigitBank(
        np.stack([digit.picture for digit in digits]).reshape(-1, SIDE, SIDE),
        np.array([digit.label for digit in digits], np.uint8),
        np.array(_runs([(digit.number, digit.place) for digit in digits]), np.int32),
        np.array([digit.tall for digit in digits], np.float32),
        np.array([digit.drop for digit in digits], np.float32),
    )


def _runs(places: Sequence[tuple[int, int]]) -> list[int]:
    """A number a run: a digit that was left out ends one."""
    runs: list[int] = []
    for before, (number, place) in zip([(-1, -1), *places], places, strict=False):
        goes_on = before == (number, place - 1)
        runs.append(runs[-1] if goes_on else len(runs))
    return runs
