"""What can go wrong with bytes on a disk.

```text
StorageError             a file or folder can not be read or written
├── DiskFullError        there is no room: the disk, a quota, or the process's file-size limit
└── BlobNotFoundError    no blob has this digest
```
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.units import format_size

#: How a person moves what Synapse keeps for itself.
DATA_ELSEWHERE = "choose another data folder with SYNAPSE_DATA_DIR"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


class StorageError(SynapseError):
    """A file or folder can not be read or written."""


class DiskFullError(StorageError):
    """There is no room for what was to be written. `details`: path, needed_bytes, errno."""

    @classmethod
    def at(cls, folder: Path, needed_bytes: int, cause: OSError, *, elsewhere: str) -> DiskFullError:
        """Build the error for a write below `folder` that the system refused with `cause`."""
        return cls(
            f"There is no room for {format_size(needed_bytes)} in {folder}: {os.strerror(cause.errno or 0)}. "
            "Nothing was saved.",
            {"path": str(folder), "needed_bytes": needed_bytes, "errno": cause.errno},
            hint=_way_on(folder, cause, elsewhere),
        )


class BlobNotFoundError(StorageError):
    """No blob has this digest."""


@contextmanager
def explain_disk_errors(
    folder: Path, *, needed_bytes: int, elsewhere: str = DATA_ELSEWHERE
) -> Iterator[None]:
    """Give a full disk and a refused access our names; every other error travels as it is.

    Args:
        folder: Where the body writes.
        needed_bytes: How much it writes in all, near enough for a person to make room.
        elsewhere: How a person chooses another place; begins with "choose".
    """
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise DiskFullError.at(folder, needed_bytes, exc, elsewhere=elsewhere) from exc
        if exc.errno in _REFUSED:
            place = Path(exc.filename or folder)
            raise StorageError(
                f"{place} can not be used: {os.strerror(exc.errno or 0)}. Nothing was saved.",
                {"path": str(place), "errno": exc.errno},
                hint=f"Allow it, or {elsewhere}."
                if place.is_relative_to(folder) or folder.is_relative_to(place)
                else "Allow this user to read it.",
            ) from exc
        raise


def _way_on(folder: Path, cause: OSError, elsewhere: str) -> str:
    if cause.errno == errno.EFBIG:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if limit != resource.RLIM_INFINITY:
            return f"This process may write files of {format_size(limit)} at most; raise that with: ulimit -f"
        return f"The file system does not take files of this size: {elsewhere}."
    if cause.errno == errno.EDQUOT:
        return f"Your quota there is used up: remove something, or {elsewhere}."
    free = next((shutil.disk_usage(place).free for place in (folder, *folder.parents) if place.exists()), 0)
    return f"{format_size(free)} are free there: make room, or {elsewhere}."
