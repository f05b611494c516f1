"""Models: list, one with its metrics and lineage, download."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from synapse_sdk.console.downloads import download, download_zip
from synapse_sdk.console.rendering import render
from synapse_sdk.console.services import Models, Principal
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
PAGE_ROWS = 50
FILE_ROWS = 200
Number = Annotated[int, Path(ge=0, lt=2**63)]
After = Annotated[int | None, Query(ge=0, lt=2**63)]


@router.get("/models/")
def list_models(
    request: Request, visitor: SignedIn, after: After = None, name: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show models, newest first."""
    found, count = services_of(request).data.models.list_models(
        visitor.principal, after=after, limit=PAGE_ROWS, order="newest", name=name.strip() or None
    )
    following = found[-1].id if len(found) == PAGE_ROWS else None
    return render(
        request, "models.html", models=found, count=count, name=name, after=after, next_after=following
    )


@router.get("/models/{model_id}/")
def show_model(
    request: Request, visitor: SignedIn, model_id: Number, after: Annotated[str, Query(max_length=4096)] = ""
) -> Response:
    """Show a model: metrics, where it came from, files."""
    services = services_of(request)
    model = services.data.models.get_model(visitor.principal, model_id)
    files = services.data.models.list_files(model, after=after, limit=FILE_ROWS)
    return render(
        request,
        "model.html",
        model=model,
        files=files,
        job=_find_job(request, visitor.principal, model),
        after=after,
        next_after=files[-1].path if len(files) == FILE_ROWS else None,
    )


def _find_job(request: Request, principal: Principal, model: Any) -> Any:
    """Return the job that made a model, None where there is none or the visitor may see none."""
    if model.job_id is None or not principal.may("jobs:read"):
        return None
    return services_of(request).jobs.jobs.get(principal, model.job_id)


@router.get("/models/{model_id}/download/")
def download_model(request: Request, visitor: SignedIn, model_id: Number) -> Response:
    """Send a model: its file, or its folder as a zip."""
    services = services_of(request)
    models = services.data.models
    model = models.get_model(visitor.principal, model_id)
    if not model.is_folder:
        item = models.get_file(model, model.filename)
        return download(services.files.get(item.digest), model.filename)
    files = ((item.path, services.files.get(item.digest)) for item in _iter_files(models, model))
    return download_zip(files, f"{model.filename}.zip")


def _iter_files(models: Models, model: Any) -> Iterator[Any]:
    after = ""
    while items := models.list_files(model, after=after, limit=1000):
        yield from items
        after = items[-1].path


@router.get("/models/{model_id}/files/{path:path}")
def download_file(request: Request, visitor: SignedIn, model_id: Number, path: str) -> Response:
    """Send one file of a model."""
    services = services_of(request)
    model = services.data.models.get_model(visitor.principal, model_id)
    item = services.data.models.get_file(model, path)
    return download(services.files.get(item.digest), path.rpartition("/")[2])
