"""Where the bytes of a content lie: a whole file, or a stretch of one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk.storage.errors import StorageError


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A stretch of a file that never changes. Nothing is read until it is asked for."""

    path: Path
    #: Where the bytes begin in the file; 0 in a file of their own.
    offset: int
    size_bytes: int

    @property
    def is_whole_file(self) -> bool:
        """Does the file hold nothing else? In a pack a header stands before every content."""
        return self.offset == 0

    def iter_chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `stop`, counted within the content, in pieces of a mebibyte.

        Raises:
            StorageError: The file ends before them.
        """
        left = (self.size_bytes if stop is None else min(stop, self.size_bytes)) - start
        with self.path.open("rb", buffering=0) as stream:
            stream.seek(self.offset + start)
            while left > 0:
                chunk = stream.read(min(left, CHUNK_BYTES))
                if not chunk:
                    raise StorageError(
                        f"{self.path} ends {left:,} bytes before its contents do.",
                        {"path": str(self.path), "missing_bytes": left},
                    )
                left -= len(chunk)
                yield chunk

    def read_bytes(self, limit_bytes: int | None = None) -> bytes:
        """Return all of it, or its first `limit_bytes`."""
        return b"".join(self.iter_chunks(0, limit_bytes))

    def compute_digest(self) -> str:
        """Read it once; return `sha256:…` of what is there."""
        digest = hashlib.sha256()
        for chunk in self.iter_chunks():
            digest.update(chunk)
        return f"sha256:{digest.hexdigest()}"
