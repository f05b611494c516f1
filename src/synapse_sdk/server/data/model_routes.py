"""`models/`: models with their origin, in our terms and in those of the vendor's clients."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from synapse_sdk._internal.clock import iso_z
from synapse_sdk.server.data.content_responses import file_response, pack_response
from synapse_sdk.server.data.manifest import (
    ITEM_LIMIT,
    NAME_LIMIT_BYTES,
    ManifestEntry,
    find_path_problem,
    parse_manifest,
)
from synapse_sdk.server.data.model_service import ModelService, NewModel
from synapse_sdk.server.data.models import Model, Order
from synapse_sdk.server.data.service import DataService
from synapse_sdk.server.http import InvalidError, Principal
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.once import Idempotent
from synapse_sdk.server.http.paging import Limit, build_page
from synapse_sdk.workspace.manifest import Item
from synapse_sdk.workspace.records import ModelCategory, ModelOrigin

router = APIRouter(tags=["models"], route_class=GuardedRoute)

Number = Annotated[int, Path(ge=0, lt=2**63)]
Id = Annotated[int, Field(ge=0, lt=2**63)]
Skip = Annotated[int, Query(ge=0, description="Contents to leave out, because they came before it broke.")]


class NewModelRequest(BaseModel):
    """A model to make: of contents that `blobs/` took, or of an upload in chunks."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=500)
    manifest: list[ManifestEntry] | None = Field(default=None, min_length=1, max_length=ITEM_LIMIT)
    chunked_upload: Id | None = Field(default=None, description="Id of a complete upload; one file.")
    filename: str | None = Field(
        default=None, max_length=NAME_LIMIT_BYTES, description="Name of the file or folder."
    )
    is_folder: bool = False
    description: str = Field(default="", max_length=10_000)
    metrics: dict[str, float] = Field(default={}, max_length=1000)
    category: ModelCategory | None = None
    parent_model_id: Id | None = Field(default=None, description="The model that it was trained from.")
    checkpoint: Id | None = Field(default=None, description="The older name of parent_model_id.")
    configuration: dict[str, JsonValue] = Field(default={})
    plugin: str | None = Field(default=None, max_length=200, description="Code of the plugin that made it.")
    version: str | None = Field(default=None, max_length=200, description="Version of that plugin.")
    origin: ModelOrigin | None = Field(
        default=None,
        description="Where it came from; of a job's own token "
        "the server takes job, attempt and inputs from its envelope.",
    )


def _data(request: Request) -> DataService:
    service: DataService = request.app.state.services.data
    return service


def _service(request: Request) -> ModelService:
    return _data(request).models


@router.post("/models/", status_code=201, responses={200: {"description": "It was made before."}})
def create_model(
    request: Request, response: Response, principal: Authenticated, once: Idempotent, body: NewModelRequest
) -> dict[str, Any]:
    """Make a model of files that were uploaded before."""
    new = _read_model(_data(request), principal, body)
    model, is_new = _service(request).create(principal, new, once=once)
    response.status_code = 201 if is_new else 200
    return describe_model(request, model)


@router.get("/models/")
def list_models(
    request: Request,
    principal: Authenticated,
    limit: Limit = 100,
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    order: Order = "oldest",
    name: str | None = None,
    job: Annotated[str | None, Query(description="Id of the job that made them.")] = None,
) -> dict[str, Any]:
    """List models."""
    found, count = _service(request).list_models(
        principal, after=after, limit=limit, order=order, name=name, job_id=job
    )
    items = [describe_model(request, model) for model in found]
    return build_page(request, items, limit=limit, last=found[-1].id if found else None, count=count)


@router.get("/models/{model_id}/")
def get_model(request: Request, principal: Authenticated, model_id: Number) -> dict[str, Any]:
    """Return a model."""
    return describe_model(request, _service(request).get_model(principal, model_id))


@router.get("/models/{model_id}/files/")
def list_files(
    request: Request, principal: Authenticated, model_id: Number, limit: Limit = 1000, after: str = ""
) -> dict[str, Any]:
    """List the files of a model in the order of their paths, with size and digest."""
    model = _service(request).get_model(principal, model_id)
    found = _service(request).list_files(model, after=after, limit=limit)
    items = [{"path": item.path, "size_bytes": item.size_bytes, "digest": item.digest} for item in found]
    last = found[-1].path if found else None
    return build_page(request, items, limit=limit, last=last, count=model.item_count)


@router.get("/models/{model_id}/files/{path:path}", response_class=FileResponse)
def get_file(request: Request, principal: Authenticated, model_id: Number, path: str) -> Response:
    """Return the bytes of one file of a model; answers to Range."""
    model = _service(request).get_model(principal, model_id)
    item = _service(request).get_file(model, path)
    return file_response(request.app.state.services.files, item.digest, path.rpartition("/")[2])


@router.get("/models/{model_id}/archive/", response_class=StreamingResponse)
def get_archive(
    request: Request, principal: Authenticated, model_id: Number, skip: Skip = 0
) -> StreamingResponse:
    """Return all contents of a model as one pack, each once, in the order of their paths."""
    model = _service(request).get_model(principal, model_id)
    return pack_response(request.app.state.services.files, _service(request).iter_files(model), skip=skip)


def describe_model(request: Request, model: Model) -> dict[str, Any]:
    """Return a model as JSON. `file`, `checkpoint`, `plugin` and `version` are for the vendor's clients."""
    shown = (
        "id", "name", "description", "metrics", "category", "parent_model_id", "configuration", "filename",
        "is_folder", "item_count", "digest", "size_bytes", "attempt", "created_by",
    )  # fmt: skip
    base = f"{request.base_url}models/{model.id}/files/"
    origin = model.origin
    return {
        **{name: getattr(model, name) for name in shown},
        "job": model.job_id,
        "origin": None if origin is None else origin.model_dump(mode="json"),
        "created_at": iso_z(model.created_at),
        "file": None if model.is_folder else base + quote(model.filename),
        "checkpoint": model.parent_model_id,
        "plugin": model.plugin_code,
        "version": model.plugin_version,
    }


def _read_model(data: DataService, principal: Principal, body: NewModelRequest) -> NewModel:
    if (body.manifest is None) == (body.chunked_upload is None):
        raise InvalidError("A model has either a manifest or a chunked_upload.")
    if body.manifest is not None:
        files = parse_manifest(body.manifest)
        filename = body.filename or (files[0].path if len(files) == 1 and not body.is_folder else "")
    else:
        assert body.chunked_upload is not None
        upload = data.files.get_completed_upload(principal, body.chunked_upload)
        assert upload.digest is not None
        filename = upload.filename
        files = [Item(filename, upload.size_bytes, upload.digest)]
    _check_texts(body.name, filename)
    # Parts that both ways name; the vendor's clients know no categories.
    return NewModel(
        name=body.name,
        files=files,
        filename=filename,
        is_folder=body.is_folder,
        description=body.description,
        metrics=body.metrics,
        category=body.category or "fine_tuned",
        parent_model_id=body.checkpoint if body.parent_model_id is None else body.parent_model_id,
        configuration=body.configuration,
        origin=body.origin,
        plugin_code=body.plugin,
        plugin_version=body.version,
    )


def _check_texts(name: str, filename: str) -> None:
    problems = []
    if not (name.strip() and name.isprintable()):
        problems.append({"loc": ["name"], "msg": "it must be printable text", "type": "name", "input": name})
    is_name = bool(filename) and "/" not in filename
    said = find_path_problem(filename) if is_name else "it is needed, and has no slashes"
    if said is not None:
        problems.append({"loc": ["filename"], "msg": said, "type": "filename", "input": filename[:200]})
    if problems:
        raise InvalidError.of_fields(problems)
