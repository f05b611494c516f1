"""`chunked_upload/`, `data_files/`, `storages/`, as the vendor's clients speak.

Source: interface sheet `platform.md` §3.2; `actions.md` §7.3.
"""

from __future__ import annotations

from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Form, Header, Path, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as FieldsError
from starlette.datastructures import UploadFile as FormFile

from synapse_sdk._internal.clock import iso_z
from synapse_sdk.server.data.content_responses import file_response
from synapse_sdk.server.data.file_service import FileService
from synapse_sdk.server.data.incoming import parse_content_range
from synapse_sdk.server.data.models import ChunkedUpload, DataFile, Storage
from synapse_sdk.server.data.storage_service import StorageService
from synapse_sdk.server.http import InvalidError, NotFoundError
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.paging import build_page

router = APIRouter(tags=["files"], route_class=GuardedRoute)

Number = Annotated[int, Path(ge=0, lt=2**63)]
Id = Annotated[int, Field(ge=0, lt=2**63)]
ContentRange = Annotated[str | None, Header(alias="Content-Range", description="Such as bytes 0-99/1000.")]


class UploadEnd(BaseModel):
    """The end of an upload in chunks."""

    model_config = ConfigDict(extra="forbid")

    md5: str | None = Field(default=None, max_length=100, description="Of the whole file, hexadecimal.")


class FileOfUpload(BaseModel):
    """A data file that came in chunks."""

    model_config = ConfigDict(extra="forbid")

    chunked_upload: Id


class Checksums(BaseModel):
    """SHA-1 checksums to look for."""

    model_config = ConfigDict(extra="forbid")

    checksums: list[Annotated[str, Field(max_length=100)]] = Field(max_length=10_000)


def _files(request: Request) -> FileService:
    service: FileService = request.app.state.services.data.files
    return service


def _storages(request: Request) -> StorageService:
    service: StorageService = request.app.state.services.data.storages
    return service


@router.put("/chunked_upload/")
def begin_upload(
    request: Request,
    principal: Authenticated,
    file: UploadFile,
    filename: Annotated[str, Form(min_length=1, max_length=1024)],
    content_range: ContentRange = None,
) -> dict[str, Any]:
    """Take the first chunk of a file; answer where to send the next one."""
    part = parse_content_range(content_range, file.size or 0)
    upload, offset = _files(request).begin_upload(principal, filename, part, file.file)
    return _describe_upload(request, upload, offset)


@router.put("/chunked_upload/{upload_id}/")
def continue_upload(
    request: Request,
    principal: Authenticated,
    upload_id: Number,
    file: UploadFile,
    content_range: ContentRange = None,
) -> dict[str, Any]:
    """Take another chunk."""
    part = parse_content_range(content_range, file.size or 0)
    upload, offset = _files(request).continue_upload(principal, upload_id, part, file.file)
    return _describe_upload(request, upload, offset)


@router.post("/chunked_upload/{upload_id}/")
def complete_upload(
    request: Request, principal: Authenticated, upload_id: Number, body: UploadEnd
) -> dict[str, Any]:
    """End an upload: all chunks came, and this is their MD5."""
    upload = _files(request).complete_upload(principal, upload_id, body.md5)
    return _describe_upload(request, upload, upload.size_bytes)


@router.get("/chunked_upload/{upload_id}/")
def get_upload(request: Request, principal: Authenticated, upload_id: Number) -> dict[str, Any]:
    """Return how far an upload is; `completed_at` is set once it has ended."""
    upload = _files(request).get_upload(principal, upload_id)
    return _describe_upload(request, upload, _files(request).find_offset(upload))


_DATA_FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "chunked_upload": {"type": "integer"},
                    },
                }
            },
            "application/json": {"schema": FileOfUpload.model_json_schema()},
        },
    }
}


@router.post("/data_files/", status_code=201, openapi_extra=_DATA_FILE_BODY)
async def create_data_file(request: Request, principal: Authenticated) -> dict[str, Any]:
    """Keep a file: as the part `file` of a form, or `{chunked_upload: id}` for one that came in chunks."""
    service = _files(request)
    if "json" in request.headers.get("content-type", ""):
        upload_id = _read_upload_id(await request.body())
        made = await run_in_threadpool(service.create_data_file_of_upload, principal, upload_id)
        return _describe_data_file(request, made)
    async with request.form(max_files=1, max_fields=10) as form:
        file, number = form.get("file"), form.get("chunked_upload")
        if isinstance(file, FormFile):
            made = await run_in_threadpool(
                service.create_data_file, principal, file.filename or "file", file.file
            )
        elif isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 19:
            made = await run_in_threadpool(service.create_data_file_of_upload, principal, int(number))
        else:
            raise InvalidError("The form has neither a `file` nor the id of a `chunked_upload`.")
    return _describe_data_file(request, made)


@router.get("/data_files/{file_id}/")
def get_data_file(request: Request, principal: Authenticated, file_id: Number) -> dict[str, Any]:
    """Return a data file."""
    return _describe_data_file(request, _files(request).get_data_file(principal, file_id))


@router.get("/data_files/{file_id}/content/", response_class=FileResponse)
def get_data_file_content(request: Request, principal: Authenticated, file_id: Number) -> Response:
    """Return the bytes of a data file; answers to Range."""
    found = _files(request).get_data_file(principal, file_id)
    return file_response(request.app.state.services.files, found.digest, found.name)


@router.post("/data_files/verify_checksums/")
def verify_checksums(request: Request, principal: Authenticated, body: Checksums) -> dict[str, Any]:
    """Say which files are here already, by their SHA-1."""
    return {"existing_checksums": _files(request).find_checksums(principal, body.checksums)}


@router.get("/storages/")
def list_storages(
    request: Request,
    principal: Authenticated,
    category: Annotated[str | None, Query(max_length=100)] = None,
) -> dict[str, Any]:
    """List the storages of the workspace."""
    found = _storages(request).list_storages(principal, category=category)
    items = [_describe_storage(storage) for storage in found]
    return build_page(request, items, limit=len(items) + 1, last=None)


@router.get("/storages/{storage_id}/")
def get_storage(
    request: Request, principal: Authenticated, storage_id: Number, with_configuration: bool = False
) -> dict[str, Any]:
    """Return a storage; with its configuration for those who may write."""
    found = _storages(request).get_storage(principal, storage_id, with_configuration=with_configuration)
    return _describe_storage(found)


@router.post("/storages/{storage_id}/session/", status_code=404, response_model=None)
def open_session(request: Request, principal: Authenticated, storage_id: Number) -> NoReturn:
    """Answer that there are no sessions: clients then ask for the storage itself."""
    raise NotFoundError(
        "This server opens no storage sessions.", hint="GET storages/{id}/?with_configuration=true instead."
    )


def _read_upload_id(body: bytes) -> int:
    try:
        return FileOfUpload.model_validate_json(body).chunked_upload
    except FieldsError as error:
        problems = [
            {"loc": list(item["loc"]) or ["body"], "msg": item["msg"], "type": item["type"], "input": None}
            for item in error.errors()
        ]
        raise InvalidError.of_fields(problems) from error


def _describe_upload(request: Request, upload: ChunkedUpload, offset: int) -> dict[str, Any]:
    return {
        "id": upload.id,
        # On the caller's own host: the next chunk goes there as it is.
        "url": f"{request.base_url}chunked_upload/{upload.id}/",
        "offset": offset,
        "filename": upload.filename,
        "size": upload.size_bytes,
        "checksum": upload.md5,
        "digest": upload.digest,
        "completed_at": None if upload.completed_at is None else iso_z(upload.completed_at),
    }


def _describe_data_file(request: Request, found: DataFile) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "file": f"{request.base_url}data_files/{found.id}/content/",
        "checksum": found.checksum,
        "digest": found.digest,
        "size": found.size_bytes,
        "created_by": found.created_by,
        "created_at": iso_z(found.created_at),
    }


def _describe_storage(storage: Storage) -> dict[str, Any]:
    return {
        "id": storage.id,
        "name": storage.name,
        "category": storage.category,
        "provider": storage.provider,
        "configuration": storage.configuration,
        "is_default": storage.is_default,
        "created_at": iso_z(storage.created_at),
    }
