"""Many contents in one stream, each checked as it arrives: `<64 hex> <decimal size>\\n<bytes>`, repeated.

There is no count and no trailer: whatever is whole when a stream is cut is good, and the next stream brings
the rest. `iter_pack` writes, `read_pack` reads from an iterator of bytes, and `PackDecoder` reads what is
handed to it piece by piece, for a reader that must not block.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk._internal.units import format_size
from synapse_sdk.storage.errors import StorageError
from synapse_sdk.storage.stored_bytes import StoredBytes

PACK_MEDIA_TYPE = "application/vnd.synapse.pack"
#: Far more than the longest honest header (84 bytes): what is longer is no header.
MAX_HEADER_BYTES = 100
#: Of a header: all but the size.
_FIXED_BYTES = 64 + len(" \n")
_BLOCK_BYTES = 256 * 1024

_HEADER = re.compile(rb"([0-9a-f]{64}) (0|[1-9][0-9]{0,18})\n")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class PackError(StorageError):
    """A pack is torn or not what it says. `details`: whole_count, how many contents came whole before."""


class PackedContentTooLargeError(PackError):
    """One content of a pack is larger than the reader takes. `details`: digest, size_bytes, limit_bytes."""


class ContentBegins(NamedTuple):
    """The bytes of a content follow; nothing of them is checked yet."""

    digest: str
    size_bytes: int


class ContentEnds(NamedTuple):
    """A content came whole, and its bytes have this digest."""

    digest: str
    size_bytes: int
    #: Where its bytes begin in the pack.
    offset: int


PackPart = ContentBegins | bytes | ContentEnds


class PackedContent(NamedTuple):
    """One content on its way: digest `sha256:…`, size, and its bytes (none for an empty content).

    As a source for `iter_pack`, a path stands for the bytes of that file, and stored bytes for themselves;
    both are opened only when their turn comes.
    """

    digest: str
    size_bytes: int
    chunks: Iterable[bytes] | Path | StoredBytes


class ArrivingContent(NamedTuple):
    """One content as `read_pack` meets it. `chunks` raises PackError where the bytes turn out to be wrong."""

    digest: str
    size_bytes: int
    chunks: Iterator[bytes]


def iter_pack(contents: Iterable[PackedContent]) -> Iterator[bytes]:
    """Write contents as a pack, in blocks of about a mebibyte, holding no more than that.

    Raises:
        PackError: A source has more or fewer bytes than it said: a file changed under our eyes. The stream
            must end here; its reader would find the mistake as well.
        OSError: A file can not be read.
    """
    block = bytearray()
    for content in contents:
        block += _header(content.digest, content.size_bytes)
        for chunk in _sized(content):
            block += chunk
            if len(block) >= CHUNK_BYTES:
                yield bytes(block)
                block.clear()
    if block:
        yield bytes(block)


def iter_blocks(contents: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Write whole contents, each with its digest, as a pack, in blocks of about a quarter of a mebibyte."""
    pieces: list[bytes] = []
    size_bytes = 0
    for digest, data in contents:
        pieces += (_header(digest, len(data)), data)
        size_bytes += len(data)
        if size_bytes >= _BLOCK_BYTES:
            yield b"".join(pieces)
            pieces, size_bytes = [], 0
    if pieces:
        yield b"".join(pieces)


def pack_size_bytes(entries: Iterable[tuple[str, int]]) -> int:
    """Return how long the pack of contents with these digests and sizes is: a `Content-Length`."""
    # Without writing headers: of 10,000 contents that takes as long as to send them.
    return sum([_FIXED_BYTES + len(str(size_bytes)) + size_bytes for _, size_bytes in entries])


def read_pack(stream: Iterable[bytes], *, max_content_bytes: int | None = None) -> Iterator[ArrivingContent]:
    """Yield the contents of a pack in order, each before its bytes have come.

    Read `chunks` to its end before the content is used: only then is it known to be right. What of it is not
    read when the next content is asked for is passed over, and checked all the same.

    Args:
        stream: The pack in pieces of any size.
        max_content_bytes: A content that says to be larger is refused before its bytes are read.

    Raises:
        PackError: The stream is torn or hostile. Contents that ended before are whole.
    """
    parts = _decoded(stream, PackDecoder(max_content_bytes=max_content_bytes))
    for part in parts:
        # Parts of a content that nobody wanted come by here as well, and are passed over.
        if isinstance(part, ContentBegins):
            yield ArrivingContent(part.digest, part.size_bytes, _until_its_end(parts))


class PackDecoder:
    """Reads a pack from pieces of any size; holds no more than one header of it.

    `feed` is for those who want the bytes of each content, `check` for those who keep the pack as it is.
    """

    def __init__(self, *, max_content_bytes: int | None = None) -> None:
        self._max_content_bytes = max_content_bytes
        self._header = bytearray()
        self._content: ContentBegins | None = None
        self._missing_bytes = 0
        self._hash = hashlib.sha256()
        #: Bytes of the pack before the piece that is being read.
        self._read_bytes = 0
        #: Contents that came whole so far.
        self.whole_count = 0

    def feed(self, data: bytes) -> Iterator[PackPart]:
        """Yield what `data` adds: for each content its begin, its bytes in pieces, and its end once checked.

        Raises:
            PackError: This is no pack, or a content is not what its header says.
        """
        for is_begin, piece in self._read(data):
            if is_begin:
                assert self._content is not None
                yield self._content
            if piece.start < piece.stop:
                yield data[piece]
            if not self._missing_bytes:
                yield self._end(self._read_bytes + piece.stop)

    def check(self, data: bytes) -> Iterator[ContentEnds]:
        """Yield the contents that end in `data`, once they are checked; their bytes are not handed out.

        Raises:
            PackError: As `feed`.
        """
        for _, piece in self._read(data):
            if not self._missing_bytes:
                yield self._end(self._read_bytes + piece.stop)

    def _read(self, data: bytes) -> Iterator[tuple[bool, slice]]:
        """Yield each piece of a content in `data`, already hashed, and whether the content begins with it.

        Where nothing of a content is missing then, it is the caller's to end it before the next piece.
        """
        position, view = 0, memoryview(data)
        while position < len(data):
            is_begin = self._content is None
            if is_begin:
                position = self._take_header(data, position)
                if self._content is None:
                    break
            end = min(position + self._missing_bytes, len(data))
            self._hash.update(view[position:end])
            self._missing_bytes -= end - position
            yield is_begin, slice(position, end)
            position = end
        self._read_bytes += len(data)

    def finish(self) -> None:
        """Say that the stream is over.

        Raises:
            PackError: It ended within a content or a header.
        """
        if self._content is not None:
            size = format_size(self._content.size_bytes)
            raise self._wrong(
                f"The pack was cut {self._missing_bytes:,} bytes before the end of "
                f"{self._content.digest} ({size})."
            )
        if self._header:
            raise self._wrong("The pack was cut within a header.")

    def _take_header(self, data: bytes, position: int) -> int:
        if not self._header and (match := _HEADER.match(data, position)):
            self._begin(match)  # as nearly all are: in one piece
            return match.end()
        room = MAX_HEADER_BYTES + 1 - len(self._header)
        end = data.find(b"\n", position, position + room) + 1
        self._header += data[position : end or position + room]
        if not end and len(self._header) <= MAX_HEADER_BYTES:
            return len(data)
        header = bytes(self._header)
        match = _HEADER.fullmatch(header)
        if match is None:
            raise self._wrong(
                f"Not a pack: a header is a digest and a size, and this begins {header[:40]!r}."
            )
        self._header.clear()
        self._begin(match)
        return end

    def _begin(self, header: re.Match[bytes]) -> None:
        digest, size_bytes = f"sha256:{header[1].decode()}", int(header[2])
        limit = self._max_content_bytes
        if limit is not None and size_bytes > limit:
            raise PackedContentTooLargeError(
                f"{digest} has {format_size(size_bytes)}; {format_size(limit)} is the most that is taken.",
                {
                    "digest": digest,
                    "size_bytes": size_bytes,
                    "limit_bytes": limit,
                    "whole_count": self.whole_count,
                },
            )
        self._content = ContentBegins(digest, size_bytes)
        self._missing_bytes = size_bytes
        self._hash = hashlib.sha256()

    def _end(self, stop: int) -> ContentEnds:
        assert self._content is not None
        digest, size_bytes = self._content
        found = f"sha256:{self._hash.hexdigest()}"
        if found != digest:
            raise self._wrong(f"What came as {digest} has the digest {found}.")
        self._content = None
        self.whole_count += 1
        return ContentEnds(digest, size_bytes, stop - size_bytes)

    def _wrong(self, message: str) -> PackError:
        return PackError(message, {"whole_count": self.whole_count})


def _decoded(stream: Iterable[bytes], decoder: PackDecoder) -> Iterator[PackPart]:
    for data in stream:
        yield from decoder.feed(data)
    decoder.finish()


def _until_its_end(parts: Iterator[PackPart]) -> Iterator[bytes]:
    for part in parts:
        if not isinstance(part, bytes):
            return
        yield part


def _header(digest: str, size_bytes: int) -> bytes:
    match = _DIGEST.fullmatch(digest)
    if match is None or size_bytes < 0:
        raise PackError(f"Not a digest and a size: {digest!r}, {size_bytes}.", {"digest": digest})
    return f"{match[1]} {size_bytes}\n".encode()


def _sized(content: PackedContent) -> Iterator[bytes]:
    count = 0
    for chunk in _chunks_of(content.chunks):
        count += len(chunk)
        if count > content.size_bytes:
            break
        yield chunk
    if count != content.size_bytes:
        direction = "more" if count > content.size_bytes else "fewer"
        raise PackError(
            f"{content.digest} has {direction} bytes than the {content.size_bytes:,} it had before.",
            {"digest": content.digest, "size_bytes": content.size_bytes},
        )


def _chunks_of(source: Iterable[bytes] | Path | StoredBytes) -> Iterator[bytes]:
    if isinstance(source, StoredBytes):
        yield from source.iter_chunks()
        return
    if not isinstance(source, Path):
        yield from source
        return
    with source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
