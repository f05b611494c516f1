"""One box for everything: a job's number leads to the job, words to whatever is called so."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.console.errors import status_of
from synapse_sdk.console.links import links_of
from synapse_sdk.console.rendering import render
from synapse_sdk.console.services import Principal
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
#: The newest of each kind that are looked through.
SEARCHED = 500
SHOWN = 20


@router.get("/search/")
def search(request: Request, visitor: SignedIn, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show what is called so, or go straight to a job."""
    wanted = q.strip().removeprefix("#")
    if job := _find_job(request, visitor.principal, wanted):
        return RedirectResponse(links_of(request)("jobs", job.number), 303)
    found = _search(request, visitor.principal, wanted.lower()) if wanted else {}
    return render(request, "search.html", q=q.strip(), found=found)


def _find_job(request: Request, principal: Principal, wanted: str) -> Any:
    if not wanted.isascii() or not (wanted.isdigit() or (len(wanted) == 36 and wanted.count("-") == 4)):
        return None
    try:
        return services_of(request).jobs.jobs.get(principal, wanted)
    except SynapseError as error:
        if status_of(error) != 404:
            raise
        return None


def _search(request: Request, principal: Principal, wanted: str) -> dict[str, list[tuple[str, str, str]]]:
    """Return, per kind, (address, name, what else to say) of what fits."""
    services, link = services_of(request), links_of(request)
    plugins = services.registry.releases.list_plugins(principal, limit=SEARCHED)
    models, _ = services.data.models.list_models(principal, limit=SEARCHED, order="newest")
    datasets, _ = services.data.datasets.list_datasets(principal, limit=SEARCHED, order="newest")
    rows = {
        "plugins": [
            (
                link("plugins", item.code),
                item.code,
                " · ".join(part for part in (item.name, item.description) if part),
            )
            for item in plugins
        ],
        "models": [(link("models", item.id), f"{item.name} #{item.id}", item.description) for item in models],
        "datasets": [(link("datasets", item.id), f"{item.name} #{item.id}", "") for item in datasets],
    }
    fitting = {
        kind: [row for row in items if wanted in f"{row[1]} {row[2]}".lower()][:SHOWN]
        for kind, items in rows.items()
    }
    return {kind: items for kind, items in fitting.items() if items}
