"""Batches of pictures: all of them, each once, little padding, in order."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.engine import MAX_BATCH, MAX_WASTE, batches_of_like_width, share_out


@given(widths=st.lists(st.integers(8, 3200), max_size=60))
def test_every_picture_goes_once(widths: list[int]) -> None:
    """Batches hold every place once, no more than may go together, and waste little on padding."""
    batches = batches_of_like_width(widths)
    assert sorted(place for batch in batches for place in batch) == list(range(len(widths)))
    for batch in batches:
        assert len(batch) <= MAX_BATCH
        own = [widths[place] for place in batch]
        assert min(own) >= (1 - MAX_WASTE) * max(own)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_keep_their_order(threads: int) -> None:
    """Whoever is done first, results come in the order of the batches."""
    first_waits = threading.Event()

    def work(batch: int) -> int:
        if threads > 1:
            first_waits.wait(5) if batch == 0 else first_waits.set()
        return batch * batch

    assert share_out(work, [0, 1, 2, 3], threads=threads) == [0, 1, 4, 9]


def test_a_failing_batch_is_seen() -> None:
    """An engine that fails in a thread fails the call."""

    def work(batch: int) -> int:
        raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        share_out(work, [1, 2], threads=2)
