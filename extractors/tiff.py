"""How much of a TIFF is there: its chain of frames, followed without decoding any.

libtiff fills what is missing from a frame with white or black and says nothing to the caller, and Pillow takes a chain
that breaks off for one that ends. A fax cut short would thus be a page with its lower slots blank.
"""

from __future__ import annotations

import ctypes
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import PIL

OFFSETS = (273, 324)
"""Tags of the places where a frame's strips or tiles lie."""

LENGTHS = (279, 325)
"""Tags of their lengths in bytes."""

INTEGERS = {3: "H", 4: "I", 16: "Q"}
"""TIFF's types of whole numbers that these tags may have, as `struct` names them."""


@dataclass(frozen=True)
class _Layout:
    """Classic TIFF counts in 32 bits, BigTIFF in 64: first pointer's place, formats of entry count and pointer."""

    order: str
    first: int
    count: str
    pointer: str

    @property
    def entry(self) -> str:
        return f"{self.order}HH{self.pointer}{struct.calcsize(self.pointer)}s"


def whole_frames(data: bytes, most: int) -> tuple[int, bool]:
    """How many frames, from the first and up to `most`, lie within the file, and whether nothing is missing after."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in {b"+\0", b"\0+"}
    layout = _Layout(order, 8, "Q", "Q") if big else _Layout(order, 4, "H", "I")
    seen: set[int] = set()
    # A pointer beyond the file is struct.error; one that no file could reach, OverflowError.
    with suppress(struct.error, OverflowError):
        (at,) = struct.unpack_from(order + layout.pointer, data, layout.first)
        # A chain that leads back ends there: readers agree on that.
        while at and at not in seen and len(seen) < most:
            following = _follow(data, at, layout)
            seen.add(at)
            at = following
        return len(seen), True
    return len(seen), False


def _follow(data: bytes, at: int, layout: _Layout) -> int:
    """The place of the frame after the one at `at`. Raises struct.error when either is not wholly in the file."""
    (count,) = struct.unpack_from(layout.order + layout.count, data, at)
    first = at + struct.calcsize(layout.count)
    size = struct.calcsize(layout.entry)
    (following,) = struct.unpack_from(layout.order + layout.pointer, data, first + count * size)
    found: dict[int, tuple[int, ...]] = {}
    for place in range(first, first + count * size, size):
        tag, kind, number, inline = struct.unpack_from(layout.entry, data, place)
        if tag in OFFSETS + LENGTHS and kind in INTEGERS:
            found[tag] = _numbers(data, f"{layout.order}{number}{INTEGERS[kind]}", inline, layout)
    for offsets, lengths in zip(OFFSETS, LENGTHS, strict=True):
        ends = map(sum, zip(found.get(offsets, ()), found.get(lengths, ()), strict=False))
        if max(ends, default=0) > len(data):
            raise struct.error("a strip ends beyond the file")
    return int(following)


def _numbers(data: bytes, numbers: str, inline: bytes, layout: _Layout) -> tuple[int, ...]:
    """An entry's values: in the entry where they fit, else where it points."""
    if struct.calcsize(numbers) <= len(inline):
        return struct.unpack_from(numbers, inline)
    (at,) = struct.unpack(layout.order + layout.pointer, inline)
    return struct.unpack_from(numbers, data, at)


def silence_libtiff() -> None:
    """Keeps libtiff from writing to the terminal, which Pillow leaves it to do.

    Reaches the library that Pillow's Linux wheels bring along; elsewhere it goes on writing, harmlessly.
    """
    for library in (Path(PIL.__file__).parent.parent / "pillow.libs").glob("libtiff*"):
        with suppress(OSError, AttributeError):
            loaded = ctypes.CDLL(str(library))
            loaded.TIFFSetErrorHandler(None)
            loaded.TIFFSetWarningHandler(None)
