"""The bytes of a planned file, as they were when the plan was made."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.manifest.names import from_manifest_name
from synapse_sdk.plugins.errors import ArchiveError


class PlannedFile(NamedTuple):
    """A file that travels, and where its bytes are now."""

    file: ManifestFile
    #: What the file's path begins in.
    folder: Path
    #: Where its bytes are, if that is not there: those of a config given with `--config`.
    elsewhere: Path | None = None

    @property
    def location(self) -> Path:
        """Where its bytes are."""
        return Path(self.address)

    @property
    def address(self) -> str:
        """The same as text: of 10,000 files, to make paths takes as long as to read them."""
        if self.elsewhere is not None:
            return str(self.elsewhere)
        return f"{self.folder}/{from_manifest_name(self.file.path)}"


def iter_contents(planned: PlannedFile) -> Iterator[bytes]:
    """Yield the file's bytes in pieces.

    Raises:
        ArchiveError: It can not be read, or its bytes are not those that the plan has the digest of. Known
            only after the last piece, so use nothing of it before.
    """
    file = planned.file
    digest, left = hashlib.sha256(), file.size_bytes
    try:
        # Without waiting for a pipe's writer: the file may have been replaced since.
        descriptor = os.open(planned.location, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _changed(file)
            while left >= 0 and (chunk := stream.read(CHUNK_BYTES)):
                digest.update(chunk)
                left -= len(chunk)
                if left >= 0:
                    yield chunk
    except OSError as error:
        raise ArchiveError(
            f"{file.path} can not be read any more: {error.strerror}.",
            {"path": file.path},
            hint="Run the command again when nothing changes the folder.",
        ) from error
    if left or f"sha256:{digest.hexdigest()}" != file.digest:
        raise _changed(file)


def _changed(file: ManifestFile) -> ArchiveError:
    return ArchiveError(
        f"{file.path} changed while it was being packed.",
        {"path": file.path, "expected": file.digest},
        hint="Run the command again when nothing changes the folder.",
    )
