"""A job's log as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from synapse_sdk.console.downloads import download_stream
from synapse_sdk.console.services import Logs, Principal, Stream
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
_CHUNK_BYTES = 1024 * 1024


@router.get("/jobs/{lookup}/log/file/")
def download_log(
    request: Request,
    visitor: SignedIn,
    lookup: str,
    stream: Stream = "stdout",
    attempt: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> Response:
    """Send what an attempt has printed up to now."""
    services = services_of(request)
    job = services.jobs.jobs.get(visitor.principal, lookup)
    number = attempt or max(job.attempt_count, 1)
    parts = _iter_log(services.jobs.logs, visitor.principal, lookup, number, stream)
    return download_stream(parts, f"job-{job.number}-{stream}.log")


def _iter_log(logs: Logs, principal: Principal, lookup: str, attempt: int, stream: Stream) -> Iterator[bytes]:
    offset = 0
    while part := logs.read_bytes(
        principal, lookup, attempt=attempt, stream=stream, offset=offset, limit_bytes=_CHUNK_BYTES
    ):
        yield part
        offset += len(part)
