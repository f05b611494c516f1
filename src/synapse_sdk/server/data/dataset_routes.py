"""`datasets/`: versions, items, contents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk._internal.clock import iso_z
from synapse_sdk.server.data.content_responses import file_response, pack_response
from synapse_sdk.server.data.dataset_service import DatasetService
from synapse_sdk.server.data.manifest import ITEM_LIMIT, ManifestEntry, parse_manifest
from synapse_sdk.server.data.models import Dataset, DatasetVersion, Order
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.once import Idempotent
from synapse_sdk.server.http.paging import Limit, build_page

router = APIRouter(tags=["datasets"], route_class=GuardedRoute)

#: Ids and numbers fit the database's integers; what does not is no id of ours.
Number = Annotated[int, Path(ge=0, lt=2**63)]
Skip = Annotated[int, Query(ge=0, description="Contents to leave out, because they came before it broke.")]


class SplitRequest(BaseModel):
    """A part of a dataset that lies in a subfolder."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    folder: str = Field(min_length=1, max_length=1024)


class NewDatasetRequest(BaseModel):
    """A dataset, or the next version of one. Its contents are uploaded before, by `blobs/`."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    manifest: list[ManifestEntry] = Field(min_length=1, max_length=ITEM_LIMIT)
    splits: list[SplitRequest] | None = Field(
        default=None, max_length=20, description="None: folders called train, validation and test."
    )


def _service(request: Request) -> DatasetService:
    service: DatasetService = request.app.state.services.data.datasets
    return service


@router.post("/datasets/", status_code=201, responses={200: {"description": "It was there already."}})
def create_dataset(
    request: Request, response: Response, principal: Authenticated, once: Idempotent, body: NewDatasetRequest
) -> dict[str, Any]:
    """Make a dataset or its next version; the same contents again are the version that is there (200)."""
    splits = None if body.splits is None else [(split.name, split.folder) for split in body.splits]
    version, is_new = _service(request).create(
        principal, body.name, parse_manifest(body.manifest), splits, once=once
    )
    response.status_code = 201 if is_new else 200
    return describe_version(version)


@router.get("/datasets/")
def list_datasets(
    request: Request,
    principal: Authenticated,
    limit: Limit = 100,
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    order: Order = "oldest",
    name: str | None = None,
) -> dict[str, Any]:
    """List datasets, each with its latest version."""
    found, count = _service(request).list_datasets(
        principal, after=after, limit=limit, order=order, name=name
    )
    items = [describe_dataset(dataset) for dataset in found]
    return build_page(request, items, limit=limit, last=found[-1].id if found else None, count=count)


@router.get("/datasets/{dataset_id}/")
def get_dataset(request: Request, principal: Authenticated, dataset_id: Number) -> dict[str, Any]:
    """Return a dataset with its latest version."""
    return describe_dataset(_service(request).get_dataset(principal, dataset_id))


@router.get("/datasets/{dataset_id}/versions/")
def list_versions(
    request: Request,
    principal: Authenticated,
    dataset_id: Number,
    limit: Limit = 100,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> dict[str, Any]:
    """List the versions of a dataset, oldest first."""
    found = _service(request).list_versions(principal, dataset_id, after=after, limit=limit)
    items = [describe_version(version) for version in found]
    return build_page(request, items, limit=limit, last=found[-1].number if found else None)


@router.get("/datasets/{dataset_id}/versions/{number}/")
def get_version(
    request: Request, principal: Authenticated, dataset_id: Number, number: Number
) -> dict[str, Any]:
    """Return a version of a dataset."""
    return describe_version(_service(request).get_version(principal, dataset_id, number))


@router.get("/datasets/{dataset_id}/versions/{number}/items/")
def list_items(
    request: Request,
    principal: Authenticated,
    dataset_id: Number,
    number: Number,
    limit: Limit = 1000,
    after: str = "",
) -> dict[str, Any]:
    """List the files of a version in the order of their paths, with size and digest."""
    service = _service(request)
    version = service.get_version(principal, dataset_id, number)
    found = service.list_items(version, after=after, limit=limit)
    items = [{"path": item.path, "size_bytes": item.size_bytes, "digest": item.digest} for item in found]
    last = found[-1].path if found else None
    return build_page(request, items, limit=limit, last=last, count=version.item_count)


@router.get("/datasets/{dataset_id}/versions/{number}/items/{path:path}", response_class=FileResponse)
def get_item(
    request: Request, principal: Authenticated, dataset_id: Number, number: Number, path: str
) -> Response:
    """Return the bytes of one file; answers to Range."""
    service = _service(request)
    item = service.get_item(service.get_version(principal, dataset_id, number), path)
    return file_response(request.app.state.services.files, item.digest, path.rpartition("/")[2])


@router.get("/datasets/{dataset_id}/versions/{number}/archive/", response_class=StreamingResponse)
def get_archive(
    request: Request, principal: Authenticated, dataset_id: Number, number: Number, skip: Skip = 0
) -> StreamingResponse:
    """Return all contents of a version as one pack, each once, in the order of the manifest."""
    service = _service(request)
    version = service.get_version(principal, dataset_id, number)
    return pack_response(request.app.state.services.files, service.iter_items(version), skip=skip)


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Return a dataset as JSON."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "created_by": dataset.created_by,
        "created_at": iso_z(dataset.created_at),
        "latest": describe_version(dataset.latest),
    }


def describe_version(version: DatasetVersion) -> dict[str, Any]:
    """Return a version as JSON."""
    shown = ("id", "dataset_id", "dataset_name", "number", "digest", "item_count", "size_bytes", "created_by")
    return {
        **{name: getattr(version, name) for name in shown},
        "splits": [split.model_dump(mode="json", exclude={"schema_version"}) for split in version.splits],
        "created_at": iso_z(version.created_at),
    }
