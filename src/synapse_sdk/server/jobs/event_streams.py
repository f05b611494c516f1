"""Streams of server-sent events: what is there, then what comes, then `end`.

Source: HTML standard, "Server-sent events"; interface sheet `platform.md` §3.3 for the vendor's shape.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from synapse_sdk.server.jobs.event_service import EventService
from synapse_sdk.server.jobs.log_service import LogPlace, LogService
from synapse_sdk.server.jobs.notifier import Notifier, Waiter, events_topic, logs_topic

#: How long a reader may go on whose token has ended meanwhile.
LOOK_AGAIN_S = 5.0
#: A comment after so much silence tells clients, and what stands between, that the stream lives.
KEEP_ALIVE_S = 15.0
_KEEP_ALIVE = ": still here\n\n"
_END = "event: end\ndata: {}\n\n"
_PAGE = 500
#: Ends of lines that JSON does not mind in a text, but some readers of lines do.
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def event_stream(chunks: AsyncIterator[str]) -> StreamingResponse:
    """Return the response that sends a stream."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(chunks, media_type="text/event-stream", headers=headers)


class Reader:
    """Whoever reads a stream, let in once and looked at again while the stream goes on."""

    def __init__(self, is_let_in: Callable[[], bool]) -> None:
        """Take what says whether they may go on; it asks the database."""
        self._is_let_in = is_let_in
        self._looked_at = time.monotonic()
        self._may_go_on = True

    async def may_go_on(self) -> bool:
        """Is their token good still? Asked every few seconds only."""
        if self._may_go_on and time.monotonic() - self._looked_at >= LOOK_AGAIN_S:
            self._may_go_on = await run_in_threadpool(self._is_let_in)
            self._looked_at = time.monotonic()
        return self._may_go_on

    async def wait(self, waiter: Waiter) -> bool | None:
        """Wait for news, as long as a stream is silent: False without any, None when they may not go on."""
        deadline = time.monotonic() + KEEP_ALIVE_S
        while (left_s := deadline - time.monotonic()) > 0:
            if await waiter.wait(min(left_s, LOOK_AGAIN_S)):
                return True
            if not await self.may_go_on():
                return None
        return False


async def iter_events(
    service: EventService, notifier: Notifier, reader: Reader, job_key: int, *, after: int
) -> AsyncIterator[str]:
    """Yield a job's events after a cursor until it has ended; `id` is the cursor."""
    with notifier.listen(events_topic(job_key)) as waiter:
        while await reader.may_go_on():
            found, is_over = await run_in_threadpool(service.read_on, job_key, after=after, limit=_PAGE)
            if found:
                after = found[-1].cursor
                yield "".join(f"id: {item.cursor}\ndata: {_one_line(item.line)}\n\n" for item in found)
            if is_over:
                yield _END
                return
            if len(found) == _PAGE:
                continue
            if notifier.is_closed:
                return
            if await reader.wait(waiter) is False:
                yield _KEEP_ALIVE


async def iter_log(
    service: LogService, notifier: Notifier, reader: Reader, place: LogPlace, *, offset: int
) -> AsyncIterator[str]:
    """Yield a log's lines from an offset on until it is complete; `id` is the offset behind the line."""
    with notifier.listen(logs_topic(place.job_key)) as waiter:
        while await reader.may_go_on():
            lines, is_over = await run_in_threadpool(service.read_on, place, offset)
            if lines:
                offset = lines[-1].end_offset
                yield "".join(
                    f"id: {line.end_offset}\ndata: {json.dumps({'text': line.text})}\n\n" for line in lines
                )
                continue
            if is_over:
                yield _END
                return
            if notifier.is_closed:
                return
            if await reader.wait(waiter) is False:
                yield _KEEP_ALIVE


async def iter_vendor_log(
    service: LogService, notifier: Notifier, reader: Reader, places: list[LogPlace]
) -> AsyncIterator[str]:
    """Yield the lines of several logs as the vendor's clients read them."""
    offsets = [0] * len(places)
    yield _vendor("connected")
    with notifier.listen(logs_topic(places[0].job_key)) as waiter:
        while await reader.may_go_on():
            is_over, is_moving = True, False
            for index, place in enumerate(places):
                lines, is_place_over = await run_in_threadpool(service.read_on, place, offsets[index])
                is_over = is_over and is_place_over
                if lines:
                    is_moving = True
                    offsets[index] = lines[-1].end_offset
                    yield "".join(_vendor("log", data=line.text) for line in lines)
            if is_over:
                yield _vendor("complete")
                return
            if is_moving:
                continue
            if notifier.is_closed:
                return
            if await reader.wait(waiter) is False:
                yield _KEEP_ALIVE


def _vendor(kind: str, **facts: str) -> str:
    return f"data: {json.dumps({'type': kind, **facts})}\n\n"


def _one_line(line: str) -> str:
    return line if line.isascii() else line.translate(_LINE_ENDS)
