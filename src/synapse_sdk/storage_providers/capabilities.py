"""What paths of a provider can do, and what all of them look like.

Source: interface sheet `platform.md` §5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict


class StorageCapabilities(BaseModel):
    """What storages of one provider can do."""

    model_config = ConfigDict(frozen=True)

    #: Paths have `glob()` and `rglob()`.
    glob: bool = False
    #: Paths have `iterdir()`.
    iterdir: bool = False
    #: Paths have `open()`.
    open: bool = True
    #: Folders exist by themselves, and can be made.
    mkdir: bool = False
    #: What is opened can be read from any place on.
    random_access: bool = False
    #: A file gets another name without its bytes being moved.
    rename: bool = False
    #: Files are somewhere else: `materialize` brings a copy here.
    materialize: bool = True
    #: Files can be written by an address that the server signs.
    presigned_upload: bool = False
    #: A folder is listed with sizes and times by one request.
    bulk_scandir: bool = False
    #: `A.png` and `a.png` are two files; None where that is up to the machine behind it.
    case_sensitive: bool | None = None


@runtime_checkable
class StoragePath(Protocol):
    """A file or folder of a storage: the part of `pathlib.Path` that every provider has.

    What a provider can not do, such as listing over HTTP, raises `StorageCapabilityError`.
    """

    @property
    def name(self) -> str:
        """The last part."""

    @property
    def suffix(self) -> str:
        """The last part from its last dot on."""

    @property
    def stem(self) -> str:
        """The last part without its suffix."""

    @property
    def parent(self) -> Any:
        """The folder that it is in."""

    def __truediv__(self, other: str) -> Any:
        """Return a path below it."""

    def exists(self) -> bool:
        """Is anything there?"""

    def is_file(self) -> bool:
        """Is a file there?"""

    def is_dir(self) -> bool:
        """Is a folder there?"""

    def iterdir(self) -> Iterator[Any]:
        """Yield what is in a folder."""

    def open(self, mode: str = "r") -> IO[Any]:
        """Open a file."""

    def read_bytes(self) -> bytes:
        """Return a file's bytes."""


def conservative_case_sensitivity(capabilities: StorageCapabilities | None) -> bool:
    """Are two names that differ only in case surely two files?  Where that is not known: no."""
    return capabilities is not None and capabilities.case_sensitive is True
