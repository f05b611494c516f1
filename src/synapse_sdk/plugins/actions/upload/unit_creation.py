"""Groups whose files are on the server → data units. A unit that is refused does not take others with it.

Source: interface sheet `actions.md` §7.2.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeVar

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.errors import ClientError, ClientResponseIncompleteError, is_passing_status
from synapse_sdk.plugins.actions.upload.retries import wait_before_retry
from synapse_sdk.plugins.actions.upload.thread_pool import open_pool

T = TypeVar("T")
Document = dict[str, Any]
#: What became of one: the server's record, or why there is none.
Made = Document | str


def get_batched_list(items: Sequence[T], batch_size: int) -> list[list[T]]:
    """Return items in lists of `batch_size`, the last with what is left.

    Raises:
        ValueError: A batch would have no items.
    """
    if batch_size < 1:
        raise ValueError(f"A batch has at least one item; batch_size is {batch_size}.")
    return [list(items[start : start + batch_size]) for start in range(0, len(items), batch_size)]


def create_data_units(
    client: Any, units: Sequence[Document], *, batch_size: int, max_workers: int, max_retries: int
) -> Generator[tuple[int, Made], None, None]:
    """Make data units; yield the place of each in `units` and what became of it."""
    batches = get_batched_list(list(enumerate(units)), batch_size)
    with open_pool(max_workers) as pool:
        for made in pool.map(lambda batch: _create(client, batch, max_retries), batches):
            yield from made


def _create(client: Any, batch: list[tuple[int, Document]], max_retries: int) -> list[tuple[int, Made]]:
    key = uuid7()  # of all tries: a server that made them and could not say so makes no others
    for failures in range(max_retries + 1):
        try:
            records: list[Mapping[str, Any]] = client.create_data_units(
                [unit for _, unit in batch], idempotency_key=key
            )
        except ClientError as error:
            if is_passing_status(error.status_code):
                # Whether it was carried out is not known, and the same request was repeated already.
                is_lost = isinstance(error, ClientResponseIncompleteError)
                if failures < max_retries and not is_lost:
                    wait_before_retry(error, failures)
                    continue
                return [(place, str(error)) for place, _ in batch]
            if len(batch) == 1:
                return [(batch[0][0], str(error))]
            # It refuses one of them without saying which.
            half = len(batch) // 2
            return _create(client, batch[:half], max_retries) + _create(client, batch[half:], max_retries)
        if len(records) != len(batch):
            reason = f"the server answered with {len(records)} data units for {len(batch)}"
            return [(place, reason) for place, _ in batch]
        return [(place, dict(record)) for (place, _), record in zip(batch, records, strict=True)]
    raise AssertionError("unreachable")
