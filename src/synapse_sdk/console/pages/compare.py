"""Metrics of several jobs in the same charts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from synapse_sdk.console.links import links_of
from synapse_sdk.console.pages.job_data import Axis, load_series
from synapse_sdk.console.rendering import render
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
#: More lines than this nobody tells apart.
JOBS_MAX = 8
RECENT_SHOWN = 30
_VALUE_SHOWN_CHARS = 60
Lookups = Annotated[Sequence[str], Query(alias="job", max_length=20)]


@router.get("/compare/")
def compare(request: Request, visitor: SignedIn, lookups: Lookups = ()) -> Response:
    """Show jobs beside each other, and the params in which they differ."""
    service, link = services_of(request).jobs.jobs, links_of(request)
    details = [service.get_details(visitor.principal, lookup) for lookup in _unique(lookups)]
    jobs = [job for job, _, _ in details]
    recent, _ = service.list_jobs(visitor.principal, before=None, limit=RECENT_SHOWN)
    numbers = [job.number for job in jobs]
    params = {job.number: document.params for job, document, _ in details}
    return render(
        request,
        "compare.html",
        jobs=jobs,
        jobs_max=JOBS_MAX,
        recent=[job for job in recent if job.number not in numbers],
        differences=_find_differences(params),
        source=_address(link("compare", "metrics"), numbers),
        without={
            number: _address(link("compare"), [other for other in numbers if other != number])
            for number in numbers
        },
    )


@router.get("/compare/metrics/")
def read_metrics(
    request: Request,
    visitor: SignedIn,
    lookups: Lookups = (),
    x: Axis = "ordinal",
) -> Response:
    """Return the metric series of several jobs."""
    series: list[dict[str, Any]] = []
    for lookup in _unique(lookups):
        series += load_series(request, visitor.principal, lookup, x, prefix=f"{lookup} ·")
    return JSONResponse({"series": series})


def _unique(lookups: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(text for lookup in lookups if (text := lookup.strip())))[:JOBS_MAX]


def _address(page: str, numbers: list[int]) -> str:
    query = "&".join(f"job={number}" for number in numbers)
    return f"{page}?{query}" if query else page


def _find_differences(params: dict[int, Any]) -> dict[int, dict[str, str]]:
    """Return, per job, the params that are not the same in all jobs."""
    names = dict.fromkeys(name for values in params.values() for name in values)
    texts = {
        number: {name: json.dumps(values[name], ensure_ascii=False) for name in names if name in values}
        for number, values in params.items()
    }
    differing = [name for name in names if len({shown.get(name) for shown in texts.values()}) > 1]
    return {
        number: {name: shown[name][:_VALUE_SHOWN_CHARS] for name in differing if name in shown}
        for number, shown in texts.items()
    }
