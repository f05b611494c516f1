"""`jobs/{id}/outputs/`: the files that jobs left behind."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk.server.data.content_responses import file_response
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.paging import INTEGER_END, Limit, build_page
from synapse_sdk.server.jobs.output_service import OutputService
from synapse_sdk.workspace.manifest import Item

router = APIRouter(tags=["jobs"], route_class=GuardedRoute)

Attempt = Annotated[int | None, Query(ge=1, lt=INTEGER_END, description="The latest unless given.")]
AttemptNumber = Annotated[int, Path(ge=1, lt=INTEGER_END)]


class OutputFile(BaseModel):
    """A file below `outputs/`, whose content was uploaded before."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=1000)
    size_bytes: int = Field(ge=0, lt=INTEGER_END)
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")


class Outputs(BaseModel):
    """What an attempt left; in several requests when there is more."""

    model_config = ConfigDict(extra="forbid")

    files: list[OutputFile] = Field(max_length=5000)


def _service(request: Request) -> OutputService:
    service: OutputService = request.app.state.services.outputs
    return service


@router.post("/jobs/{job_id}/attempts/{attempt}/outputs/", status_code=204)
def record_outputs(
    request: Request, principal: Authenticated, job_id: str, attempt: AttemptNumber, body: Outputs
) -> None:
    """Note the files that an attempt left (its agent does)."""
    items = [Item(file.path, file.size_bytes, file.digest) for file in body.files]
    _service(request).record(principal, job_id, attempt, items)


@router.get("/jobs/{job_id}/outputs/")
def list_outputs(
    request: Request,
    principal: Authenticated,
    job_id: str,
    attempt: Attempt = None,
    limit: Limit = 100,
    after: str = "",
) -> dict[str, Any]:
    """List the files that a job left, in the order of their paths."""
    found = _service(request).list_outputs(principal, job_id, attempt=attempt, after=after, limit=limit)
    items = [{"path": item.path, "size_bytes": item.size_bytes, "digest": item.digest} for item in found]
    return build_page(request, items, limit=limit, last=found[-1].path if found else None)


@router.get("/jobs/{job_id}/outputs/{path:path}", response_class=FileResponse)
def download_output(
    request: Request, principal: Authenticated, job_id: str, path: str, attempt: Attempt = None
) -> Response:
    """Download one file that a job left; answers to Range."""
    found = _service(request).get_output(principal, job_id, path, attempt=attempt)
    return file_response(request.app.state.services.files, found.digest, path.rpartition("/")[2])
