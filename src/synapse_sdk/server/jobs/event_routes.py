"""`jobs/{id}/events/` and `jobs/{id}/metrics/`."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from synapse_sdk.server.http.auth import Authenticated, is_let_in
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.paging import Limit, build_page
from synapse_sdk.server.jobs.bodies import read_body
from synapse_sdk.server.jobs.event_batch import BATCH_LIMIT_BYTES
from synapse_sdk.server.jobs.event_service import EventService, require_kinds
from synapse_sdk.server.jobs.event_streams import Reader, event_stream, iter_events
from synapse_sdk.server.jobs.metric_service import MetricService, XAxis, describe_series

router = APIRouter(tags=["jobs"], route_class=GuardedRoute)

Cursor = Annotated[int, Query(ge=0, lt=2**63, description="Only what came after this cursor.")]
_NDJSON = {
    "requestBody": {
        "required": True,
        "description": "One event a line; at most 10,000 lines and 8 MiB; may be gzip.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


def _events(request: Request) -> EventService:
    service: EventService = request.app.state.services.jobs.events
    return service


@router.post("/jobs/{job}/events/", openapi_extra=_NDJSON)
async def add_events(request: Request, principal: Authenticated, job: str) -> dict[str, Any]:
    """Keep a batch of events, all or none. Those that are here already stay as they are."""
    body = await read_body(request, limit_bytes=BATCH_LIMIT_BYTES)
    taken = await run_in_threadpool(_events(request).ingest, principal, job, body)
    return taken._asdict()


@router.get("/jobs/{job}/events/")
def list_events(
    request: Request,
    principal: Authenticated,
    job: str,
    limit: Limit = 100,
    after: Cursor = 0,
    kind: Annotated[list[str] | None, Query()] = None,
) -> dict[str, Any]:
    """List events in the order of their arrival, each with its `cursor` and when it was received."""
    require_kinds(kind or ())
    _, found = _events(request).read(principal, job, after=after, limit=limit, kinds=kind or ())
    items = [
        {**json.loads(item.line), "cursor": item.cursor, "received_at": item.received_at} for item in found
    ]
    return build_page(request, items, limit=limit, last=found[-1].cursor if found else None)


@router.get("/jobs/{job}/events/stream/", response_class=StreamingResponse)
async def stream_events(
    request: Request,
    principal: Authenticated,
    job: str,
    after: Cursor = 0,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
) -> StreamingResponse:
    """Send events as they come, as server-sent events, until the job has ended."""
    service = _events(request)
    found, _ = await run_in_threadpool(service.read, principal, job, after=0, limit=1)
    start = after if last_event_id is None else last_event_id
    notifier = request.app.state.services.jobs.notifier
    reader = Reader(partial(is_let_in, request))
    return event_stream(iter_events(service, notifier, reader, found.key, after=start))


# Answered as it is: FastAPI would look at each of thousands of numbers again.
@router.get("/jobs/{job}/metrics/", response_model=dict[str, Any])
def get_metrics(
    request: Request,
    principal: Authenticated,
    job: str,
    step: str | None = None,
    key: str | None = None,
    points: Annotated[int, Query(ge=2, le=10_000, description="About how many items per series.")] = 500,
    x_axis: XAxis = "ordinal",
) -> JSONResponse:
    """Return metric series: all points of short ones, buckets with min, max and mean of long ones."""
    service: MetricService = request.app.state.services.jobs.metrics
    series = service.read(principal, job, step=step, key=key, points=points, x_axis=x_axis)
    return JSONResponse({"series": [describe_series(item) for item in series]})
