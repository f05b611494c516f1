"""`plugins/` and `plugin_releases/`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from synapse_sdk._internal.clock import iso_z
from synapse_sdk.server.http import NotFoundError
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.paging import Limit, build_page
from synapse_sdk.server.registry.downloads import file_response, pack_response
from synapse_sdk.server.registry.models import Plugin, Release
from synapse_sdk.server.registry.service import RegistryService

router = APIRouter()
_plugins = APIRouter(prefix="/plugins", tags=["plugins"], route_class=GuardedRoute)
_releases = APIRouter(prefix="/plugin_releases", tags=["releases"], route_class=GuardedRoute)

_Id = Annotated[int | None, Query(ge=0, lt=2**63)]


def _service(request: Request) -> RegistryService:
    service: RegistryService = request.app.state.services.registry
    return service


@_plugins.get("/")
def list_plugins(
    request: Request,
    principal: Authenticated,
    limit: Limit = 100,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> dict[str, Any]:
    """List plugins, each with its latest release."""
    service = _service(request)
    found = service.releases.list_plugins(principal, after=after, limit=limit)
    items = [describe_plugin(plugin, service.releases.find_latest(plugin)) for plugin in found]
    return build_page(request, items, limit=limit, last=found[-1].id if found else None)


@_plugins.get("/{plugin}/")
def get_plugin(request: Request, principal: Authenticated, plugin: str) -> dict[str, Any]:
    """Return a plugin, by its code or id, with its latest release."""
    service = _service(request)
    found = service.releases.get_plugin(principal, plugin)
    return describe_plugin(found, service.releases.find_latest(found))


@_releases.get("/")
def list_releases(
    request: Request,
    principal: Authenticated,
    plugin: Annotated[str | None, Query(description="Code of a plugin.")] = None,
    limit: Limit = 100,
    after: _Id = None,
) -> dict[str, Any]:
    """List releases, newest first: published ones, and the asker's own drafts."""
    found, count = _service(request).releases.list_releases(principal, code=plugin, before=after, limit=limit)
    items = [describe_release(release) for release in found]
    return build_page(request, items, limit=limit, last=found[-1].id if found else None, count=count)


@_releases.get("/{lookup}/")
def get_release(
    request: Request,
    principal: Authenticated,
    lookup: str,
    expand: Annotated[str | None, Query(description="`plugin`: the plugin in place of its code.")] = None,
) -> dict[str, Any]:
    """Return a release, by its id or as `code@version`, with the schemas of its actions."""
    service = _service(request)
    release = service.releases.get_release(principal, lookup)
    shown = {**describe_release(release), "schemas": release.schemas}
    if expand is not None and "plugin" in expand.split(","):
        plugin = service.releases.get_plugin_of(release)
        shown["plugin"] = describe_plugin(plugin)
    return shown


@_releases.get("/{lookup}/files/")
def list_files(
    request: Request, principal: Authenticated, lookup: str, limit: Limit = 1000, after: str = ""
) -> dict[str, Any]:
    """List the files of a release in the order of their paths, with mode, size and digest."""
    service = _service(request)
    release = service.releases.get_release(principal, lookup)
    found = service.releases.list_files(release, after=after, limit=limit)
    last = found[-1].path if found else None
    items = [file.to_document() for file in found]
    return build_page(request, items, limit=limit, last=last, count=release.file_count)


@_releases.get("/{lookup}/files/{path:path}", response_class=FileResponse)
def get_file(request: Request, principal: Authenticated, lookup: str, path: str) -> Response:
    """Return the bytes of one file; answers to Range."""
    service = _service(request)
    file = service.releases.get_file(service.releases.get_release(principal, lookup), path)
    content = service.open_blob(principal.workspace_id, file.digest)
    return file_response(content, digest=file.digest, filename=path.rpartition("/")[2])


@_releases.get("/{lookup}/lock/", response_class=FileResponse)
def get_lock(request: Request, principal: Authenticated, lookup: str) -> Response:
    """Return the lock: a requirements file with exact versions and hashes."""
    service = _service(request)
    release = service.releases.get_release(principal, lookup)
    if release.lock_digest is None:
        raise NotFoundError(
            f"{release.plugin_code} {release.version} has no lock.", {"release": release.id, "lock": None}
        )
    content = service.open_blob(principal.workspace_id, release.lock_digest)
    return file_response(content, digest=release.lock_digest, filename="requirements.lock.txt")


@_releases.get("/{lookup}/archive/", response_class=StreamingResponse)
def get_archive(
    request: Request,
    principal: Authenticated,
    lookup: str,
    skip: Annotated[int, Query(ge=0, description="Contents to leave out: they came before.")] = 0,
) -> Response:
    """Return all contents of a release as one pack, each once, in the order of the manifest."""
    service = _service(request)
    release = service.releases.get_release(principal, lookup)
    return pack_response(service.files, service.releases.iter_files(release), skip=skip)


router.include_router(_plugins)
router.include_router(_releases)


def describe_plugin(plugin: Plugin, latest: Release | None = None) -> dict[str, Any]:
    """Return a plugin as JSON."""
    shown = ("id", "code", "name", "category", "description", "created_by")
    return {
        **{name: getattr(plugin, name) for name in shown},
        "created_at": iso_z(plugin.created_at),
        "latest_release": None if latest is None else describe_release(latest),
    }


def describe_release(release: Release) -> dict[str, Any]:
    """Return a release as JSON, without its schemas, which are long."""
    shown = (
        "id",
        "version",
        "digest",
        "is_draft",
        "created_by",
        "config",
        "lock_digest",
        "size_bytes",
        "file_count",
        "source",
    )
    return {
        **{name: getattr(release, name) for name in shown},
        "plugin": release.plugin_code,
        "plugin_id": release.plugin_id,
        "created_at": iso_z(release.created_at),
        "replaced_at": None if release.replaced_at is None else iso_z(release.replaced_at),
    }
