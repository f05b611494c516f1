"""A compressed file → the streams inside it, one level deep and within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from synapse_sdk._internal.digests import CHUNK_BYTES

#: How much is unpacked of one file. More than almost any wheel holds; a bomb ends here.
UNPACKED_LIMIT_BYTES = 1024**3

#: What a damaged, encrypted or unknown archive raises while it is read.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)

_ZIP = b"PK\x03\x04"
_STREAMS: dict[bytes, Callable[[Path], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    b"\x1f\x8b\x08": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class UnpackedLimitError(Exception):
    """There is more inside than the limit."""


def is_compressed(head: bytes) -> bool:
    """Does a file that begins with these bytes hold compressed streams?"""
    return head.startswith((_ZIP, *_STREAMS))


def iter_members(location: Path, head: bytes, *, limit_bytes: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the name ("" for a single stream) and the pieces of each member; take the pieces before the next.

    Raises one of `UNREADABLE` for what can not be unpacked, and `UnpackedLimitError` past the limit.
    """
    budget = _Budget(limit_bytes)
    if not head.startswith(_ZIP):
        opener = next(opener for magic, opener in _STREAMS.items() if head.startswith(magic))
        with opener(location) as stream:
            yield "", budget.read(stream)
        return
    with zipfile.ZipFile(location) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as stream:
                    yield member.filename, budget.read(stream)


class _Budget:
    def __init__(self, limit_bytes: int) -> None:
        self._left = limit_bytes

    def read(self, stream: _Readable) -> Iterator[bytes]:
        while chunk := stream.read(CHUNK_BYTES):
            self._left -= len(chunk)
            if self._left < 0:
                raise UnpackedLimitError
            yield chunk
