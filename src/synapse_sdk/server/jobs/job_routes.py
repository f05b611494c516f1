"""`jobs/`, `plugins/{code}/run/`: submit, look, stop, claim."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.once import Idempotent
from synapse_sdk.server.http.paging import Limit, build_page
from synapse_sdk.server.jobs.descriptions import describe_details, describe_job
from synapse_sdk.server.jobs.job_service import JobService, RunWish
from synapse_sdk.server.jobs.states import JobState

router = APIRouter(tags=["jobs"], route_class=GuardedRoute)

#: Ids of rows fit the database's integers.
_RowId = Annotated[int, Field(ge=0, lt=2**63)]


class ResourcesRequest(BaseModel):
    """What an attempt needs of its machine."""

    model_config = ConfigDict(extra="forbid")

    cpus: int | None = Field(default=None, ge=0, le=100_000)
    gpus: int | None = Field(default=None, ge=0, le=100_000)


class RunRequest(BaseModel):
    """A job to make of a plugin's action."""

    model_config = ConfigDict(extra="forbid")

    action: str | None = Field(default=None, max_length=200, description="May be left out for an only one.")
    version: str | None = Field(default=None, max_length=100, description="The newest unless given.")
    params: dict[str, Any] = {}
    agent: _RowId | None = Field(default=None, description="Only this agent may run it.")
    debug: bool = Field(default=False, description="Run your own draft, if you have published one.")
    language: str = Field(default="en", max_length=20)
    resources: ResourcesRequest = ResourcesRequest()
    time_limit_s: float | None = Field(default=None, gt=0, le=366 * 86_400, allow_inf_nan=False)
    storage_id: int | None = Field(default=None, description="Taken from the vendor's clients; not used.")
    job_id: int | None = Field(default=None, description="Taken from the vendor's clients; not used.")


class NewJobRequest(RunRequest):
    """A job to make."""

    plugin: str = Field(min_length=1, max_length=200, description="Code or id of the plugin.")


class JobClaims(BaseModel):
    """What a worker says of its job. The end is decided by the exit record where an agent of ours runs it."""

    model_config = ConfigDict(extra="forbid")

    status: JobState | None = None
    progress_record: dict[str, Any] | None = None
    metrics_record: dict[str, Any] | None = None
    console_logs: Any = None
    result: Any = None
    meta: Any = None


def _service(request: Request) -> JobService:
    service: JobService = request.app.state.services.jobs.jobs
    return service


@router.post("/plugins/{plugin}/run/", status_code=201)
def run_plugin(
    request: Request, principal: Authenticated, once: Idempotent, plugin: str, body: RunRequest
) -> dict[str, Any]:
    """Submit a job of a published plugin."""
    return _submit(request, principal, once, plugin, body)


@router.post("/jobs/", status_code=201)
def create_job(
    request: Request, principal: Authenticated, once: Idempotent, body: NewJobRequest
) -> dict[str, Any]:
    """Submit a job; the plugin is named in the body."""
    return _submit(request, principal, once, body.plugin, body)


@router.get("/jobs/")
def list_jobs(
    request: Request,
    principal: Authenticated,
    limit: Limit = 100,
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="Older than this number.")] = None,
    state: Annotated[list[JobState] | None, Query()] = None,
    plugin: str | None = None,
    action: str | None = None,
) -> dict[str, Any]:
    """List jobs, newest first."""
    found, count = _service(request).list_jobs(
        principal, before=after, limit=limit, states=state or (), plugin=plugin, action=action
    )
    items = [describe_job(job) for job in found]
    return build_page(request, items, limit=limit, last=found[-1].number if found else None, count=count)


@router.get("/jobs/{job}/")
def get_job(request: Request, principal: Authenticated, job: str) -> dict[str, Any]:
    """Return a job, by its id or number."""
    return describe_details(*_service(request).get_details(principal, job))


@router.post("/jobs/{job}/stop/")
def stop_job(request: Request, principal: Authenticated, job: str) -> dict[str, Any]:
    """Ask a job to stop: its worker is told to end, and killed if it does not."""
    return describe_job(_service(request).stop(principal, job))


@router.patch("/jobs/{job}/")
def update_job(request: Request, principal: Authenticated, job: str, body: JobClaims) -> dict[str, Any]:
    """Keep what a worker says of its job; its status counts where no agent of ours runs it."""
    service = _service(request)
    claims = body.model_dump(exclude_unset=True)
    service.claim(principal, job, claims, state=body.status)
    return describe_details(*service.get_details(principal, job))


def _submit(
    request: Request, principal: Authenticated, once: Idempotent, plugin: str, body: RunRequest
) -> dict[str, Any]:
    wish = RunWish(
        plugin=plugin,
        action=body.action,
        version=body.version,
        params=body.params,
        agent_id=body.agent,
        is_debug=body.debug,
        language=body.language,
        cpus=body.resources.cpus,
        gpus=body.resources.gpus,
        time_limit_s=body.time_limit_s,
    )
    service = _service(request)
    job = service.submit(principal, wish, once=once)
    return describe_details(*service.get_details(principal, job.id))
