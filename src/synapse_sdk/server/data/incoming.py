"""Files on their way in: written in pieces, hashed when they are whole."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO, NamedTuple

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk.server.data.manifest import CONTENT_LIMIT_BYTES
from synapse_sdk.server.http import ConflictError, InvalidError, TooLargeError

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class ByteRange(NamedTuple):
    """Which part of a file a request brings; `stop` is the first byte after it."""

    start: int
    stop: int
    total: int


class Hashes(NamedTuple):
    """What a file is known by."""

    digest: str  # sha256:…
    md5: str
    sha1: str
    size_bytes: int


def parse_content_range(header: str | None, length: int) -> ByteRange:
    """Return what a `Content-Range` says of a part of `length` bytes; without one it is the whole file.

    Raises:
        InvalidError: It is malformed, or does not fit the bytes that came.
        TooLargeError: The file would be larger than the server takes.
    """
    if header is None:
        found = ByteRange(0, length, length)
    else:
        match = _CONTENT_RANGE.fullmatch(header.strip())
        if match is None:
            raise InvalidError(f"Content-Range is {header[:100]!r}; it is written: bytes 0-99/1000.")
        start, last, total = map(int, match.groups())
        found = ByteRange(start, last + 1, total)
    if found.total > CONTENT_LIMIT_BYTES:
        raise TooLargeError(
            f"The file has {found.total:,} bytes; {CONTENT_LIMIT_BYTES:,} is the most that is taken.",
            {"size_bytes": found.total, "limit_bytes": CONTENT_LIMIT_BYTES},
        )
    if found.stop - found.start != length or found.stop > found.total:
        raise InvalidError(
            f"Content-Range says bytes {found.start} to {found.stop - 1} of {found.total}, "
            f"but {length} bytes came."
        )
    return found


def write_part(path: Path, part: ByteRange, source: BinaryIO) -> int:
    """Write a part into the file at `path`, synced; return how far the file is then.

    Bytes that came before may come again.

    Raises:
        ConflictError: Bytes before this part are missing; `details["offset"]` is where to go on.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(descriptor, "r+b") as target:
        size_bytes = os.fstat(descriptor).st_size
        if part.start > size_bytes:
            raise ConflictError(
                f"The upload is at byte {size_bytes}; this part begins at {part.start}.",
                {"offset": size_bytes},
                hint="Go on at that offset.",
            )
        target.seek(part.start)
        while chunk := source.read(CHUNK_BYTES):
            target.write(chunk)
        target.flush()
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size


def hash_file(path: Path) -> Hashes:
    """Read a file once, for its digest and the checksums of the vendor's clients."""
    sha256, size_bytes = hashlib.sha256(), 0
    # Not for safety: the vendor's clients know files by these.
    md5, sha1 = hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            for one in (sha256, md5, sha1):
                one.update(chunk)
            size_bytes += len(chunk)
    return Hashes(f"sha256:{sha256.hexdigest()}", md5.hexdigest(), sha1.hexdigest(), size_bytes)
