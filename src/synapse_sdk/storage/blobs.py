"""Bytes kept under their own digest: stored once, never changed, found by what they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
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

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def put_file(self, path: Path) -> Blob:
        """Store a copy of the file at `path`; bytes that are already here are not stored again.

        Raises:
            DiskFullError: There is no room. Nothing of the copy stays behind.
        """
        with explain_disk_errors(self._root, needed_bytes=path.stat().st_size):
            self._root.mkdir(parents=True, exist_ok=True)
            remove_abandoned_partials(self._root)
            # Beside all shards rather than in one: the shard is known only when the last byte was hashed.
            partial = self.new_partial()
            digest, size_bytes = copy_file(path, partial, mode=0o444)
            try:
                self._keep(partial, digest)
            finally:
                partial.unlink(missing_ok=True)
        return Blob(digest, size_bytes)

    def adopt_file(self, path: Path, digest: str) -> None:
        """Take the file at `path` as a blob, by renaming it; what was at `path` is gone afterwards.

        Args:
            path: On the same file system as this folder, complete and synced, and nobody writes to it.
            digest: Of its bytes; the caller has computed it.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        path.chmod(0o444)
        self._keep(path, digest)
        path.unlink(missing_ok=True)

    def new_partial(self) -> Path:
        """Return a name for a file on its way in; beside all shards, and nobody else's."""
        return self._root / f".{os.getpid()}-{os.urandom(6).hex()}.partial"

    def place(self, partial: str, digest: str) -> bool:
        """Rename a whole file into its place, without syncing anything; see `BlobBatch`.

        Returns:
            False when the blob was here already, sound; `partial` is then untouched.
        """
        # Texts instead of paths: for 10,000 small blobs, making paths takes longer than the renames.
        match = self._match(digest)
        folder = f"{self._root}/sha256/{match[1]}"
        blob = f"{folder}/{match[2]}"
        if os.path.exists(blob) and self._is_here(Path(blob), digest):  # noqa: PTH110
            return False
        try:
            os.replace(partial, blob)  # noqa: PTH105
        except FileNotFoundError:
            Path(folder).mkdir(parents=True, exist_ok=True)
            os.replace(partial, blob)  # noqa: PTH105
        return True

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

    def iter_blobs(self) -> Iterator[tuple[Blob, float]]:
        """Yield every blob that is here with the moment of its last change, in seconds since 1970."""
        for file in sorted((self._root / "sha256").glob("??/" + "?" * 62)):
            status = file.stat()
            yield Blob(f"sha256:{file.parent.name}{file.name}", status.st_size), status.st_mtime

    def remove(self, digest: str) -> None:
        """Remove a blob that nothing names any more; one that is not here is fine."""
        self._path(digest).unlink(missing_ok=True)

    def _keep(self, partial: Path, digest: str) -> None:
        blob = self._path(digest)
        if self._is_here(blob, digest):
            return
        for folder in (blob.parent.parent, blob.parent):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                sync_folder(folder.parent)
        partial.replace(blob)
        sync_folder(blob.parent)

    @staticmethod
    def _is_here(blob: Path, digest: str) -> bool:
        # The blob that is here may have been damaged since, through a link to it, or by a power cut before it
        # was synced. A good copy at hand mends it; trusting the name would spread the damage.
        if not blob.is_file() or digest_file(blob)[0] != digest:
            return False
        # Whoever collects garbage spares what is young: somebody is about to name this one again.
        os.utime(blob)
        return True

    def _path(self, digest: str) -> Path:
        match = self._match(digest)
        return self._root / "sha256" / match[1] / match[2]

    @staticmethod
    def _match(digest: str) -> re.Match[str]:
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise StorageError(
                f"Not a digest: {digest!r}. It is written sha256: and 64 hexadecimal digits.",
                {"digest": digest},
            )
        return match
