"""Threads whose work ends with whoever asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def open_pool(max_workers: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool. When its block is left early, by Ctrl-C say, what has not begun is not begun any more."""
    pool = ThreadPoolExecutor(max_workers, thread_name_prefix="synapse-upload")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
