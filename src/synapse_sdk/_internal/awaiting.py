"""`async` methods of authors, called from code that is not."""

from __future__ import annotations

from collections.abc import Coroutine
from types import CoroutineType
from typing import Any


def wait_for(result: Any) -> Any:
    """Return what an `async` function came to; any other value as it is."""
    return _run_to_end(result) if isinstance(result, CoroutineType) else result


def _run_to_end(coroutine: Coroutine[Any, Any, Any]) -> Any:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    # A notebook, say, which runs a loop in this thread: authors' code gets a thread and a loop of its own.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="synapse-action") as pool:
        return pool.submit(asyncio.run, coroutine).result()
