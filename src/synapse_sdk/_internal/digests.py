"""Content digests, always written `sha256:<hex>`."""

from __future__ import annotations

import hashlib
from pathlib import Path

#: Read size in bytes. Large enough to keep the disk busy, small enough to stay out of the way.
CHUNK_BYTES = 1024 * 1024


def digest_bytes(data: bytes) -> str:
    """Return the digest of `data`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def digest_file(path: Path) -> tuple[str, int]:
    """Read `path` once; return its digest and how many bytes were read."""
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return f"sha256:{digest.hexdigest()}", size_bytes
