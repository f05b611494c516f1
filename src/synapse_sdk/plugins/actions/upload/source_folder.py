"""From a storage's id to the folder that its files lie in.

Source: interface sheet `platform.md` §3.2 and §5; `actions.md` §7.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.exceptions import UploadError
from synapse_sdk.storage_providers.errors import StoragePermissionError
from synapse_sdk.storage_providers.inside import find_inside


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


def check_apart(root: Path, assets: Mapping[str, Mapping[str, Any]]) -> None:
    """Check that each specification has a folder of its own: a file is one specification's.

    Args:
        root: The storage's.
        assets: Specification → `path`, `is_recursive`.

    Raises:
        UploadError: A path leads out or is no folder, or the files of one would be another's, too.
    """
    folders = {name: find_folder(root, asset["path"]).resolve() for name, asset in assets.items()}
    for (outer, above), (inner, below) in permutations(folders.items(), 2):
        if above == below or (assets[outer]["is_recursive"] and below.is_relative_to(above)):
            where = "the same folder" if above == below else "a folder in that of the other"
            raise UploadError(
                f"The assets {inner!r} and {outer!r} name {where}, {assets[inner]['path']!r}: "
                "whose a file there is could not be told.",
                {"assets": [inner, outer], "paths": [assets[inner]["path"], assets[outer]["path"]]},
                hint="Give each asset a folder of its own"
                + ("." if above == below else f", or set is_recursive of {outer!r} to false."),
            )


def _inside(root: Path, path: str) -> Path:
    relative = str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path
    try:
        return find_inside(root, relative)
    except StoragePermissionError as error:
        raise UploadError(
            f"An upload stays in its storage; {path!r} would not.", {"path": path}, hint=error.hint
        ) from error
