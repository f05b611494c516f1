"""What a job's process printed, whole or as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from synapse_sdk.clients.absence import Absence
from synapse_sdk.clients.jobs import END_STATES, get_job

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport

#: Lines of one request.
PAGE_LINES = 1000
POLL_S = 0.5


def iter_log(transport: Transport, job: str, *, stream: str, tail: int | None = None) -> Iterator[str]:
    """Yield the lines of a stream that are there now, all or the last ones, without their ends."""
    path = f"jobs/{quote(job, safe='')}/logs/"
    if tail is not None:
        yield from transport.get(path, params={"stream": stream, "tail": tail})["lines"]
        return
    line = 0
    while True:
        page = transport.get(path, params={"stream": stream, "from_line": line, "lines": PAGE_LINES})
        yield from page["lines"]
        line += len(page["lines"])
        if len(page["lines"]) < PAGE_LINES:
            return


def follow_log(
    transport: Transport,
    job: str,
    *,
    stream: str,
    tail: int | None = None,
    absence: Absence | None = None,
) -> Iterator[str]:
    """Yield the lines of a stream as they come, until the job has ended.

    A server that goes away is waited for; `absence` is told.
    """
    absence = absence or Absence()

    def read_page(**params: Any) -> dict[str, Any]:
        path = f"jobs/{quote(job, safe='')}/logs/"
        # The waits are ours: its own would leave `absence` in the dark for seconds.
        return absence.outlast(lambda: transport.get(path, params=params, retries=False))

    line = 0
    if tail is not None:
        page = read_page(stream=stream, tail=tail)
        yield from page["lines"]
        line = page["from_line"] + len(page["lines"])
    while True:
        has_ended = absence.outlast(lambda: get_job(transport, job))["state"] in END_STATES
        page = read_page(stream=stream, from_line=line, lines=PAGE_LINES)
        yield from page["lines"]
        line += len(page["lines"])
        if len(page["lines"]) == PAGE_LINES:
            continue
        if has_ended:
            return
        time.sleep(POLL_S)
