"""Plugins: list and search, and one with its releases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from synapse_sdk.console.rendering import render
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
PAGE_ROWS = 50
#: Plugins that one search looks through.
SEARCHED_ROWS = 1000
RELEASE_ROWS = 50


@router.get("/plugins/")
def list_plugins(
    request: Request,
    visitor: SignedIn,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show plugins, each with its latest release."""
    releases, wanted = services_of(request).registry.releases, q.strip().lower()
    limit = SEARCHED_ROWS if wanted else PAGE_ROWS
    found = releases.list_plugins(visitor.principal, after=after, limit=limit)
    fitting = [item for item in found if wanted in f"{item.code} {item.name} {item.description}".lower()]
    return render(
        request,
        "plugins.html",
        rows=[(plugin, releases.find_latest(plugin)) for plugin in fitting[:PAGE_ROWS]],
        q=q,
        after=after,
        next_after=found[-1].id if len(found) == limit else None,
    )


@router.get("/plugins/{code}/")
def show_plugin(
    request: Request,
    visitor: SignedIn,
    code: str,
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """Show a plugin and its releases."""
    services = services_of(request)
    plugin = services.registry.releases.get_plugin(visitor.principal, code)
    found, count = services.registry.releases.list_releases(
        visitor.principal, code=plugin.code, before=before, limit=RELEASE_ROWS
    )
    jobs, _ = services.jobs.jobs.list_jobs(visitor.principal, before=None, limit=10, plugin=plugin.code)
    return render(
        request,
        "plugin.html",
        plugin=plugin,
        latest=services.registry.releases.find_latest(plugin),
        releases=found,
        count=count,
        jobs=jobs,
        before=before,
        next_before=found[-1].id if len(found) == RELEASE_ROWS else None,
    )
