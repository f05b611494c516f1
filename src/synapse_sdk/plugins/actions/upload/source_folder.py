"""From a storage's id to the folder that its files lie in.

Source: interface sheet `platform.md` §3.2 and §5; `actions.md` §7.2.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from synapse_sdk.plugins.actions.upload.exceptions import UploadError


def find_folder(root: Path, path: str) -> Path:
    """Return a folder of a storage.

    Raises:
        UploadError: `path` leads out of it, or there is no such folder.
    """
    folder = _inside(root, path)
    if not folder.is_dir():
        raise UploadError(f"There is no folder {path!r} in the storage.", {"path": path, "root": str(root)})
    return folder


def find_file(root: Path, path: str) -> Path:
    """Return a file of a storage.

    Raises:
        UploadError: `path` leads out of it, or there is no such file.
    """
    file = _inside(root, path)
    if not file.is_file():
        raise UploadError(f"There is no file {path!r} in the storage.", {"path": path, "root": str(root)})
    return file


def _inside(root: Path, path: str) -> Path:
    parts = [part for part in PurePosixPath(path).parts if part != "/"]
    found = Path(path) if Path(path).is_relative_to(root) else root.joinpath(*parts)
    if "\0" in path or ".." in parts or not found.resolve().is_relative_to(root.resolve()):
        raise UploadError(
            f"An upload stays in its storage; {path!r} would not.",
            {"path": path},
            hint="Give it relative to the storage, without '..'.",
        )
    return found
