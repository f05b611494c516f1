"""`agents/`, `jobs/{id}/attempts/`: what agents and the server say to each other."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.paging import Limit, build_page
from synapse_sdk.server.jobs.agent_service import AgentService
from synapse_sdk.server.jobs.attempt_service import AttemptService
from synapse_sdk.server.jobs.descriptions import describe_agent, describe_job
from synapse_sdk.server.jobs.notifier import Notifier, Waiter, claims_topic
from synapse_sdk.wire.assignment import AgentFacts, AttemptEnd, ClaimRequest, Heartbeat

router = APIRouter(tags=["agents"], route_class=GuardedRoute)

AgentId = Annotated[int, Path(ge=0, lt=2**63)]
AttemptNumber = Annotated[int, Path(ge=1, lt=2**63)]


class StartedBody(BaseModel):
    """What is known of an attempt whose worker was started."""

    model_config = ConfigDict(extra="ignore")

    environment_digest: str | None = Field(
        default=None, max_length=200, description="Of lock, interpreter, platform and SDK."
    )


# Wire values are built when first used; a route needs them built when it is declared.
class AgentFactsBody(AgentFacts):
    """What an agent says of itself."""

    model_config = ConfigDict(defer_build=False)


class ClaimBody(ClaimRequest):
    """An agent asks for work."""

    model_config = ConfigDict(defer_build=False)


class HeartbeatBody(Heartbeat):
    """An agent lives, and these attempts are in its hands."""

    model_config = ConfigDict(defer_build=False)


class AttemptEndBody(AttemptEnd):
    """An agent's last word on an attempt."""

    model_config = ConfigDict(defer_build=False)


def _agents(request: Request) -> AgentService:
    service: AgentService = request.app.state.services.jobs.agents
    return service


def _attempts(request: Request) -> AttemptService:
    service: AttemptService = request.app.state.services.jobs.attempts
    return service


@router.get("/agents/")
def list_agents(
    request: Request,
    principal: Authenticated,
    limit: Limit = 100,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> dict[str, Any]:
    """List the agents of the workspace; `connected` ones were heard of in the last half minute."""
    service = _agents(request)
    found = service.list_agents(principal, after=after, limit=limit)
    items = [describe_agent(agent, is_connected=service.is_connected(agent)) for agent in found]
    return build_page(request, items, limit=limit, last=found[-1].id if found else None)


@router.post("/agents/register/")
def register_agent(request: Request, principal: Authenticated, body: AgentFactsBody) -> dict[str, Any]:
    """Register an agent under its name; its token belongs to it from then on."""
    service = _agents(request)
    agent = service.register(principal, body)
    return describe_agent(agent, is_connected=service.is_connected(agent))


@router.get("/agents/{agent_id}/")
def get_agent(request: Request, principal: Authenticated, agent_id: AgentId) -> dict[str, Any]:
    """Return an agent."""
    service = _agents(request)
    agent = service.get(principal, agent_id)
    return describe_agent(agent, is_connected=service.is_connected(agent))


@router.post("/agents/{agent_id}/claim/")
async def claim(
    request: Request, principal: Authenticated, agent_id: AgentId, body: ClaimBody
) -> dict[str, Any]:
    """Hand out jobs under leases; when there are none, the answer waits for one as long as `wait_s`."""
    service, notifier = _attempts(request), _notifier(request)
    deadline = time.monotonic() + (body.wait_s if body.free_slots else 0)
    with notifier.listen(claims_topic(principal.workspace_id)) as waiter:
        while True:
            found = await run_in_threadpool(service.claim, principal, agent_id, free_slots=body.free_slots)
            remaining_s = deadline - time.monotonic()
            if found or remaining_s <= 0 or notifier.is_closed:
                break
            if not await _wait(request, waiter, remaining_s):
                break
    return {"assignments": [assignment.model_dump(mode="json") for assignment in found]}


@router.post("/agents/{agent_id}/heartbeat/")
def heartbeat(
    request: Request, principal: Authenticated, agent_id: AgentId, body: HeartbeatBody
) -> dict[str, Any]:
    """Renew the leases of the named attempts; the answer says what shall become of each."""
    directives = _attempts(request).heartbeat(principal, agent_id, body.attempts)
    return {"directives": [directive.model_dump(mode="json") for directive in directives]}


@router.post("/jobs/{job}/attempts/{number}/started/")
def start_attempt(
    request: Request,
    principal: Authenticated,
    job: str,
    number: AttemptNumber,
    body: StartedBody | None = None,
) -> dict[str, Any]:
    """Say that an attempt's worker was started, and in which environment."""
    digest = None if body is None else body.environment_digest
    return describe_job(_attempts(request).start(principal, job, number, environment_digest=digest))


@router.post("/jobs/{job}/attempts/{number}/exit/")
def end_attempt(
    request: Request, principal: Authenticated, job: str, number: AttemptNumber, body: AttemptEndBody
) -> dict[str, Any]:
    """Say how an attempt ended; saying it again changes nothing."""
    return describe_job(_attempts(request).end(principal, job, number, body))


def _notifier(request: Request) -> Notifier:
    notifier: Notifier = request.app.state.services.jobs.notifier
    return notifier


async def _wait(request: Request, waiter: Waiter, timeout_s: float) -> bool:
    """Wait to be notified; False when the time is up or whoever asked has gone."""
    gone = asyncio.ensure_future(request.receive())
    notified = asyncio.ensure_future(waiter.wait(timeout_s))
    try:
        await asyncio.wait({gone, notified}, return_when=asyncio.FIRST_COMPLETED)
        return not gone.done() and notified.result()
    finally:
        for task in (gone, notified):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
