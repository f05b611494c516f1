"""Paths that stay in a storage."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from synapse_sdk.storage_providers.errors import StoragePermissionError


def split_path(path: str) -> tuple[str, ...]:
    """Return the parts of a path that counts from a storage's root, whether it begins with a slash or not.

    Raises:
        StoragePermissionError: It leads out, by `..`, or can be no path.
    """
    parts = tuple(part for part in PurePosixPath(path).parts if part.strip("/"))
    if ".." in parts or "\0" in path:
        raise leads_out(path)
    return parts


def find_inside(root: Path, path: str) -> Path:
    """Return a path below a folder; nothing needs to be there.

    Raises:
        StoragePermissionError: It leads out, by `..` or by a link.
    """
    found = root.joinpath(*split_path(path))
    if not found.resolve().is_relative_to(root.resolve()):
        raise leads_out(path)
    return found


def leads_out(path: str) -> StoragePermissionError:
    """Say that a path is not in its storage."""
    return StoragePermissionError(
        f"A path of a storage stays in it; {path!r} would not.",
        {"path": path},
        hint="Give it relative to the storage, without '..'.",
    )
