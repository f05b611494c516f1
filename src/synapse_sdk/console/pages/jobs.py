"""Jobs: a list with filters, whose rows follow what happens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.console.errors import status_of
from synapse_sdk.console.rendering import render
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
PAGE_ROWS = 50
STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "STOPPED")
Text = Annotated[str, Query(max_length=200)]


@router.get("/jobs/")
def list_jobs(
    request: Request,
    visitor: SignedIn,
    state: Text = "",
    plugin: Text = "",
    action: Text = "",
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """Show jobs, newest first."""
    found, count = services_of(request).jobs.jobs.list_jobs(
        visitor.principal,
        before=before,
        limit=PAGE_ROWS,
        states=(state,) if state in STATES else (),
        plugin=plugin.strip() or None,
        action=action.strip() or None,
    )
    return render(
        request,
        "jobs.html",
        jobs=found,
        count=count,
        states=STATES,
        state=state,
        plugin=plugin,
        action=action,
        before=before,
        next_before=found[-1].number if len(found) == PAGE_ROWS else None,
    )


@router.get("/jobs/live/")
def show_live_rows(request: Request, visitor: SignedIn, jobs: Text, compare: bool = False) -> Response:
    """Show the rows of jobs that had not ended when they were last shown."""
    service = services_of(request).jobs.jobs
    found = []
    for number in jobs.split(",")[:PAGE_ROWS]:
        try:
            found.append(service.get(visitor.principal, number))
        except SynapseError as error:
            if status_of(error) != 404:
                raise
    return render(request, "jobs_live.html", jobs=found, can_compare=compare)
