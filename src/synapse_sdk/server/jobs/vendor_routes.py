"""Endpoints that only the vendor's clients use. Source: interface sheet `platform.md` §3.2 and §3.3."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from synapse_sdk.server.http import InvalidError
from synapse_sdk.server.http.auth import Authenticated, is_let_in
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.jobs.event_streams import Reader, event_stream, iter_vendor_log
from synapse_sdk.server.jobs.log_service import STREAMS

router = APIRouter(tags=["vendor"], route_class=GuardedRoute)

ENTRIES_LIMIT = 1_000
#: Lines of each stream; the request has no pages.
LINES_LIMIT = 10_000


class LogEntry(BaseModel):
    """What a worker logs."""

    model_config = ConfigDict(extra="ignore")

    event: str
    data: Any = None
    datetime: str | None = None
    job: int | str
    level: str | None = None
    step: str | None = None
    file: str | None = None


@router.post("/logs/", status_code=201)
def create_logs(
    request: Request, principal: Authenticated, body: Annotated[LogEntry | list[LogEntry], Body()]
) -> dict[str, int]:
    """Keep log entries as events of their job: one, or a list."""
    entries = body if isinstance(body, list) else [body]
    if len(entries) > ENTRIES_LIMIT:
        raise InvalidError(f"At most {ENTRIES_LIMIT:,} entries are taken at once, not {len(entries):,}.")
    by_job: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        by_job.setdefault(str(entry.job), []).append(entry.model_dump())
    for job, own in by_job.items():
        request.app.state.services.jobs.events.record_vendor(principal, job, own)
    return {"accepted": len(entries)}


@router.get("/jobs/{job}/console_logs/")
def list_console_logs(request: Request, principal: Authenticated, job: str) -> dict[str, Any]:
    """Return the last lines of what a job's process printed: its stdout, then its stderr."""
    logs = request.app.state.services.jobs.logs
    pages = [
        logs.read_lines(principal, job, stream=stream, line_limit=LINES_LIMIT, tail=LINES_LIMIT)
        for stream in STREAMS
    ]
    return {"results": [{"message": line.text} for page in pages for line in page.lines]}


@router.get("/jobs/{job}/tail_console_logs/", response_class=StreamingResponse)
async def tail_console_logs(request: Request, principal: Authenticated, job: str) -> StreamingResponse:
    """Send what a job's process prints as it comes, until the job has ended."""
    subject = request.app.state.services.jobs
    places = [
        (await run_in_threadpool(subject.logs.open, principal, job, attempt=None, stream=name, tail=None))[0]
        for name in STREAMS
    ]
    reader = Reader(partial(is_let_in, request))
    return event_stream(iter_vendor_log(subject.logs, subject.notifier, reader, places))
