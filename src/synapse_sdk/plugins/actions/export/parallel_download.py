"""Several files at the same time: a window of work that goes ahead of whoever takes its results, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar

from synapse_sdk.plugins.actions.export.item_failure import is_hopeless

#: Threads that fetch.
DEFAULT_DOWNLOAD_WORKERS: Final = 8
#: Files that may be there before the first of them is taken, for each thread.
_AHEAD_PER_WORKER: Final = 2

T = TypeVar("T")
R = TypeVar("R")


def look_ahead(
    items: Iterable[T], do: Callable[[T], R], *, workers: int, ahead: int
) -> Generator[tuple[T, Future[R]], None, None]:
    """Yield each item with what `do` makes of it, in order; `ahead` of them are being done meanwhile."""
    with ThreadPoolExecutor(workers, thread_name_prefix="synapse-export") as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        try:
            for item in items:
                waiting.append((item, pool.submit(do, item)))
                if len(waiting) > ahead:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for _, future in waiting:
                future.cancel()


def download_files_parallel(
    client: Any, files: Iterable[tuple[str, Path]], *, max_workers: int = DEFAULT_DOWNLOAD_WORKERS
) -> list[tuple[Path, Exception]]:
    """Write files that are named by their addresses; what breaks off is taken up again.

    Args:
        client: The server's; its `download_file` fetches them.
        files: Address and place of each; folders are made. They are gone through once.
        max_workers: How many are fetched at the same time.

    Returns:
        Those that could not be had, in order, each with its error. All others are there, whole.

    Raises:
        ValueError: Two files have one place, or there is no worker. What came before is there.
        OSError: Nothing more can be written.
    """
    if max_workers < 1:
        raise ValueError(f"max_workers is at least 1, not {max_workers}")
    failures: list[tuple[Path, Exception]] = []

    def fetch(file: tuple[str, Path]) -> None:
        url, target = file
        target.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(url, target)

    ahead = look_ahead(_apart(files), fetch, workers=max_workers, ahead=_AHEAD_PER_WORKER * max_workers)
    with closing(ahead):
        for (_, target), future in ahead:
            if (error := future.exception()) is None:
                continue
            if is_hopeless(error) or not isinstance(error, Exception):
                raise error
            failures.append((target, error))
    return failures


def _apart(files: Iterable[tuple[str, Path]]) -> Iterable[tuple[str, Path]]:
    seen: set[Path] = set()
    for url, target in files:
        place = Path(target)
        if place in seen:
            raise ValueError(f"two files are to be written to {place}")
        seen.add(place)
        yield url, place
