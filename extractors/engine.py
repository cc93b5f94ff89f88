"""ONNX models on ONNX Runtime, and batches of pictures shared among a process's cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

import onnxruntime

Batch = TypeVar("Batch")
Result = TypeVar("Result")

# Pictures go together while padding wastes less than this share and no more than MAX_BATCH go at once.
MAX_WASTE, MAX_BATCH = 0.12, 8


@cache
def load_session(model: Path) -> onnxruntime.InferenceSession:
    """A model, once in a process however many forms it reads, on one thread.

    Cores are kept busy by different batches, for threads within one wait for each other.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def share_out(work: Callable[[Batch], Result], batches: Sequence[Batch], *, threads: int) -> list[Result]:
    """Each batch's result, in order; `threads` 0 uses every core. A session may run in several threads at once."""
    threads = threads or os.cpu_count() or 1
    if threads == 1 or len(batches) < 2:
        return [work(batch) for batch in batches]
    return list(_pool(threads).map(work, batches))


def batches_of_like_width(widths: Sequence[int]) -> list[list[int]]:
    """Places of pictures that go together: of like width, so that little is spent on padding; the widest first."""
    batches: list[list[int]] = []
    for place in sorted(range(len(widths)), key=lambda place: -widths[place]):
        batch = batches[-1] if batches else []
        if batch and len(batch) < MAX_BATCH and widths[place] >= (1 - MAX_WASTE) * widths[batch[0]]:
            batch.append(place)
        else:
            batches.append([place])
    return batches


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="engine")
