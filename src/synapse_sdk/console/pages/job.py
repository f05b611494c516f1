"""One job: overview, log, inputs, events; stop and look again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from synapse_sdk.console.downloads import download
from synapse_sdk.console.failures import describe_failure, find_param_problems
from synapse_sdk.console.links import links_of
from synapse_sdk.console.moments import format_instant
from synapse_sdk.console.progress import list_phases
from synapse_sdk.console.rendering import render, texts_of
from synapse_sdk.console.services import Principal
from synapse_sdk.console.session import SignedIn, services_of
from synapse_sdk.plugins.trial_rows import TRIALS_EVENT, TrialRows

router = APIRouter()
EVENT_ROWS = 200
EVENT_SHOWN_CHARS = 1000
MODELS_SHOWN = 20
OUTPUTS_SHOWN = 200
AGENTS_ASKED = 100
#: Events that a search's table is put together from: two for each trial. More are told of, not read.
TRIAL_EVENTS = 1000
TRIALS_STEP = "trials"
KINDS = ("message", "progress", "metric", "state", "loss", "log")


def load_facts(request: Request, principal: Principal, lookup: str) -> dict[str, Any]:
    """Return what every page of a job shows."""
    services = services_of(request)
    job, document, attempts = services.jobs.jobs.get_details(principal, lookup)
    failure = None
    if document.failure:
        failure = describe_failure(document.failure, job_id=job.id, reason=job.reason)
    shown = {"job": job, "document": document, "attempts": attempts, "lookup": lookup}
    return shown | {"failure": failure, "param_problems": find_param_problems(document.failure)}


def load_live_facts(request: Request, principal: Principal, lookup: str) -> dict[str, Any]:
    """Return what changes while a job runs."""
    services, facts = services_of(request), load_facts(request, principal, lookup)
    job, document = facts["job"], facts["document"]
    t, has_ended = texts_of(request), job.ended_at is not None
    models: Sequence[Any] = ()
    if principal.may("data:read"):
        models, _ = services.data.models.list_models(principal, limit=MODELS_SHOWN, job_id=job.id)
    outputs: Sequence[Any] = ()
    if has_ended:
        outputs = services.outputs.list_outputs(
            principal, lookup, attempt=None, after="", limit=OUTPUTS_SHOWN
        )
    waits_alone = job.state == "PENDING" and not _has_agent(request, principal)
    phases = list_phases(document.progress, t, has_ended=has_ended)
    live = {"phases": phases, "models": models, "outputs": outputs, "waits_alone": waits_alone}
    return facts | live | _load_trials(request, principal, lookup, document.progress)


def _load_trials(
    request: Request, principal: Principal, lookup: str, progress: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the table of a job that has said that it makes trials."""
    if TRIALS_STEP not in (progress or {}):
        return {"trials": None}
    _, found = services_of(request).jobs.events.read(
        principal, lookup, after=0, limit=TRIAL_EVENTS, kinds=("log",)
    )
    events = (json.loads(item.line) for item in found)
    rows = TrialRows.read(event.get("body") or {} for event in events if event.get("name") == TRIALS_EVENT)
    return {"trials": rows if rows.rows else None, "has_more_trials": len(found) == TRIAL_EVENTS}


def _has_agent(request: Request, principal: Principal) -> bool:
    agents = services_of(request).jobs.agents
    found = agents.list_agents(principal, after=0, limit=AGENTS_ASKED)
    return any(agents.is_connected(agent) for agent in found)


@router.get("/jobs/{lookup}/")
def show_job(request: Request, visitor: SignedIn, lookup: str) -> Response:
    """Show how a job is doing."""
    return render(request, "job.html", **load_live_facts(request, visitor.principal, lookup))


@router.get("/jobs/{lookup}/log/")
def show_log(request: Request, visitor: SignedIn, lookup: str) -> Response:
    """Show a job's log, tall."""
    return render(request, "job_log.html", **load_facts(request, visitor.principal, lookup))


@router.get("/jobs/{lookup}/inputs/")
def show_inputs(request: Request, visitor: SignedIn, lookup: str) -> Response:
    """Show what a job was given and where it ran."""
    return render(request, "job_inputs.html", **load_facts(request, visitor.principal, lookup))


@router.get("/jobs/{lookup}/events/")
def show_events(
    request: Request,
    visitor: SignedIn,
    lookup: str,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    kind: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show a job's events, oldest first."""
    kinds = (kind,) if kind in KINDS else ()
    _, found = services_of(request).jobs.events.read(
        visitor.principal, lookup, after=after, limit=EVENT_ROWS, kinds=kinds
    )
    return render(
        request,
        "job_events.html",
        **load_facts(request, visitor.principal, lookup),
        events=[_describe_event(item.cursor, item.line) for item in found],
        kinds=KINDS,
        kind=kind,
        after=after,
        next_after=found[-1].cursor if len(found) == EVENT_ROWS else None,
    )


@router.get("/jobs/{lookup}/outputs/{path:path}")
def download_output(request: Request, visitor: SignedIn, lookup: str, path: str) -> Response:
    """Send a file that a job left."""
    services = services_of(request)
    item = services.outputs.get_output(visitor.principal, lookup, path, attempt=None)
    return download(services.files.get(item.digest), path.rpartition("/")[2])


@router.post("/jobs/{lookup}/stop/")
def stop_job(request: Request, visitor: SignedIn, lookup: str) -> Response:
    """Ask a job to end."""
    job = services_of(request).jobs.jobs.stop(visitor.principal, lookup)
    return RedirectResponse(links_of(request)("jobs", job.number), 303)


def _describe_event(cursor: int, line: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(line)
    facts = event.get("values") or event.get("body") or {}
    said = json.dumps(facts, ensure_ascii=False)
    if len(said) > EVENT_SHOWN_CHARS:
        said = f"{said[:EVENT_SHOWN_CHARS]} …"
    shown = {name: event.get(name) for name in ("producer", "kind", "step", "name")}
    return shown | {"cursor": cursor, "said": said, "at": format_instant(event["at"])}
