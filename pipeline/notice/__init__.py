"""A notice to what it says: lines to paragraphs, paragraphs to fields, by rules over layout and words.

    from pipeline.notice import read_notice
    notice = read_notice(Path("通知.pdf"))                    # schemas.notice.Notice
    notice.deadline.iso, [one.value for one in notice.addressees], [form.pages for form in notice.forms]

    from pipeline.notice.record import keep_notice, load_notice
    number = keep_notice(store, archive, Path("通知.pdf"), notice, who="王平")
    held = load_notice(store, number)                  # what counts, people's corrections applied
    with find_original(archive, held.kept) as path:
        held.notice.title.value, path

`notice.forms` tells on which pages blank tables stand, for `kuohao form new`. A field whose `review` is set should be
confirmed by a person before anything is built on it.
"""

from __future__ import annotations

from pathlib import Path

from schemas.notice import Notice

__all__ = ["read_notice"]


def read_notice(path: Path, *, threads: int = 0) -> Notice:
    """What a notice says, as `pipeline.notice.reading.read_notice` has it, whose libraries are loaded when it is called."""
    from pipeline.notice import reading

    return reading.read_notice(path, threads=threads)
