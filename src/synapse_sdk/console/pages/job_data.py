"""What the scripts of a job's page ask for: log lines, metric series, and the stream of changes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from synapse_sdk.console.errors import SignedOutError
from synapse_sdk.console.pages.job import load_live_facts
from synapse_sdk.console.rendering import render
from synapse_sdk.console.services import Principal
from synapse_sdk.console.session import SignedIn, find_visitor, services_of

router = APIRouter()
LINES_MAX = 1000
#: Points of one line of a chart: more than a screen has pixels for it.
CHART_POINTS = 500
#: Of all charts of a job together, about; of many series each is drawn from fewer.
CHART_POINTS_IN_ALL = 10_000
#: How often a stream looks for changes. Each look reads one row by its key.
LOOK_EVERY_S = 1.0
#: A stream ends by itself after this; the browser opens the next one.
STREAM_LIFE_S = 600.0
Stream = Literal["stdout", "stderr"]
Axis = Literal["ordinal", "epoch", "global_step"]


@router.get("/jobs/{lookup}/log/lines/")
def read_lines(
    request: Request,
    visitor: SignedIn,
    lookup: str,
    stream: Stream = "stdout",
    attempt: Annotated[int | None, Query(ge=1, le=1000)] = None,
    from_line: Annotated[int, Query(ge=0, lt=2**40)] = 0,
    lines: Annotated[int, Query(ge=0, le=LINES_MAX)] = 200,
    contains: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
) -> Response:
    """Return lines of a log, counted from 0; with `contains`, the number of the next line that has it."""
    page = services_of(request).jobs.logs.read_lines(
        visitor.principal,
        lookup,
        attempt=attempt,
        stream=stream,
        from_line=from_line,
        line_limit=1 if contains else max(lines, 1),
        contains=contains,
    )
    answer: dict[str, Any] = {"total_lines": page.line_count, "next_line": page.next_line}
    if contains:
        has_more = not page.lines and from_line < page.next_line < page.line_count
        return JSONResponse(
            answer
            | {
                "line": page.lines[0].number if page.lines else None,
                "next_line": page.next_line if has_more else None,
            }
        )
    return JSONResponse(answer | {"lines": [line.text for line in page.lines[:lines]]})


@router.get("/jobs/{lookup}/metrics/")
def read_metrics(request: Request, visitor: SignedIn, lookup: str, x: Axis = "ordinal") -> Response:
    """Return the metric series of a job, drawn from at most `CHART_POINTS` points each."""
    return JSONResponse({"series": load_series(request, visitor.principal, lookup, x)})


def load_series(
    request: Request, principal: Principal, lookup: str, x: Axis, *, prefix: str = ""
) -> list[dict[str, Any]]:
    """Return series as charts want them: equally long lists, values that are no numbers as words or null."""
    found = services_of(request).jobs.metrics.read(
        principal, lookup, points=CHART_POINTS, points_in_all=CHART_POINTS_IN_ALL, x_axis=x
    )
    has_attempts = len({item.series.attempt for item in found}) > 1
    series = []
    for item in found:
        if columns := _list_columns(item):
            label = _label(item.series, prefix, has_attempts=has_attempts)
            series.append({"key": item.series.key, "label": label, **columns})
    return series


def _list_columns(drawn: Any) -> dict[str, list[Any]]:
    """Return the columns of a series; of a position that not all have, only where there is one."""
    has_own_x = drawn.x_axis != "ordinal"
    rows = [row for row in drawn.points or drawn.buckets if not has_own_x or _is_finite(row[-1])]
    if not rows:
        return {}
    ordinals, *values, own_x = (list(column) for column in zip(*rows, strict=True))
    xs = own_x if has_own_x else ordinals
    if not drawn.is_bucketed:
        return {"x": xs, "y": [_name(value) for value in values[0]]}
    low, high, mean = values[-3:]
    return {"x": xs, "y": mean, "low": low, "high": high}


def _label(series: Any, prefix: str, *, has_attempts: bool) -> str:
    parts = [prefix, series.step or series.key]
    parts.append(series.producer.partition("/")[2])
    if has_attempts:
        parts.append(f"#{series.attempt}")
    return " ".join(part for part in parts if part)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _name(value: float | None) -> float | str | None:
    """Return a number; one that JSON does not have as a word, None for one that is none."""
    return value if value is None or math.isfinite(value) else str(value)


@router.get("/jobs/{lookup}/stream/")
async def stream_changes(request: Request, visitor: SignedIn, lookup: str) -> Response:
    """Push what changes on a job's page until the job has ended."""
    await run_in_threadpool(services_of(request).jobs.jobs.get, visitor.principal, lookup)
    return StreamingResponse(
        _iter_changes(request, visitor.principal, lookup),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _iter_changes(request: Request, principal: Principal, lookup: str) -> AsyncIterator[str]:
    """Yield the page's changing part when it has changed; else a tick, since a log may have grown."""
    jobs = services_of(request).jobs
    loop = asyncio.get_running_loop()
    until, seen = loop.time() + STREAM_LIFE_S, None
    while loop.time() < until and not jobs.notifier.is_closed and not await request.is_disconnected():
        if not await run_in_threadpool(_is_signed_in, request):
            return
        job = await run_in_threadpool(jobs.jobs.get, principal, lookup)
        mark = (job.state, job.last_cursor, job.stop_requested_at)
        if mark != seen:
            seen = mark
            yield _message("job", await run_in_threadpool(_render_live, request, principal, lookup))
        else:
            yield _message("tick", "")
        if job.ended_at is not None:
            yield _message("end", "")
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _is_signed_in(request: Request) -> bool:
    try:
        return find_visitor(request) is not None
    except SignedOutError:
        return False


def _render_live(request: Request, principal: Principal, lookup: str) -> str:
    page = render(request, "job_live.html", **load_live_facts(request, principal, lookup))
    return bytes(page.body).decode()


def _message(event: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {event}\n{lines}\n"
