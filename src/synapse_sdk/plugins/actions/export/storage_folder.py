"""From a storage's id to a folder that can be written to.

Source: interface sheet `actions.md` §6.3, `platform.md` §3.2 and §5.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from synapse_sdk.clients.errors import HTTPError
from synapse_sdk.plugins.errors import ExecutionError

#: Names of the provider whose files lie in a folder.
_FOLDERS = ("local", "file_system")
#: A server that opens no sessions answers so.
_NO_SESSIONS = (404, 405)


def open_storage(client: Any, storage_id: int) -> dict[str, Any]:
    """Return how a storage is written to: `provider` and `configuration`.

    Raises:
        ClientError: There is none of that id, or it may not be written to.
    """
    try:
        return {"id": storage_id, **client.open_storage_session(storage_id, "write")}
    except HTTPError as error:
        if error.status_code not in _NO_SESSIONS:
            raise
    return dict(client.get_storage(storage_id))


def find_storage_root(storage: dict[str, Any]) -> Path:
    """Return the folder that a storage is.

    Raises:
        ExecutionError: It is none, or that folder is not on this machine.
    """
    provider, location = storage.get("provider"), (storage.get("configuration") or {}).get("location")
    facts = {"storage": storage.get("id"), "provider": provider}
    if provider not in _FOLDERS or not location:
        raise ExecutionError(
            f"Storage {storage.get('id')} is of the kind {provider!r}, which this version can not write to.",
            facts,
            hint=f"Kinds that it can write to: {', '.join(_FOLDERS)}.",
        )
    root = Path(location)
    if not root.is_dir():
        raise ExecutionError(
            f"The folder of storage {storage.get('id')} is not on this machine: {root}.",
            {**facts, "location": str(root)},
            hint="Run the export on an agent that sees this folder under this path.",
        )
    return root


def make_export_folder(root: Path, path: str, name: str) -> Path:
    """Make and return a folder of its own for an export: `<path>/<name>`, else `<name>(1)`, `<name>(2)`, ….

    Raises:
        ExecutionError: `path` or `name` leads out of the storage.
    """
    parts = _safe_parts(name, "name")
    if len(parts) != 1:
        raise ExecutionError(f"The name of an export is one part of a path, not {name!r}.", {"name": name})
    parent = make_path_in_storage(root, path)
    number = 0
    while True:
        folder = parent / (f"{name}({number})" if number else name)
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def make_path_in_storage(root: Path, path: str) -> Path:
    """Make and return a folder in a storage.

    Raises:
        ExecutionError: `path` leads out of it.
    """
    folder = root.joinpath(*_safe_parts(path, "path"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _safe_parts(path: str, what: str) -> tuple[str, ...]:
    parts = tuple(part for part in PurePosixPath(path).parts if part != "/")
    if ".." in parts or "\0" in path or "\\" in path:
        raise ExecutionError(
            f"The {what} of an export stays in its storage; {path!r} would not.",
            {what: path},
            hint="Give it relative to the storage, without '..'.",
        )
    return parts
