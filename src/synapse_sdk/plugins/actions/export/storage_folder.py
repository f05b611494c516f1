"""From a storage's id to a folder that can be written to.

Source: interface sheet `actions.md` §6.3, `platform.md` §3.2 and §5.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.storage_providers.errors import StoragePermissionError
from synapse_sdk.storage_providers.inside import find_inside, split_path


def make_export_folder(root: Path, path: str, name: str) -> Path:
    """Make and return a folder of its own for an export: `<path>/<name>`, else `<name>(1)`, `<name>(2)`, ….

    Raises:
        ExecutionError: `path` or `name` leads out of the storage.
    """
    parts = _split_name(name)
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
    folder = _find_path(root, path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def list_missing(root: Path, path: str) -> list[Path]:
    """Return the folders that `make_path_in_storage` would make, the innermost first.

    Raises:
        ExecutionError: `path` leads out of the storage.
    """
    folder = _find_path(root, path)
    return [place for place in (folder, *folder.parents) if not place.exists()]


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders that are there and have nothing in them; inner ones come first."""
    for folder in folders:
        with suppress(OSError):  # somebody else has put something there, or has removed it
            folder.rmdir()


def _find_path(root: Path, path: str) -> Path:
    try:
        if "\\" not in path:  # some systems take it for a slash
            return find_inside(root, path)
    except StoragePermissionError as error:
        raise _leads_out(path, "path") from error
    raise _leads_out(path, "path")


def _split_name(name: str) -> tuple[str, ...]:
    try:
        if "\\" not in name:
            return split_path(name)
    except StoragePermissionError as error:
        raise _leads_out(name, "name") from error
    raise _leads_out(name, "name")


def _leads_out(path: str, what: str) -> ExecutionError:
    return ExecutionError(
        f"The {what} of an export stays in its storage; {path!r} would not.",
        {what: path},
        hint="Give it relative to the storage, without '..'.",
    )
