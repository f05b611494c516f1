"""`POST plugin_releases/`: ours, contents first; and the vendor's, one zip."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError, with_config
from starlette.concurrency import run_in_threadpool
from typing_extensions import TypedDict

from synapse_sdk._internal.clock import iso_z
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.server.http import InvalidError, Principal
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.once import KEY_LIMIT, Once
from synapse_sdk.server.http.openapi import REF_TEMPLATE
from synapse_sdk.server.registry.body import Body
from synapse_sdk.server.registry.content_routes import DIGEST_PATTERN
from synapse_sdk.server.registry.manifest import FILE_LIMIT, SIZE_LIMIT_BYTES
from synapse_sdk.server.registry.models import Difference, NewRelease, Published
from synapse_sdk.server.registry.new_release import build_new_release, find_warnings
from synapse_sdk.server.registry.service import RegistryService
from synapse_sdk.server.registry.vendor_form import is_multipart, received_form
from synapse_sdk.server.registry.vendor_upload import VendorUpload, receive_upload

router = APIRouter(tags=["releases"], route_class=GuardedRoute)

BODY_LIMIT_BYTES = 64 * 1024**2


@with_config(ConfigDict(extra="forbid"))
class SentFile(TypedDict):
    """A file of a manifest. Of thousands, dicts are made in half the time of models."""

    path: Annotated[str, Field(min_length=1, description="Relative, with / between the parts.")]
    mode: Literal["644", "755"]
    size_bytes: Annotated[int, Field(ge=0, le=SIZE_LIMIT_BYTES)]
    digest: Annotated[str, Field(pattern=DIGEST_PATTERN)]


@with_config(ConfigDict(extra="forbid"))
class SentDifference(TypedDict):
    """How the files are different from those of a release that is here."""

    base: Annotated[str, Field(pattern=DIGEST_PATTERN, description="Digest of that release.")]
    changed: Annotated[list[SentFile], Field(max_length=FILE_LIMIT)]
    removed: Annotated[list[str], Field(max_length=FILE_LIMIT, description="Paths that only the base has.")]


class SentLock(BaseModel):
    """The lock: a content of the workspace."""

    model_config = ConfigDict(extra="forbid")

    digest: str = Field(pattern=DIGEST_PATTERN)
    size_bytes: int = Field(ge=0)


class ReleaseRequest(BaseModel):
    """A release. All its contents were sent to `blobs/` before."""

    model_config = ConfigDict(extra="forbid")

    plugin: str = Field(min_length=1, max_length=200, description="Code of the plugin.")
    version: str = Field(min_length=1, max_length=200)
    manifest: list[SentFile] | None = Field(
        default=None,
        min_length=1,
        max_length=FILE_LIMIT,
        description="All files, or see `difference`.",
    )
    difference: SentDifference | None = None
    config: dict[str, Any] = Field(description="config.yaml as its author wrote it.")
    lock: SentLock | None = None
    schemas: dict[str, Any] | None = Field(
        default=None,
        description="By action: JSON schemas of `params` and `result`, and the form `ui_schema`.",
    )
    digest: str = Field(pattern=DIGEST_PATTERN, description="Identity of the release, as computed there.")
    is_draft: bool = Field(default=False, description="For its author alone; not checked by policy.")


_TEXT = {"type": "string"}
_BODIES = {
    "required": True,
    "content": {
        "application/json": {"schema": ReleaseRequest.model_json_schema(ref_template=REF_TEMPLATE)},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["plugin", "version", "file"],
                "properties": {
                    **dict.fromkeys(("plugin", "version", "config", "debug"), _TEXT),
                    "file": {**_TEXT, "format": "binary", "description": "The plugin's folder as a zip."},
                },
            }
        },
    },
}


@router.post(
    "/plugin_releases/",
    status_code=201,
    openapi_extra={"requestBody": _BODIES},
    responses={200: {"description": "The very same release was here already."}},
)
async def publish(
    request: Request,
    response: Response,
    principal: Authenticated,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=KEY_LIMIT)] = None,
) -> dict[str, Any]:
    """Publish a release; the very same one again is the release that is there (200)."""
    service: RegistryService = request.app.state.services.registry
    if is_multipart(request):
        # A second one is the same release, with or without a key.
        async with received_form(request) as form:
            published, new = await run_in_threadpool(_publish_upload, service, principal, form)
    else:
        body = await Body(request).read(limit_bytes=BODY_LIMIT_BYTES)
        published, new = await run_in_threadpool(_publish_json, service, principal, body, key)
    response.status_code = 201 if published.is_new else 200
    return describe_published(published, new)


def _publish_json(
    service: RegistryService, principal: Principal, body: bytes, key: str | None
) -> tuple[Published, NewRelease]:
    sent = _parse(body)
    new = build_new_release(
        code=sent.plugin,
        version=sent.version,
        files=_find_files(service, principal, sent),
        config=sent.config,
        lock_digest=sent.lock.digest if sent.lock else None,
        schemas=sent.schemas,
        is_draft=sent.is_draft,
        source="synapse",
        digest=sent.digest,
    )
    request_hash = hashlib.sha256(b"POST /plugin_releases/\n" + body).hexdigest()
    once = Once(principal.workspace_id, principal.name, key, request_hash)
    return service.releases.publish(principal, new, once=once), new


def _find_files(
    service: RegistryService, principal: Principal, sent: ReleaseRequest
) -> list[ManifestFile] | Difference:
    if (sent.manifest is None) == (sent.difference is None):
        raise InvalidError("A release is sent with its `manifest`, or with a `difference`: one of the two.")
    if sent.difference is None:
        return [_as_file(file) for file in sent.manifest or ()]
    base = service.releases.find_base(principal, sent.plugin, sent.difference["base"])
    return Difference(
        base_id=base.id,
        base=service.releases.load_files(base),
        changed=tuple(_as_file(file) for file in sent.difference["changed"]),
        removed=frozenset(sent.difference["removed"]),
    )


def _as_file(file: SentFile) -> ManifestFile:
    return ManifestFile(file["path"], int(file["mode"], 8), file["size_bytes"], file["digest"])


def _publish_upload(
    service: RegistryService, principal: Principal, upload: VendorUpload
) -> tuple[Published, NewRelease]:
    service.releases.require_publish(principal, is_draft=upload.debug.strip().lower() == "true")
    new = receive_upload(service.contents, principal, upload)
    return service.releases.publish(principal, new), new


def _parse(body: bytes) -> ReleaseRequest:
    try:
        return ReleaseRequest.model_validate_json(body)
    except ValidationError as error:
        raise InvalidError.of_fields(
            [
                {
                    "loc": list(item["loc"]) or ["body"],
                    "msg": item["msg"],
                    "type": item["type"],
                    "input": repr(item["input"])[:200],
                }
                for item in error.errors(include_url=False)[:20]
            ]
        ) from error


def describe_published(published: Published, new: NewRelease) -> dict[str, Any]:
    """Return what became of it as JSON."""
    release = published.release
    return {
        "id": release.id,
        "plugin": release.plugin_code,
        "version": release.version,
        "digest": release.digest,
        "is_draft": release.is_draft,
        "is_new": published.is_new,
        "file_count": release.file_count,
        "size_bytes": release.size_bytes,
        "lock_digest": release.lock_digest,
        "created_at": iso_z(release.created_at),
        "warnings": list(find_warnings(new)),
    }
