"""ReleasePlan → one repeatable zip. The only file of this room that writes.

The same plan gives the same bytes with the same Python and zlib. Another zlib may deflate to other bytes; the
release's identity is therefore its plan's digest, never the archive's.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.atomic_write import written_beside
from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk.packaging.contents import PlannedFile, iter_contents
from synapse_sdk.packaging.plan import ReleasePlan
from synapse_sdk.plugins.errors import ArchiveError

#: The oldest moment that a zip entry can carry. A fixed one makes the archive independent of the clock.
EPOCH = (1980, 1, 1, 0, 0, 0)
#: 3 = Unix. zipfile would stamp the machine it runs on.
CREATE_SYSTEM = 3


@dataclass(frozen=True, slots=True)
class Archive:
    """A written archive."""

    path: Path
    size_bytes: int
    #: Of the archive's bytes, as `sha256:<hex>`. Good for a transfer; the release is known by its own digest.
    digest: str


def write_archive(plan: ReleasePlan, destination: Path) -> Archive:
    """Write the planned files as a zip at `destination`, whose folder must exist.

    Every file is compared with the plan while it is packed. The archive is written beside and renamed, so
    whatever fails, `destination` is what it was before.

    Raises:
        SecretFoundError: The plan has findings that nobody allowed.
        ArchiveError: A file is not what it was when it was planned, or the archive can not be written.
    """
    plan.require_no_secrets()
    try:
        with written_beside(destination) as stream:
            with zipfile.ZipFile(stream, "w") as archive:
                for planned in plan.files:
                    _add(archive, planned)
            stream.seek(0)
            digest, size_bytes = hashlib.sha256(), 0
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
                size_bytes += len(chunk)
    except OSError as error:
        raise ArchiveError(
            f"{destination} can not be written: {error.strerror or error}.",
            {"path": str(destination)},
            hint="Make room, or choose another place.",
        ) from error
    return Archive(destination, size_bytes, f"sha256:{digest.hexdigest()}")


def _add(archive: zipfile.ZipFile, planned: PlannedFile) -> None:
    file = planned.file
    chunks = iter_contents(planned)
    first = next(chunks, b"")
    info = zipfile.ZipInfo(file.path, date_time=EPOCH)
    info.create_system = CREATE_SYSTEM
    info.external_attr = (stat.S_IFREG | file.mode) << 16
    # Known before writing, so that zipfile chooses the large-file format by size alone.
    info.file_size = file.size_bytes
    # Images, weights and wheels do not shrink. Their first piece tells, and is the same on every machine.
    shrinks = len(zlib.compress(first)) < len(first)
    info.compress_type = zipfile.ZIP_DEFLATED if shrinks else zipfile.ZIP_STORED
    with archive.open(info, "w") as entry:
        entry.write(first)
        for chunk in chunks:
            entry.write(chunk)
