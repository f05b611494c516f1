"""What storages behind fsspec have in common: paths of universal_pathlib, and errors of ours.

Source: interface sheet `platform.md` §5; fsspec's "Built-in implementations": a file system's own
library is imported when it is asked for.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from synapse_sdk._internal.extras import install_command, require
from synapse_sdk.storage_providers.access import iter_files
from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.errors import (
    StorageConnectionError,
    StorageNotFoundError,
    StoragePermissionError,
    StorageUploadError,
)
from synapse_sdk.storage_providers.inside import leads_out, split_path


class FsspecStorage(ABC):
    """A storage whose paths are `upath.UPath`. Derive from it, and say where it is."""

    capabilities: ClassVar[StorageCapabilities]
    #: The extra that brings its libraries, and those that it needs.
    extra: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def protocol(self) -> str:
        """How fsspec calls it."""

    @property
    @abstractmethod
    def root(self) -> str:
        """Its root, as fsspec names it, without a slash at its end."""

    @property
    @abstractmethod
    def base_url(self) -> str:
        """The address of its root, without a slash at its end; it holds no secret."""

    @abstractmethod
    def describe_access(self) -> dict[str, Any]:
        """Return what fsspec opens the file system with."""

    def require_libraries(self) -> None:
        """Import what it needs.

        Raises:
            MissingExtraError: A library is not installed; the message says which, and the hint how to get it.
        """
        for library in ("upath", *self.libraries):
            why = f"reach a storage of the kind {self.extra!r}"
            require(library, install=install_command(self.extra), why=why)

    def get_pathlib(self, path: str) -> Any:
        """Return a file or folder.

        Raises:
            StoragePermissionError: It leads out of the storage, or we are not admitted.
            StorageConnectionError: The storage can not be reached.
            MissingExtraError: A library is not installed.
        """
        parts = split_path(path)
        self.require_libraries()
        from upath import UPath

        with told_as_ours(self.base_url):
            root = UPath(f"{self.protocol}://{self.root}", protocol=self.protocol, **self.describe_access())
            return root.joinpath(*parts) if parts else root

    def upload(self, source: str | Path, target: str) -> str:
        """Copy a file of this machine to `target`; return its address.

        Raises:
            StoragePermissionError: `target` leads out of the storage, or is the storage itself.
            StorageUploadError: It did not get there. What was there before still is.
        """
        if not split_path(target):
            raise leads_out(target)
        place = self.get_pathlib(target)
        try:
            if self.capabilities.mkdir:
                place.parent.mkdir(parents=True, exist_ok=True)
            if self.capabilities.rename:
                _write_beside(Path(source), place)
            else:
                # Not `open("wb")`, which keeps as an object what was written until it broke off.
                place.fs.put_file(str(source), place.path)
        except Exception as error:  # border of foreign code: each file system has errors of its own
            raise StorageUploadError(
                f"{source} did not get to {target!r} in the storage: {error or type(error).__name__}.",
                {"source": str(source), "target": target},
            ) from error
        return self.get_url(target)

    def exists(self, target: str) -> bool:
        """Is a file or folder there?"""
        path = self.get_pathlib(target)
        with told_as_ours(self.base_url):
            return bool(path.exists())

    def get_url(self, target: str) -> str:
        """Return the address of a file."""
        return "/".join([self.base_url, *split_path(target)])

    def get_path_file_count(self, pathlib_obj: Any) -> int:
        """Return how many files are below a path; 1 for a file."""
        with told_as_ours(self.base_url):
            return sum(1 for _ in iter_files(pathlib_obj))

    def get_path_total_size(self, pathlib_obj: Any) -> int:
        """Return how many bytes the files below a path have."""
        with told_as_ours(self.base_url):
            return sum(file.stat().st_size for file in iter_files(pathlib_obj))


def _write_beside(source: Path, place: Any) -> None:
    """Write to another file of the storage, in the `temppath` of its file system, and rename it."""
    with source.open("rb") as read:
        part = place.fs.open(place.path, "wb", autocommit=False)
        try:
            with part as written:
                shutil.copyfileobj(read, written)
        except BaseException:
            part.discard()
            raise
        part.commit()


@contextmanager
def told_as_ours(place: str) -> Iterator[None]:
    """Tell errors of the operating system's kind, which fsspec translates most to, as a storage's."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageNotFoundError(f"Nothing is there in {place}: {error}.", {"storage": place}) from error
    except PermissionError as error:
        raise StoragePermissionError(f"{place} is not for us: {error}.", {"storage": place}) from error
    except OSError as error:
        raise StorageConnectionError(f"{place} can not be reached: {error}.", {"storage": place}) from error
