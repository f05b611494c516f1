"""Bytes kept under their own digest: stored once, never changed, found by what they are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.digests import digest_file
from synapse_sdk.storage.copying import copy_file, sync_folder
from synapse_sdk.storage.errors import BlobNotFoundError, StorageError, explain_disk_errors
from synapse_sdk.storage.partials import remove_abandoned_partials

_DIGEST = re.compile(r"sha256:([0-9a-f]{2})([0-9a-f]{62})")


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of stored bytes."""

    digest: str
    size_bytes: int


class BlobStore:
    """A folder of blobs: `sha256/ab/<the other 62 digits>`, each a read-only file.

    A blob appears whole or not at all. Any number of processes may write at once. The folder itself is made
    by the first write.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_file(self, path: Path) -> Blob:
        """Store a copy of the file at `path`; bytes that are already here are not stored again.

        Raises:
            DiskFullError: There is no room. Nothing of the copy stays behind.
        """
        with explain_disk_errors(self._root, needed_bytes=path.stat().st_size):
            self._root.mkdir(parents=True, exist_ok=True)
            remove_abandoned_partials(self._root)
            # Beside all shards rather than in one: the shard is known only when the last byte was hashed.
            partial = self._root / f".{os.getpid()}-{os.urandom(6).hex()}.partial"
            digest, size_bytes = copy_file(path, partial, mode=0o444)
            try:
                self._keep(partial, digest)
            finally:
                partial.unlink(missing_ok=True)
        return Blob(digest, size_bytes)

    def find(self, digest: str) -> Path | None:
        """Return the file of a blob, or None. Its bytes are not read."""
        path = self._path(digest)
        return path if path.is_file() else None

    def get(self, digest: str) -> Path:
        """Return the file of a blob.

        Raises:
            BlobNotFoundError: It is not here.
        """
        path = self.find(digest)
        if path is None:
            raise BlobNotFoundError(
                f"There is no blob {digest} in {self._root}.", {"digest": digest, "path": str(self._root)}
            )
        return path

    def _keep(self, partial: Path, digest: str) -> None:
        blob = self._path(digest)
        # The blob that is here may have been damaged since, through a link to it, say. A good copy at hand
        # mends it; trusting the name would spread the damage.
        if blob.is_file() and digest_file(blob)[0] == digest:
            return
        for folder in (blob.parent.parent, blob.parent):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                sync_folder(folder.parent)
        partial.replace(blob)
        sync_folder(blob.parent)

    def _path(self, digest: str) -> Path:
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise StorageError(
                f"Not a digest: {digest!r}. It is written sha256: and 64 hexadecimal digits.",
                {"digest": digest},
            )
        return self._root / "sha256" / match[1] / match[2]
