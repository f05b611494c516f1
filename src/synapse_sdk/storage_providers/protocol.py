"""`StorageProtocol`: what every provider can be asked.

Source: interface sheet `platform.md` §5.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class StorageProtocol(Protocol):
    """One storage. Paths are texts that count from its root; they never lead out of it."""

    def upload(self, source: str | Path, target: str) -> str:
        """Put a file of this machine into the storage; return its address.

        Raises:
            StorageUploadError: It did not get there. What was there before still is.
        """

    def exists(self, target: str) -> bool:
        """Is a file or folder there?"""

    def get_url(self, target: str) -> str:
        """Return the address of a file, which need not be there."""

    def get_pathlib(self, path: str) -> Any:
        """Return a file or folder as a path object; see `StoragePath`."""

    def get_path_file_count(self, pathlib_obj: Any) -> int:
        """Return how many files are below a path; 1 for a file."""

    def get_path_total_size(self, pathlib_obj: Any) -> int:
        """Return how many bytes the files below a path have."""
