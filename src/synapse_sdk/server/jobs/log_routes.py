"""`jobs/{id}/attempts/{n}/logs/` and `jobs/{id}/logs/`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from synapse_sdk.server.http.auth import Authenticated, is_let_in
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.jobs.bodies import read_body
from synapse_sdk.server.jobs.event_batch import BATCH_LIMIT_BYTES
from synapse_sdk.server.jobs.event_streams import Reader, event_stream, iter_log
from synapse_sdk.server.jobs.log_service import LogPage, LogService, Stream

router = APIRouter(tags=["jobs"], route_class=GuardedRoute)

AttemptQuery = Annotated[int | None, Query(ge=1, lt=2**63, description="The latest unless given.")]
Offset = Annotated[int, Query(ge=0, lt=2**62, description="In bytes, from the beginning.")]
Tail = Annotated[int | None, Query(ge=1, le=10_000, description="So many last lines.")]
_RAW = {
    "requestBody": {
        "required": True,
        "description": "Bytes of the log; at most 8 MiB at once.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _logs(request: Request) -> LogService:
    service: LogService = request.app.state.services.jobs.logs
    return service


@router.put("/jobs/{job}/attempts/{number}/logs/{stream}/", openapi_extra=_RAW)
async def append_log(
    request: Request,
    principal: Authenticated,
    job: str,
    number: Annotated[int, Path(ge=1, lt=2**63)],
    stream: Stream,
    offset: Offset,
) -> dict[str, int]:
    """Append bytes of a log at an offset; what is there already is skipped, a gap is refused."""
    data = await read_body(request, limit_bytes=BATCH_LIMIT_BYTES)
    size_bytes = await run_in_threadpool(_logs(request).append, principal, job, number, stream, offset, data)
    return {"size_bytes": size_bytes}


@router.get("/jobs/{job}/logs/")
def read_log(
    request: Request,
    principal: Authenticated,
    job: str,
    attempt: AttemptQuery = None,
    stream: Stream = "stdout",
    from_line: Annotated[int, Query(ge=0, lt=2**62, description="The first line, from 0.")] = 0,
    lines: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    tail: Tail = None,
    contains: Annotated[
        str | None, Query(min_length=1, max_length=1_000, description="Only lines with this text.")
    ] = None,
) -> dict[str, Any]:
    """Return lines of what a job's process printed."""
    page = _logs(request).read_lines(
        principal,
        job,
        attempt=attempt,
        stream=stream,
        from_line=from_line,
        line_limit=lines,
        tail=tail,
        contains=contains,
    )
    return _describe(page, is_search=contains is not None)


@router.get("/jobs/{job}/logs/bytes/", response_class=Response)
def read_log_bytes(
    request: Request,
    principal: Authenticated,
    job: str,
    attempt: AttemptQuery = None,
    stream: Stream = "stdout",
    offset: Offset = 0,
    limit_bytes: Annotated[int, Query(ge=1, le=4 * 1024 * 1024)] = 1024 * 1024,
) -> Response:
    """Return bytes of a log from an offset on, as they are."""
    data = _logs(request).read_bytes(
        principal, job, attempt=attempt, stream=stream, offset=offset, limit_bytes=limit_bytes
    )
    headers = {"X-Content-Type-Options": "nosniff"}
    return Response(data, media_type="text/plain; charset=utf-8", headers=headers)


@router.get("/jobs/{job}/logs/stream/", response_class=StreamingResponse)
async def stream_log(
    request: Request,
    principal: Authenticated,
    job: str,
    attempt: AttemptQuery = None,
    stream: Stream = "stdout",
    tail: Tail = None,
    after: Annotated[int | None, Query(ge=0, lt=2**62, description="Go on at this offset.")] = None,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**62)] = None,
) -> StreamingResponse:
    """Send the lines of a log as they come, as server-sent events `{"text"}`, until it is complete."""
    service = _logs(request)
    place, start = await run_in_threadpool(
        service.open, principal, job, attempt=attempt, stream=stream, tail=tail
    )
    start = next(offset for offset in (last_event_id, after, start) if offset is not None)
    notifier = request.app.state.services.jobs.notifier
    reader = Reader(partial(is_let_in, request))
    return event_stream(iter_log(service, notifier, reader, place, offset=start))


def _describe(page: LogPage, *, is_search: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "attempt": page.attempt,
        "stream": page.stream,
        "from_line": page.from_line,
        "lines": [line.text for line in page.lines],
        "next_line": page.next_line,
        "line_count": page.line_count,
        "size_bytes": page.size_bytes,
        "is_complete": page.is_complete,
    }
    if is_search:
        document["numbers"] = [line.number for line in page.lines]
    return document
