"""A folder of this machine as a storage.

Source: interface sheet `platform.md` §5. Unlike there, no path leads out of the folder, and the folder is
named by its whole path.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.storage_providers.access import iter_files
from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.config import LocalStorageConfig, parse_configuration
from synapse_sdk.storage_providers.errors import StorageConfigError, StorageUploadError
from synapse_sdk.storage_providers.inside import find_inside, leads_out
from synapse_sdk.storage_providers.registry import get_capabilities


class LocalStorage:
    """Files below one folder. The folder is made by the first upload."""

    capabilities: ClassVar[StorageCapabilities] = get_capabilities("local")

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        """Open it.

        Args:
            configuration: `location`, the folder's whole path.

        Raises:
            StorageConfigError: The location is none, or is a relative path.
        """
        config = parse_configuration(LocalStorageConfig, "local", configuration)
        self.base_path = _read_location(config.location)

    def upload(self, source: str | Path, target: str) -> str:
        """Copy a file to `target`, with the folders that it needs; return its `file://` address.

        Raises:
            StoragePermissionError: `target` leads out of the storage, or is the storage itself.
            StorageUploadError: It can not be read or written. What was there before still is.
        """
        place = self.get_pathlib(target)
        if place == self.base_path:
            raise leads_out(target)
        part = place.with_name(f".{uuid7()}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source, part)
                part.replace(place)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise StorageUploadError(
                f"{source} did not get to {target!r} in the storage: {error}.",
                {"source": str(source), "target": target},
            ) from error
        return place.as_uri()

    def exists(self, target: str) -> bool:
        """Is a file or folder there?"""
        return self.get_pathlib(target).exists()

    def get_url(self, target: str) -> str:
        """Return the `file://` address of a file."""
        return self.get_pathlib(target).as_uri()

    def get_pathlib(self, path: str) -> Path:
        """Return a file or folder.

        Raises:
            StoragePermissionError: It leads out of the storage, by `..` or by a link.
        """
        return find_inside(self.base_path, path)

    def get_path_file_count(self, pathlib_obj: Path) -> int:
        """Return how many files are below a path; 1 for a file."""
        return sum(1 for _ in iter_files(pathlib_obj))

    def get_path_total_size(self, pathlib_obj: Path) -> int:
        """Return how many bytes the files below a path have."""
        return sum(file.stat().st_size for file in iter_files(pathlib_obj))


def _read_location(location: str) -> Path:
    path = Path(location)
    if path.is_absolute() and "\0" not in location:
        return path
    raise StorageConfigError(
        f"The location of a local storage is a whole path, which {location!r} is not.",
        {"location": location},
        hint="A relative one would be another folder wherever a job happens to run. "
        "Write it from the root on, such as /srv/files.",
    )
