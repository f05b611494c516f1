"""The first page: what runs, what ran, who works, and what to do on a new server."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from synapse_sdk.console.rendering import render
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
RUNNING_SHOWN = 20
LAST_SHOWN = 10
AGENTS_SHOWN = 50


@router.get("/")
def show_home(request: Request, visitor: SignedIn) -> Response:
    """Show what is going on."""
    services, principal = services_of(request), visitor.principal
    running, running_count = services.jobs.jobs.list_jobs(
        principal, before=None, limit=RUNNING_SHOWN, states=("PENDING", "RUNNING")
    )
    last, _ = services.jobs.jobs.list_jobs(
        principal, before=None, limit=LAST_SHOWN, states=("SUCCEEDED", "FAILED", "STOPPED")
    )
    agents = services.jobs.agents.list_agents(principal, after=0, limit=AGENTS_SHOWN)
    return render(
        request,
        "home.html",
        running=running,
        running_count=running_count,
        last=last,
        agents=[(agent, services.jobs.agents.is_connected(agent)) for agent in agents],
        has_plugins=bool(services.registry.releases.list_plugins(principal, limit=1)),
        server=str(request.base_url).removesuffix("/").removesuffix("/console"),
    )
