"""One release: README, actions with their params, config, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from synapse_sdk.console.downloads import download
from synapse_sdk.console.params_form import Field, build_fields, build_sent_fields
from synapse_sdk.console.rendering import render
from synapse_sdk.console.services import Principal
from synapse_sdk.console.session import SignedIn, services_of
from synapse_sdk.storage.stored_bytes import StoredBytes

router = APIRouter()
FILE_ROWS = 500
#: Longer texts are downloads.
TEXT_MAX_BYTES = 512 * 1024


def find_fields(release: Any, action: str) -> list[Field] | None:
    """Return the fields of an action's params, None where the publisher could not tell them."""
    found = (release.schemas or {}).get(action) or {}
    schema, form = found.get("params"), found.get("ui_schema")
    if isinstance(schema, Mapping):
        return build_fields(schema)
    return build_sent_fields(form) if isinstance(form, list) else None


@router.get("/plugins/{code}/releases/{version}/")
def show_release(
    request: Request,
    visitor: SignedIn,
    code: str,
    version: str,
    after: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Show a release."""
    services, release = services_of(request), _get_release(request, visitor.principal, code, version)
    files = services.registry.releases.list_files(release, after=after, limit=FILE_ROWS)
    actions = [
        (name, action or {}, find_fields(release, name))
        for name, action in (release.config.get("actions") or {}).items()
    ]
    return render(
        request,
        "release.html",
        release=release,
        actions=actions,
        readme=None if after else _find_readme(request, release),
        files=files,
        after=after,
        next_after=files[-1].path if len(files) == FILE_ROWS else None,
    )


@router.get("/plugins/{code}/releases/{version}/files/{path:path}")
def show_file(
    request: Request, visitor: SignedIn, code: str, version: str, path: str, save: bool = False
) -> Response:
    """Show a text file of a release, or send any file to be saved."""
    services, release = services_of(request), _get_release(request, visitor.principal, code, version)
    item = services.registry.releases.get_file(release, path)
    file = services.files.get(item.digest)
    if save:
        return download(file, path.rpartition("/")[2])
    return render(request, "release_file.html", release=release, item=item, text=_read_text(file))


def _get_release(request: Request, principal: Principal, code: str, version: str) -> Any:
    return services_of(request).registry.releases.get_release(principal, f"{code}@{version}")


def _find_readme(request: Request, release: Any) -> str | None:
    services = services_of(request)
    name = str(release.config.get("readme") or "README.md")
    for item in services.registry.releases.list_files(release, limit=FILE_ROWS):
        if item.path.lower() == name.lower():
            return _read_text(services.files.get(item.digest))
    return None


def _read_text(stored: StoredBytes) -> str | None:
    """Return a file's text, None for what is too long or no text."""
    if stored.size_bytes > TEXT_MAX_BYTES:
        return None
    try:
        text = stored.read_bytes().decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
